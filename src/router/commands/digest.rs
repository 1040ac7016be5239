//! `/digest`: what is new, story by story, in the articles' own sentences.

use jiff::Zoned;
use jiff::civil::Date;

use crate::article::Published;
use crate::digest::daily::{self, Wanted};
use crate::digest::plan::MOST_STORIES;
use crate::library::{Filter, Library};
use crate::reply::{Block, Outcome, Reply};
use crate::router::edition::Edition;
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, verdicts};

const SINCE: OptionSpec = OptionSpec {
    name: "since",
    about: "The first day that counts (2026-11-23, “7 days”); yesterday if not given",
    kind: Kind::Day,
    required: false,
};

const SIZE: OptionSpec = OptionSpec {
    name: "size",
    about: "The most stories; 5 if not given",
    kind: Kind::Number { min: 1, max: MOST_STORIES },
    required: false,
};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "digest",
    about: "What is new, story by story, and who spoke",
    options: &[],
    parts: &[
        Spec {
            name: "preview",
            about: "What the digest would hold, and why each article is in or out",
            options: &[SINCE, SIZE],
            parts: &[],
            example: "digest preview --since \"7 days\"",
            audience: Audience::Everyone,
            run: |request, args| Box::pin(answer(&request.desk, args, true)),
        },
        Spec {
            name: "now",
            about: "The digest of what is new, at once",
            options: &[SINCE, SIZE],
            parts: &[],
            example: "digest now",
            audience: Audience::Everyone,
            run: |request, args| Box::pin(answer(&request.desk, args, false)),
        },
    ],
    example: "",
    // Never run: one of the parts is.
    audience: Audience::Everyone,
    run: |request, args| Box::pin(answer(&request.desk, args, false)),
};

/// Verdicts on one page.
const PER_PAGE: usize = 20;

async fn answer(desk: &Desk, args: &Args, reasons: bool) -> Result<Reply, Problem> {
    let library = desk.library();
    let today = Zoned::now().date();
    let since = args.day("since").unwrap_or_else(|| today.yesterday().unwrap_or(today));
    let wanted = Wanted {
        filter: Filter { since: Some(since), ..Filter::default() },
        size: args.number("size").map_or(daily::SIZE, |size| size as usize),
        ..Wanted::default()
    };
    let book = desk.book().await?;
    let digest = daily::compose(library, book, &wanted);
    let reply = if digest.stories.is_empty() {
        nothing_new(library, since)
    } else {
        Edition::of(library, book, &digest, format!("Digest since {}", written(since))).reply()
    };
    if !reasons || library.is_empty() {
        return Ok(reply);
    }
    let pages = verdicts::blocks(library, &digest).chunks(PER_PAGE).map(<[Block]>::to_vec).collect();
    Ok(Reply { pages, ..reply.with(Block::Heading("Why each article is in or out".to_owned())) })
}

fn nothing_new(library: &Library, since: Date) -> Reply {
    let newest = library.dates().map(|(_, newest)| newest.date).filter(|newest| *newest < since);
    let hint = newest.map_or_else(String::new, |newest| {
        format!(
            " The newest article is of {}: /digest preview --since {newest} shows what would have been told then.",
            written(newest)
        )
    });
    Reply::text(Outcome::NotInArticles, format!("Nothing is new since {}.{hint}", written(since)))
}

fn written(day: Date) -> String {
    Published::on(day).to_string()
}
