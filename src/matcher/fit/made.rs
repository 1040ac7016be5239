//! Questions made from sentences: each asks for something that its sentence tells, in the sentence's other words.
//!
//! People who write questions after having seen a headline ask for what stands at the top of an article. Questions for facts
//! anywhere in it are needed too, so that the place in the article is not all that is learned.

use crate::article::{Article, Span};
use crate::matcher::fit::Random;
use crate::matcher::terms::Folder;
use crate::matcher::words::is_stop;

/// Words that a question keeps of its sentence, at least and at most.
const KEPT: (usize, usize) = (2, 5);

/// Words from the one that is asked for within which words are kept.
const REACH: usize = 14;

/// A sentence is asked about if it has so many words.
const WORDS: (usize, usize) = (8, 40);

/// A question and the sentence that answers it.
pub(super) struct Made {
    pub(super) question: String,
    pub(super) sentence: Span,
}

struct Word<'a> {
    text: &'a str,
    folded: String,
    capital: bool,
    end: usize,
}

/// A question for each of up to `most` sentences of an article, drawn by `random`.
pub(super) fn questions(article: &Article, most: usize, random: &mut Random) -> Vec<Made> {
    let mut sentences: Vec<Span> = article.sentences().to_vec();
    random.shuffle(&mut sentences);
    let made = sentences.into_iter().filter_map(|sentence| {
        let question = question(article.slice(sentence), random)?;
        Some(Made { question, sentence })
    });
    made.take(most).collect()
}

fn question(sentence: &str, random: &mut Random) -> Option<String> {
    let mut words: Vec<Word<'_>> = Vec::new();
    Folder::default().words(sentence, |range, folded| {
        let text = sentence.get(range.clone()).unwrap_or_default();
        let capital = text.starts_with(char::is_uppercase);
        words.push(Word { text, folded: folded.to_owned(), capital, end: range.end });
    });
    if words.len() < WORDS.0 || words.len() > WORDS.1 {
        return None;
    }
    let mut askable: Vec<(usize, usize, &str)> =
        (0..words.len()).filter_map(|at| asked(&words, at, sentence)).collect();
    random.shuffle(&mut askable);
    let (first, past, asks) = *askable.first()?;
    let near = |at: usize| at.abs_diff(first) <= REACH && !(first..past).contains(&at);
    let tells = |at: &usize| near(*at) && words.get(*at).is_some_and(|word| !is_stop(&word.folded));
    let mut kept: Vec<usize> = (0..words.len()).filter(tells).collect();
    // "How many boats": what is counted is always asked with.
    let counted = (asks == "how many").then_some(past);
    let wanted = KEPT.0 + random.below(KEPT.1 - KEPT.0 + 1);
    while kept.len() > wanted {
        let out = random.below(kept.len());
        if kept.get(out).copied() == counted {
            continue;
        }
        kept.remove(out);
    }
    if kept.len() < KEPT.0 {
        return None;
    }
    kept.sort_by_key(|at| Some(*at) != counted);
    let kept: Vec<&str> = kept.iter().filter_map(|at| words.get(*at)).map(|word| word.text).collect();
    Some(format!("{asks} {}?", kept.join(" ")))
}

/// If a question can ask for the word at `at`: its first word, the one past its last, and how it is asked for.
fn asked(words: &[Word<'_>], at: usize, sentence: &str) -> Option<(usize, usize, &'static str)> {
    let word = words.get(at)?;
    let before = at.checked_sub(1).and_then(|before| words.get(before));
    let next = words.get(at + 1);
    let digits = word.folded.starts_with(|c: char| c.is_ascii_digit());
    let year = digits && word.folded.len() == 4 && (word.folded.starts_with("19") || word.folded.starts_with("20"));
    let after = |name: &[&str]| before.is_some_and(|before| name.contains(&before.folded.as_str()));
    let beside =
        |a: &Word<'_>, b: &Word<'_>| sentence.get(a.end..).is_some_and(|rest| rest.trim_start().starts_with(b.text));
    if year || (MONTHS_AND_DAYS.contains(&word.folded.as_str()) && word.capital) {
        return Some((at, at + 1, "when"));
    }
    if digits && next.is_some_and(|next| !is_stop(&next.folded) && next.folded.ends_with('s') && beside(word, next)) {
        return Some((at, at + 1, "how many"));
    }
    if word.capital && at > 0 && after(&["in", "at", "near", "from"]) {
        return Some((at, at + 1, "where"));
    }
    let name = |word: &Word<'_>| word.capital && !is_stop(&word.folded) && word.folded.len() > 2;
    if at > 0 && name(word) && next.is_some_and(|next| name(next) && beside(word, next)) && !before.is_some_and(name) {
        return Some((at, at + 2, "who"));
    }
    if word.folded == "because" && at + 3 < words.len() {
        return Some((at, words.len(), "why"));
    }
    None
}

/// Questions about somebody whom an article names that it does not answer: how each is asked, and the words without which it
/// can't be answered. The words are beginnings.
const ABSENT: [(&str, &str, &[&str]); 7] = [
    ("How old is", "", &[" old", "aged", "age ", "born", "birthday"]),
    ("How tall is", "", &["tall", "feet", "foot", "metre", "meter", "inch"]),
    ("When was", " born", &["born", "birth"]),
    ("Where was", " born", &["born", "birth", "native"]),
    ("How many children does", " have", &["child", "son ", "sons", "daughter", "father", "mother", "kids"]),
    ("How much does", " earn", &["earn", "salar", "paid", " pay", "wage", "income"]),
    ("Who is", " married to", &["wife", "husband", "marri", "spouse", "wed"]),
];

/// Questions about somebody whom the article names, none of which it answers.
pub(super) fn absent(article: &Article, most: usize, random: &mut Random) -> Vec<String> {
    let mut sentences: Vec<Span> = article.sentences().to_vec();
    random.shuffle(&mut sentences);
    let Some(name) = sentences.iter().find_map(|sentence| name_in(article.slice(*sentence))) else { return Vec::new() };
    let lower = article.text().to_lowercase();
    // "Ruth Calder, 54, said" answers how old.
    let last = name.rsplit(' ').next().unwrap_or_default();
    let aged = article.text().match_indices(last).any(|(at, _)| {
        let after = article.text().get(at + last.len()..).unwrap_or_default();
        after.strip_prefix(", ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    });
    let mut asked: Vec<&(&str, &str, &[&str])> = ABSENT
        .iter()
        .filter(|(asks, _, needs)| {
            let told = needs.iter().any(|word| lower.contains(word)) || (asks.ends_with("old is") && aged);
            !told
        })
        .collect();
    random.shuffle(&mut asked);
    asked.into_iter().take(most).map(|(asks, rest, _)| format!("{asks} {name}{rest}?")).collect()
}

/// Two words in a row that are written as a name, not at the start.
fn name_in(sentence: &str) -> Option<String> {
    let words: Vec<&str> = sentence.split(' ').collect();
    let is_name =
        |word: &str| word.len() > 2 && word.starts_with(char::is_uppercase) && word.chars().all(char::is_alphabetic);
    let pair = words.windows(2).skip(1).find(|pair| pair.iter().all(|word| is_name(word)))?;
    Some(pair.join(" "))
}

const MONTHS_AND_DAYS: [&str; 18] = [
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};

    #[test]
    fn a_question_asks_in_the_words_of_its_sentence_for_what_it_leaves_out() {
        let text = "Note\n\nThe harbour master said on Tuesday that 340 boats had left the old pier without paying.\n\n\
            It was found that Ottoline Vandermeer had mended the great lantern of the lighthouse twice.\n";
        let article = read_text("a", text, Format::Text).unwrap();
        let mut found = Vec::new();
        for seed in 0..20 {
            for made in questions(&article, 5, &mut Random::new(seed)) {
                let (asks, rest) = made.question.split_once(' ').unwrap();
                let sentence = article.slice(made.sentence);
                let rest = rest.trim_start_matches("many ").trim_end_matches('?');
                assert!(rest.split(' ').all(|word| sentence.contains(word)), "{}", made.question);
                found.push(asks.to_owned());
            }
        }
        for asks in ["when", "how", "who"] {
            assert!(found.iter().any(|found| found == asks), "{asks}: {found:?}");
        }
        assert_eq!(questions(&article, 5, &mut Random::new(3)).len(), 2);
        for question in absent(&article, 9, &mut Random::new(1)) {
            assert!(question.contains("Ottoline Vandermeer"), "{question}");
        }
        // "the old pier" and "paying" might answer how old and how much.
        assert_eq!(absent(&article, 9, &mut Random::new(1)).len(), ABSENT.len() - 2);
    }
}
