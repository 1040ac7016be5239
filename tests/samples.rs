//! The articles that come with the program are what `data/README.md` says they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Each sample's file name and text.
fn samples() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/articles");
    let entries = fs::read_dir(&folder).expect("the sample folder").map(|entry| entry.expect("an entry").path());
    entries
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name} is not UTF-8 text: {error}"));
            (name, text)
        })
        .collect()
}

fn with_suffix<'s>(samples: &'s BTreeMap<String, String>, suffix: &str) -> Vec<(&'s String, &'s String)> {
    samples.iter().filter(|(name, _)| name.ends_with(suffix)).collect()
}

#[test]
fn there_are_enough_of_each_form() {
    let samples = samples();
    let count = |suffix| with_suffix(&samples, suffix).len();
    assert!(count(".txt") >= 5 && count(".md") >= 5 && count(".html") >= 2 && count(".jsonl") >= 1);
    let other = samples.keys().find(|name| ![".txt", ".md", ".html", ".jsonl"].iter().any(|s| name.ends_with(s)));
    assert_eq!(other, None, "every file in the folder is an article");
    let lines: usize = with_suffix(&samples, ".jsonl").iter().map(|(_, text)| text.lines().count()).sum();
    assert!(samples.len() - count(".jsonl") + lines >= 14);
}

#[test]
fn plain_texts_begin_with_a_title_and_end_in_page_furniture() {
    for (name, text) in with_suffix(&samples(), ".txt") {
        let mut lines = text.lines();
        let title = lines.next().unwrap_or_default();
        assert!(!title.is_empty() && !title.ends_with('.'), "{name}");
        assert_eq!(lines.next(), Some(""), "{name}");
        assert!(["Related posts", "Must read"].iter().any(|line| text.contains(&format!("\n{line}\n"))), "{name}");
    }
}

#[test]
fn front_matter_names_its_source() {
    for (name, text) in with_suffix(&samples(), ".md") {
        let front = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map(|(front, _)| front);
        let front = front.unwrap_or_else(|| panic!("{name} has no front matter"));
        for key in ["title", "author", "outlet", "url", "date", "language"] {
            let value = front.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            assert!(value.is_some_and(|value| !value.is_empty()), "{name}: {key}");
        }
    }
}

#[test]
fn pages_tell_their_source_for_machines() {
    for (name, text) in with_suffix(&samples(), ".html") {
        for part in ["application/ld+json", "\"NewsArticle\"", "og:title", "<nav", "<aside", "<footer"] {
            assert!(text.contains(part), "{name}: {part}");
        }
    }
}

#[test]
fn every_json_line_is_an_article() {
    for (name, text) in with_suffix(&samples(), ".jsonl") {
        for line in text.lines() {
            let article: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{name}: {e}"));
            for key in ["id", "title", "author", "outlet", "url", "published", "language", "text"] {
                assert!(article[key].as_str().is_some_and(|value| !value.is_empty()), "{name}: {key}");
            }
        }
    }
}

#[test]
fn links_lead_to_example_domains_only() {
    for (name, text) in samples() {
        for rest in text.split("https://").skip(1) {
            let host = rest.split(['/', '"', '\n', ' ']).next().unwrap_or_default();
            assert!(host.ends_with(".example") || host == "schema.org", "{name}: {host}");
        }
    }
}
