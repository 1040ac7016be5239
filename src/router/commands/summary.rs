//! `/summary`: an article in a few of its own sentences.

use crate::digest;
use crate::reply::{Block, Outcome, Quoted, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, Settings};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "summary",
    about: "An article in a few sentences of its own",
    options: &[OptionSpec { name: "article", about: "Its title, or words of it", kind: Kind::Article, required: true }],
    parts: &[],
    example: "summary dust ring",
    audience: Audience::Everyone,
    run: |request, args| Box::pin(async { run(&request.desk, request.settings, args) }),
};

fn run(desk: &Desk, settings: Settings, args: &Args) -> Result<Reply, Problem> {
    let id = desk.article(args.quote("article").unwrap_or_default())?;
    let sentences = digest::summary(desk.library().article(id), settings.summary_sentences);
    Ok(match Quoted::stretches(desk.library(), id, &sentences) {
        Some(quoted) => Reply::new(Outcome::Answered).with(Block::Quote(quoted)),
        None => Reply::text(Outcome::NotInArticles, "No sentence of this article stands well on its own."),
    })
}
