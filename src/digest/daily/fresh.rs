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

/// How far the clocks of two machines may be apart, with the time that adding an article takes. Within it an article that was moved
/// from another store is new.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(1);

/// The digest before: what arrived after it is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fresh {
    /// The highest number in the store that it could choose from. Numbers become visible in order, so that none is passed over.
    pub after: StoredId,
    /// When it was made; never later than now. An article that was moved here from another store has a new number and keeps its time:
    /// only such a one is judged by it. Of any other the number alone tells, whichever clock is wrong.
    pub since: Timestamp,
}

impl Fresh {
    /// Why an article is not new; `None` when it is. One that came from no store is judged by its date alone.
    pub(super) fn refuses(self, mark: Option<Mark>, article: &Article) -> Option<Why> {
        if mark.is_some_and(|mark| mark.silent) {
            return Some(Why::Silent);
        }
        let arrived_from = self.since.checked_sub(CLOCKS_APART).unwrap_or(Timestamp::MIN);
        if mark.is_some_and(|mark| mark.id <= self.after || (mark.moved && mark.added_at < arrived_from)) {
            return Some(Why::Arrived);
        }
        let published = article.meta().published?.date;
        // By the calendar of Greenwich: a day more or less does not matter here.
        let first = TimeZone::UTC.to_datetime(self.since).date().checked_sub(NEWS_DAYS.days());
        first.is_ok_and(|first| published < first).then_some(Why::Stale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};

    fn article(date: &str) -> Article {
        let file = format!("---\ntitle: Pool shuts\n{date}\n---\n\nThe town pool will shut in May.\n");
        read_text("pool", &file, Format::Markdown).unwrap()
    }

    fn mark(id: i64, added_at: &str) -> Option<Mark> {
        Some(Mark {
            id: StoredId(id),
            number: id,
            version: 1,
            added_at: added_at.parse().unwrap(),
            moved: false,
            silent: false,
        })
    }

    fn moved(id: i64, added_at: &str) -> Option<Mark> {
        mark(id, added_at).map(|mark| Mark { moved: true, ..mark })
    }

    fn silent(id: i64, added_at: &str) -> Option<Mark> {
        mark(id, added_at).map(|mark| Mark { silent: true, ..mark })
    }

    #[test]
    fn what_arrived_since_is_new_unless_it_was_old_by_then() {
        let fresh = Fresh { after: StoredId(7), since: "2026-11-23T08:30:00Z".parse().unwrap() };
        let undated = article("author: Ada Roe");
        for (mark, article, why) in [
            (mark(8, "2026-11-23T09:00:00Z"), &undated, None),
            (mark(7, "2026-11-23T09:00:00Z"), &undated, Some(Why::Arrived)),
            // Another process's clock is far behind, or this one's desk was: the number tells.
            (mark(8, "2026-11-20T08:00:00Z"), &undated, None),
            (moved(8, "2026-11-20T08:00:00Z"), &undated, Some(Why::Arrived)),
            (moved(8, "2026-11-23T08:00:00Z"), &undated, None),
            (silent(8, "2026-11-23T09:00:00Z"), &undated, Some(Why::Silent)),
            (mark(8, "2026-11-23T09:00:00Z"), &article("date: 2026-11-20"), None),
            (mark(8, "2026-11-23T09:00:00Z"), &article("date: 2026-11-19"), Some(Why::Stale)),
            (None, &undated, None),
            (None, &article("date: 2019-05-05"), Some(Why::Stale)),
        ] {
            assert_eq!(fresh.refuses(mark, article), why, "{mark:?} {:?}", article.meta().published);
        }
    }

    #[test]
    fn at_the_edges_of_the_calendar_nothing_is_old() {
        let fresh = Fresh { after: StoredId(0), since: Timestamp::MIN };
        assert_eq!(fresh.refuses(mark(1, "2026-11-23T09:00:00Z"), &article("date: 2019-05-05")), None);
    }
}
