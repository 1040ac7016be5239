//! The connection: logging in, listening, logging in again, and stopping without leaving anybody waiting.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::bot::Bot;
use super::courier::{Connection, Post};
use super::folder::Folder;
use super::gaps::{self, Gaps};
use super::keys::{self, Unreadable};
use super::loops::Loops;
use super::place::NETWORK;
use super::rooms::Workers;
use super::scribe::Scribe;
use super::session::{self, SessionError};
use super::settings::Settings;
use super::trouble::{Patience, Trouble};
use super::upgrades::{TIDY_EVERY, tidy};
use super::{files, listen, recovery};
use crate::chat::busy::Busy;
use crate::chat::keeper::Keeper;
use crate::chat::limits::Limits;
use crate::chat::seen::Seen;
use crate::library::store::Store;
use crate::router::Router;

/// How long a process that stops waits for the answers under way.
const FINISH: Duration = Duration::from_secs(15);

/// How long setting up the encryption may take before it is tried again.
const SET_UP: Duration = Duration::from_secs(120);

/// The longest wait before all is made anew.
const ANEW: Duration = Duration::from_secs(60);

/// Why the connection ended, or was not made.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// There is no session.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// A way to Matrix: for answering, and for what is posted unasked.
#[derive(Debug)]
pub struct Matrix {
    settings: Arc<Settings>,
    folder: Folder,
    connection: Connection,
}

impl Matrix {
    /// A way to Matrix with these settings; nothing is sent yet.
    ///
    /// # Errors
    /// [`MatrixError`]: a folder that can't be used.
    pub fn new(settings: Settings) -> Result<Self, MatrixError> {
        let folder = Folder::open(&settings.folder)?;
        Ok(Self { settings: Arc::new(settings), folder, connection: Connection::default() })
    }

    /// What posts in Matrix's rooms, for a [`Sender`](crate::post::Sender), while [`Matrix::run`] is connected.
    #[must_use]
    pub fn courier(&self) -> Post {
        Post::new(Arc::clone(&self.connection), self.settings.prefix.clone())
    }

    /// Answers until `shutdown` is done; then finishes what is under way.
    ///
    /// Whoever calls it follows the store's changes ([`Desks::follow`](crate::router::Desks::follow)) and empties the outbox.
    ///
    /// # Errors
    /// [`MatrixError`]: a password or token that is refused, files that can't be used. A homeserver that can't be reached is waited
    /// for without end.
    pub async fn run(
        self,
        router: Arc<Router>,
        store: Store,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), MatrixError> {
        let (stop, stopped) = watch::channel(false);
        let serving = self.serve(router, store, stopped);
        tokio::pin!(serving, shutdown);
        tokio::select! {
            ended = &mut serving => return ended,
            () = &mut shutdown => {}
        }
        stop.send_replace(true);
        serving.await
    }

    async fn serve(
        &self,
        router: Arc<Router>,
        store: Store,
        stopped: watch::Receiver<bool>,
    ) -> Result<(), MatrixError> {
        let limits = Arc::new(Limits::new(self.settings.per_person, self.settings.per_room));
        let keeper = Keeper::new(store.clone());
        let busy = Busy::default();
        let mut patience = Patience::up_to(ANEW);
        let ended = loop {
            let mut stopping = stopped.clone();
            let stopping = Box::pin(async move {
                // An error: whoever could stop it is gone.
                let _ = stopping.wait_for(|stopped| *stopped).await;
            });
            let session = match session::open(&self.settings, &self.folder, stopping).await {
                Ok(session) => session,
                Err(SessionError::Stopped) => break Ok(()),
                Err(error) => break Err(error.into()),
            };
            let me = session.client.user_id().map(ToString::to_string).unwrap_or_default();
            let owner = format!("{NETWORK}/{me}");
            let bot = Arc::new(Bot {
                client: session.client,
                base: session.base,
                scribe: Scribe::new(store.clone(), owner.clone()),
                me,
                owner,
                router: Arc::clone(&router),
                store: store.clone(),
                settings: Arc::clone(&self.settings),
                limits: Arc::clone(&limits),
                loops: Loops::default(),
                keeper: keeper.clone(),
                seen: Seen::default(),
                asked: Seen::default(),
                busy: busy.clone(),
                workers: Workers::default(),
                unreadable: Unreadable::default(),
                gaps: Gaps::default(),
                prefixes: Mutex::default(),
                files: Arc::new(Semaphore::new(files::ABREAST)),
                moving: tokio::sync::Mutex::default(),
                counted: Mutex::default(),
                names: Mutex::default(),
                connected: Notify::new(),
                set_up: watch::Sender::new(false),
                stopped: stopped.clone(),
            });
            let listening = tokio::select! {
                ended = listen::listen(&bot, session.fresh) => ended,
                () = self.beside(&bot) => Ok(()),
            };
            *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = None;
            match listening {
                Ok(()) => {
                    if timeout(FINISH, busy.idle()).await.is_err() {
                        tracing::warn!("stopped while answers were under way");
                    }
                    bot.scribe.written().await;
                    break Ok(());
                }
                Err(trouble) => {
                    tracing::warn!("the connection to Matrix ended: {trouble}; it is made anew");
                    let wait = match trouble {
                        Trouble::LoggedOut { .. } => Duration::ZERO,
                        _ => patience.wait(None),
                    };
                    let _ = timeout(FINISH, busy.idle()).await;
                    bot.scribe.written().await;
                    sleep(wait).await;
                }
            }
        };
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = None;
        ended
    }

    /// What is done beside listening, for as long as that goes on.
    async fn beside(&self, bot: &Arc<Bot>) {
        let keys = keys::follow(Arc::clone(bot));
        let gaps = gaps::follow(bot);
        let tidying = async {
            loop {
                tidy(bot).await;
                sleep(TIDY_EVERY).await;
            }
        };
        let encryption = async {
            let mut patience = Patience::up_to(Duration::from_secs(10 * 60));
            bot.connected.notified().await;
            // Only now it is known in which rooms we are: one that is not among them is gone.
            *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(bot.client.clone());
            loop {
                let set_up = timeout(SET_UP, recovery::set_up(&bot.client, &self.settings, &self.folder)).await;
                bot.set_up.send_replace(true);
                match set_up {
                    Ok(Ok(())) => return std::future::pending::<()>().await,
                    Ok(Err(error)) => {
                        tracing::warn!("the encryption could not be set up wholly: {error}; trying again")
                    }
                    Err(_) => tracing::warn!("setting up the encryption took too long; trying again"),
                }
                sleep(patience.wait(None)).await;
            }
        };
        tokio::join!(keys, gaps, tidying, encryption);
    }
}
