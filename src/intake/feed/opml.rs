//! Lists of feeds as feed readers exchange them (OPML 2.0).

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use url::Url;

use super::repair;
use crate::article::read::plain_text;
use crate::intake::fetch::shown;

/// The most feeds that are taken from one list.
pub const MAX_OUTLINES: usize = 5000;

/// A feed of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Where the feed is.
    pub feed: Url,
    /// What the list calls it; empty when it doesn't.
    pub title: String,
    /// The site that it is of.
    pub site: Option<Url>,
    /// The folder that it lies in, outermost first, joined by `/`.
    pub folder: Option<String>,
}

/// What a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// The feeds, each address once.
    pub feeds: Vec<Outline>,
    /// How many entries were meant as feeds and are none: their address is no http address.
    pub refused: usize,
}

/// Why a text is no list of feeds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpmlError {
    /// No OPML.
    #[error("not an OPML file: it has no <opml> element")]
    NoOpml,
    /// OPML that is damaged.
    #[error("the OPML file is damaged: {0}")]
    Damaged(String),
    /// More than [`MAX_OUTLINES`] feeds.
    #[error("the OPML file lists more than {MAX_OUTLINES} feeds")]
    TooMany,
}

/// The feeds of an OPML list.
///
/// ```
/// use byline::intake::feed::opml;
/// let list = opml::import(r#"<opml version="2.0"><body><outline text="News">
///     <outline type="rss" text="Harbour Times" xmlUrl="https://news.example/feed"/></outline></body></opml>"#)?;
/// assert_eq!(list.feeds[0].folder.as_deref(), Some("News"));
/// # Ok::<(), opml::OpmlError>(())
/// ```
///
/// # Errors
/// [`OpmlError`] says why it is none.
pub fn import(text: &str) -> Result<List, OpmlError> {
    let source = repair::xml(text, usize::MAX);
    let mut reader = Reader::from_str(&source);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    let damaged = |error: &quick_xml::Error| OpmlError::Damaged(shown::plain(&error.to_string()));
    let (mut list, mut found) = (List::default(), false);
    // The names of the outlines that are open, feeds included: each end closes the last.
    let mut open: Vec<String> = Vec::new();
    loop {
        match reader.read_event().map_err(|error| damaged(&error))? {
            Event::Eof => break,
            Event::Start(tag) => match tag.name().as_ref().to_ascii_lowercase().as_str() {
                "opml" => found = true,
                "outline" => open.push(outline(&tag, &open, &mut list)?),
                _ => {}
            },
            Event::Empty(tag) if tag.name().as_ref().eq_ignore_ascii_case("outline") => {
                outline(&tag, &open, &mut list)?;
            }
            Event::End(tag) if tag.name().as_ref().eq_ignore_ascii_case("outline") => {
                open.pop();
            }
            _ => {}
        }
    }
    if found { Ok(list) } else { Err(OpmlError::NoOpml) }
}

/// Takes an outline into the list, if it is a feed, and gives its name.
fn outline(tag: &BytesStart<'_>, open: &[String], list: &mut List) -> Result<String, OpmlError> {
    let value = |names: &[&str]| {
        names.iter().find_map(|name| {
            let own = tag.attributes().flatten().find(|own| own.key.as_ref().eq_ignore_ascii_case(name))?;
            let value = quick_xml::escape::unescape(&own.value).map_or_else(|_| own.value.to_string(), Into::into);
            Some(plain_text(&value)).filter(|value| !value.is_empty())
        })
    };
    let name: String = value(&["text", "title"]).unwrap_or_default().chars().take(200).collect();
    let Some(address) = value(&["xmlUrl"]) else { return Ok(name) };
    let web = |address: &str| Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(feed) = web(&address) else {
        list.refused += 1;
        return Ok(name);
    };
    if list.feeds.iter().all(|own| own.feed != feed) {
        if list.feeds.len() == MAX_OUTLINES {
            return Err(OpmlError::TooMany);
        }
        let folder = open.iter().filter(|name| !name.is_empty()).take(8).cloned().collect::<Vec<_>>().join("/");
        let site = value(&["htmlUrl"]).and_then(|site| web(&site));
        let folder = Some(folder).filter(|folder| !folder.is_empty());
        list.feeds.push(Outline { feed, title: name.clone(), site, folder });
    }
    Ok(name)
}

/// These feeds as an OPML list with this title, ending in a line end.
#[must_use]
pub fn export(title: &str, feeds: &[Outline]) -> String {
    let mut out = Vec::new();
    // Writing to memory fails only where memory does.
    let written = write(&mut out, title, feeds);
    debug_assert!(written.is_ok(), "{written:?}");
    out.push(b'\n');
    String::from_utf8(out).unwrap_or_default()
}

fn write(out: &mut Vec<u8>, title: &str, feeds: &[Outline]) -> std::io::Result<()> {
    let mut writer = Writer::new_with_indent(out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(BytesStart::new("opml").with_attributes([("version", "2.0")])))?;
    writer.create_element("head").write_inner_content(|writer| {
        writer.create_element("title").write_text_content(BytesText::new(&fit(title)))?;
        Ok(())
    })?;
    writer.write_event(Event::Start(BytesStart::new("body")))?;
    let mut folders: Vec<Option<&str>> = Vec::new();
    for feed in feeds {
        if !folders.contains(&feed.folder.as_deref()) {
            folders.push(feed.folder.as_deref());
        }
    }
    for folder in folders {
        let path: Vec<&str> = folder.into_iter().flat_map(|folder| folder.split('/')).collect();
        for name in &path {
            writer.write_event(Event::Start(
                BytesStart::new("outline").with_attributes([("text", fit(name).as_str())]),
            ))?;
        }
        for feed in feeds.iter().filter(|feed| feed.folder.as_deref() == folder) {
            let title = fit(if feed.title.is_empty() { feed.feed.as_str() } else { &feed.title });
            let mut tag = BytesStart::new("outline");
            tag.extend_attributes([("type", "rss"), ("text", title.as_str()), ("title", title.as_str())]);
            tag.push_attribute(("xmlUrl", feed.feed.as_str()));
            if let Some(site) = &feed.site {
                tag.push_attribute(("htmlUrl", site.as_str()));
            }
            writer.write_event(Event::Empty(tag))?;
        }
        for _ in &path {
            writer.write_event(Event::End(BytesEnd::new("outline")))?;
        }
    }
    writer.write_event(Event::End(BytesEnd::new("body")))?;
    writer.write_event(Event::End(BytesEnd::new("opml")))
}

/// Without the characters that XML does not have.
fn fit(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn feed(n: usize, title: &str, folder: Option<&str>) -> Outline {
        Outline {
            feed: Url::parse(&format!("https://news.example/{n}?a=1&b=2")).unwrap(),
            title: title.to_owned(),
            site: Some(Url::parse("https://news.example/").unwrap()),
            folder: folder.map(ToOwned::to_owned),
        }
    }

    #[test]
    fn a_list_is_read_as_readers_write_it() {
        let list = import(
            "\u{feff}<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><opml version=\"1.1\"><head><title>Mine</title></head><body>\
             <outline title=\"News\" text=\"News\"><outline text=\"Fish &amp;amp; chips\" type=\"rss\" xmlurl=\"https://a.example/feed\" \
             htmlUrl=\"https://a.example/\"/><outline text=\"Deep\"><outline xmlUrl=\"https://b.example/feed?a=1&b=2\"></outline>\
             </outline></outline><outline text=\"Top\" xmlUrl=\"http://c.example/\"/><outline text=\"Again\" xmlUrl=\"http://c.example/\"/>\
             <outline text=\"Bad\" xmlUrl=\"feed://d.example/\"/><outline text=\"Worse\" xmlUrl=\"javascript:x\"/></body></opml>",
        )
        .unwrap();
        let told: Vec<_> =
            list.feeds.iter().map(|f| (f.feed.as_str(), f.title.as_str(), f.folder.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("https://a.example/feed", "Fish & chips", Some("News")),
                ("https://b.example/feed?a=1&b=2", "", Some("News/Deep")),
                ("http://c.example/", "Top", None)
            ]
        );
        assert_eq!(list.refused, 2);
        assert_eq!(list.feeds[0].site.as_ref().map(Url::as_str), Some("https://a.example/"));
    }

    #[test]
    fn what_is_no_list_is_told() {
        assert_eq!(import("").unwrap_err(), OpmlError::NoOpml);
        assert_eq!(import("<html><body>").unwrap_err(), OpmlError::NoOpml);
        assert!(matches!(import("<opml><body><outline text=\"cut"), Err(OpmlError::Damaged(_))));
        let many: String = (0..=MAX_OUTLINES).map(|n| format!("<outline xmlUrl=\"http://h/{n}\"/>")).collect();
        assert_eq!(import(&format!("<opml><body>{many}</body></opml>")).unwrap_err(), OpmlError::TooMany);
        let deep = format!("<opml><body>{}", "<outline text=\"a\">".repeat(100_000));
        assert_eq!(import(&deep), Ok(List::default()));
    }

    #[test]
    fn what_is_given_out_is_taken_in_again() {
        let feeds = [
            feed(1, "Fish & <chips> \"daily\"", Some("News/Local")),
            feed(2, "Zwei", None),
            feed(3, "Three", Some("News/Local")),
        ];
        let text = export("Byline's feeds", &feeds);
        assert!(
            text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">")
                && text.ends_with("</opml>\n")
        );
        let mut again = import(&text).unwrap().feeds;
        again.sort_by(|a, b| a.feed.cmp(&b.feed));
        // What looks like a tag in a title is taken for one when it comes in.
        assert_eq!(again[0].title, "Fish & \"daily\"");
        assert_eq!(again[1..], feeds[1..]);
        assert_eq!((again[0].folder.as_deref(), &again[0].feed), (Some("News/Local"), &feeds[0].feed));
    }

    proptest! {
        #[test]
        fn any_title_can_be_given_out(title in "\\PC{0,30}", control in "[\u{0}-\u{1f}]{0,5}") {
            let list = import(&export("x", &[feed(1, &format!("{title}{control}"), Some(&title))]));
            prop_assert_eq!(list.map(|list| list.feeds.len()), Ok(1));
        }
    }
}
