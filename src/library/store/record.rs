//! An article as what is kept of it: its own words as bytes, its shape packed, its metadata as JSON, and their hash.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::canonical::canonical_url;
use super::near::Signature;
use super::{millis, pack};
use crate::article::{Article, Draft, Metadata, Published};

/// An article ready to be written: everything that can be worked out before a transaction begins.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) key: String,
    /// The canonical address.
    pub(super) url: Option<String>,
    /// The text as bytes, not as the database's text: PostgreSQL's text holds no NUL.
    pub(super) text: Vec<u8>,
    pub(super) shape: Vec<u8>,
    pub(super) meta: String,
    /// SHA-256 over text, shape and metadata: over all that is kept but key and times.
    pub(super) hash: Vec<u8>,
    pub(super) near: Option<Signature>,
    /// What an export knows of its past.
    pub(super) past: Option<Past>,
    /// Whether it is no news to anybody.
    pub(super) silent: bool,
}

/// What an export knows of an article's past; times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub(super) struct Past {
    /// When the article was first added.
    pub(super) added: i64,
    /// When this version was.
    pub(super) changed: i64,
    /// The versions before this one, oldest first.
    pub(super) versions: Vec<Parcel>,
}

impl Parcel {
    pub(super) fn of(article: &Article) -> Self {
        let text = article.text().as_bytes().to_vec();
        let shape = pack::pack(article);
        // A struct of strings has no way not to be JSON.
        let meta = serde_json::to_string(&Meta::of(article.meta())).unwrap_or_default();
        let mut hash = Sha256::new();
        for part in [&text[..], &shape, meta.as_bytes()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self {
            key: article.key().to_owned(),
            url: article.meta().url.as_deref().and_then(canonical_url),
            hash: hash.finalize().to_vec(),
            near: Signature::of(article),
            text,
            shape,
            meta,
            past: None,
            silent: false,
        }
    }

    /// The versions before this one that an export knows of, oldest first.
    pub(super) fn earlier(&self) -> &[Self] {
        self.past.as_ref().map(|past| past.versions.as_slice()).unwrap_or_default()
    }

    /// When this version was added: now, unless an export knows better.
    pub(super) fn changed(&self) -> i64 {
        self.past.as_ref().map_or_else(|| millis(Timestamp::now()), |past| past.changed)
    }
}

/// The article that was kept as these parts, or why they are none.
pub(super) fn article(key: &str, text: Vec<u8>, shape: &[u8], meta: &str) -> Result<Article, String> {
    let text = String::from_utf8(text).map_err(|_| "its text is not UTF-8".to_owned())?;
    let (blocks, sentences) = pack::unpack(shape).ok_or("its blocks can't be read")?;
    let meta: Meta = serde_json::from_str(meta).map_err(|error| format!("its metadata can't be read: {error}"))?;
    let draft = Draft { text, blocks, meta: meta.metadata()? };
    Article::from_parts(key, draft, &sentences).map_err(|error| error.to_string())
}

/// [`Metadata`] as JSON, its fields named as the reader of `.jsonl` files names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outlet: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published: Option<String>,
    /// Its parts, where the written form doesn't give the same date back (an offset with seconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published_parts: Option<(Date, Option<DateTime>, Option<i32>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

impl Meta {
    pub(super) fn of(meta: &Metadata) -> Self {
        let written = meta.published.map(|published| published.to_iso());
        let exact =
            written.as_deref().map(str::parse::<Published>).transpose().is_ok_and(|read| read == meta.published);
        let parts = meta.published.filter(|_| !exact);
        Self {
            title: meta.title.clone(),
            author: meta.author.clone(),
            outlet: meta.outlet.clone(),
            url: meta.url.clone(),
            published: written,
            published_parts: parts.map(|p| (p.date, p.time, p.offset.map(Offset::seconds))),
            language: meta.language.clone(),
        }
    }

    pub(super) fn metadata(self) -> Result<Metadata, String> {
        let published = match (self.published_parts, self.published) {
            (Some((date, time, seconds)), _) => {
                let offset = seconds.map(Offset::from_seconds).transpose();
                Some(Published { date, time, offset: offset.map_err(|_| "its time zone can't be read")? })
            }
            (None, Some(written)) => Some(written.parse().map_err(|error| format!("its date can't be read: {error}"))?),
            (None, None) => None,
        };
        Ok(Metadata {
            title: self.title,
            author: self.author,
            outlet: self.outlet,
            url: self.url,
            published,
            language: self.language,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};

    fn round(article: &Article) -> Article {
        let parcel = Parcel::of(article);
        super::article(article.key(), parcel.text, &parcel.shape, &parcel.meta).unwrap()
    }

    fn dated(published: Published) -> Article {
        let source = read_text("a", "Rain\n\nIt rained in Aldersey.\n", Format::Text).unwrap();
        let meta = Metadata { published: Some(published), ..source.meta().clone() };
        let draft = Draft { text: source.text().to_owned(), blocks: source.blocks().to_vec(), meta };
        Article::from_draft("a", draft).unwrap()
    }

    #[test]
    fn an_article_comes_back_to_the_byte() {
        let page = "Title\u{0}d\r\n\r\n“Né” — \u{1f6a2} she said.\r\n\tIt\u{a0}rained.\n\n\nMore";
        let article = read_text("a", page, Format::Text).unwrap();
        assert_eq!(round(&article), article);
        assert_eq!(round(&article).text(), page);
    }

    #[test]
    fn dates_come_back_as_exactly_as_they_were_known() {
        let written = ["2022-07-04", "2022-07-04T09:30", "2022-07-04T09:30:15.25-04:30", "2022-07-04T09:30:00Z"];
        for date in written {
            let published: Published = date.parse().unwrap();
            assert_eq!(round(&dated(published)).meta().published, Some(published), "{date}");
        }
        let date: Published = "1890-03-04T12:00:00Z".parse().unwrap();
        let odd = Published { offset: Some(Offset::from_seconds(1172).unwrap()), ..date };
        assert_eq!(round(&dated(odd)).meta().published, Some(odd), "Amsterdam was 19 min 32 s ahead");
        let dateless = Published { date: jiff::civil::date(2022, 7, 5), ..date };
        assert_eq!(round(&dated(dateless)).meta().published, Some(dateless), "day and time disagree");
    }

    #[test]
    fn the_hash_covers_all_that_is_kept_and_not_the_key() {
        let hash = |article: &Article| Parcel::of(article).hash;
        let article = dated("2022-07-04".parse().unwrap());
        let mut renamed = article.clone();
        renamed.rename("b".to_owned());
        assert_eq!(hash(&article), hash(&renamed));
        assert_ne!(hash(&article), hash(&dated("2022-07-05".parse().unwrap())));
        let draft = Draft { text: article.text().to_owned(), blocks: vec![], meta: article.meta().clone() };
        assert_ne!(hash(&article), hash(&Article::from_draft("a", draft).unwrap()));
    }

    #[test]
    fn parts_that_make_no_article_say_why() {
        let parcel = Parcel::of(&dated("2022-07-04".parse().unwrap()));
        let with = |text: &[u8], shape: &[u8], meta: &str| super::article("a", text.to_vec(), shape, meta).unwrap_err();
        assert_eq!(with(&[0xff], &parcel.shape, &parcel.meta), "its text is not UTF-8");
        assert_eq!(with(&parcel.text, &[9], &parcel.meta), "its blocks can't be read");
        assert!(with(&parcel.text, &parcel.shape, "{").starts_with("its metadata can't be read"));
        assert!(with(b"short", &parcel.shape, &parcel.meta).contains("does not fit"));
    }
}
