//! Completion of a half-typed command, from the table and from what is held.

use super::table::{COMMANDS, Kind, OptionSpec, Spec, YES};
use super::{COMMAND_MARK, Desk};
use crate::intake::poll;

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

/// What an option of this kind can hold and fits what was typed, for the console: an article by its title.
async fn values(desk: &Desk, kind: Kind, typed: &str) -> Vec<Completion> {
    let suggested = suggest(desk, kind, typed).await;
    suggested.into_iter().map(|one| Completion { text: one.name, about: one.about }).collect()
}

/// A value that an option can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What people call it.
    pub name: String,
    /// What it is, for surfaces that show it; may be empty.
    pub about: String,
    /// What names it without doubt: an article's key, a feed's number, else the same as `name`.
    pub value: String,
}

/// What an option of this kind can hold and fits what was typed, at most 25: what begins with it first, then what holds words
/// that do, then what is spelt nearly so.
///
/// # Errors
/// None: what can't be told suggests nothing; the command itself will say why.
#[must_use]
pub async fn suggest(desk: &Desk, kind: Kind, typed: &str) -> Vec<Suggestion> {
    let library = desk.library();
    let plain = |name: String, about: String| Suggestion { value: name.clone(), name, about };
    let typed = Typed::new(typed);
    match kind {
        Kind::Words | Kind::Day | Kind::Attachment => Vec::new(),
        Kind::Number { min, max } => {
            let numbers = (min..=max).take(MOST_NUMBERS).map(|n| n.to_string());
            best(numbers, &typed, |n| n, |n| plain(n.clone(), String::new()))
        }
        Kind::Article => best(
            library.iter().map(|(_, article)| article),
            &typed,
            |article| &article.meta().title,
            |article| Suggestion {
                name: article.meta().title.clone(),
                about: article.meta().outlet.clone().unwrap_or_default(),
                value: article.key().to_owned(),
            },
        ),
        Kind::Outlet => best(library.outlets(), &typed, |name| name, |name| plain((*name).to_owned(), String::new())),
        Kind::Speaker => {
            let Ok(book) = desk.book().await else { return Vec::new() };
            let quoted = |count| super::present::counted(count, "quotation");
            best(book.speakers(), &typed, |(name, _)| name, |(name, count)| plain(name.to_string(), quoted(*count)))
        }
        Kind::Feed => best(
            desk.feeds().await,
            &typed,
            |feed| poll::name(feed),
            |feed| Suggestion {
                name: poll::name(feed).to_owned(),
                about: format!("#{}", feed.number),
                value: feed.number.to_string(),
            },
        ),
        Kind::Flag => best([YES], &typed, |name| name, |name| plain((**name).to_owned(), String::new())),
        Kind::Choice(choices) => best(choices, &typed, |name| name, |name| plain((**name).to_owned(), String::new())),
        Kind::Zone => {
            let zones = jiff::tz::db().available().map(|zone| zone.as_str().to_owned());
            best(zones, &typed, |zone| zone, |zone| plain(zone.clone(), String::new()))
        }
        Kind::Command => {
            best(COMMANDS, &typed, |spec| spec.name, |spec| plain(spec.name.to_owned(), spec.about.to_owned()))
        }
    }
}

/// The candidates that fit best, at most [`MOST`], in their own order where they fit alike.
fn best<C>(
    candidates: impl IntoIterator<Item = C>,
    typed: &Typed,
    name: impl Fn(&C) -> &str,
    suggestion: impl Fn(&C) -> Suggestion,
) -> Vec<Suggestion> {
    let candidates: Vec<C> = candidates.into_iter().collect();
    let mut ranked: Vec<(u8, &C)> = Vec::new();
    let mut first_rate = 0;
    for candidate in &candidates {
        if let Some(rank) = typed.rank(name(candidate)) {
            first_rate += usize::from(rank == 0);
            ranked.push((rank, candidate));
            // Nothing that comes later is better.
            if first_rate == MOST {
                break;
            }
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut found: Vec<&C> = ranked.into_iter().take(MOST).map(|(_, candidate)| candidate).collect();
    // Slips are dear to look for among many titles, and come last: only where there is room for them.
    let room = MOST - found.len();
    let nearly = candidates.iter().filter(|one| typed.rank(name(one)).is_none() && typed.nearly(name(one)));
    found.extend(nearly.take(room));
    found.into_iter().map(suggestion).collect()
}

/// How much of what was typed is compared, in characters.
const MOST_TYPED: usize = 100;

/// What was typed so far, ready to be compared.
struct Typed {
    text: String,
    words: Vec<String>,
}

impl Typed {
    fn new(text: &str) -> Self {
        // Longer than any name: what follows tells nothing more, and takes time with each of them.
        let text = text.trim_start().chars().take(MOST_TYPED).collect::<String>().to_lowercase();
        let words = words(&text).map(str::to_owned).collect();
        Self { text, words }
    }

    /// How well a name fits as it is spelt, 0 best; nothing when it does not.
    fn rank(&self, name: &str) -> Option<u8> {
        let name = name.to_lowercase();
        if name.starts_with(&self.text) {
            return Some(0);
        }
        if self.words.is_empty() {
            return None;
        }
        self.words.iter().all(|typed| words(&name).any(|word| word.starts_with(typed))).then_some(1)
    }

    /// Whether a name fits but for slips.
    fn nearly(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        !self.words.is_empty() && self.words.iter().all(|typed| words(&name).any(|word| begins_nearly(word, typed)))
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a word begins with what was typed, but for a slip in four letters.
fn begins_nearly(word: &str, typed: &str) -> bool {
    if word.starts_with(typed) {
        return true;
    }
    let length = typed.chars().count();
    let slips = length / 4;
    if slips == 0 || word.chars().next() != typed.chars().next() && length < 6 {
        return false;
    }
    // A missing or doubled letter moves where the typed beginning ends.
    (length - 1..=length + 1).any(|end| {
        let head: String = word.chars().take(end).collect();
        strsim::osa_distance(&head, typed) <= slips
    })
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

    #[tokio::test]
    async fn a_slip_still_finds_and_a_title_stands_for_its_article() {
        let mut library = Library::default();
        for (key, title) in [("n/1", "Ferry strike goes on"), ("n/2", "Bridge opens early"), ("n/3", "Fair opens")] {
            library.add(read_text(key, &format!("{title}\n\nSomething happened here.\n"), Format::Text).unwrap());
        }
        let desk = Desk::new(library, Settings::default());
        for (typed, found) in [
            ("", vec!["n/1", "n/2", "n/3"]),
            ("brigde", vec!["n/2"]),
            ("stirke ferr", vec!["n/1"]),
            ("open", vec!["n/2", "n/3"]),
            ("fa", vec!["n/3"]),
            ("zebra", vec![]),
        ] {
            let values: Vec<String> =
                suggest(&desk, Kind::Article, typed).await.into_iter().map(|one| one.value).collect();
            assert_eq!(values, found, "{typed}");
        }
        let named = desk.article(&suggest(&desk, Kind::Article, "fair").await[0].value).unwrap();
        assert_eq!(desk.library().article(named).meta().title, "Fair opens");
    }

    #[tokio::test]
    async fn no_more_than_twenty_five_are_suggested() {
        let mut library = Library::default();
        for n in 0..60 {
            library.add(read_text("a", &format!("Boat {n}\n\nSomething happened here.\n"), Format::Text).unwrap());
        }
        let desk = Desk::new(library, Settings::default());
        assert_eq!(suggest(&desk, Kind::Article, "boat").await.len(), MOST);
    }

    #[test]
    fn plain_language_is_left_alone() {
        assert!(completed("where is the fer").is_empty());
        assert!(completed("/nonsense x").is_empty());
    }
}
