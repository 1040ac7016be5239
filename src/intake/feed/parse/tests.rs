//! Feeds of every form, as a specification.

use proptest::prelude::*;

use super::*;

fn rss(items: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>Harbour Times</title><link>https://news.example/</link>{items}</channel></rss>"
    )
}

fn one(source: &str) -> Entry {
    let mut feed = parse(source, None).unwrap();
    assert_eq!(feed.entries.len(), 1, "{source}");
    feed.entries.remove(0)
}

fn iso(entry: &Entry) -> Option<String> {
    entry.published.map(|date| date.to_iso())
}

#[test]
fn rss_of_every_version_is_read() {
    for version in [
        "",
        " version=\"0.91\"",
        " version=\"0.92\"",
        " version=\"0.93\"",
        " version=\"0.94\"",
        " version=\"2.0\"",
        " version=\"2.01\"",
    ] {
        let source = format!(
            "<?xml version=\"1.0\"?><rss{version}><channel><title>Harbour Times</title><ttl>30</ttl><language>en-gb</language>\
             <item><title>Ferry</title><link>https://news.example/ferry</link><guid>f1</guid><author>jane@news.example (Jane Doe)</author>\
             <description>It &lt;b&gt;sails&lt;/b&gt; again.</description><pubDate>Mon, 04 Jul 2022 09:30:00 +0200</pubDate></item></channel></rss>"
        );
        let feed = parse(&source, None).unwrap();
        assert_eq!((feed.title.as_str(), feed.ttl), ("Harbour Times", Some(Duration::from_secs(1800))));
        let entry = &feed.entries[0];
        assert_eq!((entry.title.as_str(), entry.id.as_deref()), ("Ferry", Some("f1")));
        assert_eq!(entry.link.as_deref(), Some("https://news.example/ferry"));
        assert_eq!(entry.summary.as_deref(), Some("It sails again."));
        assert_eq!(iso(entry).as_deref(), Some("2022-07-04T09:30:00+02:00"), "{version}");
        assert!(entry.author.as_deref().is_some_and(|author| author.contains("Jane Doe")));
    }
}

#[test]
fn rdf_is_read_in_its_old_and_its_new_namespace() {
    for namespace in ["http://my.netscape.com/rdf/simple/0.9/", "http://purl.org/rss/1.0/"] {
        let source = format!(
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
             xmlns=\"{namespace}\"><channel><title>Harbour Times</title><link>https://news.example/</link></channel>\
             <item><title>Ferry</title><link>https://news.example/ferry</link><dc:date>2022-07-04T09:30:00Z</dc:date></item></rdf:RDF>"
        );
        let feed = parse(&source, None).unwrap();
        assert_eq!((feed.title.as_str(), feed.link.as_deref()), ("Harbour Times", Some("https://news.example/")));
        assert_eq!(iso(&feed.entries[0]).as_deref(), Some("2022-07-04T09:30:00Z"), "{namespace}");
        assert_eq!(feed.entries[0].id, None);
    }
}

#[test]
fn atom_is_read_with_its_links_completed() {
    let source = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title type=\"html\">Harbour &amp;amp; Sea</title>\
        <link rel=\"self\" href=\"/feed.atom\"/><link href=\"/\"/><entry><id>tag:1</id><title>Ferry</title>\
        <link rel=\"replies\" href=\"/ferry/comments\"/><link rel=\"alternate\" type=\"text/html\" href=\"/ferry\"/>\
        <updated>2022-07-05T00:00:00Z</updated><published>2022-07-04T09:30:00+02:00</published><author><name>Jane Doe</name></author>\
        <summary>It sails.</summary><content type=\"html\">&lt;p&gt;It sails &amp;amp; floats.&lt;/p&gt;</content></entry></feed>";
    let base = Url::parse("https://news.example/feed.atom").unwrap();
    let feed = parse(source, Some(&base)).unwrap();
    assert_eq!((feed.title.as_str(), feed.link.as_deref()), ("Harbour & Sea", Some("https://news.example/")));
    let entry = &feed.entries[0];
    assert_eq!(entry.link.as_deref(), Some("https://news.example/ferry"));
    assert_eq!((iso(entry).as_deref(), entry.author.as_deref()), (Some("2022-07-04T09:30:00+02:00"), Some("Jane Doe")));
    assert_eq!(entry.content.as_deref(), Some("<p>It sails &amp; floats.</p>"));
    // Without a date of publication, the last change is the best that is known.
    let changed = source.replace("<published>2022-07-04T09:30:00+02:00</published>", "");
    assert_eq!(iso(&parse(&changed, Some(&base)).unwrap().entries[0]).as_deref(), Some("2022-07-05T00:00:00Z"));
    let old = "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\"><title>Old</title><entry><id>1</id><title>Ferry</title>\
        <issued>2004-07-04T09:30:00Z</issued><modified>2004-07-05T00:00:00Z</modified></entry></feed>";
    assert_eq!(iso(&one(old)).as_deref(), Some("2004-07-04T09:30:00Z"));
}

#[test]
fn json_feed_is_read() {
    let source = r#"{"version":"https://jsonfeed.org/version/1.1","title":"Harbour Times","home_page_url":"https://news.example/",
        "items":[{"id":"7","url":"https://news.example/ferry","title":"Ferry","content_html":"<p>It sails.</p>","summary":"It sails.",
        "date_published":"2022-07-04T09:30:00+02:00","authors":[{"name":"Jane Doe"}]}]}"#;
    let entry = one(source);
    assert_eq!((entry.id.as_deref(), entry.link.as_deref()), (Some("7"), Some("https://news.example/ferry")));
    assert_eq!(iso(&entry).as_deref(), Some("2022-07-04T09:30:00+02:00"));
    assert_eq!(entry.content.as_deref(), Some("<p>It sails.</p>"));
}

#[test]
fn what_feeds_get_wrong_is_forgiven() {
    let entry = one(&rss(
        "<item><title>Fish & chips &nbsp;&copy; &#8216;daily&#8217;</title><guid>https://news.example/fish</guid></item>",
    ));
    assert_eq!(entry.title, "Fish & chips © ‘daily’");
    assert_eq!(entry.link.as_deref(), Some("https://news.example/fish"));
    let warned = format!(
        "\u{feff}\n\nNotice: undefined\n<?xml version=\"1.0\" encoding=\"nonsense\"?>{}",
        rss("<item><title>A</title></item>")
    );
    assert_eq!(one(&warned).title, "A");
    assert_eq!(one(&rss("<item><title>a\u{8}b&#0;c</title></item>")).title, "ab\u{fffd}c");
    assert_eq!(
        one(&rss("<item><title> </title><pubDate>4 Jul 2022</pubDate></item><item><title>A</title></item>")).title,
        "A"
    );
    assert_eq!(one(&rss("<item><title>A</title><pubDate>soon</pubDate></item>")).published, None);
    assert_eq!(one(&rss("<item><title><![CDATA[<b>Bold</b> & more]]></title></item>")).title, "Bold & more");
}

#[test]
fn bytes_are_read_in_the_encoding_that_they_are_in() {
    let source = |declared: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"{declared}\"?>{}",
            rss("<item><title>Паром снова ходит</title></item>")
        )
    };
    let title = |bytes: &[u8], charset| parse_bytes(bytes, charset, None).unwrap().entries[0].title.clone();
    let (koi8, _, _) = encoding_rs::KOI8_R.encode(&source("koi8-r")).into_owned_parts();
    assert_eq!(title(&koi8, None), "Паром снова ходит");
    let (windows, _, _) = encoding_rs::WINDOWS_1251.encode(&source("koi8-r")).into_owned_parts();
    assert_eq!(title(&windows, Some("windows-1251")), "Паром снова ходит");
    assert_eq!(title(source("windows-1251").as_bytes(), None), "Паром снова ходит");
}

trait IntoOwnedParts {
    fn into_owned_parts(self) -> (Vec<u8>, &'static encoding_rs::Encoding, bool);
}

impl IntoOwnedParts for (std::borrow::Cow<'_, [u8]>, &'static encoding_rs::Encoding, bool) {
    fn into_owned_parts(self) -> (Vec<u8>, &'static encoding_rs::Encoding, bool) {
        (self.0.into_owned(), self.1, self.2)
    }
}

#[test]
fn what_is_no_feed_is_told_apart() {
    assert_eq!(parse("<!DOCTYPE html><html></html>", None), Err(FeedError::Page));
    assert_eq!(parse("\n <HTML lang=en>", None), Err(FeedError::Page));
    for none in
        ["", "words", "<opml/>", "<?xml version=\"1.0\"?><urlset/>", "{\"version\":\"2\",\"title\":\"\",\"items\":[]}"]
    {
        assert_eq!(parse(none, None), Err(FeedError::NoFeed), "{none}");
    }
    for damaged in ["<rss><channel><title>cut", "{\"title\":", "<rss><channel></rss>"] {
        assert!(matches!(parse(damaged, None), Err(FeedError::Damaged(_))), "{damaged}: {:?}", parse(damaged, None));
    }
    assert!(matches!(parse_bytes(b"%PDF-1.7", None, None), Err(FeedError::Text(_))));
}

#[test]
fn hostile_feeds_are_bounded() {
    let many = rss(&"<item><title>A</title><guid>1</guid></item>".repeat(5000));
    assert!(parse(&many, None).unwrap().entries.len() <= MAX_ENTRIES);
    let items: String =
        (0..3 * MAX_ENTRIES).map(|n| format!("<item><guid>{n}</guid><title>A</title></item>")).collect();
    let first = parse(&rss(&items), None).unwrap();
    assert_eq!((first.entries.len(), first.entries[MAX_ENTRIES - 1].id.as_deref()), (MAX_ENTRIES, Some("999")));
    assert!(parse(&rss(&"<item/>".repeat(500_000)), None).unwrap().entries.is_empty());
    let long =
        one(&rss(&format!("<item><title>{}</title><guid>{}</guid></item>", "t ".repeat(500_000), "g".repeat(500_000))));
    assert!(long.title.chars().count() <= MAX_TITLE && long.id.unwrap().len() <= MAX_ID_BYTES);
    // Entities of the feed's own are not unfolded.
    let laughs = "<!DOCTYPE rss [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]>"
        .to_owned() + rss("<item><title>x &b; &f; y</title></item>").as_str();
    if let Ok(feed) = parse(&laughs, None) {
        assert!(!feed.entries[0].title.contains("haha") && !feed.entries[0].title.contains("root"), "{feed:?}");
    }
    let deep = rss(&format!("<item><title>A</title><description>{}</description></item>", "<b>".repeat(50_000)));
    let _ = parse(&deep, None);
    let _ = parse(&"{\"a\":[".repeat(50_000), None);
    for link in ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "not an address"] {
        assert_eq!(one(&rss(&format!("<item><title>A</title><link>{link}</link></item>"))).link, None, "{link}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_is_survived(text in "(?s)(<rss><channel>|<item>|</item>|<feed>|<title>|</title>|&|<!\\[CDATA\\[|\\]\\]>|<pubDate>|[ -~é\n]){0,30}") {
        let _ = parse(&text, None);
    }
}
