//! `/about`: what this is and what it holds.

use crate::reply::{Block, Outcome, Reply};
use crate::router::commands::feeds;
use crate::router::table::{Audience, Spec};
use crate::router::{Problem, Request, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "about",
    about: "What Byline is, its version, and what is loaded",
    options: &[],
    parts: &[],
    example: "about",
    audience: Audience::Everyone,
    run: |request, _| Box::pin(run(request)),
};

async fn run(request: &Request<'_>) -> Result<Reply, Problem> {
    let desk = &request.desk;
    let library = desk.library();
    let paragraphs: usize = library.iter().map(|(_, article)| article.paragraphs().len()).sum();
    let item = |name: &str, about: String| Block::Item { name: name.to_owned(), about };
    let mut reply = Reply::text(
        Outcome::Told,
        "Byline answers from articles, in the articles' own words, and says who said it. It writes nothing about the news itself.",
    )
    .with(item("Version", env!("CARGO_PKG_VERSION").to_owned()))
    .with(item("Loaded", present::held(library)))
    .with(item("Holds", format!(
            "{}, {}",
            present::counted(paragraphs, "paragraph"),
            present::counted(desk.book().await?.len(), "quotation")
        )));
    let outlets = library.outlets();
    if !outlets.is_empty() {
        reply = reply.with(item("Outlets", outlets.join(", ")));
    }
    if let (Ok(store), Some(collection)) = (request.store(), desk.collection()) {
        let health = feeds::health(&store.feed_health(Some(collection)).await?);
        reply.blocks.extend(health.map(|health| item("Feeds", health)));
    }
    Ok(reply)
}
