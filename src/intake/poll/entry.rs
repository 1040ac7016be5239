//! From an entry of a feed to an article: its full text where the feed carries it, else its page.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::article::read::plain_text;
use crate::article::{Article, Metadata};
use crate::intake::feed::Entry;
use crate::intake::fetch::Fetched;
use crate::intake::page::{self, PageError};

/// From so many words on what a feed carries is taken for the full text: more than a summary has. A short report that is taken for
/// a summary costs a look at its page.
const FULL_WORDS: usize = 120;

/// From so many words on it is taken where the page can't be had.
const ENOUGH_WORDS: usize = 50;

/// How much of the end of a text is searched for what is put there, in bytes: a whole one can have megabytes.
const END: usize = 4096;

/// The end of a text that goes on elsewhere.
static GOES_ON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:…|\.\.\.|\[(?:…|\.\.\.|&hellip;)\]|\b(?:read|continue|more|weiter|weiterlesen|lire|leer)\b[^.!?]{0,60})\s*$")
        .expect("a valid pattern")
});

/// What WordPress puts below each entry.
static APPEARED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)<p>\s*The post\s(?:.{0,1500}?)\sappeared first on\s(?:.{0,600}?)</p>\s*$")
        .expect("a valid pattern")
});

/// What is kept of an entry until its page was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) link: String,
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published: Option<String>,
    /// What the feed carries of the text, where that is enough for an article of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

impl Waiting {
    /// `feed` is where the feed is: see [`full`].
    pub(super) fn of(entry: &Entry, link: &Url, feed: &Url) -> Self {
        let content = entry.content.clone().filter(|_| page::same_site(link, feed));
        let content = content.filter(|content| words(content) >= ENOUGH_WORDS);
        Self {
            link: link.to_string(),
            title: entry.title.clone(),
            author: entry.author.clone(),
            published: entry.published.map(|published| published.to_iso()),
            content,
        }
    }

    /// What the feed says of the article.
    fn meta(&self, outlet: &str) -> Metadata {
        Metadata {
            title: self.title.clone(),
            author: self.author.clone(),
            outlet: Some(outlet.to_owned()).filter(|outlet| !outlet.is_empty()),
            url: Some(self.link.clone()),
            published: self.published.as_deref().and_then(|published| published.parse().ok()),
            language: None,
        }
    }

    /// The article of the page, with what the feed says where the page says nothing.
    pub(super) fn of_page(&self, fetched: &Fetched, outlet: &str) -> Result<Article, PageError> {
        let mut article = page::article(fetched)?;
        article.fill_meta(self.meta(outlet));
        Ok(article)
    }

    /// The article that the feed carries itself, for when the page can't be had.
    pub(super) fn own(&self, outlet: &str) -> Option<Article> {
        let link = Url::parse(&self.link).ok()?;
        page::of_fragment(&page::key(&link), &cleaned(self.content.as_deref()?), self.meta(outlet)).ok()
    }
}

/// The article that an entry of the feed at `feed` carries in full; nothing where its page must be read. One without a page is
/// taken as it is. A feed may only speak for its own site: what it says of a page elsewhere must stand there.
pub(super) fn full(entry: &Entry, outlet: &str, feed: &Url) -> Option<Article> {
    let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
    if link.as_ref().is_some_and(|link| !page::same_site(link, feed)) {
        return None;
    }
    let content = cleaned(entry.content.as_deref()?);
    let text = plain_text(&content);
    let count = text.split_whitespace().count();
    let whole = count >= FULL_WORDS && !goes_on(&text);
    if !whole && (link.is_some() || count < ENOUGH_WORDS) {
        return None;
    }
    let meta = Metadata {
        title: entry.title.clone(),
        author: entry.author.clone(),
        outlet: Some(outlet.to_owned()).filter(|outlet| !outlet.is_empty()),
        url: link.as_ref().map(Url::to_string),
        published: entry.published,
        language: None,
    };
    let key = link.as_ref().map_or_else(|| named(&entry.title), page::key);
    page::of_fragment(&key, &content, meta).ok()
}

/// A key of the words of a title, for an entry that has no page.
fn named(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut key = words.map(str::to_lowercase).collect::<Vec<_>>().join("-");
    key.truncate(key.floor_char_boundary(80));
    if key.is_empty() { "entry".to_owned() } else { key }
}

fn cleaned(content: &str) -> String {
    let content = content.trim_end();
    let (text, end) = content.split_at(content.floor_char_boundary(content.len().saturating_sub(END)));
    format!("{text}{}", APPEARED.replace(end, ""))
}

/// Whether a text says that it goes on elsewhere.
fn goes_on(text: &str) -> bool {
    GOES_ON.is_match(&text[text.floor_char_boundary(text.len().saturating_sub(END))..])
}

fn words(content: &str) -> usize {
    plain_text(content).split_whitespace().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTENCE: &str = "The ferry to Lund island sails again from Friday, the harbour office said on Tuesday.";

    fn entry(content: &str, link: Option<&str>) -> Entry {
        Entry {
            title: "Ferry is back".to_owned(),
            link: link.map(str::to_owned),
            published: "2026-11-20T09:30:00+01:00".parse().ok(),
            content: Some(content.to_owned()),
            ..Entry::default()
        }
    }

    fn feed() -> Url {
        Url::parse("https://www.news.example/feed").unwrap()
    }

    fn paragraphs(count: usize) -> String {
        format!("<p>{SENTENCE}</p>").repeat(count)
    }

    #[test]
    fn a_full_text_is_an_article() {
        let link = "https://news.example/2026/ferry-is-back.html";
        let end = "<p>The post <a href=x>Ferry is back</a> appeared first on <a href=y>Harbour Times</a>.</p>";
        let article = full(&entry(&(paragraphs(10) + end), Some(link)), "Harbour Times", &feed()).unwrap();
        assert_eq!(article.key(), "ferry-is-back");
        assert_eq!(article.meta().outlet.as_deref(), Some("Harbour Times"));
        assert_eq!(article.meta().url.as_deref(), Some(link));
        assert_eq!(article.meta().title, "Ferry is back");
        assert_eq!(article.paragraphs().len(), 10);
        assert!(!article.text().contains("appeared first"));
        assert!(article.meta().published.is_some());
    }

    #[test]
    fn a_feed_does_not_speak_for_another_site() {
        let link = Url::parse("https://other.example/ferry").unwrap();
        let entry = entry(&paragraphs(10), Some(link.as_str()));
        assert_eq!(full(&entry, "News", &feed()), None);
        assert_eq!(Waiting::of(&entry, &link, &feed()).own("News"), None);
        assert!(full(&entry, "News", &Url::parse("https://feeds.other.example/all").unwrap()).is_some());
    }

    #[test]
    fn what_goes_on_elsewhere_is_none() {
        let link = Some("https://news.example/ferry");
        for end in ["…", "...", " [&hellip;]", "<p>Read more</p>", "<p>Continue reading →</p>", "<a>Weiterlesen</a>"]
        {
            assert_eq!(full(&entry(&(paragraphs(10) + end), link), "News", &feed()), None, "{end}");
        }
        assert_eq!(full(&entry(&paragraphs(2), link), "News", &feed()), None, "a summary");
        assert!(full(&entry(&paragraphs(10), link), "News", &feed()).is_some());
    }

    #[test]
    fn an_entry_without_a_page_is_taken_as_it_is() {
        let article = full(&entry(&paragraphs(4), None), "News", &feed()).unwrap();
        assert_eq!((article.key(), article.meta().url.as_deref()), ("ferry-is-back", None));
        assert_eq!(full(&entry("<p>Rain.</p>", None), "News", &feed()), None);
    }

    #[test]
    fn what_is_kept_of_an_entry_gives_its_article_back() {
        let link = Url::parse("https://news.example/ferry").unwrap();
        let waiting = Waiting::of(&entry(&paragraphs(5), Some(link.as_str())), &link, &feed());
        let read: Waiting = serde_json::from_str(&serde_json::to_string(&waiting).unwrap()).unwrap();
        assert_eq!(read, waiting);
        let article = read.own("News").unwrap();
        assert_eq!(article.meta().published.map(|p| p.to_iso()).as_deref(), Some("2026-11-20T09:30:00+01:00"));
        assert_eq!(Waiting::of(&entry(&paragraphs(1), Some(link.as_str())), &link, &feed()).own("News"), None);
    }
}
