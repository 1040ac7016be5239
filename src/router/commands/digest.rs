//! `/digest`: what is new, story by story, in the articles' own sentences.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Zoned;
use jiff::civil::Date;

use crate::article::Published;
use crate::digest::daily::{self, Digest, Member, Part, Story, Verdict, Wanted, Why};
use crate::library::{ArticleId, Filter, Library};
use crate::reply::{Block, Outcome, Quoted, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, present};

/// The most stories that a digest can be asked to have: more would be the list of articles.
const MOST_STORIES: u32 = 20;

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

/// The links that are shown with a story beside its lead article's: as many as a reader might follow.
const MOST_LINKS: usize = 8;

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
    let digest = daily::compose(library, desk.book().await?, &wanted);
    let reply = if digest.stories.is_empty() { nothing_new(library, since) } else { told(library, &digest, since) };
    if !reasons || library.is_empty() {
        return Ok(reply);
    }
    let pages = verdicts(library, &digest).chunks(PER_PAGE).map(<[Block]>::to_vec).collect();
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

/// The digest itself, as it is posted.
fn told(library: &Library, digest: &Digest, since: Date) -> Reply {
    let articles = digest.stories.iter().map(Story::articles).sum();
    let mut reply = Reply::new(Outcome::Answered).with(Block::Heading(format!(
        "Digest since {}: {} from {}",
        written(since),
        stories(digest.stories.len()),
        present::counted(articles, "article")
    )));
    for (place, story) in digest.stories.iter().enumerate() {
        reply = reply.with(Block::Heading(format!("{}. {}", place + 1, said_of(story))));
        if let Part::Correction { of: Some(of) } = story.part {
            reply = reply.with(Block::Text(format!("A correction of {}.", named(library, of))));
        }
        if let Some(quoted) = Quoted::stretches(library, story.lead, &story.sentences) {
            reply = reply.with(Block::Quote(quoted));
        }
        reply.blocks.extend(links(library, story));
    }
    if !digest.voices.is_empty() {
        reply = reply.with(Block::Heading("Who spoke".to_owned()));
        reply.blocks.extend(digest.voices.iter().map(|held| Block::Quote(present::quotation(library, held))));
    }
    reply
}

/// How much is said about a story: `3 articles from 2 outlets · 7 quotations`.
fn said_of(story: &Story) -> String {
    let articles = present::counted(story.articles(), "article");
    let from = if story.outlets > 1 { format!(" from {} outlets", story.outlets) } else { String::new() };
    let quotations = present::counted(story.quotations, "quotation");
    if story.quotations == 0 { format!("{articles}{from}") } else { format!("{articles}{from} · {quotations}") }
}

/// The links of a story: at most [`MOST_LINKS`], corrections first, then one of each outlet, then the others.
fn links(library: &Library, story: &Story) -> Vec<Block> {
    let outlet = |id: ArticleId| library.article(id).meta().outlet.as_ref().map(|outlet| outlet.to_lowercase());
    let mut seen = BTreeSet::from([outlet(story.lead)]);
    let mut members: Vec<(bool, &Member)> =
        story.others.iter().map(|member| (!seen.insert(outlet(member.article)), member)).collect();
    members.sort_by_key(|(again, member)| (!matches!(member.part, Part::Correction { .. }), *again));
    let more = members.len().saturating_sub(MOST_LINKS);
    let mut links: Vec<Block> = members.iter().take(MOST_LINKS).map(|(_, member)| elsewhere(library, member)).collect();
    if more > 0 {
        links.push(Block::Text(format!("… and {} more.", present::counted(more, "article"))));
    }
    links
}

/// Where else a story can be read.
fn elsewhere(library: &Library, member: &Member) -> Block {
    let meta = library.article(member.article).meta();
    let mark = match member.part {
        Part::Report => None,
        Part::Correction { of: None } => Some("a correction".to_owned()),
        Part::Correction { of: Some(of) } => Some(format!("corrects {}", named(library, of))),
        Part::Corrected { .. } => Some("corrected since".to_owned()),
    };
    let parts = [Some(meta.title.clone()), mark, meta.published.map(|p| p.to_string()), meta.url.clone()];
    Block::Item {
        name: meta.outlet.clone().unwrap_or_else(|| "Also".to_owned()),
        about: parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
    }
}

/// What became of every article: those in, story by story; those that were compared and are out; how many never were.
fn verdicts(library: &Library, digest: &Digest) -> Vec<Block> {
    let mut single: Vec<&Verdict> = Vec::new();
    let mut apart: BTreeMap<&str, usize> = BTreeMap::new();
    for verdict in &digest.verdicts {
        match screened(verdict.why) {
            Some(reason) => *apart.entry(reason).or_default() += 1,
            None => single.push(verdict),
        }
    }
    single.sort_by_key(|verdict| match verdict.why {
        Why::Leads { story } => (0, story, 0),
        Why::Joins { story, .. } => (0, story, 1),
        Why::BeyondSize { place } => (1, place, 0),
        _ => (2, 0, 0),
    });
    let one = |verdict: &Verdict| Block::Item {
        name: library.article(verdict.article).meta().title.clone(),
        about: reason(library, verdict.why),
    };
    let several = |(reason, count): (&str, usize)| Block::Item {
        name: present::counted(count, "article"),
        about: format!("out: {reason}"),
    };
    single.into_iter().map(one).chain(apart.into_iter().map(several)).collect()
}

/// Why articles are out without having been compared with others; they are many, so they are only counted.
fn screened(why: Why) -> Option<&'static str> {
    match why {
        Why::Had => Some("told before"),
        Why::Older => Some("published before the first day that counts"),
        Why::Newer => Some("published after the last day that counts"),
        Why::Undated => Some("without a date"),
        Why::Elsewhere => Some("not asked for"),
        _ => None,
    }
}

fn reason(library: &Library, why: Why) -> String {
    match why {
        Why::Leads { story } => format!("in: tells story {}", story + 1),
        Why::Joins { story, part: Part::Report } => format!("in: listed with story {}, the same event", story + 1),
        Why::Joins { story, part: Part::Correction { of: None } } => {
            format!("in: listed with story {}, a correction", story + 1)
        }
        Why::Joins { story, part: Part::Correction { of: Some(of) } } => {
            format!("in: listed with story {}, corrects {}", story + 1, named(library, of))
        }
        Why::Joins { story, part: Part::Corrected { by } } => {
            format!("in: listed with story {}, corrected by {}", story + 1, named(library, by))
        }
        Why::Duplicate { of } => format!("out: another version of {}", named(library, of)),
        Why::BeyondSize { place } => {
            format!("out: more is said about other stories (it would be number {})", place + 1)
        }
        Why::NoSentence => "out: no sentence of it can be read alone".to_owned(),
        Why::Had | Why::Older | Why::Newer | Why::Undated | Why::Elsewhere => {
            format!("out: {}", screened(why).unwrap_or_default())
        }
    }
}

fn named(library: &Library, id: ArticleId) -> String {
    format!("“{}”", library.article(id).meta().title)
}

fn written(day: Date) -> String {
    Published::on(day).to_string()
}

fn stories(count: usize) -> String {
    if count == 1 { "1 story".to_owned() } else { format!("{count} stories") }
}
