//! Export and import.

use std::io::{self, Cursor};
use std::sync::{Arc, Mutex};

use byline::article::{Article, Block, BlockKind, Draft, Metadata, Span};
use byline::library::store::{CollectionId, Imported, LinesFrom, Outcome, Problem, SHARED, Store};
use proptest::prelude::*;

use crate::place::{Place, article, body, each, page, sqlite};

async fn export(store: &Store) -> Vec<u8> {
    let mut out = Vec::new();
    let told = store.export(SHARED, &mut out).await.unwrap();
    assert_eq!(told.bytes, out.len() as u64);
    out
}

async fn import(store: &Store, lines: &[u8]) -> Imported {
    store.import(SHARED, Cursor::new(lines.to_vec()), |_| ()).await.unwrap()
}

/// Fills a store with whatever can happen to articles.
async fn fill(store: &Store) {
    let story = body(1, 20);
    let page = |n: u64| page("index", &format!("https://example.org/{n}"), &body(n, 3));
    store
        .add_all(SHARED, &[article("a", "A", &story), article("b", "Copy of A", &story), article("c", "C", "It left.")])
        .await
        .unwrap();
    store.add_all(SHARED, &[page(1), page(2), page(3)]).await.unwrap();
    store.add(SHARED, &article("c", "C", "It came.")).await.unwrap();
    store.add(SHARED, &article("c", "C", "It stayed, “they” said: né 🚢.")).await.unwrap();
    store.remove(SHARED, "a").await.unwrap();
    // Two articles of one content, by way of a new version.
    store.add(SHARED, &article("b", "C", "It left.")).await.unwrap();
    store.add(SHARED, &article("d", "D", "It sank.")).await.unwrap();
    store.add(SHARED, &article("d", "C", "It left.")).await.unwrap();
}

#[tokio::test]
async fn what_is_exported_and_imported_is_exported_the_same() {
    each(async |place| {
        let here = sqlite().open_kept().await;
        fill(&here.0).await;
        let lines = export(&here.0).await;
        let there = place.open().await;
        let imported = import(&there, &lines).await;
        assert_eq!((imported.lines, imported.new, imported.refused), (6, 6, 0), "{imported:?}");
        assert_eq!(String::from_utf8(export(&there).await).unwrap(), String::from_utf8(lines.clone()).unwrap());
        let (old, new) =
            (here.0.get(SHARED, "c").await.unwrap().unwrap(), there.get(SHARED, "c").await.unwrap().unwrap());
        assert_eq!(
            (new.version, &new.article, new.added_at, new.changed_at),
            (3, &old.article, old.added_at, old.changed_at)
        );
        let first = there.version(new.id, 1).await.unwrap().unwrap();
        assert_eq!(first.article, article("c", "C", "It left."));
        let again = import(&there, &lines).await;
        assert_eq!((again.unchanged, again.new + again.new_versions + again.restored), (6, 0), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn an_old_export_brings_nothing_old_back() {
    each(async |place| {
        let store = place.open().await;
        store.add(SHARED, &article("a", "A", "It left.")).await.unwrap();
        let old = export(&store).await;
        store.add(SHARED, &article("a", "A", "It came back.")).await.unwrap();
        assert_eq!(import(&store, &old).await.unchanged, 1);
        assert_eq!(store.get(SHARED, "a").await.unwrap().unwrap().version, 2);
        store.remove(SHARED, "a").await.unwrap();
        assert_eq!(import(&store, &old).await.restored, 1, "what was removed is wanted again");
        let back = store.get(SHARED, "a").await.unwrap().unwrap();
        assert_eq!((back.version, back.article), (2, article("a", "A", "It came back.")));
        assert_eq!(store.add(SHARED, &article("a", "A", "It came back.")).await.unwrap().outcome, Outcome::Unchanged);
    })
    .await;
}

/// An article that is short, and long to write down: each of its characters takes six bytes of a line.
fn costly(version: u32) -> Article {
    let url = (version > 0).then(|| "https://example.org/costly".to_owned());
    let meta = Metadata { title: format!("Version {version}"), url, ..Metadata::default() };
    let mut draft = Draft { meta, ..Draft::default() };
    for _ in 0..700 {
        let start = draft.text.len();
        draft.text.push_str(&"\u{1}".repeat(2000));
        draft.blocks.push(Block { span: Span::new(start, draft.text.len()), kind: BlockKind::Paragraph });
        draft.text.push_str("\n\n");
    }
    Article::from_draft("costly", draft).unwrap()
}

#[tokio::test]
async fn a_past_of_any_length_is_read_back() {
    each(async |place| {
        const VERSIONS: u32 = 9;
        let (here, _kept) = sqlite().open_kept().await;
        here.add(SHARED, &article("a", "A", "It left.")).await.unwrap();
        for version in 0..VERSIONS {
            here.add(SHARED, &costly(version)).await.unwrap();
        }
        here.add(SHARED, &article("z", "Z", "It came.")).await.unwrap();
        let lines = export(&here).await;
        let longest = lines.split(|byte| *byte == b'\n').map(<[u8]>::len).max().unwrap();
        assert!(lines.len() > 70_000_000 && longest < 40_000_000, "{longest} of {}", lines.len());
        let there = place.open().await;
        let imported = import(&there, &lines).await;
        assert_eq!((imported.new, imported.new_versions, imported.refused), (3, 0, 0), "{imported:?}");
        let held = there.get(SHARED, "costly").await.unwrap().unwrap();
        assert_eq!(held.version, i64::from(VERSIONS));
        for version in 0..VERSIONS {
            let then = there.version(held.id, i64::from(version) + 1).await.unwrap().unwrap();
            assert_eq!(then.article, costly(version));
        }
        assert!(export(&there).await == lines, "it is exported otherwise");
        let again = import(&there, &lines).await;
        assert_eq!((again.unchanged, again.new + again.new_versions + again.restored), (3, 0), "{again:?}");
        assert_eq!(there.get(SHARED, "costly").await.unwrap().unwrap().version, i64::from(VERSIONS));
    })
    .await;
}

/// A line with a past as two: the first with so many versions.
fn in_two(line: &str, cut: usize) -> (String, String) {
    let mut last: serde_json::Value = serde_json::from_str(line).unwrap();
    let earlier = last["earlier"].as_array().unwrap().clone();
    let mut first = earlier[cut - 1].clone();
    first["earlier"] = earlier[..cut - 1].to_vec().into();
    first["goes_on"] = true.into();
    last["earlier"] = earlier[cut..].to_vec().into();
    (first.to_string(), last.to_string())
}

/// The words of all versions of the article `a` of a collection.
async fn versions(store: &Store, name: &str) -> Vec<String> {
    let collection = store.collection(name).await.unwrap();
    let held = store.get(collection, "a").await.unwrap().unwrap();
    let mut all = Vec::new();
    for version in 1..=held.version {
        let then = store.version(held.id, version).await.unwrap().unwrap();
        all.push(then.article.text().split_whitespace().last().unwrap().to_owned());
    }
    all
}

#[tokio::test]
async fn what_an_export_knows_of_the_past_of_an_article_that_is_held_is_not_lost() {
    each(async |place| {
        let (here, _kept) = sqlite().open_kept().await;
        for words in ["It left.", "It came.", "It stayed.", "It sank."] {
            here.add(SHARED, &article("a", "A", words)).await.unwrap();
        }
        let line = String::from_utf8(export(&here).await).unwrap().trim_end().to_owned();
        let (first, last) = in_two(&line, 2);
        let there = place.open().await;
        for (form, lines) in [("whole", line), ("in two", format!("{first}\n{last}\n"))] {
            for (held, now) in [
                ("", "left. came. stayed. sank."),
                ("It left.", "left. came. stayed. sank."),
                ("It sank.", "sank. left. came. stayed. sank."),
                ("It rose.", "rose. left. came. stayed. sank."),
            ] {
                let name = format!("{form}: {held}");
                let collection = there.collection(&name).await.unwrap();
                if !held.is_empty() {
                    there.add(collection, &article("a", "A", held)).await.unwrap();
                }
                for _ in 0..2 {
                    let told = there.import(collection, Cursor::new(lines.clone()), |_| ()).await.unwrap();
                    assert_eq!(told.new + told.new_versions + told.unchanged, 1, "{name}: {told:?}");
                    assert_eq!(versions(&there, &name).await.join(" "), now, "{name}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_past_in_several_lines_is_of_one_article_and_complete_or_cut() {
    each(async |place| {
        let (here, _kept) = sqlite().open_kept().await;
        // What came back stays where it was.
        for words in ["It left.", "It came.", "It left.", "It came.", "It left."] {
            here.add(SHARED, &article("a", "A", words)).await.unwrap();
        }
        let line = String::from_utf8(export(&here).await).unwrap().trim_end().to_owned();
        let (first, last) = in_two(&line, 3);
        let other = r#"{"id": "b", "title": "B", "text": "It sank."}"#;
        let there = place.open().await;
        for (name, lines, refused, now) in [
            ("whole", vec![other, &first, &last, other], 0, "left. came. left. came. left."),
            ("bad between", vec![&first, "{", &last], 1, "left. came. left. came. left."),
            ("no end", vec![&first, other], 0, "left. came. left."),
            ("no more", vec![&first], 0, "left. came. left."),
            ("no start", vec![other, &last], 0, "came. left."),
        ] {
            let collection = there.collection(name).await.unwrap();
            let told = there.import(collection, Cursor::new(lines.join("\n")), |_| ()).await.unwrap();
            assert_eq!((told.refused, told.lines), (refused, lines.len() as u64), "{name}: {told:?}");
            assert_eq!(versions(&there, name).await.join(" "), now, "{name}");
            assert_eq!(there.get(collection, "b").await.unwrap().is_some(), lines.contains(&other), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn any_jsonl_of_articles_is_read_and_bad_lines_hide_no_other() {
    each(async |place| {
        let store = place.open().await;
        let damaged = {
            let other = sqlite().open_kept().await;
            other.0.add(SHARED, &article("x", "X", "It left.")).await.unwrap();
            String::from_utf8(export(&other.0).await).unwrap().replace("\"text\":\"X", "\"text\":\"é")
        };
        let lines = format!(
            "\u{feff}{{\"id\": \"a\", \"title\": \"A\", \"text\": \"It left.\"}}\n\n{{\"title\": }}\n{{\"title\": \"E\"}}\n{damaged}{}\n{}",
            r#"{"id": "n\u0000", "title": "N", "text": "It came."}"#, r#"{"title": "Last", "text": "It stayed."}"#
        );
        let imported = import(&store, lines.as_bytes()).await;
        assert_eq!((imported.lines, imported.new, imported.refused), (6, 2, 4), "{imported:?}");
        assert_eq!(imported.bytes, lines.len() as u64);
        let refused: Vec<_> = imported.refusals.iter().map(|refused| refused.line).collect();
        assert_eq!(refused, [3, 4, 5, 6]);
        assert!(imported.refusals[2].reason.contains("does not fit"), "{:?}", imported.refusals[2]);
        assert!(store.get(SHARED, "a").await.unwrap().is_some());
        let key = |n: u32| format!("{{\"title\": \"Last\", \"text\": \"It stayed.\"}}{}", "\n".repeat(n as usize));
        let elsewhere = import(&store, key(3).as_bytes()).await;
        assert_eq!(elsewhere.unchanged, 1, "on which line it stands doesn't matter");
        let other = import(&store, br#"{"title": "First", "text": "It sank."}"#).await;
        assert_eq!(other.new, 1, "nor is another article without a key taken for it");
    })
    .await;
}

#[tokio::test]
async fn progress_is_told_after_each_batch_that_is_kept() {
    each(async |place| {
        let store = place.open().await;
        let lines: String = (0..600)
            .map(|n| format!("{{\"id\": \"{n}\", \"title\": \"Boat\", \"text\": \"{}\"}}\n", body(n, 1)))
            .collect();
        let told = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&told);
        let progress = move |so_far: &Imported| keep.lock().unwrap().push(so_far.lines);
        let all = store.import(SHARED, Cursor::new(lines), progress).await.unwrap();
        assert_eq!((all.lines, all.new), (600, 600));
        let told = told.lock().unwrap();
        assert!(told.len() > 1 && told.is_sorted() && told.last() == Some(&600), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn an_input_that_breaks_off_is_told_and_what_came_is_kept() {
    each(async |place| {
        struct Broken;
        impl io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the cable is out"))
            }
        }
        let store = place.open().await;
        let lines: String = (0..300)
            .map(|n| format!("{{\"id\": \"{n}\", \"title\": \"Boat\", \"text\": \"{}\"}}\n", body(n, 1)))
            .collect();
        let input = io::BufReader::new(io::Read::chain(Cursor::new(lines), Broken));
        let error = store.import(SHARED, input, |_| ()).await.unwrap_err();
        assert!(matches!(&error.problem, Problem::Io(io) if io.to_string() == "the cable is out"), "{error}");
        assert_eq!(store.count(SHARED).await.unwrap(), 256, "one batch was whole");
    })
    .await;
}

async fn export_all(store: &Store) -> String {
    let mut out = Vec::new();
    let told = store.export_all(&mut out).await.unwrap();
    assert_eq!(told.bytes, out.len() as u64);
    String::from_utf8(out).unwrap()
}

/// Imports each line into the collection that it names.
async fn import_all(store: &Store, lines: &str) -> Imported {
    let from = LinesFrom { name: "article", ..LinesFrom::default() };
    store.import_lines(from, Cursor::new(lines.to_owned()), |_| ()).await.unwrap()
}

#[tokio::test]
async fn all_collections_are_moved_and_none_is_mixed_with_another() {
    each(async |place| {
        let (here, _kept) = sqlite().open_kept().await;
        fill(&here).await;
        for (name, key, words) in [("zoo", "c", "It ran."), ("club", "c", "It ran."), ("club", "own", "It sang.")] {
            let into = here.collection(name).await.unwrap();
            here.add(into, &article(key, "C", words)).await.unwrap();
        }
        // More than are written at once.
        let club = here.collection("club").await.unwrap();
        let boats: Vec<_> = (0..150).map(|n| article(&format!("boat-{n}"), "Boat", &body(n, 1))).collect();
        here.add_all(club, &boats).await.unwrap();
        let lines = export_all(&here).await;
        let of = |name: &str| lines.matches(&format!("\"collection\":\"{name}\"")).count();
        assert_eq!((of("club"), of("zoo"), of("shared"), lines.lines().count()), (152, 1, 0, 159));
        let there = place.open().await;
        // One of them is there, with another number.
        there.collection("zoo").await.unwrap();
        let imported = import_all(&there, &lines).await;
        assert_eq!((imported.new, imported.refused), (159, 0), "{imported:?}");
        assert_eq!(export_all(&there).await, lines);
        assert_eq!(import_all(&there, &lines).await.unchanged, 159);
        assert_eq!(export_all(&there).await, lines);
        let own = there.collection("club").await.unwrap();
        assert_eq!(there.get(own, "own").await.unwrap().unwrap().article, article("own", "C", "It sang."));
        assert!(there.get(SHARED, "own").await.unwrap().is_none());
        let mut one = Vec::new();
        there.export(own, &mut one).await.unwrap();
        assert_eq!(String::from_utf8(one.clone()).unwrap().lines().count(), 152);
        // Into one that is named, whatever the lines say.
        let other = there.collection("other").await.unwrap();
        there.import(other, Cursor::new(one), |_| ()).await.unwrap();
        assert_eq!((there.count(other).await.unwrap(), there.count(own).await.unwrap()), (152, 152));
    })
    .await;
}

#[tokio::test]
async fn only_an_export_decides_on_collections() {
    each(async |place| {
        let store = place.open().await;
        let foreign = r#"{"id": "a", "collection": "news-2020", "text": "It left."}"#;
        assert_eq!(import_all(&store, foreign).await.new, 1);
        assert!(store.get(SHARED, "a").await.unwrap().is_some());
        assert_eq!(store.collections().await.unwrap().len(), 1);
        let club = store.collection("club").await.unwrap();
        store.add(club, &article("b", "B", "It came.")).await.unwrap();
        let mut line = Vec::new();
        store.export(club, &mut line).await.unwrap();
        let line = String::from_utf8(line).unwrap();
        let bad = line.replace("\"club\"", "\"cl\\u0000ub\"");
        let imported = import_all(&store, &format!("{bad}{line}")).await;
        assert_eq!((imported.refused, imported.unchanged), (1, 1), "{imported:?}");
        assert!(imported.refusals[0].reason.contains("collection"), "{imported:?}");
        let error = store.export(CollectionId(99), Vec::new()).await.unwrap_err();
        assert!(error.to_string().contains("no collection 99"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn an_output_that_is_full_is_told() {
    let (store, _place) = sqlite().open_kept().await;
    store.add(SHARED, &article("a", "A", "It left.")).await.unwrap();
    let mut small = [0_u8; 10];
    let error = store.export(SHARED, &mut small[..]).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Io(_)), "{error}");
}

impl Place {
    /// An open store, and its place, which must outlive it.
    async fn open_kept(self) -> (Store, Self) {
        (self.open().await, self)
    }
}

/// Articles of any text, shape and metadata.
fn articles() -> impl Strategy<Value = Vec<Article>> {
    let kinds = [BlockKind::Title, BlockKind::Heading, BlockKind::Paragraph, BlockKind::ListItem, BlockKind::Furniture];
    let blocks = proptest::collection::vec((0..kinds.len(), "[ \\n\u{0}é]{0,4}", "\\PC{1,60}"), 0..6);
    let one = ("[a-c]", blocks, "\\PC{0,12}", proptest::option::of("https://e\\.org/[a-b]")).prop_map(
        move |(key, blocks, title, url)| {
            let mut draft = Draft { meta: Metadata { title, url, ..Metadata::default() }, ..Draft::default() };
            for (kind, gap, words) in blocks {
                draft.text.push_str(&gap);
                let start = draft.text.len();
                draft.text.push_str(&words);
                draft.blocks.push(Block { span: Span::new(start, draft.text.len()), kind: kinds[kind] });
            }
            Article::from_draft(key, draft).unwrap()
        },
    );
    proptest::collection::vec(one, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_was_added_is_moved_whole(given in articles(), removed in "[a-c]") {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let (here, _kept) = sqlite().open_kept().await;
            for article in &given {
                let added = here.add(SHARED, article).await.unwrap();
                let stored = here.article(added.id).await.unwrap().unwrap().article;
                assert_eq!((stored.text(), stored.blocks(), stored.sentences(), stored.meta()),
                    (article.text(), article.blocks(), article.sentences(), article.meta()));
                let again = here.add(SHARED, article).await.unwrap();
                assert_eq!((again.outcome, again.id), (Outcome::Unchanged, added.id));
            }
            here.remove(SHARED, &removed).await.unwrap();
            let lines = export(&here).await;
            let (there, _kept) = sqlite().open_kept().await;
            import(&there, &lines).await;
            assert_eq!(export(&there).await, lines);
        });
    }
}
