//! Why each article is in a digest or out of it, in words: what `/digest preview` shows.

use std::collections::BTreeMap;

use super::present;
use crate::digest::daily::{Digest, Part, Verdict, Why};
use crate::library::{ArticleId, Library};
use crate::reply::Block;

/// A line for what became of every article: those in, story by story; those that were compared and are out; how many never were.
pub fn blocks(library: &Library, digest: &Digest) -> Vec<Block> {
    let mut single: Vec<&Verdict> = Vec::new();
    let mut apart: BTreeMap<&str, usize> = BTreeMap::new();
    for verdict in &digest.verdicts {
        match screened(verdict.why) {
            Some(reason) => *apart.entry(reason).or_default() += 1,
            None => single.push(verdict),
        }
    }
    single.sort_by_key(|verdict| match verdict.why {
        Why::Leads { story } => (0, story, 0),
        Why::Joins { story, .. } => (0, story, 1),
        Why::BeyondSize { place } => (1, place, 0),
        _ => (2, 0, 0),
    });
    let one = |verdict: &Verdict| Block::Item {
        name: library.article(verdict.article).meta().title.clone(),
        about: reason(library, verdict.why),
    };
    let several = |(reason, count): (&str, usize)| Block::Item {
        name: present::counted(count, "article"),
        about: format!("out: {reason}"),
    };
    single.into_iter().map(one).chain(apart.into_iter().map(several)).collect()
}

/// Why articles are out without having been compared with others; they are many, so they are only counted.
fn screened(why: Why) -> Option<&'static str> {
    match why {
        Why::Had => Some("told before"),
        Why::Arrived => Some("arrived before the last digest"),
        Why::Silent => Some("in a feed already when it was subscribed to"),
        Why::Stale => Some("published too long before the last digest to be news"),
        Why::Older => Some("published before the first day that counts"),
        Why::Newer => Some("published after the last day that counts"),
        Why::Undated => Some("without a date"),
        Why::Elsewhere => Some("not asked for"),
        Why::Crowded => Some("older than those that are compared: more are open than that"),
        _ => None,
    }
}

fn reason(library: &Library, why: Why) -> String {
    match why {
        Why::Leads { story } => format!("in: tells story {}", story + 1),
        Why::Joins { story, part: Part::Report } => format!("in: listed with story {}, the same event", story + 1),
        Why::Joins { story, part: Part::Correction { of: None } } => {
            format!("in: listed with story {}, a correction", story + 1)
        }
        Why::Joins { story, part: Part::Correction { of: Some(of) } } => {
            format!("in: listed with story {}, corrects {}", story + 1, named(library, of))
        }
        Why::Joins { story, part: Part::Corrected { by } } => {
            format!("in: listed with story {}, corrected by {}", story + 1, named(library, by))
        }
        Why::Duplicate { of } => format!("out: another version of {}", named(library, of)),
        Why::BeyondSize { place } => {
            format!("out: more is said about other stories (it would be number {})", place + 1)
        }
        Why::NoSentence => "out: no sentence of it can be read alone".to_owned(),
        Why::Had
        | Why::Arrived
        | Why::Silent
        | Why::Stale
        | Why::Older
        | Why::Newer
        | Why::Undated
        | Why::Elsewhere
        | Why::Crowded => {
            format!("out: {}", screened(why).unwrap_or_default())
        }
    }
}

fn named(library: &Library, id: ArticleId) -> String {
    format!("“{}”", library.article(id).meta().title)
}
