//! `/ask`: the passage that answers a question.

use super::{OUTLET, SINCE, UNTIL};
use crate::matcher::{Findings, Passage, Question, Verdict, asks_for_nothing};
use crate::reply::{Block, Outcome, Quoted, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Desk, Problem, Request, explain, present};

pub(in crate::router) const QUESTION: OptionSpec =
    OptionSpec { name: "question", about: "What you want to know", kind: Kind::Words, required: true };

pub(in crate::router) const SPEC: Spec = Spec {
    name: "ask",
    about: "The passage that answers your question, word for word, with its source",
    options: &[
        QUESTION,
        OptionSpec { name: "article", about: "Only this article", kind: Kind::Article, required: false },
        OUTLET,
        SINCE,
        UNTIL,
        OptionSpec {
            name: EXPLAIN,
            about: "Tell why: how words were read, what the passage was weighed by, thresholds (for managers)",
            kind: Kind::Flag,
            required: false,
        },
    ],
    parts: &[],
    example: "ask Why did the ferry crews walk out?",
    audience: Audience::Everyone,
    run: |request, args| Box::pin(run(request, args)),
};

const EXPLAIN: &str = "explain";

async fn run(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let (desk, settings) = (&*request.desk, request.settings);
    let explains = args.flag(EXPLAIN);
    if explains && !request.place.manager {
        return Err(Problem::NotManager { command: "ask --explain" });
    }
    let filter = desk.filter(args)?;
    if desk.library().is_empty() {
        return Ok(Reply::text(Outcome::NotInArticles, "No article is loaded, so there is nothing to answer from."));
    }
    let text = args.words("question").unwrap_or_default().to_owned();
    let question = Question { text, filter, limit: settings.passages };
    let matcher = desk.matcher().await?;
    let (findings, explanation) = if explains {
        let (findings, explanation) = matcher.explain(desk.library(), &question)?;
        (findings, Some(explanation))
    } else {
        (matcher.search(desk.library(), &question)?, None)
    };
    let mut reply = match findings.verdict {
        Verdict::Answered => answer(desk, &findings),
        Verdict::Nearest | Verdict::Nothing => decline(desk, &findings, &question),
    };
    if let Some(readings) = present::readings(&findings.readings) {
        reply.blocks.insert(0, Block::Text(readings));
    }
    reply.confidence = Some(findings.confidence);
    if let Some(explanation) = explanation {
        reply.blocks.extend(explain::blocks(&findings, &explanation));
    }
    Ok(reply)
}

/// The passage for a sentence in plain language that only looked as if it were for another command: "who wrote the report?"
pub(super) async fn instead(request: &Request<'_>, sentence: &str) -> Result<Reply, Problem> {
    let mut question = Args::asked_as(sentence);
    question.set(&QUESTION, sentence)?;
    run(request, &question).await
}

fn answer(desk: &Desk, findings: &Findings) -> Reply {
    let pages = findings.passages.iter().filter_map(|passage| Some(vec![Block::Quote(quoted(desk, passage)?)]));
    Reply { pages: pages.collect(), alternatives: true, ..Reply::new(Outcome::Answered) }
}

/// Says plainly that the articles don't say, what is loaded, and how near it came.
fn decline(desk: &Desk, findings: &Findings, question: &Question) -> Reply {
    let searched = if question.filter.is_empty() {
        if asks_for_nothing(&question.text) {
            "That names nothing to look for: ask with a name, a place or a thing."
        } else {
            "The articles don't say."
        }
    } else if desk.library().iter().any(|(id, article)| question.filter.admits(id, article)) {
        "The articles that you asked for don't say."
    } else {
        "There is no article of what you asked for."
    };
    let reply = Reply::text(Outcome::NotInArticles, format!("{searched} {}", present::held(desk.library())));
    let nearest = findings.passages.first().filter(|_| findings.verdict == Verdict::Nearest);
    match nearest.and_then(|passage| quoted(desk, passage)) {
        Some(quoted) => reply.with(Block::Heading("The nearest passage:".to_owned())).with(Block::Quote(quoted)),
        None => reply,
    }
}

fn quoted(desk: &Desk, passage: &Passage) -> Option<Quoted> {
    let paragraph = desk.library().get(passage.article)?.paragraphs().get(passage.paragraph)?;
    let marked: Vec<_> = std::iter::once(passage.sentence).chain(passage.words).collect();
    Some(Quoted::passage(desk.library(), passage.article, paragraph.span, &marked))
}
