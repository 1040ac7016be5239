//! The vocabulary as a file beside the index, so that the dictionaries of a large index need not be read through at each start.
//!
//! It is worth nothing by itself: it names the segments that it was made of, and one of others, a damaged one, or none at all only
//! means that the vocabulary is read anew. All numbers are little-endian.

use std::fs;
use std::io;
use std::path::Path;

use super::directory::UNFINISHED;
use super::held::Fingerprint;
use super::layout::FORMAT;
use super::segment::Segment;
use super::vocabulary::{Raw, Vocabulary};

/// The name of the file.
pub(super) const NAME: &str = "words";

/// Words below which reading the dictionaries costs next to nothing.
const WORTH_IT: usize = 20_000;

/// Mark, format and fingerprint of the segments; words, bytes of text; and behind all else the fingerprint of the rest.
const HEAD: usize = 4 + 4 + 8 + 8 + 8;
const MARK: &[u8; 4] = b"byw2";

/// Bytes of a word beside its text: documents, length, stem, and its place by stem.
const WORD: usize = 4 + 2 + 8 + 4;

/// The vocabulary of exactly these segments, if it lies there.
pub(super) fn read(folder: &Path, segments: &[Segment]) -> Option<Vocabulary> {
    let bytes = fs::read(folder.join(NAME)).ok()?;
    parse(&bytes, of(segments))
}

/// Keeps the vocabulary of these segments.
pub(super) fn write(folder: &Path, segments: &[Segment], vocabulary: &Vocabulary) -> io::Result<()> {
    let Some(raw) = vocabulary.raw().filter(|raw| raw.documents.len() >= WORTH_IT) else { return Ok(()) };
    let unfinished = folder.join(format!("{UNFINISHED}{NAME}"));
    fs::write(&unfinished, bytes(&raw, of(segments)))?;
    fs::rename(unfinished, folder.join(NAME))
}

/// A fingerprint of segments, in whatever order.
fn of(segments: &[Segment]) -> u64 {
    let mut names: Vec<String> = segments.iter().map(Segment::state).collect();
    names.sort();
    let mut print = Fingerprint::default();
    names.iter().flat_map(|name| name.bytes()).for_each(|byte| print.add(u64::from(byte)));
    print.0
}

fn bytes(raw: &Raw<'_>, segments: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + raw.documents.len() * WORD + raw.text.len() + 8);
    bytes.extend_from_slice(MARK);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&segments.to_le_bytes());
    bytes.extend_from_slice(&(raw.documents.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&(raw.text.len() as u64).to_le_bytes());
    raw.documents.iter().for_each(|n| bytes.extend_from_slice(&n.to_le_bytes()));
    raw.words().for_each(|(length, _)| bytes.extend_from_slice(&length.to_le_bytes()));
    raw.words().for_each(|(_, stem)| bytes.extend_from_slice(&stem.to_le_bytes()));
    raw.by_stem.iter().for_each(|n| bytes.extend_from_slice(&n.to_le_bytes()));
    bytes.extend_from_slice(raw.text.as_bytes());
    let print = print_of(&bytes);
    bytes.extend_from_slice(&print.to_le_bytes());
    bytes
}

fn parse(bytes: &[u8], segments: u64) -> Option<Vocabulary> {
    let (bytes, print) = bytes.split_last_chunk::<8>()?;
    if u64::from_le_bytes(*print) != print_of(bytes) {
        return None;
    }
    let (mark, rest) = bytes.split_first_chunk::<4>()?;
    let (format, rest) = rest.split_first_chunk::<4>()?;
    let (of, rest) = rest.split_first_chunk::<8>()?;
    let (count, rest) = rest.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    if mark != MARK || u32::from_le_bytes(*format) != FORMAT || u64::from_le_bytes(*of) != segments {
        return None;
    }
    let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    if count.checked_mul(WORD)?.checked_add(length)? != rest.len() {
        return None;
    }
    let (documents, rest) = rest.split_at_checked(count * 4)?;
    let (lengths, rest) = rest.split_at_checked(count * 2)?;
    let (stems, rest) = rest.split_at_checked(count * 8)?;
    let (by_stem, text) = rest.split_at_checked(count * 4)?;
    let numbers =
        |bytes: &[u8]| -> Vec<u32> { bytes.as_chunks::<4>().0.iter().map(|n| u32::from_le_bytes(*n)).collect() };
    let lengths = lengths.as_chunks::<2>().0.iter().map(|n| u16::from_le_bytes(*n));
    let stems = stems.as_chunks::<8>().0.iter().map(|n| u64::from_le_bytes(*n));
    Vocabulary::of_raw(String::from_utf8(text.to_vec()).ok()?, lengths.zip(stems), numbers(documents), numbers(by_stem))
}

fn print_of(bytes: &[u8]) -> u64 {
    let mut print = Fingerprint::default();
    let (chunks, rest) = bytes.as_chunks::<8>();
    chunks.iter().for_each(|chunk| print.add(u64::from_le_bytes(*chunk)));
    rest.iter().for_each(|byte| print.add(u64::from(*byte)));
    print.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary::default().shifted([("ferry".to_owned(), 3), ("sail".to_owned(), 1), ("sails".to_owned(), 2)].into())
    }

    #[test]
    fn what_is_kept_comes_back() {
        let whole = vocabulary().whole();
        let kept = bytes(&whole.raw().unwrap(), 7);
        let back = parse(&kept, 7).unwrap();
        let words = |v: &Vocabulary| v.iter().map(|e| (e.word.to_owned(), e.documents)).collect::<Vec<_>>();
        assert_eq!(words(&back), words(&whole));
        assert_eq!(back.forms("sail").count(), 2);
        assert!(back.knows("ferry"));
        assert!(parse(&kept, 8).is_none(), "of other segments");
    }

    #[test]
    fn whatever_is_cut_or_changed_is_not_taken() {
        let kept = bytes(&vocabulary().whole().raw().unwrap(), 7);
        for at in 0..kept.len() {
            let mut changed = kept.clone();
            changed[at] ^= 1;
            assert!(parse(&changed, 7).is_none(), "{at}");
            assert!(parse(&kept[..at], 7).is_none(), "{at}");
        }
    }
}
