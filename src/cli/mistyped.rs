//! What was meant by a subcommand that does not exist.

use clap::Command;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// From this similarity on (Jaro-Winkler, 0 to 1) a name is offered.
const ALIKE: f64 = 0.8;

/// The same error with what was probably meant: the nearest name, where letters are exchanged too ("aks"), and that questions
/// go behind `ask`.
pub(super) fn explained(mut error: Error, command: &Command) -> Error {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else { return error };
    if error.kind() != ErrorKind::InvalidSubcommand {
        return error;
    }
    if let Some(name) = nearest(typed, command) {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::String(name.to_owned()));
    }
    let tip = StyledStr::from("to ask the articles: byline ask “How long is the bridge?”");
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    error
}

/// The subcommand that comes nearest to what was typed; of several, the first of the list.
fn nearest<'c>(typed: &str, command: &'c Command) -> Option<&'c str> {
    let likeness = |name: &str| match strsim::osa_distance(typed, name) {
        1 => 1.0,
        _ => strsim::jaro_winkler(typed, name),
    };
    let likely = command.get_subcommands().map(|sub| (likeness(sub.get_name()), sub.get_name()));
    let best = likely.filter(|(like, _)| *like >= ALIKE).reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &[&str]) -> String {
        let command = super::super::command();
        let error = command.clone().try_get_matches_from(words).unwrap_err();
        explained(error, &command).to_string()
    }

    #[test]
    fn the_nearest_name_is_offered() {
        for (typed, meant) in [("aks", "ask"), ("feds", "feeds"), ("improt", "import"), ("sumary", "summary")] {
            let told = told(&["byline", typed]);
            assert!(told.contains(&format!("'{meant}'")), "{told}");
        }
    }

    #[test]
    fn who_asks_without_a_subcommand_is_told_which_one() {
        for words in [&["byline", "how long is the bridge?"][..], &["byline", "why", "did", "it", "close"]] {
            let told = told(words);
            assert!(told.contains("byline ask “"), "{told}");
        }
    }
}
