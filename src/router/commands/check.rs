//! `/check`: whether someone really said this.

use super::{OUTLET, SINCE};
use crate::quotes::{Check, Match};
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "check",
    about: "Whether these words were said: exactly, altered (with the differences) or not at all",
    options: &[
        OptionSpec { name: "quote", about: "The words to check", kind: Kind::Words, required: true },
        OUTLET,
        SINCE,
    ],
    parts: &[],
    example: "check “First we find out what is broken”",
    run: |desk, args| Box::pin(async { run(desk, args) }),
};

fn run(desk: &Desk, args: &Args) -> Result<Reply, Problem> {
    let filter = desk.filter(args)?;
    let quote = args.quote("quote").unwrap_or_default();
    let quoted = |found: &Match<'_>| Block::Quote(present::quotation(desk.library(), found.held));
    Ok(match desk.book().check(desk.library(), quote, &filter) {
        Check::Exact(found) => Reply::new(Outcome::Answered)
            .with(Block::Heading("Exact: these words stand in the article.".to_owned()))
            .with(quoted(&found)),
        Check::Altered { closest, difference } => Reply::new(Outcome::Answered)
            .with(Block::Heading("Altered: the article has other words.".to_owned()))
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
