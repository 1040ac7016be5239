//! Which article, in which state, an index holds or should hold.

use std::sync::Arc;

use crate::article::Article;
use crate::library::store::StoredId;
use crate::library::{ArticleId, Library};

/// An article that an index holds.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) article: Arc<Article>,
    /// What its documents are marked with: its number in the store (1 and up), or, for an article of no store, one below 0
    /// that tells its place in the library.
    pub(super) number: i64,
    /// A fingerprint of what was indexed, see [`state`].
    pub(super) state: u64,
}

impl Held {
    /// The article of a library that has this number.
    pub(super) fn of(library: &Library, id: ArticleId) -> Option<Self> {
        let article = Arc::clone(library.get(id)?);
        let mark = library.mark(id);
        let number = mark.map_or(-1 - i64::from(id.0), |mark| mark.id.0);
        let (version, added_at) = mark.map_or((0, 0), |mark| (mark.version, mark.added_at.as_millisecond()));
        let state = state(&article, version, added_at);
        Some(Self { article, number, state })
    }

    /// All articles of a library, each at its number's place.
    pub(super) fn all(library: &Library) -> Vec<Option<Self>> {
        let mut all = Vec::new();
        all.resize_with(library.slots(), || None);
        for (id, _) in library.iter() {
            if let Some(place) = all.get_mut(id.0 as usize) {
                *place = Self::of(library, id);
            }
        }
        all
    }

    /// Whether the other stands for the same words, so that nothing need be indexed anew.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        let same = self.number == other.number && self.state == other.state;
        same && (self.number >= 0 || Arc::ptr_eq(&self.article, &other.article))
    }

    /// Where the article stands among others when nothing else tells them apart: the one that was added first comes first,
    /// whatever has happened to the library since.
    pub(super) fn order(&self) -> i64 {
        if self.number < 0 { -1 - self.number } else { self.number }
    }
}

/// The place in `library` of the article whose documents are marked with `number`.
pub(super) fn place_of(library: &Library, number: i64) -> Option<ArticleId> {
    if number < 0 { u32::try_from(-1 - number).ok().map(ArticleId) } else { library.by_stored(StoredId(number)) }
}

/// A fingerprint of an article in a state: its version, when it was first added, and the shape of its text.
///
/// Number and version alone would do while a folder belongs to one store. The rest is for a store that was put back from a
/// copy, or another one in the same place: those give the same numbers to other articles. It costs no look at the text.
fn state(article: &Article, version: i64, added_at: i64) -> u64 {
    let mut state = Fingerprint::default();
    state.add(version.cast_unsigned());
    state.add(added_at.cast_unsigned());
    state.add(article.text().len() as u64);
    for byte in article.meta().title.bytes() {
        state.add(u64::from(byte));
    }
    for block in article.blocks() {
        state.add(u64::from(block.span.start) << 32 | u64::from(block.span.end));
        state.add(block.kind as u64);
    }
    state.0
}

/// A number that what is added to it makes, in this order; the same on every machine (SplitMix64's mixing).
#[derive(Default)]
pub(super) struct Fingerprint(pub(super) u64);

impl Fingerprint {
    pub(super) fn add(&mut self, value: u64) {
        let mut z = (self.0 ^ value).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        self.0 = z ^ (z >> 31);
    }
}
