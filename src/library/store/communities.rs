//! Collections, the communities that read them, and what communities and channels have set.

use sqlx::Row;

use super::error::{Located, Problem, check_text};
use super::writer::next;
use super::{CollectionId, CommunityId, SHARED, Store, StoreError};

/// The longest name of a collection, network, community, channel or setting, in bytes. A Matrix room's takes at most 255.
pub(super) const MAX_NAME_BYTES: usize = 512;

/// The longest value of a setting, in bytes.
const MAX_VALUE_BYTES: usize = 1024 * 1024;

/// A Discord server, a Matrix room or space, the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Community {
    /// Its number in the store.
    pub id: CommunityId,
    /// The collection that it reads.
    pub collection: CollectionId,
}

/// A community by its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCommunity {
    /// The network.
    pub network: String,
    /// The network's name of it.
    pub name: String,
    /// The collection that it reads.
    pub collection: CollectionId,
}

/// Whose setting: a whole community's, or that of one of its channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The community.
    pub community: CommunityId,
    /// The network's name of the channel; nothing for the whole community.
    pub channel: Option<&'a str>,
}

impl<'a> Scope<'a> {
    /// What holds in a whole community.
    #[must_use]
    pub fn community(community: CommunityId) -> Self {
        Self { community, channel: None }
    }

    /// What holds in one channel.
    #[must_use]
    pub fn channel(community: CommunityId, channel: &'a str) -> Self {
        Self { community, channel: Some(channel) }
    }
}

impl Store {
    /// The collection of this name, made if there is none. `shared` is [`SHARED`].
    ///
    /// # Errors
    /// [`Problem::Text`], and what a database may answer.
    pub async fn collection(&self, name: &str) -> Result<CollectionId, StoreError> {
        let found = async {
            check_text("the collection's name", name, MAX_NAME_BYTES)?;
            let find = "SELECT id FROM collections WHERE name = $1";
            if let Some(row) = sqlx::query(find).bind(name).fetch_optional(self.inner.pools.reader()).await? {
                return Ok(row.try_get(0)?);
            }
            let mut tx = self.inner.pools.begin().await?;
            let id = next(&mut tx, "collection").await?;
            // Another may have made it while we waited for the number.
            if let Some(row) = sqlx::query(find).bind(name).fetch_optional(&mut *tx).await? {
                return Ok(row.try_get(0)?);
            }
            sqlx::query("INSERT INTO collections (id, name) VALUES ($1, $2)")
                .bind(id)
                .bind(name)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            Ok::<i64, Problem>(id)
        };
        found.await.map(CollectionId).at(self.place())
    }

    /// All collections with their names, in the order in which they were made.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn collections(&self) -> Result<Vec<(CollectionId, String)>, StoreError> {
        let query = sqlx::query("SELECT id, name FROM collections ORDER BY id");
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let entry = |row: &sqlx::any::AnyRow| Ok::<_, sqlx::Error>((CollectionId(row.try_get(0)?), row.try_get(1)?));
        rows.iter().map(entry).collect::<Result<_, _>>().at(self.place())
    }

    /// The community of this name on a network, if it was ever heard of. Nothing is written.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn known_community(&self, network: &str, name: &str) -> Result<Option<Community>, StoreError> {
        let query = sqlx::query(FIND).bind(network).bind(name);
        let row = query.fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        row.as_ref().map(community).transpose().at(self.place())
    }

    /// The community of this name on a network; one that is new reads the shared collection.
    ///
    /// # Errors
    /// [`Problem::Text`], and what a database may answer.
    pub async fn community(&self, network: &str, name: &str) -> Result<Community, StoreError> {
        let found = async {
            check_text("the network's name", network, MAX_NAME_BYTES)?;
            check_text("the community's name", name, MAX_NAME_BYTES)?;
            let reader = self.inner.pools.reader();
            if let Some(row) = sqlx::query(FIND).bind(network).bind(name).fetch_optional(reader).await? {
                return Ok(community(&row)?);
            }
            let mut tx = self.inner.pools.begin().await?;
            let id = next(&mut tx, "community").await?;
            // Another may have made it while we waited for the number.
            if let Some(row) = sqlx::query(FIND).bind(network).bind(name).fetch_optional(&mut *tx).await? {
                return Ok(community(&row)?);
            }
            let insert = "INSERT INTO communities (id, network, name, collection) VALUES ($1, $2, $3, $4)";
            sqlx::query(insert).bind(id).bind(network).bind(name).bind(SHARED.0).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, Problem>(Community { id: CommunityId(id), collection: SHARED })
        };
        found.await.at(self.place())
    }

    /// All communities that were ever heard of, in the order in which they were.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn communities(&self) -> Result<Vec<NamedCommunity>, StoreError> {
        let query = sqlx::query("SELECT network, name, collection FROM communities ORDER BY id");
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let entry = |row: &sqlx::any::AnyRow| {
            let (network, name) = (row.try_get(0)?, row.try_get(1)?);
            Ok::<_, sqlx::Error>(NamedCommunity { network, name, collection: CollectionId(row.try_get(2)?) })
        };
        rows.iter().map(entry).collect::<Result<_, _>>().at(self.place())
    }

    /// Lets a community read this collection from now on, and no other.
    ///
    /// # Errors
    /// [`Problem::Missing`] when either is not there, and what a database may answer.
    pub async fn read_collection(&self, community: CommunityId, collection: CollectionId) -> Result<(), StoreError> {
        let changed = async {
            let mut tx = self.inner.pools.begin().await?;
            let known = sqlx::query("SELECT id FROM collections WHERE id = $1").bind(collection.0);
            if known.fetch_optional(&mut *tx).await?.is_none() {
                return Err(Problem::Missing(format!("collection {}", collection.0)));
            }
            let update = sqlx::query("UPDATE communities SET collection = $1 WHERE id = $2");
            if update.bind(collection.0).bind(community.0).execute(&mut *tx).await?.rows_affected() == 0 {
                return Err(Problem::Missing(format!("community {}", community.0)));
            }
            Ok(tx.commit().await?)
        };
        changed.await.at(self.place())
    }

    /// A setting, as text, exactly in this scope.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn setting(&self, scope: Scope<'_>, name: &str) -> Result<Option<String>, StoreError> {
        let query = "SELECT value FROM settings WHERE community = $1 AND channel = $2 AND name = $3";
        let channel = scope.channel.unwrap_or_default();
        let query = sqlx::query(query).bind(scope.community.0).bind(channel).bind(name);
        let row = query.fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        row.map(|row| row.try_get(0)).transpose().at(self.place())
    }

    /// A setting that holds in this scope: the channel's, else its community's.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn setting_in_force(&self, scope: Scope<'_>, name: &str) -> Result<Option<String>, StoreError> {
        match self.setting(scope, name).await? {
            None if scope.channel.is_some() => self.setting(Scope::community(scope.community), name).await,
            found => Ok(found),
        }
    }

    /// All settings of exactly this scope, by name.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn settings(&self, scope: Scope<'_>) -> Result<Vec<(String, String)>, StoreError> {
        let query = "SELECT name, value FROM settings WHERE community = $1 AND channel = $2";
        let query = sqlx::query(query).bind(scope.community.0).bind(scope.channel.unwrap_or_default());
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let entry = |row: &sqlx::any::AnyRow| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?));
        let mut settings: Vec<(String, String)> = rows.iter().map(entry).collect::<Result<_, _>>().at(self.place())?;
        // Here and not in SQL: PostgreSQL sorts by its language, SQLite by bytes.
        settings.sort_unstable();
        Ok(settings)
    }

    /// Sets a setting, or with `None` takes it away. What its text means is the caller's.
    ///
    /// # Errors
    /// [`Problem::Text`] for names and values that can't be kept, [`Problem::Missing`] for a community that is not there, and
    /// what a database may answer.
    pub async fn set(&self, scope: Scope<'_>, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        let set = async {
            let channel = scope.channel.unwrap_or_default();
            check_text("the channel's name", channel, MAX_NAME_BYTES)?;
            check_text("the setting's name", name, MAX_NAME_BYTES)?;
            check_text("the setting's value", value.unwrap_or_default(), MAX_VALUE_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            let known = sqlx::query("SELECT id FROM communities WHERE id = $1").bind(scope.community.0);
            if known.fetch_optional(&mut *tx).await?.is_none() {
                return Err(Problem::Missing(format!("community {}", scope.community.0)));
            }
            let statement = match value {
                Some(_) => {
                    "INSERT INTO settings (community, channel, name, value) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (community, channel, name) DO UPDATE SET value = excluded.value"
                }
                None => "DELETE FROM settings WHERE community = $1 AND channel = $2 AND name = $3",
            };
            let statement = sqlx::query(statement).bind(scope.community.0).bind(channel).bind(name);
            let statement = match value {
                Some(value) => statement.bind(value),
                None => statement,
            };
            statement.execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        };
        set.await.at(self.place())
    }
}

/// The query whose rows [`community`] reads.
const FIND: &str = "SELECT id, collection FROM communities WHERE network = $1 AND name = $2";

fn community(row: &sqlx::any::AnyRow) -> Result<Community, sqlx::Error> {
    Ok(Community { id: CommunityId(row.try_get(0)?), collection: CollectionId(row.try_get(1)?) })
}
