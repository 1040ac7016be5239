//! Values of keys: read from TOML or from plain text, checked by the key's kind, written as TOML.

use std::fmt::Write as _;
use std::path::Path;

use config::{Value, ValueKind};
use secrecy::{ExposeSecret, SecretString};
use toml_edit::{Item, Value as Toml};

use super::filter;
use super::keys::Kind;
use super::problem::shown;
use crate::intake::fetch::InternalHost;

/// What stands for a secret wherever it would be shown.
pub const MASK: &str = "********";

/// A value that has passed the check of its key. `Debug` does not show secrets.
#[derive(Debug, Clone)]
pub enum Setting {
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A text, a choice, a filter or one path.
    Text(String),
    /// Yes or no.
    Switch(bool),
    /// Paths, in order.
    Paths(Vec<String>),
    /// Several of them, in order.
    List(Vec<Setting>),
    /// A secret.
    Secret(SecretString),
}

/// Why a value was refused. Of a secret's value it tells nothing.
pub(super) type Refusal = String;

impl Kind {
    /// What a value must be, to stand after "is not".
    #[must_use]
    pub fn wanted(&self) -> String {
        match self {
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Number { min, max } => format!("a number from {min} to {max}"),
            Self::Choice(choices) => format!("one of {}", choices.join(", ")),
            Self::LogFilter => "a log filter such as \"info\" or \"warn,byline=debug\"".to_owned(),
            Self::Path => "a path, or \"\" for none".to_owned(),
            Self::Paths => "a list of paths".to_owned(),
            Self::Text | Self::Secret => "a text".to_owned(),
            Self::Host => "a host such as \"wiki.corp.example\" or \"10.1.2.3:8080\"".to_owned(),
            Self::List(Kind::Whole { min, max }) => format!("a list of whole numbers from {min} to {max}"),
            Self::List(Kind::Host) => "a list of hosts such as \"wiki.corp.example\" or \"10.1.2.3:8080\"".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Switch => "true or false".to_owned(),
        }
    }

    /// Whether the value must never be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret)
    }

    /// Reads a value of a TOML file that lies in `folder`, to which relative paths refer.
    pub(super) fn read_toml(&self, item: &Item, folder: &Path) -> Result<Setting, Refusal> {
        let wrong_type = || self.refuse(&toml_shown(item));
        let Some(value) = item.as_value() else { return Err(wrong_type()) };
        match (self, value) {
            (Self::Whole { .. }, Toml::Integer(n)) => self.whole(*n.value()),
            (Self::Number { .. }, Toml::Float(n)) => self.number(*n.value()),
            #[expect(clippy::cast_precision_loss, reason = "far outside every range long before it is inexact")]
            (Self::Number { .. }, Toml::Integer(n)) => self.number(*n.value() as f64),
            (Self::Choice(_) | Self::LogFilter | Self::Text | Self::Secret | Self::Host, Toml::String(text)) => {
                self.text(text.value())
            }
            (Self::List(each), Toml::Array(values)) => values
                .iter()
                .map(|value| each.read_toml(&Item::Value(value.clone()), folder))
                .collect::<Result<_, _>>()
                .map(Setting::List),
            (Self::Switch, Toml::Boolean(on)) => Ok(Setting::Switch(*on.value())),
            (Self::Path, Toml::String(text)) if text.value().is_empty() => Ok(Setting::Text(String::new())),
            (Self::Path, Toml::String(text)) => within(folder, text.value()).map(Setting::Text),
            (Self::Paths, Toml::Array(paths)) => paths
                .iter()
                .map(|path| path.as_str().ok_or_else(wrong_type).and_then(|path| within(folder, path)))
                .collect::<Result<_, _>>()
                .map(Setting::Paths),
            _ => Err(wrong_type()),
        }
    }

    /// Reads a value written as plain text (an environment variable). Paths are separated as in `PATH`: by `:`, on
    /// Windows by `;`. Relative ones refer to the working directory.
    pub(super) fn read_text(&self, text: &str) -> Result<Setting, Refusal> {
        match self {
            Self::Whole { .. } => {
                text.trim().parse().map_err(|_| self.refuse(&shown(text))).and_then(|n| self.whole(n))
            }
            Self::Number { .. } => {
                text.trim().parse().map_err(|_| self.refuse(&shown(text))).and_then(|n| self.number(n))
            }
            Self::Choice(_) | Self::LogFilter | Self::Text | Self::Secret | Self::Host => self.text(text),
            Self::List(each) => text
                .split(',')
                .map(str::trim)
                .filter(|value| !value.is_empty())
                .map(|value| each.read_text(value))
                .collect::<Result<_, _>>()
                .map(Setting::List),
            Self::Switch => text.trim().parse().map(Setting::Switch).map_err(|_| self.refuse(&shown(text))),
            Self::Path => Ok(Setting::Text(text.to_owned())),
            Self::Paths => std::env::split_paths(text)
                .map(|path| within(Path::new(""), &path.to_string_lossy()))
                .collect::<Result<_, _>>()
                .map(Setting::Paths),
        }
    }

    /// Reads the values of a flag: any number of paths for a list, one value for every other key.
    pub(super) fn read_values(&self, values: &[String]) -> Result<Setting, Refusal> {
        match (self, values) {
            (Self::Paths, paths) => {
                paths.iter().map(|path| within(Path::new(""), path)).collect::<Result<_, _>>().map(Setting::Paths)
            }
            (Self::List(each), values) => {
                values.iter().map(|value| each.read_text(value)).collect::<Result<_, _>>().map(Setting::List)
            }
            (_, [value]) => self.read_text(value),
            (_, values) => Err(format!("one value is wanted, not {}", values.len())),
        }
    }

    fn whole(&self, n: i64) -> Result<Setting, Refusal> {
        match self {
            Self::Whole { min, max } if (*min..=*max).contains(&n) => Ok(Setting::Whole(n)),
            _ => Err(self.refuse(&n.to_string())),
        }
    }

    fn number(&self, n: f64) -> Result<Setting, Refusal> {
        match self {
            Self::Number { min, max } if (*min..=*max).contains(&n) => Ok(Setting::Number(n)),
            // Debug writes 1e300 where Display writes 301 digits.
            _ => Err(self.refuse(&format!("{n:?}"))),
        }
    }

    fn text(&self, text: &str) -> Result<Setting, Refusal> {
        match self {
            Self::Text | Self::Secret if text.is_empty() => Err("is empty".to_owned()),
            Self::Secret => Ok(Setting::Secret(SecretString::from(text))),
            Self::LogFilter => match filter::directives(text) {
                Ok(parts) => Ok(Setting::Text(parts.join(","))),
                Err(error) => Err(error.to_string()),
            },
            Self::Choice(choices) if !choices.contains(&text) => Err(self.refuse(&shown(text))),
            Self::Host if text.parse::<InternalHost>().is_err() => Err(self.refuse(&shown(text))),
            _ => Ok(Setting::Text(text.to_owned())),
        }
    }

    fn refuse(&self, value: &str) -> Refusal {
        let value = if self.is_secret() { "the value (not shown)" } else { value };
        format!("{value} is not {}", self.wanted())
    }
}

impl Setting {
    /// The value as TOML; a secret as [`MASK`].
    #[must_use]
    pub fn to_toml(&self) -> String {
        match self {
            Self::Whole(n) => n.to_string(),
            Self::Number(n) => format!("{n:?}"),
            Self::Text(text) => toml_string(text),
            Self::Switch(on) => on.to_string(),
            Self::Paths(paths) => {
                format!("[{}]", paths.iter().map(|path| toml_string(path)).collect::<Vec<_>>().join(", "))
            }
            Self::List(values) => {
                format!("[{}]", values.iter().map(Setting::to_toml).collect::<Vec<_>>().join(", "))
            }
            Self::Secret(_) => toml_string(MASK),
        }
    }

    /// The value for the crate `config`, which makes the typed settings of it. An empty path is no path there.
    pub(super) fn to_value(&self, kind: &Kind) -> ValueKind {
        match self {
            Self::Text(text) if matches!(kind, Kind::Path) && text.is_empty() => ValueKind::Nil,
            Self::Whole(n) => ValueKind::I64(*n),
            Self::Number(n) => ValueKind::Float(*n),
            Self::Text(text) => ValueKind::String(text.clone()),
            Self::Switch(on) => ValueKind::Boolean(*on),
            Self::Paths(paths) => paths.clone().into(),
            Self::List(values) => {
                ValueKind::Array(values.iter().map(|value| Value::new(None, value.to_value(kind))).collect())
            }
            Self::Secret(secret) => ValueKind::String(secret.expose_secret().to_owned()),
        }
    }
}

/// A path that a file in `folder` names.
fn within(folder: &Path, path: &str) -> Result<String, Refusal> {
    if path.is_empty() {
        return Err("a path is empty".to_owned());
    }
    let joined = folder.join(path).into_os_string().into_string();
    joined.map_err(|_| "a relative path in a folder whose name is not valid UTF-8: write the path in full".to_owned())
}

fn toml_shown(item: &Item) -> String {
    match item {
        Item::Value(Toml::String(text)) => shown(text.value()),
        Item::Value(Toml::Integer(n)) => n.value().to_string(),
        Item::Value(Toml::Float(n)) => format!("{:?}", n.value()),
        Item::Value(Toml::Boolean(b)) => b.value().to_string(),
        Item::Value(Toml::Datetime(time)) => time.value().to_string(),
        Item::Value(Toml::Array(_)) => "this list".to_owned(),
        Item::Value(Toml::InlineTable(_)) | Item::Table(_) | Item::ArrayOfTables(_) | Item::None => {
            "a section".to_owned()
        }
    }
}

/// A basic string of TOML (toml.io/en/v1.0.0#string): quotation marks, backslashes and control characters escaped.
fn toml_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Writing to a String cannot fail.
            c if c.is_control() => _ = write!(out, "\\u{:04X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_comes_back_from_the_toml_that_it_was_written_as(text in r"[\x00-\x{A0}\PC]{0,30}") {
            let value: Toml = toml_string(&text).parse().expect("a TOML string");
            prop_assert_eq!(value.as_str(), Some(text.as_str()));
        }

        #[test]
        fn any_number_in_range_comes_back(n in 0.0..=1.0f64) {
            let value: Toml = Setting::Number(n).to_toml().parse().expect("a TOML number");
            prop_assert_eq!(value.as_float(), Some(n));
        }
    }

    #[test]
    fn not_a_number_is_in_no_range() {
        let kind = Kind::Number { min: 0.0, max: 1.0 };
        assert!(kind.read_text("NaN").is_err());
        assert!(kind.read_text("inf").is_err());
    }

    #[test]
    fn a_secret_is_masked_as_toml_and_in_debug() {
        let secret = Kind::Secret.read_text("open sesame").expect("a text");
        assert_eq!(secret.to_toml(), "\"********\"");
        assert!(!format!("{secret:?}").contains("sesame"));
    }
}
