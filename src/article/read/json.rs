//! Articles as JSON: one object, an array of objects, or one object a line.

use serde_json::{Map, Value};

use super::fields::{FieldError, Fields, wrong};
use super::{Entry, ReadError, text};
use crate::article::{Block, BlockKind, Draft, Span};

/// The fields that may hold the text.
const TEXT_FIELDS: [&str; 4] = ["text", "body", "content", "articleBody"];

/// The most articles of one file that is read whole. A line of two bytes would take a hundred times as much memory.
pub(super) const MAX_ENTRIES: usize = 100_000;

/// The articles of a file that is one JSON value.
pub(super) fn whole(source: &str) -> Result<Vec<Result<Entry, ReadError>>, ReadError> {
    let value: Value = serde_json::from_str(source).map_err(|error| syntax(&error, error.line()))?;
    match value {
        Value::Object(object) => Ok(vec![entry(&object).map_err(|error| field_error(None, &error))]),
        Value::Array(items) if items.len() > MAX_ENTRIES => Err(ReadError::TooMany),
        Value::Array(items) => Ok(items.iter().enumerate().map(|(index, item)| in_array(index, item)).collect()),
        _ => Err(ReadError::Json { line: None, reason: "must be an object or a list of objects".to_owned() }),
    }
}

/// The articles of a file with one object a line. Blank lines are passed over; a bad line hides no other.
pub(super) fn lines(source: &str) -> Result<Vec<Result<Entry, ReadError>>, ReadError> {
    let numbered = || source.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    if numbered().nth(MAX_ENTRIES).is_some() {
        return Err(ReadError::TooMany);
    }
    Ok(numbered().map(|(index, line)| on_line(index + 1, line)).collect())
}

fn on_line(number: usize, line: &str) -> Result<Entry, ReadError> {
    match serde_json::from_str(line).map_err(|error| syntax(&error, number))? {
        Value::Object(object) => {
            let mut entry = entry(&object).map_err(|error| field_error(Some(number), &error))?;
            entry.line = Some(number);
            Ok(entry)
        }
        _ => Err(ReadError::Json { line: Some(number), reason: "must be an object".to_owned() }),
    }
}

fn in_array(index: usize, item: &Value) -> Result<Entry, ReadError> {
    let named = |reason: String| ReadError::Json { line: None, reason: format!("article {}: {reason}", index + 1) };
    let Value::Object(object) = item else { return Err(named("must be an object".to_owned())) };
    entry(object).map_err(|error| named(format!("“{}” {}", error.field, error.reason)))
}

/// `error`'s own position counts from the start of what was parsed; `line` is the line in the file.
fn syntax(error: &serde_json::Error, line: usize) -> ReadError {
    let words = error.to_string();
    let reason = words.rsplit_once(" at line ").map_or(words.as_str(), |(reason, _)| reason);
    ReadError::Json { line: Some(line), reason: format!("not valid JSON, {reason} (column {})", error.column()) }
}

fn field_error(line: Option<usize>, error: &FieldError) -> ReadError {
    ReadError::Json { line, reason: format!("“{}” {}", error.field, error.reason) }
}

fn entry(object: &Map<String, Value>) -> Result<Entry, FieldError> {
    let fields = Fields(object);
    let meta = fields.metadata()?;
    let missing = || FieldError { field: TEXT_FIELDS[0].to_owned(), reason: "is missing".to_owned() };
    let (field, value) = fields.find(&TEXT_FIELDS).ok_or_else(missing)?;
    let mut draft = match value {
        Value::String(text) if meta.title.is_empty() => text::draft(text),
        Value::String(text) => Draft { text: text.clone(), blocks: text::body(text), ..Draft::default() },
        Value::Array(items) => paragraphs(items).ok_or_else(|| wrong(field, "text or a list of paragraphs", value))?,
        other => return Err(wrong(field, "text or a list of paragraphs", other)),
    };
    // What the text's first lines say is used where no field says it.
    let found = std::mem::replace(&mut draft.meta, meta);
    if draft.meta.title.is_empty() {
        draft.meta.title = found.title;
    }
    draft.meta.author = draft.meta.author.take().or(found.author);
    draft.meta.outlet = draft.meta.outlet.take().or(found.outlet);
    draft.meta.published = draft.meta.published.take().or(found.published);
    let key = fields.text(&["id", "key", "slug"])?;
    Ok(Entry { key, line: None, draft })
}

/// A text of listed paragraphs, each kept to the byte, a blank line between them.
fn paragraphs(items: &[Value]) -> Option<Draft> {
    let mut draft = Draft::default();
    for item in items {
        let words = item.as_str()?;
        if !draft.text.is_empty() {
            draft.text.push_str("\n\n");
        }
        let start = draft.text.len();
        draft.text.push_str(words);
        let span = Span::new(start, draft.text.len()).trim(&draft.text);
        if !span.is_empty() {
            let furniture = text::furniture::is_furniture(span.of(&draft.text), text::furniture::Place::Within);
            draft
                .blocks
                .push(Block { span, kind: if furniture { BlockKind::Furniture } else { BlockKind::Paragraph } });
        }
    }
    Some(draft)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read, read_text};

    #[test]
    fn an_object_gives_an_article_with_its_metadata() {
        let source = r#"{"id": "bridge", "title": "Bridge closed", "text": "The bridge is shut.\nNobody knows why.",
            "author": ["Jane Doe", {"name": "John Roe"}], "site": "Harbour Times", "url": "https://example.org/b",
            "published": "2022-07-04", "language": "en"}"#;
        let article = read_text("file", source, Format::Json).unwrap();
        let meta = article.meta();
        assert_eq!(article.key(), "bridge");
        assert_eq!(article.text(), "The bridge is shut.\nNobody knows why.");
        assert_eq!(article.paragraphs().len(), 2);
        assert_eq!((meta.title.as_str(), meta.author.as_deref()), ("Bridge closed", Some("Jane Doe, John Roe")));
        assert_eq!(
            (meta.outlet.as_deref(), meta.url.as_deref()),
            (Some("Harbour Times"), Some("https://example.org/b"))
        );
        assert_eq!(meta.published.map(|p| p.to_iso()).as_deref(), Some("2022-07-04"));
    }

    #[test]
    fn text_may_be_a_list_of_paragraphs() {
        let article =
            read_text("a", r#"{"title": "T", "body": ["One thing.", "", "Another thing."]}"#, Format::Json).unwrap();
        let paragraphs: Vec<_> = article.paragraphs().iter().map(|p| article.slice(p.span)).collect();
        assert_eq!(paragraphs, ["One thing.", "Another thing."]);
    }

    #[test]
    fn a_bad_line_hides_no_other_and_is_named() {
        let source = "{\"id\":\"a\",\"title\":\"A\",\"text\":\"It rained.\"}\n\n{\"title\": }\n{\"title\":\"C\",\"text\":7}\n[]\n{\"title\":\"E\"}\n{\"title\":\"F\",\"text\":\" \"}\n{\"title\":\"G\",\"text\":\"It snowed.\"}\n";
        let (articles, problems) = read("days.jsonl".as_ref(), source.as_bytes()).unwrap();
        assert_eq!(articles.iter().map(|a| a.key()).collect::<Vec<_>>(), ["a", "days-7"]);
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(problems[0].starts_with("line 3: not valid JSON"), "{}", problems[0]);
        assert_eq!(problems[1], "line 4: “text” must be text or a list of paragraphs, is a number");
        assert_eq!(problems[2], "line 5: must be an object");
        assert_eq!(problems[3], "line 6: “text” is missing");
        assert_eq!(problems[4], "line 7: no text in it");
    }

    #[test]
    fn an_array_may_hold_good_and_bad_articles() {
        let source =
            r#"[{"title": "A", "text": "It rained."}, 3, {"title": "B", "text": "It snowed.", "date": "soon"}]"#;
        let (articles, problems) = read("days.json".as_ref(), source.as_bytes()).unwrap();
        assert_eq!((articles.len(), problems.len()), (1, 2));
        assert!(problems[1].to_string().starts_with("article 3: “date”"), "{}", problems[1]);
    }

    #[test]
    fn entries_without_end_are_refused() {
        let lines = "0\n".repeat(MAX_ENTRIES + 1);
        assert!(matches!(read("a.jsonl".as_ref(), lines.as_bytes()), Err(ReadError::TooMany)));
        let array = format!("[{}0]", "0,".repeat(MAX_ENTRIES));
        assert!(matches!(read("a.json".as_ref(), array.as_bytes()), Err(ReadError::TooMany)));
        let (articles, problems) = read("a.jsonl".as_ref(), "0\n".repeat(1_000).as_bytes()).unwrap();
        assert_eq!((articles.len(), problems.len()), (0, 1_000));
    }

    #[test]
    fn nesting_without_end_is_an_error() {
        for source in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
            assert!(matches!(read("a.json".as_ref(), source.as_bytes()), Err(ReadError::Json { .. })));
            assert!(matches!(read("a.jsonl".as_ref(), source.as_bytes()), Err(ReadError::Json { .. })));
        }
    }
}
