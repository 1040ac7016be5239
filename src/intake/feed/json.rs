//! JSON Feed before the parser sees it: what is read of it, and of so many entries only.

use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{FeedError, MAX_ENTRIES};
use crate::intake::fetch::shown;

/// The parts of a feed that are read (jsonfeed.org/version/1.1, “Top-level”).
#[derive(Deserialize, Serialize)]
struct Source {
    version: Option<String>,
    #[serde(default)]
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(default)]
    items: Items,
}

/// The first entries, no more than [`MAX_ENTRIES`]; the others are passed over without being kept.
#[derive(Default, Serialize)]
struct Items(Vec<Value>);

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct First;

        impl<'de> Visitor<'de> for First {
            type Value = Items;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of entries")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Items, A::Error> {
                let mut first = Vec::new();
                while first.len() < MAX_ENTRIES {
                    match all.next_element()? {
                        Some(one) => first.push(one),
                        None => return Ok(Items(first)),
                    }
                }
                while all.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Items(first))
            }
        }

        deserializer.deserialize_seq(First)
    }
}

/// The JSON Feed in `text`, without what is not read of it.
pub(super) fn bounded(text: &str) -> Result<String, FeedError> {
    let damaged = |error: serde_json::Error| FeedError::Damaged(shown::plain(&error.to_string()));
    let source: Source = serde_json::from_str(text).map_err(damaged)?;
    if source.version.is_none() {
        return Err(FeedError::NoFeed);
    }
    serde_json::to_string(&source).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_entries_are_kept() {
        let many = vec!["{}"; MAX_ENTRIES + 5].join(",");
        let kept = bounded(&format!("{{\"version\":\"1\",\"other\":[1,2],\"items\":[{many}]}}")).unwrap();
        assert_eq!(kept.matches("{}").count(), MAX_ENTRIES);
        assert!(!kept.contains("other"));
    }

    #[test]
    fn other_json_is_no_feed() {
        assert_eq!(bounded("{\"items\":[]}"), Err(FeedError::NoFeed));
        for damaged in ["{", "{\"version\":\"1\",\"items\":3}", "{\"version\":\"1\"} more"] {
            assert!(matches!(bounded(damaged), Err(FeedError::Damaged(_))), "{damaged}");
        }
    }
}
