//! The chat networks that `byline run` serves: those of the configuration for which there is a way in.

use std::sync::Arc;

use tokio::sync::watch;

use super::service::asked_to_stop;
use crate::config::Config;
use crate::library::store::Store;
use crate::post::Courier;
use crate::router::Router;

/// The ways to the networks.
pub(super) struct Networks {
    #[cfg(feature = "discord")]
    discord: Option<crate::chat::discord::Discord>,
    #[cfg(feature = "matrix")]
    matrix: Option<crate::chat::matrix::Matrix>,
}

impl Networks {
    /// The ways that the configuration names. Nothing is connected yet.
    pub(super) fn of(config: &Config) -> anyhow::Result<Self> {
        // Without either network, nothing of it is read.
        let _ = config;
        Ok(Self {
            #[cfg(feature = "discord")]
            discord: discord::way(&config.discord)?,
            #[cfg(feature = "matrix")]
            matrix: matrix::way(&config.matrix, config.library.data_dir.as_deref())?,
        })
    }

    /// What posts in their channels.
    pub(super) fn couriers(&self) -> Vec<Arc<dyn Courier>> {
        let couriers: [Option<Arc<dyn Courier>>; 2] = [
            #[cfg(feature = "discord")]
            self.discord.as_ref().map(|discord| Arc::new(discord.courier()) as Arc<dyn Courier>),
            #[cfg(not(feature = "discord"))]
            None,
            #[cfg(feature = "matrix")]
            self.matrix.as_ref().map(|matrix| Arc::new(matrix.courier()) as Arc<dyn Courier>),
            #[cfg(not(feature = "matrix"))]
            None,
        ];
        couriers.into_iter().flatten().collect()
    }

    /// Answers on all of them until `stop` says that it is time to stop. One that can't be served at all ends the others: that is an
    /// error of the whole.
    pub(super) async fn serve(
        self,
        router: Arc<Router>,
        store: Store,
        stop: watch::Sender<bool>,
    ) -> anyhow::Result<()> {
        let stopping = || asked_to_stop(stop.subscribe());
        // Unused without networks.
        let _ = (&router, &store);
        let discord = async {
            #[cfg(feature = "discord")]
            if let Some(discord) = self.discord {
                let ended = discord.run(Arc::clone(&router), store.clone(), stopping()).await;
                stop.send_replace(true);
                return Ok(ended?);
            }
            stopping().await;
            anyhow::Ok(())
        };
        let matrix = async {
            #[cfg(feature = "matrix")]
            if let Some(matrix) = self.matrix {
                let ended = matrix.run(Arc::clone(&router), store.clone(), stopping()).await;
                stop.send_replace(true);
                return Ok(ended?);
            }
            stopping().await;
            anyhow::Ok(())
        };
        let (discord, matrix) = tokio::join!(discord, matrix);
        discord.and(matrix)
    }
}

/// What is told where no network is configured: the ways into them.
pub(super) fn ways_in() -> Vec<String> {
    [
        #[cfg(feature = "discord")]
        crate::chat::discord::SettingsError::NoToken.to_string(),
        #[cfg(feature = "matrix")]
        "For Matrix, set matrix.homeserver, matrix.user and matrix.password; the README tells the steps.".to_owned(),
    ]
    .into()
}

/// Days of the configuration.
#[cfg(any(feature = "discord", feature = "matrix"))]
fn days(days: u64) -> std::time::Duration {
    std::time::Duration::from_secs(24 * 60 * 60) * u32::try_from(days).unwrap_or(u32::MAX)
}

/// Discord, as far as its configuration goes.
#[cfg(feature = "discord")]
mod discord {
    use anyhow::Context;

    use super::days;
    use crate::chat::discord::{Discord, Posts, Settings};
    use crate::config;

    /// The way to Discord; nothing where there is no token.
    pub(super) fn way(config: &config::Discord) -> anyhow::Result<Option<Discord>> {
        let wanted = config.api_url.is_some() || config.guilds.is_some();
        if config.token.is_none() && config.token_file.is_none() && !Settings::has_credential() && !wanted {
            return Ok(None);
        }
        let guilds = config.guilds.as_deref().unwrap_or_default();
        let guilds = guilds.split(',').map(str::trim).filter(|number| !number.is_empty());
        let guilds =
            guilds.map(|number| number.parse().with_context(|| format!("discord.guilds: “{number}” is no number")));
        let settings = Settings {
            token: config.token.as_ref().map(config::Secret::secret),
            token_file: config.token_file.clone(),
            api_url: config.api_url.clone(),
            guilds: guilds.collect::<anyhow::Result<_>>()?,
            shards: config.shards.parse()?,
            per_person: config.per_person,
            per_server: config.per_server,
            buttons: days(config.buttons_days),
            forget: days(config.forget_days),
            posts: Posts { quiet: config.quiet, crosspost: config.crosspost, threads: config.threads },
        };
        Ok(Some(Discord::new(settings)?))
    }
}

/// Matrix, as far as its configuration goes.
#[cfg(feature = "matrix")]
mod matrix {
    use std::path::Path;
    use std::time::Duration;

    use anyhow::Context;

    use super::days;
    use crate::chat::matrix::{Aliases, Allow, Matrix, Settings};
    use crate::config;

    /// The way to Matrix; nothing where no homeserver is named.
    pub(super) fn way(config: &config::Matrix, data_dir: Option<&Path>) -> anyhow::Result<Option<Matrix>> {
        let Some(homeserver) = config.homeserver.clone() else { return Ok(None) };
        let data_dir = data_dir.context("Matrix keeps its session and keys in library.data_dir, and none is set")?;
        let allow = |list: &Option<String>| Allow::parse(list.as_deref().unwrap_or_default());
        let settings = Settings {
            homeserver,
            user: config.user.clone(),
            password: config.password.as_ref().map(config::Secret::secret),
            password_file: config.password_file.clone(),
            token: config.token.as_ref().map(config::Secret::secret),
            token_file: config.token_file.clone(),
            device_name: config.device_name.clone(),
            passphrase: config.passphrase.as_ref().map(config::Secret::secret),
            folder: data_dir.join("matrix"),
            recovery_key_file: config.recovery_key_file.clone(),
            invites: allow(&config.invites),
            managers: allow(&config.managers),
            prefix: config.prefix.trim().to_owned(),
            aliases: Aliases::parse(config.aliases.as_deref().unwrap_or_default())?,
            per_person: config.per_person,
            per_room: config.per_room,
            max_age: Duration::from_secs(60) * u32::try_from(config.max_age).unwrap_or(u32::MAX),
            key_wait: Duration::from_secs(config.key_wait),
            buttons: days(config.buttons_days),
            forget: days(config.forget_days),
        };
        Ok(Some(Matrix::new(settings)?))
    }
}
