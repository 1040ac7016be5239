//! The README and the program tell the same. `BYLINE_BLESS=1 cargo test --test readme` writes the tables anew.

use std::path::Path;

use byline::chat::text::{Style, render};
use byline::config;
use byline::intake::folder;
use byline::router::{Desk, Place, Router, Settings, table};

/// Holds the part of the README between `<!-- name -->` and `<!-- /name -->` against what the program says.
fn hold(name: &str, told: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = readme.find(&open).unwrap_or_else(|| panic!("README.md has no {open:?}")) + open.len();
    let end = start + readme[start..].find(&close).unwrap_or_else(|| panic!("README.md has no {close:?}"));
    if std::env::var_os("BYLINE_BLESS").is_some() {
        std::fs::write(&path, format!("{}{told}{}", &readme[..start], &readme[end..])).unwrap();
    } else {
        assert_eq!(&readme[start..end], told, "BYLINE_BLESS=1 cargo test --test readme writes it anew");
    }
}

/// What the program answers to the README's example questions, over the sample articles.
fn example() -> String {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/articles");
    let router = Router::new(Desk::new(folder::load(&[samples], || ()).library, Settings::default()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let turn = |question: &str| {
        let reply = runtime.block_on(router.answer_text(&Place::console(), question));
        format!("» {question}\n{}\n", render(&reply, Style { width: Some(100), ..Style::default() }))
    };
    let turns = ["How long is the crack in Wending Bridge?", "who said “forty tonnes of gravel”?"].map(turn);
    format!("```text\n{}```\n", turns.join("\n"))
}

// One test: under BYLINE_BLESS all parts are written into one file.
#[test]
fn the_readme_has_the_example_as_answered_the_command_table_and_every_setting() {
    hold("example", &example());
    hold("commands", &table::as_markdown());
    hold("settings", &config::markdown_table(&config::keys::TABLE));
}
