//! The learned finder: the model reads each paragraph, with what the rules found as one of the things that it looks at, and
//! judges every candidate, the rules' ones among them.
//!
//! Rules keep what they are better at: a paragraph that is a transcript's turn or a signed quotation is not read again, and
//! what somebody says "in her own words" is hers.

use std::collections::BTreeSet;
use std::ops::Range;

use super::source::{self, Words};
use super::tokens::View;
use super::{Found, LOOSE, LOOSE_WORDS, Rule};
use crate::article::Span;
use crate::quotes::LEAST_MEASURED;
use crate::quotes::model::candidates::{self, Candidate, Evidence};
use crate::quotes::model::features::{Scene, Suggestion};
use crate::quotes::model::flat::{self, Flat, class};
use crate::quotes::model::lattice::Sums;
use crate::quotes::model::reading::{LONGEST, Layout};
use crate::quotes::model::{Model, judge, link};

/// The greatest confidence of what nobody may have said: below [`crate::quotes::CONFIDENT`].
const UNSAID: f32 = 0.45;

/// What is used again from paragraph to paragraph.
#[derive(Debug, Default)]
struct Buffers {
    scene: Scene,
    features: Vec<u64>,
    nodes: Vec<[f32; crate::quotes::model::labels::LABELS]>,
    sums: Sums,
    edges: Vec<u8>,
    places: Vec<u32>,
}

/// The quotations of an article's paragraphs with their confidence, given what the rules found in them.
pub(super) fn find(model: &Model, views: &[View<'_>], rules: Vec<Found>) -> Vec<(Found, f32)> {
    let layout = layout(views, &rules);
    let mut buffers = Buffers::default();
    let mut chosen: Vec<(Found, f32)> = Vec::new();
    // Content whose cue comes in the next paragraph.
    let mut trailing: Vec<Span> = Vec::new();
    // Content in paragraphs to come of what is chosen already.
    let mut ahead: BTreeSet<Span> = BTreeSet::new();
    for (index, view) in views.iter().enumerate() {
        let suggestions = layout.at_home(index);
        layout.lay(index, view, &mut buffers.scene);
        let by_form = |number: &usize| {
            rules.get(*number).is_some_and(|found| matches!(found.rule, Rule::Transcript | Rule::Signature))
        };
        if suggestions.iter().any(|(number, _)| by_form(number)) || buffers.scene.tokens.len() > LONGEST {
            let kept = suggestions.iter().filter_map(|(number, _)| rules.get(*number)).cloned();
            chosen.extend(kept.map(Found::by_its_rule));
            trailing.clear();
            continue;
        }
        read(model, &mut buffers);
        let Buffers { scene: Scene { tokens, .. }, nodes, sums, edges, places, .. } = &mut buffers;
        let evidence = Evidence::of(sums, tokens.len());
        let (all, links) = candidates::candidates(tokens, nodes, edges, model.transitions(), &suggestions);
        // What a quotation of a paragraph before holds of this one.
        let mut taken = vec![false; tokens.len()];
        while let Some(span) = ahead.first().copied().filter(|span| span.start < view.span.end) {
            ahead.pop_first();
            taken.get_mut(candidates::range(tokens, span)).into_iter().flatten().for_each(|taken| *taken = true);
        }
        let first = chosen.len();
        let own = |number: &usize| rules.get(*number).filter(|found| found.rule == Rule::OwnWords);
        for found in suggestions.iter().filter_map(|(number, _)| own(number)) {
            for span in &found.content {
                taken.get_mut(candidates::range(tokens, *span)).into_iter().flatten().for_each(|taken| *taken = true);
            }
            chosen.push(found.clone().by_its_rule());
        }
        let picked = pick(model, tokens, &evidence, &all, places, &mut taken);
        for (confidence, at) in picked {
            let Some(candidate) = all.get(at).filter(|one| tells_something(tokens, one)) else { continue };
            let mut one = found(tokens, view, index, candidate, &rules, &suggestions);
            let words = Words { text: view.text, tokens };
            one.speaker = one.speaker.map(|span| source::speaker(words, span, one.cue, || layout.within(index)));
            ahead.extend(one.content.iter().filter(|span| span.start >= view.span.end));
            // An attitude or a decision may never have been put into words: it is found, but listed as nobody's words.
            let unsaid = !one.content.iter().any(|span| touches_marks(view, *span)) && !speaks(tokens, candidate);
            chosen.push((one, if unsaid { confidence.min(UNSAID) } else { confidence }));
        }
        // A quotation that runs on from the paragraph before, or into the next one.
        let free = |ranges: &[Range<usize>]| -> Vec<Span> {
            let tidy = ranges.iter().map(|range| link::tidy(tokens, range.clone()));
            let untaken = tidy.filter(|range| !range.clone().any(|at| taken.get(at).copied().unwrap_or(true)));
            untaken.flat_map(|range| polished(tokens, view, range)).collect()
        };
        let begun = std::mem::replace(&mut trailing, free(&links.trailing));
        if let Some((one, _)) = chosen.get_mut(first) {
            one.content.splice(0..0, begun);
        }
        let before = index.checked_sub(1).and_then(|before| views.get(before));
        if let Some((one, _)) = first.checked_sub(1).and_then(|at| chosen.get_mut(at))
            && before.is_some_and(|before| one.content.iter().rev().take(4).any(|span| span.overlaps(before.span)))
        {
            one.content.extend(free(&links.leading));
        }
    }
    add_loose(views, rules, &mut chosen);
    chosen
}

/// What the rules found, as the model looks at it.
pub(super) fn layout(views: &[View<'_>], rules: &[Found]) -> Layout {
    let suggestion = |found: &Found| match found.rule {
        Rule::Loose => Suggestion::default(),
        rule => Suggestion {
            content: found.content.clone(),
            speaker: found.speaker,
            cue: found.cue,
            level: Suggestion::level(rule.confidence()),
        },
    };
    Layout::new(views, rules.iter().map(suggestion).collect())
}

/// Scores the tokens of the scene.
fn read(model: &Model, buffers: &mut Buffers) {
    buffers.scene.prepare(|word| model.is_cue(word));
    buffers.nodes.clear();
    for at in 0..buffers.scene.tokens.len() {
        buffers.features.clear();
        buffers.scene.features(at, &mut buffers.features);
        buffers.nodes.push(model.score(&buffers.features));
    }
    buffers.scene.edges(&mut buffers.edges);
    buffers.sums.compute(&buffers.nodes, &buffers.edges, model.transitions());
}

/// The candidates to keep and how probable they are, in reading order.
fn pick(
    model: &Model,
    tokens: &[Flat],
    evidence: &Evidence,
    all: &[Candidate],
    places: &mut Vec<u32>,
    taken: &mut [bool],
) -> Vec<(f32, usize)> {
    let judged = all.iter().enumerate().map(|(at, candidate)| {
        places.clear();
        judge::features(tokens, evidence, candidate, all, places);
        (model.judge(places), at)
    });
    judge::pick(judged.collect(), all, taken, LEAST_MEASURED)
}

/// A candidate as the rules would give it.
fn found(
    tokens: &[Flat],
    view: &View<'_>,
    index: usize,
    candidate: &Candidate,
    rules: &[Found],
    at_home: &[(usize, Suggestion)],
) -> Found {
    let mut content: Vec<Span> =
        candidate.content.iter().flat_map(|range| polished(tokens, view, range.clone())).collect();
    // A word or two beside words in marks are whom it was told, not what was said.
    if content.iter().any(|span| is_marked(view, *span)) {
        content
            .retain(|span| touches_marks(view, *span) || span.of(view.text).split_whitespace().count() >= LOOSE_WORDS);
    }
    let rule = candidate.rule.and_then(|number| rules.get(number));
    // What the rules found to run over several paragraphs does, whoever found the part that stands here.
    let shares = |found: &&Found| found.content.iter().any(|span| content.iter().any(|own| own.overlaps(*span)));
    let running = rule.or_else(|| at_home.iter().filter_map(|(number, _)| rules.get(*number)).find(shares));
    let outside: Vec<Span> = running
        .into_iter()
        .flat_map(|rule| rule.content.iter().filter(|span| !span.overlaps(view.span)))
        .copied()
        .collect();
    let paragraph = running.filter(|_| !outside.is_empty()).or(rule).map_or(index, |rule| rule.paragraph);
    content.extend(outside);
    let cue = candidate.cue.as_ref().and_then(|range| candidates::span(tokens, range));
    let mut one = Found::new(view, content, None, None, rule.map_or(Rule::Learned, |rule| rule.rule), 0..0);
    one.speaker = candidate.speaker;
    one.cue = cue;
    one.paragraph = paragraph;
    one
}

/// Whether any of the words stands between marks.
fn touches_marks(view: &View<'_>, span: Span) -> bool {
    let after = view.regions.partition_point(|region| region.inner.start < span.end);
    after.checked_sub(1).and_then(|at| view.regions.get(at)).is_some_and(|region| region.inner.overlaps(span))
}

/// Whether the words stand wholly between marks.
fn is_marked(view: &View<'_>, span: Span) -> bool {
    let after = view.regions.partition_point(|region| region.inner.start < span.end);
    after.checked_sub(1).and_then(|at| view.regions.get(at)).is_some_and(|region| region.inner.contains(span))
}

/// Whether the content is more than a word outside marks: "opened it" tells nothing of what was said.
fn tells_something(tokens: &[Flat], candidate: &Candidate) -> bool {
    let words = candidate.content.iter().flat_map(Clone::clone).filter_map(|at| tokens.get(at)).filter(|t| t.is_word());
    words.clone().any(|token| token.region != 0) || words.count() > 1
}

/// Whether the cue has a verb of speech or "according" in it.
fn speaks(tokens: &[Flat], candidate: &Candidate) -> bool {
    let mut cue = candidate.cue.clone().into_iter().flatten().filter_map(|at| tokens.get(at));
    cue.any(|token| class::reports(token.class) || token.word == flat::hash("according"))
}

/// Whether the tokens before words in marks say no more than whom these were told: they have no verb, and a colon follows them.
fn is_whom_it_was_told(tokens: &[Flat], before: Range<usize>) -> bool {
    let before = tokens.get(before).unwrap_or_default();
    let is_verb = |class: u8| {
        class::VERBS.contains(&class) || matches!(class, class::BE | class::AUXILIARY | class::ED | class::ING)
    };
    before.iter().any(|token| token.class == class::COLON) && !before.iter().any(|token| is_verb(token.class))
}

/// The spans of a content: what stands wholly between marks without them but with its last stop or comma, and anything
/// else with the marks that belong to it.
fn polished(tokens: &[Flat], view: &View<'_>, mut range: Range<usize>) -> Vec<Span> {
    let region = |at: usize| tokens.get(at).map_or(0, |token| token.region);
    // "She continues her story. “…”": the sentence before the marks is the writer's; "told the council: “…”": so is whom it was told.
    let sentence = |at: usize| tokens.get(at).map(|token| token.sentence);
    if let Some(open) = range.clone().find(|at| region(*at) != 0)
        && open > range.start
        && (sentence(open) != sentence(range.start) || is_whom_it_was_told(tokens, range.start..open))
        && (open..range.end).all(|at| region(at) != 0)
    {
        range.start = open;
        range = link::tidy(tokens, range);
    }
    let Some(mut span) = candidates::span(tokens, &range) else { return Vec::new() };
    let inside = range.clone().all(|at| region(at) != 0);
    let of = |number: u16| view.regions.get(usize::from(number).checked_sub(1)?);
    let (first, last) = (region(range.start), region(range.end - 1));
    let mute_to_the_end = |number: u16| {
        let rest = (range.end..).take_while(|at| region(*at) == number).filter_map(|at| tokens.get(at));
        rest.clone().all(|token| !token.is_word()) && rest.count() <= 4
    };
    if inside && first == last {
        if let Some(region) = of(last).filter(|_| mute_to_the_end(last)) {
            span.end = region.inner.end.max(span.end);
        }
        return vec![span];
    }
    let between = tokens.get(range.clone()).unwrap_or_default();
    if inside && between.iter().all(|token| token.region != 0) && between.iter().any(|t| t.class == class::CLOSE) {
        // Regions one after the other.
        let mut spans: Vec<Span> = Vec::new();
        for number in first..=last {
            let Some(region) = of(number) else { continue };
            let start = if number == first { span.start } else { region.inner.start };
            let end = if number == last && !mute_to_the_end(last) { span.end } else { region.inner.end };
            spans.push(Span { start, end });
        }
        return spans;
    }
    if let Some(region) = of(first)
        && region.inner.start == span.start
    {
        span.start = region.open.start;
    }
    if let Some(region) = of(last).filter(|_| mute_to_the_end(last)) {
        span.end = region.outer().end.max(span.end);
    }
    vec![span]
}

/// Adds words in marks that the rules took for someone's and the model for nobody's: they can still be looked up.
fn add_loose(views: &[View<'_>], rules: Vec<Found>, chosen: &mut Vec<(Found, f32)>) {
    let mut held: Vec<Span> = chosen.iter().flat_map(|(found, _)| found.content.iter().copied()).collect();
    held.sort_unstable();
    let holds = |span: Span| {
        let after = held.partition_point(|one| one.start < span.end);
        after.checked_sub(1).and_then(|at| held.get(at)).is_some_and(|one| one.overlaps(span))
    };
    let marked = |span: Span| {
        let at = views.partition_point(|view| view.span.start <= span.start).checked_sub(1);
        at.and_then(|at| views.get(at)).is_some_and(|view| is_marked(view, span))
    };
    for mut found in rules {
        found.content.retain(|span| marked(*span) && !holds(*span));
        if !found.content.is_empty() {
            chosen.push((Found { speaker: None, cue: None, rule: Rule::Loose, ..found }, LOOSE));
        }
    }
}
