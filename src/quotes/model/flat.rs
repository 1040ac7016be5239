//! A paragraph as the model reads it: every word and mark one after the other, inside and outside quotation marks, each as
//! the few numbers that features are made of.

use crate::article::Span;
use crate::quotes::find::marks::Region;
use crate::quotes::find::tokens::{self, Sort, Token, View};
use crate::quotes::lexicon::{self, Class, Form};

/// A word or mark as numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flat {
    /// Where it stands in the article.
    pub span: Span,
    /// The word in lower case.
    pub word: u32,
    /// Its last two, three and four characters, and its first three.
    pub tails: [u32; 3],
    pub head: u32,
    /// What kind of word it is likely to be; see [`class`].
    pub class: u8,
    /// Capitals, digits and the like.
    pub shape: u8,
    /// The quoted region that it stands in, or is a mark of: its number + 1; 0 outside.
    pub region: u16,
    /// The sentence that it stands in.
    pub sentence: u16,
}

impl Flat {
    /// Whether it is a word or number.
    pub(crate) fn is_word(&self) -> bool {
        !(class::COMMA..=class::CLOSE).contains(&self.class)
    }
}

/// Classes that the code asks for.
pub(crate) mod class {
    pub(crate) const NONE: u8 = 0;
    /// Verbs that report: 1 + 5 × class + form.
    pub(crate) const VERBS: std::ops::RangeInclusive<u8> = 1..=35;
    /// Whether it is a verb of saying, telling, asking, promising or judging, rather than of thinking or showing.
    pub(crate) fn reports(class: u8) -> bool {
        VERBS.contains(&class) && !(21..=30).contains(&class)
    }
    pub(crate) const DETERMINER: u8 = 40;
    pub(crate) const PRONOUN: u8 = 41;
    pub(crate) const RELATIVE: u8 = 42;
    pub(crate) const PREPOSITION: u8 = 43;
    pub(crate) const CONJUNCTION: u8 = 44;
    pub(crate) const BE: u8 = 45;
    pub(crate) const AUXILIARY: u8 = 46;
    pub(crate) const ADVERB: u8 = 47;
    pub(crate) const TIME: u8 = 48;
    pub(crate) const TITLE: u8 = 49;
    pub(crate) const ROLE: u8 = 50;
    pub(crate) const NUMBER: u8 = 51;
    pub(crate) const NAME: u8 = 52;
    pub(crate) const ED: u8 = 53;
    pub(crate) const ING: u8 = 54;
    pub(crate) const S: u8 = 55;
    pub(crate) const ION: u8 = 57;
    pub(crate) const WORD: u8 = 58;
    pub(crate) const POSSESSIVE: u8 = 59;
    pub(crate) const THAT: u8 = 60;
    pub(crate) const COMMA: u8 = 61;
    pub(crate) const STOP: u8 = 62;
    pub(crate) const QUERY: u8 = 63;
    pub(crate) const COLON: u8 = 64;
    pub(crate) const SEMICOLON: u8 = 65;
    pub(crate) const DASH: u8 = 66;
    pub(crate) const BRACKET: u8 = 67;
    pub(crate) const UNBRACKET: u8 = 68;
    pub(crate) const PUNCTUATION: u8 = 69;
    pub(crate) const OPEN: u8 = 70;
    pub(crate) const CLOSE: u8 = 71;
    pub(crate) const AND: u8 = 72;
    pub(crate) const TO: u8 = 73;
    pub(crate) const NOT: u8 = 74;
}

/// The tokens of a paragraph.
pub(crate) fn flatten(view: &View<'_>, into: &mut Vec<Flat>) {
    into.clear();
    let mut inner: Vec<Token<'_>> = Vec::new();
    for (number, sentence) in view.sentences.iter().enumerate() {
        let sentence_number = u16::try_from(number).unwrap_or(u16::MAX);
        for token in view.tokens.get(sentence.clone()).unwrap_or_default() {
            match token.sort {
                Sort::Region(index) => {
                    let Some(region) = view.regions.get(index) else { continue };
                    let number = u16::try_from(index + 1).unwrap_or(u16::MAX);
                    into.push(mark(region.open, class::OPEN, region, number, sentence_number));
                    inner.clear();
                    tokens::words(view.text, region.inner, &mut inner);
                    into.extend(inner.iter().map(|token| flat(view.text, token, number, sentence_number)));
                    if let Some(close) = region.close {
                        into.push(mark(close, class::CLOSE, region, number, sentence_number));
                    }
                }
                _ => into.push(flat(view.text, token, 0, sentence_number)),
            }
        }
    }
}

fn mark(span: Span, class: u8, region: &Region, number: u16, sentence: u16) -> Flat {
    let word = u32::from(class) + if region.single { 100 } else { 0 };
    Flat { span, word, tails: [word; 3], head: word, class, shape: u8::from(region.single), region: number, sentence }
}

fn flat(text: &str, token: &Token<'_>, region: u16, sentence: u16) -> Flat {
    let low: &str = if token.low.is_empty() { token.span.of(text) } else { &token.low };
    let tail = |count: usize| {
        let start = low.char_indices().rev().nth(count - 1).map_or(0, |(at, _)| at);
        hash(low.get(start..).unwrap_or_default())
    };
    let head = low.char_indices().nth(3).map_or(low.len(), |(at, _)| at);
    Flat {
        span: token.span,
        word: hash(low),
        tails: [tail(2), tail(3), tail(4)],
        head: hash(low.get(..head).unwrap_or_default()),
        class: class_of(token, low),
        shape: shape(token.span.of(text)),
        region,
        sentence,
    }
}

/// The number of a word.
pub(crate) fn hash(word: &str) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in word.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    #[expect(clippy::cast_possible_truncation, reason = "folded to 32 bits")]
    let folded = (hash ^ (hash >> 32)) as u32;
    folded
}

/// Capitals, digits, hyphens and stops of a word, and whether it is long.
fn shape(word: &str) -> u8 {
    let mut chars = word.chars();
    let first = chars.next().unwrap_or(' ');
    let (mut upper, mut lower, mut digit, mut other) = (false, false, false, false);
    for c in chars {
        upper |= c.is_uppercase();
        lower |= c.is_lowercase();
        digit |= c.is_numeric();
        other |= !c.is_alphanumeric();
    }
    let start = if first.is_uppercase() {
        1
    } else if first.is_lowercase() {
        2
    } else if first.is_numeric() {
        3
    } else {
        4
    };
    start + 8 * u8::from(upper) + 16 * u8::from(lower) + 32 * u8::from(digit) + 64 * u8::from(other)
}

fn class_of(token: &Token<'_>, low: &str) -> u8 {
    if let Sort::Punct(mark) = token.sort {
        return match mark {
            ',' => class::COMMA,
            '.' | '…' => class::STOP,
            '?' | '!' => class::QUERY,
            ':' => class::COLON,
            ';' => class::SEMICOLON,
            '—' | '–' | '-' | '―' => class::DASH,
            '(' | '[' => class::BRACKET,
            ')' | ']' => class::UNBRACKET,
            _ => class::PUNCTUATION,
        };
    }
    match low {
        "that" => return class::THAT,
        "who" | "which" | "whose" | "whom" | "what" | "where" | "how" | "why" | "whether" => return class::RELATIVE,
        "and" | "or" | "but" => return class::AND,
        "to" => return class::TO,
        "not" => return class::NOT,
        "'s" => return class::POSSESSIVE,
        _ => {}
    }
    if let Some(verb) = lexicon::verb(low).filter(|_| !token.capital) {
        return 1 + 5 * verb_class(verb.class) + verb_form(verb.form);
    }
    if low.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '$' | '£' | '€')) {
        class::NUMBER
    } else if lexicon::is_pronoun(low) {
        class::PRONOUN
    } else if lexicon::is_determiner(low) {
        class::DETERMINER
    } else if lexicon::is_be(low) {
        class::BE
    } else if lexicon::is_auxiliary(low) {
        class::AUXILIARY
    } else if lexicon::is_preposition(low) {
        class::PREPOSITION
    } else if lexicon::is_conjunction(low) {
        class::CONJUNCTION
    } else if lexicon::is_adverb(low) {
        class::ADVERB
    } else if lexicon::is_time(low) {
        class::TIME
    } else if token.capital {
        if lexicon::is_title(low) { class::TITLE } else { class::NAME }
    } else if lexicon::is_role(low) {
        class::ROLE
    } else if lexicon::is_title(low) {
        class::TITLE
    } else if low.ends_with("ly") {
        class::ADVERB
    } else if low.ends_with("ed") {
        class::ED
    } else if low.ends_with("ing") {
        class::ING
    } else if low.ends_with("ion") || low.ends_with("ment") {
        class::ION
    } else if low.ends_with('s') {
        class::S
    } else {
        class::WORD
    }
}

fn verb_class(class: Class) -> u8 {
    match class {
        Class::Say => 0,
        Class::Tell => 1,
        Class::Ask => 2,
        Class::Promise => 3,
        Class::Think => 4,
        Class::Show => 5,
        Class::Judge => 6,
    }
}

fn verb_form(form: Form) -> u8 {
    match form {
        Form::Base => 0,
        Form::Third => 1,
        Form::Past => 2,
        Form::Participle => 3,
        Form::Ing => 4,
    }
}
