//! The rows of files: what each is, and which article it holds under which label.

use sqlx::Row;

use super::super::error::Problem;
use super::super::writer::{self, Writer};
use super::super::{Origin, SourceFile, Stamp, StoredId};

impl Writer {
    /// Writes what a file is, in its own row if it has one; its number.
    pub(super) async fn put_file_row(
        &mut self,
        origin: Origin<'_>,
        file: &SourceFile,
        own: Option<i64>,
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
            Some(id) => id,
            None => writer::next(&mut self.tx, "file").await?,
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
    pub(in super::super) async fn streamed_file(
        &mut self,
        origin: Origin<'_>,
        path: &str,
        name: &str,
    ) -> Result<i64, Problem> {
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
    pub(in super::super) async fn hold(
        &mut self,
        file: i64,
        label: &str,
        article: StoredId,
        hash: &[u8],
    ) -> Result<(), Problem> {
        let of_label = "SELECT article, hash FROM source_articles WHERE file = $1 AND entry = $2";
        let own = label_of(article);
        let row = sqlx::query(of_label).bind(file).bind(label).fetch_optional(&mut *self.tx).await?;
        let label = match row {
            None => label,
            Some(row) if row.try_get::<i64, _>(0)? != article.0 => &own,
            Some(row) if row.try_get::<Vec<u8>, _>(1)? == hash => return Ok(()),
            Some(_) => label,
        };
        self.link(file, label, article, hash).await
    }

    pub(super) async fn link(&mut self, file: i64, label: &str, article: StoredId, hash: &[u8]) -> Result<(), Problem> {
        let link = "INSERT INTO source_articles (file, entry, article, hash) VALUES ($1, $2, $3, $4)
                    ON CONFLICT (file, entry) DO UPDATE SET article = excluded.article, hash = excluded.hash";
        let link = sqlx::query(link).bind(file).bind(label).bind(article.0).bind(hash.to_vec());
        link.execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(super) async fn relabel(&mut self, file: i64, from: &str, to: &str) -> Result<(), Problem> {
        let relabel = "UPDATE source_articles SET entry = $1 WHERE file = $2 AND entry = $3";
        sqlx::query(relabel).bind(to).bind(file).bind(from).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(super) async fn unlink(&mut self, file: i64, label: &str) -> Result<(), Problem> {
        let unlink = "DELETE FROM source_articles WHERE file = $1 AND entry = $2";
        sqlx::query(unlink).bind(file).bind(label).execute(&mut *self.tx).await?;
        Ok(())
    }
}

/// The label of an imported article whose own one is another's by now.
pub(super) fn label_of(article: StoredId) -> String {
    format!("@{}", article.0)
}
