//! A process that is killed loses nothing that it acknowledged.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use byline::library::store::{Queued, SHARED, Seq, Store};
use jiff::Timestamp;
use serde_json::json;

use crate::place::{article, body, each};

/// Tells the child which store to write.
const CHILD: &str = "BYLINE_TEST_CHILD_STORE";
/// Begins the lines by which the child acknowledges; the test harness prints on the same pipe.
const ADDED: &str = "acknowledged article ";
const QUEUED: &str = "acknowledged job ";

/// Not a test by itself: what [`nothing_acknowledged_is_lost_when_a_process_is_killed`] runs and kills.
#[tokio::test]
async fn child() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let store = Store::open(&url.parse().unwrap()).await.unwrap();
    let name = std::process::id();
    let mut out = std::io::stdout();
    for n in 0_u64.. {
        let key = format!("{name}-{n}");
        // Now one, now a batch: what is killed in between must be there whole or not at all.
        let batch: Vec<_> = (0..=n % 4)
            .map(|m| article(&format!("{key}-{m}"), "Boat", &body(u64::from(name) * 1000 + n * 4 + m, 2)))
            .collect();
        store.add_all(SHARED, &batch).await.unwrap();
        for article in &batch {
            writeln!(out, "{ADDED}{}", article.key()).unwrap();
        }
        store.enqueue(&key, "net", &format!("channel-{}", n % 3), &json!(n), Timestamp::now()).await.unwrap();
        writeln!(out, "{QUEUED}{key}").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_a_process_is_killed() {
    each(async |place| {
        const ROUNDS: usize = 24;
        let (mut added, mut queued) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "crash::child", "--nocapture"])
                .env(CHILD, &place.text)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let mut keep = |line: &str| {
                if let Some((_, key)) = line.split_once(ADDED) {
                    added.push(key.to_owned());
                } else if let Some((_, key)) = line.split_once(QUEUED) {
                    queued.push(key.to_owned());
                }
            };
            // After some acknowledgements, another number each round …
            let mut heard = 0;
            while heard <= round * 7 % 31 {
                let line = lines.next().expect("the child ended by itself").unwrap();
                heard += usize::from(line.contains("acknowledged "));
                keep(&line);
            }
            // … and at another moment after the last of them.
            std::thread::sleep(std::time::Duration::from_micros(round as u64 * 613 % 5000));
            child.kill().unwrap();
            child.wait().unwrap();
            // What it wrote into the pipe before it died was acknowledged as well; a line cut short was not.
            for line in lines.map_while(Result::ok) {
                keep(&line);
            }
            let store = place.open().await;
            for key in &added {
                assert!(store.get(SHARED, key).await.unwrap().is_some(), "round {round}: {key} is lost");
            }
            for key in &queued {
                let again = store.enqueue(key, "net", "channel", &json!(0), Timestamp::now()).await.unwrap();
                assert_eq!(again, Queued::AlreadyThere, "round {round}: job {key} is lost");
            }
            let mut all = store.load_all(SHARED);
            let mut held = std::collections::BTreeSet::new();
            while let Some(stored) = all.next().await.unwrap() {
                held.insert(stored.id);
            }
            let log = store.changes_since(Seq(0), 100_000).await.unwrap();
            let logged: std::collections::BTreeSet<_> = log.iter().map(|change| change.article).collect();
            assert_eq!(held, logged, "round {round}: articles and their log are written together");
            store.close().await;
        }
        assert!(added.len() > ROUNDS, "{}", added.len());
    })
    .await;
}
