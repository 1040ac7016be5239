//! Full names by their parts: which of them a lone word may stand for.

use std::collections::HashMap;

use super::{Entity, initials, is_suffix};
use crate::quotes::{bodies, given_names};

/// Full names by their parts, so that each lone word finds its own at once.
#[derive(Debug, Default)]
pub(super) struct Register {
    pub letters: HashMap<String, Vec<usize>>,
    /// By the initials of names that may be those of organisations.
    pub initials: HashMap<String, Vec<usize>>,
    pub surnames: HashMap<String, Vec<usize>>,
    pub given: HashMap<String, Vec<usize>>,
    /// Companies by the first word of their name: "Hollin" is Hollin Motors.
    pub companies: HashMap<String, Vec<usize>>,
}

impl Register {
    pub(super) fn of(entities: &[Entity]) -> Self {
        let mut register = Self::default();
        for (at, entity) in entities.iter().enumerate() {
            if let Some(letters) = &entity.acronym {
                register.letters.entry(letters.clone()).or_default().push(at);
            }
            if entity.organisation || entity.gender.is_none() && entity.titles.is_empty() {
                let mut letters = initials(entity.words.iter().map(String::as_str)).to_vec();
                letters.dedup();
                for letters in letters.into_iter().filter(|letters| letters.chars().count() > 1) {
                    register.initials.entry(letters).or_default().push(at);
                }
            }
            if entity.organisation {
                let business = entity.words.last().is_some_and(|word| bodies::is_business_name(word));
                if let [first, ..] = entity.words.as_slice()
                    && business
                    && !given_names::is_known(first)
                {
                    register.companies.entry(first.clone()).or_default().push(at);
                }
                continue;
            }
            let surname = entity.words.iter().rev().find(|w| !is_suffix(w));
            if let (Some(given), Some(surname)) = (entity.words.first(), surname) {
                register.given.entry(given.clone()).or_default().push(at);
                register.surnames.entry(surname.clone()).or_default().push(at);
            }
        }
        register
    }
}

/// The entities that a register lists under a word.
pub(super) fn listed<'r>(
    list: &'r HashMap<String, Vec<usize>>,
    word: &str,
) -> impl ExactSizeIterator<Item = usize> + Clone + use<'r> {
    list.get(word).map_or(&[][..], Vec::as_slice).iter().copied()
}

/// The only one, if there is just one.
pub(super) fn only(mut fitting: impl Iterator<Item = usize>) -> Option<usize> {
    let first = fitting.next();
    first.filter(|_| fitting.next().is_none())
}
