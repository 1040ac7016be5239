//! A request: what a command answers from, who asks and where.

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::keeper::lock;
use super::{Desk, Desks, Problem, Settings, in_force};
use crate::intake::attached::Sent;
use crate::intake::fetch::Fetcher;
use crate::intake::poll::Poller;
use crate::library::store::{CollectionId, Community, SHARED, Store, StoredId};
use crate::library::{ArticleId, Library};

/// Where a request comes from: a channel of a community on a network, and what the asker may do there. The surfaces make it;
/// nothing in it is taken from the words of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The network: `console`, `discord`, `matrix`.
    pub network: String,
    /// The network's name of the community: a Discord server's number, a Matrix room or space.
    pub community: String,
    /// The network's name of the channel, where there is one.
    pub channel: Option<String>,
    /// Whether the asker manages the community.
    pub manager: bool,
}

impl Place {
    /// The console of the machine: whoever sits there manages it.
    #[must_use]
    pub fn console() -> Self {
        let name = || "console".to_owned();
        Self { network: name(), community: name(), channel: Some(name()), manager: true }
    }

    /// Whether it is the console of the machine. Whoever asks there runs Byline, and may name its files.
    #[must_use]
    pub fn is_console(&self) -> bool {
        self.network == NETWORKS[0]
    }

    /// What the collection of a community's own articles is called.
    #[must_use]
    pub fn own_collection(&self) -> String {
        format!("{}/{}", self.network, self.community)
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    /// `NETWORK/COMMUNITY` or `NETWORK/COMMUNITY/CHANNEL`, as an operator writes it: so somebody who manages the place.
    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let mut parts = text.splitn(3, '/').map(|part| (!part.is_empty()).then(|| part.to_owned()));
        match (parts.next().flatten(), parts.next().flatten(), parts.next()) {
            (Some(network), _, _) if !NETWORKS.contains(&network.as_str()) => Err(PlaceError::Network(network)),
            (Some(network), Some(community), None) => Ok(Self { network, community, channel: None, manager: true }),
            (Some(network), Some(community), Some(Some(channel))) => {
                Ok(Self { network, community, channel: Some(channel), manager: true })
            }
            _ => Err(PlaceError::Form),
        }
    }
}

/// A text that names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Not in the form of one.
    #[error("a place is NETWORK/COMMUNITY or NETWORK/COMMUNITY/CHANNEL, such as discord/81384788765712384")]
    Form,
    /// On a network that there is not.
    #[error("there is no network “{0}”, only {networks}", networks = NETWORKS.join(", "))]
    Network(String),
}

/// The networks that there are.
const NETWORKS: [&str; 4] = ["console", "discord", "matrix", "record"];

/// Where a command that takes its time tells how far it is, in a line of Byline's own words. Only the latest counts: whoever
/// shows it looks as often as its surface lets it be changed, and the command never waits.
#[derive(Debug, Clone)]
pub struct Progress(watch::Sender<String>);

impl Progress {
    /// One, and where to look at it.
    #[must_use]
    pub fn new() -> (Self, watch::Receiver<String>) {
        let (tell, look) = watch::channel(String::new());
        (Self(tell), look)
    }

    /// One that nobody looks at.
    #[must_use]
    pub fn unseen() -> Self {
        Self::new().0
    }

    /// How far it is.
    pub fn tell(&self, line: impl Into<String>) {
        self.0.send_replace(line.into());
    }
}

/// What a command is given besides its options.
#[derive(Debug)]
pub struct Request<'r> {
    /// The articles that the asker's community reads, and everything derived from them.
    pub desk: Arc<Desk>,
    /// Who asks, and where.
    pub place: &'r Place,
    /// The settings in force there.
    pub settings: Settings,
    /// Where a command that takes its time tells how far it is.
    pub progress: Progress,
    /// What is kept; nothing when articles were only read from files for this one run.
    kept: Option<&'r Desks>,
    /// Earlier versions of articles, for a reply that quotes them.
    earlier: Mutex<Library>,
    /// The way to the web, where there is one.
    web: Option<&'r Fetcher>,
    /// What looks at feeds, where there is something that does.
    feeds: Option<&'r Poller>,
    /// The file that came with it, on a network where options hold none.
    file: Option<Arc<dyn Sent>>,
}

impl<'r> Request<'r> {
    pub(super) async fn new(desk: Arc<Desk>, place: &'r Place, kept: Option<&'r Desks>) -> Result<Self, Problem> {
        let settings = match kept {
            Some(desks) => in_force::settings(desks.store(), place, desk.settings).await?,
            None => desk.settings,
        };
        let (progress, earlier) = (Progress::unseen(), Mutex::default());
        Ok(Self { desk, place, settings, progress, kept, earlier, web: None, feeds: None, file: None })
    }

    /// The same, with a way to the web.
    #[must_use]
    pub(super) fn with_web(self, web: Option<&'r Fetcher>) -> Self {
        Self { web, ..self }
    }

    /// The same, with what looks at feeds.
    #[must_use]
    pub(super) fn with_feeds(self, feeds: Option<&'r Poller>) -> Self {
        Self { feeds, ..self }
    }

    /// The same, with the file that came with it.
    #[must_use]
    pub(super) fn with_file(self, file: Option<Arc<dyn Sent>>) -> Self {
        Self { file, ..self }
    }

    /// The same, with somebody who looks at how far it is.
    #[must_use]
    pub(super) fn with_progress(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }

    /// Fetches an earlier version of an article, so that the reply can quote it: its number among [`Request::with_earlier`]'s.
    /// `None` when there is none, or the article was removed.
    ///
    /// # Errors
    /// [`Problem::NothingKept`], and what the store may answer.
    pub async fn earlier(&self, id: StoredId, version: i64) -> Result<Option<ArticleId>, Problem> {
        let stored = self.store()?.version(id, version).await?;
        Ok(stored.and_then(|stored| lock(&self.earlier).put_earlier(stored)))
    }

    /// Looks at the earlier versions that were fetched.
    pub fn with_earlier<T>(&self, look: impl FnOnce(&Library) -> T) -> T {
        look(&lock(&self.earlier))
    }

    /// The earlier versions that were fetched, for the check of the reply.
    pub(super) fn into_earlier(self) -> Arc<Library> {
        Arc::new(self.earlier.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes what the command has changed in a collection the next that is answered from: who adds an article and asks at once
    /// gets it.
    ///
    /// # Errors
    /// [`Problem::Library`] and its like, when the changes can't be read back.
    pub async fn take_over(&self, collection: CollectionId) -> Result<(), Problem> {
        match self.kept {
            Some(desks) => Ok(desks.take_over(collection).await?),
            None => Ok(()),
        }
    }

    /// The way to the web, for commands that fetch.
    ///
    /// # Errors
    /// [`Problem::NoWeb`] where there is none.
    pub fn web(&self) -> Result<&'r Fetcher, Problem> {
        self.web.ok_or(Problem::NoWeb)
    }

    /// What looks at feeds, for commands that subscribe to them.
    ///
    /// # Errors
    /// [`Problem::NoWeb`] where there is none.
    pub fn feeds(&self) -> Result<&'r Poller, Problem> {
        self.feeds.ok_or(Problem::NoWeb)
    }

    /// The file that came with it, for commands that take one; what an option names is another.
    #[must_use]
    pub fn file(&self) -> Option<&Arc<dyn Sent>> {
        self.file.as_ref()
    }

    /// The collection that this place reads, for commands that change what is in it: a community's own is its
    /// managers', the shared one (and any that an operator assigned) is for who runs Byline, on the console, unless
    /// `library.shared_open` opens it.
    ///
    /// # Errors
    /// [`Problem::SharedArticles`] when it is not theirs to change, [`Problem::NothingKept`], and what the store may answer.
    pub async fn collection_to_change(&self) -> Result<CollectionId, Problem> {
        let (store, place) = (self.store()?, self.place);
        let community = store.known_community(&place.network, &place.community).await?;
        let collection = community.map_or(SHARED, |community| community.collection);
        if place.is_console() || collection == SHARED && self.settings.shared_open {
            return Ok(collection);
        }
        let named = store.collections().await?.into_iter().find(|(id, _)| *id == collection);
        match named {
            Some((id, name)) if id != SHARED && name == place.own_collection() => Ok(id),
            _ => Err(Problem::SharedArticles),
        }
    }

    /// The same, for commands that change an article which they have found at the desk: that one is the collection's, whichever
    /// the place reads by now.
    ///
    /// # Errors
    /// As [`collection_to_change`](Self::collection_to_change).
    pub async fn desk_to_change(&self) -> Result<CollectionId, Problem> {
        let collection = self.collection_to_change().await?;
        if self.desk.collection() == Some(collection) { Ok(collection) } else { Err(Problem::SharedArticles) }
    }

    /// How many feeds the asker's community may have; nothing sets no bound.
    #[must_use]
    pub fn most_feeds(&self) -> Option<u32> {
        self.settings.feeds.filter(|_| !self.place.is_console())
    }

    /// How many articles the asker's community may add in a day; nothing sets no bound.
    #[must_use]
    pub fn most_articles(&self) -> Option<u32> {
        self.settings.articles_a_day.filter(|_| !self.place.is_console())
    }

    /// The store, for commands that keep something.
    ///
    /// # Errors
    /// [`Problem::NothingKept`] where there is none.
    pub fn store(&self) -> Result<&'r Store, Problem> {
        self.kept.map(Desks::store).ok_or(Problem::NothingKept)
    }

    /// The community that asks, made in the store if it is new.
    ///
    /// # Errors
    /// [`Problem::NothingKept`], and what the store may answer.
    pub async fn community(&self) -> Result<Community, Problem> {
        Ok(self.store()?.community(&self.place.network, &self.place.community).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_with_slashes() {
        let place: Place = "matrix/!space:example.org/!room:example.org".parse().unwrap();
        assert_eq!((place.network.as_str(), place.channel.as_deref()), ("matrix", Some("!room:example.org")));
        assert_eq!("discord/81".parse::<Place>().unwrap().channel, None);
        for text in ["", "discord", "discord/", "/81", "discord/81/"] {
            assert_eq!(text.parse::<Place>(), Err(PlaceError::Form), "{text}");
        }
        assert_eq!("discrod/81".parse::<Place>(), Err(PlaceError::Network("discrod".to_owned())));
    }
}
