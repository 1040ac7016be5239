//! Front matter: the fields before the text of a Markdown file, YAML between `---` or TOML between `+++`.

use serde_json::{Map, Value};

use super::ReadError;
use super::fields::Fields;
use crate::article::Metadata;

/// The most bytes that front matter may have: fields, not a document.
const MAX_BYTES: usize = 64 * 1024;
/// How deep its values may nest; nothing that is read nests more than twice.
const MAX_DEPTH: usize = 16;

/// The metadata of front matter, and the rest of the text. A text without front matter is all rest.
pub(super) fn read(text: &str) -> Result<(Metadata, &str), ReadError> {
    let Some((fence, matter, rest)) = split(text) else { return Ok((Metadata::default(), text)) };
    if matter.len() > MAX_BYTES {
        let reason = format!("{} bytes of it; at most {MAX_BYTES} are read", matter.len());
        return Err(ReadError::FrontMatter { line: 1, reason });
    }
    let map = if fence == "---" { yaml(matter) } else { toml(matter) }?;
    let meta = Fields(&map).metadata().map_err(|error| ReadError::FrontMatter {
        line: line_of(matter, &error.field),
        reason: format!("“{}” {}", error.field, error.reason),
    })?;
    Ok((meta, rest))
}

/// Fence, what it encloses, and what follows. The first line is the opening fence; without a closing one there is none.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let mut lines = text.split_inclusive('\n');
    let opening = lines.next()?;
    let fence = opening.trim_end();
    if fence != "---" && fence != "+++" {
        return None;
    }
    let mut end = opening.len();
    for line in lines {
        let is_closing = line.trim_end() == fence || (fence == "---" && line.trim_end() == "...");
        if is_closing {
            return Some((fence, &text[opening.len()..end], &text[end + line.len()..]));
        }
        end += line.len();
    }
    None
}

fn yaml(matter: &str) -> Result<Map<String, Value>, ReadError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: 5_000,
            max_events: 20_000,
            max_aliases: 100,
            max_anchors: 100,
        },
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Option<Map<String, Value>>>(matter, options) {
        Ok(map) => Ok(map.unwrap_or_default()),
        Err(error) => {
            let line = error.location().and_then(|at| usize::try_from(at.line()).ok()).unwrap_or(0);
            let words = error.to_string();
            let reason = words.lines().next().unwrap_or("can't be read").to_owned();
            // The opening fence is line 1 of the file.
            Err(ReadError::FrontMatter { line: line + 1, reason })
        }
    }
}

fn toml(matter: &str) -> Result<Map<String, Value>, ReadError> {
    let document = toml_edit::Document::parse(matter).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(matter.len()));
        let line = matter.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        ReadError::FrontMatter { line: line + 2, reason: error.message().trim().replace('\n', ", ") }
    })?;
    Ok(document.iter().map(|(key, item)| (key.to_owned(), of_item(item))).collect())
}

fn of_item(item: &toml_edit::Item) -> Value {
    item.as_value().map_or_else(|| Value::Object(Map::new()), |value| of_value(value, 0))
}

fn of_value(value: &toml_edit::Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    match value {
        toml_edit::Value::String(text) => Value::String(text.value().clone()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Value::from(*number.value()),
        toml_edit::Value::Boolean(flag) => Value::Bool(*flag.value()),
        toml_edit::Value::Datetime(date) => Value::String(date.value().to_string()),
        toml_edit::Value::Array(items) => Value::Array(items.iter().map(|item| of_value(item, depth + 1)).collect()),
        toml_edit::Value::InlineTable(table) => {
            Value::Object(table.iter().map(|(key, value)| (key.to_owned(), of_value(value, depth + 1))).collect())
        }
    }
}

/// The line of the file on which a field stands.
fn line_of(matter: &str, field: &str) -> usize {
    let begins = |line: &str| {
        let rest = line.trim_start().trim_start_matches(['"', '\'']).strip_prefix(field);
        rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with([':', '=']))
    };
    matter.lines().position(begins).map_or(1, |line| line + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_toml_give_the_same_metadata() {
        let yaml = "---\ntitle: \"Bridge: closed\"\nauthors: [Jane Doe, John Roe]\nsite: Harbour Times\ndate: 2022-07-04\nlang: en\nlink: https://example.org\ntags: [a, b]\n---\nText.";
        let toml = "+++\ntitle = \"Bridge: closed\"\nauthors = [\"Jane Doe\", \"John Roe\"]\nsite = \"Harbour Times\"\ndate = 2022-07-04\nlang = \"en\"\nlink = \"https://example.org\"\n[extra]\na = 1\n+++\nText.";
        let (meta, rest) = read(yaml).unwrap();
        assert_eq!(
            (meta.title.as_str(), meta.author.as_deref(), rest),
            ("Bridge: closed", Some("Jane Doe, John Roe"), "Text.")
        );
        assert_eq!(meta.published.map(|p| p.to_iso()).as_deref(), Some("2022-07-04"));
        assert_eq!(read(toml).unwrap(), (meta, "Text."));
    }

    #[test]
    fn an_error_names_line_and_field() {
        for (text, expected) in [
            ("---\nauthor: Jane\ntitle: [a, b]\n---\n", "front matter, line 3: “title” must be text, is a list"),
            ("---\ntitle: A\ndate: soon\n---\n", "front matter, line 3: “date”"),
            ("+++\ntitle = \"A\"\ndate = true\n+++\n", "front matter, line 3: “date” must be a date, is true or false"),
            ("+++\ntitle = \"A\"\nauthor =\n+++\n", "front matter, line 3: "),
            ("---\ntitle: \"A\nauthor: [\n---\n", "front matter, line "),
            ("---\n- a\n- b\n---\n", "front matter, line "),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn a_rule_at_the_top_is_no_front_matter() {
        let text = "---\n\nA text that begins with a rule.\n";
        assert_eq!(read(text).unwrap().1, text);
        assert_eq!(read("Plain.").unwrap().1, "Plain.");
        assert_eq!(read("---\n---\nText.").unwrap().1, "Text.");
    }

    #[test]
    fn bombs_are_refused() {
        let aliases: String = (1..12)
            .map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1))
            .collect();
        let bomb = format!("---\na0: &a0 [x, x, x, x, x, x, x, x, x]\n{aliases}---\n");
        assert!(matches!(read(&bomb), Err(ReadError::FrontMatter { .. })));
        for deep in ["[".repeat(30_000), "{a: ".repeat(10_000)] {
            assert!(matches!(read(&format!("---\ntitle: {deep}\n---\n")), Err(ReadError::FrontMatter { .. })));
        }
        let deep = format!("+++\ntitle = {}\n+++\n", "[".repeat(30_000));
        assert!(matches!(read(&deep), Err(ReadError::FrontMatter { .. })));
    }
}
