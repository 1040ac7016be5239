//! News with every attribution marked by hand, as PolNeAR (Newell et al. 2018) has it: brat standoff, offsets in code points.
//!
//! What is compared are word tokens (stretches without white space that hold a letter or digit); a token belongs to a span that covers one of
//! its letters or digits. Quoted regions lie between double quotation marks, paired within a paragraph.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// A stretch of bytes.
pub(super) type Stretch = (usize, usize);

/// A set of tokens.
pub(super) type Tokens = BTreeSet<usize>;

/// An attribution as it was marked.
#[derive(Debug, Clone, Default)]
pub(super) struct Gold {
    pub(super) content: Vec<Stretch>,
    pub(super) cue: Vec<Stretch>,
    pub(super) source: Vec<Stretch>,
}

/// The marked texts of a folder: name, text's file, and the file of the annotator that comes first.
pub(super) fn files(folder: &Path) -> anyhow::Result<Vec<(String, PathBuf, PathBuf)>> {
    let list = |name: &str| -> anyhow::Result<Vec<PathBuf>> {
        let below = folder.join(name);
        let entries = std::fs::read_dir(&below).with_context(|| format!("can't read {}", below.display()))?;
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    };
    let mut first: HashMap<String, PathBuf> = HashMap::new();
    for path in list("attributions")? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some((stem, annotator)) = name.rsplit_once('_')
            && annotator.len() == 4
        {
            first.entry(stem.to_owned()).or_insert(path);
        }
    }
    let mut found = Vec::new();
    for path in list("text")?.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "txt")) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let marks = first.remove(&stem).with_context(|| format!("{} was not annotated", path.display()))?;
        found.push((stem, path, marks));
    }
    Ok(found)
}

/// The attributions of a file, without those that have no content, in the order of their content.
pub(super) fn gold(file: &Path, text: &str) -> anyhow::Result<Vec<Gold>> {
    let marks = std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?;
    // Byte offsets of all code points, and of the end.
    let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    Ok(read(&marks, &offsets))
}

fn read(marks: &str, offsets: &[usize]) -> Vec<Gold> {
    let at = |point: usize| offsets.get(point).or(offsets.last()).copied().unwrap_or(0);
    let mut texts: HashMap<&str, Vec<Stretch>> = HashMap::new();
    let mut found: Vec<(Gold, &str)> = Vec::new();
    for line in marks.lines() {
        let Some((id, rest)) = line.split_once('\t') else { continue };
        if id.starts_with('T') {
            let Some((_, spans)) = rest.split('\t').next().and_then(|head| head.split_once(' ')) else { continue };
            let spans = spans.split(';').filter_map(|span| {
                let (start, end) = span.trim().split_once(' ')?;
                Some((at(start.parse().ok()?), at(end.parse().ok()?)))
            });
            texts.insert(id, spans.collect());
        }
    }
    for line in marks.lines() {
        let Some((id, rest)) = line.split_once('\t').filter(|(id, _)| id.starts_with('E')) else { continue };
        let mut gold = Gold::default();
        for (role, of) in rest.split_whitespace().filter_map(|arg| arg.split_once(':')).skip(1) {
            let spans = texts.get(of).cloned().unwrap_or_default();
            match role.trim_end_matches(|c: char| c.is_ascii_digit()) {
                "Content" => gold.content.extend(spans),
                "Cue" => gold.cue.extend(spans),
                "Source" => gold.source.extend(spans),
                _ => {}
            }
        }
        if !gold.content.is_empty() {
            let Gold { content, cue, source } = gold;
            found.push((Gold { content: joined(content), cue: joined(cue), source: joined(source) }, id));
        }
    }
    found.sort_by(|a, b| a.0.content.cmp(&b.0.content).then_with(|| a.1.cmp(b.1)));
    found.into_iter().map(|(gold, _)| gold).collect()
}

/// In order, those that touch joined.
pub(super) fn joined(mut spans: Vec<Stretch>) -> Vec<Stretch> {
    spans.retain(|(start, end)| end > start);
    spans.sort_unstable();
    let mut joined: Vec<Stretch> = Vec::new();
    for (start, end) in spans {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// How much of a content stands in quotation marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Direct,
    Mixed,
    Indirect,
    /// Direct, with its cue in the same quotation: the quoted speaker attributes.
    Inner,
}

/// A text, cut into tokens and quoted regions.
pub(super) struct Text<'t> {
    pub(super) text: &'t str,
    pub(super) tokens: Vec<Stretch>,
    is_word: Vec<bool>,
    quoted: Tokens,
    /// The tokens of each quoted region.
    pub(super) regions: Vec<Tokens>,
}

/// From this share of quoted tokens on a content is direct.
const DIRECT: f64 = 0.6;

impl<'t> Text<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut tokens = Vec::new();
        let mut start = None;
        for (at, c) in text.char_indices() {
            match (c.is_whitespace(), start) {
                (false, None) => start = Some(at),
                (true, Some(from)) => {
                    tokens.push((from, at));
                    start = None;
                }
                _ => {}
            }
        }
        tokens.extend(start.map(|from| (from, text.len())));
        let is_word = tokens.iter().map(|(start, end)| has_word(text, *start, *end)).collect();
        let mut made = Self { text, tokens, is_word, quoted: Tokens::new(), regions: Vec::new() };
        let regions = quoted_regions(text);
        made.quoted = made.ids(&regions);
        made.regions = regions.iter().map(|region| made.ids(&[*region])).collect();
        made
    }

    /// The word tokens of which a span covers a letter or digit.
    pub(super) fn ids(&self, spans: &[Stretch]) -> Tokens {
        let mut ids = Tokens::new();
        for (start, end) in spans {
            let first = self.tokens.partition_point(|token| token.0 <= *start).saturating_sub(1);
            for (at, token) in self.tokens.iter().enumerate().skip(first).take_while(|(_, token)| token.0 < *end) {
                let word = self.is_word.get(at).copied().unwrap_or(false);
                if word && token.1 > *start && has_word(self.text, token.0.max(*start), token.1.min(*end)) {
                    ids.insert(at);
                }
            }
        }
        ids
    }

    pub(super) fn kind(&self, ids: &Tokens, cue: &[Stretch]) -> Kind {
        let quoted = ids.intersection(&self.quoted).count();
        if quoted == 0 {
            return Kind::Indirect;
        }
        let direct = super::ratio(quoted, ids.len()) >= DIRECT;
        if !cue.is_empty() && direct {
            let cue = self.ids(cue);
            let shares = |region: &Tokens| !cue.is_disjoint(region) && !ids.is_disjoint(region);
            if !cue.is_empty() && cue.is_subset(&self.quoted) && self.regions.iter().any(shares) {
                return Kind::Inner;
            }
        }
        if direct { Kind::Direct } else { Kind::Mixed }
    }

    /// Whether a cue holds a form of a verb of saying.
    pub(super) fn is_speech(&self, cue: &[Stretch]) -> bool {
        cue.iter().any(|(start, end)| {
            let words = self.text.get(*start..*end).unwrap_or_default();
            words.split(|c: char| !c.is_ascii_alphabetic()).any(|word| is_speech_form(&word.to_lowercase()))
        })
    }
}

pub(super) fn has_word(text: &str, start: usize, end: usize) -> bool {
    text.get(start..end).is_some_and(|words| words.contains(char::is_alphanumeric))
}

/// The regions within double quotation marks. A mark that opens while one is open counts for nothing. One that is not closed ends
/// with its paragraph where the next one opens with a mark, or where it began the paragraph; else it is none.
fn quoted_regions(text: &str) -> Vec<Stretch> {
    let mut paragraphs: Vec<Stretch> = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        if !line.trim().is_empty() {
            paragraphs.push((start, start + line.len()));
        }
        start += line.len() + 1;
    }
    let mut regions = Vec::new();
    for (number, (first, past)) in paragraphs.iter().enumerate() {
        let mut open: Option<Stretch> = None;
        let mut at = *first;
        while let Some(mark) = next_mark(text, at, *past) {
            at = mark.1;
            let before = text.get(*first..mark.0).and_then(|before| before.chars().next_back()).unwrap_or(' ');
            let after = text.get(mark.1..*past).and_then(|after| after.chars().next()).unwrap_or(' ');
            let opens = match text.get(mark.0..mark.1) {
                Some("“" | "«" | "„" | "``") => true,
                Some("”" | "»") => false,
                _ => (before.is_whitespace() || "([{—–-/‘'".contains(before)) && !after.is_whitespace(),
            };
            match open {
                None if opens => open = Some(mark),
                Some(opened) if !opens => {
                    regions.push((opened.1, mark.0));
                    open = None;
                }
                _ => {}
            }
        }
        if let Some(opened) = open {
            let next =
                paragraphs.get(number + 1).and_then(|next| text.get(next.0..next.1)).unwrap_or_default().trim_start();
            let goes_on = ["\"", "“", "«", "„", "''", "``"].iter().any(|mark| next.starts_with(mark));
            if goes_on || text.get(*first..opened.0).is_some_and(|before| before.trim().is_empty()) {
                regions.push((opened.1, *past));
            }
        }
    }
    regions.retain(|(start, end)| text.get(*start..*end).is_some_and(|inside| !inside.trim().is_empty()));
    regions
}

fn next_mark(text: &str, from: usize, past: usize) -> Option<Stretch> {
    let within = text.get(from..past)?;
    let marks = ["\"", "“", "”", "«", "»", "„", "''", "``"];
    let found = marks.iter().filter_map(|mark| within.find(mark).map(|at| (at, mark.len())));
    found.min().map(|(at, length)| (from + at, from + at + length))
}

/// Whether a word is a form of a verb of saying.
pub(super) fn is_speech_form(word: &str) -> bool {
    // "reads" alone of "read", and "according", which is none.
    const WHOLE: [&str; 2] = ["reads", "according"];
    /// Verbs with the endings of their forms: e takes s, d and ing for e; none s, ed, ing; y ies, ied, ying.
    const REGULAR: &str = "add announce argue claim note report explain ask declare insist warn suggest acknowledge deny \
        reply respond continue conclude assert contend describe call accuse promise vow concede predict recall remark comment mention \
        reveal complain joke stress emphasize urge demand testify allege confirm propose caution repeat tweet state";
    const IRREGULAR: &str = "say says said saying tell tells told telling write writes wrote written writing \
        admit admits admitted admitting quip quips quipped quipping";
    fn forms() -> BTreeSet<String> {
        let mut forms = BTreeSet::new();
        for verb in REGULAR.split_whitespace() {
            let made = if let Some(stem) = verb.strip_suffix('e') {
                [verb.to_owned(), format!("{verb}s"), format!("{verb}d"), format!("{stem}ing")]
            } else if let Some(stem) = verb.strip_suffix('y') {
                [verb.to_owned(), format!("{stem}ies"), format!("{stem}ied"), format!("{verb}ing")]
            } else if verb.ends_with("ss") {
                [verb.to_owned(), format!("{verb}es"), format!("{verb}ed"), format!("{verb}ing")]
            } else {
                [verb.to_owned(), format!("{verb}s"), format!("{verb}ed"), format!("{verb}ing")]
            };
            forms.extend(made);
        }
        forms.extend(IRREGULAR.split_whitespace().chain(WHOLE).map(str::to_owned));
        forms
    }
    static FORMS: std::sync::LazyLock<BTreeSet<String>> = std::sync::LazyLock::new(forms);
    FORMS.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(text: &str) -> Vec<&str> {
        quoted_regions(text).into_iter().map(|(start, end)| &text[start..end]).collect()
    }

    #[test]
    fn quotation_marks_are_paired_within_a_paragraph() {
        assert_eq!(regions("''Hi there,'' he said. ''Bye.''"), ["Hi there,", "Bye."]);
        assert_eq!(regions("X said.\n\n“One two\n\n“three four”\n"), ["One two", "three four"]);
        assert_eq!(regions("A 6\" pipe and \"a word\" of it"), ["a word"]);
    }

    #[test]
    fn marks_are_read_with_their_roles() {
        let text = "Anné said yes twice";
        let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let marks = "T1\tSource 0 4\tAnné\nT2\tCue 5 9\tsaid\nT3\tContent 10 13;14 19\tyes twice\n\
            T4\tAttribution 5 9\tsaid\nE1\tAttribution:T4 Source:T1 Cue:T2 Content:T3\nE2\tAttribution:T4 Cue:T2\n";
        let gold = read(marks, &offsets);
        assert_eq!(gold.len(), 1);
        assert_eq!((gold[0].source.clone(), gold[0].content.clone()), (vec![(0, 5)], vec![(11, 14), (15, 20)]));
    }

    #[test]
    fn forms_of_saying() {
        for form in ["said", "denies", "replied", "testifying", "stresses", "argued", "quipped", "according", "reads"] {
            assert!(is_speech_form(form), "{form}");
        }
        for word in ["read", "thinks", "saids"] {
            assert!(!is_speech_form(word), "{word}");
        }
    }
}
