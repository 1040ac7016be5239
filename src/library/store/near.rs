//! Near-duplicates: the same story with another headline, a corrected word, a cut paragraph or an agency's credit.
//!
//! An article's paragraphs are seen as the set of their runs of [`SHINGLE`] words, and two sets are compared by the share
//! they have in common (Jaccard). MinHash (Broder 1997) estimates that share from [`HASHES`] numbers an article. Of
//! these, [`BANDS`] groups of [`ROWS`] are kept under an index: two articles that share .8 of their runs agree in at least
//! one group with probability .997, two that share .7 with .97, two that share .2 with .06. Those that agree in one are
//! compared by the whole sketch, and are near-duplicates from a share of [`NEAR`].
//!
//! SimHash with three bits' tolerance was the other choice; it forgives about one changed word in two hundred, and a story
//! that two outlets took from one agency differs by more.

use crate::article::Article;

/// Words in a run. Three are common enough to survive an edit nearby and rare enough that chance agreement is small.
const SHINGLE: usize = 3;
/// Numbers in a sketch: the estimate's standard error is at most 1/(2·√64) = .06.
const HASHES: usize = 64;
/// Groups under the index …
pub(super) const BANDS: usize = 8;
/// … and numbers in each.
const ROWS: usize = 3;
/// Share of runs, estimated, from which two articles are near-duplicates. At .7, one word in seventeen was changed.
const NEAR: f64 = 0.7;
/// Texts with fewer runs say too little to be compared.
const FEWEST_SHINGLES: usize = 8;

/// What is kept of an article to recognise its like.
///
/// The numbers are stored: whoever changes how they are made must migrate what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    /// The low byte of each minimum: enough to compare, for two unequal minima agree in it once in 256.
    pub(super) sketch: Vec<u8>,
    /// What the index holds; numbers of different groups are never equal but by chance.
    pub(super) bands: [i64; BANDS],
}

impl Signature {
    /// The signature of an article's paragraphs; nothing for a text too short to compare.
    pub(super) fn of(article: &Article) -> Option<Self> {
        let words: Vec<u64> =
            article.paragraphs().iter().flat_map(|paragraph| words(article.slice(paragraph.span))).collect();
        if words.len() < FEWEST_SHINGLES + SHINGLE - 1 {
            return None;
        }
        let mut minima = [u32::MAX; HASHES];
        for run in words.windows(SHINGLE) {
            let shingle = run.iter().fold(0_u64, |all, word| mix(all ^ word));
            for (least, (by, plus)) in minima.iter_mut().zip(FUNCTIONS) {
                // Multiply, add, keep the high half (Dietzfelbinger et al. 1997): 2-independent, and one instruction each.
                let hash = (shingle.wrapping_mul(by).wrapping_add(plus) >> 32) as u32;
                *least = (*least).min(hash);
            }
        }
        let mut bands = [0; BANDS];
        for (number, (band, rows)) in (1_u64..).zip(bands.iter_mut().zip(minima.chunks_exact(ROWS))) {
            *band = rows.iter().fold(mix(number), |all, row| mix(all ^ u64::from(*row))).cast_signed();
        }
        Some(Self { sketch: minima.iter().map(|least| (least & 0xff) as u8).collect(), bands })
    }
}

/// The estimated share of runs that two articles have in common, 0 to 1.
pub(super) fn likeness(one: &[u8], other: &[u8]) -> f64 {
    if one.len() != HASHES || other.len() != HASHES {
        return 0.0;
    }
    let equal = one.iter().zip(other).filter(|(a, b)| a == b).count();
    let by_chance = 1.0 / 256.0;
    ((equal as f64 / HASHES as f64 - by_chance) / (1.0 - by_chance)).max(0.0)
}

/// Whether that share makes near-duplicates.
pub(super) fn is_near(likeness: f64) -> bool {
    likeness >= NEAR
}

/// Hashes of the words, without case; whatever is no letter or digit parts them.
fn words(text: &str) -> impl Iterator<Item = u64> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(|word| {
        let lower = word.chars().flat_map(char::to_lowercase);
        mix(lower
            .fold(0xcbf2_9ce4_8422_2325, |hash, c| (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3)))
    })
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit of the input moves every bit of the output.
const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The family of hash functions: odd factors and summands, drawn once from SplitMix64.
const FUNCTIONS: [(u64, u64); HASHES] = {
    let mut functions = [(0, 0); HASHES];
    let mut index = 0;
    while index < HASHES {
        functions[index] = (mix(2 * index as u64) | 1, mix(2 * index as u64 + 1));
        index += 1;
    }
    functions
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};
    use crate::article::{Block, BlockKind, Draft, Metadata, Span};

    /// A report of `count` sentences, no two alike; `town` changes one word in each.
    fn report(title: &str, town: &str, count: usize) -> Article {
        let body: Vec<String> = (0..count)
            .map(|n| {
                format!(
                    "In week {n} the ferry to {town} carried {} passengers, and {} of them told the harbour office, \
                     when it asked at pier {}, that they would rather take route {} again.",
                    n * 37 + 11,
                    n * 5 + 2,
                    n % 7,
                    n * 3
                )
            })
            .collect();
        read_text("a", &format!("{title}\n\n{}\n", body.join("\n\n")), Format::Text).unwrap()
    }

    fn compare(one: &Article, other: &Article) -> f64 {
        let of = |article| Signature::of(article).unwrap();
        likeness(&of(one).sketch, &of(other).sketch)
    }

    #[test]
    fn another_headline_or_a_corrected_word_makes_a_near_duplicate() {
        let first = report("Ferry counted", "Aldersey", 20);
        let headline = report("How the ferry was counted", "Aldersey", 20);
        assert_eq!(Signature::of(&first), Signature::of(&headline), "the title is not compared");
        let corrected = first.text().replace("pier 3", "quay 3").replace("route 30", "the bus");
        let corrected = read_text("b", &corrected, Format::Text).unwrap();
        assert!(is_near(compare(&first, &corrected)), "{}", compare(&first, &corrected));
        let bands = |article| Signature::of(article).unwrap().bands;
        assert!(bands(&first).iter().any(|band| bands(&corrected).contains(band)), "the index must find it");
    }

    #[test]
    fn a_cut_ending_makes_a_near_duplicate_and_half_a_story_does_not() {
        let whole = report("Ferry counted", "Aldersey", 20);
        assert!(is_near(compare(&whole, &report("Ferry counted", "Aldersey", 18))));
        assert!(!is_near(compare(&whole, &report("Ferry counted", "Aldersey", 8))));
    }

    #[test]
    fn another_story_is_none() {
        let ferry = report("Ferry counted", "Aldersey", 6);
        let other = "Bakery recalls bread\n\nA bakery has called back its rye bread after glass was found in two \
                     loaves. Nobody was hurt, its owner said, and the oven is being searched.\n";
        let other = read_text("b", other, Format::Text).unwrap();
        assert!(compare(&ferry, &other) < 0.1, "{}", compare(&ferry, &other));
    }

    #[test]
    fn a_text_of_a_few_words_has_no_signature() {
        assert_eq!(Signature::of(&read_text("a", "Rain\n\nIt rained again.\n", Format::Text).unwrap()), None);
    }

    #[test]
    fn what_is_stored_today_is_compared_with_what_is_made_tomorrow() {
        let text =
            "Eight of the nine boats that left pier four on Monday were back before the second storm.".to_owned();
        let blocks = vec![Block { span: Span::new(0, text.len()), kind: BlockKind::Paragraph }];
        let article = Article::from_draft("a", Draft { text, blocks, meta: Metadata::default() }).unwrap();
        let signature = Signature::of(&article).unwrap();
        let sum = signature.sketch.iter().fold(0, |sum, byte| mix(sum ^ u64::from(*byte)));
        let sum = signature.bands.iter().fold(sum, |sum, band| mix(sum ^ band.cast_unsigned()));
        assert_eq!(sum, 13_326_769_279_823_786_386, "signatures changed: migrate the stored ones");
    }
}
