//! A page of a reply as the body of a message: embeds, buttons, and nobody mentioned.
//!
//! A button's `custom_id` (at most 100 characters) is `b1:KEY:WHAT:PAGE`. What the pages are made of lies in the store under
//! the key; the page is counted from 0.

use serde_json::{Value, json};

use super::embeds;
use crate::chat::kept::Kept;
use crate::reply::{Block, Checked};

/// A message that only the person of the interaction sees.
pub const EPHEMERAL: u64 = 1 << 6;

/// The longest address of a link button.
const MAX_BUTTON_URL: usize = 512;

/// What a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Shows this page, from the one after it.
    Previous,
    /// Shows this page, from the one before it.
    Next,
    /// Shows this page again after its context.
    Back,
    /// Shows the paragraphs around the page's first quotation.
    Context,
    /// Tells where the page's first quotation stands; for articles without an address.
    Source,
    /// Notes that the page did not help.
    Unhelpful,
}

const PRESSES: [(Press, &str); 6] = [
    (Press::Previous, "prev"),
    (Press::Next, "next"),
    (Press::Back, "back"),
    (Press::Context, "around"),
    (Press::Source, "source"),
    (Press::Unhelpful, "no"),
];

/// A button of ours: the answer's key, what it does, the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ButtonId {
    /// The answer's key in the store.
    pub key: String,
    /// What it does.
    pub press: Press,
    /// The page, counted from 0.
    pub page: usize,
}

impl ButtonId {
    /// Reads a `custom_id`; nothing for one that is not of this form.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        let mut parts = id.strip_prefix("b1:")?.split(':');
        let (key, press, page) = (parts.next()?, parts.next()?, parts.next()?.parse().ok()?);
        let press = PRESSES.into_iter().find(|(_, name)| *name == press)?.0;
        (!key.is_empty() && parts.next().is_none()).then(|| Self { key: key.to_owned(), press, page })
    }

    /// The answer and page that a message of ours shows, by the `custom_id`s of its buttons: those that turn the page name another.
    #[must_use]
    pub fn shown<'i>(ids: impl Iterator<Item = &'i str>) -> Option<Self> {
        let turns = |one: &Self| matches!(one.press, Press::Previous | Press::Next);
        ids.filter_map(Self::parse).find(|one| !turns(one))
    }

    fn text(key: &str, press: Press, page: usize) -> String {
        let name = PRESSES.into_iter().find(|(one, _)| *one == press).map_or("", |(_, name)| name);
        format!("b1:{key}:{name}:{page}")
    }
}

/// What is to be shown of a reply.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The reply.
    pub reply: &'a Checked,
    /// The page, counted from 0.
    pub page: usize,
    /// The answer as it is kept, under its key; without it there are no buttons.
    pub kept: Option<(&'a str, &'a Kept)>,
    /// Whether the page's context is shown, not the page.
    pub around: bool,
    /// A line of the surface's own, below everything.
    pub note: Option<&'a str>,
}

impl<'a> Shown<'a> {
    /// The first page of a reply.
    #[must_use]
    pub fn first(reply: &'a Checked, kept: Option<(&'a str, &'a Kept)>) -> Self {
        Self { reply, page: 0, kept, around: false, note: None }
    }

    /// The body of a message: every field that an edit must put in place of an older one.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut embeds = embeds::embeds(self.reply, self.page, self.note);
        if embeds.is_empty() {
            embeds.push(embeds::note("There is nothing to show."));
        }
        json!({
            "content": "",
            "embeds": embeds,
            "components": self.components(),
            "allowed_mentions": nobody(),
        })
    }

    /// One row of at most five buttons.
    fn components(&self) -> Value {
        let mut buttons: Vec<Value> = Vec::new();
        let blocks = || self.reply.pages.get(self.page).into_iter().flatten().chain(&self.reply.blocks);
        let quoted = blocks().find_map(|block| match block {
            Block::Quote(quoted) => Some(quoted),
            _ => None,
        });
        if let Some((key, kept)) = self.kept {
            let id = |press, page| ButtonId::text(key, press, page);
            let last = kept.pages().saturating_sub(1);
            if self.around {
                buttons.push(button("Back", &id(Press::Back, self.page), false));
            } else {
                if kept.pages() > 1 {
                    let (before, after) = (self.page.saturating_sub(1), (self.page + 1).min(last));
                    buttons.push(button("◀", &id(Press::Previous, before), self.page == 0));
                    buttons.push(button("▶", &id(Press::Next, after), self.page >= last));
                }
                if quoted.is_some() {
                    buttons.push(button("Context", &id(Press::Context, self.page), false));
                }
            }
            if let Some(quoted) = quoted {
                let link = quoted.source.url.as_deref().filter(|url| is_link(url));
                buttons.push(match link {
                    Some(url) => json!({ "type": 2, "style": 5, "label": "Source", "url": url }),
                    None => button("Source", &id(Press::Source, self.page), false),
                });
                buttons.push(button("Not helpful", &id(Press::Unhelpful, self.page), false));
            }
        }
        if buttons.is_empty() { json!([]) } else { json!([{ "type": 1, "components": buttons }]) }
    }
}

/// `1 of 3`, where there is more than one page.
#[must_use]
pub fn counter(page: usize, pages: usize) -> Option<String> {
    (pages > 1).then(|| format!("{} of {pages}", page + 1))
}

/// A line of Byline's own as a message that only its reader sees, where the network has such.
#[must_use]
pub fn line(words: &str) -> Value {
    json!({ "content": "", "embeds": [embeds::note(words)], "components": [], "allowed_mentions": nobody() })
}

/// The same body, for one pair of eyes.
#[must_use]
pub fn ephemeral(mut body: Value) -> Value {
    body["flags"] = EPHEMERAL.into();
    body
}

/// Mentions of nobody: whatever a text says, no one is notified.
#[must_use]
pub fn nobody() -> Value {
    json!({ "parse": [] })
}

fn button(label: &str, id: &str, disabled: bool) -> Value {
    json!({ "type": 2, "style": 2, "label": label, "custom_id": id, "disabled": disabled })
}

fn is_link(url: &str) -> bool {
    url.len() <= MAX_BUTTON_URL && (url.starts_with("https://") || url.starts_with("http://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_that_is_shown_is_not_the_next_one() {
        let ids = ["b1:k:prev:0", "b1:k:next:2", "https://x.example", "b1:k:no:1"];
        let shown = ButtonId::shown(ids.into_iter()).map(|one| (one.key, one.page));
        assert_eq!(shown, Some(("k".to_owned(), 1)));
        assert_eq!(ButtonId::shown(["b1:k:next:2"].into_iter()), None);
    }

    #[test]
    fn a_button_is_read_as_it_was_written() {
        for (press, _) in PRESSES {
            let text = ButtonId::text("k3y", press, 12);
            assert!(text.len() <= 100);
            assert_eq!(ButtonId::parse(&text), Some(ButtonId { key: "k3y".into(), press, page: 12 }));
        }
        for other in ["", "b1:", "b1:k", "b1::next:0", "b1:k:next:x", "b1:k:fly:0", "b2:k:next:0", "b1:k:next:0:1"] {
            assert_eq!(ButtonId::parse(other), None, "{other}");
        }
    }
}
