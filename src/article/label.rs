//! How long what a source says about an article may be: labels are shown, stored and queued with every quotation.

use super::Metadata;

/// The longest title, author or outlet, in characters: twice the longest headline that newspapers print. What is longer is no
/// label but a text that stands in the wrong field.
pub const MAX_LABEL_CHARS: usize = 300;

/// The longest address, in bytes: as long as browsers and the networks take it.
pub const MAX_URL_BYTES: usize = 2048;

/// A label of at most [`MAX_LABEL_CHARS`]; one that was cut ends in “…”.
///
/// ```
/// use byline::article::{MAX_LABEL_CHARS, label};
/// assert_eq!(label("Bridge reopens"), "Bridge reopens");
/// assert_eq!(label(&"é".repeat(9000)).chars().count(), MAX_LABEL_CHARS);
/// ```
#[must_use]
pub fn label(text: &str) -> String {
    if text.chars().nth(MAX_LABEL_CHARS).is_none() {
        return text.to_owned();
    }
    let cut: String = text.chars().take(MAX_LABEL_CHARS - 1).collect();
    format!("{}…", cut.trim_end())
}

/// An address that is not longer than [`MAX_URL_BYTES`]; a longer one is none, for cut it would lead elsewhere.
#[must_use]
pub fn address(url: Option<String>) -> Option<String> {
    url.filter(|url| url.len() <= MAX_URL_BYTES)
}

impl Metadata {
    /// The same with labels of at most [`MAX_LABEL_CHARS`], and without an address of more than [`MAX_URL_BYTES`].
    #[must_use]
    pub fn bounded(self) -> Self {
        let short = |text: Option<String>| text.map(|text| label(&text));
        Self {
            title: label(&self.title),
            author: short(self.author),
            outlet: short(self.outlet),
            url: address(self.url),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};

    #[test]
    fn whatever_the_format_labels_are_short_and_addresses_are_whole() {
        let long = "Pool ".repeat(2000);
        let url = format!("https://example.org/{}", "x".repeat(MAX_URL_BYTES));
        let words = "The town pool will shut in May.";
        let json =
            serde_json::json!({"id": "pool", "title": long, "author": long, "outlet": long, "url": url, "text": words});
        for (format, source) in [
            (Format::Text, format!("{long}\n\n{words}\n")),
            (
                Format::Markdown,
                format!("---\ntitle: {long}\nauthor: {long}\noutlet: {long}\nurl: {url}\n---\n\n{words}\n"),
            ),
            (
                Format::Html,
                format!(
                    "<html><head><title>{long}</title></head><body><article><h1>{long}</h1><p>{words}</p></article></body></html>"
                ),
            ),
            (Format::Json, json.to_string()),
            (Format::JsonLines, format!("{json}\n")),
        ] {
            let article = read_text("pool", &source, format).unwrap();
            let Metadata { title, author, outlet, url, .. } = article.meta();
            for label in [Some(title), author.as_ref(), outlet.as_ref()].into_iter().flatten() {
                assert!(label.chars().count() <= MAX_LABEL_CHARS, "{format:?}: {} bytes", label.len());
            }
            assert_eq!(*url, None, "{format:?}");
            assert!(article.text().contains(words), "{format:?}: the words stay");
        }
    }

    #[test]
    fn a_label_is_cut_at_a_character_and_says_so() {
        let whole = "ü".repeat(MAX_LABEL_CHARS);
        assert_eq!(label(&whole), whole);
        let cut = label(&format!("{whole}ü"));
        assert!(cut.ends_with("ü…") && cut.chars().count() == MAX_LABEL_CHARS);
    }
}
