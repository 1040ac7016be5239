//! The real binary: one-shot commands, piped questions, exit statuses, errors.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const FERRY: &str = "Ferry to Lund island stops

The ferry to Lund island stopped on Tuesday because its engine caught fire. Nobody was hurt.

“We will not sail until every pipe is replaced,” said Ida Holm, who runs the ferry company.

Repairs cost 40,000 crowns and last until May.
";

/// A folder with one article, and the binary that answers from it, untouched by the settings of whoever runs the test.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("news")).unwrap();
        fs::write(folder.path().join("news/ferry.txt"), FERRY).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_byline"));
        command.args(args).current_dir(self.path()).env_clear().env("HOME", self.path());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().unwrap()
    }

    fn pipe(&self, args: &[&str], input: &str) -> Output {
        let mut child =
            self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn an_answer_exits_with_0_and_names_its_source() {
    let place = Place::new();
    let asked = place.run(&["ask", "--articles", "news", "why did the ferry stop?"]);
    assert_eq!(asked.status.code(), Some(0), "{}", err(&asked));
    let shown = out(&asked);
    assert!(shown.starts_with("> **The ferry to Lund island stopped on Tuesday"), "{shown}");
    assert!(shown.contains("Ferry to Lund island stops · paragraph 1"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colour in a pipe: {shown:?}");
}

#[test]
fn a_question_need_not_be_quoted() {
    let place = Place::new();
    let asked = place.run(&["--articles", "news", "ask", "why", "did", "the", "ferry", "stop"]);
    assert_eq!(asked.status.code(), Some(0), "{}", err(&asked));
}

#[test]
fn what_is_not_in_the_articles_exits_with_1_and_says_what_is_loaded() {
    let place = Place::new();
    let asked = place.run(&["ask", "--articles", "news", "who won the chess championship in Lisbon?"]);
    assert_eq!(asked.status.code(), Some(1), "{}", out(&asked));
    assert!(out(&asked).contains("The articles don't say. 1 article is loaded."), "{}", out(&asked));
}

#[test]
fn errors_exit_with_2_and_tell_what_to_do() {
    let place = Place::new();
    let nowhere = place.run(&["ask", "--articles", "nowhere", "why"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(err(&nowhere).contains("no article could be read from"), "{}", err(&nowhere));
    assert!(err(&nowhere).contains("--articles PATH"), "{}", err(&nowhere));
    let unknown = place.run(&["summary", "--articles", "news", "bridge"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("No article is called “bridge”"), "{}", err(&unknown));
    assert_eq!(place.run(&["aks", "why"]).status.code(), Some(2));
}

#[test]
fn json_is_one_object_with_the_exact_words() {
    let place = Place::new();
    let asked = place.run(&["ask", "--articles", "news", "--json", "how much do the repairs cost?"]);
    let reply: serde_json::Value = serde_json::from_str(&out(&asked)).unwrap();
    assert_eq!(reply["outcome"], "answered");
    let piece = &reply["pages"][0][0]["quote"]["pieces"][0];
    let (start, end) = (piece["span"]["start"].as_u64().unwrap(), piece["span"]["end"].as_u64().unwrap());
    let slice = &FERRY[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
    assert_eq!(piece["text"], slice);
    assert_eq!(slice, "Repairs cost 40,000 crowns and last until May.");
}

#[test]
fn piped_questions_are_answered_one_a_line_without_prompt() {
    let place = Place::new();
    let talked = place.pipe(
        &["--articles", "news"],
        "why did the ferry stop?\n\nwho said “every pipe is replaced”?\n/summary ferry\n/nonsense\n",
    );
    assert_eq!(talked.status.code(), Some(0), "{}", err(&talked));
    let shown = out(&talked);
    assert!(shown.starts_with("> "), "{shown}");
    assert!(shown.contains("Ida Holm:"), "{shown}");
    assert!(shown.contains("There is no command “nonsense”"), "{shown}");
    assert!(!shown.contains('»') && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn bytes_that_are_no_text_do_not_end_the_conversation() {
    let place = Place::new();
    let mut child = place
        .command(&["--articles", "news"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"who\xff said?\n").unwrap();
    input.write_all(&[b'x'; 300_000]).unwrap();
    input.write_all(b"\nwhy did the ferry stop?\n").unwrap();
    drop(input);
    let talked = child.wait_with_output().unwrap();
    assert_eq!(talked.status.code(), Some(0), "{}", err(&talked));
    assert!(out(&talked).contains("characters long; at most"), "{}", out(&talked));
    assert!(out(&talked).contains("> **The ferry to Lund island stopped on Tuesday"), "{}", out(&talked));
}

#[test]
fn a_quotation_given_to_someone_else_is_told() {
    let place = Place::new();
    let theirs = place.run(&["check", "--articles", "news", "We will not sail", "--speaker", "Ida Holm"]);
    assert!(out(&theirs).starts_with("Exact") && !out(&theirs).contains("does not give"), "{}", out(&theirs));
    let other = place.pipe(&["--articles", "news"], "Did Jonas Berg say “We will not sail”?\n");
    assert!(
        out(&other).contains("The article does not give these words to Jonas Berg, but to Ida Holm."),
        "{}",
        out(&other)
    );
}

#[test]
fn help_needs_no_article_and_json_is_json_when_refused_too() {
    let place = Place::new();
    assert_eq!(place.run(&["help"]).status.code(), Some(0));
    let refused = place.run(&["ask", "--articles", "news", "--json", ""]);
    assert_eq!(refused.status.code(), Some(2));
    let reply: serde_json::Value = serde_json::from_str(&out(&refused)).unwrap();
    assert_eq!(reply["outcome"], "refused");
}

#[test]
fn a_feed_is_inspected_as_one_line() {
    let place = Place::new();
    let feed = "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><rss version=\"2.0\"><channel><title>Caf\u{e9}</title><item><guid>7</guid>\
        <title>Ferry</title><link>https://news.example/ferry</link><pubDate>Mon, 04 Jul 2022 09:30:00 +0200</pubDate>\
        <description>It &lt;b&gt;sails&lt;/b&gt;.</description></item></channel></rss>";
    let latin: Vec<u8> = feed.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    fs::write(place.path().join("harbour.xml"), latin).unwrap();
    fs::write(place.path().join("page.html"), "<!doctype html><p>no feed").unwrap();
    let told = place.run(&["inspect", "feed", "harbour.xml", "page.html"]);
    assert_eq!(
        out(&told),
        "{\"id\":\"harbour\",\"title\":\"Café\",\"entries\":[{\"id\":\"7\",\"title\":\"Ferry\",\
         \"link\":\"https://news.example/ferry\",\"published\":\"2022-07-04T09:30:00+02:00\",\"summary\":\"It sails.\"}]}\n"
    );
    assert!(err(&told).contains("page.html") && err(&told).contains("a page, not a feed"), "{}", err(&told));
}

#[test]
fn inspect_names_what_is_not_there() {
    let place = Place::new();
    for what in ["feed", "page", "quotes", "summary"] {
        let nothing = place.run(&["inspect", what, "nowhere.html"]);
        assert_eq!(nothing.status.code(), Some(2), "{what}");
        assert!(err(&nothing).contains("nowhere.html"), "{what}: {}", err(&nothing));
    }
}

#[test]
fn the_conversation_pages_and_shows_context() {
    let place = Place::new();
    let talked = place.pipe(&["--articles", "news"], "/context\n/said Ida Holm\n/context\n/next\n/quit\nwhy\n");
    let shown = out(&talked);
    assert!(shown.starts_with("There is no quotation yet."), "{shown}");
    assert!(shown.contains("> Repairs cost 40,000 crowns"), "{shown}");
    assert!(shown.trim_end().ends_with("There is no further page."), "{shown}");
}

#[test]
fn one_unreadable_file_never_hides_the_others_and_is_named() {
    let place = Place::new();
    fs::write(place.path().join("news/blob.txt"), b"\x00\x01\x02\x03\x00\xff\xfe\x00").unwrap();
    let asked = place.run(&["ask", "--articles", "news", "why did the ferry stop?"]);
    assert_eq!(asked.status.code(), Some(0));
    assert!(err(&asked).contains("blob.txt"), "{}", err(&asked));
}

#[test]
fn a_wrong_setting_stops_the_start_and_is_named() {
    let place = Place::new();
    fs::write(place.path().join("bot.toml"), "[library]\narticles = [\"news\"]\n\n[answer]\npassagse = 3\n").unwrap();
    let asked = place.run(&["ask", "why did the ferry stop?"]);
    assert_eq!(asked.status.code(), Some(2));
    assert!(err(&asked).contains("bot.toml:5") && err(&asked).contains("answer.passages"), "{}", err(&asked));
    fs::write(place.path().join("bot.toml"), "[library]\narticles = [\"news\"]\n").unwrap();
    assert_eq!(place.run(&["ask", "why did the ferry stop?"]).status.code(), Some(0));
    let checked = place.run(&["config", "check"]);
    assert!(out(&checked).contains("news"), "{}", out(&checked));
}

#[test]
fn questions_are_logged_at_debug_only() {
    let place = Place::new();
    let told = |level| err(&place.pipe(&["--articles", "news", "--log", level], "why did the ferry stop?\n"));
    let (info, debug) = (told("info"), told("debug"));
    assert!(info.contains("answered") && !info.contains("ferry stop"), "{info}");
    assert!(debug.contains("ferry stop"), "{debug}");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let place = Place::new();
    let many: String =
        (0..2_000).map(|n| format!("Line {n}\n\nSomething happened on day {n} of the year.\n\n")).collect();
    fs::write(place.path().join("news/many.txt"), many).unwrap();
    let mut child =
        place.command(&["inspect", "quotes", "news"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", err(&ended));
}
