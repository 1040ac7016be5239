//! What communities and channels have set, over what the configuration says.

use super::{Place, Problem, Settings};
use crate::library::store::{Scope, Store};

/// How many passages a search keeps for paging.
pub(super) const PASSAGES: &str = "passages";

/// How many sentences a summary has.
pub(super) const SENTENCES: &str = "sentences";

/// What commands begin with, on networks that have none of their own.
pub const PREFIX: &str = "prefix";

/// The most of either: as many as a person pages through, or reads as a summary.
pub(super) const MOST: u32 = 10;

/// The settings in force at a place: its channel's, else its community's, else `configured`.
pub(super) async fn settings(store: &Store, place: &Place, configured: Settings) -> Result<Settings, Problem> {
    let mut settings = configured;
    let Some(community) = store.known_community(&place.network, &place.community).await? else { return Ok(settings) };
    let mut scopes = vec![Scope::community(community.id)];
    scopes.extend(place.channel.as_deref().map(|channel| Scope::channel(community.id, channel)));
    for scope in scopes {
        for (name, value) in store.settings(scope).await? {
            match (name.as_str(), value.parse()) {
                (PASSAGES, Ok(number)) => settings.passages = number,
                (SENTENCES, Ok(number)) => settings.summary_sentences = number,
                // Others are read by those who know them.
                _ => {}
            }
        }
    }
    Ok(settings)
}
