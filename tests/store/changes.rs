//! The log of changes, and being told of them.

use std::time::Duration;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use byline::library::store::{ChangeKind, SHARED, Seq, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::place::{article, body, each};

/// Far more than anything here takes; reached only by what waits for ever.
const FOR_EVER: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_log_tells_what_happened_in_order() {
    each(async |place| {
        let store = place.open().await;
        assert_eq!(store.latest_seq().await.unwrap(), Seq(0));
        let a = store.add(SHARED, &article("a", "A", "It left.")).await.unwrap().id;
        let b = store.add(SHARED, &article("b", "B", "It came.")).await.unwrap().id;
        store.add(SHARED, &article("a", "A", "It stayed.")).await.unwrap();
        store.remove(SHARED, "b").await.unwrap();
        store.add(SHARED, &article("b", "B", "It came.")).await.unwrap();
        let log = store.changes_since(Seq(0), 100).await.unwrap();
        let told: Vec<_> = log.iter().map(|change| (change.kind, change.article)).collect();
        use ChangeKind::{Added, Changed, Removed};
        assert_eq!(told, [(Added, a), (Added, b), (Changed, a), (Removed, b), (Added, b)]);
        assert!(log.iter().all(|change| change.collection == SHARED));
        assert!(log.windows(2).all(|pair| pair[0].seq < pair[1].seq));
        assert_eq!(store.changes_since(log[2].seq, 1).await.unwrap(), [log[3]]);
        assert_eq!(store.latest_seq().await.unwrap(), log[4].seq);
        assert_eq!(store.changes_since(log[4].seq, 100).await.unwrap(), []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_remembers_the_last_number_misses_no_change_while_several_write() {
    each(async |place| {
        const WRITERS: u64 = 4;
        const EACH: u64 = 30;
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let store = place.open().await;
            writers.spawn(async move {
                for n in 0..EACH {
                    let given = article(&format!("{writer}-{n}"), "Boat", &body(writer * 100 + n, 1));
                    store.add(SHARED, &given).await.unwrap();
                }
            });
        }
        let reader = place.open().await;
        let (mut seen, mut last) = (Vec::new(), Seq(0));
        let mut watch = reader.watch(last);
        while seen.len() < (WRITERS * EACH) as usize {
            tokio::time::timeout(FOR_EVER, watch.changed()).await.expect("a change was never told").unwrap();
            for change in reader.changes_since(last, 7).await.unwrap() {
                assert!(change.seq > last);
                last = change.seq;
                seen.push(change.article);
            }
            if last < reader.latest_seq().await.unwrap() {
                watch = reader.watch(last);
            }
        }
        while let Some(done) = writers.join_next().await {
            done.unwrap();
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), (WRITERS * EACH) as usize);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_whoever_makes_them() {
    each(async |place| {
        let (here, there) = (place.open().await, place.open().await);
        let mut watch = here.watch(Seq(0));
        for (n, store) in [&there, &here, &there].into_iter().enumerate() {
            // Waiting may begin before the change, and may be given up and begun again.
            assert!(tokio::time::timeout(Duration::from_millis(20), watch.changed()).await.is_err());
            let (told, added) = tokio::join!(tokio::time::timeout(FOR_EVER, watch.changed()), async {
                store.add(SHARED, &article(&format!("{n}"), "Boat", &body(n as u64, 1))).await
            });
            added.unwrap();
            assert_eq!(told.expect("never told").unwrap(), here.latest_seq().await.unwrap());
        }
        assert!(here.watch(Seq(0)).changed().await.is_ok(), "what is past is told at once");
    })
    .await;
}

/// Stands before a server as a pooler that passes no `LISTEN` on: it hangs up. Its port, and how often that was.
async fn deaf_pooler(server: String) -> (u16, Arc<AtomicU32>) {
    let (listener, hung_up) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Arc::new(AtomicU32::new(0)));
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::clone(&hung_up));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (server, count) = (TcpStream::connect(&server).await.unwrap(), Arc::clone(&count));
            tokio::spawn(async move {
                let (mut from, mut to) = client.into_split();
                let (mut back, mut on) = server.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut back, &mut to).await });
                let mut bytes = [0; 4096];
                while let Ok(read @ 1..) = from.read(&mut bytes).await {
                    if bytes[..read].windows(6).any(|word| word == b"LISTEN") {
                        count.fetch_add(1, Ordering::Relaxed);
                        return;
                    }
                    on.write_all(&bytes[..read]).await.unwrap();
                }
            });
        }
    });
    (port, hung_up)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_may_listen_the_store_is_asked_and_listening_tried_ever_more_rarely() {
    each(async |place| {
        if !place.is_postgres() {
            return;
        }
        let mut url = url::Url::parse(&place.text).unwrap();
        let (port, hung_up) = deaf_pooler(format!("127.0.0.1:{}", url.port().unwrap())).await;
        url.set_port(Some(port)).unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        let here = Store::open(&url.as_str().parse().unwrap()).await.unwrap();
        let (there, begun) = (place.open().await, std::time::Instant::now());
        let mut watch = here.watch(Seq(0));
        for n in 0..8 {
            assert!(tokio::time::timeout(Duration::from_millis(400), watch.changed()).await.is_err());
            there.add(SHARED, &article(&format!("{n}"), "Boat", &body(n, 1))).await.unwrap();
            let told = tokio::time::timeout(FOR_EVER, watch.changed()).await.expect("never told").unwrap();
            assert_eq!(told, here.latest_seq().await.unwrap());
        }
        // After 0, 1, 3, 7, 15 … seconds, however slow this machine is.
        let most = (begun.elapsed().as_secs() + 1).ilog2() + 1;
        let tried = hung_up.load(Ordering::Relaxed);
        assert!((1..=most).contains(&tried), "{tried} of {most}");
    })
    .await;
}
