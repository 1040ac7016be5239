//! Quotation marks of one paragraph, paired.
//!
//! A [`Region`] is what stands between an opening and a closing mark. Only outermost pairs are regions: a nested mark
//! belongs to the words of whoever is quoted. Marks are told apart by what stands beside them, because `"` and `'` look
//! the same at both ends and a closing `’` is also the apostrophe.

use crate::article::Span;

/// Text between quotation marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Region {
    /// The opening mark.
    pub open: Span,
    /// What stands between the marks, without white space at its ends; never empty.
    pub inner: Span,
    /// The closing mark; `None` when the quotation runs on into the next paragraph.
    pub close: Option<Span>,
    /// Whether the outer marks are single ones, which also serve for titles and coined words.
    pub single: bool,
}

impl Region {
    /// The region with its marks.
    pub(crate) fn outer(&self) -> Span {
        self.close.map_or(self.open.join(self.inner), |close| self.open.join(close))
    }
}

/// A mark as the scan meets it.
#[derive(Debug, Clone, Copy)]
struct Mark {
    span: Span,
    family: Family,
    /// Whether what stands beside it lets it open or close.
    opens: bool,
    closes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// `“ ” „ ‟`, `"`, doubled apostrophes and doubled backticks.
    Double,
    /// `« »`, either way round.
    Guillemet,
    /// `‘ ’ ‚` and `'`.
    Single,
}

/// The outermost regions of the paragraph `span` of `text`, in order.
///
/// `continues` says that the next paragraph begins with an opening mark, which is how a quotation of several paragraphs
/// is written: only then may a mark in mid-paragraph stay open.
pub(crate) fn regions(text: &str, span: Span, continues: bool) -> Vec<Region> {
    let marks = marks(text, span);
    let mut regions = Vec::new();
    let mut at = 0;
    let mut unclosed = Vec::new();
    while let Some(&mark) = marks.get(at) {
        at += 1;
        if !mark.opens {
            continue;
        }
        let single = mark.family == Family::Single;
        let close = if single {
            close_single(text, &marks, at)
        } else if unclosed.contains(&mark.family) {
            None
        } else {
            marks.iter().enumerate().skip(at).find(|(_, m)| m.family == mark.family && m.closes).map(|(i, _)| i)
        };
        if close.is_none() && !single {
            // None further on either: many open marks must not be searched for again and again.
            unclosed.push(mark.family);
        }
        let before = Span { start: span.start, end: mark.span.start }.of(text).trim_end();
        let inner = |end: u32| Span { start: mark.span.end, end }.trim(text);
        if let Some((close, closing)) = close.and_then(|index| Some((index, marks.get(index)?))) {
            let inner = inner(closing.span.start);
            // Rock 'n' roll: one word in single marks, unstopped, is not speech.
            let words = inner.of(text);
            let coined = single && !words.contains(char::is_whitespace) && !words.ends_with([',', '.', '?', '!']);
            if !inner.is_empty() && !coined {
                regions.push(Region { open: mark.span, inner, close: Some(closing.span), single });
            }
            at = close + 1;
        } else if !single && (continues || before.is_empty() || before.ends_with([',', ':'])) {
            let inner = inner(span.end);
            if !inner.is_empty() {
                regions.push(Region { open: mark.span, inner, close: None, single });
            }
            break;
        }
    }
    regions
}

/// Whether the paragraph `span` begins with a mark that can open a quotation.
pub(crate) fn begins_quoted(text: &str, span: Span) -> bool {
    let words = span.of(text);
    words.starts_with(['"', '“', '„', '«', '»']) || words.starts_with("''") || words.starts_with("``")
}

/// The closing mark of a single-marked region: one after punctuation if there is one before the next opening mark (a
/// plural's apostrophe seldom follows a comma or stop), otherwise the first that does not follow an `s`, otherwise the
/// first.
fn close_single(text: &str, marks: &[Mark], from: usize) -> Option<usize> {
    let mut candidates = Vec::new();
    for (index, mark) in marks.iter().enumerate().skip(from) {
        match mark.family {
            Family::Single if mark.closes => candidates.push((index, mark)),
            Family::Single if mark.opens => break,
            _ => {}
        }
    }
    let after = |mark: &Mark| text.get(..mark.span.start as usize).and_then(|before| before.chars().next_back());
    let stopped = |c: char| matches!(c, ',' | '.' | '?' | '!' | '…');
    candidates
        .iter()
        .find(|(_, mark)| after(mark).is_some_and(stopped))
        .or_else(|| candidates.iter().find(|(_, mark)| after(mark) != Some('s')))
        .or(candidates.first())
        .map(|&(index, _)| index)
}

fn marks(text: &str, span: Span) -> Vec<Mark> {
    let slice = span.of(text);
    let base = span.start as usize;
    let mut marks = Vec::new();
    let mut skip = 0;
    let mut before = None;
    for (at, c) in slice.char_indices() {
        if at < skip {
            continue;
        }
        let rest = slice.get(at..).unwrap_or_default();
        let (length, family) = match c {
            '"' | '“' | '”' | '„' | '‟' => (c.len_utf8(), Family::Double),
            '«' | '»' => (c.len_utf8(), Family::Guillemet),
            '\'' if rest.starts_with("''") => (2, Family::Double),
            '`' if rest.starts_with("``") => (2, Family::Double),
            '‘' | '’' | '‚' | '\'' => (c.len_utf8(), Family::Single),
            _ => {
                before = Some(c);
                continue;
            }
        };
        let after = rest.get(length..).and_then(|rest| rest.chars().next());
        let (opens, closes) = direction(c, family, before, after);
        marks.push(Mark { span: Span::new(base + at, base + at + length), family, opens, closes });
        skip = at + length;
        before = Some(c);
    }
    marks
}

/// Whether a mark can open or close, by what it is and what stands beside it.
fn direction(mark: char, family: Family, before: Option<char>, after: Option<char>) -> (bool, bool) {
    let outside = |c: Option<char>| {
        c.is_none_or(|c| {
            c.is_whitespace() || matches!(c, '(' | '[' | '{' | '—' | '–' | '-' | '/' | '"' | '“' | '‘' | '\'')
        })
    };
    let ahead = after.is_some_and(|c| !c.is_whitespace());
    let opening = outside(before) && ahead;
    match (mark, family) {
        // German writes „…“: the mark that opens in English closes there.
        ('„' | '‟', _) => (true, false),
        ('“', _) => (true, !opening && before.is_some_and(|c| !c.is_whitespace())),
        ('”', _) => (false, true),
        ('`', _) => (true, false),
        // French writes « … » with spaces, German »…« without.
        ('«', _) => (opening || after.is_some_and(char::is_whitespace), !opening),
        ('»', _) => {
            let open = opening && after.is_some_and(|c| c.is_alphanumeric() || "‹›‚‘¿¡".contains(c));
            (open, !open)
        }
        ('‘' | '‚', _) => (opening && after.is_some_and(|c| c.is_alphanumeric() || "\"“…".contains(c)), false),
        ('’', _) => (false, !after.is_some_and(char::is_alphanumeric) && before.is_some_and(|c| !c.is_whitespace())),
        ('\'', Family::Single) => {
            let open = opening && after.is_some_and(char::is_alphabetic) && before != Some('\'');
            (open, !open && !after.is_some_and(char::is_alphanumeric) && before.is_some_and(|c| !c.is_whitespace()))
        }
        _ => (opening, !opening),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(text: &str) -> Vec<&str> {
        regions(text, Span::new(0, text.len()), false).iter().map(|r| r.inner.of(text)).collect()
    }

    #[test]
    fn pairs_every_kind_of_mark() {
        for (text, expected) in [
            ("He said “go now” twice.", vec!["go now"]),
            ("\"Go now,\" he said. \"Or stay.\"", vec!["Go now,", "Or stay."]),
            ("''Go now,'' he said.", vec!["Go now,"]),
            ("``Go now,'' he said.", vec!["Go now,"]),
            ("„Geh jetzt“, sagte er.", vec!["Geh jetzt"]),
            ("»Geh jetzt«, sagte er.", vec!["Geh jetzt"]),
            ("« Partez maintenant », dit-il.", vec!["Partez maintenant"]),
            ("‘Go now,’ he said.", vec!["Go now,"]),
            ("'Go now,' he said.", vec!["Go now,"]),
            ("“He told me ‘go’ and I went,” she said.", vec!["He told me ‘go’ and I went,"]),
            ("‘The drivers’ union won’t sign,’ he said.", vec!["The drivers’ union won’t sign,"]),
        ] {
            assert_eq!(inner(text), expected, "{text}");
        }
    }

    #[test]
    fn an_apostrophe_is_no_mark() {
        for text in
            ["The drivers’ union won’t sign.", "It was the ’90s, an’ all.", "Rock 'n' roll isn't dead.", "5' tall"]
        {
            assert_eq!(inner(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn an_open_mark_runs_to_the_end_only_where_that_is_a_custom() {
        assert_eq!(inner("“We will rebuild."), ["We will rebuild."]);
        assert_eq!(inner("She said: “We will rebuild."), ["We will rebuild."]);
        assert_eq!(inner("A 12\" pipe and no more"), Vec::<&str>::new());
        let text = "Then she spoke “We will rebuild.";
        assert_eq!(inner(text), Vec::<&str>::new());
        assert_eq!(regions(text, Span::new(0, text.len()), true).len(), 1);
    }
}
