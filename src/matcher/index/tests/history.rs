//! Adding, replacing and taking out, in any order.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_index_of_any_history_answers_like_a_fresh_one(
        first in prop::collection::vec(contents(), 0..30),
        batches in prop::collection::vec((changes(), any::<bool>()), 1..7),
        on_disk in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut shelf, mut library) = (Shelf::default(), Library::default());
        for content in first {
            Change::Put(usize::MAX, content).make(&mut shelf, &mut library);
        }
        let open = |library: &Library, seq: i64| {
            if on_disk {
                Matcher::open(folder.path(), library, Seq(seq), |_| ()).unwrap()
            } else {
                Matcher::build(library).unwrap()
            }
        };
        let mut matcher = open(&library, 0);
        let (old, old_library) = (matcher.clone(), library.clone());
        let said = told(&old, &old_library);
        let mut old = Some(old);
        for ((batch, reopen), seq) in batches.into_iter().zip(1..) {
            let mut next = library.clone();
            let changed: Vec<ArticleId> = batch.iter().filter_map(|c| c.make(&mut shelf, &mut next)).collect();
            if reopen {
                // Another process: its library numbers the articles anew.
                if let Some(old) = old.take() {
                    prop_assert_eq!(&told(&old, &old_library), &said);
                }
                drop(matcher);
                library = shelf.library();
                matcher = open(&library, seq);
            } else {
                matcher = matcher.updated(&next, &changed, Seq(seq)).unwrap();
                library = next;
            }
            prop_assert_eq!(matcher.seq() == Seq(seq), on_disk || !reopen);
            check(&matcher, &library, &shelf);
        }
        // What was asked of the first snapshot is answered as it was, whatever was written and merged since.
        if let Some(old) = old {
            prop_assert_eq!(told(&old, &old_library), said);
        }
    }
}

fn segments(matcher: &Matcher) -> Vec<String> {
    matcher.index.segments().map(|segment| segment.name()).collect()
}

#[test]
fn adding_one_article_writes_that_article_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::of(30);
    let mut library = shelf.library();
    let matcher = Matcher::open(folder.path(), &library, Seq(30), |_| ()).unwrap();
    let before = segments(&matcher);
    let id = Change::Put(usize::MAX, content(3)).make(&mut shelf, &mut library).unwrap();
    let after = matcher.updated(&library, &[id], Seq(31)).unwrap();
    assert_eq!(segments(&after)[..before.len()], before);
    let new = after.index.segments().last().unwrap();
    assert_eq!(new.documents() as usize, documents::count(library.article(id)));
}

#[test]
fn a_matcher_that_is_not_the_newest_can_be_updated() {
    let shelf = Shelf::of(8);
    let library = shelf.library();
    let matcher = Matcher::build(&library).unwrap();
    for n in 0..4 {
        let (mut shelf, mut library) = (shelf.clone(), library.clone());
        let mut changes = vec![Change::Put(n, content(40)), Change::Remove(n + 1)];
        if n < 3 {
            changes.push(Change::Put(usize::MAX, content(41)));
        }
        let changed: Vec<ArticleId> = changes.iter().filter_map(|c| c.make(&mut shelf, &mut library)).collect();
        check(&matcher.updated(&library, &changed, Seq(1)).unwrap(), &library, &shelf);
    }
    check(&matcher, &library, &shelf);
}

#[test]
fn segments_stay_few_and_articles_stay_together_through_merges() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shelf, mut library) = (Shelf::default(), Library::default());
    let mut matcher = Matcher::open(folder.path(), &library, Seq(0), |_| ()).unwrap();
    for n in 0..100 {
        let change = match n % 5 {
            0..3 => Change::Put(usize::MAX, content(n)),
            3 => Change::Put(usize::try_from(n / 3).unwrap(), content(n)),
            _ => Change::Remove(usize::try_from(n / 4).unwrap()),
        };
        let changed: Vec<ArticleId> = change.make(&mut shelf, &mut library).into_iter().collect();
        matcher = matcher.updated(&library, &changed, Seq(n + 1)).unwrap();
    }
    matcher.keeper.settle();
    // The segments as they are after the last merge. A run that was torn apart could not be read.
    let last = Change::Put(usize::MAX, content(7)).make(&mut shelf, &mut library).unwrap();
    matcher = matcher.updated(&library, &[last], Seq(101)).unwrap();
    assert!(matcher.index.segments.len() <= 5, "{matcher:?}");
    check(&matcher, &library, &shelf);
}
