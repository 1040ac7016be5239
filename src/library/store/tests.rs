//! What only somebody inside can bring about: a disk that is full, a store that can't be written.

use super::*;
use crate::article::Article;
use crate::article::read::{Format, read_text};

fn article(number: usize) -> Article {
    let body: String = (0..60).map(|n| format!("Boat {n} left pier {number} with {} aboard. ", n * number)).collect();
    read_text(&format!("boats-{number}"), &format!("Boats of pier {number}\n\n{body}\n"), Format::Text).unwrap()
}

/// Tells the one connection that writes.
async fn tell_writer(store: &Store, pragma: &'static str) {
    let mut tx = store.inner.pools.begin().await.unwrap();
    sqlx::raw_sql(pragma).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_and_what_was_acknowledged_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
    // SQLite answers as it does when the file system has no room.
    tell_writer(&store, "PRAGMA max_page_count = 80").await;
    let mut kept = 0;
    let error = loop {
        match store.add(SHARED, &article(kept)).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error.problem, Problem::Full), "{error}");
    assert!(error.to_string().ends_with("byline.db: the disk is full; nothing of this change was kept"), "{error}");
    assert!(kept > 0);
    assert_eq!(store.count(SHARED).await.unwrap(), kept as u64);
    for number in 0..kept {
        assert!(store.get(SHARED, &format!("boats-{number}")).await.unwrap().is_some());
    }
    tell_writer(&store, "PRAGMA max_page_count = 100000").await;
    assert_eq!(store.add(SHARED, &article(kept)).await.unwrap().outcome, Outcome::New, "there is room again");
}

#[tokio::test]
async fn a_store_that_can_not_be_written_is_told_and_still_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
    store.add(SHARED, &article(1)).await.unwrap();
    tell_writer(&store, "PRAGMA query_only = ON").await;
    let error = store.add(SHARED, &article(2)).await.unwrap_err();
    assert!(matches!(error.problem, Problem::ReadOnly(_)), "{error}");
    assert!(error.to_string().contains("can't be written"), "{error}");
    assert!(store.get(SHARED, "boats-1").await.unwrap().is_some());
}

#[tokio::test]
async fn what_writes_syncs_to_the_disk_at_every_commit() {
    use sqlx::Row;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
    let mut tx = store.inner.pools.begin().await.unwrap();
    for (pragma, value) in [("PRAGMA synchronous", 2), ("PRAGMA foreign_keys", 1), ("PRAGMA busy_timeout", 30_000)] {
        let row = sqlx::raw_sql(pragma).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(row.try_get::<i64, _>(0).unwrap(), value, "{pragma}");
    }
    let mode = sqlx::raw_sql("PRAGMA journal_mode").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(mode.try_get::<String, _>(0).unwrap(), "wal");
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
    let mut writer = writer::Writer::begin(&store).await.unwrap();
    let id = writer.next_article();
    let gone = "INSERT INTO collections (id, name) VALUES ($1, 'gone')";
    sqlx::query(gone).bind(id.0 + 100).execute(&mut *writer.tx).await.unwrap();
    drop(writer);
    assert_eq!(store.collections().await.unwrap().len(), 1);
    assert_eq!(store.add(SHARED, &article(1)).await.unwrap().id, id, "nor did it use a number up");
}

#[tokio::test]
async fn adding_looks_articles_up_and_never_reads_a_whole_collection() {
    use sqlx::Row;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
    let plan = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", add::HELD));
    let plan = sqlx::query(plan).bind(1_i64).bind("key").bind("url").bind(vec![0_u8]);
    let steps: Vec<String> =
        plan.fetch_all(store.inner.pools.reader()).await.unwrap().iter().map(|row| row.get(3)).collect();
    assert!(steps.iter().any(|step| step.contains("(collection=? AND hash=?)")), "{steps:#?}");
    assert!(!steps.iter().any(|step| step.contains("SCAN") || step.contains("(collection=?)")), "{steps:#?}");
}

/// Files of a folder, read as any that is mirrored.
mod files {
    use std::path::PathBuf;

    use super::*;
    use crate::intake::import::import;
    use crate::intake::mirror::sync;

    async fn store_and_files(count: usize) -> (Store, [PathBuf; 1], tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
        let news = folder.path().join("news");
        std::fs::create_dir(&news).unwrap();
        for number in 0..count {
            std::fs::write(news.join(format!("boats-{number}.txt")), article(number).text()).unwrap();
        }
        (store, [news], folder)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_disk_that_fills_up_during_a_sync_is_told_and_the_next_one_ends_it() {
        let (store, news, _folder) = store_and_files(200).await;
        tell_writer(&store, "PRAGMA max_page_count = 250").await;
        let error = sync(&store, "here", SHARED, &news, |_| ()).await.unwrap_err();
        assert!(matches!(error.problem, Problem::Full), "{error}");
        let kept = store.count(SHARED).await.unwrap();
        assert!(kept > 0 && kept < 200, "{kept}");
        // The connection that failed was replaced.
        tell_writer(&store, "PRAGMA max_page_count = 250").await;
        let error = import(&store, "here", SHARED, &news, |_| ()).await.unwrap_err();
        assert!(matches!(error.problem, Problem::Full), "{error}");
        let kept = store.count(SHARED).await.unwrap();
        assert!(kept < 200, "{kept}");
        tell_writer(&store, "PRAGMA max_page_count = 100000").await;
        let report = sync(&store, "here", SHARED, &news, |_| ()).await.unwrap();
        assert_eq!((report.articles.new, report.articles.removed), (200 - kept, 0), "{report:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_store_that_can_not_be_written_answers_where_nothing_changed() {
        let (store, news, _folder) = store_and_files(3).await;
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        for number in 0..3 {
            let path = news[0].join(format!("boats-{number}.txt"));
            std::fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
        }
        sync(&store, "here", SHARED, &news, |_| ()).await.unwrap();
        tell_writer(&store, "PRAGMA query_only = ON").await;
        assert!(sync(&store, "here", SHARED, &news, |_| ()).await.unwrap().changes_nothing());
        std::fs::write(news[0].join("boats-1.txt"), article(9).text()).unwrap();
        let error = sync(&store, "here", SHARED, &news, |_| ()).await.unwrap_err();
        assert!(matches!(error.problem, Problem::ReadOnly(_)), "{error}");
        assert_eq!(store.count(SHARED).await.unwrap(), 3, "what it holds still answers");
    }

    #[tokio::test]
    async fn looking_unchanged_files_up_reads_the_index_of_their_origin() {
        use sqlx::Row;
        let (store, _news, _folder) = store_and_files(0).await;
        let plan = sqlx::query(
            "EXPLAIN QUERY PLAN SELECT id FROM source_files
             WHERE owner = $1 AND collection = $2 AND imported IN (0, 1) AND path = $3",
        );
        let plan = plan.bind("here").bind(1_i64).bind("path").fetch_all(store.inner.pools.reader()).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.get(3)).collect();
        assert!(
            steps.iter().all(|step| step.contains("owner=? AND collection=? AND imported=? AND path=?")),
            "{steps:#?}"
        );
    }
}
