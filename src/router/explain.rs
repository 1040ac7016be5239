//! Why a question was answered as it was, for those who tune it.

use crate::matcher::{Explanation, Factor, Findings, Verdict};
use crate::reply::Block;

/// What decided, in the order in which it did: how the words were read, what the first passage was weighed by, the confidence and
/// its thresholds.
pub(super) fn blocks(findings: &Findings, why: &Explanation) -> Vec<Block> {
    let item = |name: &str, about: String| Block::Item { name: name.to_owned(), about };
    let mut blocks = vec![Block::Heading("Why".to_owned())];
    let verdict = match findings.verdict {
        Verdict::Answered => "answered",
        Verdict::Nearest => "declined, with the nearest passage",
        Verdict::Nothing => "declined",
    };
    let thresholds = why.thresholds;
    blocks.push(item(
        verdict,
        format!(
            "confidence {:.3}; answered from {:.2} on, the nearest shown from {:.2} on; it asks for {}; {} paragraphs were weighed",
            findings.confidence,
            thresholds.answer,
            thresholds.nearest,
            why.kind.name(),
            why.candidates
        ),
    ));
    for word in &why.words {
        let read = match word.read.as_slice() {
            [] => "the articles hold nothing like it".to_owned(),
            [same] if same.eq_ignore_ascii_case(&word.asked) => "held as asked".to_owned(),
            others => format!("read as {}", others.join(", ")),
        };
        let found = if word.found { "in the passage" } else { "not in the passage" };
        blocks.push(item(&word.asked, format!("{read}; {found}; counts {:.2}", word.rarity)));
    }
    if let Some(factors) = why.passages.first() {
        blocks.push(item("the first passage", sum(factors)));
    }
    if let Some(factors) = why.passages.get(1) {
        blocks.push(item("the second passage", sum(factors)));
    }
    blocks.push(item("confidence, in log odds", sum(&why.confidence)));
    if let Some(doubt) = why.doubt {
        blocks.push(item("declined all the same", doubt.reason().to_owned()));
    }
    blocks
}

/// What a sum is made of, what counts most first.
fn sum(factors: &[Factor]) -> String {
    let counts = |factor: &Factor| factor.value * factor.weight;
    let total: f32 = factors.iter().map(counts).sum();
    let mut telling: Vec<&Factor> = factors.iter().filter(|factor| counts(factor).abs() >= LEAST).collect();
    telling.sort_by(|a, b| counts(b).abs().total_cmp(&counts(a).abs()));
    let told: Vec<String> = telling
        .iter()
        .map(|factor| format!("{} {:.2} × {:.2} = {:+.2}", factor.name, factor.value, factor.weight, counts(factor)))
        .collect();
    format!("{total:.2}: {}", told.join("; "))
}

/// What counts less than this, either way, is left out.
const LEAST: f32 = 0.01;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_tells_what_counts_most_first_and_leaves_out_what_counts_nothing() {
        let factor = |name, value, weight| Factor { name, value, weight };
        let told = sum(&[factor("length", 0.5, -0.6), factor("coverage", 1.0, 2.5), factor("nothing", 0.0, 9.0)]);
        assert_eq!(told, "2.20: coverage 1.00 × 2.50 = +2.50; length 0.50 × -0.60 = -0.30");
    }
}
