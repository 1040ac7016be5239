//! `/said`: what someone is quoted with.

use super::{OUTLET, SINCE, UNTIL, ask};
use crate::quotes::Said;
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, Request, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "said",
    about: "What someone is quoted with, newest first",
    options: &[
        OptionSpec { name: "speaker", about: "Whose words", kind: Kind::Speaker, required: true },
        OptionSpec { name: "about", about: "Only what they said about this", kind: Kind::Words, required: false },
        OUTLET,
        SINCE,
        UNTIL,
    ],
    parts: &[],
    example: "said Margit Osei --about the pool",
    audience: Audience::Everyone,
    run: |request, args| Box::pin(run(request, args)),
};

/// Quotations on one page.
const PER_PAGE: usize = 3;

async fn run(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let desk = &request.desk;
    let book = desk.book().await?;
    let filter = desk.filter(args)?;
    let (speaker, about) = (args.quote("speaker").unwrap_or_default(), args.quote("about"));
    let said = book.said(desk.library(), speaker, about, &filter);
    let topic = about.map(|about| format!(" about “{about}”")).unwrap_or_default();
    if said.quotations.is_empty()
        && let Some(sentence) = args.sentence()
    {
        return ask::instead(request, sentence).await;
    }
    match &said.speaker {
        Some(name) if !said.quotations.is_empty() => {
            let count = present::counted(said.quotations.len(), "quotation");
            let pages = said
                .quotations
                .chunks(PER_PAGE)
                .map(|page| page.iter().map(|held| Block::Quote(present::quotation(desk.library(), held))).collect())
                .collect();
            let heading = Block::Heading(format!("{name}{topic}: {count}"));
            Ok(Reply { pages, ..Reply::new(Outcome::Answered) }.with(heading))
        }
        _ => Ok(not_quoted(desk, speaker, &said, &topic)),
    }
}

/// That nobody of this name is quoted, or nothing of theirs about the topic.
pub(super) fn not_quoted(desk: &Desk, speaker: &str, said: &Said<'_>, topic: &str) -> Reply {
    let held = present::held(desk.library());
    let words = match &said.speaker {
        Some(name) => format!("{name} is not quoted{topic}. {held}"),
        None => {
            let near = said.suggestions.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ");
            let near = if near.is_empty() { near } else { format!(" Similar names: {near}.") };
            format!("Nobody called “{speaker}” is quoted.{near} {held}")
        }
    };
    Reply::text(Outcome::NotInArticles, words)
}
