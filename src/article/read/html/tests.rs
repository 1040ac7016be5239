//! Pages, as a specification.

use super::*;
use crate::article::BlockKind::{self, BlockQuote, Heading, ListItem, Paragraph};
use crate::article::read::{Format, ReadError, read, read_text};

const PAGE: &str = r#"<!DOCTYPE html><html lang="en-GB"><head><title>Bridge closed | Harbour Times</title>
<meta property="og:site_name" content="Harbour Times"><link rel="canonical" href="https://example.org/bridge">
<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"HT"},
{"@type":["NewsArticle"],"headline":"Harbour bridge &#8216;closed&#8217;","datePublished":"2022-07-04T09:30:00+02:00",
"author":[{"@type":"Person","name":"Jane Doe"},{"@type":"Person","name":"John Roe"}]}]}</script></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li></ul></nav>
<article><h1>Harbour bridge ‘closed’</h1>
<p>The harbour bridge was closed to all traffic on Monday after inspectors found cracks in two of its bearings, the council said in a statement.</p>
<figure><img src="a.jpg"><figcaption>The bridge on a better day</figcaption></figure>
<h2>What the drivers say</h2>
<p>Drivers were sent round by the <a href="/ford">old ford</a>, where the queue reached the church by noon and did not get any shorter until the evening.</p>
<blockquote><p>“I have never seen anything like this in the thirty years that I have sold bread on the quay,” said Ada Brook.</p></blockquote>
<ul><li>The bridge was built more than a century ago by the harbour company.</li><li>It was last repaired nine years ago, when the deck was replaced.</li></ul>
<p>The council will decide on Thursday whether the bearings can be replaced before winter, and who will have to pay for the work.</p>
</article><footer><p>© 2022 Harbour Times</p></footer></body></html>"#;

#[test]
fn a_page_gives_text_shape_and_metadata() {
    let draft = draft(PAGE).unwrap();
    let kinds: Vec<BlockKind> =
        draft.blocks.iter().map(|block| block.kind).filter(|kind| *kind != BlockKind::Title).collect();
    assert_eq!(kinds, [Paragraph, Heading, Paragraph, BlockQuote, ListItem, ListItem, Paragraph]);
    assert!(draft.text.contains("round by the old ford, where"));
    assert!(!draft.text.contains("better day") && !draft.text.contains("Home") && !draft.text.contains("©"));
    let meta = &draft.meta;
    assert_eq!((meta.title.as_str(), meta.author.as_deref()), ("Harbour bridge ‘closed’", Some("Jane Doe, John Roe")));
    assert_eq!(
        (meta.outlet.as_deref(), meta.url.as_deref()),
        (Some("Harbour Times"), Some("https://example.org/bridge"))
    );
    assert_eq!(meta.published.map(|p| p.to_iso()).as_deref(), Some("2022-07-04T09:30:00+02:00"));
    assert_eq!(read_text("a", PAGE, Format::Html).unwrap().meta().language.as_deref(), Some("en"));
}

#[test]
fn microdata_speaks_where_nothing_else_does() {
    let page = r#"<html><head><title>Harbour Times</title></head><body><article itemscope itemtype="https://schema.org/NewsArticle">
        <h1 itemprop="headline">Ferry sails again</h1><span itemprop="author" itemscope itemtype="https://schema.org/Person">By
        <b itemprop="name">Jane Doe</b></span><time itemprop="datePublished" datetime="2024-05-06T07:08:00Z">Monday</time>
        <p>The ferry to the islands sails again after nine weeks in the dock, the harbour office said on Monday morning.</p>
        <p>The first crossing was full before the sun was up, and so was the second, with bicycles and sheep among them.</p>
        </article></body></html>"#;
    let Draft { meta, blocks, .. } = draft(page).unwrap();
    assert!(blocks.iter().all(|block| block.kind != Heading), "{blocks:?}");
    assert_eq!((meta.title.as_str(), meta.author.as_deref()), ("Ferry sails again", Some("Jane Doe")));
    assert_eq!(meta.published.map(|p| p.to_iso()).as_deref(), Some("2024-05-06T07:08:00Z"));
    let told = page.replace("<title>", "<meta property=\"og:title\" content=\"Ferry is back\"><title>");
    assert_eq!(draft(&told).unwrap().meta.title, "Ferry is back");
}

#[test]
fn what_is_said_of_the_article_goes_before_what_is_said_of_the_page() {
    let linked = r#"{"@type":"NewsArticle","headline":"A","publisher":{"@type":"Organization","name":"The Courier"},
        "inLanguage":"en-GB","datePublished":"2024-05-06","mainEntityOfPage":{"@id":"https://example.org/linked"}}"#;
    let page = PAGE
        .replace("<link rel=\"canonical\" href=\"https://example.org/bridge\">", "<meta property=\"og:url\" content=\"https://example.org/og\"><meta property=\"og:locale\" content=\"de_DE\">")
        .replace("lang=\"en-GB\"", "lang=\"fr\"");
    let with = |linked: &str| {
        let start = page.find("{\"@context\"").unwrap();
        let end = page.find("</script>").unwrap();
        let meta = draft(&format!("{}{linked}{}", &page[..start], &page[end..])).unwrap().meta;
        [meta.outlet, meta.language, meta.url].map(Option::unwrap_or_default)
    };
    assert_eq!(with(linked), ["The Courier", "en-GB", "https://example.org/linked"]);
    assert_eq!(with("{}"), ["Harbour Times", "de_DE", "https://example.org/og"]);
}

#[test]
fn a_page_without_an_article_says_so() {
    for shell in ["<html><body><div id=\"app\"></div><script>render()</script></body></html>", "<html></html>"] {
        assert!(matches!(read_text("a", shell, Format::Html), Err(ReadError::NoArticle(_) | ReadError::Empty)));
    }
}

#[test]
fn nesting_without_end_is_refused_and_not_followed() {
    for deep in
        ["<div>".repeat(100_000), "<ul><li>".repeat(50_000), "<b><i>".repeat(50_000), "<table><tr><td>".repeat(50_000)]
    {
        assert!(matches!(read("a.html".as_ref(), deep.as_bytes()), Err(ReadError::Nested(_))));
    }
}
