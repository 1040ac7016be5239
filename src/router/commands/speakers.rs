//! `/speakers`: who is quoted most, and how often over time.

use super::{OUTLET, SINCE, UNTIL, said};
use crate::library::Filter;
use crate::quotes::{OverTime, Period, QuoteBook, Quoted, Share, by_period};
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "speakers",
    about: "Who is quoted most: everywhere, in one article, by an outlet, or month by month",
    options: &[
        OptionSpec {
            name: "article",
            about: "Only this article: its number in the list, or words of its title",
            kind: Kind::Article,
            required: false,
        },
        OptionSpec {
            name: "by",
            about: "Over time: who is quoted most in each day, week, month or year",
            kind: Kind::Choice(&["day", "week", "month", "year"]),
            required: false,
        },
        OptionSpec {
            name: "speaker",
            about: "How often this speaker is quoted over time (by month unless said otherwise)",
            kind: Kind::Speaker,
            required: false,
        },
        OUTLET,
        SINCE,
        UNTIL,
    ],
    parts: &[],
    example: "speakers --by month --since 2026-09-01",
    audience: Audience::Everyone,
    run: |request, args| Box::pin(run(&request.desk, args)),
};

/// Speakers, or periods of one speaker, on one page.
const PER_PAGE: usize = 20;

/// Periods with their speakers on one page.
const PERIODS_PER_PAGE: usize = 10;

/// Speakers that are named of each period.
const NAMED: usize = 5;

/// So many periods in a row in which a speaker was not quoted are told as one.
const GAP: usize = 3;

async fn run(desk: &Desk, args: &Args) -> Result<Reply, Problem> {
    let book = desk.book().await?;
    let filter = desk.filter(args)?;
    let period = args.words("by").map(|by| match by {
        "day" => Period::Day,
        "week" => Period::Week,
        "year" => Period::Year,
        _ => Period::Month,
    });
    match (args.quote("speaker"), period) {
        (Some(speaker), period) => Ok(of_one(desk, book, speaker, period.unwrap_or(Period::Month), &filter)),
        (None, Some(period)) => Ok(by(desk, book, period, &filter)),
        (None, None) => Ok(most(desk, book, &filter)),
    }
}

/// Who is quoted most in each period.
fn by(desk: &Desk, book: &QuoteBook, period: Period, filter: &Filter) -> Reply {
    let all = book.quoted_over_time(desk.library(), period, filter);
    if all.periods.is_empty() && all.undated == 0 {
        return nobody(desk);
    }
    let item = |quoted: &Quoted| {
        let named = quoted.speakers.iter().take(NAMED).map(|share| format!("{} ({})", share.name, share.quotations));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = quoted.speakers.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Block::Item { name: capitalised(&period.name(quoted.first)), about: format!("{named}{more}") }
    };
    let pages = all.periods.chunks(PERIODS_PER_PAGE).map(|page| page.iter().map(item).collect()).collect();
    let heading = format!("Who is quoted by {}, newest first:", word(period));
    listed(undated(&all), heading, pages)
}

/// How often one speaker is quoted in each period.
fn of_one(desk: &Desk, book: &QuoteBook, speaker: &str, period: Period, filter: &Filter) -> Reply {
    let library = desk.library();
    let said = book.said(library, speaker, None, filter);
    let Some(name) = said.speaker.as_deref().filter(|_| !said.quotations.is_empty()) else {
        return said::not_quoted(desk, speaker, &said, "", filter);
    };
    let all = by_period(library, period, name, &said.quotations);
    let items = periods_of_one(&all, period);
    let pages = items.chunks(PER_PAGE).map(<[Block]>::to_vec).collect();
    let count = present::counted(said.quotations.len(), "quotation");
    let heading = format!("{name} by {}, newest first: {count}", word(period));
    listed(undated(&all), heading, pages)
}

/// A line for each period from the newest to the oldest in which the speaker is quoted; what lies between is told as well.
fn periods_of_one(all: &OverTime, period: Period) -> Vec<Block> {
    let item = |name: &str, about: String| Block::Item { name: capitalised(name), about };
    let mut items = Vec::new();
    let mut before = None;
    for quoted in &all.periods {
        // Those without a quotation, newest first; of many only the ends are looked at.
        let newest = before.and_then(|first| period.before(first)).filter(|newest| *newest > quoted.first);
        let between = std::iter::successors(newest, |first| period.before(*first));
        let few: Vec<_> = between.take_while(|first| *first > quoted.first).take(GAP).collect();
        if let (GAP, Some(newest), Some(oldest)) = (few.len(), newest, period.after(quoted.first)) {
            let name = format!("{} to {}", period.name(oldest), period.name(newest));
            items.push(item(&name, "not quoted".to_owned()));
        } else {
            items.extend(few.iter().map(|first| item(&period.name(*first), "not quoted".to_owned())));
        }
        before = Some(quoted.first);
        items.extend(quoted.speakers.iter().map(|share| item(&period.name(quoted.first), counted(share))));
    }
    items
}

/// `3 quotations in 2 articles`.
fn counted(share: &Share) -> String {
    let articles = present::counted(share.articles, "article");
    format!("{} in {articles}", present::counted(share.quotations, "quotation"))
}

/// A list under its heading, and before both what it leaves out: behind the heading that would part the two.
fn listed(left_out: Option<Block>, heading: String, pages: Vec<Vec<Block>>) -> Reply {
    let reply = left_out.into_iter().fold(Reply::new(Outcome::Answered), Reply::with);
    Reply { pages, ..reply.with(Block::Heading(heading)) }
}

fn undated(all: &OverTime) -> Option<Block> {
    let of = present::counted(all.undated, "quotation");
    (all.undated > 0).then(|| Block::Text(format!("Not counted: {of} in articles whose day is not known.")))
}

fn word(period: Period) -> &'static str {
    match period {
        Period::Day => "day",
        Period::Week => "week",
        Period::Month => "month",
        Period::Year => "year",
    }
}

/// The same with a capital at its beginning.
fn capitalised(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn nobody(desk: &Desk) -> Reply {
    let text = format!("Nobody is quoted by name. {}", present::held(desk.library()));
    Reply::text(Outcome::NotInArticles, text)
}

/// Who is quoted most.
fn most(desk: &Desk, book: &QuoteBook, filter: &Filter) -> Reply {
    let most = book.most_quoted(desk.library(), filter);
    let unnamed = (most.unnamed > 0).then(|| {
        let of = present::counted(most.unnamed, "quotation");
        let loose = if most.unattributed > 0 {
            format!("; of {} nothing tells whose they are (/said unattributed)", most.unattributed)
        } else {
            String::new()
        };
        Block::Text(format!("Not listed: {of} of speakers whom the articles do not name{loose}."))
    });
    if most.speakers.is_empty() {
        return unnamed.into_iter().fold(nobody(desk), Reply::with);
    }
    let item = |share: &Share| Block::Item {
        name: share.name.clone(),
        about: if filter.article.is_some() { present::counted(share.quotations, "quotation") } else { counted(share) },
    };
    let heading = match filter.article {
        Some(id) => format!("Who is quoted in “{}”:", desk.library().article(id).meta().title),
        None => format!("{}, most quoted first:", present::counted(most.speakers.len(), "speaker")),
    };
    let pages = most.speakers.chunks(PER_PAGE).map(|page| page.iter().map(item).collect()).collect();
    listed(unnamed, heading, pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_periods_between_are_told_and_many_of_them_as_one() {
        let quoted = |first: &str, quotations| Quoted {
            first: first.parse().unwrap(),
            speakers: vec![Share { name: "Ann Lee".into(), quotations, articles: 1 }],
        };
        let periods = vec![quoted("2026-11-01", 3), quoted("2026-09-01", 1), quoted("2026-02-01", 2)];
        let items = periods_of_one(&OverTime { periods, undated: 0 }, Period::Month);
        let told: Vec<(&str, &str)> = items
            .iter()
            .map(|item| match item {
                Block::Item { name, about } => (name.as_str(), about.as_str()),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [
            ("November 2026", "3 quotations in 1 article"),
            ("October 2026", "not quoted"),
            ("September 2026", "1 quotation in 1 article"),
            ("March 2026 to August 2026", "not quoted"),
            ("February 2026", "2 quotations in 1 article"),
        ];
        assert_eq!(told, expected);
    }
}
