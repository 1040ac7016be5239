//! `/check`: whether someone really said this.

use super::{OUTLET, SINCE, ask};
use crate::library::Filter;
use crate::quotes::{Check, DiffPart, Match, QuoteBook};
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, Request, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "check",
    about: "Whether these words were said: exactly, altered (with the differences) or not at all",
    options: &[
        QUOTE,
        OptionSpec { name: "speaker", about: "Who is said to have said them", kind: Kind::Speaker, required: false },
        OUTLET,
        SINCE,
    ],
    parts: &[],
    example: EXAMPLE,
    audience: Audience::Everyone,
    run: |request, args| Box::pin(run(request, args)),
};

const QUOTE: OptionSpec = OptionSpec { name: "quote", about: "The words to check", kind: Kind::Words, required: true };

const EXAMPLE: &str = "check “First we find out what is broken”";

async fn run(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let desk = &request.desk;
    let book = desk.book().await?;
    let filter = desk.filter(args)?;
    let quote = args.quote("quote").unwrap_or_default();
    some_words(quote, "check", QUOTE, EXAMPLE)?;
    let quoted = |found: &Match<'_>| Block::Quote(present::quotation(desk.library(), found.held));
    let verdict = |verdict: &str, found: &Match<'_>| {
        let mut reply = Reply::new(Outcome::Answered).with(Block::Heading(verdict.to_owned()));
        if let Some(asked) = args.quote("speaker").filter(|asked| !is_said_by(desk, book, found, asked)) {
            let whose = book.speaker_of(found.held).map(|name| format!(", but to {name}")).unwrap_or_default();
            reply = reply.with(Block::Text(format!("The article does not give these words to {asked}{whose}.")));
        }
        reply
    };
    let checked = book.check(desk.library(), quote, args.quote("speaker"), &filter);
    if let (Check::NotHeld { .. }, Some(sentence)) = (&checked, args.sentence())
        && !sentence.contains(MARKS)
    {
        // The articles may tell of it without quoting anybody; what they then give is no proof that it was said.
        let mut reply = ask::instead(request, sentence).await?;
        reply.blocks.insert(0, Block::Text("No quotation comes close to these words.".to_owned()));
        return Ok(reply);
    }
    Ok(match checked {
        Check::Exact(found) => verdict("Exact: these words stand in the article.", &found).with(quoted(&found)),
        Check::Shortened(found) => {
            verdict("Exact, but for what is left out where the ellipsis stands.", &found).with(quoted(&found))
        }
        Check::Beyond(found) => {
            let how = "In part: these words stand in the article, but only the marked ones are what was said.";
            verdict(how, &found).with(quoted(&found))
        }
        Check::Altered { closest, difference } => {
            let left_out = !difference.iter().any(|part| matches!(part, DiffPart::Added(_)));
            let how = if left_out {
                "Altered: words are left out, and no ellipsis says so."
            } else {
                "Altered: the article has other words."
            };
            verdict(how, &closest).with(Block::Difference(difference)).with(quoted(&closest))
        }
        Check::NotHeld { nearest } => {
            let reply = Reply::text(
                Outcome::NotInArticles,
                format!("Not held: no stored quotation comes close to these words. {}", present::held(desk.library())),
            );
            match nearest {
                Some(found) => reply.with(Block::Heading("The nearest quotation:".to_owned())).with(quoted(&found)),
                None => reply,
            }
        }
    })
}

/// Refuses what has no words, as if nothing were given.
pub(super) fn some_words(
    quote: &str,
    command: &'static str,
    OptionSpec { name: option, about, .. }: OptionSpec,
    example: &'static str,
) -> Result<(), Problem> {
    let has_words = quote.contains(char::is_alphanumeric);
    has_words.then_some(()).ok_or(Problem::Missing { command, option, about, example })
}

/// Marks between which somebody gives words for somebody's.
pub(super) const MARKS: [char; 6] = ['"', '“', '”', '„', '«', '»'];

/// Whether the quotation is one of those that `asked` is quoted with, or its speaker's words name them.
fn is_said_by(desk: &Desk, book: &QuoteBook, found: &Match<'_>, asked: &str) -> bool {
    let theirs = book.said(desk.library(), asked, None, &Filter::default()).quotations;
    let article = desk.library().article(found.held.article);
    let words = found.held.quotation.speaker_words(article).unwrap_or_default().to_lowercase();
    theirs.contains(&found.held) || words.contains(&asked.to_lowercase())
}
