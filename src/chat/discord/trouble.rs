//! Why there is no connection to Discord.

use super::rest::RestError;
use super::settings::SettingsError;

/// Why the connection ended, or was not made.
#[derive(Debug, thiserror::Error)]
pub enum DiscordError {
    /// A setting keeps it from being tried; the message says what to do.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Discord could not be asked where its gateway is.
    #[error("Discord can't be asked where its gateway is")]
    Gateway(#[from] RestError),
    /// The gateway's address makes no sense.
    #[error("the gateway's address, “{0}”, is none")]
    Address(String),
    /// The gateway ended it.
    #[error("the connection to Discord ended: {0}")]
    Ended(String),
}
