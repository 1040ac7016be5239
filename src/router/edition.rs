//! A digest ready to be told: what a command answers with, and what waits in the outbox.
//!
//! An [`Edition`] is data that can be written and read back. Each part of it names its articles, so that one that was removed while the
//! digest waited can be taken out, and what is left still counts and numbers itself right. Titles, outlets and addresses are not
//! written: whoever reads an edition back fills them in from the articles ([`Edition::name`]).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::present;
use crate::article::{Article, Published, address, label};
use crate::digest::daily::{Digest, Part, Story};
use crate::library::{ArticleId, Library};
use crate::quotes::QuoteBook;
use crate::reply::{Block, Outcome, Quoted, Reply};

/// The links that are shown with a story beside its lead article's: as many as a reader might follow.
const MOST_LINKS: usize = 8;

/// A digest ready to be told.
///
/// ```
/// use byline::article::read::{Format, read_text};
/// use byline::digest::daily::{Wanted, compose};
/// use byline::router::edition::Edition;
/// use byline::{library::Library, quotes::QuoteBook};
/// let mut library = Library::default();
/// library.add(read_text("pool", "Pool shuts\n\nThe town pool will shut in May.\n", Format::Text)?);
/// let book = QuoteBook::build(&library);
/// let digest = compose(&library, &book, &Wanted::default());
/// let edition = Edition::of(&library, &book, &digest, "Digest of today".to_owned());
/// assert!(edition.reply().check(&library).is_ok());
/// assert!(edition.without(&["pool".to_owned()].into()).is_empty());
/// # Ok::<(), byline::article::read::ReadError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    title: String,
    stories: Vec<Told>,
    voices: Vec<Quoted>,
}

/// A story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Told {
    lead: Entry,
    quoted: Quoted,
    others: Vec<Entry>,
}

/// An article of a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    /// Its key in the library that the digest was made of.
    article: String,
    #[serde(skip)]
    labels: Labels,
    quotations: usize,
    part: Role,
}

/// What an article says about itself, each no longer than a label may be.
#[derive(Debug, Clone, Default, PartialEq)]
struct Labels {
    title: String,
    outlet: Option<String>,
    published: Option<Published>,
    url: Option<String>,
}

/// What an article is to its story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    Report,
    Correction { of: Option<Named> },
    Corrected,
}

/// An article that is only mentioned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Named {
    article: String,
    #[serde(skip)]
    title: String,
}

impl Edition {
    /// The digest with a title (`Digest of 23 November 2026`); `book` and `digest` must be of `library`.
    #[must_use]
    pub fn of(library: &Library, book: &QuoteBook, digest: &Digest, title: String) -> Self {
        let told = |story: &Story| {
            Some(Told {
                lead: Entry::of(library, book, story.lead, story.part),
                quoted: short(Quoted::stretches(library, story.lead, &story.sentences)?),
                others: story.others.iter().map(|m| Entry::of(library, book, m.article, m.part)).collect(),
            })
        };
        Self {
            title,
            stories: digest.stories.iter().filter_map(told).collect(),
            voices: digest.voices.iter().map(|held| short(present::quotation(library, held))).collect(),
        }
    }

    /// Whether no story is left to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stories.is_empty()
    }

    /// The keys of all articles of which anything is told.
    #[must_use]
    pub fn articles(&self) -> BTreeSet<&str> {
        let entries = self.stories.iter().flat_map(|told| std::iter::once(&told.lead).chain(&told.others));
        let mentioned = entries.flat_map(|entry| {
            let of = match &entry.part {
                Role::Correction { of: Some(of) } => Some(of.article.as_str()),
                _ => None,
            };
            std::iter::once(entry.article.as_str()).chain(of)
        });
        mentioned.chain(self.voices.iter().map(|quoted| quoted.source.article.as_str())).collect()
    }

    /// The same without what these articles (by key) say: their stories, links, names and quotations.
    #[must_use]
    pub fn without(mut self, gone: &BTreeSet<String>) -> Self {
        self.stories.retain(|told| !gone.contains(&told.lead.article));
        for told in &mut self.stories {
            told.others.retain(|entry| !gone.contains(&entry.article));
            for entry in std::iter::once(&mut told.lead).chain(&mut told.others) {
                if let Role::Correction { of } = &mut entry.part {
                    of.take_if(|of| gone.contains(&of.article));
                }
            }
        }
        self.voices.retain(|quoted| !gone.contains(&quoted.source.article));
        self
    }

    /// Fills in what articles say about themselves; `article` gives those of a key. A link to an article that is not given is taken
    /// out; a story is not, for it can't be sent without its article anyway.
    #[must_use]
    pub fn name<'a>(mut self, article: impl Fn(&str) -> Option<&'a Article>) -> Self {
        for told in &mut self.stories {
            told.others.retain(|entry| article(&entry.article).is_some());
            for entry in std::iter::once(&mut told.lead).chain(&mut told.others) {
                entry.labels = article(&entry.article).map(Labels::of).unwrap_or_default();
                if let Role::Correction { of } = &mut entry.part {
                    *of = of.take().and_then(|of| Some(Named::of(article(&of.article)?, of.article)));
                }
            }
        }
        self
    }

    /// The digest as it is posted.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let articles = self.stories.iter().map(|told| 1 + told.others.len()).sum();
        let mut reply = Reply::new(Outcome::Answered).with(Block::Heading(format!(
            "{}: {} from {}",
            self.title,
            stories(self.stories.len()),
            present::counted(articles, "article")
        )));
        for (place, told) in self.stories.iter().enumerate() {
            reply = reply.with(Block::Heading(format!("{}. {}", place + 1, told.said())));
            if let Role::Correction { of: Some(of) } = &told.lead.part {
                reply = reply.with(Block::Text(format!("A correction of “{}”.", of.title)));
            }
            reply = reply.with(Block::Quote(told.quoted.clone()));
            reply.blocks.extend(told.links());
        }
        if !self.voices.is_empty() {
            reply = reply.with(Block::Heading("Who spoke".to_owned()));
            reply.blocks.extend(self.voices.iter().cloned().map(Block::Quote));
        }
        reply
    }
}

impl Told {
    /// How much is said about the story: `3 articles from 2 outlets · 7 quotations`.
    fn said(&self) -> String {
        let entries = || std::iter::once(&self.lead).chain(&self.others);
        let outlets = entries().map(Entry::outlet_in_lower_case).collect::<BTreeSet<_>>().len();
        let articles = present::counted(1 + self.others.len(), "article");
        let from = if outlets > 1 { format!(" from {outlets} outlets") } else { String::new() };
        match entries().map(|entry| entry.quotations).sum() {
            0 => format!("{articles}{from}"),
            quotations => format!("{articles}{from} · {}", present::counted(quotations, "quotation")),
        }
    }

    /// The links of the story: at most [`MOST_LINKS`], corrections first, then one of each outlet, then the others.
    fn links(&self) -> Vec<Block> {
        let mut seen = BTreeSet::from([self.lead.outlet_in_lower_case()]);
        let mut others: Vec<(bool, &Entry)> =
            self.others.iter().map(|entry| (!seen.insert(entry.outlet_in_lower_case()), entry)).collect();
        others.sort_by_key(|(again, entry)| (!matches!(entry.part, Role::Correction { .. }), *again));
        let more = others.len().saturating_sub(MOST_LINKS);
        let mut links: Vec<Block> = others.iter().take(MOST_LINKS).map(|(_, entry)| entry.elsewhere()).collect();
        if more > 0 {
            links.push(Block::Text(format!("… and {} more.", present::counted(more, "article"))));
        }
        links
    }
}

impl Entry {
    fn of(library: &Library, book: &QuoteBook, id: ArticleId, part: Part) -> Self {
        let article = library.article(id);
        let named = |of: ArticleId| {
            let of = library.article(of);
            Named::of(of, of.key().to_owned())
        };
        Self {
            article: article.key().to_owned(),
            labels: Labels::of(article),
            quotations: book.of_article(id).len(),
            part: match part {
                Part::Report => Role::Report,
                Part::Correction { of } => Role::Correction { of: of.map(named) },
                Part::Corrected { .. } => Role::Corrected,
            },
        }
    }

    fn outlet_in_lower_case(&self) -> Option<String> {
        self.labels.outlet.as_ref().map(|outlet| outlet.to_lowercase())
    }

    /// Where else a story can be read.
    fn elsewhere(&self) -> Block {
        let mark = match &self.part {
            Role::Report => None,
            Role::Correction { of: None } => Some("a correction".to_owned()),
            Role::Correction { of: Some(of) } => Some(format!("corrects “{}”", of.title)),
            Role::Corrected => Some("corrected since".to_owned()),
        };
        let Labels { title, outlet, published, url } = &self.labels;
        let parts = [Some(title.clone()), mark, published.map(|p| p.to_string()), url.clone()];
        Block::Item {
            name: outlet.clone().unwrap_or_else(|| "Also".to_owned()),
            about: parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        }
    }
}

impl Labels {
    fn of(article: &Article) -> Self {
        let meta = article.meta();
        Self {
            title: label(&meta.title),
            outlet: meta.outlet.as_deref().map(label),
            published: meta.published,
            url: address(meta.url.clone()),
        }
    }
}

impl Named {
    fn of(article: &Article, key: String) -> Self {
        Self { article: key, title: label(&article.meta().title) }
    }
}

/// A quotation with labels that are no longer than labels may be: those of articles that were stored before they were bounded.
fn short(mut quoted: Quoted) -> Quoted {
    let source = &mut quoted.source;
    source.title = label(&source.title);
    source.outlet = source.outlet.as_deref().map(label);
    source.author = source.author.as_deref().map(label);
    source.url = address(source.url.take());
    quoted.speaker = quoted.speaker.as_deref().map(label);
    quoted
}

fn stories(count: usize) -> String {
    if count == 1 { "1 story".to_owned() } else { format!("{count} stories") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};
    use crate::digest::daily::{Wanted, compose};
    use crate::library::Filter;

    const FERRY: &str = "The ferry to Lundholm will stay in port until Friday because its engine needs a new pump. The \
        Lundholm Line said 400 passengers were told to stay at home.\n\n“A ferry without a pump is a very large rowing \
        boat,” captain Mette Dahl said.";
    const AGENCY: &str = "Lundholm is without a ferry until Friday. The engine pump of the only ferry broke on Monday, the \
        Lundholm Line said, and 400 passengers stayed in port.";
    const FIX: &str = "Our article of Monday gave a wrong number. The Lundholm Line told 40 passengers to stay at home, not \
        400, while the ferry waits in port for its engine pump.";
    const CHESS: &str = "A pupil of twelve won the chess tournament of Osterby on Sunday. Ines Falk beat 63 adults.\n\n\
        “I only looked at the board and never at the beards,” Ines Falk said.";

    fn edition() -> (Library, Edition) {
        let mut library = Library::default();
        for (key, title, outlet, day, text) in [
            ("ferry", "Ferry stays in port", "Harbour Mail", "2026-11-02", FERRY),
            ("agency", "Lundholm without its ferry", "Coast Agency", "2026-11-03", AGENCY),
            ("fix", "Correction: 40 ferry passengers", "Harbour Mail", "2026-11-03", FIX),
            ("chess", "Girl of twelve beats them all", "Osterby Echo", "2026-11-03", CHESS),
        ] {
            let file = format!("---\ntitle: \"{title}\"\noutlet: {outlet}\ndate: {day}\n---\n\n{text}\n");
            library.add(read_text(key, &file, Format::Markdown).unwrap());
        }
        let book = QuoteBook::build(&library);
        let digest = compose(&library, &book, &Wanted { filter: Filter::default(), ..Wanted::default() });
        let edition = Edition::of(&library, &book, &digest, "Digest of today".to_owned());
        (library, edition)
    }

    fn lines(library: &Library, edition: &Edition) -> Vec<String> {
        let reply = edition.reply().check(library).unwrap();
        let line = |block: &Block| match block {
            Block::Heading(line) | Block::Text(line) => Some(line.clone()),
            Block::Item { name, about } => Some(format!("{name}: {about}")),
            _ => None,
        };
        reply.blocks.iter().filter_map(line).collect()
    }

    #[test]
    fn what_was_written_is_read_back() {
        let (library, edition) = edition();
        let written = serde_json::to_string(&edition).unwrap();
        let read: Edition = serde_json::from_str(&written).unwrap();
        let read = read.name(|key| Some(library.article(library.by_key(key)?)));
        let blank = |mut reply: Reply| {
            reply.quotations_mut().for_each(|quoted| quoted.source.id = ArticleId(0));
            reply
        };
        assert_eq!(blank(read.reply()), blank(edition.reply()));
        assert_eq!(edition.articles(), ["agency", "chess", "ferry", "fix"].into());
        assert_eq!(lines(&library, &edition)[0], "Digest of today: 2 stories from 4 articles");
        assert_eq!(lines(&library, &edition)[1], "1. 3 articles from 2 outlets · 3 quotations");
    }

    #[test]
    fn labels_of_any_length_make_an_edition_that_can_be_queued() {
        use crate::article::{Draft, MAX_LABEL_CHARS, Metadata};
        let source = read_text("pool", "Pool shuts\n\nThe town pool will shut in May.\n", Format::Text).unwrap();
        let long = Some("long ".repeat(1_000_000));
        let url = long.as_ref().map(|long| format!("https://example.org/{long}"));
        let meta =
            Metadata { title: long.clone().unwrap(), author: long.clone(), outlet: long, url, ..Metadata::default() };
        let draft = Draft { text: source.text().to_owned(), blocks: source.blocks().to_vec(), meta };
        // As one that an earlier version stored.
        let mut library = Library::default();
        library.add(Article::from_parts("pool", draft, source.sentences()).unwrap());
        let book = QuoteBook::build(&library);
        let digest = compose(&library, &book, &Wanted::default());
        let edition = Edition::of(&library, &book, &digest, "Digest of today".to_owned());
        let written = serde_json::to_string(&edition.reply()).unwrap();
        assert!(!edition.is_empty() && written.len() < 20 * MAX_LABEL_CHARS, "{} bytes", written.len());
    }

    #[test]
    fn without_an_article_the_rest_is_counted_and_numbered_anew() {
        let (library, edition) = edition();
        let without = |gone: &[&str]| edition.clone().without(&gone.iter().map(|key| (*key).to_owned()).collect());
        let alone = lines(&library, &without(&["agency"]));
        assert_eq!(&alone[..2], ["Digest of today: 1 story from 1 article", "1. 1 article · 1 quotation"]);
        let less = lines(&library, &without(&["ferry"]));
        assert_eq!(less[0], "Digest of today: 2 stories from 3 articles");
        assert!(
            less.iter()
                .any(|line| line == "Harbour Mail: Correction: 40 ferry passengers · a correction · 3 November 2026")
        );
        assert!(!less.iter().any(|line| line.contains("Ferry stays in port")), "{less:?}");
        let mute = without(&["chess"]).reply();
        assert!(!mute.quotations().any(|quoted| quoted.source.article == "chess"), "nor is anyone quoted from it");
        assert!(without(&["agency", "chess"]).is_empty());
    }
}
