//! `/check`: whether someone really said this.

use super::{OUTLET, SINCE};
use crate::library::Filter;
use crate::quotes::{Check, Match, QuoteBook};
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "check",
    about: "Whether these words were said: exactly, altered (with the differences) or not at all",
    options: &[
        OptionSpec { name: "quote", about: "The words to check", kind: Kind::Words, required: true },
        OptionSpec { name: "speaker", about: "Who is said to have said them", kind: Kind::Speaker, required: false },
        OUTLET,
        SINCE,
    ],
    parts: &[],
    example: "check “First we find out what is broken”",
    audience: Audience::Everyone,
    run: |request, args| Box::pin(run(&request.desk, args)),
};

async fn run(desk: &Desk, args: &Args) -> Result<Reply, Problem> {
    let book = desk.book().await?;
    let filter = desk.filter(args)?;
    let quote = args.quote("quote").unwrap_or_default();
    let quoted = |found: &Match<'_>| Block::Quote(present::quotation(desk.library(), found.held));
    let verdict = |verdict: &str, found: &Match<'_>| {
        let mut reply = Reply::new(Outcome::Answered).with(Block::Heading(verdict.to_owned()));
        if let Some(asked) = args.quote("speaker").filter(|asked| !is_said_by(desk, book, found, asked)) {
            reply = reply.with(Block::Text(format!("The article does not give these words to {asked}.")));
        }
        reply
    };
    Ok(match book.check(desk.library(), quote, &filter) {
        Check::Exact(found) => verdict("Exact: these words stand in the article.", &found).with(quoted(&found)),
        Check::Altered { closest, difference } => verdict("Altered: the article has other words.", &closest)
            .with(Block::Difference(difference))
            .with(quoted(&closest)),
        Check::NotHeld { nearest } => {
            let reply = Reply::text(
                Outcome::NotInArticles,
                format!("Not held: no stored quotation comes close to these words. {}", present::held(desk.library())),
            );
            match nearest {
                Some(found) => reply.with(Block::Heading("The nearest quotation:".to_owned())).with(quoted(&found)),
                None => reply,
            }
        }
    })
}

/// Whether the quotation is one of those that `asked` is quoted with, or its speaker's words name them.
fn is_said_by(desk: &Desk, book: &QuoteBook, found: &Match<'_>, asked: &str) -> bool {
    let theirs = book.said(desk.library(), asked, None, &Filter::default()).quotations;
    let words = present::quotation(desk.library(), found.held).speaker.unwrap_or_default().to_lowercase();
    theirs.contains(&found.held) || words.contains(&asked.to_lowercase())
}
