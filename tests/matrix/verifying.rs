//! The bot's device and identity, in the eyes of a client that checks them: matrix-sdk, which does what matrix-nio does not.

use std::time::{Duration, Instant};

use matrix_sdk::config::SyncSettings;
use matrix_sdk::encryption::verification::{SasState, Verification, VerificationRequest, VerificationRequestState};
use matrix_sdk::ruma::api::client::uiaa::{AuthData, MatrixUserIdentifier, Password, UserIdentifier};
use matrix_sdk::ruma::events::key::verification::VerificationMethod;
use matrix_sdk::ruma::events::room::member::MembershipState;
use matrix_sdk::ruma::{RoomId, UserId};
use matrix_sdk::{Client, Room};
use serde_json::json;

use crate::bot::MANAGER;
use crate::peer::path;
use crate::wait::{PATIENCE, until_async};
use crate::world::{BYLINE, World};

/// A client of somebody who has an identity of their own, and syncs until the test ends.
async fn client(world: &World, name: &str) -> Client {
    let name = format!("{name}-{}", fastrand::u32(..));
    tokio::task::block_in_place(|| world.peer.order("register", json!({ "as": name, "password": name })));
    let url = world.homeserver().url();
    let client = Client::builder().homeserver_url(url).build().await.unwrap();
    client.matrix_auth().login_username(&name, &name).send().await.unwrap();
    client.sync_once(SyncSettings::default()).await.unwrap();
    let user = UserIdentifier::Matrix(MatrixUserIdentifier::new(client.user_id().unwrap().to_string()));
    let proof = AuthData::Password(Password::new(user, name));
    client.encryption().bootstrap_cross_signing(Some(proof)).await.unwrap();
    let syncing = client.clone();
    tokio::spawn(async move { syncing.sync(SyncSettings::default().timeout(Duration::from_secs(5))).await });
    client
}

fn byline() -> &'static UserId {
    BYLINE.try_into().unwrap()
}

/// Waits until the bot has an identity, and returns its only device.
async fn device(client: &Client) -> matrix_sdk::encryption::identities::Device {
    let look = async || {
        client.encryption().request_user_identity(byline()).await.unwrap()?;
        let devices = client.encryption().get_user_devices(byline()).await.unwrap();
        let mut devices = devices.devices();
        devices.next().filter(|_| devices.next().is_none())
    };
    until_async(look, || "the bot has no identity, or not one device").await
}

/// Goes through a verification as a person does who sees the same emoji on both sides: whether it was brought to its end.
async fn verifies(request: VerificationRequest) -> bool {
    let started = Instant::now();
    let mut confirmed = false;
    loop {
        assert!(started.elapsed() < PATIENCE, "it stands still: {:?}", request.state());
        match request.state() {
            VerificationRequestState::Ready { .. } => {
                request.start_sas().await.unwrap();
            }
            VerificationRequestState::Transitioned { verification: Verification::SasV1(sas), .. } => {
                match sas.state() {
                    SasState::Started { .. } if !sas.we_started() => sas.accept().await.unwrap(),
                    SasState::KeysExchanged { .. } if !confirmed => {
                        assert_eq!(sas.emoji().map(|emoji| emoji.len()), Some(7));
                        confirmed = true;
                        sas.confirm().await.unwrap();
                    }
                    SasState::Done { .. } => return true,
                    SasState::Cancelled(_) => return false,
                    _ => {}
                }
            }
            VerificationRequestState::Done => return true,
            VerificationRequestState::Cancelled(_) => return false,
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Asks once for a verification of the bot's device.
async fn verifies_device(client: &Client) -> bool {
    let device = device(client).await;
    verifies(device.request_verification_with_methods(vec![VerificationMethod::SasV1]).await.unwrap()).await
}

/// Asks once for a verification of the bot in the room of the two.
async fn verifies_in_room(client: &Client) -> bool {
    device(client).await;
    let identity = client.encryption().get_user_identity(byline()).await.unwrap().unwrap();
    assert!(!identity.is_verified());
    verifies(identity.request_verification_with_methods(vec![VerificationMethod::SasV1]).await.unwrap()).await
}

/// Waits until the person's own key has signed the bot's: the signature goes to the homeserver and comes back.
async fn is_verified(client: &Client) {
    let identity = async || client.encryption().request_user_identity(byline()).await.unwrap().unwrap();
    let look = async || identity().await.is_verified().then_some(());
    until_async(look, || "the person's own key has not signed the bot's").await;
    assert!(device(client).await.is_verified_with_cross_signing());
}

/// Waits until somebody is in a room, in a client's eyes.
async fn until_joined(client: &Client, room: &RoomId, person: &UserId) -> Room {
    let look = async || {
        let room = client.get_room(room)?;
        let member = room.get_member(person).await.unwrap()?;
        (*member.membership() == MembershipState::Join).then_some(room)
    };
    until_async(look, || format!("{person} does not come")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn its_device_is_signed_by_its_identity() {
    let Some(world) = tokio::task::block_in_place(World::shared) else { return };
    let client = client(world, "friend").await;
    let device = device(&client).await;
    assert!(device.is_cross_signed_by_owner(), "{device:?}");
    assert_eq!(device.display_name(), Some("Byline"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_verifies_it_by_emoji_in_a_room_that_is_made_for_it() {
    let Some(world) = tokio::task::block_in_place(World::shared) else { return };
    let manager = client(world, MANAGER).await;
    assert!(verifies_in_room(&manager).await);
    is_verified(&manager).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_of_whom_it_has_never_heard_verifies_it_in_a_plain_room() {
    let Some(world) = tokio::task::block_in_place(World::shared) else { return };
    let manager = client(world, MANAGER).await;
    let me = manager.user_id().unwrap().to_owned();
    // Somebody else asked the bot in; of who is in a plain room it knows no devices.
    let room = tokio::task::block_in_place(|| {
        let (room, _) = world.group(false);
        room.settle();
        let invite = format!("/_matrix/client/v3/rooms/{}/invite", path(&room.id));
        room.maker.api("POST", &invite, &json!({ "user_id": me }));
        room
    });
    let id = RoomId::parse(&room.id).unwrap();
    manager.join_room_by_id(&id).await.unwrap();
    until_joined(&manager, &id, &me).await;
    // Where the client makes requests.
    manager.account().mark_as_dm(&id, &[byline().to_owned()]).await.unwrap();
    let look = async || manager.get_dm_room(byline()).filter(|room| room.room_id() == id);
    until_async(look, || "it is no room for the two").await;
    assert!(verifies_in_room(&manager).await);
    is_verified(&manager).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_of_whom_it_has_never_heard_verifies_its_device() {
    let Some(world) = tokio::task::block_in_place(World::shared) else { return };
    let manager = client(world, MANAGER).await;
    assert!(manager.joined_rooms().is_empty());
    assert!(verifies_device(&manager).await);
    assert!(device(&manager).await.is_verified());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_manage_it_does_not_verify_it() {
    let Some(world) = tokio::task::block_in_place(World::shared) else { return };
    let friend = client(world, "friend").await;
    // It knows whose invitation it accepted; to requests of other strangers it says nothing at all.
    let room = friend.create_dm(byline()).await.unwrap();
    until_joined(&friend, room.room_id(), byline()).await;
    assert!(!verifies_device(&friend).await, "who may not manage it was not refused");
    assert!(!device(&friend).await.is_verified());
}
