//! `/who`: who said this.

use super::{OUTLET, SINCE, ask, check};
use crate::library::Library;
use crate::quotes::{Carried, Held, Match};
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Problem, Request, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "who",
    about: "Who said this: the speaker, the whole quotation and where it stands; near words will do",
    options: &[QUOTE, OUTLET, SINCE],
    parts: &[],
    example: EXAMPLE,
    audience: Audience::Everyone,
    run: |request, args| Box::pin(run(request, args)),
};

const QUOTE: OptionSpec =
    OptionSpec { name: "quote", about: "The words, or some of them", kind: Kind::Words, required: true };

const EXAMPLE: &str = "who forty tonnes of gravel";

/// From this similarity on, a quotation is taken for the one that was meant.
const MEANT: f32 = 0.5;

/// From this on, a single word is the one that was said.
const ITSELF: f32 = 0.95;

/// Other articles whose words for a quotation are shown; of more, only how many there are.
const MOST_CARRIED: usize = 3;

/// The other articles that carry a quotation, and how each cut it.
fn elsewhere(library: &Library, carried: &[Carried<'_>]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for one in carried.iter().take(MOST_CARRIED) {
        let how = match (one.shared == one.of, one.shared == one.words) {
            (true, true) => "The same words".to_owned(),
            (false, true) => format!("Shorter, {} of the {} words", one.words, one.of),
            (true, false) => format!("Longer, {} words more", one.words - one.shared),
            (false, false) => format!("Cut otherwise, {} of the {} words", one.shared, one.of),
        };
        let outlet = library.article(one.held.article).meta().outlet.clone();
        let from = outlet.unwrap_or_else(|| "another article".to_owned());
        blocks.push(Block::Heading(format!("{how} in {from}:")));
        blocks.push(Block::Quote(present::quotation(library, one.held)));
    }
    let more = carried.len().saturating_sub(MOST_CARRIED);
    if more > 0 {
        blocks.push(Block::Text(format!("{} more carry it.", present::counted(more, "article"))));
    }
    blocks
}

async fn run(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let desk = &request.desk;
    let book = desk.book().await?;
    let filter = desk.filter(args)?;
    let fragment = args.quote("quote").unwrap_or_default();
    check::some_words(fragment, "who", QUOTE, EXAMPLE)?;
    let found = book.who(desk.library(), fragment, &filter, request.settings.passages);
    let page = |found: &Match<'_>| vec![Block::Quote(present::quotation(desk.library(), found.held))];
    // A single word is only itself: "hello" is not "hell".
    let least = if fragment.split_whitespace().count() > 1 { MEANT } else { ITSELF };
    let meant: Vec<&Match<'_>> = found.iter().filter(|found| found.similarity >= least).collect();
    if !meant.is_empty() {
        let confidence = meant.first().map(|found| found.similarity);
        let mut pages: Vec<Vec<Block>> = Vec::new();
        // Where the quotations stand that were shown with one before them.
        let mut shown: Vec<&Held> = Vec::new();
        for found in meant {
            if !shown.contains(&found.held) {
                let carried = book.carried(desk.library(), found.held, &filter);
                shown.extend(carried.iter().map(|other| other.held));
                pages.push([page(found), elsewhere(desk.library(), &carried)].concat());
            }
        }
        return Ok(Reply { pages, confidence, alternatives: true, ..Reply::new(Outcome::Answered) });
    }
    // Words between marks are somebody's or nobody's: a passage that has to do with them is no answer.
    if let Some(sentence) = args.sentence().filter(|sentence| !sentence.contains(check::MARKS)) {
        let mut reply = ask::instead(request, sentence).await?;
        if says(sentence) {
            reply.blocks.insert(0, Block::Text("Nobody is quoted with these words.".to_owned()));
        }
        return Ok(reply);
    }
    let held = present::counted(book.len(), "quotation");
    let reply = Reply::text(
        Outcome::NotInArticles,
        format!("Nobody is quoted with these words. {} {held} stand in them.", present::held(desk.library())),
    );
    Ok(match found.first() {
        Some(nearest) => Reply {
            blocks: [reply.blocks, vec![Block::Heading("The nearest quotation:".to_owned())], page(nearest)].concat(),
            ..reply
        },
        None => reply,
    })
}

/// Whether a sentence asks after speech and nothing else: "who said …", not "who told …".
fn says(sentence: &str) -> bool {
    sentence.split_whitespace().take(3).any(|word| {
        let word = word.to_lowercase();
        matches!(word.trim_end_matches(':'), "said" | "say" | "says" | "saying")
    })
}
