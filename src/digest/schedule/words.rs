//! Reading a schedule as people write it, and saying what is wrong with it.

use jiff::civil::{Time, Weekday};
use jiff::tz::{self, TimeZone};

use super::Weekdays;

/// Words that are no schedule. The text says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// A time in no known form.
    #[error("“{0}” is not a time of day. Write 08:30, 17:00 or 5 pm.")]
    Time(String),
    /// A zone that the time zone database does not have.
    #[error("“{typed}” is not a time zone{}. Write one of the IANA names, such as Europe/Berlin or America/New_York.", meant(.near))]
    Zone {
        /// What was written.
        typed: String,
        /// The nearest zones, best first.
        near: Vec<String>,
    },
    /// Days in no known form.
    #[error("“{typed}” is not a day of the week{}. Write mon-fri, “tue, sat”, weekdays, weekends or daily.", meant(.near.as_slice()))]
    Weekday {
        /// The word that could not be read.
        typed: String,
        /// The nearest day.
        near: Vec<String>,
    },
    /// No day at all.
    #[error("Name at least one day: mon-fri, “tue, sat”, weekdays, weekends or daily.")]
    NoDay,
}

fn meant(near: &[String]) -> String {
    let near: Vec<String> = near.iter().map(|name| format!("“{name}”")).collect();
    if near.is_empty() { String::new() } else { format!(" (did you mean {}?)", near.join(" or ")) }
}

/// Jaro-Winkler similarity from which a name is offered: a slip or two reaches it, another word does not.
const NEAR: f64 = 0.85;
/// How many zones are offered.
const OFFERED: usize = 3;

const NAMES: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The day of the week with this name, in small letters.
#[must_use]
pub fn weekday_named(name: &str) -> Option<Weekday> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, day)| *day)
}

/// The first three letters of a day's name.
pub(super) fn short_name(day: Weekday) -> &'static str {
    NAMES.iter().find(|(_, known)| *known == day).and_then(|(name, _)| name.get(..3)).unwrap_or_default()
}

/// A time of day: `08:30`, `8.30`, `17h00`, `7 pm`, `7:30am`.
pub(super) fn time(typed: &str) -> Result<Time, ScheduleError> {
    let wrong = || ScheduleError::Time(typed.to_owned());
    let text = typed.trim().to_lowercase();
    let (digits, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(rest), _) => (rest.trim_end(), Some(0)),
        (_, Some(rest)) => (rest.trim_end(), Some(12)),
        _ => (text.as_str(), None),
    };
    let (hour, minute) = match digits.split_once([':', '.', 'h']) {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute),
        None if half.is_some() => (digits, "0"),
        _ => return Err(wrong()),
    };
    let number = |digits: &str| -> Option<i8> {
        let plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if plain { digits.parse().ok() } else { None }
    };
    let (hour, minute) = number(hour).zip(number(minute)).ok_or_else(wrong)?;
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return Err(wrong()),
    };
    Time::new(hour, minute, 0, 0).map_err(|_| wrong())
}

/// A zone of the time zone database, in any case.
pub(super) fn zone(typed: &str) -> Result<TimeZone, ScheduleError> {
    let name = typed.trim().replace(' ', "_");
    if is_place(&name)
        && let Ok(zone) = tz::db().get(&name)
    {
        return Ok(zone);
    }
    Err(ScheduleError::Zone { typed: typed.trim().to_owned(), near: near_zones(&name.to_lowercase()) })
}

/// Whether a name may be a zone that people mean: the database also holds files about zones, and doubles of them.
fn is_place(name: &str) -> bool {
    let name = name.to_lowercase();
    !["posix/", "right/"].iter().any(|folder| name.starts_with(folder))
        && !["factory", "localtime", "posixrules"].contains(&name.as_str())
}

/// The zones whose name, or the place at its end, is nearest to what was written in lower case.
fn near_zones(typed: &str) -> Vec<String> {
    let place = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let typed_place = place(typed);
    let mut near: Vec<(f64, String)> = tz::db()
        .available()
        .map(|name| name.to_string())
        .filter(|name| name.contains('/') && is_place(name) && !name.starts_with("Etc/"))
        .map(|name| {
            let lower = name.to_lowercase();
            let by_place = strsim::jaro_winkler(&typed_place, &place(&lower));
            (by_place.max(strsim::jaro_winkler(typed, &lower)), name)
        })
        .filter(|(similarity, _)| *similarity >= NEAR)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    // Beside the place itself, what is only similar would distract.
    let best = near.first().map_or(0.0, |(similarity, _)| *similarity);
    let cut = if best >= 1.0 { 1.0 } else { best - 0.03 };
    near.into_iter().take_while(|(similarity, _)| *similarity >= cut).take(OFFERED).map(|(_, name)| name).collect()
}

/// Days of the week: names or their beginnings (two letters at least), ranges, and words for several.
pub(super) fn weekdays(typed: &str) -> Result<Weekdays, ScheduleError> {
    let text = typed.trim().to_lowercase().replace(['–', '—'], "-").replace(" - ", "-");
    let mut days = Vec::new();
    for word in text.split([',', ';', ' ', '+', '&']).filter(|word| !matches!(*word, "" | "and" | "every")) {
        match word {
            "daily" | "day" | "days" | "everyday" | "all" => days.extend(from_to(Weekday::Monday, Weekday::Sunday)),
            "weekdays" | "weekday" | "workdays" => days.extend(from_to(Weekday::Monday, Weekday::Friday)),
            "weekends" | "weekend" => days.extend(from_to(Weekday::Saturday, Weekday::Sunday)),
            _ => match word.split_once('-') {
                Some((first, last)) => days.extend(from_to(weekday(first)?, weekday(last)?)),
                None => days.push(weekday(word)?),
            },
        }
    }
    Weekdays::of(days).ok_or(ScheduleError::NoDay)
}

/// The days from one to another, over the weekend where the second comes earlier in the week.
fn from_to(first: Weekday, last: Weekday) -> impl Iterator<Item = Weekday> {
    let count = usize::from(first.until(last).unsigned_abs());
    first.cycle_forward().take(count + 1)
}

fn weekday(word: &str) -> Result<Weekday, ScheduleError> {
    let letters = word.trim_end_matches('.');
    let singular = letters.strip_suffix('s').filter(|word| word.ends_with("day")).unwrap_or(letters);
    let known = NAMES.iter().find(|(name, _)| singular.len() >= 2 && name.starts_with(singular));
    known.map(|(_, day)| *day).ok_or_else(|| {
        let similarity = |name: &str| strsim::jaro_winkler(singular, name);
        let best = NAMES.iter().map(|(name, _)| (similarity(name), *name)).max_by(|a, b| a.0.total_cmp(&b.0));
        let near = best.filter(|(similarity, _)| *similarity >= NEAR).map(|(_, name)| name.to_owned());
        ScheduleError::Weekday { typed: word.to_owned(), near: near.into_iter().collect() }
    })
}
