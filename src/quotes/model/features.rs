//! What the model looks at, token by token. A feature is a number mixed from a template's number and what the template
//! looks at; nothing is allocated for it.

use super::flat::{Flat, class};
use super::lattice::{EDGES, Edge};
use crate::article::Span;

/// What another finder said of a token: part of its role and place, or 0.
pub(crate) type Hint = u8;

/// A paragraph with everything that its features are made of.
#[derive(Debug, Default)]
pub(crate) struct Scene {
    /// Its tokens.
    pub tokens: Vec<Flat>,
    /// What the rules said of each.
    pub hints: Vec<Hint>,
    /// For each token the nearest cue word left and right of it, of the words that the model knows as such.
    cues: Vec<Sides>,
    /// For each token the last different hint left and right of it.
    hinted: Vec<(Hint, Hint)>,
    /// By region number: tokens in it.
    regions: Vec<Bounds>,
    /// By sentence: its first token, one past its last, and whether marks or hints stand in it.
    sentences: Vec<Bounds>,
    /// What came before the paragraph.
    pub before: Before,
}

/// What came before a paragraph.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Before {
    /// Whether the paragraph before ends with a region that isn't closed.
    pub open: bool,
    /// Whether it has a quotation by the rules.
    pub quoted: bool,
    /// Whether it ends with a colon.
    pub colon: bool,
    /// Whether there is one.
    pub first: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bounds {
    from: usize,
    to: usize,
    marks: bool,
    hints: bool,
    /// For a region: its last mark inside.
    end: u8,
}

#[derive(Debug, Clone, Copy)]
struct Sides {
    left: Option<Near>,
    right: Option<Near>,
}

/// The nearest cue word on a side.
#[derive(Debug, Clone, Copy)]
struct Near {
    at: usize,
    /// Commas, "that", marks, sentence ends between, as bits.
    between: u8,
}

impl Scene {
    /// Prepares what features need; `cue` tells the cue words.
    pub(crate) fn prepare(&mut self, cue: impl Fn(u32) -> bool) {
        self.bound();
        self.look_around(cue);
    }

    fn bound(&mut self) {
        self.regions.clear();
        self.sentences.clear();
        for (at, token) in self.tokens.iter().enumerate() {
            let hint = self.hints.get(at).is_some_and(|hint| *hint != 0);
            let sentence = usize::from(token.sentence);
            if self.sentences.len() <= sentence {
                self.sentences.resize(sentence + 1, Bounds { from: at, ..Bounds::default() });
            }
            if let Some(bounds) = self.sentences.get_mut(sentence) {
                bounds.to = at + 1;
                bounds.marks |= token.region != 0;
                bounds.hints |= hint;
            }
            let region = usize::from(token.region);
            if self.regions.len() <= region {
                self.regions.resize(region + 1, Bounds { from: at, ..Bounds::default() });
            }
            if let Some(bounds) = self.regions.get_mut(region) {
                bounds.to = at + 1;
                bounds.hints |= hint;
                if token.class != class::CLOSE {
                    bounds.end = token.class;
                }
            }
        }
    }

    fn look_around(&mut self, cue: impl Fn(u32) -> bool) {
        self.cues.clear();
        self.hinted.clear();
        let mut near: Option<Near> = None;
        let mut hint = (0, 0);
        for (at, token) in self.tokens.iter().enumerate() {
            let here = self.hints.get(at).copied().unwrap_or(0);
            if here != hint.1 {
                hint = (hint.1, here);
            }
            self.cues.push(Sides { left: near, right: None });
            self.hinted.push((hint.0, 0));
            let ends = self.tokens.get(at + 1).is_some_and(|next| next.sentence != token.sentence);
            if cue(token.word) {
                near = Some(Near { at, between: 0 });
            }
            if let Some(near) = near.as_mut() {
                near.between |= between(token, ends);
            }
        }
        near = None;
        hint = (0, 0);
        for (at, token) in self.tokens.iter().enumerate().rev() {
            let here = self.hints.get(at).copied().unwrap_or(0);
            if here != hint.1 {
                hint = (hint.1, here);
            }
            if let Some(sides) = self.cues.get_mut(at) {
                sides.right = near;
            }
            if let Some(hinted) = self.hinted.get_mut(at) {
                hinted.1 = hint.0;
            }
            let begins = at > 0 && self.tokens.get(at - 1).is_some_and(|before| before.sentence != token.sentence);
            if cue(token.word) {
                near = Some(Near { at, between: 0 });
            }
            if let Some(near) = near.as_mut() {
                near.between |= between(token, begins);
            }
        }
    }

    /// The edge class of each token.
    pub(crate) fn edges(&self, into: &mut Vec<Edge>) {
        into.clear();
        let mut before = 0;
        let mut sentence = u16::MAX;
        for token in &self.tokens {
            let here = kind(token.class);
            let fresh = token.sentence != sentence;
            sentence = token.sentence;
            let before_here = if fresh { 7 } else { before };
            into.push(before_here * 8 + here);
            before = here;
        }
        debug_assert!(into.iter().all(|edge| usize::from(*edge) < EDGES), "eight kinds, twice");
    }

    /// The features of the token at `at`.
    pub(crate) fn features(&self, at: usize, into: &mut Vec<u64>) {
        let mut out = Out { into, template: 0 };
        let token = |offset: isize| at.checked_add_signed(offset).and_then(|at| self.tokens.get(at));
        let word = |offset: isize| token(offset).map_or(0, |t| t.word);
        let class = |offset: isize| u32::from(token(offset).map_or(0, |t| t.class));
        let Some(here) = token(0) else { return };
        out.add(1, 0);
        // Words.
        for offset in -3..=3 {
            out.add(word(offset), 0);
        }
        out.add(word(-1), word(0));
        out.add(word(0), word(1));
        out.add(word(-2), word(-1));
        out.add(word(1), word(2));
        out.add(word(-1), word(1));
        out.three(word(-1), word(0), word(1));
        out.three(word(-2), word(-1), word(0));
        out.three(word(0), word(1), word(2));
        // Kinds of words.
        for offset in -4..=4 {
            out.add(class(offset), 0);
        }
        let classes = |from: isize, to: isize| (from..=to).fold(0, |sum, offset| sum * 80 + class(offset));
        for (from, to) in
            [(-1, 0), (0, 1), (-2, -1), (1, 2), (-2, 0), (-1, 1), (0, 2), (-3, -1), (1, 3), (-3, 0), (0, 3)]
        {
            out.add(classes(from, to), 0);
        }
        out.add(classes(-2, 1), class(2));
        out.add(word(0), class(1));
        out.add(word(0), class(-1));
        out.add(word(-1), class(0));
        out.add(word(1), class(0));
        out.three(word(0), class(-1), class(1));
        out.three(word(-1), class(0), class(1));
        out.three(word(1), class(0), class(2));
        // Their letters.
        for tail in here.tails {
            out.add(tail, 0);
        }
        out.add(here.head, 0);
        out.add(u32::from(here.shape), 0);
        let shape = |offset: isize| u32::from(token(offset).map_or(0, |t| t.shape));
        let tail = |offset: isize| token(offset).map_or(0, |t| t.tails[1]);
        out.three(shape(-1), shape(0), shape(1));
        out.add(tail(-1), tail(0));
        out.add(tail(0), tail(1));
        out.add(tail(-1), tail(1));
        out.add(tail(1), class(2));
        out.add(tail(-1), class(-2));
        // Marks.
        let marks = self.marks(at);
        out.add(marks, 0);
        out.add(marks, class(0));
        out.add(marks, class(-1));
        out.add(marks, word(-1));
        out.add(marks, word(1));
        // The nearest cue words.
        let sides = self.cues.get(at).copied().unwrap_or(Sides { left: None, right: None });
        let (left, right) = (self.side(at, sides.left), self.side(at, sides.right));
        for side in [&left, &right] {
            out.add(side.word, 0);
            out.add(side.distance, 0);
            out.three(side.word, side.distance, class(0));
            out.add(side.next, side.word);
            out.add(side.next, side.distance);
            out.three(side.between, side.distance, class(0));
            out.three(side.between, side.word, side.next_class);
            out.three(side.between, side.next_class, class(0));
            out.three(side.between, side.other, class(0));
            out.three(side.between, marks, side.distance);
            out.three(side.between, side.class, word(0));
            out.add(side.between, side.prev_class * 80 + side.next_class);
        }
        out.three(left.word, right.word, 0);
        out.three(left.between, right.between, class(0));
        out.three(left.between * 256 + right.between, left.class, right.class);
        out.three(left.distance, right.distance, 0);
        // What the rules said.
        let hint = |offset: isize| {
            at.checked_add_signed(offset).and_then(|at| self.hints.get(at)).map_or(0, |hint| u32::from(*hint))
        };
        let (back, ahead) = self.hinted.get(at).copied().unwrap_or_default();
        let (back, ahead) = (u32::from(back), u32::from(ahead));
        out.add(hint(0), 0);
        out.add(hint(0), hint(-1));
        out.add(hint(0), hint(1));
        out.three(hint(-1), hint(0), hint(1));
        out.add(hint(0), class(0));
        out.add(hint(0), word(0));
        out.three(hint(0), hint(-1), class(-1));
        out.three(hint(0), hint(1), class(1));
        out.three(hint(0), back, ahead);
        out.three(hint(0), back, class(0));
        out.three(hint(0), ahead, class(0));
        out.three(hint(0), marks, 0);
        out.three(hint(0), left.class, left.between);
        out.three(hint(0), right.class, right.between);
        // The sentence and what came before.
        let sentence = self.sentences.get(usize::from(here.sentence)).copied().unwrap_or_default();
        let start = u32::try_from((at - sentence.from).min(4)).unwrap_or(4);
        let end = u32::try_from((sentence.to.saturating_sub(at)).min(4)).unwrap_or(4);
        let state = u32::from(sentence.marks) + 2 * u32::from(sentence.hints);
        let place = u32::from(here.sentence.min(2));
        out.three(start, state, class(0));
        out.three(end, state, class(0));
        out.three(start, place, state);
        let before = u32::from(self.before.open)
            + 2 * u32::from(self.before.quoted)
            + 4 * u32::from(self.before.colon)
            + 8 * u32::from(self.before.first);
        out.three(before, place, marks);
        let last = usize::from(here.sentence) + 1 == self.sentences.len();
        out.three(state, place * 2 + u32::from(last), hint(0));
        let previous =
            here.sentence.checked_sub(1).and_then(|s| self.sentences.get(usize::from(s))).copied().unwrap_or_default();
        out.three(u32::from(previous.marks) + 2 * u32::from(previous.hints), state, marks);
        let first = self.tokens.get(sentence.from).map_or(0, |t| t.word);
        out.add(first, start);
    }

    /// Where a token stands as to quotation marks.
    fn marks(&self, at: usize) -> u32 {
        let Some(token) = self.tokens.get(at) else { return 0 };
        if token.region == 0 {
            let open = self.tokens.get(at + 1).is_some_and(|t| t.class == class::OPEN);
            let close = at.checked_sub(1).and_then(|b| self.tokens.get(b)).is_some_and(|t| t.class == class::CLOSE);
            return 1 + u32::from(open) + 2 * u32::from(close);
        }
        let bounds = self.regions.get(usize::from(token.region)).copied().unwrap_or_default();
        let length = match bounds.to - bounds.from {
            0..=4 => 0,
            5..=6 => 1,
            7..=12 => 2,
            _ => 3,
        };
        let place = if at < bounds.from + 2 {
            1
        } else if at + 2 >= bounds.to {
            2
        } else {
            0
        };
        let end = match bounds.end {
            class::COMMA => 1,
            class::STOP => 2,
            class::QUERY => 3,
            _ => 0,
        };
        10 + (length * 4 + end) * 3 + place
    }

    fn side(&self, at: usize, near: Option<Near>) -> Side {
        let Some(near) = near else { return Side::default() };
        let token = |offset: isize| near.at.checked_add_signed(offset).and_then(|at| self.tokens.get(at));
        let distance = match at.abs_diff(near.at) {
            d @ 0..=3 => d,
            4..=5 => 4,
            6..=9 => 5,
            10..=19 => 6,
            _ => 7,
        };
        Side {
            word: token(0).map_or(0, |t| t.word),
            class: token(0).map_or(0, |t| u32::from(t.class)),
            next: token(1).map_or(0, |t| t.word),
            next_class: token(1).map_or(0, |t| u32::from(t.class)),
            prev_class: token(-1).map_or(0, |t| u32::from(t.class)),
            other: token(-1).map_or(0, |t| t.word),
            distance: u32::try_from(distance).unwrap_or(7),
            between: u32::from(near.between),
        }
    }
}

/// A cue word as features see it.
#[derive(Debug, Default)]
struct Side {
    word: u32,
    class: u32,
    next: u32,
    next_class: u32,
    prev_class: u32,
    other: u32,
    distance: u32,
    between: u32,
}

/// Bits for what stands between a token and its nearest cue word.
fn between(token: &Flat, sentence_ends: bool) -> u8 {
    let bit = match token.class {
        class::COMMA => 1,
        class::THAT => 2,
        class::OPEN => 4,
        class::CLOSE => 8,
        class::RELATIVE => 16,
        class::AND => 32,
        class::COLON | class::DASH | class::SEMICOLON => 64,
        _ => 0,
    };
    bit | if sentence_ends { 128 } else { 0 }
}

/// Eight kinds of tokens for transitions.
fn kind(class: u8) -> u8 {
    match class {
        class::OPEN => 1,
        class::CLOSE => 2,
        class::COMMA => 3,
        class::STOP | class::QUERY => 4,
        class::COLON | class::SEMICOLON | class::DASH | class::BRACKET | class::UNBRACKET | class::PUNCTUATION => 5,
        class if class::VERBS.contains(&class) => 6,
        _ => 0,
    }
}

/// Collects features, numbering the templates as they come.
struct Out<'o> {
    into: &'o mut Vec<u64>,
    template: u64,
}

impl Out<'_> {
    fn add(&mut self, a: u32, b: u32) {
        self.three(a, b, 0);
    }

    fn three(&mut self, a: u32, b: u32, c: u32) {
        self.template += 1;
        let mut hash = self.template.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for part in [a, b, c] {
            hash = (hash ^ u64::from(part)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
            hash ^= hash >> 32;
        }
        self.into.push(hash);
    }
}

/// What another finder takes for a quotation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Suggestion {
    /// What was said.
    pub content: Vec<Span>,
    /// Who said it.
    pub speaker: Option<Span>,
    /// The words that attribute it.
    pub cue: Option<Span>,
    /// How sure, 0 to 3.
    pub level: u8,
}

impl Suggestion {
    /// A confidence as one of four levels.
    pub(crate) fn level(confidence: f32) -> u8 {
        [0.5, 0.72, 0.87].iter().map(|edge| u8::from(confidence >= *edge)).sum()
    }
}

/// Marks the tokens of a paragraph with what `suggestions` say of them.
pub(crate) fn hints(tokens: &[Flat], suggestions: &[&Suggestion], into: &mut Vec<Hint>) {
    into.clear();
    into.resize(tokens.len(), 0);
    let mut mark = |span: Span, role: u8, level: u8| {
        let from = tokens.partition_point(|t| t.span.end <= span.start);
        let to = tokens.partition_point(|t| t.span.start < span.end);
        for at in from..to {
            let place = match (at == from, at + 1 == to) {
                (true, true) => 3,
                (true, false) => 1,
                (false, true) => 2,
                _ => 0,
            };
            if let Some(hint) = into.get_mut(at).filter(|hint| **hint == 0) {
                *hint = 1 + (role * 4 + place) * 4 + level;
            }
        }
    };
    for one in suggestions {
        if let Some(cue) = one.cue {
            mark(cue, 0, one.level);
        }
        let side = |span: Span| one.cue.map_or(2, |cue| u8::from(span.start >= cue.start));
        if let Some(speaker) = one.speaker {
            mark(speaker, 1 + side(speaker), one.level);
        }
        for content in &one.content {
            mark(*content, 4 + side(*content), one.level);
        }
    }
}
