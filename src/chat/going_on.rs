//! Plain language that goes on from an answer: “and what did she say about the roof?”

use super::kept::Kept;
use super::talk::{GoesOn, Subject, goes_on};
use crate::reply::{Checked, Outcome};
use crate::router::{Args, Place, Router, table};

/// The answer to a text, which may go on from the answer `before` it.
pub async fn answer(router: &Router, place: &Place, text: &str, before: Option<&Kept>) -> Checked {
    match before.map(subject).and_then(|subject| goes_on(text, &subject)) {
        Some(GoesOn::About(sentence)) => router.answer_text(place, &sentence).await,
        Some(GoesOn::Within(question)) => {
            let within = within(router, place, before, &question).await;
            match within.filter(|reply| reply.outcome == Outcome::Answered) {
                Some(reply) => reply,
                None => router.answer_text(place, text).await,
            }
        }
        None => router.answer_text(place, text).await,
    }
}

/// Whether a text goes on from the answer before it, and so means little without it.
#[must_use]
pub fn leans_on(text: &str, before: Option<&Kept>) -> bool {
    before.map(subject).is_some_and(|subject| goes_on(text, &subject).is_some())
}

fn subject(kept: &Kept) -> Subject {
    Subject { speaker: kept.speaker().map(str::to_owned), article: kept.article().is_some() }
}

/// The answer to a question from the article of the last answer.
async fn within(router: &Router, place: &Place, before: Option<&Kept>, question: &str) -> Option<Checked> {
    let desk = router.desk(place).await.ok()?;
    let article = desk.library().by_stored(before?.article()?)?;
    let spec = table::find("ask")?;
    let mut args = Args::default();
    args.set(spec.option("question")?, question).ok()?;
    args.set(spec.option("article")?, desk.library().get(article)?.key()).ok()?;
    Some(router.answer(place, spec, &args).await)
}
