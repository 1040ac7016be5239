//! Entering an account: with its password, or with an access token.

use std::time::Duration;

use matrix_sdk::ruma::api::client::session::login::v3 as login;
use matrix_sdk::ruma::api::client::uiaa::{self, AuthData, UserIdentifier};
use matrix_sdk::ruma::api::error::ErrorKind;
use matrix_sdk::{Client, HttpError, SessionMeta};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::build::{REQUEST, build, passing};
use super::folder::{Folder, Kept, KeptSession};
use super::session::{Entering, Session, SessionError, parsed, restore, resume};
use super::settings::{Credential, Settings};
use super::trouble::Trouble;

/// Logs in with the password: as a device that the homeserver and the store still know, which tells whether it knows of no rooms
/// yet, or anew.
pub(super) async fn log_in(
    settings: &Settings,
    folder: &Folder,
    mut kept: Kept,
    user: &str,
    password: &SecretString,
    device: Option<(&str, bool)>,
) -> Result<Session, Entering> {
    if device.is_none() {
        folder.start_anew()?;
        kept.recovery_told = false;
    }
    let (client, base) = build(settings, folder, &mut kept).await?;
    // The key is kept before the store is used: a process that dies here can open it again. So is the session of a device that
    // stays: while the homeserver is away, it is not lost.
    if device.is_none() {
        folder.write(&kept)?;
    }
    // By a request of our own: the SDK's would wait out a rate limit without a word.
    let identifier = UserIdentifier::Matrix(uiaa::MatrixUserIdentifier::new(user.to_owned()));
    let how = login::Password::new(identifier, password.expose_secret().to_owned());
    let mut request = login::Request::new(login::LoginInfo::Password(how));
    request.initial_device_display_name = Some(settings.device_name.clone());
    request.device_id = device.map(|(device, _)| device.into());
    let response = client.send(request).await.map_err(|error| refused(settings, &error, user))?;
    let session = KeptSession {
        user: response.user_id.to_string(),
        device: response.device_id.to_string(),
        token: response.access_token.clone(),
    };
    folder.write(&Kept { session: Some(session), ..kept })?;
    let meta = SessionMeta { user_id: response.user_id.clone(), device_id: response.device_id.clone() };
    restore(&client, meta, response.access_token).await?;
    tracing::info!(user = %response.user_id, device = %response.device_id, "logged in to Matrix");
    Ok(Session { client, base, fresh: device.is_none_or(|(_, fresh)| fresh) })
}

fn refused(settings: &Settings, error: &HttpError, user: &str) -> Entering {
    match error.client_api_error_kind() {
        Some(ErrorKind::Forbidden) => SessionError::WrongPassword { user: user.to_owned() }.into(),
        Some(ErrorKind::UserDeactivated) => SessionError::Refused(
            "the account is deactivated; give it another one (matrix.user) with its password".to_owned(),
        )
        .into(),
        // Every homeserver has a place to log in at.
        _ if error.as_client_api_error().is_some_and(|error| error.status_code.as_u16() == 404) => {
            no_homeserver(settings)
        }
        _ => Trouble::of_http(error).into(),
    }
}

fn no_homeserver(settings: &Settings) -> Entering {
    let why = "what answers there is none".to_owned();
    SessionError::Homeserver { homeserver: settings.homeserver.clone(), why }.into()
}

/// Enters with an access token: the homeserver tells whose it is, and of which device.
pub(super) async fn with_token(
    settings: &Settings,
    folder: &Folder,
    mut kept: Kept,
    token: &SecretString,
) -> Result<Session, Entering> {
    folder.start_anew()?;
    kept.recovery_told = false;
    let whose = whose(settings, token).await?;
    let (client, base) = build(settings, folder, &mut kept).await?;
    let session = KeptSession {
        user: whose.user_id.to_string(),
        device: whose.device_id.to_string(),
        token: token.expose_secret().to_owned(),
    };
    folder.write(&Kept { session: Some(session), ..kept })?;
    resume(&client, whose, token.expose_secret().to_owned()).await?;
    Ok(Session { client, base, fresh: true })
}

/// Whose a token is, asked with a client that keeps nothing. Its device must not have had keys before: they would not be here, and
/// what others encrypt for them could not be read.
async fn whose(settings: &Settings, token: &SecretString) -> Result<SessionMeta, Entering> {
    let client = passing(settings).await?;
    let whose = ask(settings, &client, token, "_matrix/client/v3/account/whoami", None).await?;
    let (Some(user), Some(device)) = (whose["user_id"].as_str(), whose["device_id"].as_str()) else {
        return Err(SessionError::Refused("the token belongs to no device".to_owned()).into());
    };
    let body = json!({ "device_keys": { user: [device] } });
    let keys = ask(settings, &client, token, "_matrix/client/v3/keys/query", Some(body)).await?;
    if keys["device_keys"][user][device].is_object() {
        return Err(SessionError::UsedDevice { device: device.to_owned() }.into());
    }
    Ok(SessionMeta { user_id: parsed(user)?, device_id: device.into() })
}

/// Asks the homeserver for something with a token that belongs to no session yet.
async fn ask(
    settings: &Settings,
    client: &Client,
    token: &SecretString,
    path: &str,
    body: Option<Value>,
) -> Result<Value, Entering> {
    let later = |told: &str| Entering::Later { after: None, told: told.to_owned() };
    let homeserver = client.homeserver();
    let url = format!("{}/{path}", homeserver.as_str().trim_end_matches('/'));
    let request = match body {
        Some(body) => client.http_client().post(url).body(body.to_string()),
        None => client.http_client().get(url),
    };
    let response = request.bearer_auth(token.expose_secret()).timeout(REQUEST).send().await;
    let response = response.map_err(|_| later("the homeserver can't be reached"))?;
    match response.status().as_u16() {
        200 => {
            let text = response.text().await.map_err(|_| later("the connection to the homeserver broke"))?;
            let wrong = |_| later("what answers at the homeserver's address is not a homeserver at this moment");
            serde_json::from_str(&text).map_err(wrong)
        }
        401 => Err(SessionError::UnknownToken.into()),
        403 => Err(SessionError::Refused("the account may not be used (403)".to_owned()).into()),
        404 => Err(no_homeserver(settings)),
        429 => {
            let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
            let told = "the homeserver limits the rate (429)".to_owned();
            Err(Entering::Later { after: Some(Duration::from_secs(seconds.unwrap_or(1))), told })
        }
        status => Err(later(&format!("the homeserver answers with status {status}"))),
    }
}

/// What proves to the homeserver that we are the account, where it asks again (for the keys of cross-signing).
#[must_use]
pub fn proof(settings: &Settings, client: &Client) -> Option<AuthData> {
    let Ok(Credential::Password { password, .. }) = settings.find_credential() else { return None };
    let user = client.user_id()?.to_string();
    let identifier = UserIdentifier::Matrix(uiaa::MatrixUserIdentifier::new(user));
    Some(AuthData::Password(uiaa::Password::new(identifier, password.expose_secret().to_owned())))
}
