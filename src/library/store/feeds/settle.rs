//! Settling what a look at a feed brought.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::super::error::{Located, Problem, check_text};
use super::super::record::Parcel;
use super::super::writer::{Writer, next};
use super::super::{Store, StoreError, millis, timestamp};
use super::turn::DueFeed;
use super::waiting::Put;
use super::{FeedEntry, FeedId, MAX_FEED_URL_BYTES, line};
use crate::article::Article;

/// How long an identity is kept after its feed last held it, in milliseconds: half a year.
const KEPT_MS: i64 = 182 * 24 * 60 * 60 * 1000;

/// Identities that are written at once.
const CHUNK: usize = 100;

/// What a look brought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    /// Where the feed is from now on, and the host of that, where it has moved for good.
    pub moved: Option<(String, String)>,
    /// What it calls itself; nothing when it was not read because nothing changed.
    pub title: Option<String>,
    /// The site that it is of.
    pub site: Option<String>,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    pub last_modified: Option<String>,
    /// What is known of when its entries come.
    pub rhythm: String,
    /// When to look again.
    pub next_at: Timestamp,
    /// By what entries are known that were not seen before.
    pub new_identities: Vec<String>,
    /// By what entries are known that were seen before, and are still there: those of which it is noted.
    pub still: Vec<String>,
    /// The entries that were not seen before.
    pub entries: Vec<NewEntry>,
}

/// An entry that was not seen before.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEntry {
    /// Whether it is no news to anybody.
    pub silent: bool,
    /// What it is.
    pub found: FoundEntry,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq)]
pub enum FoundEntry {
    /// Its full text.
    Article(Box<Article>),
    /// Something whose page must be fetched.
    Page {
        /// The host of the page.
        host: String,
        /// What the feed says of it, as whoever fetches it writes it.
        entry: String,
    },
    /// Nothing that gives an article, for this reason.
    LeftOut(String),
}

/// What settling a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettledLook {
    /// All is kept.
    Done {
        /// Articles that are new.
        stored: u64,
        /// Entries that wait for their pages.
        waiting: u64,
    },
    /// Another process or a person was first; nothing changed.
    Lost,
}

impl Store {
    /// By what the entries of a feed are known that were seen in it, and when it last held each.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn seen_in_feed(&self, id: FeedId) -> Result<HashMap<String, Timestamp>, StoreError> {
        let query = sqlx::query("SELECT identity, seen_at FROM feed_identities WHERE feed = $1").bind(id.0);
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let seen = |row: &sqlx::any::AnyRow| Ok::<_, sqlx::Error>((row.try_get(0)?, timestamp(row.try_get(1)?)));
        rows.iter().map(seen).collect::<Result<_, _>>().at(self.place())
    }

    /// Settles a look that could read the feed: its articles, the entries that wait, by what all are known, and when to look again.
    /// All or nothing.
    ///
    /// # Errors
    /// [`Problem::Text`] for what can't be kept, and what a database may answer; then nothing changed.
    pub async fn settle_look(&self, due: &DueFeed, look: Look) -> Result<SettledLook, StoreError> {
        self.settle_read(due, look).await.at(self.place())
    }

    async fn settle_read(&self, due: &DueFeed, look: Look) -> Result<SettledLook, Problem> {
        let Look { moved, title, site, etag, last_modified, rhythm, next_at, .. } = look;
        let Look { mut new_identities, mut still, entries, .. } = look;
        // One statement takes no row twice.
        for identities in [&mut new_identities, &mut still] {
            identities.sort_unstable();
            identities.dedup();
        }
        let title = title.as_deref().map(line);
        // Hashing takes milliseconds: not on the threads that answer.
        let hashed = tokio::task::spawn_blocking(move || entries.into_iter().map(prepare).collect::<Vec<_>>()).await;
        let entries = hashed.map_err(|ended| Problem::Task(ended.to_string()))?;
        let articles = entries.iter().any(|entry| matches!(entry.found, Prepared::Article(_)));
        let feed = &due.feed;
        // Whoever changes no article need not wait for those who do.
        let mut with = match articles {
            true => With::Writer(Writer::begin(self).await?),
            false => With::Plain(self.inner.pools.begin().await?),
        };
        let now = self.now(with.tx()).await?;
        let read = "UPDATE feeds SET begun = CASE WHEN $1 = 1 THEN 1 ELSE begun END, title = COALESCE($2, title),
                                     site = COALESCE($3, site), etag = $4, last_modified = $5, rhythm = $6, next_at = $7,
                                     looked_at = $8, read_at = $8, failures = 0, failing_since = NULL, trouble = NULL,
                                     lease_owner = NULL, lease_until = NULL
                    WHERE id = $9 AND state = 0 AND lease_owner = $10 AND turn = $11";
        let read = sqlx::query(read)
            .bind(i64::from(title.is_some()))
            .bind(title)
            .bind(site.as_deref().map(line))
            .bind(etag)
            .bind(last_modified)
            .bind(rhythm)
            .bind(millis(next_at))
            .bind(now)
            .bind(feed.id.0)
            .bind(&due.owner)
            .bind(due.turn);
        if read.execute(&mut **with.tx()).await?.rows_affected() == 0 {
            return Ok(SettledLook::Lost);
        }
        if let Some((url, host)) = moved {
            move_feed(with.tx(), feed, &url, &host).await?;
        }
        note_seen(with.tx(), feed.id, &new_identities, now).await?;
        if !still.is_empty() {
            note_seen(with.tx(), feed.id, &still, now).await?;
            let forget = sqlx::query("DELETE FROM feed_identities WHERE feed = $1 AND seen_at < $2");
            forget.bind(feed.id.0).bind(now.saturating_sub(KEPT_MS)).execute(&mut **with.tx()).await?;
        }
        let (mut stored, mut waiting, mut left_out, mut why) = (0, 0, 0, None);
        for (place, PreparedEntry { silent, found }) in (0..).zip(entries) {
            match (found, &mut with) {
                (Prepared::Article(parcel), With::Writer(writer)) => match writer.put_of_feed(feed, *parcel).await? {
                    Put::New => stored += 1,
                    Put::Known => {}
                    Put::Removed => {
                        left_out += 1;
                        why = Some(Put::REMOVED.to_owned());
                    }
                },
                // There is a writer wherever there is an article.
                (Prepared::Article(_), With::Plain(_)) => {}
                (Prepared::Page { host, entry }, with) => {
                    let id = next(with.tx(), "entry").await?;
                    let insert = "INSERT INTO feed_entries (id, feed, host, entry, silent, next_at)
                                  VALUES ($1, $2, $3, $4, $5, $6)";
                    // A moment apart, so that their order stays.
                    let insert = sqlx::query(insert).bind(id).bind(feed.id.0).bind(host).bind(entry);
                    let insert = insert.bind(i64::from(silent)).bind(now.saturating_add(place));
                    insert.execute(&mut **with.tx()).await?;
                    waiting += 1;
                }
                (Prepared::LeftOut(reason), _) => {
                    left_out += 1;
                    why = Some(reason);
                }
            }
        }
        count(with.tx(), feed.id, stored, left_out, why.as_deref()).await?;
        match with {
            With::Writer(writer) => writer.commit().await?,
            With::Plain(tx) => tx.commit().await?,
        }
        Ok(SettledLook::Done { stored: stored.unsigned_abs(), waiting })
    }
}

/// A transaction that changes articles, or one that changes none.
enum With {
    Writer(Writer),
    Plain(Transaction<'static, Any>),
}

impl With {
    fn tx(&mut self) -> &mut Transaction<'static, Any> {
        match self {
            Self::Writer(writer) => &mut writer.tx,
            Self::Plain(tx) => tx,
        }
    }
}

/// A [`NewEntry`] ready to be written.
struct PreparedEntry {
    silent: bool,
    found: Prepared,
}

enum Prepared {
    Article(Box<Parcel>),
    Page { host: String, entry: String },
    LeftOut(String),
}

fn prepare(entry: NewEntry) -> PreparedEntry {
    let found = match entry.found {
        FoundEntry::Article(article) => {
            Prepared::Article(Box::new(Parcel { silent: entry.silent, ..Parcel::of(&article) }))
        }
        FoundEntry::Page { host, entry } => Prepared::Page { host, entry },
        FoundEntry::LeftOut(reason) => Prepared::LeftOut(reason),
    };
    PreparedEntry { silent: entry.silent, found }
}

/// Gives a feed its new address; where another feed of the collection is there already, this one ends.
async fn move_feed(tx: &mut Transaction<'static, Any>, feed: &FeedEntry, url: &str, host: &str) -> Result<(), Problem> {
    check_text("a feed's address", url, MAX_FEED_URL_BYTES)?;
    let other = "SELECT number FROM feeds WHERE collection = $1 AND url = $2 AND id <> $3";
    let other = sqlx::query(other).bind(feed.collection.0).bind(url).bind(feed.id.0).fetch_optional(&mut **tx).await?;
    match other {
        Some(row) => {
            let reason = format!("it has moved to the address of feed {}", row.try_get::<i64, _>(0)?);
            let end = sqlx::query("UPDATE feeds SET state = 2, reason = $1 WHERE id = $2").bind(reason);
            end.bind(feed.id.0).execute(&mut **tx).await?;
        }
        None => {
            let update = sqlx::query("UPDATE feeds SET url = $1, host = $2 WHERE id = $3");
            update.bind(url).bind(host).bind(feed.id.0).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

/// Notes that a feed holds what is known by these.
async fn note_seen(
    tx: &mut Transaction<'static, Any>,
    feed: FeedId,
    identities: &[String],
    now: i64,
) -> Result<(), Problem> {
    for chunk in identities.chunks(CHUNK) {
        let rows: Vec<String> = (0..chunk.len()).map(|at| format!("($1, ${}, $2)", at + 3)).collect();
        let insert = format!(
            "INSERT INTO feed_identities (feed, identity, seen_at) VALUES {}
             ON CONFLICT (feed, identity) DO UPDATE SET seen_at = excluded.seen_at",
            rows.join(", ")
        );
        let insert = sqlx::query(AssertSqlSafe(insert)).persistent(chunk.len() == CHUNK).bind(feed.0).bind(now);
        let insert = chunk.iter().fold(insert, |insert, identity| insert.bind(identity.clone()));
        insert.execute(&mut **tx).await?;
    }
    Ok(())
}

/// Counts what came of a feed's entries.
pub(super) async fn count(
    tx: &mut Transaction<'static, Any>,
    feed: FeedId,
    stored: i64,
    left_out: i64,
    why: Option<&str>,
) -> Result<(), Problem> {
    if stored == 0 && left_out == 0 {
        return Ok(());
    }
    let count =
        "UPDATE feeds SET stored = stored + $1, left_out = left_out + $2, why_left_out = COALESCE($3, why_left_out)
                 WHERE id = $4";
    sqlx::query(count).bind(stored).bind(left_out).bind(why.map(line)).bind(feed.0).execute(&mut **tx).await?;
    Ok(())
}
