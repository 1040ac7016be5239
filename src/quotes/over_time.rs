//! Who is quoted when: by the days, weeks, months or years in which the articles were published.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use jiff::ToSpan;
use jiff::civil::Date;

use super::{CONFIDENT, Held, QuoteBook, Share, book};
use crate::library::{ArticleId, Filter, Library};

/// A stretch of time by which quotations are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A day.
    Day,
    /// A week that begins on Monday (ISO 8601).
    Week,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}

impl Period {
    /// The first day of the period that a day is in.
    #[must_use]
    pub fn first_day(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            // The first days of the calendar have no Monday before them.
            Self::Week => day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).unwrap_or(day),
            Self::Month => day.first_of_month(),
            Self::Year => day.first_of_year(),
        }
    }

    /// The first day of the period before the one that begins on `first`; nothing where the calendar begins.
    #[must_use]
    pub fn before(self, first: Date) -> Option<Date> {
        first.yesterday().ok().map(|last| self.first_day(last))
    }

    /// The first day of the period after the one that begins on `first`; nothing where the calendar ends.
    #[must_use]
    pub fn after(self, first: Date) -> Option<Date> {
        let length = match self {
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Year => 1.year(),
        };
        first.checked_add(length).ok()
    }

    /// How people call the period that begins on `first`: `16 November 2026`, `week of 16 November 2026`, `November 2026`, `2026`.
    #[must_use]
    pub fn name(self, first: Date) -> String {
        let form = match self {
            Self::Day => "%-d %B %Y",
            Self::Week => "week of %-d %B %Y",
            Self::Month => "%B %Y",
            Self::Year => "%Y",
        };
        first.strftime(form).to_string()
    }
}

/// Who was quoted in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// The period's first day.
    pub first: Date,
    /// The named speakers, most quoted first.
    pub speakers: Vec<Share>,
}

/// Quotations by period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OverTime {
    /// The periods in which somebody was quoted by name, newest first.
    pub periods: Vec<Quoted>,
    /// Quotations of named speakers in articles whose day is not known.
    pub undated: usize,
}

/// How often, and in how many articles.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    quotations: usize,
    articles: usize,
    /// The article that was counted last.
    last: Option<ArticleId>,
}

impl Count {
    /// Counts a quotation; those of one article must come one after the other.
    fn add(&mut self, article: ArticleId) {
        self.quotations += 1;
        self.articles += usize::from(self.last != Some(article));
        self.last = Some(article);
    }

    fn share(self, name: &str) -> Share {
        Share { name: name.to_owned(), quotations: self.quotations, articles: self.articles }
    }
}

impl QuoteBook {
    /// Who is quoted in each period, how often, in the articles that pass. Quotations below [`CONFIDENT`] don't count.
    #[must_use]
    pub fn quoted_over_time(&self, library: &Library, period: Period, filter: &Filter) -> OverTime {
        let admitted = Self::admitted(library, filter);
        let mut days: HashMap<ArticleId, Option<Date>> = HashMap::new();
        let mut periods: BTreeMap<Reverse<Date>, Vec<Share>> = BTreeMap::new();
        let mut undated = 0;
        for speaker in self.people.speakers() {
            let mut counts: BTreeMap<Reverse<Date>, Count> = BTreeMap::new();
            let here = speaker.quotations().into_iter().filter(|at| book::passes(admitted.as_deref(), at.article));
            for at in here {
                if self.index.held(at).is_none_or(|held| held.quotation.confidence < CONFIDENT) {
                    continue;
                }
                let day = days.entry(at.article).or_insert_with(|| day_of(library, at.article, period));
                match *day {
                    Some(first) => counts.entry(Reverse(first)).or_default().add(at.article),
                    None => undated += 1,
                }
            }
            for (first, count) in counts {
                periods.entry(first).or_default().push(count.share(speaker.name()));
            }
        }
        let ordered = |(Reverse(first), mut speakers): (Reverse<Date>, Vec<Share>)| {
            speakers.sort_unstable_by(|a, b| b.quotations.cmp(&a.quotations).then_with(|| a.name.cmp(&b.name)));
            Quoted { first, speakers }
        };
        OverTime { periods: periods.into_iter().map(ordered).collect(), undated }
    }
}

/// How often a speaker's quotations, as [`QuoteBook::said`] gives them, fall in each period: one share a period, under `name`.
#[must_use]
pub fn by_period(library: &Library, period: Period, name: &str, quotations: &[&Held]) -> OverTime {
    let mut counts: BTreeMap<Reverse<Date>, Count> = BTreeMap::new();
    let mut undated = 0;
    for held in quotations {
        match day_of(library, held.article, period) {
            Some(first) => counts.entry(Reverse(first)).or_default().add(held.article),
            None => undated += 1,
        }
    }
    let quoted = |(Reverse(first), count): (Reverse<Date>, Count)| Quoted { first, speakers: vec![count.share(name)] };
    OverTime { periods: counts.into_iter().map(quoted).collect(), undated }
}

/// The first day of the period in which an article was published.
fn day_of(library: &Library, article: ArticleId, period: Period) -> Option<Date> {
    let published = library.get(article)?.meta().published?;
    Some(period.first_day(published.date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_and_are_called_as_people_do() {
        let day: Date = "2026-11-22".parse().unwrap();
        for (period, first, name, before) in [
            (Period::Day, "2026-11-22", "22 November 2026", "2026-11-21"),
            (Period::Week, "2026-11-16", "week of 16 November 2026", "2026-11-09"),
            (Period::Month, "2026-11-01", "November 2026", "2026-10-01"),
            (Period::Year, "2026-01-01", "2026", "2025-01-01"),
        ] {
            let begins = period.first_day(day);
            assert_eq!((begins.to_string().as_str(), period.name(begins).as_str()), (first, name));
            assert_eq!(period.before(begins).unwrap().to_string(), before);
            assert_eq!(
                (period.first_day(begins), period.after(period.before(begins).unwrap())),
                (begins, Some(begins))
            );
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_no_trouble() {
        for period in [Period::Day, Period::Week, Period::Month, Period::Year] {
            assert!(period.first_day(Date::MIN) <= Date::MIN && period.before(period.first_day(Date::MIN)).is_none());
            assert!(period.after(period.first_day(Date::MAX)).is_none());
        }
    }
}
