//! “Wrong speaker”, said of an answer: the quotations in it that are somebody's, and the `/correct` that says whose one of them
//! is.

use super::kept::{Kept, RestoreError};
use crate::library::store::Store;
use crate::reply::{Block, Checked, Quoted};
use crate::router::table::{self, Spec};
use crate::router::{Args, COMMAND_MARK, Place, Problem, Router};

/// So many characters of a quotation are enough to find it again in its article.
const ENOUGH: usize = 500;

/// A quotation in an answer that is said to be somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributed {
    /// Its words, or the first of them.
    pub words: String,
    /// Whose it is said to be.
    pub speaker: String,
    /// The key of its article.
    pub article: String,
}

/// The quotations on a page of an answer that are said to be somebody's, in the order in which they are shown.
///
/// # Errors
/// [`RestoreError`], where the page can't be shown again.
pub async fn attributed(kept: &Kept, page: usize, store: &Store) -> Result<Vec<Attributed>, RestoreError> {
    let reply = kept.page(store, page, false).await?;
    let shown = reply.blocks.iter().chain(reply.pages.get(page).into_iter().flatten());
    let quoted = shown.filter_map(|block| match block {
        Block::Quote(quoted) => Some(quoted),
        _ => None,
    });
    Ok(quoted.filter_map(of).collect())
}

fn of(quoted: &Quoted) -> Option<Attributed> {
    let speaker = quoted.speaker.clone()?;
    let marked = quoted.pieces.iter().flat_map(|piece| {
        piece.marked.iter().filter_map(|mark| {
            let from = mark.start.checked_sub(piece.span.start)? as usize;
            piece.text.get(from..from + mark.len())
        })
    });
    let words = marked.collect::<Vec<_>>().join(" ");
    let words: String = words.chars().take(ENOUGH).collect();
    (!words.trim().is_empty()).then(|| Attributed { words, speaker, article: quoted.source.article.clone() })
}

/// The command that says that a quotation is `speaker`'s.
///
/// # Errors
/// [`Problem`], where that can be nobody's name.
pub fn correction(quotation: &Attributed, speaker: &str) -> Result<(&'static Spec, Args), Problem> {
    let unknown = || Problem::UnknownCommand { typed: CORRECT.to_owned(), near: None };
    let spec = table::find(CORRECT).ok_or_else(unknown)?;
    let mut args = Args::default();
    let values = [("quote", quotation.words.as_str()), ("speaker", speaker), ("article", &quotation.article)];
    for (name, value) in values {
        args.set(spec.option(name).ok_or_else(unknown)?, value)?;
    }
    args.complete(spec).map(|args| (spec, args))
}

const CORRECT: &str = "correct";

/// The name in a `/correct NAME` or `/correct --speaker NAME` that is said in reply to an answer; nothing for a line that says
/// itself which quotation it means, and for words that are the quotation's rather than a name.
#[must_use]
pub fn name_in<'l>(line: &'l str, quotations: &[Attributed]) -> Option<&'l str> {
    let rest = line.trim().strip_prefix(COMMAND_MARK)?.strip_prefix(CORRECT)?;
    let rest = rest.strip_prefix(char::is_whitespace)?.trim();
    let name = match rest.strip_prefix("--speaker") {
        Some(name) => name.strip_prefix(char::is_whitespace)?,
        None => rest,
    };
    let name = name.trim().trim_matches(['"', '“', '”', '„']).trim();
    let quoted = |one: &Attributed| one.words.to_lowercase().contains(&name.to_lowercase());
    let of_quotation = name.contains(char::is_whitespace) && quotations.iter().any(quoted);
    (!name.is_empty() && !name.contains("--") && !of_quotation).then_some(name)
}

/// What becomes of a line that is said in reply to a page of an answer, where it is “wrong speaker”: `/correct NAME`. Nothing for
/// any other line.
pub async fn answer(
    router: &Router,
    place: &Place,
    line: &str,
    (kept, page): (&Kept, usize),
    store: &Store,
) -> Option<Checked> {
    // Most lines are something else: nothing is read for them.
    name_in(line, &[])?;
    let quotations = match attributed(kept, page, store).await {
        Ok(quotations) => quotations,
        Err(error) => {
            tracing::warn!(%error, "what an answer quotes is not known");
            return None;
        }
    };
    let name = name_in(line, &quotations)?;
    let parsed = match &quotations[..] {
        [] => return None,
        [one] => correction(one, name),
        several => Err(Problem::WhichQuotation(several.len())),
    };
    Some(match parsed {
        Ok((spec, args)) => router.answer(place, spec, &args).await,
        Err(problem) => router.refuse(problem),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};
    use crate::library::store::{SHARED, StoreUrl};
    use crate::reply::Outcome;
    use crate::router::{Desks, Settings};

    const LOCK: &str = "Lock opens

“The lock is open,” said Ann Lee.

The keeper was late. It rained.

“The gate is stiff,” said Bob Poe.
";

    #[tokio::test]
    async fn who_replies_to_an_answer_with_a_name_corrects_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
        store.add(SHARED, &read_text("lock", LOCK, Format::Text).unwrap()).await.unwrap();
        let router = Router::over(Desks::new(store.clone(), folder.path().join("index"), Settings::default()));
        let place = Place::console();
        let reply = router.answer_text(&place, "/who the lock is open").await;
        let kept = Kept::of(&reply, router.desk(&place).await.unwrap().library(), "who", "").unwrap();
        let said = |line: &'static str| answer(&router, &place, line, (&kept, 0), &store);
        for line in ["/correct", "/correct the lock is open --speaker Bob Poe", "/said Bob Poe", "Bob Poe"] {
            assert!(said(line).await.is_none(), "{line}");
        }
        let told = said("/correct Bob Poe").await.unwrap();
        assert_eq!(told.outcome, Outcome::Told, "{told:?}");
        let bob = router.answer_text(&place, "/said Bob Poe").await;
        assert_eq!(bob.quotations().count(), 2, "{bob:?}");
        // On a page with two of them it is not plain which one is meant.
        let kept = Kept::of(&bob, router.desk(&place).await.unwrap().library(), "said", "").unwrap();
        let which = answer(&router, &place, "/correct Ann Lee", (&kept, 0), &store).await.unwrap();
        assert_eq!(which.outcome, Outcome::Refused, "{which:?}");
        // Who manages nothing is told so by the command itself.
        let guest = Place { manager: false, ..Place::console() };
        let kept = Kept::of(&reply, router.desk(&place).await.unwrap().library(), "who", "").unwrap();
        let refused = answer(&router, &guest, "/correct Carl Zed", (&kept, 0), &store).await.unwrap();
        assert_eq!(refused.outcome, Outcome::Refused);
    }

    #[test]
    fn a_reply_names_the_speaker_and_no_more() {
        let quotations = [Attributed {
            words: "Ann Lee never saw the bridge,".into(),
            speaker: "Bob Poe".into(),
            article: "bridge".into(),
        }];
        for (line, name) in [
            ("/correct Carl Zed", Some("Carl Zed")),
            ("/correct “Carl Zed”", Some("Carl Zed")),
            ("/correct --speaker \"Carl Zed\"", Some("Carl Zed")),
            ("/correct as found", Some("as found")),
            ("/correct never saw the bridge", None),
            ("/correct the bridge --speaker Carl", None),
            ("/correct --speaker Carl --article 3", None),
            ("/correct --speaker", None),
            ("/correct --speakers Carl", None),
            ("/correct", None),
            ("/corrects Carl", None),
            ("/ask Carl", None),
            ("who was it?", None),
        ] {
            assert_eq!(name_in(line, &quotations), name, "{line}");
        }
    }

    #[test]
    fn the_correction_is_the_command_of_the_table() {
        let quotation = Attributed { words: "The bridge is safe,".into(), speaker: "she".into(), article: "b".into() };
        let (spec, args) = correction(&quotation, " Carl Zed ").unwrap();
        assert_eq!(spec.name, "correct");
        let words = ["quote", "speaker", "article"].map(|name| args.words(name));
        assert_eq!(words, [Some("The bridge is safe,"), Some("Carl Zed"), Some("b")]);
        assert!(matches!(correction(&quotation, " "), Err(Problem::Missing { option: "speaker", .. })));
    }
}
