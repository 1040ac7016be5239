//! The README and the program tell the same. `BYLINE_BLESS=1 cargo test --test readme` writes the tables anew.

use std::path::Path;

use byline::config;
use byline::router::table;

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

#[test]
fn the_readme_has_the_command_table_and_every_setting() {
    hold("commands", &table::as_markdown());
    hold("settings", &config::markdown_table(&config::keys::TABLE));
}
