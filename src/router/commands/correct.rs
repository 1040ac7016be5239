//! `/correct`: whose a quotation is, from somebody who knows better.

use super::OUTLET;
use crate::library::store::KeptCorrection;
use crate::quotes::{Correction, Match};
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Problem, Request, present};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "correct",
    about: "Wrong speaker: say whose a quotation is; it is kept with the article and used from then on",
    options: &[
        OptionSpec {
            name: "quote",
            about: "The words of the quotation, or some of them",
            kind: Kind::Words,
            required: true,
        },
        OptionSpec {
            name: "speaker",
            about: "Whose it is; “unattributed” if nobody can tell, “as found” to take a correction back",
            kind: Kind::Speaker,
            required: true,
        },
        OptionSpec {
            name: "article",
            about: "The article, where several have these words",
            kind: Kind::Article,
            required: false,
        },
        OUTLET,
    ],
    parts: &[],
    example: "correct forty tonnes of gravel --speaker \"Priyanka Vell\"",
    audience: Audience::Managers,
    run: |request, args| Box::pin(run(request, args)),
};

/// From this similarity on, a quotation is taken for the one that was meant: more than for an answer, for something is changed.
const MEANT: f32 = 0.7;

/// For a quotation of which nobody can tell whose it is.
const UNATTRIBUTED: &str = "unattributed";
/// For a correction that is taken back.
const AS_FOUND: &str = "as found";

async fn run(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let (store, desk) = (request.store()?, &request.desk);
    // Nobody should be able to put words into mouths everywhere.
    let collection = request.desk_to_change().await?;
    let library = desk.library();
    let book = desk.book().await?;
    let found = book.who(library, args.quote("quote").unwrap_or_default(), &desk.filter(args)?, 3);
    let meant: Vec<&Match<'_>> = found.iter().filter(|found| found.similarity >= MEANT).collect();
    let Some(first) = meant.first() else {
        let text = format!("No quotation has these words. {}", present::held(library));
        return Ok(Reply::text(Outcome::NotInArticles, text));
    };
    let also = meant.iter().skip(1).find(|other| other.held.article != first.held.article);
    if also.is_some_and(|other| other.similarity >= first.similarity) {
        let titles = meant.iter().map(|m| library.article(m.held.article).meta().title.clone()).collect();
        return Err(Problem::WhichArticle { typed: args.quote("quote").unwrap_or_default().to_owned(), titles });
    }
    let article = library.article(first.held.article);
    let mark = library.mark(first.held.article).ok_or(Problem::NothingKept)?;
    let typed = args.quote("speaker").unwrap_or_default().trim();
    let correction = Correction::of(article, &first.held.quotation, None);
    if typed.eq_ignore_ascii_case(AS_FOUND) {
        let withdrawn = store.withdraw_correction(mark.id, &correction.words).await?;
        request.take_over(collection).await?;
        let words = if withdrawn {
            "Taken back: these words are whose they were found to be."
        } else {
            "Nothing was corrected here."
        };
        return Ok(Reply::text(Outcome::Told, words));
    }
    // As the library calls them, where it is plain who is meant.
    let speaker = (!typed.eq_ignore_ascii_case(UNATTRIBUTED)).then(|| book.surely_named(typed).unwrap_or(typed));
    let kept = KeptCorrection::new(&correction.content, correction.words, speaker.map(str::to_owned));
    store.correct(mark.id, &kept).await?;
    request.take_over(collection).await?;
    let mut quoted = present::quotation(library, first.held);
    quoted.speaker = Some(speaker.unwrap_or(UNATTRIBUTED).to_owned());
    let told = match speaker {
        Some(name) => format!("Corrected: these words are of {name}. It is kept with the article."),
        None => "Corrected: nobody can tell whose these words are. It is kept with the article.".to_owned(),
    };
    Ok(Reply::text(Outcome::Told, told).with(Block::Quote(quoted)))
}
