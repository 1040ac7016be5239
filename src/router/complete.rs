//! Completion of a half-typed command, from the table and from what is held.

use super::table::{COMMANDS, Kind, OptionSpec, Spec};
use super::{COMMAND_MARK, Desk};

/// A way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What is put in place of the half-typed word.
    pub text: String,
    /// What it is, for surfaces that show it.
    pub about: String,
}

/// The most completions given at once: as many as Discord shows.
const MOST: usize = 25;

/// The numbers of a range that are looked through: nobody chooses from more by completion.
const MOST_NUMBERS: usize = 1_000;

/// The ways to go on after `line`, and the byte of `line` from which on they stand in.
#[must_use]
pub async fn complete(desk: &Desk, line: &str) -> (usize, Vec<Completion>) {
    let Some(typed) = line.strip_prefix(COMMAND_MARK) else { return (line.len(), Vec::new()) };
    let (name, mut rest) = match typed.split_once(char::is_whitespace) {
        None => return (COMMAND_MARK.len_utf8(), specs(COMMANDS, typed)),
        Some(split) => split,
    };
    let Some(mut spec) = COMMANDS.iter().find(|spec| spec.name == name) else { return (line.len(), Vec::new()) };
    if !spec.parts.is_empty() {
        match rest.split_once(char::is_whitespace) {
            None => return (line.len() - rest.len(), specs(spec.parts, rest)),
            Some((part, after)) => match spec.parts.iter().find(|spec| spec.name == part) {
                None => return (line.len(), Vec::new()),
                Some(part) => (spec, rest) = (part, after),
            },
        }
    }
    let (start, found) = in_options(desk, spec, rest).await;
    (line.len() - rest.len() + start, found)
}

fn specs(specs: &[Spec], typed: &str) -> Vec<Completion> {
    let typed = typed.to_lowercase();
    let fits = specs.iter().filter(|spec| spec.name.starts_with(&typed));
    fits.map(|spec| Completion { text: format!("{} ", spec.name), about: spec.about.to_owned() }).collect()
}

/// Completes an option's name, its value, or the words that no option claims.
async fn in_options(desk: &Desk, spec: &Spec, rest: &str) -> (usize, Vec<Completion>) {
    let word = rest.rfind(char::is_whitespace).map_or(0, |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
    if let Some(typed) = rest[word..].strip_prefix("--") {
        let unused = |option: &&OptionSpec| !rest[..word].contains(&format!("--{}", option.name));
        let rest_option = spec.rest_option().map(|option| option.name);
        let fits =
            spec.options.iter().filter(|option| option.name.starts_with(typed) && Some(option.name) != rest_option);
        let completions = fits
            .filter(unused)
            .map(|option| Completion { text: format!("--{} ", option.name), about: option.about.to_owned() });
        return (word, completions.collect());
    }
    // The last option named before the cursor, and the value begun behind it.
    let named = rest.rfind("--").and_then(|at| {
        let (name, value) = rest[at + 2..].split_once(char::is_whitespace)?;
        let value_at = rest.len() - value.trim_start().len();
        spec.option(name).map(|option| (option, value_at))
    });
    match named {
        Some((option, at)) if !ended(&rest[at..]) => {
            let typed = rest[at..].trim_start_matches(['"', '“']);
            let mut values = values(desk, option.kind, typed).await;
            for value in &mut values {
                if value.text.contains(' ') {
                    value.text = format!("\"{}\"", value.text);
                }
            }
            (at, values)
        }
        None => match spec.rest_option() {
            Some(option) => (0, values(desk, option.kind, rest.trim_start()).await),
            None => (rest.len(), Vec::new()),
        },
        Some(_) => (rest.len(), Vec::new()),
    }
}

/// Whether a quoted value was closed, or an unquoted one followed by a space.
fn ended(value: &str) -> bool {
    match value.chars().next() {
        Some(open @ ('"' | '“')) => value[open.len_utf8()..].contains(['"', '”']),
        _ => value.contains(char::is_whitespace),
    }
}

/// What an option of this kind can hold and fits what was typed: what begins with it first, then what holds a word that does.
async fn values(desk: &Desk, kind: Kind, typed: &str) -> Vec<Completion> {
    let library = desk.library();
    let plain = |text: &str| Completion { text: text.to_owned(), about: String::new() };
    let candidates: Vec<Completion> = match kind {
        Kind::Words | Kind::Day => Vec::new(),
        Kind::Number { min, max } => (min..=max).take(MOST_NUMBERS).map(|n| plain(&n.to_string())).collect(),
        Kind::Article => library
            .iter()
            .map(|(_, article)| Completion {
                text: article.meta().title.clone(),
                about: article.meta().outlet.clone().unwrap_or_default(),
            })
            .collect(),
        Kind::Outlet => library.outlets().into_iter().map(plain).collect(),
        Kind::Speaker => {
            // Who can't be told completes nothing; the command itself will say why.
            let speakers = desk.book().await.map(|book| book.speakers()).unwrap_or_default();
            let quoted = |count| super::present::counted(count, "quotation");
            speakers.into_iter().map(|(text, count)| Completion { text, about: quoted(count) }).collect()
        }
        Kind::Choice(choices) => choices.iter().map(|choice| plain(choice)).collect(),
        Kind::Zone => jiff::tz::db().available().map(|zone| plain(zone.as_str())).collect(),
        Kind::Command => COMMANDS
            .iter()
            .map(|spec| Completion { text: spec.name.to_owned(), about: spec.about.to_owned() })
            .collect(),
    };
    let typed = typed.to_lowercase();
    let rank = |text: &str| {
        let text = text.to_lowercase();
        let begins = text.starts_with(&typed);
        let holds = || text.split_whitespace().any(|word| word.starts_with(&typed));
        if begins { Some(0) } else { holds().then_some(1) }
    };
    let mut ranked: Vec<(i32, Completion)> =
        candidates.into_iter().filter_map(|completion| Some((rank(&completion.text)?, completion))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, completion)| completion).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};
    use crate::library::Library;
    use crate::router::Settings;

    #[tokio::main(flavor = "current_thread")]
    async fn completed(line: &str) -> Vec<String> {
        let mut library = Library::default();
        for title in ["Ferry strike goes on", "Bridge opens early"] {
            library.add(read_text("a", &format!("{title}\n\nSomething happened here.\n"), Format::Text).unwrap());
        }
        let (at, found) = complete(&Desk::new(library, Settings::default()), line).await;
        found.into_iter().map(|completion| format!("{}{}", &line[..at], completion.text)).collect()
    }

    #[test]
    fn commands_parts_options_and_values_complete() {
        assert_eq!(completed("/su"), ["/summary "]);
        assert_eq!(completed("/articles s"), ["/articles show "]);
        assert_eq!(completed("/ask where --si"), ["/ask where --since "]);
        assert_eq!(completed("/summary fer"), ["/summary Ferry strike goes on"]);
        assert_eq!(completed("/articles show ope"), ["/articles show Bridge opens early"]);
        assert_eq!(completed("/digest preview --size 7"), ["/digest preview --size 7"]);
        assert_eq!(completed("/ask where --article br"), ["/ask where --article \"Bridge opens early\""]);
    }

    #[test]
    fn plain_language_is_left_alone() {
        assert!(completed("where is the fer").is_empty());
        assert!(completed("/nonsense x").is_empty());
    }
}
