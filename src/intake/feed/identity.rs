//! What tells an entry from others: its id, else its link, else its words.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::Entry;
use crate::library::store::canonical_url;

/// Words of fewer characters than this tell no entry from another ("Photo of the day").
const MIN_WORDS: usize = 40;

/// Gives each entry its identities, and leaves out those that repeat an earlier one in all of them.
///
/// What several entries share tells none of them from the others: feeds exist whose entries all link to the front page, or
/// all have the same id.
pub(super) fn identify(entries: &mut Vec<Entry>) {
    let all: Vec<Telling> = entries.iter().map(Telling::of).collect();
    let mut seen = HashSet::new();
    let first: Vec<bool> = all.iter().map(|own| seen.insert(own)).collect();
    let mut told: HashMap<&str, usize> = HashMap::new();
    for own in all.iter().zip(&first).filter(|(_, first)| **first).flat_map(|(own, _)| &own.identities) {
        *told.entry(own).or_default() += 1;
    }
    for (entry, own) in entries.iter_mut().zip(&all) {
        let telling = own.identities.iter().filter(|one| told.get(one.as_str()) == Some(&1)).cloned();
        entry.identities = telling.collect();
        // Nothing tells it apart: then all of it together does.
        if entry.identities.is_empty() {
            entry.identities.push(hash("all", &format!("{}\n{}", own.identities.join("\n"), own.words)));
        }
    }
    let mut first = first.into_iter();
    entries.retain(|_| first.next().unwrap_or(true));
}

/// What may tell an entry from others.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Telling {
    identities: Vec<String>,
    /// Its words, as a hash.
    words: String,
}

impl Telling {
    fn of(entry: &Entry) -> Self {
        let id = entry
            .id
            .as_deref()
            .map(|id| if id.len() > 200 || id.contains('\0') { hash("id", id) } else { format!("id:{id}") });
        let link = entry.link.as_deref().map(|link| {
            let page = canonical_url(link).unwrap_or_else(|| link.to_owned());
            if page.len() > 200 { hash("link", &page) } else { format!("link:{page}") }
        });
        let words = [Some(entry.title.as_str()), entry.summary.as_deref(), entry.content.as_deref()];
        let words = words.into_iter().flatten().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
        let enough = words.chars().count() >= MIN_WORDS || id.is_none() && link.is_none();
        let words = hash("words", &words);
        Self { identities: [id, link, enough.then(|| words.clone())].into_iter().flatten().collect(), words }
    }
}

fn hash(kind: &str, text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).fold(format!("{kind}:"), |out, byte| format!("{out}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, link: &str, title: &str) -> Entry {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Entry { id: given(id), link: given(link), title: title.to_owned(), ..Entry::default() }
    }

    fn of(mut entries: Vec<Entry>) -> Vec<Vec<String>> {
        identify(&mut entries);
        entries.into_iter().map(|entry| entry.identities).collect()
    }

    const LONG: &str = "The ferry to the islands sails again after nine weeks in dock";

    #[test]
    fn an_entry_is_told_by_its_id_then_its_link_then_its_words() {
        let all = of(vec![entry("7", "https://news.example/a?utm_source=feed", LONG)]);
        assert_eq!(all[0][..2], ["id:7", "link:https://news.example/a"]);
        assert!(all[0][2].starts_with("words:") && all[0].len() == 3);
        // Too few words tell nothing, unless there is nothing else.
        assert_eq!(of(vec![entry("7", "", "Photo")])[0], ["id:7"]);
        assert!(of(vec![entry("", "", "Photo")])[0][0].starts_with("words:"));
    }

    #[test]
    fn new_ids_or_new_addresses_leave_something_to_know_an_entry_by() {
        let before = of(vec![entry("7", "https://news.example/a", LONG)]).remove(0);
        for after in [
            entry("urn:7", "https://news.example/a", "Another title that is long enough to tell it from others"),
            entry("7", "https://new.example/b", "Another title that is long enough to tell it from others"),
            entry("urn:7", "https://new.example/b", &format!("  {LONG}\n")),
        ] {
            assert!(of(vec![after])[0].iter().any(|one| before.contains(one)));
        }
        let other =
            entry("8", "https://news.example/b", "The bridge was closed to traffic after cracks were found in it");
        assert!(!of(vec![other])[0].iter().any(|one| before.contains(one)));
    }

    #[test]
    fn what_entries_share_tells_none_of_them() {
        let front = "https://news.example/";
        let all = of(vec![entry("1", front, "One"), entry("2", front, "Two"), entry("2", front, "Three")]);
        assert_eq!(all[0], ["id:1"]);
        assert!(all[1][0].starts_with("all:") && all[2][0].starts_with("all:") && all[1] != all[2], "{all:?}");
    }

    #[test]
    fn an_entry_that_comes_twice_is_there_once() {
        let one = || entry("1", "https://news.example/a", LONG);
        assert_eq!(of(vec![one(), entry("2", "https://news.example/b", ""), one()]).len(), 2);
        assert_eq!(of(vec![one(), one()])[0].len(), 3);
    }

    #[test]
    fn endless_ids_become_short_ones() {
        let long = of(vec![entry(&"x".repeat(5000), "", "")]);
        assert!(long[0][0].len() < 50, "{long:?}");
    }
}
