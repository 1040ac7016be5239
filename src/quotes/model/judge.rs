//! How probable it is that a candidate is a quotation, with this speaker: a logistic model over what the chain thinks of its
//! parts, whether chain and rules agree, and what its words are.

use std::ops::Range;

use super::candidates::{Candidate, Evidence, Origin, likeness, range};
use super::flat::{Flat, class};
use super::labels::Role;

/// How many weights a judge has; features are hashed to them.
pub(crate) const WEIGHTS: usize = 1 << BITS;
const BITS: u32 = 16;

/// By so much another speaker than the chain's must be more probable.
const LEAD: f32 = 0.02;

/// The number of a renamed candidate in features.
const RENAMED: u32 = 5;

/// The places of a candidate's features among the weights.
pub(crate) fn features(
    tokens: &[Flat],
    evidence: &Evidence,
    candidate: &Candidate,
    all: &[Candidate],
    into: &mut Vec<u32>,
) {
    let mut out = Out { into, template: 0 };
    let content_roles = [Role::ContentBefore as usize, Role::ContentAfter as usize];
    let sum = |values: &[[f32; 5]], at: usize, roles: &[usize]| {
        values.get(at).map_or(0.0, |row| roles.iter().filter_map(|role| row.get(*role)).sum::<f32>())
    };
    let side = |range: &Range<usize>| match &candidate.cue {
        Some(cue) if range.start < cue.start => vec![Role::ContentBefore as usize],
        Some(_) => vec![Role::ContentAfter as usize],
        None => content_roles.to_vec(),
    };
    // What the chain thinks of the content.
    let (mut mean, mut least, mut count) = (0.0, 1.0f32, 0.0);
    let (mut start, mut end) = (1.0f32, 1.0f32);
    let (mut words, mut marked) = (0u32, 0u32);
    for range in &candidate.content {
        let roles = side(range);
        for at in range.clone() {
            let p = sum(&evidence.roles, at, &roles);
            mean += p;
            least = least.min(p);
            count += 1.0;
            if let Some(token) = tokens.get(at).filter(|t| t.is_word()) {
                words += 1;
                marked += u32::from(token.region != 0);
            }
        }
        // A mark before the content belongs to it.
        let from = range.start.checked_sub(1).filter(|b| tokens.get(*b).is_some_and(|t| t.class == class::OPEN));
        start = start.min(
            sum(&evidence.begins, range.start, &roles).max(from.map_or(0.0, |b| sum(&evidence.begins, b, &roles))),
        );
        let mut after = range.end;
        while tokens.get(after).is_some_and(|t| !t.is_word() && t.class != class::OPEN) {
            after += 1;
        }
        let goes_on = sum(&evidence.roles, after, &roles) - sum(&evidence.begins, after, &roles);
        end = end.min(1.0 - goes_on);
    }
    let mean = bin(mean / f32::max(count, 1.0));
    let (least, start, end) = (bin(least), bin(start), bin(end));
    let cue_range = candidate.cue.clone().unwrap_or(0..0);
    let average = |range: &Range<usize>, roles: &[usize]| {
        #[expect(clippy::cast_precision_loss, reason = "a few tokens")]
        let count = range.len().max(1) as f32;
        range.clone().map(|at| sum(&evidence.roles, at, roles)).sum::<f32>() / count
    };
    let cue = candidate.cue.as_ref().map_or(20, |range| bin(average(range, &[Role::Cue as usize])));
    let speaker_range = candidate.speaker.map(|span| range(tokens, span)).filter(|range| !range.is_empty());
    let roles = match (&speaker_range, &candidate.cue) {
        (Some(speaker), Some(cue)) if speaker.start < cue.start => vec![Role::SourceBefore as usize],
        (Some(_), Some(_)) => vec![Role::SourceAfter as usize],
        _ => vec![Role::SourceBefore as usize, Role::SourceAfter as usize],
    };
    let source = match (&candidate.speaker, &speaker_range) {
        (Some(_), Some(range)) => bin(average(range, &roles)),
        (Some(_), None) => 21,
        (None, _) => 20,
    };
    // What it is.
    let kind = match (marked, words) {
        (0, _) => 0,
        (m, w) if m == w => 1,
        (m, w) if m * 10 >= w * 6 => 2,
        _ => 3,
    };
    let origin = match candidate.origin {
        Origin::Chain(_) if candidate.renamed => 40 + RENAMED,
        Origin::Chain(reading) => u32::from(reading),
        Origin::Both => 10,
        Origin::Rules(level) => 20 + u32::from(level),
    };
    let token = |at: usize| tokens.get(at);
    let cue_token = candidate.cue.as_ref().and_then(|range| {
        range
            .clone()
            .rev()
            .find_map(|at| token(at).filter(|t| class::VERBS.contains(&t.class)))
            .or_else(|| token(range.end.checked_sub(1)?))
    });
    let cue_class = cue_token.map_or(0, |t| u32::from(t.class));
    let cue_word = cue_token.map_or(0, |t| t.word);
    let cue_length = u32::try_from(cue_range.len().min(4)).unwrap_or(4);
    let source_class = speaker_range.as_ref().map_or(0, |range| {
        let classes = || range.clone().filter_map(token).map(|t| t.class);
        if range.len() == 1 && classes().any(|c| c == class::PRONOUN || c == class::RELATIVE) {
            1
        } else if classes().any(|c| c == class::NAME) {
            2 + u32::from(range.len() > 1)
        } else {
            4
        }
    });
    let gap = match (&speaker_range, &candidate.cue) {
        (Some(speaker), Some(cue)) => {
            let between = if speaker.start < cue.start {
                cue.start.saturating_sub(speaker.end)
            } else {
                10 + speaker.start.saturating_sub(cue.end)
            };
            u32::try_from(between.min(20)).unwrap_or(20)
        }
        _ => 30,
    };
    let (first, last) = (candidate.content.first(), candidate.content.last());
    let opens = first.and_then(|r| token(r.start));
    let before = first.and_then(|r| token(r.start.checked_sub(1)?));
    let closes = last.and_then(|r| token(r.end.checked_sub(1)?));
    let after = last.and_then(|r| token(r.end));
    let of = |t: Option<&Flat>| t.map_or(0, |t| u32::from(t.class));
    let same_sentence = closes.zip(after).is_some_and(|(a, b)| a.sentence == b.sentence);
    let length = match words {
        0..=3 => words,
        4..=5 => 4,
        6..=8 => 5,
        9..=15 => 6,
        16..=30 => 7,
        _ => 8,
    };
    // Who agrees.
    let (mut like, mut same_speaker, mut rivals) = (0.0f32, 0, 0);
    for other in all {
        let is_rule = matches!(other.origin, Origin::Rules(_));
        if is_rule == matches!(candidate.origin, Origin::Rules(_)) {
            continue;
        }
        let alike = likeness(tokens, &candidate.content, &other.content);
        if alike > 0.0 {
            rivals += 1;
        }
        if alike > like {
            like = alike;
            same_speaker = match (candidate.speaker, other.speaker) {
                (Some(a), Some(b)) if a == b => 3,
                (Some(a), Some(b)) if a.overlaps(b) => 2,
                (None, None) => 4,
                _ => 1,
            };
        }
    }
    let agreed = if like >= 0.999 {
        3
    } else if like >= 0.5 {
        2
    } else {
        u32::from(like > 0.0)
    };
    let agreement = agreed * 5 + same_speaker;
    let readings = u32::from(candidate.readings);

    out.add(&[1]);
    out.add(&[origin, kind]);
    out.add(&[readings, kind]);
    for value in [mean, least, start, end, cue, source] {
        out.add(&[value]);
        out.add(&[value, kind, origin / 10]);
    }
    out.add(&[mean, cue]);
    out.add(&[mean, least]);
    out.add(&[start, end]);
    out.add(&[start, end, kind]);
    out.add(&[source, source_class]);
    out.add(&[source, cue]);
    out.add(&[source_class, gap, u32::from(candidate.shared)]);
    out.add(&[agreement, origin]);
    out.add(&[agreement, kind, readings]);
    out.add(&[agreement, source_class]);
    out.add(&[agreement, mean]);
    out.add(&[rivals.min(3), agreed]);
    out.add(&[length, kind]);
    out.add(&[length, cue_class]);
    out.add(&[cue_class, kind]);
    out.add(&[cue_word]);
    out.add(&[cue_word, kind]);
    out.add(&[cue_word, source_class]);
    out.add(&[cue_class, source_class, cue_length]);
    out.add(&[of(opens), of(before)]);
    out.add(&[of(opens), cue_class]);
    out.add(&[opens.map_or(0, |t| t.word), cue_word]);
    out.add(&[of(closes), of(after), u32::from(same_sentence)]);
    out.add(&[after.map_or(0, |t| t.word), of(closes)]);
    out.add(&[after.map_or(0, |t| t.word), u32::from(same_sentence), end]);
    out.add(&[u32::try_from(candidate.content.len().min(4)).unwrap_or(4), kind, origin / 10]);
    out.add(&[rivals, u32::from(candidate.rule.is_some())]);
    // What stands around it, past marks and stops.
    let passed = |at: usize| token(at).is_some_and(|t| !t.is_word());
    let mut behind = last.map_or(0, |r| r.end);
    let mut marks = 0;
    while passed(behind) {
        marks = marks.max(token(behind).map_or(0, |t| u32::from(t.class)));
        behind += 1;
    }
    let ahead = first.and_then(|r| (0..r.start).rev().find(|at| !passed(*at)));
    let ahead = ahead.and_then(token);
    let behind = token(behind);
    out.add(&[of(behind), marks, kind]);
    out.add(&[of(behind), of(ahead), kind]);
    out.add(&[of(ahead), of(before), cue_class]);
    let sentence = |range: &Range<usize>| token(range.start).map_or(0, |t| t.sentence);
    let away = candidate.cue.as_ref().map_or(9, |cue| {
        let nearest = candidate.content.iter().map(|r| sentence(r).abs_diff(sentence(cue))).min();
        nearest.unwrap_or(8).min(3)
    });
    let distance = candidate.cue.as_ref().map_or(30, |cue| {
        let gaps = candidate.content.iter().map(|r| {
            if r.start < cue.start { cue.start.saturating_sub(r.end) } else { r.start.saturating_sub(cue.end) }
        });
        gaps.min().unwrap_or(29).min(12)
    });
    let distance = u32::try_from(distance).unwrap_or(30);
    out.add(&[u32::from(away), kind, source_class]);
    out.add(&[distance, kind, cue_class]);
    out.add(&[distance, gap, source_class]);
    let place = first.map_or(0, |r| sentence(r).min(3));
    out.add(&[u32::from(place), kind, origin / 10, u32::from(candidate.cue.is_some())]);
    // Whoever else may be the speaker.
    let elsewhere = (0..tokens.len())
        .filter(|at| speaker_range.as_ref().is_none_or(|range| !range.contains(at)))
        .filter(|at| candidate.cue.as_ref().is_some_and(|cue| token(*at).is_some_and(|t| t.sentence == sentence(cue))))
        .map(|at| sum(&evidence.roles, at, &[Role::SourceBefore as usize, Role::SourceAfter as usize]))
        .fold(0.0f32, f32::max);
    out.add(&[bin(elsewhere), source]);
    out.add(&[bin(elsewhere), source_class, u32::from(candidate.shared)]);
    let one_side = match (&candidate.cue, first, last) {
        (Some(cue), Some(first), Some(last)) => {
            u32::from(first.start < cue.start) + 2 * u32::from(last.start > cue.start)
        }
        _ => 4,
    };
    out.add(&[one_side, kind, source_class]);
    out.add(&[one_side, cue_class, of(before)]);
    if candidate.renamed {
        out.add(&[RENAMED, kind, start, end]);
        out.add(&[RENAMED, mean, least]);
        out.add(&[RENAMED, of(closes), of(after), end]);
        out.add(&[RENAMED, after.map_or(0, |t| t.word), end]);
        out.add(&[RENAMED, of(opens), of(before), start]);
        out.add(&[RENAMED, cue_class, kind]);
        out.add(&[RENAMED, source, source_class, gap]);
        out.add(&[RENAMED, bin(elsewhere), source]);
        out.add(&[RENAMED, length, end]);
    }
}

/// Twelve grades of probability.
fn bin(probability: f32) -> u32 {
    const EDGES: [f32; 12] = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.995];
    u32::try_from(EDGES.iter().filter(|edge| probability >= **edge).count()).unwrap_or(0)
}

/// The probability that a candidate with these features is right.
pub(crate) fn probability(weights: &[f32], features: &[u32]) -> f32 {
    let score: f32 = features.iter().filter_map(|feature| weights.get(*feature as usize)).sum();
    1.0 / (1.0 + (-score).exp())
}

/// Learns weights from candidates that were right or not.
pub(crate) fn train(examples: &[(&[u32], bool)], epochs: usize, seed: u64) -> Vec<f32> {
    let mut weights = vec![0.0f32; WEIGHTS];
    let mut squares = vec![0.0f32; WEIGHTS];
    let mut sum = vec![0.0f32; WEIGHTS];
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = seed;
    for _ in 0..epochs {
        for at in (1..order.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(at, usize::try_from((random >> 33) % (at as u64 + 1)).unwrap_or(0));
        }
        for at in &order {
            let (features, right) = &examples[*at];
            let miss = f32::from(u8::from(*right)) - probability(&weights, features);
            for feature in *features {
                let at = *feature as usize;
                let g = miss - 1e-4 * weights[at];
                squares[at] += g * g;
                weights[at] += 0.05 * g / (squares[at].sqrt() + 1e-2);
            }
        }
        for (sum, weight) in sum.iter_mut().zip(&weights) {
            *sum += weight;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a few epochs")]
    let count = epochs.max(1) as f32;
    sum.iter().map(|sum| sum / count).collect()
}

struct Out<'o> {
    into: &'o mut Vec<u32>,
    template: u64,
}

impl Out<'_> {
    fn add(&mut self, parts: &[u32]) {
        self.template += 1;
        let mut hash = self.template.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for part in parts {
            hash = (hash ^ u64::from(*part)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
            hash ^= hash >> 32;
        }
        self.into.push(u32::try_from(hash >> (64 - BITS)).unwrap_or(0));
    }
}

/// The candidates to keep, best first chosen, none overlapping another and none less probable than `least`; in reading
/// order. `taken` says of each token whether it is taken, before and after.
pub(crate) fn pick(
    mut judged: Vec<(f32, usize)>,
    all: &[Candidate],
    taken: &mut [bool],
    least: f32,
) -> Vec<(f32, usize)> {
    let worth = |(probability, at): &(f32, usize)| {
        let renamed = all.get(*at).is_some_and(|one| one.renamed);
        if renamed { probability - LEAD } else { *probability }
    };
    judged.retain(|one| one.0 >= least);
    judged.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then(a.1.cmp(&b.1)));
    let mut picked = Vec::new();
    for (probability, at) in judged {
        let Some(candidate) = all.get(at) else { continue };
        if candidate.content.iter().flat_map(Clone::clone).any(|at| taken.get(at).copied().unwrap_or(true)) {
            continue;
        }
        for at in candidate.content.iter().flat_map(Clone::clone) {
            if let Some(taken) = taken.get_mut(at) {
                *taken = true;
            }
        }
        picked.push((probability, at));
    }
    picked.sort_by_key(|(_, at)| all.get(*at).and_then(|one| one.content.first()).map_or(0, |range| range.start));
    picked
}
