//! The bot's device and identity, in the eyes of a client that checks them: matrix-sdk, which does what matrix-nio does not.

use std::time::{Duration, Instant};

use matrix_sdk::Client;
use matrix_sdk::config::SyncSettings;
use matrix_sdk::encryption::verification::{SasState, Verification, VerificationRequest, VerificationRequestState};
use matrix_sdk::ruma::UserId;
use matrix_sdk::ruma::api::client::uiaa::{AuthData, MatrixUserIdentifier, Password, UserIdentifier};
use matrix_sdk::ruma::events::key::verification::VerificationMethod;
use matrix_sdk::ruma::events::room::member::MembershipState;
use matrix_sdk::ruma::events::room::message::RoomMessageEventContent;
use serde_json::json;

use crate::bot::MANAGER;
use crate::peer::PATIENCE;
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
    let started = Instant::now();
    loop {
        let identity = client.encryption().request_user_identity(byline()).await.unwrap();
        let devices: Vec<_> = client.encryption().get_user_devices(byline()).await.unwrap().devices().collect();
        if let (Some(_), [device]) = (identity, devices.as_slice()) {
            return device.clone();
        }
        assert!(started.elapsed() < PATIENCE, "the bot has no identity, or not one device: {devices:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Goes through a verification as a person does who sees the same emoji on both sides: whether it was brought to its end, or
/// nothing when nobody takes notice.
async fn verifies(request: VerificationRequest) -> Option<bool> {
    let started = Instant::now();
    let mut confirmed = false;
    loop {
        assert!(started.elapsed() < PATIENCE, "it stands still: {:?}", request.state());
        match request.state() {
            VerificationRequestState::Created { .. } if started.elapsed() > NOTICED_WITHIN => return None,
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
                    SasState::Done { .. } => return Some(true),
                    SasState::Cancelled(_) => return Some(false),
                    _ => {}
                }
            }
            VerificationRequestState::Done => return Some(true),
            VerificationRequestState::Cancelled(_) => return Some(false),
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How long the bot may take to answer a request, before it is made again.
const NOTICED_WITHIN: Duration = Duration::from_secs(10);

/// Whether the bot goes along when its device is asked for a verification: after a first word with each other, because requests
/// of devices that one has not heard of are dropped.
async fn device_verifies(client: &Client) -> bool {
    let room = client.create_dm(byline()).await.unwrap();
    let started = Instant::now();
    while room.get_member(byline()).await.unwrap().is_none_or(|member| *member.membership() != MembershipState::Join) {
        assert!(started.elapsed() < PATIENCE, "it does not come");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    room.send(RoomMessageEventContent::text_plain("when does the pier at Oldhaven close?")).await.unwrap();
    for _ in 0..5 {
        let request =
            device(client).await.request_verification_with_methods(vec![VerificationMethod::SasV1]).await.unwrap();
        if let Some(verified) = verifies(request).await {
            return verified;
        }
    }
    panic!("no request is taken notice of");
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
async fn a_manager_verifies_it_by_emoji_in_a_room() {
    let Some(world) = tokio::task::block_in_place(World::shared) else { return };
    let manager = client(world, MANAGER).await;
    device(&manager).await;
    let identity = manager.encryption().get_user_identity(byline()).await.unwrap().unwrap();
    assert!(!identity.is_verified());
    // The first request makes the room: the bot may hear of it before it has heard of the device.
    let mut verified = None;
    for _ in 0..3 {
        let request = identity.request_verification_with_methods(vec![VerificationMethod::SasV1]).await.unwrap();
        verified = verifies(request).await;
        if verified.is_some() {
            break;
        }
    }
    assert_eq!(verified, Some(true));
    // The signature goes to the homeserver and comes back.
    let started = Instant::now();
    while !manager.encryption().request_user_identity(byline()).await.unwrap().unwrap().is_verified() {
        assert!(started.elapsed() < PATIENCE, "the person's own key has not signed the bot's");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(device(&manager).await.is_verified_with_cross_signing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_verifies_its_device_and_others_do_not() {
    let Some(world) = tokio::task::block_in_place(World::shared) else { return };
    let manager = client(world, MANAGER).await;
    assert!(device_verifies(&manager).await);
    assert!(device(&manager).await.is_verified());
    let friend = client(world, "friend").await;
    assert!(!device_verifies(&friend).await, "who may not manage it was not refused");
    assert!(!device(&friend).await.is_verified());
}
