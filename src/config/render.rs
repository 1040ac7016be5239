//! The table of keys as text: the example file, the README's table, and what is in force.

use std::fmt::Write as _;

use super::Loaded;
use super::keys::{Key, Preset, Table};

/// The widest line (in characters) that still moves the notes behind the values of its section to the right.
const NOTE_COLUMN: usize = 48;

/// The text of `bot.toml.example`: every key with its documentation and what holds without it, all commented out, so that
/// the file as it is changes nothing.
#[must_use]
pub fn example_file(table: &Table) -> String {
    let mut out = String::from(
        "# The settings of Byline. Copy this file to bot.toml and remove the # before a key to set it.\n\
         # An environment variable, named above each key, goes before this file, and a flag before both.\n\
         # In the environment, paths of a list are separated as in PATH: by a colon, on Windows by a semicolon; other lists by commas.\n\
         # `byline config check` prints what is in force and where it comes from.\n",
    );
    for (section, keys) in sections(table) {
        // Writing to a String cannot fail, here and below.
        _ = write!(out, "\n[{section}]\n");
        for (i, key) in keys.iter().enumerate() {
            let gap = if i == 0 { "" } else { "\n" };
            let preset = match &key.preset {
                Preset::Value(_) => String::new(),
                Preset::Unset { means, .. } | Preset::Platform { means, .. } => format!(" Default: {means}."),
            };
            let value = example_of(key);
            _ = write!(
                out,
                "{gap}# {}\n# Takes {}.{preset}\n# {}\n#{} = {value}\n",
                key.doc,
                key.kind.wanted(),
                key.variable(),
                key.leaf()
            );
        }
    }
    out
}

/// The table of keys in Markdown, for the README.
#[must_use]
pub fn markdown_table(table: &Table) -> String {
    let mut out = String::from("| key | what it does | takes | default |\n|---|---|---|---|\n");
    let cell = |text: &str| text.replace('|', "\\|").replace('<', "&lt;");
    for key in table.keys {
        let default = match &key.preset {
            Preset::Value(value) => format!("`{value}`"),
            Preset::Unset { means, .. } | Preset::Platform { means, .. } => (*means).to_owned(),
        };
        let (doc, wanted) = (cell(key.doc), cell(&key.kind.wanted()));
        _ = writeln!(out, "| `{}` | {doc} | {wanted} | {} |", key.name, cell(&default));
    }
    out
}

/// What is in force and where each value comes from, for `byline config check`: TOML that sets the same again, save for
/// secrets, which are masked.
#[must_use]
pub fn render_check<T>(loaded: &Loaded<T>) -> String {
    let mut out = String::new();
    let sections = loaded.in_force.chunk_by(|a, b| a.key.section() == b.key.section());
    for (i, section) in sections.enumerate() {
        let name = section.first().map_or("", |first| first.key.section());
        _ = writeln!(out, "{}[{name}]", if i == 0 { "" } else { "\n" });
        let lines: Vec<_> = section
            .iter()
            .map(|in_force| match (&in_force.setting, &in_force.key.preset) {
                (Some(setting), _) => {
                    let hidden = if in_force.key.kind.is_secret() { "# " } else { "" };
                    (format!("{hidden}{} = {}", in_force.key.leaf(), setting.to_toml()), in_force.origin.to_string())
                }
                (None, Preset::Unset { means, .. }) => {
                    (format!("# {}", in_force.key.leaf()), format!("not set: {means}"))
                }
                (None, _) => (format!("# {}", in_force.key.leaf()), "not set".to_owned()),
            })
            .collect();
        let width =
            lines.iter().map(|(value, _)| value.chars().count()).filter(|&n| n <= NOTE_COLUMN).max().unwrap_or(0);
        for (value, note) in lines {
            _ = writeln!(out, "{value:width$}  # {note}");
        }
    }
    out
}

fn sections(table: &Table) -> impl Iterator<Item = (&'static str, &'static [Key])> {
    table.keys.chunk_by(|a, b| a.section() == b.section()).map(|keys| (keys.first().map_or("", Key::section), keys))
}

fn example_of(key: &Key) -> &'static str {
    match &key.preset {
        Preset::Value(value) | Preset::Unset { example: value, .. } | Preset::Platform { example: value, .. } => value,
    }
}
