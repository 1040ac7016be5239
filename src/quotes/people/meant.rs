//! Who is meant by a name that someone types: any form of it, with or without title, misspelt or not.
//!
//! Whoever bears it to the letter is found in one circle. Only for what no circle has are names compared letter by letter, and
//! only those that share a word or nearly one: of tens of thousands of speakers some hundred.

use std::collections::BTreeSet;

use super::forms::{Letters, name_words, one_person, suffix_of};
use super::speaker::Speaker;
use super::{Meant, People, common_words};
use crate::quotes::names::Suffix;

/// How like a typed name must be to be taken for a speaker's.
const SAME: f32 = 0.75;
/// From this likeness on nobody can be nearer who is not in the circle of the name's last word, or called by these letters.
const SURE: f32 = 0.9;
/// How like it must be to be suggested.
const SIMILAR: f32 = 0.5;
/// How like one of its words must be to a name's for the two to be compared.
const NEAR_WORD: f32 = 0.55;
/// Of several words that do, the words that are nearest.
const NEAR_WORDS: usize = 48;
/// Suggestions at most.
const SUGGESTIONS: usize = 5;

impl People {
    /// Who is meant by `typed`.
    pub(in crate::quotes) fn meant(&self, typed: &str) -> Meant<'_> {
        let called = common_words(typed);
        if called == super::UNATTRIBUTED
            && let Some((words, quotations)) = self.unnamed.entry(super::UNATTRIBUTED)
        {
            return Meant::Unnamed(words, quotations);
        }
        let (asked, suffix) = (name_words(typed), suffix_of(typed));
        let sure = self.ranked(&asked, suffix, self.surely(&asked));
        if let Some((like, person)) = sure.first()
            && *like >= SURE
        {
            return Meant::Named(*person);
        }
        let ranked = self.ranked(&asked, suffix, self.similar(&asked));
        if let Some((like, person)) = ranked.first()
            && *like >= SAME
        {
            return Meant::Named(*person);
        }
        if let Some((words, quotations)) = self.unnamed.entry(called.as_str()) {
            return Meant::Unnamed(words, quotations);
        }
        // A name that articles write as one word.
        let joined = [asked.concat()];
        if asked.len() == 2
            && let Some((like, person)) = self.ranked(&joined, suffix, self.surely(&joined)).first()
            && *like >= SURE
        {
            return Meant::Named(*person);
        }
        if strsim::osa_distance(&called, super::UNATTRIBUTED) <= 2
            && let Some((words, quotations)) = self.unnamed.entry(super::UNATTRIBUTED)
        {
            return Meant::Unnamed(words, quotations);
        }
        Meant::Nobody(ranked.into_iter().take(SUGGESTIONS).map(|(_, p)| p.name().to_owned()).collect())
    }

    /// Who else than `name` is called `typed`, where that is one word, with how often they are quoted: most first.
    pub(in crate::quotes) fn namesakes(&self, typed: &str, name: &str) -> Vec<(String, usize)> {
        let (asked, suffix) = (name_words(typed), suffix_of(typed));
        if asked.len() != 1 {
            return Vec::new();
        }
        let ranked = self.ranked(&asked, suffix, self.surely(&asked));
        let others = ranked.iter().filter(|(like, person)| *like >= SURE && person.name() != name);
        let mut others: Vec<_> = others.map(|(_, person)| (person.name().to_owned(), person.count())).collect();
        others.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        others
    }

    /// Whom `typed` means beyond doubt.
    pub(in crate::quotes) fn surely_named(&self, typed: &str) -> Option<Speaker<'_>> {
        let (asked, suffix) = (name_words(typed), suffix_of(typed));
        let ranked = self.ranked(&asked, suffix, self.surely(&asked));
        let (like, first) = ranked.first().filter(|(like, _)| *like >= SURE)?;
        let only = ranked.get(1).is_none_or(|(second, _)| second < like);
        only.then_some(*first)
    }

    /// The speakers of some circles who are like enough, likest first; of equals the one who is quoted most.
    fn ranked(&self, asked: &[String], suffix: Option<Suffix>, circles: BTreeSet<&str>) -> Vec<(f32, Speaker<'_>)> {
        let letters: Vec<Letters> = asked.iter().map(|word| Letters::of(word)).collect();
        let in_circles = circles.into_iter().filter_map(|key| self.circles.entry(key));
        let speakers = in_circles.flat_map(|(key, circle)| self.speakers_in(key, circle));
        let like = speakers
            .map(|p| (with_suffix(likeness(asked, &letters, &p), asked, suffix, &p), p))
            .filter(|(like, _)| *like >= SIMILAR);
        let mut ranked: Vec<(f32, usize, Speaker<'_>)> = like.map(|(like, p)| (like, p.count(), p)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then_with(|| a.2.name().cmp(b.2.name())));
        ranked.into_iter().map(|(like, _, person)| (like, person)).collect()
    }

    /// The circles of the last word, and of the names that letters abbreviate.
    fn surely<'p>(&'p self, asked: &'p [String]) -> BTreeSet<&'p str> {
        let Some(last) = asked.last() else { return BTreeSet::new() };
        let abbreviated = self.letters.get(last.as_str()).filter(|_| asked.len() == 1);
        abbreviated.into_iter().flat_map(|keys| keys.iter()).map(|key| &**key).chain([last.as_str()]).collect()
    }

    /// The circles of names that hold a word like each that was typed; where no name has all, those like the rarest one.
    fn similar<'p>(&'p self, asked: &[String]) -> BTreeSet<&'p str> {
        let mut sets: Vec<BTreeSet<&str>> = asked.iter().map(|word| self.like_word(word)).collect();
        sets.sort_by_key(BTreeSet::len);
        let common = sets.iter().skip(1).fold(sets.first().cloned().unwrap_or_default(), |common, set| &common & set);
        let rarest = sets.into_iter().find(|set| !set.is_empty()).unwrap_or_default();
        &common | &rarest
    }

    /// The circles of names that hold a word like this one.
    fn like_word<'p>(&'p self, word: &str) -> BTreeSet<&'p str> {
        let letters = Letters::of(word);
        let near = self.words.iter().filter(|(known, _)| letters.most_like(&Letters::of(known)) >= NEAR_WORD);
        let near = near.map(|(known, keys)| (like(word, known), known, keys)).filter(|(like, ..)| *like >= NEAR_WORD);
        let mut near: Vec<_> = near.collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        near.truncate(NEAR_WORDS);
        near.into_iter().flat_map(|(_, _, keys)| keys.iter().map(|key| &**key)).collect()
    }
}

/// How like a name is, once what follows the surname is looked at: the son is not the father, but may be meant by the plain
/// name. A surname alone is anyone's.
fn with_suffix(like: f32, asked: &[String], suffix: Option<Suffix>, speaker: &Speaker<'_>) -> f32 {
    match (suffix, speaker.suffix()) {
        (None, Some(_)) if asked.len() > 1 => like.min(SURE - 0.05),
        (Some(one), other) if other != Some(one) => like.min(SAME - 0.05),
        _ => like,
    }
}

/// How like two words are, 0 to 1.
fn like(one: &str, other: &str) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "a likeness between 0 and 1")]
    let like = strsim::normalized_damerau_levenshtein(one, other) as f32;
    like
}

/// How like a typed name is to a speaker's, 0 to 1.
fn likeness(asked: &[String], letters: &[Letters], speaker: &Speaker<'_>) -> f32 {
    let stored = speaker.words();
    let (Some(first), Some(last)) = (asked.first(), asked.last()) else { return 0.0 };
    if asked == stored {
        return 1.0;
    }
    if let [letters] = asked
        && speaker.is_called(letters)
    {
        return 0.97;
    }
    if asked.len() > 1 && stored.len() > 1 && one_person(asked, stored) {
        return 0.95;
    }
    if asked.len() == 1 && stored.last() == Some(last) {
        return 0.9;
    }
    if asked.len() == 1 && stored.first() == Some(first) && stored.len() > 1 {
        return 0.78;
    }
    // Every typed word near one of the name's, the surname near the surname or, of several words, all near something.
    // Comparing letter by letter is slow, and most names have nothing to do with the one that was typed.
    let most = |a: &Letters| speaker.letters().iter().map(|b| a.most_like(b)).fold(0.0, f32::max);
    let most: f32 = letters.iter().map(most).sum();
    #[expect(clippy::cast_precision_loss, reason = "a name has few words")]
    if most / (asked.len() as f32) < SIMILAR {
        return 0.0;
    }
    let (mut sum, mut worst) = (0.0_f32, 1.0_f32);
    for word in asked {
        let best = stored.iter().map(|other| like(word, other)).fold(0.0, f32::max);
        sum += best;
        worst = worst.min(best);
    }
    #[expect(clippy::cast_precision_loss, reason = "a name has few words")]
    let mean = sum / asked.len() as f32;
    // Another given name is another person, however well the surname fits.
    if worst < 0.65 { mean.min(SAME - 0.05) * 0.95 } else { mean * 0.97 }
}
