//! Which sentences can be read without their neighbours, and what the others need.
//!
//! Three things tie a sentence to a neighbour: an opening that points back ("She", "But", "That"), a quotation that runs
//! over several sentences or names nobody, and a lead-in that announces what follows. Single quotation marks are not
//! read: they can't be told from apostrophes.

mod marks;

use std::ops::Range;

use marks::{Quoted, quoted};

/// The longest stretch of sentences that is taken for the sake of one; longer quotations are left out altogether.
const MAX_RUN: usize = 4;

/// A lead-in has at most this many words ("Asked about the cost, Ms Roe went on.").
const LEAD_IN_WORDS: usize = 8;

/// Opening words that point back to the sentence before, in lower case. English only; the articles of other languages
/// are tied by quotation marks alone.
const POINTING_BACK: [&str; 52] = [
    "accordingly",
    "additionally",
    "afterwards",
    "also",
    "and",
    "another",
    "besides",
    "both",
    "but",
    "consequently",
    "conversely",
    "finally",
    "further",
    "furthermore",
    "he",
    "hence",
    "her",
    "hers",
    "his",
    "however",
    "indeed",
    "instead",
    "it",
    "its",
    "likewise",
    "meanwhile",
    "moreover",
    "neither",
    "nevertheless",
    "nonetheless",
    "nor",
    "or",
    "otherwise",
    "others",
    "rather",
    "she",
    "similarly",
    "so",
    "still",
    "such",
    "that",
    "their",
    "then",
    "thereafter",
    "therefore",
    "these",
    "they",
    "this",
    "those",
    "though",
    "thus",
    "yet",
];

/// What may follow "this" or "that" and the like without pointing back: "this year", "those who".
const POINTING_FORWARD: [&str; 16] = [
    "afternoon",
    "autumn",
    "century",
    "decade",
    "evening",
    "month",
    "morning",
    "season",
    "spring",
    "summer",
    "week",
    "weekend",
    "who",
    "whose",
    "winter",
    "year",
];

/// Openings of several words that point back, in lower case.
const PHRASES_BACK: [&str; 12] = [
    "as a result",
    "at the same time",
    "by contrast",
    "even so",
    "for example",
    "for instance",
    "in addition",
    "in contrast",
    "in response",
    "on the other hand",
    "the former",
    "the latter",
];

/// Speakers who are named elsewhere, where they follow a quotation: "…,” she said".
const PRONOUNS: [&str; 3] = ["he", "she", "they"];

/// Verbs that make a short sentence before a quotation its lead-in.
const LEAD_IN_VERBS: [&str; 22] = [
    "added",
    "adds",
    "answered",
    "asked",
    "concluded",
    "continued",
    "continues",
    "explained",
    "explains",
    "replied",
    "replies",
    "said",
    "say",
    "says",
    "stated",
    "told",
    "tells",
    "went",
    "writes",
    "wrote",
    "warned",
    "warns",
];

/// Why a sentence can't be read alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ties {
    /// Needs the sentence before it.
    before: bool,
    /// Needs the sentence after it.
    after: bool,
    /// Part of a quotation that is never closed or never opened.
    broken: bool,
}

/// A sentence and whether a paragraph begins with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sentence<'t> {
    /// Its words.
    pub(super) text: &'t str,
    /// Whether it is its paragraph's first.
    pub(super) starts_paragraph: bool,
}

/// For each of an article's first sentences, the indices of those that must be read with it, itself included; empty
/// where it can't be read at all. `language` is an ISO 639-1 code.
pub(super) fn runs(sentences: &[Sentence<'_>], language: &str) -> Vec<Range<usize>> {
    let ties = ties(sentences, language.starts_with("en"));
    (0..ties.len()).map(|index| run(&ties, index).unwrap_or(0..0)).collect()
}

fn run(ties: &[Ties], index: usize) -> Option<Range<usize>> {
    let (mut first, mut last) = (index, index);
    while ties.get(first)?.before {
        first = first.checked_sub(1)?;
        if last - first >= MAX_RUN {
            return None;
        }
    }
    while ties.get(last)?.after {
        last += 1;
        if last - first >= MAX_RUN {
            return None;
        }
    }
    let run = first..last + 1;
    let members = ties.get(run.clone())?;
    (!members.iter().any(|ties| ties.broken)).then_some(run)
}

fn ties(sentences: &[Sentence<'_>], english: bool) -> Vec<Ties> {
    let quoted = quoted(sentences);
    let mut all = Vec::with_capacity(sentences.len());
    for (index, (sentence, marks)) in sentences.iter().zip(&quoted).enumerate() {
        let text = sentence.text;
        let before_quotation = quoted.get(index + 1).is_some_and(|next| next.opens_first);
        let points_back = english && index > 0 && points_back(text, marks);
        all.push(Ties {
            before: marks.begins_inside || (marks.wholly && index > 0) || points_back,
            after: marks.ends_inside
                || text.ends_with(':')
                || (english && before_quotation && !marks.closes() && leads_in(text)),
            broken: marks.broken,
        });
    }
    all
}

/// Whether the sentence's opening, or the speaker of the words that it quotes, is named in another.
fn points_back(sentence: &str, marks: &Quoted) -> bool {
    let mut words = words(sentence);
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    let forward = POINTING_FORWARD.contains(&second.as_str()) && matches!(first.as_str(), "this" | "these" | "those");
    (POINTING_BACK.contains(&first.as_str()) && !forward)
        || opens_with_phrase(sentence)
        || marks
            .after_mark(sentence)
            .is_some_and(|rest| self::words(rest).take(2).any(|word| PRONOUNS.contains(&word.as_str())))
}

/// Whether the first words of a text point back to what stands before it ("She", "But", "As a result"); English only.
pub(super) fn opens_back(text: &str) -> bool {
    words(text).next().is_some_and(|first| POINTING_BACK.contains(&first.as_str())) || opens_with_phrase(text)
}

fn opens_with_phrase(sentence: &str) -> bool {
    let opening = sentence.trim_start_matches(|c: char| !c.is_alphanumeric());
    // All phrases are ASCII: a prefix that cuts a character, or is too short, is none of them.
    PHRASES_BACK
        .iter()
        .any(|phrase| opening.get(..phrase.len()).is_some_and(|start| start.eq_ignore_ascii_case(phrase)))
}

fn leads_in(sentence: &str) -> bool {
    let mut count = 0;
    let mut speaks = false;
    for word in words(sentence) {
        count += 1;
        speaks |= LEAD_IN_VERBS.contains(&word.as_str());
    }
    speaks && count <= LEAD_IN_WORDS
}

/// Words in lower case: stretches of letters and digits, with what stands behind an apostrophe left off ("it's" → "it").
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'))
        .map(|word| word.trim_start_matches(['\'', '’']))
        .map(|word| word.split(['\'', '’']).next().unwrap_or_default().to_lowercase())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each sentence the first and last sentence that it needs. Sentences are parted by `|`, paragraphs by `¶`.
    fn runs_of(text: &str) -> Vec<Option<(usize, usize)>> {
        let mut sentences = Vec::new();
        for paragraph in text.split('¶') {
            let parts = paragraph.split('|').enumerate();
            sentences.extend(parts.map(|(n, part)| Sentence { text: part.trim(), starts_paragraph: n == 0 }));
        }
        let runs = runs(&sentences, "en");
        runs.into_iter().map(|run| (!run.is_empty()).then(|| (run.start, run.end - 1))).collect()
    }

    #[test]
    fn a_plain_sentence_needs_nothing() {
        assert_eq!(runs_of("The pier was painted.|Visitors came at once."), [Some((0, 0)), Some((1, 1))]);
    }

    #[test]
    fn an_opening_that_points_back_needs_the_sentence_before() {
        for second in [
            "She paints them blue.",
            "But the keeper does not.",
            "That takes a week.",
            "However, the crew was late.",
            "It’s why the town is known.",
            "As a result the town is known.",
            "“They suit blue,” said Ada Roe.",
        ] {
            assert_eq!(runs_of(&format!("Anna Holt paints piers.|{second}"))[1], Some((0, 1)), "{second}");
        }
    }

    #[test]
    fn this_year_and_those_who_point_back_to_nothing() {
        for second in ["This year the town paints it.", "Those who paint it are paid.", "Italy buys the paint."] {
            assert_eq!(runs_of(&format!("The pier rusts.|{second}"))[1], Some((1, 1)), "{second}");
        }
    }

    #[test]
    fn the_first_sentence_has_nothing_to_point_back_to() {
        assert_eq!(runs_of("It rained all night in Selby.|Roads flooded.")[0], Some((0, 0)));
    }

    #[test]
    fn a_speaker_who_is_only_she_is_named_before() {
        assert_eq!(runs_of("Mayor Ada Roe opened the pier.|“Blue suits a pier,” she said.")[1], Some((0, 1)));
        assert_eq!(runs_of("Mayor Ada Roe opened the pier.|“Blue suits a pier,” said Ada Roe.")[1], Some((1, 1)));
    }

    #[test]
    fn a_quotation_of_several_sentences_is_whole_or_absent() {
        let runs = runs_of("The pier opened.|Ada Roe said: “Blue suits it.|Green did not.|Nobody did.”|Bands played.");
        assert_eq!(runs[1..4], [Some((1, 3)); 3]);
        assert_eq!(runs[4], Some((4, 4)));
    }

    #[test]
    fn a_quotation_goes_on_across_paragraphs() {
        for text in [
            "“Blue suits it,” said Ada Roe.|“Green did not.¶“Nobody liked green.”¶Bands played.",
            "\"Blue suits it,\" said Ada Roe.|\"Green did not.¶\"Nobody liked green.\"¶Bands played.",
            "\"Blue suits it,\" said Ada Roe.¶\"Green did not.¶Nobody liked green.\"¶Bands played.",
        ] {
            assert_eq!(runs_of(text), [Some((0, 0)), Some((1, 2)), Some((1, 2)), Some((3, 3))], "{text}");
        }
    }

    #[test]
    fn a_lead_in_brings_its_quotation() {
        let runs = runs_of("Ada Roe likes piers.¶Ms Roe went on.¶“Blue suits a pier,” the mayor said.");
        assert_eq!(runs[1..], [Some((1, 2)), Some((2, 2))]);
        assert_eq!(runs_of("Ada Roe listed the colours:|Blue, green and white.")[0], Some((0, 1)));
        assert_eq!(runs_of("Bands played.|Ada Roe listed the colours:")[1], None);
    }

    #[test]
    fn words_in_marks_that_name_nobody_need_the_sentence_before() {
        let runs = runs_of("Ada Roe was pleased.|\"Blue suits a pier.\"|Bands played.");
        assert_eq!(runs, [Some((0, 0)), Some((0, 1)), Some((2, 2))]);
    }

    #[test]
    fn half_a_quotation_is_never_read() {
        let runs = runs_of("Ada Roe said “blue suits it.¶The pier opened.¶Bands played.");
        assert_eq!(runs, [None, Some((1, 1)), Some((2, 2))], "never closed");
        let runs = runs_of("Ada Roe said “blue suits it.¶The pier opened.¶Green did not suit it”.");
        assert_eq!(runs, [None, Some((1, 1)), None], "a paragraph between the halves");
        let runs = runs_of("The pier opened.|Green did not suit it”.|Bands played.");
        assert_eq!(runs, [Some((0, 0)), None, Some((2, 2))], "never opened");
    }

    #[test]
    fn a_very_long_quotation_is_left_out() {
        let runs = runs_of("Ada said: “One is red.|Two is blue.|Three is green.|Four is black.|Five is white.”");
        assert!(runs.iter().all(Option::is_none));
    }

    #[test]
    fn other_languages_are_tied_by_their_marks_alone() {
        let sentences =
            [("Das Haus steht leer.", true), ("„Es ist alt.", false), ("Es ist groß“, sagte Ada Roe.", false)]
                .map(|(text, starts_paragraph)| Sentence { text, starts_paragraph });
        assert_eq!(runs(&sentences, "de"), [0..1, 1..3, 1..3]);
    }
}
