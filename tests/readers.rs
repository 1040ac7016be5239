//! No bytes may stop a reader: whatever comes in, there is an article whose spans fit, or an error.
//!
//! `BYLINE_FUZZ=10000 cargo test --release --test readers` runs as many cases through each reader; the default is small.

use std::path::Path;

use byline::article::read::{EXTENSIONS, Format, ReadError, read, read_text};
use byline::article::{Article, BlockKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Names that reach each reader, and one that leaves the choice to the bytes.
const NAMES: [&str; 7] = ["a.txt", "a.md", "a.html", "a.json", "a.jsonl", "a.html.gz", "a"];

/// Every block, paragraph and sentence is a slice of the text, in order, and paragraphs hold their sentences.
fn check(article: &Article) {
    let text = article.text();
    let mut past = 0;
    for block in article.blocks() {
        assert!(block.span.start >= past && text.get(block.span.range()).is_some(), "{block:?} in {text:?}");
        assert!(block.kind == BlockKind::Furniture || !block.span.is_empty());
        past = block.span.end;
    }
    let mut past = 0;
    for paragraph in article.paragraphs() {
        assert!(paragraph.kind.is_quotable());
        let sentences = article.sentences_of(paragraph);
        assert!(!sentences.is_empty(), "{:?} has no sentence", article.slice(paragraph.span));
        let mut held = String::new();
        for sentence in sentences {
            assert!(sentence.start >= past && paragraph.span.contains(*sentence));
            assert!(text.get(sentence.range()).is_some_and(|words| !words.trim().is_empty()));
            held.push_str(article.slice(*sentence));
            past = sentence.end;
        }
        let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').collect::<String>();
        assert_eq!(visible(&held), visible(article.slice(paragraph.span)));
    }
    assert!(!article.paragraphs().is_empty() && !article.key().is_empty() && !article.meta().title.is_empty());
}

fn read_all(bytes: &[u8]) {
    for name in NAMES {
        if let Ok((articles, _)) = read(Path::new(name), bytes) {
            articles.iter().for_each(check);
        }
    }
}

/// How many inputs each test tries.
fn cases() -> u32 {
    std::env::var("BYLINE_FUZZ").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40)
}

/// Runs `case` on seeded random inputs, as many as `BYLINE_FUZZ` says.
fn fuzz<S: Strategy>(strategy: S, case: impl Fn(&S::Value)) {
    let cases = cases();
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&strategy, |value| {
        case(&value);
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[test]
fn random_bytes_stop_no_reader() {
    fuzz(prop::collection::vec(any::<u8>(), 0..600), |bytes| read_all(bytes));
}

/// Pieces that the readers give a meaning to, in any order: what random bytes rarely hit.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "---\n",
        "+++\n",
        "title: ",
        "title = ",
        "date: 2022-07-04\n",
        "[a, b]",
        "&a [*a]\n",
        "{\"text\":\"",
        "\"}",
        "{",
        "}",
        "[",
        "]",
        "\n",
        "\r\n",
        "\r",
        "\n\n",
        "<p>",
        "</p>",
        "<div class=\"content\">",
        "</div>",
        "<h1>",
        "<ul><li>",
        "<table><td>",
        "<blockquote>",
        "<br>",
        "<script type=\"application/ld+json\">",
        "</script>",
        "<html><body><article>",
        "<!--",
        "-->",
        "<meta charset=utf-8>",
        "&amp;",
        "&#x0;",
        "# ",
        "> ",
        "- ",
        "* ",
        "1. ",
        "• ",
        "```\n",
        "[a](b)",
        "![a](b)",
        "| a | b |\n|---|---|\n",
        "By Jane Doe, Reuters\n",
        "Published: 4 July 2022, 09:30\n",
        "July 4, 2022 at 12:61 pm\n",
        "(CNN) -- ",
        "Must read\n",
        "Follow us on Twitter\n",
        "Related posts\n",
        "Mayor: ‘We were warned’\n",
        "11:20 p.m.\n",
        "“",
        "”",
        "\"",
        "'",
        "The bridge is shut. ",
        "Nobody knew why the bridge was closed on Monday, ",
        "U.S. ",
        "… ",
        "? ",
        "é",
        "桥。",
        "\u{feff}",
        "\u{2028}",
        "\u{a0}",
        "\0",
        "\u{1b}",
        "🙂",
        "»",
        "©",
    ];
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
        2 => "[a-zA-Z ,.]{1,40}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

#[test]
fn fragments_of_every_format_stop_no_reader() {
    fuzz(fragments(), |bytes| read_all(bytes));
}

#[test]
fn any_text_gives_spans_that_fit() {
    fuzz("(?s).{0,300}", |text: &String| {
        for format in [Format::Text, Format::Markdown, Format::Html, Format::Json, Format::JsonLines] {
            if let Ok(article) = read_text("a", text, format) {
                check(&article);
            }
        }
        let object = serde_json::json!({ "title": "T", "text": text }).to_string();
        if let Ok(article) = read_text("a", &object, Format::Json) {
            assert_eq!(article.text(), text);
            check(&article);
        }
    });
}

#[test]
fn plain_text_is_kept_to_the_byte() {
    fuzz("[ -~\\n\\ré“”\u{feff}]{0,300}", |text: &String| {
        if let Ok((articles, _)) = read(Path::new("a.txt"), text.as_bytes()) {
            assert_eq!(articles[0].text(), text);
        }
    });
}

#[test]
fn empty_and_binary_files_are_named_as_such() {
    for extension in EXTENSIONS {
        let name = format!("a.{extension}");
        assert!(matches!(read(Path::new(&name), b""), Err(ReadError::Empty)), "{name}");
        assert!(matches!(read(Path::new(&name), b" \r\n\t "), Err(ReadError::Empty)), "{name}");
        assert!(matches!(read(Path::new(&name), &[0, 1, 2, 3, 0, 0, 7]), Err(ReadError::Binary)), "{name}");
    }
}

#[test]
fn a_text_that_is_too_long_is_refused_with_both_sizes() {
    let long = "It rained. ".repeat(1_000_000);
    for name in ["a.txt", "a.md", "a.html"] {
        let error = read(Path::new(name), long.as_bytes()).map(|_| ()).expect_err(name).to_string();
        assert!(error.contains("11000000") && error.contains("8388608"), "{error}");
    }
}

#[test]
fn nesting_and_repetition_without_end_stop_no_reader() {
    // 200,000 of each with ten thousand cases.
    let n = (cases() as usize * 20).max(2_000);
    for unit in [
        "<div>",
        "<b>",
        "<p><b a=1>",
        "<li>",
        "<ul><li>",
        "<table>",
        "<select><option>",
        "<svg><g>",
        "<template>",
        "<a href=x>",
        "</p>",
        "<!--",
        "<",
        "&",
        "[",
        "[[](",
        "![",
        "{\"a\":[",
        "> ",
        "- ",
        "*",
        "**a_",
        "_",
        "`",
        "~~",
        "|",
        "\n|",
        "<a",
        "<![CDATA[",
        "“",
        "\"",
        "(",
        "a.",
        "? ",
        ". . ",
        "“a.” ",
        "\u{feff}",
        "\n\n",
        "\n- ",
        "Must read\n",
        "A b\n",
        "1. a\n",
        "a\n:",
        "[^a]: ",
    ] {
        let text = unit.repeat(n);
        for name in NAMES {
            if let Ok((articles, _)) = read(Path::new(name), text.as_bytes()) {
                articles.iter().for_each(check);
            }
        }
        let front = format!("---\ntitle: {text}\n---\nIt rained.");
        let _ = read(Path::new("a.md"), front.as_bytes());
    }
}

#[test]
fn a_compressed_bomb_is_not_unpacked_whole() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let block = vec![b' '; 1024 * 1024];
    for _ in 0..80 {
        encoder.write_all(&block).expect("memory");
    }
    let bomb = encoder.finish().expect("memory");
    assert!(matches!(read(Path::new("a.html.gz"), &bomb), Err(ReadError::Unpacked(_))));
}
