//! `/speakers`: who is quoted most.

use super::{OUTLET, SINCE};
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "speakers",
    about: "Who is quoted most: everywhere, in one article, by an outlet or since a day",
    options: &[
        OptionSpec {
            name: "article",
            about: "Only this article: its number in the list, or words of its title",
            kind: Kind::Article,
            required: false,
        },
        OUTLET,
        SINCE,
    ],
    parts: &[],
    example: "speakers --since 2026-09-01",
    audience: Audience::Everyone,
    run: |request, args| Box::pin(run(&request.desk, args)),
};

/// Speakers on one page.
const PER_PAGE: usize = 20;

async fn run(desk: &Desk, args: &Args) -> Result<Reply, Problem> {
    let book = desk.book().await?;
    let filter = desk.filter(args)?;
    let most = book.most_quoted(desk.library(), &filter);
    let unnamed = (most.unnamed > 0).then(|| {
        let of = present::counted(most.unnamed, "quotation");
        let loose = if most.unattributed > 0 {
            format!("; of {} nothing tells whose they are (/said unattributed)", most.unattributed)
        } else {
            String::new()
        };
        Block::Text(format!("Besides, {of} of speakers whom the articles do not name{loose}."))
    });
    if most.speakers.is_empty() {
        let reply =
            Reply::text(Outcome::NotInArticles, format!("Nobody is quoted by name. {}", present::held(desk.library())));
        return Ok(unnamed.into_iter().fold(reply, Reply::with));
    }
    let item = |share: &crate::quotes::Share| Block::Item {
        name: share.name.clone(),
        about: if filter.article.is_some() {
            present::counted(share.quotations, "quotation")
        } else {
            let articles = present::counted(share.articles, "article");
            format!("{} in {articles}", present::counted(share.quotations, "quotation"))
        },
    };
    let heading = match filter.article {
        Some(id) => format!("Who is quoted in “{}”:", desk.library().article(id).meta().title),
        None => format!("{}, most quoted first:", present::counted(most.speakers.len(), "speaker")),
    };
    let pages = most.speakers.chunks(PER_PAGE).map(|page| page.iter().map(item).collect()).collect();
    let reply = Reply { pages, ..Reply::new(Outcome::Answered) }.with(Block::Heading(heading));
    Ok(unnamed.into_iter().fold(reply, Reply::with))
}
