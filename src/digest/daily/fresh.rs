//! What is new to a reader since the digest before.

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

use super::{WINDOW_DAYS, Why};
use crate::article::Article;
use crate::library::Mark;
use crate::library::store::StoredId;

/// How many days before the digest before an article may have been published and still be news when it arrives: as many as
/// may lie between two articles of one story. What a feed brings late is within it, also over a weekend; an archive that is
/// imported, and the weeks of entries that a new feed starts with, are not.
pub const NEWS_DAYS: i64 = WINDOW_DAYS;

/// How far the clocks of two processes may be apart, with the time that adding an article takes. Within it an article's number
/// alone tells whether it is new.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(1);

/// The digest before: what arrived after it is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fresh {
    /// The highest number in the store that it could choose from. Numbers become visible in order, so that none is passed over.
    pub after: StoredId,
    /// When it was made. An article that was moved here from another store has a new number and keeps its time.
    pub since: Timestamp,
}

impl Fresh {
    /// Why an article is not new; `None` when it is. One that came from no store is judged by its date alone.
    pub(super) fn refuses(self, mark: Option<Mark>, article: &Article) -> Option<Why> {
        let arrived_from = self.since.checked_sub(CLOCKS_APART).unwrap_or(Timestamp::MIN);
        if mark.is_some_and(|mark| mark.id <= self.after || mark.added_at < arrived_from) {
            return Some(Why::Arrived);
        }
        let published = article.meta().published?.date;
        // By the calendar of Greenwich: a day more or less does not matter here.
        let first = TimeZone::UTC.to_datetime(self.since).date().checked_sub(NEWS_DAYS.days());
        first.is_ok_and(|first| published < first).then_some(Why::Stale)
    }
}
