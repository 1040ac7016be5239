//! From a site's address to an article: its page names a feed, the feed an entry, the entry a page.

use byline::article::read;
use byline::intake::fetch::{Fetcher, Wanted};
use byline::intake::{feed, page};

use super::support::{Reply, Server, fetch, get, open};

fn site(path: &str) -> Reply {
    match path {
        "/" => Reply::page(
            "<html><head><link rel=alternate type=application/rss+xml title=News href=/old-feed></head></html>",
        ),
        "/old-feed" => Reply::redirect(301, "/feed"),
        "/feed" => {
            let body = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Harbour Times</title><item><title>Ferry</title>\
                <link>/ferry?utm_source=feed</link><pubDate>Mon, 04 Jul 2022 09:30:00 +0200</pubDate></item></channel></rss>";
            Reply::with("200 OK", "Content-Type: application/rss+xml\r\nETag: \"1\"\r\n", body.as_bytes())
        }
        _ => {
            let paragraph =
                "<p>The ferry to the islands sails again after nine weeks in the dock, the office said on Monday.</p>";
            let html = format!(
                "<html lang=en><head><title>Ferry sails again</title></head><body><article><h1>Ferry sails again</h1>{}</article></body></html>",
                (0..4).map(|n| paragraph.replace("nine", &n.to_string())).collect::<String>()
            );
            Reply::page(&html)
        }
    }
}

#[tokio::test]
async fn a_site_leads_to_its_feed_and_the_feed_to_an_article() {
    let server = Server::start(|request| site(&request.path)).await;
    let fetcher = Fetcher::new(open(&server));
    let front = get(&fetcher, &server.url("127.0.0.1", "/")).await.unwrap();
    let html = read::decode(&front.body, front.charset.as_deref()).unwrap();
    assert_eq!(feed::parse(&html, None), Err(feed::FeedError::Page));
    let named = feed::discover(&html, &front.url).remove(0);
    assert_eq!(named.title, "News");

    let fetched = fetch(&fetcher, named.url.as_str(), &Wanted::feed()).await.unwrap();
    assert_eq!(fetched.moved.as_ref().map(|url| url.path()), Some("/feed"));
    assert_eq!(fetched.etag.as_deref(), Some("\"1\""));
    let feed = feed::parse_bytes(&fetched.body, fetched.charset.as_deref(), Some(&fetched.url)).unwrap();
    assert_eq!(feed.entries.len(), 1);

    let link = feed.entries[0].link.clone().unwrap();
    let article = page::article(&get(&fetcher, &link).await.unwrap()).unwrap();
    assert_eq!((article.meta().title.as_str(), article.paragraphs().len()), ("Ferry sails again", 4));
    assert_eq!(article.meta().url, Some(server.url("127.0.0.1", "/ferry")));
}
