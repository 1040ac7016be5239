//! "The senator", "the county engineer": the one person with that title or role.

use super::{MEMORY, Resolver};
use crate::article::Span;
use crate::quotes::find::tokens::Token;
use crate::quotes::names::Entity;
use crate::quotes::{lexicon, roles};

impl Resolver<'_> {
    /// The only person who bears the title or has the role that the words tell, and was named before.
    pub(super) fn role(&self, span: Span, words: &[Token<'_>]) -> Option<usize> {
        let first = words.first()?;
        let definite = matches!(&*first.low, "the" | "this" | "that");
        let plain = words.len() <= 5 && !words.iter().skip(1).any(|t| t.capital);
        let possessed = words.iter().rposition(|t| t.low == "'s");
        let owned = matches!(&*first.low, "his" | "her" | "its" | "their");
        if !definite && !owned && possessed.is_none() {
            return None;
        }
        // "the chair of the board" may be another chair: nothing tells.
        let plainly = |t: &Token<'_>| t.is_word() && !t.capital && !lexicon::is_preposition(&t.low);
        let asked = words.get(possessed.map_or(1, |at| at + 1)..).filter(|asked| asked.iter().all(plainly))?;
        let wants_former = asked.iter().any(|t| t.low == "former");
        let tells = |word: &&str| !roles::is_passing(word) && *word != "former";
        let asked: Vec<&str> = asked.iter().map(|t| &*t.low).filter(tells).collect();
        let owner = possessed.and_then(|at| at.checked_sub(1)).and_then(|at| words.get(at));
        let owner = owner.map(|owner| roles::owned_by(&owner.low));
        let head = *asked.last()?;
        if self.cast.shared_titles.contains(head) {
            return None;
        }
        // A title or role that very many have tells nobody, and is not worth walking through again and again. "Her lawyer" is
        // only who was called so.
        let titled = self
            .bearers
            .get(head)
            .filter(|of| possessed.is_none() && !owned && plain && asked.len() == 1 && of.len() <= MEMORY)
            .map_or(&[][..], Vec::as_slice);
        let known = self.roles.get(head).filter(|of| of.len() <= MEMORY).map_or(&[][..], Vec::as_slice);
        let fits = |at: &&usize| {
            self.cast.entities.get(**at).is_some_and(|e| {
                e.roles.iter().any(|role| {
                    let mut wanted = asked.iter().copied().chain(owner.as_deref());
                    role.last().is_some_and(|last| last == head) && wanted.all(|w| role.iter().any(|r| r == w))
                })
            })
        };
        let mut bearers: Vec<usize> = known.iter().filter(fits).chain(titled).copied().collect();
        bearers.sort_unstable();
        bearers.dedup();
        let bearer = match bearers.as_slice() {
            [one] => *one,
            _ => return None,
        };
        // "The speaker", "the new speaker": hardly the former one.
        let former = |e: &Entity| {
            e.titles.contains("former") || e.roles.iter().any(|role| role.iter().any(|word| word == "former"))
        };
        if !wants_former && self.cast.entities.get(bearer).is_some_and(former) {
            return None;
        }
        // Whoever is named only later is not meant.
        let met = self.cast.entities.get(bearer).is_some_and(|e| e.name.end <= span.start);
        met.then_some(bearer)
    }
}
