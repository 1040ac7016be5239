//! `/articles`: what is loaded, and what managers add to it and take out of it.

mod add;
mod allowance;
mod versions;

use super::{OUTLET, SINCE};
use crate::article::{Article, BlockKind};
use crate::library::ArticleId;
use crate::reply::{Block, Outcome, Quoted, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, Request, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "articles",
    about: "The articles that are loaded",
    options: &[],
    parts: &[
        Spec {
            name: "list",
            about: "All articles, newest first, with their numbers",
            options: &[OUTLET, SINCE],
            parts: &[],
            example: "articles list",
            audience: Audience::Everyone,
            run: |request, args| Box::pin(async { list(&request.desk, args) }),
        },
        Spec {
            name: "show",
            about: "One article: where it is from, its sections, its opening, and what its last version changed",
            options: &[
                ARTICLE,
                OptionSpec {
                    name: "version",
                    about: "Tell what this version changed, not the last one",
                    kind: Kind::Number { min: 1, max: 1_000_000 },
                    required: false,
                },
            ],
            parts: &[],
            example: "articles show 1",
            audience: Audience::Everyone,
            run: |request, args| Box::pin(show(request, args)),
        },
        Spec {
            name: "add",
            about: "Add articles by their addresses, or from files",
            options: add::OPTIONS,
            parts: &[],
            example: "articles add https://news.example/ferry",
            audience: Audience::Managers,
            run: |request, args| Box::pin(add::add(request, args)),
        },
        Spec {
            name: "reload",
            about: "Fetch an article's page again, to see whether it changed",
            options: &[ARTICLE],
            parts: &[],
            example: "articles reload 1",
            audience: Audience::Managers,
            run: |request, args| Box::pin(add::reload(request, args)),
        },
        Spec {
            name: "remove",
            about: "Take an article out, so that it answers no more",
            options: &[ARTICLE],
            parts: &[],
            example: "articles remove 1",
            audience: Audience::Managers,
            run: |request, args| Box::pin(remove(request, args)),
        },
    ],
    example: "",
    // Never run: one of the parts is.
    audience: Audience::Everyone,
    run: |request, args| Box::pin(async { list(&request.desk, args) }),
};

/// The article that a command is about.
const ARTICLE: OptionSpec = OptionSpec {
    name: "article",
    about: "Its number in the list, or words of its title",
    kind: Kind::Article,
    required: true,
};

/// Articles on one page of the list.
const PER_PAGE: usize = 20;

fn list(desk: &Desk, args: &Args) -> Result<Reply, Problem> {
    let filter = desk.filter(args)?;
    let mut articles: Vec<(ArticleId, &Article)> = desk
        .library()
        .iter()
        .map(|(id, article)| (id, &**article))
        .filter(|(id, article)| filter.admits(*id, article))
        .collect();
    // Newest first, undated ones last, and each in the order of loading.
    articles.sort_by_key(|(_, article)| std::cmp::Reverse(article.meta().published.map(|p| p.order_key())));
    let item = |(id, article): &(ArticleId, &Article)| Block::Item {
        name: format!("#{} {}", desk.library().number(*id), article.meta().title),
        about: origin(article),
    };
    let pages = articles.chunks(PER_PAGE).map(|page| page.iter().map(item).collect()).collect();
    let heading = if filter.is_empty() {
        present::held(desk.library())
    } else {
        format!("{} of {}.", articles.len(), present::counted(desk.library().len(), "article"))
    };
    Ok(Reply { pages, ..Reply::text(Outcome::Told, heading) })
}

async fn show(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let desk = &request.desk;
    let id = desk.article(args.quote("article").unwrap_or_default())?;
    let article = desk.library().article(id);
    let item = |name: &str, about: String| Block::Item { name: name.to_owned(), about };
    let quotations = desk.book().await?.of_article(id).len();
    let mut reply = Reply::new(Outcome::Told).with(Block::Heading(article.meta().title.clone()));
    let origin = origin(article);
    if !origin.is_empty() {
        reply = reply.with(item("From", origin));
    }
    if let Some(url) = &article.meta().url {
        reply = reply.with(item("Link", url.clone()));
    }
    reply = reply.with(item(
        "Holds",
        format!(
            "{}, {}",
            present::counted(article.paragraphs().len(), "paragraph"),
            present::counted(quotations, "quotation")
        ),
    ));
    let asked = args.number("version");
    let changed = match desk.library().mark(id) {
        Some(mark) => versions::changed(request, id, mark, asked).await?,
        None if asked.is_some() => return Err(Problem::NothingKept),
        None => None,
    };
    if let Some(mark) = desk.library().mark(id).filter(|mark| mark.version > 1) {
        reply = reply.with(item("Version", format!("{}; the earlier ones are kept", mark.version)));
    }
    let headings: Vec<&str> =
        article.blocks().iter().filter(|b| b.kind == BlockKind::Heading).map(|b| article.slice(b.span)).collect();
    if !headings.is_empty() {
        reply = reply.with(item("Sections", headings.join(" · ")));
    }
    if let Some(first) = article.paragraphs().first() {
        reply = reply.with(Block::Quote(Quoted::passage(desk.library(), id, first.span, &[])));
    }
    Ok(match changed {
        Some(changed) => Reply { pages: changed.pages, ..reply.with(Block::Text(changed.heading)) },
        None => reply,
    })
}

/// Takes an article out, where it is this place's to take out.
async fn remove(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let (store, desk) = (request.store()?, &request.desk);
    let id = desk.article(args.quote("article").unwrap_or_default())?;
    let collection = request.desk_to_change().await?;
    let title = &desk.library().article(id).meta().title;
    let removed = match desk.library().mark(id) {
        Some(mark) => store.remove_article(mark.id).await?,
        None => false,
    };
    request.take_over(collection).await?;
    Ok(if removed {
        Reply::text(Outcome::Told, format!("“{title}” is taken out, and answers no more."))
    } else {
        Reply::text(Outcome::Told, format!("“{title}” was taken out before."))
    })
}

/// `Harbour Courier · Ida Holm · 4 July 2026`, as far as the article says.
fn origin(article: &Article) -> String {
    let meta = article.meta();
    let date = meta.published.map(|published| published.to_string());
    [meta.outlet.clone(), meta.writer().map(str::to_owned), date].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
