//! The line editor: history, and completion from the command table.

use std::path::Path;

use rustyline::completion::{Completer, Pair};
use rustyline::config::{CompletionType, Config};
use rustyline::history::FileHistory;
use rustyline::{Context, Editor, Helper, Highlighter, Hinter, Validator};
use tokio::runtime::Runtime;

use super::{BUTTONS, Options};
use crate::chat::text::clean;
use crate::router::{COMMAND_MARK, Place, Router, complete};

/// Lines that are remembered.
const HISTORY: usize = 1_000;

/// Completes commands, options and what they hold.
#[derive(Helper, Highlighter, Hinter, Validator)]
pub(super) struct Table<'r> {
    router: &'r Router,
    runtime: &'r Runtime,
}

impl Completer for Table<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = line.get(..at).unwrap_or(line);
        let completing = async { Some(complete(&*self.router.desk(&Place::console()).await.ok()?, typed).await) };
        let (start, found) = self.runtime.block_on(completing).unwrap_or((typed.len(), Vec::new()));
        // What a terminal would obey can't be put into the line: such a title is named by its number.
        let mut pairs: Vec<Pair> = found
            .into_iter()
            .filter(|completion| clean(&completion.text) == completion.text)
            .map(|completion| Pair { display: completion.text.trim_end().to_owned(), replacement: completion.text })
            .collect();
        if let Some(name) = typed.strip_prefix(COMMAND_MARK).filter(|name| !name.contains(' ')) {
            let buttons = BUTTONS.iter().filter(|(button, _)| button.starts_with(name));
            pairs.extend(
                buttons.map(|(button, _)| Pair { display: (*button).to_owned(), replacement: (*button).to_owned() }),
            );
        }
        Ok((start, pairs))
    }
}

/// A line editor with the history of earlier times, if there is one.
pub(super) fn open<'r>(
    router: &'r Router,
    runtime: &'r Runtime,
    options: &Options,
) -> anyhow::Result<Editor<Table<'r>, FileHistory>> {
    let config = Config::builder()
        .max_history_size(HISTORY)?
        .history_ignore_dups(true)?
        .completion_type(CompletionType::List)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Table { router, runtime }));
    if let Some(path) = options.history.as_deref().filter(|path| path.exists())
        && let Err(error) = editor.load_history(path)
    {
        tracing::warn!(path = %path.display(), %error, "the history was not read");
    }
    Ok(editor)
}

/// Writes the history for the next time. What people typed is theirs: rustyline gives the file mode 0600.
pub(super) fn keep_history(editor: &mut Editor<Table<'_>, FileHistory>, path: &Path) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    editor.save_history(path)?;
    Ok(())
}
