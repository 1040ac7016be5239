//! The README and the program tell the same.

use byline::config;
use byline::router::table;

const README: &str = include_str!("../README.md");

/// The part of the README between `<!-- name -->` and `<!-- /name -->`.
fn part(name: &str) -> &'static str {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let after = README.split_once(&open).unwrap_or_else(|| panic!("README.md has no {open:?}")).1;
    after.split_once(&close).unwrap_or_else(|| panic!("README.md has no {close:?}")).0
}

#[test]
fn the_readme_has_the_command_table() {
    assert_eq!(part("commands"), table::as_markdown(), "paste the right-hand side between the marks");
}

#[test]
fn the_readme_has_every_setting() {
    assert_eq!(
        part("settings"),
        config::markdown_table(&config::keys::TABLE),
        "paste the right-hand side between the marks"
    );
}
