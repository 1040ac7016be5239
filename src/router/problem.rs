//! Why a request could not be carried out, in words for the person who made it.

use crate::library::store::{self, StoreError};
use crate::reply::{Block, Outcome, Reply};

/// A request that can't be carried out. Its text is shown to the asker and says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No command of this name.
    #[error("There is no command “{typed}”{}. /help lists them all.", did_you_mean(*.near))]
    UnknownCommand {
        /// What was typed.
        typed: String,
        /// The nearest command.
        near: Option<&'static str>,
    },
    /// No part of this name.
    #[error("“/{command}” takes one of: {}.", .parts.join(", "))]
    UnknownPart {
        /// The command.
        command: &'static str,
        /// Its parts.
        parts: Vec<&'static str>,
    },
    /// No option of this name.
    #[error("“/{command}” has no option “--{typed}”{}.", did_you_mean(*.near))]
    UnknownOption {
        /// The command, with its part.
        command: String,
        /// What was typed.
        typed: String,
        /// The nearest option.
        near: Option<&'static str>,
    },
    /// An option without what it needs.
    #[error("“--{option}” needs a value.")]
    NoValue {
        /// The option.
        option: &'static str,
    },
    /// A command without what it needs.
    #[error("“/{command}” needs {option}: {about}. For example: /{example}")]
    Missing {
        /// The command.
        command: &'static str,
        /// The option.
        option: &'static str,
        /// What it is.
        about: &'static str,
        /// A line to try.
        example: &'static str,
    },
    /// Words where the command takes none.
    #[error("“/{command}” takes no “{words}”.")]
    TooMuch {
        /// The command, with its part.
        command: String,
        /// What was too much.
        words: String,
    },
    /// A day in no known form.
    #[error("“{0}” is not a day. Write 2026-11-23, “today”, “Friday” or “7 days”.")]
    Day(String),
    /// A last day before the first one.
    #[error("“--until” is before “--since”: no day lies between them.")]
    NoDays,
    /// A number that is none, or out of bounds.
    #[error("“{typed}” is not a whole number from {min} to {max}.")]
    Number {
        /// What was typed.
        typed: String,
        /// The smallest.
        min: u32,
        /// The largest.
        max: u32,
    },
    /// A word that is not among those to choose from.
    #[error("“{typed}” is not one of {}.", .choices.join(", "))]
    Choice {
        /// What was typed.
        typed: String,
        /// What there is to choose from.
        choices: &'static [&'static str],
    },
    /// No article of this name.
    #[error("No article is called “{typed}”{}. /articles list shows them all.", did_you_mean(.near.as_deref()))]
    NoArticle {
        /// What was typed.
        typed: String,
        /// The title that comes nearest.
        near: Option<String>,
    },
    /// Several articles of this name.
    #[error("“{typed}” could be {}. Which one?", one_of(.titles))]
    WhichArticle {
        /// What was typed.
        typed: String,
        /// The titles that it fits.
        titles: Vec<String>,
    },
    /// An answer that quotes several people, to which somebody says “wrong speaker”.
    #[error(
        "That answer has {0} quotations. Say which, with some of its words: correct the ferry sails --speaker \"Ida Holm\""
    )]
    WhichQuotation(usize),
    /// No outlet of this name.
    #[error("No article is from “{typed}”{}. {}", did_you_mean(.near.as_deref()), outlets_held(.held, *.more))]
    NoOutlet {
        /// What was typed.
        typed: String,
        /// The outlet that comes nearest.
        near: Option<String>,
        /// Outlets that are held.
        held: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    /// The text is longer than a question can be.
    #[error("That is {0} characters long; at most {MAX_TEXT} are read.")]
    TooLong(usize),
    /// A command for managers, from somebody else.
    #[error("“/{command}” is for those who manage this place.")]
    NotManager {
        /// The command.
        command: &'static str,
    },
    /// Articles that other communities read too, to be changed by one of them.
    #[error(
        "These articles are shared by all communities: who runs Byline changes them on the console, or lets managers do it \
         (library.shared_open). “/settings articles own” gives this community articles of its own."
    )]
    SharedArticles,
    /// Nothing to be added.
    #[error(
        "Name the addresses of one or more pages, or give a file. For example: /articles add https://news.example/ferry"
    )]
    NothingNamed,
    /// More than is added at once.
    #[error("Those are {count}; at most {most} are added at once.")]
    TooMany {
        /// How many were named.
        count: usize,
        /// How many are taken.
        most: usize,
    },
    /// A text that is no address of a page.
    #[error("“{typed}” is not the address of a page. Write it in full, beginning with https://.")]
    NoAddress {
        /// What was typed.
        typed: String,
    },
    /// A file that is none, or one that this surface may not name.
    #[error(
        "Files are taken as attachments on Discord, on Matrix where the command replies to them or is what is written below them, and by their paths on the console."
    )]
    NoFile,
    /// An article whose page is not known.
    #[error(
        "“{title}” has no address, so there is no page to fetch. What came from a watched file follows it by itself."
    )]
    NoPage {
        /// Its title.
        title: String,
    },
    /// A version that an article does not have.
    #[error("There is no version {asked}; the latest is {latest}.")]
    NoVersion {
        /// What was asked for.
        asked: i64,
        /// The latest.
        latest: i64,
    },
    /// A command that fetches, where nothing is fetched.
    #[error("Nothing is fetched from the web in this run: it was started with --articles, or keeps nothing.")]
    NoWeb,
    /// Something for a channel, from where there is none.
    #[error("There is no channel here.")]
    NoChannel,
    /// A command that keeps something, where nothing is kept.
    #[error(
        "Nothing is kept in this run: it was started with --articles, or library.data_dir is \"\". Start Byline without."
    )]
    NothingKept,
    /// A time, zone or day that is none.
    #[error(transparent)]
    Schedule(#[from] crate::digest::schedule::ScheduleError),
    /// A digest's plan that can't be kept or read.
    #[error("The digest's schedule can't be used: {0}.")]
    Plan(crate::digest::plan::PlanError),
    /// The search failed.
    #[error("The search failed. Byline's log says why.")]
    Search(#[from] crate::matcher::MatchError),
    /// What is derived from the articles could not be made.
    #[error("The articles could not be searched. Byline's log says why.")]
    Desk(#[from] super::DeskError),
    /// The store did not answer.
    #[error("The library did not answer in time. Byline's log says more; try again soon.")]
    Library(super::OpenError),
    /// Something that was given can't be kept.
    #[error("{what} can't be kept: it is too long, or holds what no text holds.")]
    CantKeep {
        /// What.
        what: &'static str,
    },
    /// The store failed.
    #[error("The library can't be reached at this moment. Byline's log says why; try again soon.")]
    Store(StoreError),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error.problem {
            store::Problem::Text { what } => Self::CantKeep { what },
            _ => Self::Store(error),
        }
    }
}

impl From<crate::digest::plan::PlanError> for Problem {
    fn from(error: crate::digest::plan::PlanError) -> Self {
        match error {
            crate::digest::plan::PlanError::Store(error) => error.into(),
            other => Self::Plan(other),
        }
    }
}

impl From<super::OpenError> for Problem {
    fn from(error: super::OpenError) -> Self {
        match error {
            super::OpenError::Store(error) => error.into(),
            super::OpenError::Desk(error) => Self::Desk(error),
            error @ super::OpenError::TimedOut => Self::Library(error),
        }
    }
}

/// The longest text that is taken from a person, in characters: Discord's longest message is 4,000.
pub(super) const MAX_TEXT: usize = 4_000;

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        match &problem {
            Problem::Search(error) => tracing::error!(%error, "the search failed"),
            Problem::Desk(error) => tracing::error!(%error, "the articles can't be searched"),
            Problem::Store(error) => tracing::error!(%error, "the store failed"),
            Problem::Library(error) => tracing::error!(%error, "the library can't be had"),
            _ => {}
        }
        Self::new(Outcome::Refused).with(Block::Text(problem.to_string()))
    }
}

/// The candidate that is nearest to what was typed, if any is near enough to be what was meant.
pub(super) fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let near = |candidate: &&str| {
        let candidate = candidate.to_lowercase();
        let slips = strsim::damerau_levenshtein(&typed, &candidate);
        slips <= typed.chars().count().max(3) / 3 || strsim::jaro_winkler(&typed, &candidate) >= ALIKE
    };
    let alike = |candidate: &str| strsim::normalized_damerau_levenshtein(&typed, &candidate.to_lowercase());
    candidates.into_iter().filter(near).max_by(|a, b| alike(a).total_cmp(&alike(b)))
}

/// Jaro-Winkler similarity from which a name is offered as "did you mean" even with more than a slip in three letters: a
/// name of which only the beginning was typed reaches it, another word of the same length does not.
const ALIKE: f64 = 0.88;

fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!(" (did you mean “{near}”?)")).unwrap_or_default()
}

fn one_of(titles: &[String]) -> String {
    titles.iter().map(|title| format!("“{title}”")).collect::<Vec<_>>().join(", ")
}

fn outlets_held(held: &[String], more: usize) -> String {
    match (held.is_empty(), more) {
        (true, _) => "No article names its outlet.".to_owned(),
        (false, 0) => format!("Held: {}.", held.join(", ")),
        (false, more) => format!("Held: {} and {more} more; /about names them all.", held.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let names = ["ask", "articles", "summary"];
        assert_eq!(nearest("sumary", names), Some("summary"));
        assert_eq!(nearest("article", names), Some("articles"));
        assert_eq!(nearest("aks", names), Some("ask"));
        assert_eq!(nearest("weather", names), None);
    }

    #[test]
    fn problems_tell_the_next_step() {
        let problem = Problem::UnknownCommand { typed: "sumary".into(), near: Some("summary") };
        assert_eq!(
            problem.to_string(),
            "There is no command “sumary” (did you mean “summary”?). /help lists them all."
        );
    }
}
