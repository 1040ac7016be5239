//! How the articles of a file find theirs in the store.
//!
//! A file's articles are known to it by a label: their own key (`id` in a `.jsonl` file), or their place. An article that
//! comes from a file is taken for, in this order:
//!
//! 1. the one with its canonical address;
//! 2. the one that the file gave under this label before, unless another file holds that one as well: two copies of one text
//!    are one article until one of the two is edited;
//! 3. one with its content, byte for byte: a copy, or a text that is back;
//! 4. one with its key that no other file holds, unless the two have different addresses;
//! 5. else it is new. If its key is another article's, it gets a suffix that only the file and the label decide, so that it
//!    doesn't matter which of two files is read first.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use sqlx::Row;

use super::add::Identity;
use super::error::{Problem, check_key};
use super::record::Parcel;
use super::watches::{FileRow, Link, key_at};
use super::writer::Writer;
use super::{Added, Hold, KnownBy, Origin, SourceEntry, SourceFile, SourceOutcome, Stamp, StoredId};

/// An entry with what the file held for it before.
struct Matched {
    entry: SourceEntry,
    before: Option<Link>,
}

impl Writer {
    pub(super) async fn put_sources(
        &mut self,
        origin: Origin<'_>,
        files: Vec<SourceFile>,
    ) -> Result<Vec<SourceOutcome>, Problem> {
        let (mut outcomes, mut left) = (Vec::with_capacity(files.len()), Vec::new());
        for file in files {
            let mut gone = Vec::new();
            outcomes.push(self.put_source(origin, file, &mut gone).await?);
            left.push(gone);
        }
        // Last, so that an article that went from one file to the next is never gone in between.
        for (outcome, gone) in outcomes.iter_mut().zip(left) {
            for article in gone {
                outcome.take_let_go(self.after_let_go(origin.collection, article).await?);
            }
        }
        Ok(outcomes)
    }

    async fn put_source(
        &mut self,
        origin: Origin<'_>,
        file: SourceFile,
        gone: &mut Vec<StoredId>,
    ) -> Result<SourceOutcome, Problem> {
        let mut outcome = SourceOutcome::default();
        let mut rows = self.source_rows(origin, &file.path).await?;
        let mut own = rows.iter().position(|row| row.hold == origin.hold.code()).map(|at| rows.swap_remove(at));
        let mut moved_from = None;
        if own.is_none()
            && let Some(was) = &file.was
            && let Some(row) = self.source_file(origin, was).await?
        {
            moved_from = Some(row.name.clone());
            own = Some(row);
        }
        let same = own.as_ref().is_some_and(|row| row.hash == file.hash && row.reader == file.reader);
        let keeps = same && origin.hold == Hold::Mirrored && moved_from.is_none();
        let id = self.put_file_row(origin, &file, own.as_ref()).await?;
        let Some(entries) = file.entries.filter(|_| !keeps) else { return Ok(outcome) };

        let held = match &own {
            Some(row) => self.links(row.id).await?,
            None => Vec::new(),
        };
        // What the same file holds in the other way: somebody imports what is mirrored, or mirrors what was imported.
        let mut elsewhere = HashMap::new();
        for row in rows {
            elsewhere.extend(self.links(row.id).await?.into_iter().map(|link| (link.label, link.article)));
        }
        let (matched, mut unmatched) = match_entries(entries, held);
        if !file.problems.is_empty() {
            // What is not found may be what could not be read; but a place that another took must be given up.
            let taken: std::collections::HashSet<&str> = matched.iter().map(|m| m.entry.label()).collect();
            unmatched.retain(|link| taken.contains(link.label.as_str()));
        }
        for link in &unmatched {
            self.unlink(id, &link.label).await?;
        }
        gone.extend(unmatched.into_iter().map(|link| link.article));
        let relabelled = |m: &&Matched| m.before.as_ref().is_some_and(|link| link.label != m.entry.label);
        for Matched { before, .. } in matched.iter().filter(relabelled) {
            self.unlink(id, before.as_ref().map_or("", |link| &link.label)).await?;
        }
        for Matched { entry, before } in matched.iter().filter(relabelled) {
            if let Some(link) = before {
                self.link(id, &entry.label, link.article, &link.hash).await?;
            }
        }
        for Matched { entry, before } in matched {
            let SourceEntry { label, derived, parcel } = entry;
            if let Some(link) = &before
                && let (Some(name), Some(place)) = (&moved_from, derived)
                && let Some(article) = self.held_as(link.article).await?
                && article.key == key_at(place, name)
                && self.give_key(origin.collection, &article.key, &key_at(place, &file.name)).await?
            {
                outcome.renamed += 1;
            }
            if before.as_ref().is_some_and(|link| link.hash == parcel.hash) && origin.hold == Hold::Mirrored {
                outcome.unchanged += 1;
                continue;
            }
            if let Err(problem) = check_key(&parcel.key) {
                outcome.refused.push(problem.to_string());
                continue;
            }
            let previous = before.as_ref().map(|link| link.article).or_else(|| elsewhere.get(&label).copied());
            let hash = parcel.hash.clone();
            let added = self.put_entry(origin, &file.path, &label, previous, parcel).await?;
            self.link(id, &label, added.id, &hash).await?;
            gone.extend(before.map(|link| link.article).filter(|article| *article != added.id));
            outcome.added.push(added);
        }
        Ok(outcome)
    }

    /// Writes an article of a file; see the rules above.
    async fn put_entry(
        &mut self,
        origin: Origin<'_>,
        path: &str,
        label: &str,
        previous: Option<StoredId>,
        parcel: Parcel,
    ) -> Result<Added, Problem> {
        let collection = origin.collection;
        let mut held = self.held(collection, &parcel).await?;
        let key_is_free = !held.iter().any(|h| h.key == parcel.key);
        let mut found =
            held.iter().position(|h| h.url.is_some() && h.url == parcel.url).map(|at| (at, KnownBy::Address));
        if found.is_none()
            && let Some(previous) = previous
            && let Some(before) = self.held_as(previous).await?
            && (before.hash == parcel.hash || !self.held_by_another(origin, path, label, previous).await?)
        {
            held.push(before);
            found = Some((held.len() - 1, KnownBy::Source));
        }
        if found.is_none() {
            let with_content = |removed: bool| held.iter().position(|h| h.hash == parcel.hash && h.removed == removed);
            found = with_content(false).or_else(|| with_content(true)).map(|at| (at, KnownBy::Content));
        }
        if found.is_none()
            && let Some(at) = held.iter().position(|h| h.key == parcel.key)
            && let Some(of_key) = held.get(at)
            && (of_key.url.is_none() || parcel.url.is_none())
            && !self.held_by_another(origin, path, label, of_key.id).await?
        {
            found = Some((at, KnownBy::Key));
        }
        match found.map(|(at, by)| (held.swap_remove(at), by)) {
            Some((held, by)) => self.put_again(collection, parcel, held, by, key_is_free, Identity::Full).await,
            None => {
                let key =
                    if key_is_free { parcel.key.clone() } else { self.own_key(origin, path, label, &parcel).await? };
                self.put_new(collection, parcel, key).await
            }
        }
    }

    /// A key that tells an article from one of the same name, and that doesn't depend on which of them came first.
    async fn own_key(
        &mut self,
        origin: Origin<'_>,
        path: &str,
        label: &str,
        parcel: &Parcel,
    ) -> Result<String, Problem> {
        let mut hash = Sha256::new();
        for part in [origin.owner, path, label] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mark: String = hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let key = format!("{}~{mark}", parcel.key);
        check_key(&key)?;
        if self.key_is_taken(origin.collection, &key).await? {
            return self.free_key(origin.collection, &key).await;
        }
        Ok(key)
    }

    /// Whether another file, or this one at another place, holds an article.
    async fn held_by_another(
        &mut self,
        origin: Origin<'_>,
        path: &str,
        label: &str,
        id: StoredId,
    ) -> Result<bool, Problem> {
        let query = "SELECT s.file FROM source_articles s JOIN source_files f ON f.id = s.file
                     WHERE s.article = $1 AND NOT (f.owner = $2 AND f.path = $3 AND s.entry = $4) LIMIT 1";
        let query = sqlx::query(query).bind(id.0).bind(origin.owner).bind(path).bind(label);
        Ok(query.fetch_optional(&mut *self.tx).await?.is_some())
    }

    /// Writes what a file is; its number.
    async fn put_file_row(
        &mut self,
        origin: Origin<'_>,
        file: &SourceFile,
        own: Option<&FileRow>,
    ) -> Result<i64, Problem> {
        let problems = (!file.problems.is_empty()).then(|| {
            let one_line = |problem: &String| problem.replace(['\n', '\r', '\0'], " ");
            file.problems.iter().map(one_line).collect::<Vec<_>>().join("\n")
        });
        let statement = match own {
            Some(_) => {
                "UPDATE source_files SET path = $1, name = $2, size = $3, modified = $4, device = $5, hash = $6,
                        reader = $7, problems = $8 WHERE id = $9"
            }
            None => {
                "INSERT INTO source_files (path, name, size, modified, device, hash, reader, problems, id, owner,
                        collection, imported) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
            }
        };
        let id = match own {
            Some(row) => row.id,
            None => super::writer::next(&mut self.tx, "file").await?,
        };
        let statement = sqlx::query(statement)
            .bind(&file.path)
            .bind(&file.name)
            .bind(file.stamp.size.cast_signed())
            .bind(file.stamp.modified)
            .bind(file.stamp.device.cast_signed())
            .bind(file.hash.clone())
            .bind(file.reader)
            .bind(problems)
            .bind(id);
        let statement = match own {
            Some(_) => statement,
            None => statement.bind(origin.owner).bind(origin.collection.0).bind(origin.hold.code()),
        };
        statement.execute(&mut *self.tx).await?;
        Ok(id)
    }

    /// The file of lines of this path, which is noted if it is not known. What it is is compared with nothing: an import
    /// reads it again.
    pub(super) async fn streamed_file(&mut self, origin: Origin<'_>, path: &str, name: &str) -> Result<i64, Problem> {
        if let Some(row) = self.source_file(origin, path).await? {
            return Ok(row.id);
        }
        let file = SourceFile {
            path: path.to_owned(),
            was: None,
            name: name.to_owned(),
            stamp: Stamp::default(),
            hash: Vec::new(),
            reader: "",
            entries: None,
            problems: Vec::new(),
        };
        self.put_file_row(origin, &file, None).await
    }

    /// Notes that a file holds an article for good: what it held before it holds as well. So a label that is another article's
    /// stays that one's, and this one is known by its number.
    pub(super) async fn hold(&mut self, file: i64, label: &str, article: StoredId, hash: &[u8]) -> Result<(), Problem> {
        let of_label = "SELECT article, hash FROM source_articles WHERE file = $1 AND entry = $2";
        let own = format!("@{}", article.0);
        let row = sqlx::query(of_label).bind(file).bind(label).fetch_optional(&mut *self.tx).await?;
        let label = match row {
            None => label,
            Some(row) if row.try_get::<i64, _>(0)? != article.0 => &own,
            Some(row) if row.try_get::<Vec<u8>, _>(1)? == hash => return Ok(()),
            Some(_) => label,
        };
        self.link(file, label, article, hash).await
    }

    async fn link(&mut self, file: i64, label: &str, article: StoredId, hash: &[u8]) -> Result<(), Problem> {
        let link = "INSERT INTO source_articles (file, entry, article, hash) VALUES ($1, $2, $3, $4)
                    ON CONFLICT (file, entry) DO UPDATE SET article = excluded.article, hash = excluded.hash";
        let link = sqlx::query(link).bind(file).bind(label).bind(article.0).bind(hash.to_vec());
        link.execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn unlink(&mut self, file: i64, label: &str) -> Result<(), Problem> {
        let unlink = "DELETE FROM source_articles WHERE file = $1 AND entry = $2";
        sqlx::query(unlink).bind(file).bind(label).execute(&mut *self.tx).await?;
        Ok(())
    }
}

/// Finds for each entry of a file what the file held for it before; and what it holds no more.
///
/// Those that have no key of their own are found by content first: when a line is taken out of a file, the ones after it move
/// up, and are the articles that they were.
fn match_entries(entries: Vec<SourceEntry>, held: Vec<Link>) -> (Vec<Matched>, Vec<Link>) {
    let mut by_label: HashMap<String, Link> = held.into_iter().map(|link| (link.label.clone(), link)).collect();
    let mut matched: Vec<Matched> = entries.into_iter().map(|entry| Matched { entry, before: None }).collect();
    let fits = |m: &Matched, link: &Link| m.entry.parcel.hash == link.hash;
    // In its place, unchanged …
    for m in &mut matched {
        if by_label.get(&m.entry.label).is_some_and(|link| m.entry.derived.is_none() || fits(m, link)) {
            m.before = by_label.remove(&m.entry.label);
        }
    }
    // … elsewhere, unchanged …
    let mut by_hash: HashMap<Vec<u8>, Vec<String>> = HashMap::new();
    for link in by_label.values().filter(|link| link.label.starts_with('#')) {
        by_hash.entry(link.hash.clone()).or_default().push(link.label.clone());
    }
    for m in matched.iter_mut().filter(|m| m.before.is_none() && m.entry.derived.is_some()) {
        let label = by_hash.get_mut(&m.entry.parcel.hash).and_then(Vec::pop);
        m.before = label.and_then(|label| by_label.remove(&label));
    }
    // … or in its place, changed.
    for m in matched.iter_mut().filter(|m| m.before.is_none()) {
        m.before = by_label.remove(&m.entry.label);
    }
    (matched, by_label.into_values().collect())
}
