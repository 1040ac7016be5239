//! The lines between a title and the first paragraph: who wrote it, for whom, when.

use std::sync::LazyLock;

use jiff::civil::{DateTime, Time};
use jiff::tz::Offset;
use regex::Regex;

use crate::article::{Metadata, Published};

/// The longest line of credits, in bytes.
const LONGEST: usize = 160;

static BYLINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:(?:Written|Story|Report|Words|Posted|Reported|Analysis)\s+)?(?:[Bb]y|BY|Author:|AUTHOR:)\s+(\S.*)$",
    )
    .expect("a valid pattern")
});
static DATE_LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(published|posted|updated|last updated|last modified|modified|date|first published|created|issued)(?-u:\b)\s*(?:on|at|:)?\s*:?\s*").expect("a valid pattern")
});
static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+")
        .expect("a valid pattern")
});
static WITH_TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?ix)^(?P<day>.*?\d{4}) (?:\s*[,|·–-]\s*|\s+at\s+|\s+) (?P<h>\d{1,2})[:.](?P<m>\d\d)(?:[:.]\d\d)? \s* (?P<half>[ap]\.?m\.?)? \s* (?P<zone>[A-Z]{1,5}|Z)? \s*(?:\(.*\))?$").expect("a valid pattern")
});

/// Takes what a line of credits says into `meta`; whether it was one.
pub(crate) fn take(line: &str, meta: &mut Metadata) -> bool {
    if line.len() > LONGEST || line.contains('\n') || !may_be(line) {
        return false;
    }
    // "By Jane Doe | The Harbour Times | 4 July 2022" is three lines in one.
    let parts: Vec<&str> = line.split(['|', '·', '•']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let known = |part: &str| date(part).is_some() || byline(part).is_some();
    if !parts.iter().any(|part| known(part)) || parts.iter().any(|part| part.len() > 80 || part.ends_with(['?', '!'])) {
        return false;
    }
    for part in &parts {
        if let Some((published, updated)) = date(part) {
            if meta.published.is_none() && !updated {
                meta.published = Some(published);
            }
        } else if let Some((author, outlet)) = byline(part) {
            meta.author.get_or_insert(author);
            meta.outlet = meta.outlet.take().or(outlet);
        } else if parts.len() > 1 && meta.outlet.is_none() && is_name(part) {
            meta.outlet = Some((*part).to_owned());
        }
    }
    true
}

/// A cheap test before the patterns: a line of credits has a digit, or says "by".
fn may_be(line: &str) -> bool {
    line.bytes().any(|byte| byte.is_ascii_digit())
        || line
            .split(['|', '·', '•', ' '])
            .any(|word| word.eq_ignore_ascii_case("by") || word.eq_ignore_ascii_case("author:"))
}

/// A date line's date, and whether it is only that of a change.
fn date(line: &str) -> Option<(Published, bool)> {
    let label = DATE_LABEL.captures(line);
    let updated = label.as_ref().is_some_and(|label| {
        let word = label[1].to_ascii_lowercase();
        word.contains("updated") || word.contains("modified")
    });
    let rest = &line[label.map_or(0, |label| label[0].len())..];
    let rest = WEEKDAY.replace(rest.trim(), "");
    let rest = rest.trim_end_matches(['.', '|']).trim();
    Some((parse(rest)?, updated))
}

/// A day, alone or with a time of day; anything else on the line and it is no date line.
fn parse(text: &str) -> Option<Published> {
    // Months are written short with a full stop, too: "Sept. 4, 2022".
    let plain = text.replace("Sept.", "Sep").replace("Sept ", "Sep ").replace(". ", " ");
    if let Ok(published) = plain.parse() {
        return Some(published);
    }
    let found = WITH_TIME.captures(&plain)?;
    let day: Published = found["day"].trim_end_matches(',').parse().ok()?;
    let (mut hour, minute) = (found["h"].parse::<i8>().ok()?, found["m"].parse::<i8>().ok()?);
    match found.name("half").map(|half| half.as_str().starts_with(['p', 'P'])) {
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        _ => {}
    }
    let time = Time::new(hour, minute, 0, 0).ok()?;
    let utc = found.name("zone").is_some_and(|zone| ["UTC", "GMT", "Z"].contains(&zone.as_str()));
    Some(Published {
        date: day.date,
        time: Some(DateTime::from_parts(day.date, time)),
        offset: utc.then_some(Offset::UTC),
    })
}

/// Author and outlet of "By Jane Doe, Reuters".
fn byline(line: &str) -> Option<(String, Option<String>)> {
    let names = BYLINE.captures(line)?.get(1)?.as_str().trim_end_matches(['.', ',']).trim();
    let (authors, rest) = match names.rsplit_once(", ") {
        // "Jane Doe, John Roe and Kim Poe" are three authors.
        Some((_, last)) if last.contains(" and ") || last.contains(" & ") => (names, None),
        Some((authors, last)) => (authors, Some(last)),
        None => (names, None),
    };
    let outlet = rest.filter(|rest| is_outlet(rest)).map(str::to_owned);
    let authors = if rest.is_some() && outlet.is_none() && rest.is_some_and(is_name) && !rest.is_some_and(is_role) {
        names
    } else {
        authors
    };
    is_name(authors).then(|| (authors.to_owned(), outlet))
}

/// A name: few words, all of the longer ones capitalised, none of a sentence's marks.
fn is_name(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    (1..=14).contains(&words.len())
        && !text.contains(['“', '”', '"', '!', '?', ';', ':'])
        && !text.ends_with('.')
        && text.chars().filter(char::is_ascii_digit).count() <= 2
        && words.iter().all(|word| {
            word.starts_with(|c: char| c.is_uppercase() || c == '&')
                || [
                    "and", "de", "da", "del", "der", "van", "von", "den", "di", "du", "la", "le", "el", "al", "bin",
                    "ibn", "ten", "y", "of", "for", "the", "in", "with",
                ]
                .contains(word)
        })
}

fn is_role(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "correspondent",
        "editor",
        "reporter",
        "writer",
        "staff",
        "columnist",
        "contributor",
        "bureau",
        "analyst",
        "chief",
        "producer",
    ]
    .iter()
    .any(|role| lower.contains(role))
}

/// A single name of an agency or paper, not a person's, a place's or a role.
fn is_outlet(text: &str) -> bool {
    const KINDS: [&str; 26] = [
        "news",
        "times",
        "post",
        "press",
        "journal",
        "herald",
        "tribune",
        "guardian",
        "telegraph",
        "magazine",
        "agency",
        "gazette",
        "chronicle",
        "observer",
        "independent",
        "daily",
        "radio",
        "tv",
        "television",
        "reuters",
        "bloomberg",
        "mail",
        "star",
        "standard",
        "courier",
        "record",
    ];
    if is_role(text) || !is_name(text) {
        return false;
    }
    let shouted = text.len() >= 2 && text.len() <= 6 && text.chars().all(|c| c.is_ascii_uppercase());
    shouted || text.split_whitespace().any(|word| KINDS.contains(&word.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Metadata> {
        let mut meta = Metadata::default();
        take(line, &mut meta).then_some(meta)
    }

    #[test]
    fn bylines_name_author_and_outlet() {
        let meta = of("By Jane Doe, Reuters").unwrap();
        assert_eq!((meta.author.as_deref(), meta.outlet.as_deref()), (Some("Jane Doe"), Some("Reuters")));
        let meta = of("By Jane Doe, Political Correspondent").unwrap();
        assert_eq!((meta.author.as_deref(), meta.outlet), (Some("Jane Doe"), None));
        let meta = of("By Jane Doe, John Roe and Kim van der Poe").unwrap();
        assert_eq!(meta.author.as_deref(), Some("Jane Doe, John Roe and Kim van der Poe"));
        let meta = of("By Jane Doe | The Harbour Times | 4 July 2022").unwrap();
        assert_eq!(meta.outlet.as_deref(), Some("The Harbour Times"));
        assert_eq!(meta.published.unwrap().to_iso(), "2022-07-04");
    }

    #[test]
    fn date_lines_give_day_and_time_as_written() {
        for (line, iso) in [
            ("July 4, 2022", "2022-07-04"),
            ("Published: 4 July 2022, 09:30", "2022-07-04T09:30:00"),
            ("Monday, July 4, 2022 at 9:30 p.m. ET", "2022-07-04T21:30:00"),
            ("Published on Sept. 4, 2022", "2022-09-04"),
            ("2022-07-04T09:30:00Z", "2022-07-04T09:30:00Z"),
            ("4 July 2022 - 09:30 GMT", "2022-07-04T09:30:00Z"),
        ] {
            assert_eq!(of(line).and_then(|meta| meta.published).map(|p| p.to_iso()).as_deref(), Some(iso), "{line}");
        }
        assert_eq!(of("Updated: 5 July 2022").map(|meta| meta.published), Some(None));
    }

    #[test]
    fn sentences_are_no_credits() {
        for line in [
            "By Monday the bridge was open again.",
            "By the end of 2022 the bridge will be open",
            "On July 4, 2022, the bridge opened.",
            "By far the longest bridge",
            "July",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
