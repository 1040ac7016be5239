//! What is posted unasked.

use std::time::Duration;

use byline::library::store::{JobState, Order, Store, StoreUrl};
use jiff::Timestamp;
use jiff::civil::time;
use jiff::tz::TimeZone;

use crate::peer::Seen;
use crate::world::{BYLINE, Room, World};

/// Orders a digest for a room whose hour has passed today, of what came since yesterday: it is due at once.
async fn order_due(store: &Store, room: &str) {
    let now = Timestamp::now();
    // A place where it is about noon, so that no other day begins while the test runs. (The sign of these names is reversed.)
    let behind = now.to_zoned(TimeZone::UTC).hour() - 12;
    let zone = if behind < 0 { format!("Etc/GMT{behind}") } else { format!("Etc/GMT+{behind}") };
    let today = now.in_tz(&zone).unwrap().date();
    let order = Order {
        time: time(1, 0, 0, 0),
        zone,
        weekdays: 0b111_1111,
        size: 10,
        late_limit: Duration::from_secs(24 * 60 * 60),
        tells_nothing_new: true,
    };
    let community = store.community("matrix", room).await.unwrap().id;
    store.set_schedule(community, room, &order, Some(today.yesterday().unwrap()), Some(now), now).await.unwrap();
}

/// The digests that a room has had.
fn digests(room: &Room) -> Vec<Seen> {
    room.maker.events(&room.id, |seen| {
        seen.sender() == BYLINE && seen.is_message() && seen.replies_to().is_empty() && seen.body().contains("igest")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_is_posted_once_and_encrypted_where_the_room_is() {
    let Some(world) = tokio::task::block_in_place(|| World::own(|bot| bot.remove_article("endless.txt"))) else {
        return;
    };
    let (plain, encrypted) = tokio::task::block_in_place(|| {
        let (plain, _) = world.group(false);
        let (encrypted, _) = world.group(true);
        plain.settle();
        encrypted.settle();
        (plain, encrypted)
    });
    let database = world.bot().database();
    let store = Store::open(&StoreUrl::file(database)).await.unwrap();
    // The vault opens before the room that nobody reads along in.
    order_due(&store, &encrypted.id).await;
    tokio::task::block_in_place(|| {
        let digest = encrypted.until("the digest", |seen| {
            (seen.is_message() && seen.replies_to().is_empty() && seen.body().contains("igest")).then(|| seen.clone())
        });
        assert!(digest.encrypted, "{digest:?}");
        assert_eq!(digest.content()["msgtype"], "m.notice");
        assert_eq!(digest.content()["m.mentions"], serde_json::json!({}));
        assert!(digest.body().contains("vault of Quillmoor"), "{}", digest.body());
        assert_eq!(encrypted.raw(digest.id())["type"], "m.room.encrypted");
        assert!(!world.homeserver().database_holds("vault of Quill"));
    });
    // Killed while it posts, it posts once.
    order_due(&store, &plain.id).await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(..800))).await;
        world.bot().kill();
        world.bot().start();
    }
    tokio::task::block_in_place(|| {
        plain.until("the digest", |seen| (seen.replies_to().is_empty() && seen.body().contains("igest")).then_some(()));
    });
    let started = std::time::Instant::now();
    while !store.jobs(JobState::Open, 1).await.unwrap().is_empty() {
        assert!(started.elapsed() < crate::peer::PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::task::block_in_place(|| {
        plain.settle();
        encrypted.settle();
    });
    assert_eq!((digests(&plain).len(), digests(&encrypted).len()), (1, 1));
    assert_eq!(store.jobs(JobState::Sent, 10).await.unwrap().len(), 2);
    store.close().await;
}
