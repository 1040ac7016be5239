//! Communities, the collections they read, and settings.

use byline::library::store::{Problem, SHARED, Scope};

use crate::place::each;

#[tokio::test]
async fn a_community_reads_the_shared_collection_until_it_has_its_own() {
    each(async |place| {
        let store = place.open().await;
        let guild = store.community("discord", "42").await.unwrap();
        assert_eq!(guild.collection, SHARED);
        assert_eq!(store.community("discord", "42").await.unwrap(), guild);
        let room = store.community("matrix", "42").await.unwrap();
        assert_ne!(room.id, guild.id, "names belong to their network");
        let own = store.collection("guild-42").await.unwrap();
        store.read_collection(guild.id, own).await.unwrap();
        assert_eq!(store.community("discord", "42").await.unwrap().collection, own);
        assert_eq!(store.community("matrix", "42").await.unwrap().collection, SHARED);
        let nowhere = store.read_collection(guild.id, byline::library::store::CollectionId(99)).await.unwrap_err();
        assert!(matches!(nowhere.problem, Problem::Missing(_)), "{nowhere}");
        assert_eq!(store.collections().await.unwrap(), [(SHARED, "shared".to_owned()), (own, "guild-42".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn a_channels_setting_goes_before_its_communitys() {
    each(async |place| {
        let store = place.open().await;
        let guild = store.community("discord", "42").await.unwrap().id;
        let other = store.community("discord", "43").await.unwrap().id;
        let (whole, channel) = (Scope::community(guild), Scope::channel(guild, "news"));
        store.set(whole, "digest.time", Some("08:00")).await.unwrap();
        assert_eq!(store.setting(channel, "digest.time").await.unwrap(), None);
        assert_eq!(store.setting_in_force(channel, "digest.time").await.unwrap().as_deref(), Some("08:00"));
        store.set(channel, "digest.time", Some("09:00")).await.unwrap();
        store.set(channel, "digest.time", Some("09:30")).await.unwrap();
        store.set(channel, "Zone", Some("Europe/Berlin")).await.unwrap();
        assert_eq!(store.setting_in_force(channel, "digest.time").await.unwrap().as_deref(), Some("09:30"));
        assert_eq!(store.setting(whole, "digest.time").await.unwrap().as_deref(), Some("08:00"));
        assert_eq!(store.setting_in_force(Scope::channel(other, "news"), "digest.time").await.unwrap(), None);
        let all = store.settings(channel).await.unwrap();
        assert_eq!(all, [("Zone".into(), "Europe/Berlin".into()), ("digest.time".into(), "09:30".into())]);
        store.set(channel, "digest.time", None).await.unwrap();
        assert_eq!(store.setting_in_force(channel, "digest.time").await.unwrap().as_deref(), Some("08:00"));
        let nobody = Scope::community(byline::library::store::CommunityId(99));
        assert!(matches!(store.set(nobody, "a", Some("b")).await.unwrap_err().problem, Problem::Missing(_)));
        assert!(matches!(store.set(whole, "a", Some("b\0")).await.unwrap_err().problem, Problem::Text { .. }));
    })
    .await;
}
