//! The command table: the one definition of every command, on every surface.

use std::fmt::Write;
use std::future::Future;
use std::pin::Pin;

use super::commands::{
    about, articles, ask, check, correct, digest, feeds, help, said, settings, speakers, summary, who,
};
use super::{Args, Problem, Request};
use crate::reply::Reply;

/// A command's work under way.
pub type Running<'a> = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send + 'a>>;

/// A command, or a part of one (`articles list`).
#[derive(Debug)]
pub struct Spec {
    /// Its name: lower case, no spaces.
    pub name: &'static str,
    /// What it answers, in one line of at most 100 characters (Discord's limit for a description).
    pub about: &'static str,
    /// Its options, those that are required first.
    pub options: &'static [OptionSpec],
    /// Its parts, where the first word after the name chooses one.
    pub parts: &'static [Spec],
    /// A line to try, without the leading mark.
    pub example: &'static str,
    /// Who may use it.
    pub audience: Audience,
    /// Carries it out.
    pub run: for<'a> fn(&'a Request<'a>, &'a Args) -> Running<'a>,
}

/// Who may use a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever can write to Byline.
    Everyone,
    /// Those who manage the community ([`Place::manager`](super::Place::manager)).
    Managers,
}

/// An option of a command.
#[derive(Debug)]
pub struct OptionSpec {
    /// Its name: lower case, no spaces.
    pub name: &'static str,
    /// What it is, in one line of at most 100 characters.
    pub about: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether the command makes no sense without it.
    pub required: bool,
}

/// What an option holds, and so how it is checked and completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free words. A command's first option of this kind takes all that is not an option.
    Words,
    /// An article, by key, number or title.
    Article,
    /// An outlet's name.
    Outlet,
    /// A person or body that is quoted.
    Speaker,
    /// A day: `2026-11-23`, `yesterday`, `7 days`.
    Day,
    /// A whole number within bounds, both included.
    Number {
        /// The smallest.
        min: u32,
        /// The largest.
        max: u32,
    },
    /// The name of a command.
    Command,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Given or not: it takes no value.
    Flag,
    /// A time zone of the IANA database: `Europe/Berlin`.
    Zone,
    /// A feed that the library is subscribed to, by its number, address or words of its title.
    Feed,
    /// A file: the address under which the network keeps what was attached; on the console its path.
    Attachment,
}

impl Kind {
    /// Whether the option can take the words of a line that no option claims.
    #[must_use]
    pub fn takes_rest(self) -> bool {
        !matches!(self, Self::Day | Self::Attachment | Self::Flag)
    }

    /// How a value is shown in a usage line.
    #[must_use]
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Article => "article",
            Self::Outlet => "outlet",
            Self::Speaker => "name",
            Self::Day => "day",
            Self::Number { .. } => "number",
            Self::Command => "command",
            Self::Choice(_) => "choice",
            Self::Flag => YES,
            Self::Zone => "zone",
            Self::Feed => "feed",
            Self::Attachment => "file",
        }
    }
}

/// The value of a flag that is given.
pub const YES: &str = "yes";

/// Every command, in the order in which help shows them.
pub static COMMANDS: &[Spec] = &[
    ask::SPEC,
    who::SPEC,
    said::SPEC,
    speakers::SPEC,
    check::SPEC,
    correct::SPEC,
    summary::SPEC,
    articles::SPEC,
    feeds::SPEC,
    digest::SPEC,
    settings::SPEC,
    help::SPEC,
    about::SPEC,
];

/// The command with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Spec> {
    COMMANDS.iter().find(|spec| spec.name == name)
}

/// Commands whose name is near to what was typed, nearest first.
#[must_use]
pub fn near(typed: &str) -> Option<&'static str> {
    super::problem::nearest(typed, COMMANDS.iter().map(|spec| spec.name))
}

impl Spec {
    /// The option that takes the words of a line that no option claims.
    #[must_use]
    pub fn rest_option(&self) -> Option<&'static OptionSpec> {
        self.options.first().filter(|option| option.kind.takes_rest())
    }

    /// The option with this name.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&'static OptionSpec> {
        self.options.iter().find(|option| option.name == name)
    }

    /// How the command is written: `/ask <question> [--article <article>] …`, for each part one line.
    #[must_use]
    pub fn usage(&self) -> Vec<String> {
        if self.parts.is_empty() {
            return vec![format!("{}{}", super::COMMAND_MARK, self.usage_after(self.name))];
        }
        let of_part = |part: &Spec| format!("{}{} {}", super::COMMAND_MARK, self.name, part.usage_after(part.name));
        self.parts.iter().map(of_part).collect()
    }

    fn usage_after(&self, name: &str) -> String {
        let mut usage = name.to_owned();
        for (place, option) in self.options.iter().enumerate() {
            let value = if place == 0 && option.kind.takes_rest() {
                format!("<{}>", option.name)
            } else if option.kind == Kind::Flag {
                format!("--{}", option.name)
            } else {
                format!("--{} <{}>", option.name, option.kind.placeholder())
            };
            // Writing to a string can't fail.
            let _ = if option.required { write!(usage, " {value}") } else { write!(usage, " [{value}]") };
        }
        usage
    }
}

/// The table as Markdown, for the README (a test holds the README against it).
#[must_use]
pub fn as_markdown() -> String {
    let mut table = String::from("| command | what it answers |\n| --- | --- |\n");
    for spec in COMMANDS {
        let rows = if spec.parts.is_empty() { std::slice::from_ref(spec) } else { spec.parts };
        for (row, usage) in rows.iter().zip(spec.usage()) {
            // A bar would end the cell.
            let _ = writeln!(table, "| `{}` | {} |", usage.replace('|', "\\|"), row.about);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn every_spec() -> impl Iterator<Item = &'static Spec> {
        COMMANDS.iter().flat_map(|spec| std::iter::once(spec).chain(spec.parts))
    }

    #[test]
    fn names_are_unique_and_fit_every_surface() {
        let names: HashSet<_> = COMMANDS.iter().map(|spec| spec.name).collect();
        assert_eq!(names.len(), COMMANDS.len());
        for spec in every_spec() {
            let fits =
                |name: &str| !name.is_empty() && name.len() <= 32 && name.bytes().all(|b| b.is_ascii_lowercase());
            assert!(fits(spec.name), "{}", spec.name);
            assert!(spec.about.chars().count() <= 100, "{}", spec.about);
            for option in spec.options {
                assert!(fits(option.name), "{}", option.name);
                assert!(option.about.chars().count() <= 100, "{}", option.about);
            }
        }
    }

    #[test]
    fn required_options_come_first() {
        for spec in every_spec() {
            assert!(spec.options.is_sorted_by_key(|option| !option.required), "{}", spec.name);
        }
    }

    #[test]
    fn every_example_parses_to_its_own_command() {
        for spec in every_spec().filter(|spec| !spec.example.is_empty()) {
            let (parsed, _) = super::super::line::parse_command(spec.example).unwrap();
            assert_eq!(parsed.name, spec.name, "{}", spec.example);
        }
    }

    #[test]
    fn usage_shows_what_is_required() {
        assert_eq!(find("who").unwrap().usage()[0], "/who <quote> [--outlet <outlet>] [--since <day>]");
        assert_eq!(find("digest").unwrap().usage()[0], "/digest preview [--since <day>] [--size <number>]");
    }
}
