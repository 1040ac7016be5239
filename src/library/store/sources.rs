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
//!
//! A file of more than [`AT_ONCE`] articles is written in several transactions, so that others get their turn. Until the last one
//! its row has a mark instead of its hash: whoever dies in between, or finds another's mark, leaves it to be read again. What
//! left the file, or moved within it, is known by a label of ours meanwhile: `-…` is let go with the last transaction, `+…`
//! has its new place before that.

mod rows;

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use sqlx::Row;
use uuid::Uuid;

use self::rows::label_of;
use super::add::Identity;
use super::error::{Problem, check_key};
use super::record::Parcel;
use super::watches::{Link, key_at};
use super::writer::Writer;
use super::{Added, Hold, KnownBy, Origin, SourceEntry, SourceFile, SourceOutcome, Store, StoredId};

/// What labels of ours begin with; those of entries begin with `=` or `#`.
const OURS: [char; 2] = ['+', '-'];

/// So many articles are written in one transaction: about a tenth of a second.
const AT_ONCE: usize = 256;

/// The reader of a file that was moved and of which not everything is written yet: its row has its old name still.
const MOVING: &str = "moved";

/// An entry with what the file held for it before.
struct Matched {
    entry: SourceEntry,
    before: Option<Link>,
    /// Whether it had another label before.
    relabelled: bool,
}

/// What is to be done with a file, beside its entries.
struct Plan {
    id: i64,
    /// The file as it is when all is done; its entries are taken out.
    file: SourceFile,
    /// The name that it had, if it was moved.
    moved_from: Option<String>,
    /// What the same file holds in the other way: somebody imports what is mirrored, or mirrors what was imported.
    elsewhere: HashMap<String, StoredId>,
    /// What is to be put aside, by the labels of before and of ours.
    aside: Vec<(String, String)>,
    /// What is let go in the end, by its label then.
    leaving: Vec<(String, StoredId)>,
    /// The number of the next label of ours.
    next: u64,
}

impl Plan {
    fn label(&mut self, sign: char) -> String {
        self.next += 1;
        format!("{sign}{}", self.next)
    }
}

impl Store {
    /// Writes files in as few transactions as [`AT_ONCE`] allows; the outcomes are in the order of the files.
    pub(super) async fn put_in_turns(
        &self,
        origin: Origin<'_>,
        files: Vec<SourceFile>,
    ) -> Result<Vec<SourceOutcome>, Problem> {
        let (mut outcomes, mut group, mut entries) = (Vec::with_capacity(files.len()), Vec::new(), 0);
        for file in files {
            let count = file.entries.as_ref().map_or(0, Vec::len);
            if entries + count > AT_ONCE && !group.is_empty() {
                outcomes.extend(self.put_together(origin, std::mem::take(&mut group)).await?);
                entries = 0;
            }
            if count > AT_ONCE {
                outcomes.push(self.put_large(origin, file).await?);
            } else {
                entries += count;
                group.push(file);
            }
        }
        if !group.is_empty() {
            outcomes.extend(self.put_together(origin, group).await?);
        }
        Ok(outcomes)
    }

    async fn put_together(&self, origin: Origin<'_>, files: Vec<SourceFile>) -> Result<Vec<SourceOutcome>, Problem> {
        let mut writer = Writer::begin(self).await?;
        writer.check_collection(origin.collection).await?;
        let outcomes = writer.put_sources(origin, files).await?;
        writer.commit().await?;
        Ok(outcomes)
    }

    async fn put_large(&self, origin: Origin<'_>, file: SourceFile) -> Result<SourceOutcome, Problem> {
        let mark = Uuid::new_v4().as_bytes().to_vec();
        let mut outcome = SourceOutcome::default();
        let mut writer = Writer::begin(self).await?;
        writer.check_collection(origin.collection).await?;
        let planned = writer.plan(origin, file, Some(&mark)).await?;
        writer.commit().await?;
        let Some((mut plan, mut matched)) = planned else { return Ok(outcome) };
        let aside = std::mem::take(&mut plan.aside);
        for some in aside.chunks(AT_ONCE) {
            let Some(mut writer) = self.go_on(plan.id, &mark).await? else { return Ok(outcome) };
            writer.put_aside(plan.id, some).await?;
            writer.commit().await?;
        }
        while !matched.is_empty() {
            let later = matched.split_off(matched.len().min(AT_ONCE));
            let some = std::mem::replace(&mut matched, later);
            let Some(mut writer) = self.go_on(plan.id, &mark).await? else { return Ok(outcome) };
            let mut done = SourceOutcome::default();
            writer.put_entries(origin, &mut plan, some, &mut done).await?;
            if matched.is_empty() {
                writer.put_file_row(origin, &plan.file, Some(plan.id)).await?;
                let gone = writer.let_leave(origin, &mut plan).await?;
                writer.after_all_let_go(origin, gone, &mut done).await?;
                // Else there may be some that it will not give: it would be read again for ever.
                let whole = plan.file.problems.is_empty() && outcome.refused.is_empty() && done.refused.is_empty();
                done.stale += u64::from(whole && writer.read_again_if_stale(plan.id).await?);
            }
            writer.commit().await?;
            outcome.absorb(done);
        }
        Ok(outcome)
    }

    /// The next transaction for a file; none where its row has another mark by now: then somebody else writes it.
    async fn go_on(&self, id: i64, mark: &[u8]) -> Result<Option<Writer>, Problem> {
        let mut writer = Writer::begin(self).await?;
        let query = sqlx::query("SELECT hash FROM source_files WHERE id = $1").bind(id);
        let row = query.fetch_optional(&mut *writer.tx).await?;
        let ours = row.is_some_and(|row| row.try_get::<Vec<u8>, _>(0).is_ok_and(|hash| hash == mark));
        Ok(ours.then_some(writer))
    }
}

impl Writer {
    /// Writes files of few articles.
    async fn put_sources(&mut self, origin: Origin<'_>, files: Vec<SourceFile>) -> Result<Vec<SourceOutcome>, Problem> {
        let (mut outcomes, mut left) = (Vec::with_capacity(files.len()), Vec::new());
        for file in files {
            let (mut outcome, mut gone) = (SourceOutcome::default(), Vec::new());
            if let Some((mut plan, matched)) = self.plan(origin, file, None).await? {
                let aside = std::mem::take(&mut plan.aside);
                self.put_aside(plan.id, &aside).await?;
                self.put_entries(origin, &mut plan, matched, &mut outcome).await?;
                gone = self.let_leave(origin, &mut plan).await?;
            }
            outcomes.push(outcome);
            left.push(gone);
        }
        // Last, so that an article that went from one file to the next is never gone in between.
        for (outcome, gone) in outcomes.iter_mut().zip(left) {
            self.after_all_let_go(origin, gone, outcome).await?;
        }
        Ok(outcomes)
    }

    /// Writes what a file is, and finds out what is to be done with its entries; nothing where they are as they were, or none
    /// could be read. With a mark the file is to be read again until its row is written once more.
    async fn plan(
        &mut self,
        origin: Origin<'_>,
        mut file: SourceFile,
        mark: Option<&[u8]>,
    ) -> Result<Option<(Plan, Vec<Matched>)>, Problem> {
        let mut rows = self.source_rows(origin, &file.path).await?;
        let mut own = rows.iter().position(|row| row.hold == origin.hold.code()).map(|at| rows.swap_remove(at));
        let mut moved_from = own.as_ref().filter(|row| row.reader == MOVING).map(|row| row.name.clone());
        if own.is_none()
            && let Some(was) = &file.was
            && let Some(row) = self.source_file(origin, was).await?
        {
            moved_from = Some(row.name.clone());
            own = Some(row);
        }
        let same = own.as_ref().is_some_and(|row| row.hash == file.hash && row.reader == file.reader);
        let keeps = same && origin.hold == Hold::Mirrored && moved_from.is_none();
        let entries = file.entries.take().filter(|_| !keeps);
        let own = own.map(|row| row.id);
        let id = match (mark, &entries) {
            (Some(mark), Some(_)) => {
                let (name, reader) = match &moved_from {
                    Some(name) => (name.clone(), MOVING),
                    None => (file.name.clone(), ""),
                };
                let until_then = SourceFile { name, reader, hash: mark.to_vec(), ..file.clone() };
                self.put_file_row(origin, &until_then, own).await?
            }
            _ => self.put_file_row(origin, &file, own).await?,
        };
        let Some(entries) = entries else { return Ok(None) };

        let held = match own {
            Some(id) => self.links(id).await?,
            None => Vec::new(),
        };
        let mut elsewhere = HashMap::new();
        for row in rows {
            elsewhere.extend(self.links(row.id).await?.into_iter().map(|link| (link.label, link.article)));
        }
        let next = held.iter().filter_map(|link| link.label.strip_prefix(OURS)?.parse().ok()).max().unwrap_or(0);
        let (mut matched, mut unmatched) = match_entries(entries, held);
        if !file.problems.is_empty() || origin.hold == Hold::Imported {
            // What is not found may be what could not be read, or was imported and stays; but a place that another took must be
            // given up.
            let taken: std::collections::HashSet<&str> = matched.iter().map(|m| m.entry.label()).collect();
            unmatched.retain(|link| taken.contains(link.label.as_str()));
        }
        let (aside, leaving) = (Vec::new(), Vec::new());
        let mut plan = Plan { id, file, moved_from, elsewhere, aside, leaving, next };
        for link in unmatched {
            let label = plan.label('-');
            plan.leaving.push((label.clone(), link.article));
            plan.aside.push((link.label, label));
        }
        for m in &mut matched {
            if let Some(link) = m.before.as_mut().filter(|link| link.label != m.entry.label) {
                let label = plan.label('+');
                plan.aside.push((std::mem::replace(&mut link.label, label.clone()), label));
                m.relabelled = true;
            }
        }
        Ok(Some((plan, matched)))
    }

    /// Gives links the labels of ours, which no entry has.
    async fn put_aside(&mut self, file: i64, aside: &[(String, String)]) -> Result<(), Problem> {
        for (label, ours) in aside {
            self.relabel(file, label, ours).await?;
        }
        Ok(())
    }

    async fn put_entries(
        &mut self,
        origin: Origin<'_>,
        plan: &mut Plan,
        matched: Vec<Matched>,
        outcome: &mut SourceOutcome,
    ) -> Result<(), Problem> {
        let id = plan.id;
        for Matched { before, relabelled, entry } in &matched {
            if let Some(link) = before.as_ref().filter(|_| *relabelled) {
                self.relabel(id, &link.label, &entry.label).await?;
            }
        }
        for Matched { entry, before, .. } in matched {
            let SourceEntry { label, derived, parcel } = entry;
            if let Some(link) = &before
                && let (Some(name), Some(place)) = (&plan.moved_from, derived)
                && let Some(article) = self.held_as(link.article).await?
                && article.key == key_at(place, name)
                && self.give_key(origin.collection, &article.key, &key_at(place, &plan.file.name)).await?
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
            let previous = before.as_ref().map(|link| link.article).or_else(|| plan.elsewhere.get(&label).copied());
            let hash = parcel.hash.clone();
            let added = self.put_entry(origin, &plan.file.path, &label, previous, parcel).await?;
            if let Some(link) = before.filter(|link| link.article != added.id) {
                let leaves = plan.label('-');
                self.relabel(id, &label, &leaves).await?;
                plan.leaving.push((leaves, link.article));
            }
            self.link(id, &label, added.id, &hash).await?;
            outcome.added.push(added);
        }
        Ok(())
    }

    /// Takes away the links of what leaves a file; the articles, for which [`Writer::after_let_go`] is due. What was imported
    /// stays: it is known by its number from now on.
    async fn let_leave(&mut self, origin: Origin<'_>, plan: &mut Plan) -> Result<Vec<StoredId>, Problem> {
        let mut gone = Vec::new();
        for (label, article) in plan.leaving.drain(..) {
            if origin.hold == Hold::Imported {
                let by_number = "INSERT INTO source_articles (file, entry, article, hash)
                                 SELECT file, $1, article, hash FROM source_articles WHERE file = $2 AND entry = $3
                                 ON CONFLICT (file, entry) DO NOTHING";
                let by_number = sqlx::query(by_number).bind(label_of(article)).bind(plan.id).bind(&label);
                by_number.execute(&mut *self.tx).await?;
            } else {
                gone.push(article);
            }
            self.unlink(plan.id, &label).await?;
        }
        Ok(gone)
    }

    async fn after_all_let_go(
        &mut self,
        origin: Origin<'_>,
        gone: Vec<StoredId>,
        outcome: &mut SourceOutcome,
    ) -> Result<(), Problem> {
        for article in gone {
            outcome.take_let_go(self.after_let_go(origin.collection, article).await?);
        }
        Ok(())
    }

    /// Whether a file gave an article whose words another file's took since, while it was written; then it is to be read again.
    async fn read_again_if_stale(&mut self, file: i64) -> Result<bool, Problem> {
        let update = "UPDATE source_files SET reader = '' WHERE id = $1 AND imported = 0 AND EXISTS
                      (SELECT 1 FROM source_articles WHERE file = $1 AND hash = $2 AND (entry LIKE '=%' OR entry LIKE '#%'))";
        let update = sqlx::query(update).bind(file).bind(Vec::<u8>::new());
        Ok(update.execute(&mut *self.tx).await?.rows_affected() > 0)
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

    /// Whether another file, or this one at another place, holds an article and is not about to let it go.
    async fn held_by_another(
        &mut self,
        origin: Origin<'_>,
        path: &str,
        label: &str,
        id: StoredId,
    ) -> Result<bool, Problem> {
        let query = "SELECT s.file FROM source_articles s JOIN source_files f ON f.id = s.file
                     WHERE s.article = $1 AND NOT (f.owner = $2 AND f.path = $3 AND s.entry = $4)
                     AND s.entry NOT LIKE '-%' LIMIT 1";
        let query = sqlx::query(query).bind(id.0).bind(origin.owner).bind(path).bind(label);
        Ok(query.fetch_optional(&mut *self.tx).await?.is_some())
    }
}

/// Finds for each entry of a file what the file held for it before; and what it holds no more.
///
/// Those that have no key of their own are found by content first: when a line is taken out of a file, the ones after it move
/// up, and are the articles that they were.
fn match_entries(entries: Vec<SourceEntry>, held: Vec<Link>) -> (Vec<Matched>, Vec<Link>) {
    let mut by_label: HashMap<String, Link> = held.into_iter().map(|link| (link.label.clone(), link)).collect();
    let mut matched: Vec<Matched> =
        entries.into_iter().map(|entry| Matched { entry, before: None, relabelled: false }).collect();
    let fits = |m: &Matched, link: &Link| m.entry.parcel.hash == link.hash;
    // In its place, unchanged …
    for m in &mut matched {
        if by_label.get(&m.entry.label).is_some_and(|link| m.entry.derived.is_none() || fits(m, link)) {
            m.before = by_label.remove(&m.entry.label);
        }
    }
    // … elsewhere, unchanged …
    let mut by_hash: HashMap<Vec<u8>, Vec<String>> = HashMap::new();
    for link in by_label.values().filter(|link| link.label.starts_with(['#', '+', '-'])) {
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
