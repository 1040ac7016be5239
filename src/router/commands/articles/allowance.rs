//! What a community may still add today, by address or file.

use crate::library::store::{Added, CommunityId, Outcome, Store, StoreError};
use crate::router::{Problem, Request};

/// What a community may still add today.
#[derive(Debug, Clone)]
pub(super) struct Allowance {
    store: Store,
    /// The community and its bound; nothing where there is none.
    bound: Option<(CommunityId, u32)>,
}

impl Allowance {
    /// The store that the articles go into.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// That of whoever asks.
    pub(super) async fn of(request: &Request<'_>) -> Result<Self, Problem> {
        let bound = match request.most_articles() {
            Some(most) => Some((request.community().await?.id, most)),
            None => None,
        };
        Ok(Self { store: request.store()?.clone(), bound })
    }

    /// Takes so many of it, or tells why not.
    pub(super) async fn take(&self, articles: u32) -> Result<Result<(), String>, StoreError> {
        let Some((community, most)) = self.bound else { return Ok(Ok(())) };
        let left = self.store.allow(community, articles, most).await?;
        Ok(left.map_err(|left| {
            let holds = if articles > 1 { format!("it holds {articles} articles; ") } else { String::new() };
            format!("{holds}{}", bound(most, left))
        }))
    }

    /// Why nothing can be added, where that is so.
    pub(super) async fn used_up(&self) -> Result<Option<String>, StoreError> {
        let Some((community, most)) = self.bound else { return Ok(None) };
        let left = self.store.allowance(community, most).await?;
        Ok((left == 0).then(|| bound(most, 0)))
    }

    /// Gives back what was taken for articles that are no more than there were.
    pub(super) async fn settle(&self, taken: u32, added: &[Added]) -> Result<(), StoreError> {
        let new = added.iter().filter(|added| added.outcome != Outcome::Unchanged).count();
        let back = taken.saturating_sub(u32::try_from(new).unwrap_or(u32::MAX));
        match self.bound {
            Some((community, _)) if back > 0 => self.store.give_back_allowance(community, back).await,
            _ => Ok(()),
        }
    }
}

/// What is told of a bound that is reached.
fn bound(most: u32, left: u32) -> String {
    let left = match left {
        0 => "none is".to_owned(),
        1 => "1 is".to_owned(),
        left => format!("{left} are"),
    };
    format!(
        "this community may add {most} a day, and of today's {left} left (UTC); who runs Byline allows more \
         (library.articles_a_day)"
    )
}
