//! Where settings come from: a file, the environment, flags. Each source is read against the table of keys, to the end,
//! whatever is wrong with it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{Document, TableLike};

use super::keys::{ENVIRONMENT_PREFIX, Key, Table};
use super::problem::{Origin, Problem, printable, shown};
use super::values::{Refusal, Setting};

/// The name of the file that is read from the working directory when none is named.
pub const FILE_NAME: &str = "bot.toml";

/// Everything that settings are read from. The default is nothing at all but [`FILE_NAME`] in the working directory.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file that was named: it must exist. Without one, [`FILE_NAME`] in `folder` is read if it exists.
    pub file: Option<PathBuf>,
    /// Where [`FILE_NAME`] is looked for; empty for the working directory.
    pub folder: PathBuf,
    /// Environment variables; those whose names begin with [`ENVIRONMENT_PREFIX`] set keys.
    pub environment: Vec<(OsString, OsString)>,
    /// What the command line sets.
    pub overrides: Vec<Override>,
}

impl Sources {
    /// The environment of this process, and a file if one is named.
    #[must_use]
    pub fn from_process(file: Option<PathBuf>) -> Self {
        Self { file, environment: std::env::vars_os().collect(), ..Self::default() }
    }
}

/// A key that a flag of the command line sets.
#[derive(Debug, Clone)]
pub struct Override {
    /// The flag as it is written (`--articles`), for messages.
    pub flag: String,
    /// The key.
    pub key: String,
    /// Its values: one, or for a list any number. Relative paths refer to the working directory.
    pub values: Vec<String>,
}

impl Override {
    /// `flag` sets `key` to `value`.
    pub fn new(flag: impl Into<String>, key: impl Into<String>, value: impl Into<String>) -> Self {
        Self::list(flag, key, [value])
    }

    /// `flag` sets the list `key` to `values`.
    pub fn list<V: Into<String>>(
        flag: impl Into<String>,
        key: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self { flag: flag.into(), key: key.into(), values: values.into_iter().map(Into::into).collect() }
    }
}

/// A value that a source gives a key.
#[derive(Debug)]
pub(super) struct Found {
    pub key: &'static Key,
    pub setting: Setting,
    pub origin: Origin,
}

/// What one source gave, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub found: Vec<Found>,
    pub problems: Vec<Problem>,
}

impl Layer {
    pub(super) fn set(&mut self, key: &'static Key, origin: Origin, read: Result<Setting, Refusal>) {
        match read {
            Ok(setting) => self.found.push(Found { key, setting, origin }),
            Err(what) => self.problems.push(Problem { origin, key: Some(key.name), what }),
        }
    }

    fn refuse(&mut self, origin: Origin, what: String) {
        self.problems.push(Problem { origin, key: None, what });
    }
}

/// The settings of the file that is named or found.
pub(super) fn file(table: &Table, sources: &Sources) -> Layer {
    let mut layer = Layer::default();
    let path = sources.file.clone().unwrap_or_else(|| sources.folder.join(FILE_NAME));
    let place = |line, column| Origin::File { path: path.clone(), line, column };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound && sources.file.is_none() => return layer,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            layer.refuse(place(None, None), "no such file".to_owned());
            return layer;
        }
        Err(error) => {
            layer.refuse(place(None, None), error.to_string());
            return layer;
        }
    };
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let (line, column) = line_and_column(&String::from_utf8_lossy(valid), valid.len());
            layer.refuse(place(Some(line), Some(column)), "not valid UTF-8".to_owned());
            return layer;
        }
    };
    match Document::parse(text) {
        Ok(document) => {
            let folder = path.parent().unwrap_or(Path::new(""));
            let mut walk = Walk { table, folder, text, path: &path, layer };
            walk.section("", document.as_table());
            // Keys of a section can be scattered over the file; problems are told from top to bottom.
            walk.layer.problems.sort_by_key(|problem| match problem.origin {
                Origin::File { line, .. } => line,
                _ => None,
            });
            walk.layer
        }
        Err(error) => {
            // The error's own Display prints the line, and with it what may be a secret; its message does not.
            let at = error.span().map_or(text.len(), |span| span.start);
            let (line, column) = line_and_column(text, at);
            let what = if lacks_quotation_marks(text, at) { "a text needs quotation marks" } else { error.message() };
            layer.refuse(place(Some(line), Some(column)), format!("not valid TOML: {}", printable(what)));
            layer
        }
    }
}

/// Whether what is no TOML is a word where a value begins. That is the commonest slip, and the parser takes `info` for a
/// misspelt `inf`.
fn lacks_quotation_marks(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    before.trim_end_matches([' ', '\t']).ends_with('=')
        && after.starts_with(|c: char| c.is_alphabetic() || "/.~".contains(c))
}

/// The way through a parsed file.
struct Walk<'a> {
    table: &'a Table,
    folder: &'a Path,
    path: &'a Path,
    text: &'a str,
    layer: Layer,
}

impl Walk<'_> {
    /// Reads what stands in a section (the file as a whole has the empty name). It goes only into sections that the table
    /// has, so not deep.
    fn section(&mut self, name: &str, items: &dyn TableLike) {
        for (written, item) in items.iter() {
            let path = joined(name, written);
            let origin = self.place(items, written);
            if let Some(key) = self.table.key(&path) {
                self.layer.set(key, origin, key.kind.read_toml(item, self.folder));
            } else if self.table.has_section(&path) {
                match item.as_table_like() {
                    Some(below) => self.section(&path, below),
                    None => self.layer.refuse(origin, format!("“{path}” is a section, written [{path}]")),
                }
            } else if item.is_table_like() || item.is_array_of_tables() {
                let meant = self.table.nearest_section(&path);
                self.layer.refuse(origin, unknown("section", &path, meant));
            } else {
                let meant = self.table.nearest_key(&path);
                self.layer.refuse(origin, unknown("key", &path, meant));
            }
        }
    }

    fn place(&self, items: &dyn TableLike, written: &str) -> Origin {
        let span = items.get_key_value(written).and_then(|(key, item)| key.span().or_else(|| item.span()));
        let line = span.map(|span| line_and_column(self.text, span.start).0);
        Origin::File { path: self.path.to_owned(), line, column: None }
    }
}

/// The settings of the environment.
pub(super) fn environment(table: &Table, sources: &Sources) -> Layer {
    let mut layer = Layer::default();
    let mut variables: Vec<_> = sources
        .environment
        .iter()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
        .filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX))
        .collect();
    variables.sort();
    for (name, value) in variables {
        let origin = Origin::Environment(name.clone());
        let Some(key) = table.keys.iter().find(|key| key.variable() == name) else {
            let path = name.trim_start_matches(ENVIRONMENT_PREFIX).replace("__", ".");
            let meant = table.nearest_key(&path).and_then(|name| table.key(name)).map(Key::variable);
            layer.refuse(origin, format!("sets no key{}", did_you_mean(meant.as_deref())));
            continue;
        };
        let read = match value.to_str() {
            Some(text) => key.kind.read_text(text),
            None => Err("the value is not valid UTF-8".to_owned()),
        };
        layer.set(key, origin, read);
    }
    layer
}

/// The settings of the command line.
pub(super) fn flags(table: &Table, sources: &Sources) -> Layer {
    let mut layer = Layer::default();
    for Override { flag, key: name, values } in &sources.overrides {
        let origin = Origin::Flag(flag.clone());
        match table.key(name) {
            Some(key) => layer.set(key, origin, key.kind.read_values(values)),
            None => layer.refuse(origin, unknown("key", name, table.nearest_key(name))),
        }
    }
    layer
}

fn unknown(what: &str, name: &str, meant: Option<&str>) -> String {
    format!("unknown {what} {}{}", shown(name), did_you_mean(meant))
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant.map(|meant| format!(" (did you mean “{meant}”?)")).unwrap_or_default()
}

/// The name of a key in a section. A key that needs quotation marks in TOML keeps them, so that `"log.level"` at the top
/// of a file is not taken for `level` in `[log]`.
fn joined(section: &str, written: &str) -> String {
    let bare = !written.is_empty() && written.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let quote = if bare { "" } else { "\"" };
    let dot = if section.is_empty() { "" } else { "." };
    format!("{section}{dot}{quote}{written}{quote}")
}

/// Line and column (in characters) of a place given in bytes, both from 1.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before.get(line_start..).unwrap_or_default().chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_one_in_characters() {
        assert_eq!(line_and_column("", 0), (1, 1));
        assert_eq!(line_and_column("a\nné = ", 7), (2, 5));
        assert_eq!(line_and_column("a\n", 2), (2, 1));
    }
}
