//! The shipped file: weights of a byte each, looked up where they lie.
//!
//! ```text
//! magic      8 bytes, "BYLQUOT2": also the version of this form and of the features
//! checksum   8 bytes, of all that follows
//! lengths    4 × u32: description, cue words, log2 of buckets, rows
//! description  JSON: from what, when, with which options and how well
//! cue words  u32 each, sorted
//! scales     f32 for each label
//! transitions  f32, by edge class, label before and label
//! judge      f32 by which the following are multiplied, and an i16 for each weight of the judge
//! buckets    u32 each, and one more: where the rows of a bucket begin
//! marks      u16 for each row: bits of its feature that the bucket doesn't tell
//! weights    a signed byte for each row and label
//! ```
//!
//! All numbers are little-endian. A feature's highest bits choose its bucket. Nothing is unpacked but scales, transitions
//! and cue words, so a file is ready as soon as its checksum is.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::judge;
use super::labels::LABELS;
use super::lattice::{EDGES, Transitions};

const MAGIC: &[u8; 8] = b"BYLQUOT2";

/// Why a file is no model.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// It begins with something else, or belongs to another version.
    #[error("not a model of this version")]
    Magic,
    /// It ends early, or goes on after its end.
    #[error("the model's length is not what it says")]
    Length,
    /// Its bytes are not those that were written.
    #[error("the model is damaged: its checksum differs")]
    Checksum,
    /// What it says of itself can't be read.
    #[error("the model's description can't be read: {0}")]
    Description(String),
    /// A number in it is none, or out of its range.
    #[error("the model holds an impossible {0}")]
    Number(&'static str),
}

/// What a model says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The data that it learned from, named by whoever trained it.
    pub data: String,
    /// When it was made (RFC 3339).
    pub made: String,
    /// The program that made it.
    pub by: String,
    /// Articles and quotations that it learned from.
    pub articles: usize,
    /// See [`Description::articles`].
    pub quotations: usize,
    /// The options, as given on the command line.
    pub options: String,
    /// How well it does, as measured by whoever trained it.
    pub score: String,
}

/// A model that is ready to be used.
#[derive(Debug)]
pub struct Model {
    description: Description,
    cues: Vec<u32>,
    scales: [f32; LABELS],
    transitions: Transitions,
    judge: Vec<f32>,
    bits: u32,
    buckets: Cow<'static, [u8]>,
    marks: Cow<'static, [u8]>,
    weights: Cow<'static, [u8]>,
}

/// What a model is made of before it is written.
#[derive(Debug)]
pub(crate) struct Parts<'p> {
    pub(crate) description: &'p Description,
    pub(crate) cues: Vec<u32>,
    pub(crate) transitions: &'p Transitions,
    pub(crate) judge: &'p [f32],
    /// Features and their weights.
    pub(crate) rows: Vec<(u64, [f32; LABELS])>,
}

impl Model {
    /// Reads a model.
    ///
    /// # Errors
    /// When the bytes are not those of a model of this version.
    pub fn read(bytes: Cow<'static, [u8]>) -> Result<Self, ModelError> {
        match bytes {
            Cow::Borrowed(bytes) => Self::parse(bytes, Cow::Borrowed),
            Cow::Owned(bytes) => Self::parse(&bytes, |part| Cow::Owned(part.to_vec())),
        }
    }

    fn parse<'b>(bytes: &'b [u8], keep: impl Fn(&'b [u8]) -> Cow<'static, [u8]>) -> Result<Self, ModelError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(ModelError::Magic)?;
        let mut take = |count: usize| {
            let (part, after) = rest.split_at_checked(count).ok_or(ModelError::Length)?;
            rest = after;
            Ok::<&'b [u8], ModelError>(part)
        };
        let sum = take(8)?;
        let lengths = take(16)?;
        let length = |at: usize| lengths.get(at * 4..).and_then(|l| l.first_chunk().map(|c| u32::from_le_bytes(*c)));
        let [Some(description), Some(cues), Some(bits), Some(rows)] = [0, 1, 2, 3].map(length) else {
            return Err(ModelError::Length);
        };
        if bits > 24 {
            return Err(ModelError::Number("number of buckets"));
        }
        let size = |count: u32| usize::try_from(count).map_err(|_| ModelError::Length);
        let times = |count: usize, each: usize| count.checked_mul(each).ok_or(ModelError::Length);
        let description = take(size(description)?)?;
        let cues = take(times(size(cues)?, 4)?)?;
        let scales = take(4 * LABELS)?;
        let transitions = take(4 * EDGES * (LABELS + 1) * LABELS)?;
        let judge_scale = take(4)?;
        let judge = take(2 * judge::WEIGHTS)?;
        let buckets = take(times((1usize << bits) + 1, 4)?)?;
        let marks = take(times(size(rows)?, 2)?)?;
        let weights = take(times(size(rows)?, LABELS)?)?;
        if !rest.is_empty() {
            return Err(ModelError::Length);
        }
        if checksum(bytes.get(16..).unwrap_or_default()).to_le_bytes() != sum {
            return Err(ModelError::Checksum);
        }
        let description =
            serde_json::from_slice(description).map_err(|error| ModelError::Description(error.to_string()))?;
        let mut all_scales = [0.0; LABELS];
        for (scale, read) in all_scales.iter_mut().zip(floats(scales)) {
            *scale = read;
        }
        let mut table = Transitions::new();
        let mut scores = floats(transitions);
        for edge in 0..EDGES {
            let edge = u8::try_from(edge).map_err(|_| ModelError::Number("transition"))?;
            table.change(edge, |table| table.iter_mut().flatten().zip(&mut scores).for_each(|(to, from)| *to = from));
        }
        let judge_scale = floats(judge_scale).next().unwrap_or(f32::NAN);
        if all_scales
            .into_iter()
            .chain(floats(transitions))
            .chain([judge_scale])
            .any(|number| !number.is_finite() || number.abs() > 1e3)
        {
            return Err(ModelError::Number("weight"));
        }
        let mut before = 0;
        for bucket in numbers(buckets) {
            if bucket < before || bucket > rows {
                return Err(ModelError::Number("bucket"));
            }
            before = bucket;
        }
        Ok(Self {
            description,
            cues: numbers(cues).collect(),
            scales: all_scales,
            transitions: table,
            judge: judge.as_chunks::<2>().0.iter().map(|w| f32::from(i16::from_le_bytes(*w)) * judge_scale).collect(),
            bits,
            buckets: keep(buckets),
            marks: keep(marks),
            weights: keep(weights),
        })
    }

    /// What it says of itself.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// How many features it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len() / 2
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Whether a word often attributes.
    pub(crate) fn is_cue(&self, word: u32) -> bool {
        self.cues.binary_search(&word).is_ok()
    }

    /// How probable it is that a candidate with these features is a quotation.
    pub(crate) fn judge(&self, features: &[u32]) -> f32 {
        judge::probability(&self.judge, features)
    }

    pub(crate) fn transitions(&self) -> &Transitions {
        &self.transitions
    }

    /// The score of each label of a token with these features.
    pub(crate) fn score(&self, features: &[u64]) -> [f32; LABELS] {
        let mut sums = [0i32; LABELS];
        for feature in features {
            let Some(weights) = self.row(*feature) else { continue };
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += i32::from(i8::from_le_bytes([*weight]));
            }
        }
        let mut score = [0.0; LABELS];
        for ((score, sum), scale) in score.iter_mut().zip(sums).zip(self.scales) {
            #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
            let sum = sum as f32;
            *score = sum * scale;
        }
        score
    }

    fn row(&self, feature: u64) -> Option<&[u8; LABELS]> {
        let (bucket, mark) = place(feature, self.bits);
        let (from, to) = self.buckets.get(bucket * 4..)?.first_chunk::<8>().map(|pair| {
            let [a, b, c, d, e, f, g, h] = *pair;
            (u32::from_le_bytes([a, b, c, d]) as usize, u32::from_le_bytes([e, f, g, h]) as usize)
        })?;
        let marks = self.marks.get(from * 2..to * 2)?;
        let at = marks.chunks_exact(2).position(|bytes| bytes == mark.to_le_bytes())?;
        self.weights.get((from + at) * LABELS..)?.first_chunk()
    }
}

/// The bucket of a feature, and the bits that tell it from others there.
fn place(feature: u64, bits: u32) -> (usize, u16) {
    let bucket = if bits == 0 { 0 } else { feature >> (64 - bits) };
    #[expect(clippy::cast_possible_truncation, reason = "that many bits are left")]
    let mark = (feature >> 8) as u16;
    (usize::try_from(bucket).unwrap_or(0), mark)
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks::<4>().0.iter().map(|chunk| u32::from_le_bytes(*chunk))
}

fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk))
}

/// A checksum against accidents, eight bytes at a time.
fn checksum(bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let mut sum = 0x9E37_79B9_7F4A_7C15_u64 ^ bytes.len() as u64;
    for chunk in chunks.iter().chain([&last]) {
        sum = (sum ^ u64::from_le_bytes(*chunk)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        sum ^= sum >> 29;
    }
    sum
}

impl Parts<'_> {
    /// The bytes of a file. Rows whose weights all round to 0 are left out.
    pub(crate) fn write(mut self) -> Vec<u8> {
        let mut scales = [0.0f32; LABELS];
        for (_, weights) in &self.rows {
            for (scale, weight) in scales.iter_mut().zip(weights) {
                *scale = scale.max(weight.abs());
            }
        }
        // The few greatest weights are cut rather than all others made coarse.
        let scales = scales.map(|greatest| (greatest.min(GREATEST) / 127.0).max(f32::MIN_POSITIVE));
        let quantise = |weights: &[f32; LABELS]| {
            let mut bytes = [0i8; LABELS];
            for ((byte, weight), scale) in bytes.iter_mut().zip(weights).zip(scales) {
                #[expect(clippy::cast_possible_truncation, reason = "clamped to a byte")]
                let rounded = (weight / scale).round().clamp(-127.0, 127.0) as i8;
                *byte = rounded;
            }
            bytes
        };
        let mut bits = 0;
        while (1usize << bits) * 3 < self.rows.len() && bits < 20 {
            bits += 1;
        }
        self.rows.sort_unstable_by_key(|(feature, _)| *feature);
        let mut buckets = vec![0u32; (1 << bits) + 1];
        let (mut marks, mut weights): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
        let mut count = 0u32;
        for (feature, row) in &self.rows {
            let row = quantise(row);
            if row.iter().all(|weight| *weight == 0) {
                continue;
            }
            let (bucket, mark) = place(*feature, bits);
            if let Some(rows) = buckets.get_mut(bucket + 1) {
                *rows += 1;
            }
            marks.extend(mark.to_le_bytes());
            weights.extend(row.map(|weight| weight.to_le_bytes()[0]));
            count += 1;
        }
        let mut sum = 0;
        for bucket in &mut buckets {
            sum += *bucket;
            *bucket = sum;
        }
        self.cues.sort_unstable();
        let description = serde_json::to_vec(self.description).unwrap_or_default();
        let length = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let mut body = Vec::new();
        for number in [length(description.len()), length(self.cues.len()), bits, count] {
            body.extend(number.to_le_bytes());
        }
        body.extend(description);
        body.extend(self.cues.iter().flat_map(|cue| cue.to_le_bytes()));
        body.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
        for edge in 0..EDGES {
            let table = self.transitions.of(u8::try_from(edge).unwrap_or(0));
            body.extend(table.iter().flatten().flat_map(|score| score.to_le_bytes()));
        }
        let greatest = self.judge.iter().fold(0.0f32, |greatest, weight| greatest.max(weight.abs()));
        let scale = (greatest / 32_000.0).max(f32::MIN_POSITIVE);
        body.extend(scale.to_le_bytes());
        body.extend((0..judge::WEIGHTS).flat_map(|at| {
            #[expect(clippy::cast_possible_truncation, reason = "at most 32,000")]
            let weight = (self.judge.get(at).copied().unwrap_or(0.0) / scale).round() as i16;
            weight.to_le_bytes()
        }));
        body.extend(buckets.iter().flat_map(|bucket| bucket.to_le_bytes()));
        body.extend(marks);
        body.extend(weights);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(checksum(&body).to_le_bytes());
        bytes.extend(body);
        bytes
    }
}

/// Weights beyond this are cut to it.
const GREATEST: f32 = 1.5;
