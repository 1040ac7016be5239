//! `/said`: what someone is quoted with.

use super::{OUTLET, SINCE, UNTIL, ask};
use crate::library::Filter;
use crate::quotes::Said;
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, Request, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "said",
    about: "What someone is quoted with, newest first",
    options: &[
        OptionSpec { name: "speaker", about: "Whose words", kind: Kind::Speaker, required: true },
        OptionSpec { name: "about", about: "Only what they said about this", kind: Kind::Words, required: false },
        OUTLET,
        SINCE,
        UNTIL,
    ],
    parts: &[],
    example: "said Margit Osei --about the pool",
    audience: Audience::Everyone,
    run: |request, args| Box::pin(run(request, args)),
};

/// Quotations on one page.
const PER_PAGE: usize = 3;

async fn run(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let desk = &request.desk;
    let book = desk.book().await?;
    let filter = desk.filter(args)?;
    let (speaker, about) = (args.quote("speaker").unwrap_or_default(), args.quote("about"));
    let said = book.said(desk.library(), speaker, about, &filter);
    let topic = about.map(|about| format!(" about “{about}”")).unwrap_or_default();
    if said.speaker.is_none() && is_pronoun(speaker) {
        let words = if matches!(speaker.to_lowercase().as_str(), "you" | "we") {
            "Byline only quotes what the articles say, and thinks nothing of its own.".to_owned()
        } else {
            format!("“{speaker}” could be anybody. Say whose words you want, by name.")
        };
        return Ok(Reply::text(Outcome::NotInArticles, words));
    }
    if said.quotations.is_empty()
        && let Some(sentence) = args.sentence()
    {
        let mut reply = ask::instead(request, sentence).await?;
        if let Some(name) = &said.speaker {
            // What the articles tell instead is not what was asked for.
            let words =
                format!("{}{}", unquoted(name, &topic, !filter.is_empty()), otherwise(name, &said, &topic, &filter));
            reply.blocks.insert(0, Block::Text(words));
        }
        return Ok(reply);
    }
    match &said.speaker {
        Some(name) if !said.quotations.is_empty() => {
            let count = present::counted(said.quotations.len(), "quotation");
            let pages = said
                .quotations
                .chunks(PER_PAGE)
                .map(|page| page.iter().map(|held| Block::Quote(present::quotation(desk.library(), held))).collect())
                .collect();
            let heading = Block::Heading(format!("{name}{topic}: {count}"));
            let reply = Reply { pages, ..Reply::new(Outcome::Answered) };
            let reply = namesakes(&said).into_iter().fold(reply, Reply::with);
            Ok(reply.with(heading))
        }
        _ => Ok(not_quoted(desk, speaker, &said, &topic, &filter)),
    }
}

/// Whether a word names nobody by itself.
fn is_pronoun(speaker: &str) -> bool {
    let words = ["he", "she", "they", "it", "him", "her", "them", "we", "you", "someone", "somebody"];
    words.iter().any(|word| speaker.eq_ignore_ascii_case(word))
}

/// Others of the same name that are told.
const NAMESAKES: usize = 5;

/// Who else is called so.
fn namesakes(said: &Said<'_>) -> Option<Block> {
    let named = said.namesakes.iter().take(NAMESAKES).map(|(name, count)| format!("{name} ({count})"));
    let named = named.collect::<Vec<_>>().join(", ");
    let more = said.namesakes.len().saturating_sub(NAMESAKES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| Block::Text(format!("Also quoted by this name: {named}{more}.")))
}

/// `Ida Holm is not quoted about “tolls”.`
fn unquoted(name: &str, topic: &str, filtered: bool) -> String {
    let within = if filtered { " in the articles that you asked for" } else { "" };
    format!("{name} is not quoted{topic}{within}.")
}

/// What else a speaker is quoted with, and how to see it.
fn otherwise(name: &str, said: &Said<'_>, topic: &str, filter: &Filter) -> String {
    let all = present::counted(said.all, "quotation");
    match (topic.is_empty(), filter.is_empty()) {
        _ if said.all == 0 => String::new(),
        (false, _) => format!(" /said {name} shows what they are quoted with otherwise: {all}."),
        (true, false) => format!(" /said {name} shows what they are quoted with in others: {all}."),
        (true, true) => String::new(),
    }
}

/// That nobody of this name is quoted, or nothing of theirs about the topic, or in the articles that were asked for.
pub(super) fn not_quoted(desk: &Desk, speaker: &str, said: &Said<'_>, topic: &str, filter: &Filter) -> Reply {
    let held = present::held(desk.library());
    let words = match &said.speaker {
        Some(name) => {
            format!("{}{} {held}", unquoted(name, topic, !filter.is_empty()), otherwise(name, said, topic, filter))
        }
        None => {
            let near = said.suggestions.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ");
            let near = if near.is_empty() { near } else { format!(" Similar names: {near}.") };
            format!("Nobody called “{speaker}” is quoted.{near} {held}")
        }
    };
    let reply = Reply::text(Outcome::NotInArticles, words);
    namesakes(said).into_iter().fold(reply, Reply::with)
}
