//! What is posted unasked.

use std::time::Duration;

use byline::library::store::{JobState, Store, StoreUrl};

use crate::due;
use crate::peer::Seen;
use crate::wait::until_async;
use crate::world::{BYLINE, Room, World};

/// Orders a digest for a room that is due at once.
async fn order_due(store: &Store, room: &str) {
    let community = store.community("matrix", room).await.unwrap().id;
    due::order_due(store, community, room).await;
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
    let posted = async || store.jobs(JobState::Open, 1).await.unwrap().is_empty().then_some(());
    until_async(posted, || "a job stays open").await;
    tokio::task::block_in_place(|| {
        plain.settle();
        encrypted.settle();
    });
    assert_eq!((digests(&plain).len(), digests(&encrypted).len()), (1, 1));
    assert_eq!(store.jobs(JobState::Sent, 10).await.unwrap().len(), 2);
    store.close().await;
}
