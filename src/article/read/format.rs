//! Which form a file has: by its suffix, else by how its text begins.

use std::path::Path;

/// The forms in which articles come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Plain text, as typed or as scraped from a page.
    Text,
    /// Markdown, with or without front matter (YAML between `---`, TOML between `+++`).
    Markdown,
    /// A page.
    Html,
    /// One JSON object, or an array of them.
    Json,
    /// One JSON object a line.
    JsonLines,
}

/// The suffixes of the files that are read, without the dot. Each may be followed by `.gz`.
pub const EXTENSIONS: [&str; 8] = ["txt", "md", "markdown", "html", "htm", "json", "jsonl", "ndjson"];

impl Format {
    /// The format that a path's suffix names; `page.html.gz` is a page.
    ///
    /// ```
    /// use byline::article::read::Format;
    /// assert_eq!(Format::of_path("news/Bridge.HTML.gz".as_ref()), Some(Format::Html));
    /// assert_eq!(Format::of_path("notes.odt".as_ref()), None);
    /// ```
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        match suffix(path)?.as_str() {
            "gz" => Self::of_suffix(&suffix(Path::new(path.file_stem()?))?),
            other => Self::of_suffix(other),
        }
    }

    fn of_suffix(suffix: &str) -> Option<Self> {
        match suffix {
            "txt" => Some(Self::Text),
            "md" | "markdown" => Some(Self::Markdown),
            "html" | "htm" => Some(Self::Html),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }

    /// What a text of unknown name looks like: a page, JSON, front matter, or (when in doubt) plain text.
    pub(crate) fn sniff(text: &str) -> Self {
        let head = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let begins = |tag: &str| {
            head.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)) && head.contains('>')
        };
        if ["<!doctype", "<html", "<head", "<body", "<article", "<?xml", "<!--", "<div", "<p>"].into_iter().any(begins)
        {
            return Self::Html;
        }
        if head.starts_with("---\n") || head.starts_with("---\r\n") || head.starts_with("+++\n") {
            return Self::Markdown;
        }
        // An object or an array of objects; "[Applause] …" and "{sic} …" are plain text.
        let mut marks = head.chars().filter(|c| !c.is_whitespace());
        match (marks.next(), marks.next()) {
            (Some('{'), Some('"')) => {
                let whole_line = head.lines().next().is_some_and(|line| line.trim_end().ends_with('}'));
                if whole_line && head.lines().filter(|line| !line.trim().is_empty()).nth(1).is_some() {
                    Self::JsonLines
                } else {
                    Self::Json
                }
            }
            (Some('['), Some('{')) => Self::Json,
            _ => Self::Text,
        }
    }
}

fn suffix(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

/// The name of a file without folder, suffix and `.gz`: the key of its article.
pub(crate) fn stem(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let inner = match suffix(path).as_deref() {
        Some("gz") => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
        _ => name,
    };
    let stem = Path::new(&inner).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if stem.is_empty() { "article".to_owned() } else { stem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_suffix_names_a_format_also_when_compressed() {
        for suffix in EXTENSIONS {
            let plain = Format::of_path(Path::new(&format!("a.{suffix}")));
            assert!(plain.is_some(), "{suffix}");
            assert_eq!(Format::of_path(Path::new(&format!("a.{suffix}.gz"))), plain);
        }
        assert_eq!(Format::of_path(Path::new("a.tar.gz")), None);
        assert_eq!(Format::of_path(Path::new("README")), None);
    }

    #[test]
    fn a_text_without_a_known_suffix_is_taken_for_what_it_looks_like() {
        assert_eq!(Format::sniff("\u{feff}\n<!DOCTYPE html><html></html>"), Format::Html);
        assert_eq!(Format::sniff("{\"title\": \"A\"}"), Format::Json);
        assert_eq!(Format::sniff("{\"title\": \"A\"}\n{\"title\": \"B\"}\n"), Format::JsonLines);
        assert_eq!(Format::sniff("[ {\"title\": \"A\"} ]"), Format::Json);
        assert_eq!(Format::sniff("---\ntitle: A\n---\nText."), Format::Markdown);
        assert_eq!(Format::sniff("[Applause] The minister rose."), Format::Text);
        assert_eq!(Format::sniff("<3 is what fans wrote."), Format::Text);
    }

    #[test]
    fn a_key_is_the_name_without_its_suffixes() {
        assert_eq!(stem(Path::new("pages/story.html.gz")), "story");
        assert_eq!(stem(Path::new("v1.2-notes.txt")), "v1.2-notes");
        assert_eq!(stem(Path::new("")), "article");
    }
}
