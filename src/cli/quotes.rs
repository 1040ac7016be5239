//! `byline quotes export`: what people corrected of the quotations, as training data.
//!
//! One JSON object a line. Offsets are Unicode code points into `text`, so that `text[start:end]` is the stretch:
//!
//! - `id`: the article's key; `collection`: the name of its collection, unless that is the shared one;
//! - `text`: the article's whole text, of the newest version in which the words stand;
//! - `content`: `[[start, end], …]`, the stretches of the quotation;
//! - `speaker`: `[start, end]`, where the speaker is named nearest to the quotation; null where the text doesn't name them so;
//! - `speaker_name`: whose it is; null where nobody can tell;
//! - `corrected`: when it was said (RFC 3339).
//!
//! Corrections of articles that were removed, or whose words stand in no version, are left out.

use std::io::{self, BufWriter, Write};

use clap::{Arg, ArgMatches, Command};
use serde::Serialize;
use tokio::runtime::Runtime;

use super::opening;
use crate::article::{Article, Span};
use crate::config::Loaded;
use crate::library::store::{KeptCorrection, SHARED, Store, StoredId};
use crate::quotes::Correction;

/// The subcommand.
pub(super) fn subcommand() -> Command {
    let export = Command::new("export")
        .about("Write what people corrected of quotations' speakers, one a line as JSON")
        .after_help(
            "Each line has the article's text, the stretches of the quotation, where its speaker is named (or null) and \
             the speaker's name (or null). Offsets count Unicode code points of the text.",
        )
        .arg(Arg::new("collection").long("collection").value_name("NAME").help("Only this collection; all if not given"));
    Command::new("quotes").about("The quotations that were found").subcommand_required(true).subcommand(export)
}

/// Writes the corrections out.
pub(super) fn run(asked: &ArgMatches, loaded: &Loaded) -> anyhow::Result<()> {
    let only = asked.subcommand().and_then(|(_, export)| export.get_one::<String>("collection").cloned());
    Runtime::new()?.block_on(async {
        let (store, _) = opening::store(&loaded.config).await?;
        let mut out = BufWriter::new(io::stdout().lock());
        let mut written = 0_usize;
        for (collection, name) in store.collections().await? {
            if only.as_ref().is_some_and(|only| *only != name) {
                continue;
            }
            for (article, corrections) in store.corrections(collection).await? {
                for correction in corrections {
                    if let Some(mut line) = line(&store, article, correction).await? {
                        line.collection = (collection != SHARED).then(|| name.clone());
                        serde_json::to_writer(&mut out, &line)?;
                        out.write_all(b"\n")?;
                        written += 1;
                    }
                }
            }
        }
        out.flush()?;
        store.close().await;
        let _ = writeln!(io::stderr(), "{written} corrections.");
        Ok(())
    })
}

/// A correction as it is written.
#[derive(Debug, Serialize)]
struct Line {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<String>,
    text: String,
    content: Vec<[usize; 2]>,
    speaker: Option<[usize; 2]>,
    speaker_name: Option<String>,
    corrected: String,
}

/// A correction with the newest version of the article in which its words stand.
async fn line(store: &Store, id: StoredId, kept: KeptCorrection) -> anyhow::Result<Option<Line>> {
    let made = kept.made;
    let correction = Correction { content: kept.content(), words: kept.words, speaker: kept.speaker };
    let Some(current) = store.article(id).await? else { return Ok(None) };
    for number in (1..=current.version).rev() {
        let Some(version) = store.version(id, number).await? else { continue };
        if let Some(content) = correction.place_in(&version.article) {
            return Ok(Some(of(&version.article, &content, correction.speaker, &made.to_string())));
        }
    }
    Ok(None)
}

fn of(article: &Article, content: &[Span], speaker: Option<String>, made: &str) -> Line {
    let text = article.text();
    let points = |span: Span| {
        let start = text.get(..span.start as usize).map_or(0, |before| before.chars().count());
        [start, start + article.slice(span).chars().count()]
    };
    let named = speaker.as_deref().and_then(|name| nearest(text, name, content));
    Line {
        id: article.key().to_owned(),
        collection: None,
        text: text.to_owned(),
        content: content.iter().map(|span| points(*span)).collect(),
        speaker: named.map(points),
        speaker_name: speaker,
        corrected: made.to_owned(),
    }
}

/// Where a name, or else its last word, stands nearest to a quotation and outside of it.
fn nearest(text: &str, name: &str, content: &[Span]) -> Option<Span> {
    let first = content.first()?.start as usize;
    let last = name.split_whitespace().next_back()?;
    [name, last].into_iter().find_map(|words| {
        let all = text.match_indices(words).map(|(at, words)| Span::new(at, at + words.len()));
        let outside = all.filter(|span| !content.iter().any(|content| content.overlaps(*span)));
        outside.min_by_key(|span| (span.start as usize).abs_diff(first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};

    #[test]
    fn offsets_are_code_points() {
        let text = "Der Steg\n\nFür Ödön: „Der Steg ist zu“, sagte Ann Lee dem Boten. Bob Poe schwieg.\n";
        let article = read_text("steg", text, Format::Text).unwrap();
        let content = Span::find(text, "Der Steg ist zu").unwrap();
        let line = of(&article, &[content], Some("Bob Poe".to_owned()), "2026-01-01T00:00:00Z");
        let chars: Vec<char> = text.chars().collect();
        let slice = |[start, end]: [usize; 2]| chars[start..end].iter().collect::<String>();
        assert_eq!(slice(line.content[0]), "Der Steg ist zu");
        assert_eq!(line.speaker.map(slice).as_deref(), Some("Bob Poe"));
        let line = of(&article, &[content], Some("Carl Lee".to_owned()), "");
        assert_eq!(line.speaker.map(slice).as_deref(), Some("Lee"));
        assert_eq!(of(&article, &[content], None, "").speaker, None);
    }
}
