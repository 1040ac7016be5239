//! Pages as they come from the web, as a specification.

use proptest::prelude::*;

use super::*;

const PARAGRAPH: &str = "The ferry to the islands sails again after nine weeks in the dock, the harbour office said on Monday, \
    and the first crossing was full before the sun was up over the breakwater.";

fn page(title: &str, body: &str) -> String {
    format!("<!DOCTYPE html><html lang=\"en\"><head><title>{title}</title></head><body>{body}</body></html>")
}

fn story(paragraphs: usize) -> String {
    let all: String = (0..paragraphs).map(|n| format!("<p>{n}. {PARAGRAPH}</p>")).collect();
    format!("<article><h1>Ferry sails again</h1>{all}</article>")
}

fn read(html: &str) -> Result<Article, PageError> {
    from_text("a", html, Format::Html)
}

#[track_caller]
fn refused(html: &str, stub: Stub) {
    match read(html) {
        Err(PageError::Stub(told)) => assert_eq!(told, stub),
        other => panic!("{stub:?} expected: {other:?}"),
    }
}

fn fetched(url: &str, content_type: &str, charset: Option<&str>, body: &[u8]) -> Fetched {
    Fetched {
        url: url.parse().unwrap(),
        moved: None,
        not_modified: false,
        content_type: Some(content_type.to_owned()),
        charset: charset.map(ToOwned::to_owned),
        body: body.to_vec(),
        etag: None,
        last_modified: None,
        fresh_for: None,
        retry_after: None,
    }
}

#[test]
fn an_article_is_an_article() {
    assert_eq!(read(&page("Ferry sails again | Harbour Times", &story(4))).unwrap().paragraphs().len(), 4);
    // A short piece of news is one too, and so is one about errors, cookies or paywalls.
    assert!(read(&page("Ferry sails again", &story(2))).is_ok());
    for title in [
        "404: how a number became a word",
        "Error in the count of votes",
        "Just a moment of silence",
        "Cookie makers strike",
    ] {
        assert!(read(&page(title, &story(5))).is_ok(), "{title}");
    }
    let about =
        "<p>Readers who refuse are told to subscribe to continue reading, the study found, and one in ten does.</p>";
    assert!(read(&page("Paywalls", &format!("{about}{}", story(20)))).is_ok());
}

#[test]
fn the_beginning_before_a_paywall_is_refused() {
    for end in [
        "<p>Subscribe to continue reading this article.</p>",
        "<p>To continue reading, please log in or create an account.</p>",
        "<p>This story is for subscribers only.</p>",
        "<p>You’ve reached your limit of free articles.</p>",
        "<p>Register for free to read the full story.</p>",
    ] {
        refused(&page("Ferry sails again", &format!("{}<div>{end}</div>", story(2))), Stub::Paywall);
    }
    let closed = r#"<script type="application/ld+json">{"@type":"NewsArticle","headline":"Ferry","isAccessibleForFree":"False"}</script>"#;
    let login = "<p>Already a subscriber? Log in</p>";
    refused(&page("Ferry", &format!("{closed}{}{login}", story(2))), Stub::Paywall);
    let broken_off = story(2)
        .replace("</p></article>", "</p><p>The council, which owns the dock, said that it would…</p></article>");
    refused(&page("Ferry", &format!("{closed}{broken_off}")), Stub::Paywall);
    let told = closed.replace("\"headline\"", "\"wordCount\":900,\"headline\"");
    refused(&page("Ferry", &format!("{told}{}", story(9))), Stub::Paywall);
    // News in brief is closed by its own word on some sites, and all there.
    assert!(read(&page("Ferry", &format!("{closed}{}", story(2)))).is_ok());
    assert!(read(&page("Ferry", &format!("{}{login}", story(2)))).is_ok());
    // Closed by its own word and there all the same: many sites say so and show everything.
    assert!(read(&page("Ferry", &format!("{closed}{}", story(20)))).is_ok());
}

#[test]
fn a_question_about_cookies_is_refused() {
    let asked = "<h1>We value your privacy</h1><p>We and our 812 partners store and/or access information on a device, such as \
        cookies, for personalised ads and content, and to find out how our pages are used by those who read them.</p>\
        <p>You can accept all, or manage options at any time; some of it rests on our legitimate interest, and you may \
        withdraw your consent whenever you like.</p><button>Accept all</button><button>Reject all</button>";
    refused(&page("Before you continue", asked), Stub::Consent);
    // A banner beside an article is only a banner.
    let banner = format!("<div class=\"banner\">{asked}</div>{}", story(16));
    assert!(read(&page("Ferry sails again", &banner)).is_ok());
}

#[test]
fn error_pages_are_refused_whatever_their_status() {
    for title in [
        "404",
        "Error 404",
        "Page not found | Harbour Times",
        "Harbour Times - Page Not Found",
        "403 Forbidden",
        "The page you requested could not be found",
        "Access Denied",
        "503 Service Temporarily Unavailable",
        "This article is no longer available.",
        "502 Bad Gateway",
        "Something went wrong",
        "Seite nicht gefunden",
    ] {
        let body = "<p>Perhaps it has moved. Try the search above, or go back to the front page and begin anew from there.</p>";
        refused(&page(title, body), Stub::ErrorPage);
        refused(&page("Harbour Times", &format!("<h1>{title}</h1>{body}")), Stub::ErrorPage);
    }
}

#[test]
fn tests_for_persons_are_refused() {
    for words in [
        "Checking your browser before you go on.",
        "Please verify you are human.",
        "Press & Hold to confirm you are a human",
    ] {
        refused(
            &page("Harbour Times", &format!("<h1>One more step</h1><p>{words}</p><script>1</script>")),
            Stub::Challenge,
        );
    }
    refused(&page("Just a moment...", "<script>run()</script>"), Stub::Challenge);
}

#[test]
fn an_empty_shell_is_refused() {
    let shell = "<div id=\"root\"></div><noscript>You need to enable JavaScript to run this app.</noscript><script>run()</script>";
    refused(&page("Harbour Times", shell), Stub::NeedsScripts);
    refused(&page("", "<div id=\"app\"></div><script>run()</script>"), Stub::NeedsScripts);
    refused(
        &page(
            "Harbour Times",
            "<p>This page does not work without JavaScript. Please turn it on and come back.</p><script>1</script>",
        ),
        Stub::NeedsScripts,
    );
    assert!(matches!(read("<html></html>"), Err(PageError::Read(_))));
}

#[test]
fn reasons_can_be_shown_to_people() {
    for stub in [Stub::Paywall, Stub::Consent, Stub::ErrorPage, Stub::Challenge, Stub::NeedsScripts] {
        assert!(PageError::from(stub).to_string().starts_with("the "), "{stub:?}");
    }
}

#[test]
fn a_fetched_page_has_its_own_address_and_key() {
    let head = "<link rel=\"canonical\" href=\"/2024/ferry-sails-again.html?utm_source=feed\">";
    let html = page("Ferry sails again", &story(4)).replace("<title>", &format!("{head}<title>"));
    let source = fetched(
        "https://amp.news.example/2024/ferry-sails-again.amp.html?fbclid=7",
        "text/html",
        None,
        html.as_bytes(),
    );
    let article = article(&source).unwrap();
    assert_eq!(article.meta().url.as_deref(), Some("https://amp.news.example/2024/ferry-sails-again.html"));
    assert_eq!(article.key(), "ferry-sails-again");
}

#[test]
fn the_server_knows_the_encoding_best_after_the_bytes_themselves() {
    let html = page("Fähre fährt wieder", &story(4).replace("ferry", "Fähre"));
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&html);
    let title = |charset, bytes: &[u8]| {
        article(&fetched("https://news.example/a", "text/html", charset, bytes)).unwrap().meta().title.clone()
    };
    assert_eq!(title(Some("iso-8859-1"), &bytes), "Ferry sails again");
    let words = |charset, bytes: &[u8]| {
        article(&fetched("https://news.example/a", "text/html", charset, bytes)).unwrap().text().contains("Fähre")
    };
    assert!(
        words(Some("iso-8859-1"), &bytes)
            && words(Some("iso-8859-1"), html.as_bytes())
            && words(Some("nonsense"), &bytes)
    );
}

#[test]
fn plain_text_is_read_as_text() {
    let text = "Ferry sails again\n\nThe ferry sails again on Monday. Nobody knows <b>why</b>.\n";
    let article = article(&fetched("https://news.example/", "text/plain", Some("utf-8"), text.as_bytes())).unwrap();
    assert_eq!((article.text(), article.key()), (text, "news-example"));
    assert_eq!(article.meta().url.as_deref(), Some("https://news.example/"));
}

#[test]
fn tags_without_end_are_refused_before_they_are_parsed() {
    for piece in ["<p>", "<br>", "<!---->", "</x>", "<td>"] {
        assert!(matches!(read(&piece.repeat(100_000)), Err(PageError::Tags)), "{piece}");
    }
}

#[test]
fn endless_titles_are_cut() {
    let html = page(&"ferry ".repeat(100_000), &story(4).replace("<h1>Ferry sails again</h1>", ""));
    assert!(read(&html).unwrap().meta().title.chars().count() <= 500);
    let og = format!("<meta property=\"og:title\" content=\"{}\">", "x".repeat(600_000));
    assert!(
        read(&page("Ferry", &story(4)).replace("<title>", &format!("{og}<title>"))).unwrap().meta().title.len() <= 500
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_pages_are_survived(
        html in "(?s)(<title>|</title>|<h1>|<p>|</p>|<script>|<noscript>|<link rel=canonical href=|>|\"isAccessibleForFree\":false|404|subscribe to continue reading|cookies|[ -~é\n]){0,25}",
        url in "https?://[a-z.]{1,12}/[ -~]{0,30}",
    ) {
        if let Ok(url) = Url::parse(&url) {
            let _ = article(&fetched(url.as_str(), "text/html", None, html.as_bytes()));
        }
    }
}
