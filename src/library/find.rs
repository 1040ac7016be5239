//! Finding an article by what a person calls it.

use super::{ArticleId, Library};

/// What a name fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// One article.
    One(ArticleId),
    /// Several fit equally well.
    Several(Vec<ArticleId>),
    /// None; the article whose title comes nearest, if one comes near.
    None(Option<ArticleId>),
}

/// Share of a title's letters (Damerau-Levenshtein, normalised) from which a misspelt title is taken for it.
const SURELY_MEANT: f64 = 0.85;
/// … and from which it is offered as "did you mean".
const PERHAPS_MEANT: f64 = 0.55;

impl Library {
    /// The article that `name` calls: its key, its number in the list (`3` or `#3`), its title, or words
    /// that only its title holds; small misspellings are forgiven.
    #[must_use]
    pub fn named(&self, name: &str) -> Named {
        let wanted = plain(name.trim());
        if wanted.is_empty() {
            return Named::None(None);
        }
        if let Some(id) = self.by_key(name.trim()) {
            return Named::One(id);
        }
        let number = wanted.strip_prefix('#').unwrap_or(&wanted).parse().ok();
        if let Some(id) = number.and_then(|number| self.by_number(number)) {
            return Named::One(id);
        }
        let titles: Vec<(ArticleId, String)> =
            self.iter().map(|(id, article)| (id, plain(&article.meta().title))).collect();
        let all_that = |fits: &dyn Fn(&str) -> bool| -> Vec<ArticleId> {
            titles.iter().filter(|(_, title)| fits(title)).map(|(id, _)| *id).collect()
        };
        let words: Vec<&str> = wanted.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let holds_words = |title: &str| !words.is_empty() && words.iter().all(|word| has_word(title, word));
        for found in
            [all_that(&|title| title == wanted), all_that(&|title| title.contains(&wanted)), all_that(&holds_words)]
        {
            match found[..] {
                [] => {}
                [id] => return Named::One(id),
                _ => return Named::Several(found),
            }
        }
        // To count the edits to every title would take seconds in a large library: one that is meant is about as long, and begins
        // a word as this name does.
        let length = wanted.chars().count();
        let beginnings: Vec<&str> = words.iter().map(|word| beginning(word)).collect();
        let nearest = titles
            .iter()
            .filter(|(_, title)| may_be_alike(title.chars().count(), length))
            .filter(|(_, title)| beginnings.iter().any(|beginning| has_word(title, beginning)))
            .map(|(id, title)| (strsim::normalized_damerau_levenshtein(title, &wanted), *id))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        match nearest {
            Some((similarity, id)) if similarity >= SURELY_MEANT => Named::One(id),
            Some((similarity, id)) if similarity >= PERHAPS_MEANT => Named::None(Some(id)),
            _ => Named::None(None),
        }
    }
}

/// A name in small letters, with plain marks: keyboards have no ’.
fn plain(name: &str) -> String {
    let plain = |c: char| match c {
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        '–' | '—' => '-',
        _ => c,
    };
    name.to_lowercase().chars().map(plain).collect()
}

/// Whether texts of so many letters can be as alike as a name that is offered: each letter more is an edit.
fn may_be_alike(one: usize, other: usize) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "titles have few letters")]
    let share = one.min(other) as f64 / one.max(other).max(1) as f64;
    share >= PERHAPS_MEANT
}

/// The first letters of a word, which slips leave as they are in one word of a name at least.
fn beginning(word: &str) -> &str {
    const LETTERS: usize = 3;
    word.char_indices().nth(LETTERS).map_or(word, |(end, _)| &word[..end])
}

/// Whether a word of `title` begins with `word`.
fn has_word(title: &str, word: &str) -> bool {
    title.split(|c: char| !c.is_alphanumeric()).any(|has| has.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};

    fn library() -> Library {
        let mut library = Library::default();
        for (key, title) in
            [("a", "Ferry strike enters second week"), ("b", "Ferry fares rise"), ("c", "Council votes on bridge")]
        {
            library.add(read_text(key, &format!("{title}\n\nSomething happened here today.\n"), Format::Text).unwrap());
        }
        library
    }

    #[test]
    fn an_article_answers_to_key_number_title_and_words_of_it() {
        let library = library();
        for (name, number) in [
            ("b", 1),
            ("2", 1),
            ("#3", 2),
            ("ferry fares rise", 1),
            ("second week", 0),
            ("bridge council", 2),
            ("Coucil votes on bridge", 2),
        ] {
            assert_eq!(library.named(name), Named::One(ArticleId(number)), "{name}");
        }
    }

    #[test]
    fn marks_may_be_typed_otherwise_than_they_are_printed() {
        let mut library = library();
        let id =
            library.add(read_text("d", "Holm’s “new” mill – a visit\n\nSomething was seen.\n", Format::Text).unwrap());
        for name in ["Holm's", "holm’s mill", "Holm's \"new\" mill - a visit", "mill, new"] {
            assert_eq!(library.named(name), Named::One(id), "{name}");
        }
        assert_eq!(library.named("?!"), Named::None(None));
    }

    #[test]
    fn an_ambiguous_name_is_not_guessed() {
        let library = library();
        assert_eq!(library.named("ferry"), Named::Several(vec![ArticleId(0), ArticleId(1)]));
        assert_eq!(library.named("council boats on bridges"), Named::None(Some(ArticleId(2))));
        assert_eq!(library.named("weather"), Named::None(None));
        assert_eq!(library.named(" "), Named::None(None));
        assert_eq!(library.named(&"coucil voted on ".repeat(100)), Named::None(None));
    }
}
