//! `/digest`: what is new, story by story, in the articles' own sentences; at once, or each day at an hour.

mod order;

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::article::Published;
use crate::digest::daily::{self, Wanted};
use crate::digest::plan::{self, MOST_STORIES, PlanError};
use crate::library::{Filter, Library};
use crate::reply::{Block, Outcome, Reply};
use crate::router::edition::Edition;
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, DeskError, Problem, Request, verdicts};

const SINCE: OptionSpec = OptionSpec {
    name: "since",
    about: "The first day that counts (2026-11-23, “7 days”); if not given, what this channel has not had",
    kind: Kind::Day,
    required: false,
};

pub(super) const SIZE: OptionSpec = OptionSpec {
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
            run: |request, args| Box::pin(answer(request, args, true)),
        },
        Spec {
            name: "now",
            about: "The digest of what is new, at once",
            options: &[SINCE, SIZE],
            parts: &[],
            example: "digest now",
            audience: Audience::Everyone,
            run: |request, args| Box::pin(answer(request, args, false)),
        },
        order::SET,
        order::SHOW,
        order::OFF,
    ],
    example: "",
    // Never run: one of the parts is.
    audience: Audience::Everyone,
    run: |request, args| Box::pin(answer(request, args, false)),
};

/// Digests that are composed at a time for those who ask: what was begun goes on after they have stopped waiting.
static COMPOSING: Semaphore = Semaphore::const_new(2);

/// Verdicts on one page.
const PER_PAGE: usize = 20;

async fn answer(request: &Request<'_>, args: &Args, reasons: bool) -> Result<Reply, Problem> {
    let desk = &request.desk;
    let library = desk.library();
    let today = Zoned::now().date();
    // Without a day, what the channel's next digest would be made of; where none is ordered, the last two days.
    let (mut wanted, since) = match (args.day("since"), ordered(request).await?) {
        (None, Some((wanted, since))) => (wanted, since),
        (since, _) => {
            let since = since.unwrap_or_else(|| today.yesterday().unwrap_or(today));
            (Wanted { filter: Filter { since: Some(since), ..Filter::default() }, ..Wanted::default() }, since)
        }
    };
    if let Some(size) = args.number(SIZE.name) {
        wanted.size = size as usize;
    }
    let book = Arc::clone(desk.book().await?);
    let (composing, with) = (Arc::clone(desk), Arc::clone(&book));
    // It compares articles with each other, for up to seconds: not on the threads that answer.
    let turn = COMPOSING.acquire().await;
    let digest = spawn_blocking(move || {
        let _turn = turn;
        daily::compose(composing.library(), &with, &wanted)
    });
    let digest = digest.await;
    let digest = digest.map_err(DeskError::from)?;
    let reply = if digest.stories.is_empty() {
        nothing_new(library, since)
    } else {
        Edition::of(library, &book, &digest, format!("Digest since {}", written(since))).reply()
    };
    if !reasons || library.is_empty() {
        return Ok(reply);
    }
    let pages = verdicts::blocks(library, &digest).chunks(PER_PAGE).map(<[Block]>::to_vec).collect();
    Ok(Reply { pages, ..reply.with(Block::Heading("Why each article is in or out".to_owned())) })
}

/// What the next digest of the channel that asks would be made of, and since which day; nothing where none is ordered.
async fn ordered(request: &Request<'_>) -> Result<Option<(Wanted, Date)>, Problem> {
    let (Ok(store), Some(channel)) = (request.store(), &request.place.channel) else { return Ok(None) };
    let place = request.place;
    let Some(community) = store.known_community(&place.network, &place.community).await? else { return Ok(None) };
    let plan = match plan::get(store, community.id, channel).await {
        Ok(Some(plan)) => plan,
        // Of one that must be set anew no digest is made.
        Ok(None) | Err(PlanError::ZoneGone(_) | PlanError::NoDay) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let had = store.had(community.id, channel, plan.kept.covered.to).await?;
    let since = plan.kept.covered.at.to_zoned(plan.plan.schedule.zone.clone()).date();
    Ok(Some((plan.wanted(request.desk.library(), &had, Timestamp::now()), since)))
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
