//! Articles by their addresses: fetched, read, and added to a collection, where they are held for good.

use std::path::PathBuf;

use sha2::{Digest, Sha256};
use url::Url;

use super::Tally;
use super::fetch::{FetchError, Fetcher, Wanted};
use super::import::PlaceSummary;
use super::page::{self, PageError};
use super::source::READER;
use crate::article::Article;
use crate::library::store::{
    Added, CollectionId, Hold, MAX_PATH_BYTES, Origin, SourceEntry, SourceFile, SourceOutcome, Stamp, Store, StoreError,
};

/// Who holds what came from the web: no installation, for it lies on nobody's disk. Their names are UUIDs.
const OWNER: &str = "web";

/// Why an address gave no article.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// It was not fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What was fetched is no article.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A defect of ours: the work ended early.
    #[error("the page could not be read: {0}")]
    Task(tokio::task::JoinError),
    /// It can't be kept.
    #[error("{0}")]
    Refused(String),
    /// The article was not kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether a text is meant as an address of the web, and not as the path of a file.
#[must_use]
pub fn address(text: &str) -> Option<Url> {
    let scheme = text.split_once("://")?.0;
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")).then(|| Url::parse(text).ok())?
}

/// Fetches the page at `url` and adds its article to a collection, where it is held for good: that a mirrored file gives the
/// same one and goes takes it out no more. One that is held already, by its canonical address, becomes a new version if its
/// words changed.
///
/// # Errors
/// [`WebError`] says what kept it from being added.
pub async fn add(store: &Store, collection: CollectionId, fetcher: &Fetcher, url: &Url) -> Result<Added, WebError> {
    put(store, collection, read(fetcher, url).await?).await
}

/// Fetches the page at `url` and finds its article.
///
/// # Errors
/// [`WebError`] says why there is none.
pub async fn read(fetcher: &Fetcher, url: &Url) -> Result<Article, WebError> {
    let fetched = fetcher.get(url, &Wanted::page()).await?;
    // Finding an article in a large page takes tens of milliseconds: not on the threads that answer.
    let read = tokio::task::spawn_blocking(move || page::article(&fetched)).await;
    Ok(read.map_err(WebError::Task)??)
}

/// Adds the article of a page that was read, as [`add`] does.
///
/// # Errors
/// [`WebError`] says what kept it from being added.
pub async fn put(store: &Store, collection: CollectionId, article: Article) -> Result<Added, WebError> {
    let (key, place) = (article.key().to_owned(), article.meta().url.clone());
    let place = place.unwrap_or_else(|| key.clone());
    let entry = SourceEntry::at(1, article, &key);
    let mut outcome = hold(store, collection, &place, &key, vec![entry]).await?;
    match (outcome.added.pop(), outcome.refused.pop()) {
        (Some(added), _) => Ok(added),
        (None, reason) => Err(WebError::Refused(reason.unwrap_or_else(|| "it can't be kept".to_owned()))),
    }
}

/// Adds articles that came from `place` to a collection and holds them there for good.
pub(super) async fn hold(
    store: &Store,
    collection: CollectionId,
    place: &str,
    name: &str,
    entries: Vec<SourceEntry>,
) -> Result<SourceOutcome, StoreError> {
    let path: String = place.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let file = SourceFile {
        // What is longer is known by its beginning and its hash.
        path: if path.len() <= MAX_PATH_BYTES { path } else { shortened(&path) },
        was: None,
        name: name.to_owned(),
        stamp: Stamp::default(),
        hash: Vec::new(),
        reader: READER,
        entries: Some(entries),
        problems: Vec::new(),
    };
    let origin = Origin { owner: OWNER, collection, hold: Hold::Imported };
    Ok(store.put_sources(origin, vec![file]).await?.pop().unwrap_or_default())
}

fn shortened(path: &str) -> String {
    let hash: String = Sha256::digest(path).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let mut end = MAX_PATH_BYTES / 2;
    while !path.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…{hash}", path.get(..end).unwrap_or_default())
}

/// The same for several addresses, one after the other; what came of each, as of a place that was imported from.
///
/// # Errors
/// The store's own; what is wrong with an address is told of it.
pub async fn import(
    store: &Store,
    collection: CollectionId,
    fetcher: &Fetcher,
    urls: &[Url],
) -> Result<Vec<PlaceSummary>, StoreError> {
    let mut summaries = Vec::with_capacity(urls.len());
    for url in urls {
        let place = PathBuf::from(url.as_str());
        let mut articles = Tally::default();
        match add(store, collection, fetcher, url).await {
            Ok(added) => articles.take_added(&added),
            Err(WebError::Store(error)) => return Err(error),
            Err(refused) => articles.refuse(place.clone(), refused),
        }
        summaries.push(PlaceSummary { place, files: 1, articles });
    }
    Ok(summaries)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::intake::fetch::Policy;
    use crate::library::store::{Outcome, SHARED, StoreUrl};

    #[test]
    fn addresses_are_told_from_paths() {
        assert!(address("https://news.example/ferry").is_some() && address("HTTP://news.example").is_some());
        for path in ["news/ferry.html", "C:\\news", "file:///etc/passwd", "ftp://news.example", "https://"] {
            assert!(address(path).is_none(), "{path}");
        }
    }

    /// Serves one page, as long as it is asked.
    async fn serve(listener: TcpListener, page: &'static str) {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut asked = [0; 4096];
            let _ = connection.read(&mut asked).await;
            let robots = asked.starts_with(b"GET /robots.txt");
            let (status, body) = if robots { ("404 Not Found", "") } else { ("200 OK", page) };
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = connection.write_all(format!("{head}{body}").as_bytes()).await;
        }
    }

    #[tokio::test]
    async fn a_page_becomes_an_article_once() {
        const PAGE: &str = "<html><head><title>Ferry back in service</title></head><body><article><h1>Ferry back in service</h1>\
            <p>The ferry to Lund island sails again from Friday, the harbour office said on Tuesday evening.</p>\
            <p>It had been laid up since March, when its engine caught fire off the northern pier.</p></article></body></html>";
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(serve(listener, PAGE));
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
        let policy = Policy { allow_loopback: true, ports: vec![port], ..Policy::default() };
        let fetcher = Fetcher::new(policy);
        let url = address(&format!("http://127.0.0.1:{port}/ferry?utm_source=chat")).unwrap();
        let added = add(&store, SHARED, &fetcher, &url).await.unwrap();
        assert_eq!(added.outcome, Outcome::New);
        let held = store.article(added.id).await.unwrap().unwrap().article;
        assert_eq!(held.meta().title, "Ferry back in service");
        assert_eq!(held.meta().url.as_deref(), Some(format!("http://127.0.0.1:{port}/ferry").as_str()));
        assert_eq!(add(&store, SHARED, &fetcher, &url).await.unwrap().outcome, Outcome::Unchanged);
        let nowhere = address(&format!("http://127.0.0.1:{port}/robots.txt")).unwrap();
        let told = import(&store, SHARED, &fetcher, &[url.clone(), nowhere]).await.unwrap();
        assert_eq!((told[0].articles.unchanged, told[1].articles.refused), (1, 1), "{told:?}");
        let closed = Fetcher::new(Policy::default());
        assert!(matches!(add(&store, SHARED, &closed, &url).await, Err(WebError::Fetch(_))));
        serving.abort();
    }
}
