//! What a version of an article changed: its paragraphs against those of the version before, each in its own words.
//!
//! Words of the earlier version are slices of it, and compared with it before they are sent like all others; what a reader sees of
//! them says that they are of an earlier version.

use std::sync::Arc;

use crate::article::{Article, Change, Span, changes};
use crate::library::{ArticleId, Mark};
use crate::quotes::{self, CONFIDENT, Kind, Quotation};
use crate::reply::{Block, Quoted};
use crate::router::{DeskError, Problem, Request, present};

/// Changes on one page: an altered paragraph is shown as it was and as it is.
const PER_PAGE: usize = 2;

/// What a version changed.
pub(super) struct Changed {
    /// Which one it is, and how much it changed.
    pub(super) heading: String,
    /// The changes, in the order of the text.
    pub(super) pages: Vec<Vec<Block>>,
}

/// A version of the article.
struct Side {
    id: ArticleId,
    article: Arc<Article>,
    quotations: Vec<Quotation>,
}

/// What `version` of an article, or its latest, changed. Nothing for one that was never changed.
pub(super) async fn changed(
    request: &Request<'_>,
    id: ArticleId,
    mark: Mark,
    version: Option<u32>,
) -> Result<Option<Changed>, Problem> {
    let number = match version.map(i64::from) {
        Some(asked) if asked > mark.version => return Err(Problem::NoVersion { asked, latest: mark.version }),
        Some(asked) => asked,
        None => mark.version,
    };
    if number < 2 {
        let heading = "Version 1 is the first one.".to_owned();
        return Ok(version.map(|_| Changed { heading, pages: Vec::new() }));
    }
    let (before, now) = tokio::try_join!(side(request, id, mark, number - 1), side(request, id, mark, number))?;
    let (Some(before), Some(now)) = (before, now) else { return Ok(None) };
    let at = request.store()?.version(mark.id, number).await?.map(|stored| stored.changed_at);
    // A long article takes milliseconds to compare, and its quotations to be found: not on the threads that answer.
    let work = tokio::task::spawn_blocking(move || {
        let (before, now) = (with_quotations(before), with_quotations(now));
        let changes = changes(&before.article, &now.article);
        (before, now, changes)
    });
    let (before, now, changes) = work.await.map_err(DeskError::from)?;
    let (blocks, counts) = told(request, &before, &now, &changes);
    let at = at.map(|at| at.strftime(", of %-d %B %Y, %H:%M UTC").to_string()).unwrap_or_default();
    let heading = format!("Version {number}{at}: {}.", counts.words());
    let pages = blocks.chunks(PER_PAGE).map(<[Vec<Block>]>::concat).collect();
    Ok(Some(Changed { heading, pages }))
}

async fn side(request: &Request<'_>, id: ArticleId, mark: Mark, version: i64) -> Result<Option<Side>, Problem> {
    let of = |id, article| Side { id, article, quotations: Vec::new() };
    if version == mark.version {
        return Ok(Some(of(id, Arc::clone(request.desk.library().article(id)))));
    }
    let Some(id) = request.earlier(mark.id, version).await? else { return Ok(None) };
    Ok(request.with_earlier(|library| library.get(id).map(|article| of(id, Arc::clone(article)))))
}

/// The quotations that a reader would see as such: in marks, and surely somebody's.
fn with_quotations(side: Side) -> Side {
    let mut quotations = quotes::find(&side.article);
    quotations.retain(|quotation| quotation.kind != Kind::Indirect && quotation.confidence >= CONFIDENT);
    Side { quotations, ..side }
}

/// How much changed.
#[derive(Debug, Default)]
struct Counts {
    added: usize,
    removed: usize,
    altered: usize,
    quotations_removed: usize,
    quotations_altered: usize,
}

impl Counts {
    /// `2 paragraphs altered, 1 removed; 1 quotation altered`
    fn words(&self) -> String {
        let of = |thing: &str, counts: &[(usize, &str)]| {
            let mut parts: Vec<String> = Vec::new();
            for (count, what) in counts.iter().filter(|(count, _)| *count > 0) {
                let counted = if parts.is_empty() { present::counted(*count, thing) } else { count.to_string() };
                parts.push(format!("{counted} {what}"));
            }
            parts.join(", ")
        };
        let paragraphs =
            of("paragraph", &[(self.altered, "altered"), (self.added, "added"), (self.removed, "removed")]);
        let quotations = of("quotation", &[(self.quotations_altered, "altered"), (self.quotations_removed, "removed")]);
        match (paragraphs.is_empty(), quotations.is_empty()) {
            (true, _) => "no paragraph says anything else".to_owned(),
            (false, true) => paragraphs,
            (false, false) => format!("{paragraphs}; {quotations}"),
        }
    }
}

/// Each change as it is shown.
fn told(request: &Request<'_>, before: &Side, now: &Side, changes: &[Change]) -> (Vec<Vec<Block>>, Counts) {
    let mut counts = Counts::default();
    let told = changes.iter().map(|change| match change {
        Change::Added { now: paragraph } => {
            counts.added += 1;
            vec![Block::Heading("Added".to_owned()), quote(request, now, *paragraph, &[])]
        }
        Change::Removed { before: paragraph } => {
            counts.removed += 1;
            let lost = lost(before, *paragraph, now);
            counts.quotations_removed += lost.len();
            let marked: Vec<Span> = lost.iter().flat_map(|quotation| quotation.content.iter().copied()).collect();
            let heading = format!("Removed{}", of_whom("with", before, &lost));
            vec![Block::Heading(heading), quote(request, before, *paragraph, &marked)]
        }
        Change::Altered { before: was, now: is, gone, new } => {
            counts.altered += 1;
            let (altered, removed): (Vec<_>, Vec<_>) = lost(before, *was, now)
                .into_iter()
                .partition(|quotation| now.in_paragraph(*is).any(|other| alike(before, quotation, now, other)));
            counts.quotations_altered += altered.len();
            counts.quotations_removed += removed.len();
            let heading =
                format!("Altered{}{}", of_whom("with", before, &altered), of_whom("without", before, &removed));
            vec![Block::Heading(heading), quote(request, before, *was, gone), quote(request, now, *is, new)]
        }
    });
    (told.collect(), counts)
}

impl Side {
    fn in_paragraph(&self, paragraph: usize) -> impl Iterator<Item = &Quotation> {
        self.quotations.iter().filter(move |quotation| quotation.paragraph == paragraph)
    }

    /// The words of a quotation as they are compared: letters and digits alone.
    fn words(&self, quotation: &Quotation) -> Vec<String> {
        let text = quotation.content.iter().map(|span| self.article.slice(*span)).collect::<Vec<_>>().join(" ");
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    }
}

/// The quotations of a paragraph that stand nowhere in the other version.
fn lost<'s>(side: &'s Side, paragraph: usize, other: &Side) -> Vec<&'s Quotation> {
    let held: Vec<Vec<String>> = other.quotations.iter().map(|quotation| other.words(quotation)).collect();
    let stands =
        |words: &[String]| held.iter().any(|held| held.windows(words.len().max(1)).any(|window| window == words));
    side.in_paragraph(paragraph).filter(|quotation| !stands(&side.words(quotation))).collect()
}

/// Whether two quotations share half of their words.
fn alike(side: &Side, quotation: &Quotation, other: &Side, another: &Quotation) -> bool {
    let (one, mut rest) = (side.words(quotation), other.words(another));
    let all = one.len() + rest.len();
    let mut shared = 0;
    for word in &one {
        if let Some(at) = rest.iter().position(|other| other == word) {
            rest.swap_remove(at);
            shared += 1;
        }
    }
    shared * 4 >= all
}

/// `, with words of Ann Lee, Bo Roe`
fn of_whom(with: &str, side: &Side, quotations: &[&Quotation]) -> String {
    let mut names: Vec<String> =
        quotations.iter().filter_map(|quotation| present::speaker_of(&side.article, quotation)).collect();
    names.dedup();
    match (quotations.is_empty(), names.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!(", {with} a quotation"),
        (false, false) => format!(", {with} words of {}", names.join(", ")),
    }
}

/// A paragraph of a version, with what is marked in it.
fn quote(request: &Request<'_>, side: &Side, paragraph: usize, marked: &[Span]) -> Block {
    let span = side.article.paragraphs().get(paragraph).map_or(Span::new(0, 0), |paragraph| paragraph.span);
    Block::Quote(match side.id.is_earlier() {
        true => request.with_earlier(|library| Quoted::passage(library, side.id, span, marked)),
        false => Quoted::passage(request.desk.library(), side.id, span, marked),
    })
}
