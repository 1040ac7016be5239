//! What of the kinds that questions ask for a stretch of text holds: persons, times, numbers, places, causes.

use super::asked::AnswerKind;
use super::kinds::{
    is_amount, is_area_or_volume, is_calendar, is_cause, is_distance, is_duration, is_length, is_number_word, is_role,
    is_small_length, is_time_word, is_weight,
};
use super::query::{Hit, Query};
use super::rarity::is_everyday;

/// What unit the number has that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Measure {
    /// It isn't said.
    #[default]
    Any,
    /// The number of what the question's word of this index names: "how many boats".
    CountOf(usize),
    /// What the question's word of this index names by a number: "the batch number", "the price".
    NamedBy(usize),
    /// How much: money, or a share.
    Amount,
    /// How long: of time or of length.
    Long,
    /// How high, tall, deep, wide.
    High,
    /// How far.
    Far,
    /// How big, large, small.
    Big,
    /// How heavy.
    Heavy,
    /// How fast.
    Fast,
    /// How old.
    Old,
    /// How often.
    Often,
}

impl Measure {
    /// What "how" and this word ask for; `None` where they don't ask for a number. [`Measure::Any`] for "many".
    pub(super) fn asked_by(word: &str) -> Option<Self> {
        Some(match word {
            "many" => Self::Any,
            "much" => Self::Amount,
            "long" => Self::Long,
            "high" | "tall" | "deep" | "wide" => Self::High,
            "far" => Self::Far,
            "big" | "large" | "small" => Self::Big,
            "heavy" => Self::Heavy,
            "fast" | "quickly" => Self::Fast,
            "old" => Self::Old,
            "often" | "frequently" => Self::Often,
            _ => return None,
        })
    }

    /// Whether it measures people: how old, how tall, how heavy.
    pub(super) fn is_of_somebody(self) -> bool {
        matches!(self, Self::Old | Self::High | Self::Heavy)
    }

    /// Whether a word that follows a number tells that it measures this.
    fn is_unit(self, folded: &str) -> bool {
        match self {
            Self::Any | Self::CountOf(_) | Self::NamedBy(_) => false,
            Self::Amount => is_amount(folded),
            Self::Long => is_duration(folded) || is_small_length(folded) || is_length(folded) || is_distance(folded),
            Self::High => is_length(folded),
            Self::Far => is_length(folded) || is_distance(folded),
            Self::Big => {
                is_area_or_volume(folded) || is_small_length(folded) || is_length(folded) || is_distance(folded)
            }
            Self::Heavy => is_weight(folded),
            Self::Fast => is_distance(folded) || is_duration(folded),
            Self::Old => matches!(folded, "year" | "years" | "old" | "months" | "aged" | "centuries" | "century"),
            Self::Often => is_duration(folded) || matches!(folded, "times" | "time"),
        }
    }
}

/// What of a kind that questions ask for a stretch of text holds, beyond the question's own words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Holds {
    pub(super) person: bool,
    pub(super) time: bool,
    pub(super) number: bool,
    /// A number with the unit that is asked for.
    pub(super) measured: bool,
    pub(super) place: bool,
    pub(super) cause: bool,
    /// Words without which nothing is told of what is asked of somebody's life.
    pub(super) life: bool,
}

impl Holds {
    /// Everything.
    pub(super) const ALL: Self =
        Self { person: true, time: true, number: true, measured: true, place: true, cause: true, life: true };

    /// Whether it holds what is asked for; never for an open question.
    pub(super) fn answers(self, kind: AnswerKind) -> bool {
        match kind {
            AnswerKind::Open => false,
            AnswerKind::Person => self.person,
            AnswerKind::Time => self.time,
            AnswerKind::Number => self.number,
            AnswerKind::Place => self.place,
            AnswerKind::Cause => self.cause,
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        self.person |= other.person;
        self.time |= other.time;
        self.number |= other.number;
        self.measured |= other.measured;
        self.place |= other.place;
        self.cause |= other.cause;
        self.life |= other.life;
    }
}

/// Words from a number to its unit, at most: "46 bees an hour", "5,600 keen supporters".
pub(super) const UNIT_WITHIN: u32 = 3;

/// What a number without the unit that is asked for counts against one with it.
const UNITLESS: f32 = 0.5;

/// What a name of one word counts against one of two, or against a title.
const SINGLE_NAME: f32 = 0.6;

/// A word of a text, as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) folded: &'a str,
    pub(super) hit: Option<Hit>,
    /// Begins with a capital.
    pub(super) capital: bool,
    /// …and not because a sentence starts.
    pub(super) name: bool,
    /// Tells something and was not asked with.
    pub(super) fresh: bool,
    /// Stands right after the sign of a currency.
    pub(super) money: bool,
    /// Stands right before a per cent sign.
    pub(super) percent: bool,
    /// Begins its sentence.
    pub(super) first: bool,
}

/// Gathers, word by word, what a sentence holds of the kinds that questions ask for.
pub(super) struct Evidence<'q> {
    query: &'q Query,
    pub(super) holds: Holds,
    /// The word before is written as a name and was not asked with.
    after_name: bool,
    /// The word before has a capital.
    after_capital: bool,
    after_place_word: bool,
    after_due: bool,
    /// Words since the last number.
    since_number: u32,
    /// Words since the question's word that is counted or named by a number.
    since_counted: u32,
}

impl<'q> Evidence<'q> {
    pub(super) fn new(query: &'q Query) -> Self {
        Self {
            query,
            holds: Holds::default(),
            after_name: false,
            after_capital: false,
            after_place_word: false,
            after_due: false,
            since_number: u32::MAX,
            since_counted: u32::MAX,
        }
    }

    /// Takes the sentence's next word; how much it is of what the question asks for, 0 to 1.
    pub(super) fn word(&mut self, word: Written<'_>) -> f32 {
        let Written { folded, fresh, capital, .. } = word;
        let calendar = is_calendar(folded) && (capital || folded != "may");
        let digits = folded.starts_with(|c: char| c.is_ascii_digit());
        let year = digits && folded.len() == 4 && (folded.starts_with("19") || folded.starts_with("20"));
        let named = capital && fresh && !calendar;
        // Two capitalised words in a row, or a title before a name, look like a person.
        let person = (self.after_name && named) || (fresh && is_role(folded));
        // "May" is a function word, too.
        let time = (calendar && word.hit.is_none()) || (fresh && (year || is_time_word(folded)));
        let number = fresh && ((digits && !year) || is_number_word(folded));
        let place = self.after_place_word && named;
        let cause = is_cause(folded) || (self.after_due && folded == "to");
        self.since_number = if number { 0 } else { self.since_number.saturating_add(1) };
        let counted = word.hit.is_some_and(|hit| Some(hit.term) == self.query.counted);
        self.since_counted = if counted { 0 } else { self.since_counted.saturating_add(1) };
        let measured = self.since_number <= UNIT_WITHIN && self.measures(word);
        let life = self.query.life.is_some_and(|life| life.is_told_by(folded));
        let holds = Holds { person, time, number, measured, place, cause, life };
        self.holds.join(holds);
        self.after_name = named;
        self.after_capital = capital && !calendar;
        self.after_place_word = matches!(folded, "in" | "at" | "from" | "near" | "to" | "outside" | "across")
            || (self.after_place_word && word.name);
        self.after_due = folded == "due";
        match self.query.kind {
            AnswerKind::Number if self.query.measure == Measure::Any => f32::from(u8::from(number)),
            AnswerKind::Number if measured => 1.0,
            AnswerKind::Number if number => UNITLESS,
            AnswerKind::Number => 0.0,
            // A capital at the start of a sentence is a name's where the word is no everyday one.
            AnswerKind::Person if !person && named && !(word.first && is_everyday(folded)) => SINGLE_NAME,
            kind => f32::from(u8::from(holds.answers(kind))),
        }
    }

    /// Whether the number at this word, or not far before it, measures what is asked for.
    fn measures(&self, word: Written<'_>) -> bool {
        let measure = self.query.measure;
        measure.is_unit(word.folded)
            || (measure == Measure::Amount && self.since_number == 0 && (word.money || word.percent))
            || self.since_counted == 0
            // "Ruth Calder, 54, said": the number behind a name is an age.
            || (measure == Measure::Old && self.since_number == 0 && self.after_capital && is_age(word.folded))
            || (matches!(measure, Measure::NamedBy(_)) && self.since_number == 0 && self.since_counted <= UNIT_WITHIN)
    }
}

/// Whether a number can be the age of somebody.
fn is_age(folded: &str) -> bool {
    folded.parse::<u8>().is_ok_and(|years| (1..=120).contains(&years))
}

#[cfg(test)]
mod tests {
    use super::super::asked::Asked;
    use super::super::index::Index;
    use super::super::terms::Folder;
    use super::*;
    use crate::library::Library;

    /// What a sentence holds for a question.
    fn holds(question: &str, text: &str) -> Holds {
        let mut library = Library::default();
        let article = format!("Note\n\n{text}\n");
        library.add(crate::article::read::read_text("a", &article, crate::article::read::Format::Text).unwrap());
        let query = Query::new(&Index::build(&library).unwrap(), &Asked::read(question));
        let mut evidence = Evidence::new(&query);
        let mut first = true;
        Folder::default().words(text, |range, folded| {
            let hit = query.hit(folded);
            let capital = text[range.clone()].starts_with(char::is_uppercase);
            evidence.word(Written {
                folded,
                hit,
                capital,
                name: capital && !first,
                fresh: hit.is_none() && !super::super::words::is_stop(folded),
                money: text[..range.start].ends_with(['$', '€', '£', '¥']),
                percent: text[range.end..].starts_with('%'),
                first,
            });
            first = false;
        });
        evidence.holds
    }

    #[test]
    fn a_number_answers_with_the_unit_that_is_asked_for() {
        for (question, text, measured) in [
            ("how long did the voyage last", "The voyage took fourteen hours.", true),
            ("how long did the voyage last", "The voyage cost fourteen crowns.", false),
            ("how high is the mast", "The mast rises 31 metres.", true),
            ("how high is the mast", "The mast weighs 31 tonnes.", false),
            ("how much was the sail", "The sail was $300 last year.", true),
            ("how much of the cargo was lost", "Some 12% of the cargo was lost.", true),
            ("how old is the captain", "Captain Ruth Calder, 54, retired.", true),
            ("how old is the captain", "Captain Ruth Calder took 54 boats.", false),
            ("how many sailors came", "There came 46 sailors.", true),
            ("how many sailors came", "The sailors came in 46 boats.", false),
            ("what was the hull number", "It bore the hull number K-77.", true),
            ("what was the hull number", "The hull number was painted over by 77 men.", false),
        ] {
            let holds = holds(question, text);
            assert_eq!(holds.measured, measured, "{question} {text}");
        }
    }

    #[test]
    fn causes_and_times_are_known_by_their_words() {
        assert!(holds("why did it sink", "The owner blamed a rotten plank.").cause);
        assert!(holds("when does it sail", "It sails on 4 May.").time);
        assert!(!holds("when does it sail", "It may sail.").time);
    }
}
