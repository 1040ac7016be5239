//! What goes wrong is told clearly, with the store's name and without its password, and nothing is lost.

use std::fs;

use byline::intake::import::import;
use byline::intake::mirror::sync;
use byline::library::store::{Problem, SHARED, Store, StoreError, StoreUrl};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

use crate::files::Files;
use crate::place::{Place, article, body, each, sqlite};

async fn refused(url: &StoreUrl) -> StoreError {
    let error = Store::open(url).await.expect_err("it must not open");
    assert!(error.to_string().starts_with(&format!("{url}: ")), "{error}");
    error
}

/// Runs a statement past the store.
pub async fn meddle(place: &Place, statement: &str) {
    sqlx::any::install_default_drivers();
    let url = if place.is_postgres() { place.text.clone() } else { format!("sqlite://{}", place.text) };
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_store_is_made_with_its_folder_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/./päge 1?#%41&x=y/../by line.db");
    let store = Store::open(&StoreUrl::file(&path)).await.unwrap();
    store.add(SHARED, &article("a", "A", "It left.")).await.unwrap();
    store.close().await;
    assert!(folder.path().join("new/by line.db").is_file());
    let store = Store::open(&StoreUrl::file(&path)).await.unwrap();
    assert_eq!(store.count(SHARED).await.unwrap(), 1);
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_left_alone() {
    each(async |place| {
        place.open().await.close().await;
        meddle(place, "UPDATE byline_schema SET version = 999").await;
        let error = refused(&place.url).await;
        assert!(error.to_string().contains("999"), "{error}");
        let Problem::Newer { found: 999, known } = error.problem else { panic!("{error}") };
        // Nothing was changed: with its own version it opens.
        meddle(place, &format!("UPDATE byline_schema SET version = {known}")).await;
        place.open().await;
    })
    .await;
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    each(async |place| {
        meddle_new(place).await;
        let error = refused(&place.url).await;
        assert!(matches!(&error.problem, Problem::Foreign(table) if table == "articles"), "{error}");
    })
    .await;
}

async fn meddle_new(place: &Place) {
    if !place.is_postgres() {
        fs::File::create(&place.text).unwrap();
    }
    meddle(place, "CREATE TABLE articles (name TEXT)").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_make_a_new_store_at_once_both_get_it() {
    each(async |place| {
        let (one, other) = tokio::join!(Store::open(&place.url), Store::open(&place.url));
        one.unwrap().add(SHARED, &article("a", "A", "It left.")).await.unwrap();
        assert_eq!(other.unwrap().count(SHARED).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told_and_left_as_it_is() {
    let place = sqlite();
    let words = "Not a database at all. ".repeat(500);
    fs::write(&place.text, &words).unwrap();
    let error = refused(&place.url).await;
    assert!(matches!(error.problem, Problem::NotADatabase), "{error}");
    assert_eq!(fs::read_to_string(&place.text).unwrap(), words);
}

#[tokio::test]
async fn a_damaged_file_is_told() {
    let place = sqlite();
    let store = place.open().await;
    let many: Vec<_> = (0..200).map(|n| article(&format!("{n}"), "Boat", &body(n, 20))).collect();
    store.add_all(SHARED, &many).await.unwrap();
    store.close().await;
    let mut bytes = fs::read(&place.text).unwrap();
    // The first page, which tells what tables there are, stays; the rest is overwritten.
    bytes[4096..].fill(0xa5);
    fs::write(&place.text, bytes).unwrap();
    let error = match Store::open(&place.url).await {
        Err(error) => error,
        Ok(store) => store.load_all(SHARED).next().await.unwrap_err(),
    };
    assert!(matches!(error.problem, Problem::Corrupt(_)), "{error:?}");
    assert!(error.to_string().contains("backup"), "{error}");
}

#[tokio::test]
async fn one_damaged_article_hides_no_other() {
    each(async |place| {
        let store = place.open().await;
        store.add_all(SHARED, &[article("a", "A", "It left."), article("b", "B", "It came.")]).await.unwrap();
        meddle(place, "UPDATE versions SET meta = '{' WHERE article = 1").await;
        let error = store.get(SHARED, "a").await.unwrap_err();
        assert!(matches!(&error.problem, Problem::Damaged { article, .. } if article == "a"), "{error}");
        let mut all = store.load_all(SHARED);
        assert!(all.next().await.is_err());
        assert_eq!(all.next().await.unwrap().unwrap().article.key(), "b");
        assert_eq!(all.next().await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_can_not_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [folder.path().to_owned(), file.join("byline.db"), file.join("deep/byline.db")] {
        let error = refused(&StoreUrl::file(&path)).await;
        assert!(matches!(error.problem, Problem::CantOpen(_)), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_the_password() {
    // Port 1 of this machine: nobody listens there.
    let url: StoreUrl = "postgres://bot:hunter2@127.0.0.1:1/byline?sslpassword=hunter2".parse().unwrap();
    let error = refused(&url).await;
    assert!(matches!(error.problem, Problem::Unreachable(_)), "{error:?}");
    assert!(error.to_string().starts_with("postgres://bot@127.0.0.1:1/byline: "), "{error}");
    assert!(!format!("{error} {error:?} {url:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told() {
    each(async |place| {
        if place.is_postgres() {
            let mut url = url::Url::parse(&place.text).unwrap();
            url.set_path("no_such_database");
            url.set_password(Some("hunter2")).unwrap();
            let error = refused(&url.to_string().parse().unwrap()).await;
            assert!(matches!(error.problem, Problem::Refused(_)), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_and_an_import_of_a_damaged_store_tell_it() {
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    for n in 0..200 {
        files.article(&format!("{n}.txt"), "Boat", &body(n, 20));
    }
    let places = [files.root().to_owned()];
    sync(&store, "here", SHARED, &places, |_| ()).await.unwrap();
    store.close().await;
    let mut bytes = fs::read(&place.text).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(&place.text, bytes).unwrap();
    for imports in [false, true] {
        let error = match Store::open(&place.url).await {
            Err(error) => error,
            Ok(store) if imports => import(&store, "here", SHARED, &places, |_| ()).await.unwrap_err(),
            Ok(store) => sync(&store, "here", SHARED, &places, |_| ()).await.unwrap_err(),
        };
        assert!(matches!(error.problem, Problem::Corrupt(_)), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_lines_that_breaks_off_or_is_damaged_is_told_and_what_is_good_in_it_kept() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let whole: String = (0..300).map(|n| format!("{{\"id\": \"{n}\", \"text\": \"{}\"}}\n", body(n, 1))).collect();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, whole.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        files.write("cut.jsonl.gz", &packed[..packed.len() - 30]);
        let total = import(&store, "here", SHARED, &[files.root().to_owned()], |_| ()).await.unwrap().total();
        assert_eq!((total.new, total.refused), (256, 1), "{total:?}");
        files.write("cut.jsonl.gz", &packed);
        let total = import(&store, "here", SHARED, &[files.root().to_owned()], |_| ()).await.unwrap().total();
        assert_eq!((total.new, total.unchanged, total.refused), (44, 256, 0), "{total:?}");
    })
    .await;
}
