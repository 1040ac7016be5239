//! Where each sentence stands towards the double quotation marks of its article: “…”, "…", ''…'', «…», „…“.

use super::Sentence;

/// A sentence and the quotation marks in and around it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Quoted {
    /// It begins between the marks of a quotation that an earlier sentence opened.
    pub(super) begins_inside: bool,
    /// It ends between the marks of a quotation that a later sentence closes.
    pub(super) ends_inside: bool,
    /// It begins with an opening mark.
    pub(super) opens_first: bool,
    /// All its words stand in one pair of marks.
    pub(super) wholly: bool,
    /// It is part of a quotation that never closes, or closes one that was never opened.
    pub(super) broken: bool,
    /// One past the last closing mark, in bytes from the sentence's start.
    last_close: Option<usize>,
}

impl Quoted {
    /// Whether a quotation, or a part of one, ends in the sentence.
    pub(super) fn closes(&self) -> bool {
        self.last_close.is_some()
    }

    /// What stands behind the sentence's last closing mark.
    pub(super) fn after_mark<'t>(&self, sentence: &'t str) -> Option<&'t str> {
        sentence.get(self.last_close?..)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Open,
    Close,
}

/// What every sentence has to do with quotation marks.
pub(super) fn quoted(sentences: &[Sentence<'_>]) -> Vec<Quoted> {
    let mut all: Vec<Quoted> = Vec::with_capacity(sentences.len());
    // The marks that are open, outermost first, and the sentence in which the outermost was opened.
    let mut open: Vec<char> = Vec::new();
    let mut since = 0;
    for (index, sentence) in sentences.iter().enumerate() {
        let mut reopens = false;
        if sentence.starts_paragraph
            && let Some(&mark) = open.first()
        {
            // By custom each paragraph of a long quotation opens anew.
            reopens = symbols(sentence.text).next().is_some_and(|symbol| symbol.form == mark);
            if !reopens && !closes_first(sentences.get(index..).unwrap_or_default(), &open) {
                give_up(&mut all, since);
                open.clear();
            }
        }
        let begins_inside = !open.is_empty();
        let mut quoted = Quoted { begins_inside, opens_first: reopens, ..Quoted::default() };
        if read_sentence(sentence.text, &mut open, &mut quoted) {
            since = index;
        }
        quoted.ends_inside = !open.is_empty();
        all.push(quoted);
    }
    if !open.is_empty() {
        give_up(&mut all, since);
    }
    all
}

/// Follows the marks of one sentence, and tells whether a quotation begins in it. Where the sentence opens a quotation
/// anew, its first mark changes nothing.
fn read_sentence(sentence: &str, open: &mut Vec<char>, quoted: &mut Quoted) -> bool {
    let (mut pairs, mut outside, mut begins) = (0, false, false);
    for symbol in symbols(sentence).skip(usize::from(quoted.opens_first)) {
        match turn(symbol, open) {
            Some(Turn::Open) => {
                quoted.opens_first |= symbol.range.0 == 0;
                begins |= open.is_empty();
                open.push(symbol.form);
            }
            Some(Turn::Close) => {
                quoted.broken |= open.pop().is_none();
                pairs += usize::from(open.is_empty());
                quoted.last_close = Some(symbol.range.1);
            }
            None => outside |= open.is_empty() && symbol.form.is_alphanumeric(),
        }
    }
    quoted.wholly = quoted.opens_first && pairs == 1 && open.is_empty() && !outside;
    begins
}

/// A character and its neighbours; two apostrophes, as some wires write a mark, are one straight mark.
#[derive(Debug, Clone, Copy)]
struct Symbol {
    form: char,
    /// First byte and one past the last.
    range: (usize, usize),
    before: Option<char>,
    after: Option<char>,
}

fn symbols(text: &str) -> impl Iterator<Item = Symbol> {
    let mut before = None;
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let at = text.len() - rest.len();
        let (form, width) = if rest.starts_with("''") { ('"', 2) } else { (first, first.len_utf8()) };
        rest = rest.get(width..)?;
        let symbol = Symbol { form, range: (at, at + width), before, after: rest.chars().next() };
        before = Some(form);
        Some(symbol)
    })
}

/// Whether a symbol opens or closes a quotation, by its form and by what stands beside it; `None` where it is no mark.
fn turn(symbol: Symbol, open: &[char]) -> Option<Turn> {
    let inside = open.last().copied();
    let starts_word = symbol.before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '—' | '–'))
        && symbol.after.is_some_and(|c| !c.is_whitespace());
    let either = if starts_word && inside.is_none() { Turn::Open } else { Turn::Close };
    match symbol.form {
        '„' | '‟' => Some(Turn::Open),
        '“' if inside == Some('„') => Some(Turn::Close),
        '“' => Some(Turn::Open),
        '”' => Some(either),
        '«' if inside == Some('»') => Some(Turn::Close),
        '«' => Some(Turn::Open),
        '»' if inside == Some('«') => Some(Turn::Close),
        '»' => Some(either),
        // A straight mark tells nothing by its form: it takes the turn that is due.
        '"' => Some(if inside == Some('"') { Turn::Close } else { Turn::Open }),
        _ => None,
    }
}

/// Whether the first mark of the paragraph with which `sentences` begin closes what the one before it left open.
fn closes_first(sentences: &[Sentence<'_>], open: &[char]) -> bool {
    let paragraph = sentences.iter().enumerate().take_while(|(n, s)| *n == 0 || !s.starts_paragraph);
    for (_, sentence) in paragraph {
        for symbol in symbols(sentence.text) {
            if let Some(turn) = turn(symbol, open) {
                // A straight mark has no form of its own: at the start of a word it opens.
                let opens = symbol.form == '"'
                    && symbol.before.is_none_or(char::is_whitespace)
                    && symbol.after.is_some_and(char::is_alphanumeric);
                return turn == Turn::Close && !opens;
            }
        }
    }
    false
}

/// Marks the sentences of a quotation that never ends.
fn give_up(all: &mut [Quoted], since: usize) {
    all.iter_mut().skip(since).for_each(|quoted| quoted.broken = true);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Quoted {
        quoted(&[Sentence { text, starts_paragraph: true }])[0]
    }

    #[test]
    fn each_form_of_mark_is_paired() {
        for text in [
            "“Blue,” said Ada.",
            "\"Blue,\" said Ada.",
            "''Blue,'' said Ada.",
            "«Blue», said Ada.",
            "„Blue“, said Ada.",
            "”Blue”, said Ada.",
        ] {
            let quoted = read(text);
            assert!(quoted.opens_first && !quoted.broken && !quoted.wholly && !quoted.ends_inside, "{text}");
            assert_eq!(quoted.after_mark(text).map(|rest| rest.trim_start_matches([',', ' '])), Some("said Ada."));
        }
    }

    #[test]
    fn marks_within_marks_end_where_the_outer_ones_do() {
        let quoted = read("Ada said: “He wrote “blue” on the pier.”");
        assert!(!quoted.broken && !quoted.ends_inside);
    }

    #[test]
    fn a_mark_without_its_other_half_is_broken() {
        assert!(read("Ada said “blue suits a pier.").broken);
        assert!(read("Blue suits a pier”, Ada said.").broken);
        assert!(!read("Blue suits a pier, Ada said.").broken);
    }
}
