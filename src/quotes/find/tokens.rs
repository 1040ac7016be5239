//! A paragraph as words, punctuation and quoted regions, cut into sentences.

use std::borrow::Cow;
use std::ops::Range;

use super::marks::{self, Region};
use crate::article::Span;
use crate::quotes::lexicon;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A word or number.
    Word,
    /// A single character that is neither a word nor an outer quotation mark.
    Punct(char),
    /// A quoted region, as a whole: an index into [`View::regions`].
    Region(usize),
}

/// A token. A quoted region is one token, so that the grammar around it can be read straight through.
#[derive(Debug, Clone)]
pub(crate) struct Token<'t> {
    /// Where it stands in the article.
    pub span: Span,
    /// What it is.
    pub sort: Sort,
    /// The word in lower case; empty for a region.
    pub low: Cow<'t, str>,
    /// Whether it begins with a capital.
    pub capital: bool,
}

impl Token<'_> {
    /// Whether it is a word.
    pub(crate) fn is_word(&self) -> bool {
        self.sort == Sort::Word
    }

    /// Whether it is this punctuation.
    pub(crate) fn is(&self, punct: char) -> bool {
        self.sort == Sort::Punct(punct)
    }

    /// The index of the region that it is.
    pub(crate) fn region(&self) -> Option<usize> {
        match self.sort {
            Sort::Region(index) => Some(index),
            _ => None,
        }
    }
}

/// A sentence is cut after this many tokens, so that a file without stops costs no more than its length.
const LONGEST_SENTENCE: usize = 400;

/// A paragraph, read.
#[derive(Debug)]
pub(crate) struct View<'t> {
    /// The whole article's text.
    pub text: &'t str,
    /// The paragraph.
    pub span: Span,
    /// Words, punctuation and regions.
    pub tokens: Vec<Token<'t>>,
    /// The outermost quoted regions.
    pub regions: Vec<Region>,
    /// Sentences as ranges of tokens; together they hold all tokens.
    pub sentences: Vec<Range<usize>>,
}

impl<'t> View<'t> {
    /// Reads the paragraph `span` of `text`; `continues` as in [`marks::regions`].
    pub(crate) fn new(text: &'t str, span: Span, continues: bool) -> Self {
        let regions = marks::regions(text, span, continues);
        let mut tokens = Vec::new();
        let mut at = span.start;
        for (index, region) in regions.iter().enumerate() {
            words(text, Span { start: at, end: region.open.start }, &mut tokens);
            let span = region.outer();
            tokens.push(Token { span, sort: Sort::Region(index), low: Cow::Borrowed(""), capital: false });
            at = span.end;
        }
        words(text, Span { start: at, end: span.end }, &mut tokens);
        let sentences = sentences(text, &tokens, &regions);
        Self { text, span, tokens, regions, sentences }
    }

    /// The token at `index`, if there is one.
    pub(crate) fn get(&self, index: usize) -> Option<&Token<'t>> {
        self.tokens.get(index)
    }

    /// The lower-case word at `index`; empty where there is none.
    pub(crate) fn low(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| &token.low)
    }

    /// From the first to the last token of `range`.
    pub(crate) fn span_of(&self, range: &Range<usize>) -> Option<Span> {
        let tokens = self.tokens.get(range.clone())?;
        Some(tokens.first()?.span.join(tokens.last()?.span))
    }

    /// The region that token `index` is.
    pub(crate) fn region(&self, index: usize) -> Option<&Region> {
        self.regions.get(self.tokens.get(index)?.region()?)
    }

    /// Whether the paragraph begins with a region and `content` is its inside.
    pub(crate) fn begins_with(&self, content: Span) -> bool {
        self.region(0).is_some_and(|region| region.inner == content)
    }

    /// The last visible character inside a region.
    pub(crate) fn region_ends_with(&self, region: &Region, chars: &[char]) -> bool {
        region.inner.of(self.text).trim_end_matches(['’', '\'', '‘']).ends_with(chars)
    }
}

/// Words and punctuation of a stretch without quoted regions.
pub(crate) fn words<'t>(text: &'t str, stretch: Span, tokens: &mut Vec<Token<'t>>) {
    let slice = stretch.of(text);
    let base = stretch.start as usize;
    let mut chars = slice.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if c.is_whitespace() || c == '\u{feff}' {
            continue;
        }
        let mut end = start + c.len_utf8();
        let wordy = c.is_alphanumeric() || matches!(c, '$' | '£' | '€' | '@' | '#');
        if wordy {
            while let Some(&(at, next)) = chars.peek() {
                let inside = next.is_alphanumeric() || matches!(next, '_' | '\u{ad}') || {
                    let after = slice.get(at + next.len_utf8()..).and_then(|rest| rest.chars().next());
                    let joins = after.is_some_and(char::is_alphanumeric);
                    match next {
                        '’' | '\'' | '-' | '.' | '&' | '\u{2011}' => joins,
                        ',' => {
                            joins
                                && slice.get(start..at).is_some_and(|w| w.ends_with(|c: char| c.is_ascii_digit()))
                                && after.is_some_and(|c| c.is_ascii_digit())
                        }
                        _ => false,
                    }
                };
                if !inside {
                    break;
                }
                end = at + next.len_utf8();
                chars.next();
            }
            // The stop of an abbreviation or initial belongs to it.
            if slice.get(end..).is_some_and(|rest| rest.starts_with('.')) && lexicon::takes_stop(&slice[start..end]) {
                end += 1;
                chars.next();
            }
        }
        let word = &slice[start..end];
        let sort = if wordy { Sort::Word } else { Sort::Punct(c) };
        let capital = c.is_uppercase();
        // A possessive is a word of its own: "Lee’s lawyer" names Lee and a lawyer.
        let cut = ["'s", "’s"].iter().find_map(|tail| word.strip_suffix(tail)).filter(|stem| wordy && !stem.is_empty());
        let mut push = |from: usize, to: usize, capital: bool| {
            let low = lower(&slice[from..to]);
            tokens.push(Token { span: Span::new(base + from, base + to), sort, low, capital });
        };
        match cut {
            Some(stem) => {
                push(start, start + stem.len(), capital);
                push(start + stem.len(), end, false);
            }
            None => push(start, end, capital),
        }
    }
}

/// A word in lower case, with the typographic apostrophe as `'`.
pub(crate) fn lower(word: &str) -> Cow<'_, str> {
    if word.chars().all(|c| !c.is_uppercase() && c != '’') {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(word.to_lowercase().replace('’', "'"))
    }
}

/// Ends of sentences outside quotation marks. A region that ends in a stop ends the sentence too, unless what follows
/// still belongs to it ("“Will it hold?” Lee asked").
fn sentences(text: &str, tokens: &[Token<'_>], regions: &[Region]) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1);
        let fresh = next.is_none_or(|next| {
            next.capital || next.is('(') || next.region().is_some() || next.low.starts_with(|c: char| c.is_numeric())
        });
        let ends = match token.sort {
            Sort::Punct('.' | '?' | '!' | '…') => {
                let glued = next.is_some_and(|next| next.span.start == token.span.end);
                fresh && !(glued && next.is_some_and(|next| next.region().is_none()))
            }
            Sort::Punct(')') => {
                fresh
                    && index
                        .checked_sub(1)
                        .and_then(|at| tokens.get(at))
                        .is_some_and(|t| matches!(t.sort, Sort::Punct('.' | '?' | '!')))
            }
            Sort::Region(region) => regions.get(region).is_some_and(|region| {
                let inner = region.inner.of(text).trim_end_matches(['’', '\'', '‘']);
                fresh
                    && (inner.ends_with('.') && !inner.ends_with("..")
                        || inner.ends_with(['?', '!', '…']) && !attribution_follows(tokens, index + 1)
                        || inner.ends_with("..") && !attribution_follows(tokens, index + 1))
            }),
            _ => false,
        };
        if ends || index - start >= LONGEST_SENTENCE {
            sentences.push(start..index + 1);
            start = index + 1;
        }
    }
    if start < tokens.len() {
        sentences.push(start..tokens.len());
    }
    sentences
}

/// Whether a name and a verb of speech come next, and then nothing but the end or a comma.
fn attribution_follows(tokens: &[Token<'_>], from: usize) -> bool {
    tokens
        .iter()
        .skip(from)
        .take(8)
        .take_while(|token| token.is_word())
        .any(|token| lexicon::verb(&token.low).is_some_and(|verb| verb.class.quotes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let view = View::new(text, Span::new(0, text.len()), false);
        view.sentences.iter().filter_map(|s| view.span_of(s)).map(|s| s.of(text)).collect()
    }

    #[test]
    fn sentences_end_where_a_quotation_ends_them() {
        let text = "“We won. All of us,” Ann Lee said. “It is over.” Mr. Poe of the U.S. team left. He paid $3.5 m.";
        assert_eq!(
            split(text),
            [
                "“We won. All of us,” Ann Lee said.",
                "“It is over.”",
                "Mr. Poe of the U.S. team left.",
                "He paid $3.5 m."
            ]
        );
        assert_eq!(split("“Will it hold?” Lee asked. Nobody knew."), ["“Will it hold?” Lee asked.", "Nobody knew."]);
    }

    #[test]
    fn a_possessive_is_a_word_of_its_own() {
        let text = "Lee’s lawyer isn’t O’Neil.";
        let view = View::new(text, Span::new(0, text.len()), false);
        let words: Vec<&str> = view.tokens.iter().map(|t| t.span.of(text)).collect();
        assert_eq!(words, ["Lee", "’s", "lawyer", "isn’t", "O’Neil", "."]);
    }
}
