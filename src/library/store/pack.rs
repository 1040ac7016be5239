//! The bytes in which an article's blocks and sentences are kept.
//!
//! A byte that tells the form, the number of blocks, then for each its kind, the gap since the block before and its length;
//! then the number of sentences, and gap and length of each. Numbers are LEB128: seven bits a byte, low ones first. A
//! sentence takes two or three bytes.

use crate::article::{Article, Block, BlockKind, Span};

/// The only form there is.
const FORM: u8 = 1;

/// The kinds by the byte that stands for them. What is stored stays: add at the end.
const KINDS: [BlockKind; 6] = [
    BlockKind::Title,
    BlockKind::Heading,
    BlockKind::Paragraph,
    BlockKind::ListItem,
    BlockKind::BlockQuote,
    BlockKind::Furniture,
];

/// The bytes of an article's blocks and sentences.
pub(super) fn pack(article: &Article) -> Vec<u8> {
    let mut out = vec![FORM];
    number(&mut out, article.blocks().len());
    let mut past = 0;
    for block in article.blocks() {
        out.push(KINDS.iter().position(|kind| *kind == block.kind).unwrap_or_default() as u8);
        span(&mut out, block.span, &mut past);
    }
    number(&mut out, article.sentences().len());
    let mut past = 0;
    for sentence in article.sentences() {
        span(&mut out, *sentence, &mut past);
    }
    out
}

/// Blocks and sentences from their bytes, or nothing where the bytes are not ours. Whether the spans fit a text is for
/// [`Article::from_parts`] to see.
pub(super) fn unpack(bytes: &[u8]) -> Option<(Vec<Block>, Vec<Span>)> {
    let mut input = Input::new(bytes);
    if input.byte()? != FORM {
        return None;
    }
    let count = input.count()?;
    let (mut blocks, mut past) = (Vec::with_capacity(count), 0);
    for _ in 0..count {
        let kind = *KINDS.get(usize::from(input.byte()?))?;
        blocks.push(Block { span: input.span(&mut past)?, kind });
    }
    let count = input.count()?;
    let (mut sentences, mut past) = (Vec::with_capacity(count), 0);
    for _ in 0..count {
        sentences.push(input.span(&mut past)?);
    }
    input.is_empty().then_some((blocks, sentences))
}

/// Puts a number behind what is there.
pub(super) fn number(out: &mut Vec<u8>, number: usize) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Puts a span as the gap since `past` and its length; `past` is then its end.
pub(super) fn span(out: &mut Vec<u8>, span: Span, past: &mut u32) {
    number(out, span.start.saturating_sub(*past) as usize);
    number(out, span.len());
    *past = span.end;
}

/// What is left to read.
pub(super) struct Input<'b> {
    bytes: &'b [u8],
}

impl<'b> Input<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        let mut number: u32 = 0;
        for shift in (0..32).step_by(7) {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number of things that take at least two bytes each: more than are left is a lie, and would ask for memory.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = self.number()? as usize;
        (count <= self.bytes.len() / 2).then_some(count)
    }

    /// The other way round than [`span`].
    pub(super) fn span(&mut self, past: &mut u32) -> Option<Span> {
        let start = past.checked_add(self.number()?)?;
        let end = start.checked_add(self.number()?)?;
        *past = end;
        Some(Span { start, end })
    }

    /// A text behind its length in bytes.
    pub(super) fn text(&mut self) -> Option<String> {
        let length = self.number()? as usize;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::article::Draft;

    /// Articles whose blocks and sentences lie anywhere that they may.
    fn articles() -> impl Strategy<Value = Article> {
        proptest::collection::vec((0_usize..6, "[a-zé ]{0,9}", "[A-Zü. ]{1,200}"), 0..20).prop_map(|parts| {
            let mut draft = Draft::default();
            for (kind, gap, words) in parts {
                draft.text.push_str(&gap);
                let start = draft.text.len();
                draft.text.push_str(&words);
                draft.blocks.push(Block { span: Span::new(start, draft.text.len()), kind: KINDS[kind] });
            }
            Article::from_draft("a", draft).unwrap()
        })
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(article in articles()) {
            let (blocks, sentences) = unpack(&pack(&article)).unwrap();
            prop_assert_eq!(blocks, article.blocks());
            prop_assert_eq!(sentences, article.sentences());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some((blocks, sentences)) = unpack(&bytes) {
                prop_assert!(blocks.len() + sentences.len() <= bytes.len());
            }
        }

        #[test]
        fn bytes_cut_short_are_refused(article in articles(), cut in 1_usize..50) {
            let bytes = pack(&article);
            prop_assert_eq!(unpack(&bytes[..bytes.len().saturating_sub(cut)]), None);
        }
    }

    #[test]
    fn a_sentence_takes_few_bytes() {
        let text = "One thing happened here today. ".repeat(50);
        let draft = Draft {
            blocks: vec![Block { span: Span::new(0, text.trim_end().len()), kind: BlockKind::Paragraph }],
            text,
            ..Draft::default()
        };
        let article = Article::from_draft("a", draft).unwrap();
        assert_eq!(article.sentences().len(), 50);
        assert!(pack(&article).len() <= 110, "{}", pack(&article).len());
    }
}
