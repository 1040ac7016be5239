//! The dates of feeds: what the standards ask for, and what feeds write instead.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::Offset;
use regex::Regex;

use crate::article::Published;

/// Names of zones that RFC 2822 does not have, as feeds use them. Names that mean several zones are left out.
const ZONES: [(&str, &str); 16] = [
    ("UTC", "+0000"),
    ("UT", "+0000"),
    ("Z", "+0000"),
    ("WET", "+0000"),
    ("WEST", "+0100"),
    ("BST", "+0100"),
    ("CET", "+0100"),
    ("MEZ", "+0100"),
    ("CEST", "+0200"),
    ("MESZ", "+0200"),
    ("EET", "+0200"),
    ("EEST", "+0300"),
    ("MSK", "+0300"),
    ("JST", "+0900"),
    ("AEST", "+1000"),
    ("AEDT", "+1100"),
];

/// A day of the week at the start, in any language and often wrong.
static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\p{L}{2,}\.?,?\s+(\d)").expect("a valid pattern"));

/// The name of an English month, long or short.
static MONTH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?").expect("a valid pattern")
});

/// The month before the day: "Jul 4, 2022".
static MONTH_FIRST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([A-Z][a-z]{2}) (\d{1,2}),? (\d{4})\b").expect("a valid pattern"));

/// A word that is a month and no weekday, because day and year follow it.
static MONTH_DAY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\p{L}+\.? \d{1,2},? \d{4}\b").expect("a valid pattern"));

/// An hour of one digit.
static SHORT_HOUR: LazyLock<Regex> = LazyLock::new(|| Regex::new(r" (\d):(\d{2})").expect("a valid pattern"));

/// A date and time in digits with a zone set off, or without its colon: "2022-07-04 09:30:00 +0200".
static LOOSE_ISO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(\d{4}-\d{2}-\d{2})[T ]+(\d{1,2}:\d{2}(?::\d{2})?)(\.\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$")
        .expect("a valid pattern")
});

/// The date in a feed's text, with as much of time and zone as it says.
pub(super) fn parse(text: &str) -> Option<Published> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() || text.len() > 100 {
        return None;
    }
    if let Some(parts) = LOOSE_ISO.captures(&text) {
        let part = |n| parts.get(n).map_or("", |part| part.as_str());
        let hour = if part(2).find(':') == Some(1) { "0" } else { "" };
        let zone = match part(4) {
            "UTC" | "GMT" => "Z",
            zone => zone,
        };
        return format!("{}T{hour}{}{}{zone}", part(1), part(2), part(3)).parse().ok();
    }
    text.parse().ok().or_else(|| mail(&text))
}

/// A date as mail has it, repaired.
fn mail(text: &str) -> Option<Published> {
    let text = if MONTH_DAY.is_match(text) { text.into() } else { WEEKDAY.replace(text, "$1") };
    let text = MONTH.replace(&text, |month: &regex::Captures<'_>| {
        let short = month.get(1).map_or("", |short| short.as_str()).to_ascii_lowercase();
        let (first, rest) = short.split_at(1);
        first.to_ascii_uppercase() + rest
    });
    let text = MONTH_FIRST.replace(&text, "$2 $1 $3");
    let text = SHORT_HOUR.replace(&text, " 0$1:$2");
    let (mut text, mut zone) = (text.as_ref(), "");
    if let Some((before, last)) = text.rsplit_once(' ')
        && let Some((_, offset)) = ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(last))
    {
        (text, zone) = (before, offset);
    }
    let mut text = if zone.is_empty() { text.to_owned() } else { format!("{text} {zone}") };
    // Midnight of the day that ends, as some write it.
    text = text.replacen(" 24:00", " 00:00", 1);
    let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    let zoned = parser.parse_zoned(&text).ok();
    match zoned {
        Some(zoned) => {
            Some(Published { date: zoned.date(), time: Some(zoned.datetime()), offset: Some(zoned.offset()) })
        }
        // Without a zone, and then without a time.
        None => {
            let timed = ["%d %b %Y %H:%M:%S", "%d %b %Y %H:%M"].iter();
            let timed = timed.filter_map(|form| jiff::civil::DateTime::strptime(form, &text).ok()).next();
            match timed {
                Some(time) => Some(Published { date: time.date(), time: Some(time), offset: None }),
                None => jiff::civil::Date::strptime("%d %b %Y", &text).ok().map(Published::on),
            }
        }
    }
}

/// The instant of a date; what it leaves open is taken for UTC and midnight.
pub(super) fn instant(published: &Published) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(published.order_key()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_feeds_write_them() {
        for (written, iso) in [
            ("Mon, 04 Jul 2022 09:30:00 +0200", "2022-07-04T09:30:00+02:00"),
            ("Mon, 04 Jul 2022 09:30:00 GMT", "2022-07-04T09:30:00Z"),
            ("Mon, 4 Jul 2022 9:30:00 UTC", "2022-07-04T09:30:00Z"),
            ("Sun, 04 Jul 2022 09:30:00 Z", "2022-07-04T09:30:00Z"),
            ("Montag, 04 Jul 2022 09:30:00 CEST", "2022-07-04T09:30:00+02:00"),
            ("04 July 2022 09:30 EST", "2022-07-04T09:30:00-05:00"),
            ("Jul 4, 2022 09:30:00 +0000", "2022-07-04T09:30:00Z"),
            ("July 4, 2022", "2022-07-04"),
            ("mar. 05 Jul 2022 09:30:00 +0200", "2022-07-05T09:30:00+02:00"),
            ("04 Jul 2022", "2022-07-04"),
            ("04 Jul 2022 09:30:00", "2022-07-04T09:30:00"),
            ("2022-07-04", "2022-07-04"),
            ("2022-07-04T09:30:00Z", "2022-07-04T09:30:00Z"),
            ("2022-07-04T09:30+02:00", "2022-07-04T09:30:00+02:00"),
            ("2022-07-04 09:30:00 +0200", "2022-07-04T09:30:00+02:00"),
            ("2022-07-04 9:30:00", "2022-07-04T09:30:00"),
            ("2022-07-04T09:30:00 UTC", "2022-07-04T09:30:00Z"),
            ("\n  Mon, 04 Jul 2022\n 09:30:00 +0200 ", "2022-07-04T09:30:00+02:00"),
        ] {
            assert_eq!(parse(written).map(|date| date.to_iso()).as_deref(), Some(iso), "{written}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for none in ["", "soon", "0", "32 Jul 2022", "2022-13-01", "Mon, 04 Foo 2022 09:30:00 GMT", &"1 ".repeat(200)] {
            assert_eq!(parse(none), None, "{none}");
        }
    }

    #[test]
    fn an_instant_is_the_same_in_every_zone() {
        let of = |written| instant(&parse(written).unwrap()).unwrap();
        assert_eq!(of("Mon, 04 Jul 2022 09:30:00 +0200"), of("2022-07-04T07:30:00Z"));
        assert_eq!(of("2022-07-04"), of("2022-07-04T00:00:00Z"));
    }
}
