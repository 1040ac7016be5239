//! `/about`: what this is and what it holds.

use crate::reply::{Block, Outcome, Reply};
use crate::router::table::Spec;
use crate::router::{Desk, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "about",
    about: "What Byline is, its version, and what is loaded",
    options: &[],
    parts: &[],
    example: "about",
    run: |desk, _| Box::pin(async { Ok(run(desk)) }),
};

fn run(desk: &Desk) -> Reply {
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
            present::counted(desk.book().len(), "quotation")
        )));
    let outlets = library.outlets();
    if !outlets.is_empty() {
        reply = reply.with(item("Outlets", outlets.join(", ")));
    }
    reply
}
