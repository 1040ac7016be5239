//! What is wrong with a configuration, and where: every problem names its place, and all are told together.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

/// The most characters of a value or a name that a message repeats: enough to recognise it, on one line.
const SHOWN_CHARS: usize = 60;

/// Where a value comes from, or where a problem stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// A file, and how far into it the place is known.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// Line, from 1.
        line: Option<usize>,
        /// Column in characters, from 1; known for errors of syntax only.
        column: Option<usize>,
    },
    /// An environment variable, by name.
    Environment(String),
    /// A flag on the command line, as it is written there (`--articles`).
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, column } => {
                f.write_str(&printable(&path.to_string_lossy()))?;
                for number in [line, column].into_iter().flatten() {
                    write!(f, ":{number}")?;
                }
                Ok(())
            }
            Self::Environment(name) | Self::Flag(name) => f.write_str(&printable(name)),
        }
    }
}

/// One thing that is wrong. Its `Display` is one line: the place, then what is wrong there.
///
/// The value of a secret key is never part of it, whatever is wrong with that value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub origin: Origin,
    /// The key that it is about, where it is about a key that exists.
    pub key: Option<&'static str>,
    /// What is wrong, without place or key.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        // The name of an environment variable is the key's name already.
        if let (Some(key), false) = (self.key, matches!(self.origin, Origin::Environment(_))) {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// Everything that is wrong with a configuration, in the order of the sources; never empty. One line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The problems.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            let line_break = if i == 0 { "" } else { "\n" };
            write!(f, "{line_break}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// `text` for a message, in quotation marks: on one line, cut when long, and without characters that steer a terminal.
pub(super) fn shown(text: &str) -> String {
    let mut start: String = text.chars().take(SHOWN_CHARS).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    format!("“{}”", printable(&start))
}

/// `text` with its control characters (line breaks among them) written as escapes.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::new(), |mut out, c| {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        out
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_says_as_much_as_is_known() {
        let file = |line, column| Origin::File { path: "bot.toml".into(), line, column }.to_string();
        assert_eq!(file(None, None), "bot.toml");
        assert_eq!(file(Some(7), None), "bot.toml:7");
        assert_eq!(file(Some(7), Some(3)), "bot.toml:7:3");
    }

    #[test]
    fn what_is_repeated_stays_on_one_line_and_short() {
        assert_eq!(shown("a\nb\u{1b}[31m"), "“a\\nb\\u{1b}[31m”");
        assert_eq!(shown(&"x".repeat(61)), format!("“{}…”", "x".repeat(60)));
        assert_eq!(shown(&"é".repeat(60)), format!("“{}”", "é".repeat(60)));
    }
}
