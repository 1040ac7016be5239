//! When an article was published, as exactly as its source says.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A publication date with whatever the source said of the time and the zone; nothing is made up.
///
/// ```
/// use byline::article::Published;
/// let published: Published = "2022-07-04T09:30:00+02:00".parse().unwrap();
/// assert_eq!(published.to_string(), "4 July 2022");
/// assert_eq!(published.to_iso(), "2022-07-04T09:30:00+02:00");
/// assert_eq!("July 4, 2022".parse::<Published>().unwrap().to_iso(), "2022-07-04");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Published {
    /// The calendar day, in the zone that the source used.
    pub date: Date,
    /// The wall-clock time, where the source gave one.
    pub time: Option<DateTime>,
    /// The offset from UTC, where the source gave one.
    pub offset: Option<Offset>,
}

/// A text that is no date in any of the forms that [`Published`] reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a date (try 2022-07-04 or 2022-07-04T09:30:00+02:00)")]
pub struct DateError(pub String);

impl Published {
    /// A day without a time.
    #[must_use]
    pub fn on(date: Date) -> Self {
        Self { date, time: None, offset: None }
    }

    /// ISO 8601: the day, with time and offset where known.
    #[must_use]
    pub fn to_iso(&self) -> String {
        match (self.time, self.offset) {
            (None, _) => self.date.to_string(),
            (Some(time), None) => time.to_string(),
            (Some(time), Some(offset)) if offset == Offset::UTC => format!("{time}Z"),
            (Some(time), Some(offset)) => {
                let minutes = offset.seconds() / 60;
                let sign = if minutes < 0 { '-' } else { '+' };
                format!("{time}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }

    /// A key that orders articles by time: UTC where the zone is known, the wall clock where not, midnight for a bare day.
    #[must_use]
    pub fn order_key(&self) -> DateTime {
        let wall = self.time.unwrap_or_else(|| self.date.to_datetime(jiff::civil::Time::midnight()));
        match self.offset {
            Some(offset) => offset.to_timestamp(wall).map_or(wall, |utc| Offset::UTC.to_datetime(utc)),
            None => wall,
        }
    }
}

impl fmt::Display for Published {
    /// The day as a reader writes it: `4 July 2022`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date.strftime("%-d %B %Y"))
    }
}

impl Serialize for Published {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_iso())
    }
}

impl<'de> Deserialize<'de> for Published {
    /// Reads what [`Published::to_iso`] wrote; an offset comes back to the minute.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        written.parse().map_err(serde::de::Error::custom)
    }
}

impl std::str::FromStr for Published {
    type Err = DateError;

    /// Reads RFC 3339 and ISO 8601 (with or without time, seconds, zone), RFC 2822, and days written out in English
    /// (`July 4, 2022`, `4 July 2022`, `4 Jul 2022`).
    fn from_str(text: &str) -> Result<Self, DateError> {
        let text = text.trim();
        if let Ok(pieces) = jiff::fmt::temporal::DateTimeParser::new().parse_timestamp(text)
            && let Ok(wall) = text.replacen(' ', "T", 1).parse::<DateTimePrefix>()
        {
            let offset = Offset::UTC.to_datetime(pieces).until(wall.0).ok().and_then(|gap| {
                let seconds = gap.total(jiff::Unit::Second).ok()?;
                #[expect(clippy::cast_possible_truncation, reason = "an offset is under a day and a half")]
                Offset::from_seconds(seconds.round() as i32).ok()
            });
            return Ok(Self { date: wall.0.date(), time: Some(wall.0), offset });
        }
        if let Ok(wall) = text.parse::<DateTime>() {
            let bare = !text.contains([':', 'T']);
            return Ok(Self { date: wall.date(), time: (!bare).then_some(wall), offset: None });
        }
        if let Ok(zoned) = jiff::fmt::rfc2822::parse(text) {
            return Ok(Self { date: zoned.date(), time: Some(zoned.datetime()), offset: Some(zoned.offset()) });
        }
        ["%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%A, %B %d, %Y", "%Y/%m/%d"]
            .iter()
            .find_map(|form| Date::strptime(form, text).ok())
            .map(Self::on)
            .ok_or_else(|| DateError(text.to_owned()))
    }
}

/// The wall-clock part of an RFC 3339 text, whatever zone follows it.
struct DateTimePrefix(DateTime);

impl std::str::FromStr for DateTimePrefix {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let day_end = text.find(['T', 't']).ok_or(())?;
        let zone = text[day_end..].find(['Z', 'z', '+', '-', '[']).map_or(text.len(), |at| day_end + at);
        text[..zone].parse().map(Self).map_err(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_the_source_said_and_no_more() {
        for (given, iso) in [
            ("2022-07-04", "2022-07-04"),
            ("2022-07-04T09:30", "2022-07-04T09:30:00"),
            ("2022-07-04 09:30:15", "2022-07-04T09:30:15"),
            ("2022-07-04T09:30:00Z", "2022-07-04T09:30:00Z"),
            ("2022-07-04t09:30:00z", "2022-07-04T09:30:00Z"),
            ("2022-07-04T09:30:00-0430", "2022-07-04T09:30:00-04:30"),
            ("Mon, 04 Jul 2022 09:30:00 +0200", "2022-07-04T09:30:00+02:00"),
            ("4 Jul 2022", "2022-07-04"),
        ] {
            assert_eq!(given.parse::<Published>().map(|p| p.to_iso()), Ok(iso.to_owned()), "{given}");
        }
        assert!("soon".parse::<Published>().is_err());
        assert!("2022-13-45".parse::<Published>().is_err());
    }

    #[test]
    fn orders_by_the_instant_where_the_zone_is_known() {
        let early: Published = "2022-07-04T23:00:00+09:00".parse().unwrap();
        let late: Published = "2022-07-04T15:30:00Z".parse().unwrap();
        assert!(early.order_key() < late.order_key());
    }
}
