//! What people corrected: whose a quotation is.
//!
//! A correction knows the quotation by its words. So it outlives rules that find it otherwise, or no longer, and a new version
//! of the article in which the words still stand.

use std::collections::HashMap;

use super::{Kind, Quotation, words};
use crate::article::{Article, Span};
use crate::library::ArticleId;

/// That somebody said, or did not say, what stands in an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Where the words stood when it was made.
    pub content: Vec<Span>,
    /// The words, a string for each stretch.
    pub words: Vec<String>,
    /// Whose they are; `None` when it can't be told.
    pub speaker: Option<String>,
}

/// The corrections of a library, by article: those of one in the order in which they were made.
pub type Corrections = HashMap<ArticleId, Vec<Correction>>;

/// Of the shorter of two quotations, this share must be in both for them to be one.
const SAME: f32 = 0.5;

impl Correction {
    /// A correction of a quotation of an article.
    #[must_use]
    pub fn of(article: &Article, quotation: &Quotation, speaker: Option<&str>) -> Self {
        Self {
            content: quotation.content.clone(),
            words: quotation.content.iter().map(|span| article.slice(*span).to_owned()).collect(),
            speaker: speaker.map(str::to_owned),
        }
    }

    /// Whether it is of most of this quotation of an article.
    #[must_use]
    pub fn is_of(&self, article: &Article, content: &[Span]) -> bool {
        self.place_in(article).is_some_and(|place| same(content, &place))
    }

    /// Where the words stand in an article: where they stood, or else where they come first in this order.
    #[must_use]
    pub fn place_in(&self, article: &Article) -> Option<Vec<Span>> {
        let text = article.text();
        let there = |(span, words): (&Span, &String)| text.get(span.range()) == Some(words);
        let same = self.content.len() == self.words.len() && self.content.iter().zip(&self.words).all(there);
        if same && !self.content.is_empty() {
            return Some(self.content.clone());
        }
        let mut from = 0;
        let mut spans = Vec::with_capacity(self.words.len());
        for words in self.words.iter().filter(|words| !words.is_empty()) {
            let at = from + text.get(from..)?.find(words.as_str())?;
            from = at + words.len();
            spans.push(Span::new(at, from));
        }
        (!spans.is_empty()).then_some(spans)
    }
}

/// Gives quotations the speakers that people gave them. A quotation that was not found and was corrected is put in.
pub(super) fn apply(article: &Article, quotations: &mut Vec<Quotation>, corrections: &[Correction]) {
    for correction in corrections {
        let Some(content) = correction.place_in(article) else { continue };
        let mut any = false;
        for quotation in quotations.iter_mut().filter(|quotation| same(&quotation.content, &content)) {
            any = true;
            let named =
                quotation.speaker_words(article).filter(|words| goes_with(words, correction.speaker.as_deref()));
            if named.is_none() {
                quotation.speaker = None;
            }
            quotation.speaker_name.clone_from(&correction.speaker);
            quotation.confidence = 1.0;
        }
        let paragraph = content.first().and_then(|first| article.paragraph_at(*first));
        if let Some(paragraph) = paragraph.filter(|_| !any) {
            quotations.push(Quotation {
                content,
                speaker: None,
                speaker_name: correction.speaker.clone(),
                cue: None,
                kind: Kind::Direct,
                confidence: 1.0,
                paragraph,
            });
        }
    }
    quotations.sort_by_key(|q| (q.content.first().copied(), q.cue));
}

/// Whether the words that name a speaker at a quotation can name this one: a pronoun, or words of the name.
fn goes_with(speaker_words: &str, name: Option<&str>) -> bool {
    let Some(name) = name else { return false };
    let lows = |text: &str| words::words_of(text).into_iter().map(|word| word.low).collect::<Vec<_>>();
    let (said, name) = (lows(speaker_words), lows(name));
    matches!(said.as_slice(), [one] if super::lexicon::is_pronoun(one))
        || said.iter().any(|word| name.last() == Some(word))
}

/// Whether two stretches of an article are mostly the same.
fn same(one: &[Span], other: &[Span]) -> bool {
    let length = |spans: &[Span]| spans.iter().map(|span| span.len()).sum::<usize>();
    let common = |a: &Span, b: &Span| a.end.min(b.end).saturating_sub(a.start.max(b.start)) as usize;
    let shared: usize = one.iter().flat_map(|a| other.iter().map(move |b| common(a, b))).sum();
    #[expect(clippy::cast_precision_loss, reason = "lengths of quotations")]
    let share = shared as f32 / length(one).min(length(other)).max(1) as f32;
    share >= SAME
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quotes::find;
    use crate::quotes::tests::article;

    fn corrected(before: &str, now: &str, words: &str, speaker: Option<&str>) -> Vec<(String, Option<String>)> {
        let old = article(before);
        let quotation = find(&old).into_iter().find(|q| q.content.iter().any(|span| old.slice(*span).contains(words)));
        let correction = Correction::of(&old, &quotation.expect("it is found"), speaker);
        let new = article(now);
        let mut quotations = find(&new);
        apply(&new, &mut quotations, &[correction]);
        let content = |q: &Quotation| q.content.iter().map(|span| new.slice(*span)).collect::<Vec<_>>().join(" / ");
        quotations.iter().map(|q| (content(q), q.speaker_name.clone())).collect()
    }

    #[test]
    fn a_correction_follows_its_words_into_a_new_version() {
        let before = "“The pier is shut,” Ann Lee said. “The toll stays,” said Bob Poe.";
        let now = format!("It rained. {before}");
        let expected = [
            ("The pier is shut,".to_owned(), Some("Bob Poe".to_owned())),
            ("The toll stays,".to_owned(), Some("Bob Poe".to_owned())),
        ];
        assert_eq!(corrected(before, before, "pier", Some("Bob Poe")), expected);
        assert_eq!(corrected(before, &now, "pier", Some("Bob Poe")), expected);
        assert_eq!(corrected(before, before, "pier", None)[0].1, None);
        let without = "“The toll stays,” said Bob Poe.";
        assert_eq!(corrected(before, without, "pier", Some("Carl Zed")), [expected[1].clone()]);
    }

    #[test]
    fn what_is_no_longer_found_is_still_whose_it_was_said_to_be() {
        let now = "The pier is shut, and so on.\n\n“The toll stays,” said Bob Poe.";
        let found = corrected("“The pier is shut, and so on,” Ann Lee said.", now, "pier", Some("Carl Zed"));
        assert_eq!(found.len(), 1, "other words: {found:?}");
        let now = "The pier is shut, and so on, and then it rained.";
        let found = corrected("“The pier is shut, and so on,” Ann Lee said.", now, "pier", Some("Carl Zed"));
        assert_eq!(found, [("The pier is shut, and so on,".to_owned(), Some("Carl Zed".to_owned()))]);
    }
}
