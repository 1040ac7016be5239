//! What a token can be: outside, or the beginning or inside of a cue, a source or a content. Sources and contents say on
//! which side of their cue they stand, so that spans can be linked without another decision.

use std::ops::Range;

/// What a span of tokens is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The words that attribute: "said", "according to".
    Cue,
    /// Who speaks, left of the cue.
    SourceBefore,
    /// Who speaks, right of the cue.
    SourceAfter,
    /// What is said, left of the cue.
    ContentBefore,
    /// What is said, right of the cue.
    ContentAfter,
}

impl Role {
    /// All of them, in the order of their labels.
    pub(crate) const ALL: [Self; 5] =
        [Self::Cue, Self::SourceBefore, Self::SourceAfter, Self::ContentBefore, Self::ContentAfter];
}

/// How many labels there are: outside, and two for each role.
pub(crate) const LABELS: usize = 1 + 2 * Role::ALL.len();

/// The label of a token outside every span.
pub(crate) const OUTSIDE: u8 = 0;

/// The label of a role's first token.
pub(crate) fn begin(role: Role) -> u8 {
    1 + 2 * role as u8
}

/// The label of a role's further tokens.
pub(crate) fn inside(role: Role) -> u8 {
    2 + 2 * role as u8
}

/// The role that a label belongs to; `None` outside.
pub(crate) fn role(label: u8) -> Option<Role> {
    Role::ALL.get(usize::from(label.checked_sub(1)?) / 2).copied()
}

/// Whether a label begins a span.
pub(crate) fn begins(label: u8) -> bool {
    label % 2 == 1
}

/// Whether `label` may follow `before` (`None`: at the start).
pub(crate) fn may_follow(before: Option<u8>, label: u8) -> bool {
    label == OUTSIDE
        || begins(label)
        || before.is_some_and(|before| before == label || before + 1 == label && begins(before))
}

/// The spans that a sequence of labels tells, in order.
pub(crate) fn spans(labels: &[u8]) -> Vec<(Role, Range<usize>)> {
    let mut spans: Vec<(Role, Range<usize>)> = Vec::new();
    for (at, &label) in labels.iter().enumerate() {
        let Some(role) = role(label) else { continue };
        match spans.last_mut() {
            Some((last, range)) if !begins(label) && *last == role && range.end == at => range.end = at + 1,
            _ => spans.push((role, at..at + 1)),
        }
    }
    spans
}
