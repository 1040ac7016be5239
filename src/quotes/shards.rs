//! A map of which a changed copy costs little: its entries lie in many small maps, and copies share those in which
//! nothing was changed.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

/// How many small maps there are: with a hundred thousand entries, a change copies some four hundred.
const SHARDS: usize = 256;

/// The map.
#[derive(Debug, Clone)]
pub(super) struct Shards<K, V> {
    hasher: RandomState,
    shards: Vec<Arc<HashMap<K, V>>>,
}

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        Self { hasher: RandomState::new(), shards: (0..SHARDS).map(|_| Arc::default()).collect() }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Shards<K, V> {
    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash do")]
        let hash = self.hasher.hash_one(key) as usize;
        hash % SHARDS
    }

    /// What a key stands for.
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.shards.get(self.shard(key))?.get(key)
    }

    /// A key as it is held, and what it stands for.
    pub(super) fn entry<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        self.shards.get(self.shard(key))?.get_key_value(key)
    }

    /// The small map that a key is in or would be in, for changing it.
    pub(super) fn around<Q: Hash + ?Sized>(&mut self, key: &Q) -> &mut HashMap<K, V> {
        let shard = self.shard(key);
        Arc::make_mut(&mut self.shards[shard])
    }

    /// All entries, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.shards.iter().flat_map(|shard| shard.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_changed_by_itself() {
        let mut one: Shards<String, usize> = Shards::default();
        for number in 0..1000_usize {
            let key = format!("word {number}");
            one.around(&key).insert(key, number);
        }
        let mut other = one.clone();
        other.around("word 7").insert("word 7".to_owned(), 0);
        other.around("word 8").remove("word 8");
        assert_eq!((one.get("word 7"), one.get("word 8")), (Some(&7), Some(&8)));
        assert_eq!((other.get("word 7"), other.get("word 8")), (Some(&0), None));
        assert_eq!((one.iter().count(), other.iter().count()), (1000, 999));
        let shared = one.shards.iter().zip(&other.shards).filter(|(one, other)| Arc::ptr_eq(one, other)).count();
        assert!(shared >= SHARDS - 2, "{shared}");
    }
}
