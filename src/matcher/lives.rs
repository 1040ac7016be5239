//! What is asked of people's lives, birth, marriage, children and pay, and the words without which no text tells of it.
//!
//! Much is written of people who are known, and nearly all of it holds their names: without these words it would pass for an answer.
//!
//! The questions that `fit/made.rs` makes to be asked in vain are of the same matters, and chosen by much the same words: of other
//! matters fewer are declined than it prints.

/// A matter of somebody's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// Where or when somebody was born.
    Birth,
    /// To whom somebody is married.
    Marriage,
    /// Somebody's children.
    Children,
    /// What somebody earns.
    Pay,
}

impl Life {
    /// What a folded word of a question asks for.
    pub(super) fn asked_by(folded: &str) -> Option<Self> {
        Some(match folded {
            "born" | "birth" | "birthday" | "birthplace" => Self::Birth,
            "married" | "marry" | "wife" | "husband" | "spouse" | "fiance" | "fiancee" => Self::Marriage,
            "children" | "kids" | "sons" | "daughters" => Self::Children,
            "earn" | "earns" | "salary" => Self::Pay,
            _ => return None,
        })
    }

    /// Whether a folded word of a text may tell of it.
    pub(super) fn is_told_by(self, folded: &str) -> bool {
        let beginnings: &[&str] = match self {
            Self::Birth => &["born", "birth", "native", "hometown", "raised", "grew", "newborn"],
            Self::Marriage => &[
                "wife", "wives", "husband", "spouse", "marri", "marry", "wed", "bride", "groom", "divorc", "widow",
                "fianc", "couple", "partner", "engage",
            ],
            Self::Children => &[
                "child",
                "kid",
                "son",
                "daughter",
                "father",
                "mother",
                "parent",
                "boy",
                "girl",
                "bab",
                "twin",
                "infant",
                "teen",
                "toddler",
                "pupil",
                "student",
                "grandchild",
                "sibling",
                "minor",
                "youth",
                "orphan",
            ],
            // Signs of currencies are read as words.
            Self::Pay => {
                &["earn", "salar", "paid", "pay", "wage", "income", "million", "billion", "dollar", "pound", "euro"]
            }
        };
        beginnings.iter().any(|beginning| folded.starts_with(beginning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_a_life_is_told_in_words_of_its_own() {
        for (asked, told, not) in [
            ("born", "birthplace", "weekend"),
            ("wife", "married", "minister"),
            ("children", "daughter", "thousands"),
            ("earns", "salaries", "learns"),
            ("salary", "pounds", "stones"),
        ] {
            let life = Life::asked_by(asked).unwrap();
            assert!(life.is_told_by(told) && life.is_told_by(asked), "{asked}");
            assert!(!life.is_told_by(not), "{asked}");
        }
        assert_eq!(Life::asked_by("bridge"), None);
    }
}
