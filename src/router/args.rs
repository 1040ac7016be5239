//! A command's options with their values, checked against the table.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span as TimeSpan, Zoned};

use super::problem::MAX_TEXT;
use super::table::{Kind, OptionSpec, Spec, YES};
use super::{Problem, words_of};
use crate::digest::schedule::weekday_named;

/// An option's value. Articles, outlets and speakers stay words here: only the library knows which there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Words as they were given, without the quotation marks around them.
    Words(String),
    /// A day.
    Day(Date),
    /// A whole number within the option's bounds.
    Number(u32),
}

/// The options of one request. Whatever surface it came from, values pass [`Args::set`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Args {
    values: BTreeMap<&'static str, Value>,
    asked: Option<String>,
}

impl Args {
    /// No option yet, from a sentence in plain language.
    #[must_use]
    pub(super) fn asked_as(sentence: &str) -> Self {
        Self { asked: Some(sentence.to_owned()), ..Self::default() }
    }

    /// The sentence in plain language that was understood as this command. A command that has no answer to it can hand it
    /// on as a question.
    #[must_use]
    pub fn sentence(&self) -> Option<&str> {
        self.asked.as_deref()
    }

    /// Checks one value and keeps it. Empty text counts as not given.
    ///
    /// # Errors
    /// [`Problem`] when the value can't be what the option holds.
    pub fn set(&mut self, option: &'static OptionSpec, text: &str) -> Result<(), Problem> {
        let length = text.chars().count();
        if length > MAX_TEXT {
            return Err(Problem::TooLong(length));
        }
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        let value = match option.kind {
            Kind::Number { min, max } => Value::Number(
                text.parse().ok().filter(|number| (min..=max).contains(number)).ok_or_else(|| Problem::Number {
                    typed: text.to_owned(),
                    min,
                    max,
                })?,
            ),
            Kind::Choice(choices) => {
                let chosen = choices.iter().find(|choice| choice.eq_ignore_ascii_case(words_of(text)));
                let choice = chosen.ok_or_else(|| Problem::Choice { typed: text.to_owned(), choices })?;
                Value::Words((*choice).to_owned())
            }
            Kind::Flag if text.eq_ignore_ascii_case(YES) => Value::Words(YES.to_owned()),
            Kind::Flag => return Err(Problem::Choice { typed: text.to_owned(), choices: &[YES] }),
            Kind::Day => Value::Day(day(text, &Zoned::now()).ok_or_else(|| Problem::Day(text.to_owned()))?),
            _ => Value::Words(text.to_owned()),
        };
        self.values.insert(option.name, value);
        Ok(())
    }

    /// Whether everything that `spec` requires is there.
    ///
    /// # Errors
    /// [`Problem::Missing`] names the first option that is not.
    pub fn complete(self, spec: &'static Spec) -> Result<Self, Problem> {
        match spec.options.iter().find(|option| option.required && !self.values.contains_key(option.name)) {
            Some(OptionSpec { name, about, .. }) => {
                Err(Problem::Missing { command: spec.name, option: name, about, example: spec.example })
            }
            None => Ok(self),
        }
    }

    /// The words given for an option.
    #[must_use]
    pub fn words(&self, name: &str) -> Option<&str> {
        match self.values.get(name)? {
            Value::Words(words) => Some(words),
            Value::Day(_) | Value::Number(_) => None,
        }
    }

    /// The words given for an option, without the quotation marks around them.
    #[must_use]
    pub fn quote(&self, name: &str) -> Option<&str> {
        self.words(name).map(words_of)
    }

    /// Whether a flag is given.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The day given for an option.
    #[must_use]
    pub fn day(&self, name: &str) -> Option<Date> {
        match self.values.get(name)? {
            Value::Day(day) => Some(*day),
            Value::Words(_) | Value::Number(_) => None,
        }
    }

    /// The number given for an option.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        match self.values.get(name)? {
            Value::Number(number) => Some(*number),
            Value::Words(_) | Value::Day(_) => None,
        }
    }
}

/// Reads a day: ISO 8601, a day written out, `today`, `yesterday`, the latest `Friday`, or a time back from `now` (`7 days`, `2 weeks ago`, `3 months`).
fn day(text: &str, now: &Zoned) -> Option<Date> {
    let today = now.date();
    let text = text.to_lowercase();
    match text.as_str() {
        "today" => return Some(today),
        "yesterday" => return today.yesterday().ok(),
        _ => {}
    }
    // "Friday" is today where today is one; "last Friday" is not.
    let last = text.strip_prefix("last ");
    if let Some(named) = weekday_named(last.or(text.strip_prefix("on ")).unwrap_or(&text)) {
        let back = match today.weekday().since(named) {
            0 if last.is_some() => 7,
            back => back,
        };
        return today.checked_sub(TimeSpan::new().days(back)).ok();
    }
    let mut words = text.split_whitespace().filter(|word| !matches!(*word, "ago" | "last" | "past"));
    if let (Some(first), second, None) = (words.next(), words.next(), words.next()) {
        let (count, unit) = match second {
            Some(unit) => (first.parse().ok(), unit),
            None => (Some(1), first),
        };
        let span = count.filter(|count| (0..=10_000).contains(count)).and_then(|count: i64| {
            match unit.trim_end_matches('s') {
                "day" => Some(TimeSpan::new().days(count)),
                "week" => Some(TimeSpan::new().weeks(count)),
                "month" => Some(TimeSpan::new().months(count)),
                "year" => Some(TimeSpan::new().try_years(count).ok()?),
                _ => None,
            }
        });
        if let Some(span) = span {
            return today.checked_sub(span).ok();
        }
    }
    text.parse::<crate::article::Published>().ok().map(|published| published.date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_whole_and_within_bounds() {
        static SIZE: OptionSpec =
            OptionSpec { name: "size", about: "How many", kind: Kind::Number { min: 1, max: 20 }, required: false };
        for (text, expected) in
            [("1", Some(1)), (" 20 ", Some(20)), ("0", None), ("21", None), ("-3", None), ("2.5", None)]
        {
            let mut args = Args::default();
            let set = args.set(&SIZE, text);
            assert_eq!((set.is_ok(), args.number("size")), (expected.is_some(), expected), "{text}");
        }
        let problem = Args::default().set(&SIZE, "many").unwrap_err();
        assert_eq!(problem.to_string(), "“many” is not a whole number from 1 to 20.");
    }

    #[test]
    fn days_are_read_as_people_write_them() {
        let now: Zoned = "2026-11-23T10:00[UTC]".parse().unwrap();
        for (text, iso) in [
            ("2026-10-01", "2026-10-01"),
            ("today", "2026-11-23"),
            ("Yesterday", "2026-11-22"),
            ("7 days", "2026-11-16"),
            ("2 weeks ago", "2026-11-09"),
            ("last month", "2026-10-23"),
            ("Monday", "2026-11-23"),
            ("friday", "2026-11-20"),
            ("last Sunday", "2026-11-22"),
            ("last Monday", "2026-11-16"),
            ("1 October 2026", "2026-10-01"),
        ] {
            assert_eq!(day(text, &now).map(|day| day.to_string()).as_deref(), Some(iso), "{text}");
        }
        for text in ["soon", "99999999999 days", "-3 days", "2026-02-30"] {
            assert_eq!(day(text, &now), None, "{text}");
        }
    }
}
