//! What may be a quotation in a paragraph: what the chain reads, when it is inclined to find less or more, the same said by
//! whoever else stands near, and what the rules found.

use std::ops::Range;

use super::features::Suggestion;
use super::flat::Flat;
use super::labels::{LABELS, Role, begins, role};
use super::lattice::{self, Edge, Sums, Transitions};
use super::link::{self, Links};
use crate::article::Span;

/// By how much a token is pushed away from being outside, for each reading of the chain.
pub(crate) const INCLINATIONS: [f32; 4] = [0.0, 1.0, 2.5, -1.0];

/// Where a candidate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The chain, by the number of the first reading that has it.
    Chain(u8),
    /// The chain's content and the rules' speaker.
    Both,
    /// The rules, by how sure they are.
    Rules(u8),
}

/// What may be a quotation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    /// What is said, in this paragraph.
    pub content: Vec<Range<usize>>,
    /// Who speaks.
    pub speaker: Option<Span>,
    /// The words that attribute it.
    pub cue: Option<Range<usize>>,
    /// Whether the speaker is that of the cue before.
    pub shared: bool,
    /// What found it.
    pub origin: Origin,
    /// In how many of the chain's readings it is.
    pub readings: u8,
    /// Which of the rules' quotations it is, if it is one.
    pub rule: Option<usize>,
    /// Whether it is a reading's quotation with somebody else's name.
    pub renamed: bool,
}

/// What the chain thinks of each token of a paragraph.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// How probable each role is.
    pub roles: Vec<[f32; Role::ALL.len()]>,
    /// How probable it is that a span of each role begins.
    pub begins: Vec<[f32; Role::ALL.len()]>,
}

impl Evidence {
    /// Sums up labels' probabilities.
    pub(crate) fn of(sums: &Sums, count: usize) -> Self {
        let mut evidence = Self::default();
        for at in 0..count {
            let node = sums.node(at);
            let (mut roles, mut starts) = ([0.0; Role::ALL.len()], [0.0; Role::ALL.len()]);
            for (label, probability) in (0u8..).zip(node) {
                let Some(role) = role(label) else { continue };
                roles[role as usize] += probability;
                if begins(label) {
                    starts[role as usize] += probability;
                }
            }
            evidence.roles.push(roles);
            evidence.begins.push(starts);
        }
        evidence
    }
}

/// All candidates of a paragraph, and the links of the first reading.
pub(crate) fn candidates(
    tokens: &[Flat],
    nodes: &[[f32; LABELS]],
    edges: &[Edge],
    transitions: &Transitions,
    suggestions: &[(usize, Suggestion)],
) -> (Vec<Candidate>, Links) {
    let mut all: Vec<Candidate> = Vec::new();
    let mut sources: Vec<Range<usize>> = Vec::new();
    let mut first = Links::default();
    for (reading, inclination) in (0u8..).zip(INCLINATIONS) {
        let tilted: Vec<[f32; LABELS]> = nodes
            .iter()
            .map(|node| {
                let mut node = *node;
                node[0] -= inclination;
                node
            })
            .collect();
        let labels = lattice::best(&tilted, edges, transitions);
        let links = link::link(tokens, &labels);
        for source in links.quotations.iter().filter_map(|one| one.source.as_ref()) {
            if !sources.contains(source) {
                sources.push(source.clone());
            }
        }
        for one in &links.quotations {
            let content: Vec<Range<usize>> = one
                .content
                .iter()
                .map(|range| link::tidy(tokens, range.clone()))
                .filter(|range| !range.is_empty())
                .collect();
            if content.is_empty() {
                continue;
            }
            let speaker = one.source.as_ref().and_then(|range| span(tokens, range));
            let candidate = Candidate {
                content,
                speaker,
                cue: Some(one.cue.clone()),
                shared: one.shared,
                origin: Origin::Chain(reading),
                readings: 1 << reading,
                rule: None,
                renamed: false,
            };
            if one.shared {
                add(&mut all, Candidate { speaker: None, shared: false, ..candidate.clone() });
            }
            add(&mut all, candidate);
        }
        if reading == 0 {
            first = links;
        }
    }
    // Where the chain errs in who speaks, it has mostly seen who else could.
    let read = all.len();
    for at in 0..read {
        for renamed in all.get(at).map(|one| of_others(tokens, &sources, one)).unwrap_or_default() {
            add(&mut all, renamed);
        }
    }
    let of_chain = read;
    for (number, suggestion) in suggestions {
        let content: Vec<Range<usize>> = suggestion
            .content
            .iter()
            .map(|span| link::tidy(tokens, range(tokens, *span)))
            .filter(|range| !range.is_empty())
            .collect();
        if content.is_empty() {
            continue;
        }
        for at in 0..of_chain {
            let Some(one) = all.get(at) else { continue };
            if suggestion.speaker.is_some()
                && one.speaker != suggestion.speaker
                && likeness(tokens, &one.content, &content) >= 0.5
            {
                let both = Candidate {
                    speaker: suggestion.speaker,
                    origin: Origin::Both,
                    rule: None,
                    shared: false,
                    ..one.clone()
                };
                add(&mut all, both);
            }
        }
        all.push(Candidate {
            content,
            speaker: suggestion.speaker,
            cue: suggestion.cue.map(|span| range(tokens, span)).filter(|range| !range.is_empty()),
            shared: false,
            origin: Origin::Rules(suggestion.level),
            readings: 0,
            rule: Some(*number),
            renamed: false,
        });
    }
    (all, first)
}

/// How many others may be the speaker of a reading's quotation.
const OTHERS: usize = 2;

/// The same quotation of those who stand nearest to its cue otherwise.
fn of_others(tokens: &[Flat], sources: &[Range<usize>], one: &Candidate) -> Vec<Candidate> {
    let Some(cue) = &one.cue else { return Vec::new() };
    let own = one.speaker.map(|span| range(tokens, span));
    let overlaps = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
    let away = |source: &Range<usize>| match source.start < cue.start {
        true => cue.start.saturating_sub(source.end),
        false => source.start - cue.start,
    };
    let mut others: Vec<&Range<usize>> = sources
        .iter()
        .filter(|source| own.as_ref().is_none_or(|own| !overlaps(own, source)))
        .filter(|source| !one.content.iter().any(|range| overlaps(range, source)))
        .collect();
    others.sort_by_key(|source| (away(source), source.start));
    let speakers = others.into_iter().take(OTHERS).filter_map(|source| span(tokens, source));
    let renamed =
        |speaker| Candidate { speaker: Some(speaker), shared: false, readings: 0, renamed: true, ..one.clone() };
    speakers.map(renamed).collect()
}

fn add(all: &mut Vec<Candidate>, candidate: Candidate) {
    let same = |one: &&mut Candidate| {
        one.content == candidate.content && one.speaker == candidate.speaker && one.cue == candidate.cue
    };
    match all.iter_mut().find(same) {
        Some(one) => one.readings |= candidate.readings,
        None => all.push(candidate),
    }
}

/// From the first to the last token of a range.
pub(crate) fn span(tokens: &[Flat], range: &Range<usize>) -> Option<Span> {
    let tokens = tokens.get(range.clone())?;
    Some(tokens.first()?.span.join(tokens.last()?.span))
}

/// The tokens that a span touches.
pub(crate) fn range(tokens: &[Flat], span: Span) -> Range<usize> {
    let from = tokens.partition_point(|token| token.span.end <= span.start);
    let to = tokens.partition_point(|token| token.span.start < span.end);
    from..to.max(from)
}

/// The part of their words that two contents share.
pub(crate) fn likeness(tokens: &[Flat], one: &[Range<usize>], other: &[Range<usize>]) -> f32 {
    let words = |ranges: &[Range<usize>]| {
        ranges.iter().flat_map(Clone::clone).filter(|at| tokens.get(*at).is_some_and(Flat::is_word)).count()
    };
    let mut both = 0;
    for a in one {
        for b in other {
            let common = a.start.max(b.start)..a.end.min(b.end).max(a.start.max(b.start));
            both += words(std::slice::from_ref(&common));
        }
    }
    let either = words(one) + words(other) - both;
    if either == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of words")]
    let part = both as f32 / either as f32;
    part
}
