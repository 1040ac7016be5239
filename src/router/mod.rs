//! From a message to a [`Reply`]: the command table, parsing, and one file a command.
//!
//! The same table drives parsing, help, completion, the one-shot subcommands and the README's list. A new command is one
//! file under `commands/` and one line in [`table::COMMANDS`]. No chat library's type passes this door.

mod args;
mod commands;
mod complete;
mod desk;
pub mod edition;
mod line;
mod plain;
mod present;
mod problem;
pub mod table;
pub mod verdicts;

pub use args::{Args, Value};
pub use commands::help;
pub use complete::{Completion, complete};
pub use desk::{Desk, Settings};
pub use line::{Line, words_of};
pub use plain::understand;
pub use problem::Problem;

use crate::reply::{Block, Checked, Reply};
use table::Spec;

/// Takes what people say and gives back checked replies.
#[derive(Debug)]
pub struct Router {
    desk: Desk,
}

/// What starts a command in text, on surfaces that have no commands of their own.
pub const COMMAND_MARK: char = '/';

impl Router {
    /// A router that answers from `desk`.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// What the answers are drawn from.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Answers a line of text: a command that begins with `/`, or plain language.
    pub async fn answer_text(&self, text: &str) -> Checked {
        // People's words are private: they are told at debug level only.
        tracing::debug!(%text, "asked");
        let text = text.trim();
        let parsed = match text.strip_prefix(COMMAND_MARK) {
            Some(command) => line::parse_command(command),
            None => understand(text),
        };
        match parsed {
            Ok((spec, args)) => self.answer(spec, &args).await,
            Err(problem) => self.refuse(problem),
        }
    }

    /// Answers a command whose options are already told apart.
    pub async fn answer(&self, spec: &'static Spec, args: &Args) -> Checked {
        let started = std::time::Instant::now();
        let reply = match (spec.run)(&self.desk, args).await {
            Ok(reply) => reply,
            Err(problem) => problem.into(),
        };
        tracing::info!(command = spec.name, outcome = ?reply.outcome, micros = started.elapsed().as_micros(), "answered");
        self.checked(reply)
    }

    /// The reply to a request that could not be understood.
    #[must_use]
    pub fn refuse(&self, problem: Problem) -> Checked {
        self.checked(problem.into())
    }

    /// The first quotation of a page of `reply`, with the paragraphs around it; `None` when the page quotes nothing.
    #[must_use]
    pub fn context(&self, reply: &Checked, page: usize) -> Option<Checked> {
        let shown = reply.pages.get(page).into_iter().flatten().chain(&reply.blocks);
        let quoted = shown.into_iter().find_map(|block| match block {
            Block::Quote(quoted) => quoted.with_context(self.desk.library()),
            _ => None,
        })?;
        Some(self.checked(Reply::new(reply.outcome).with(Block::Quote(quoted))))
    }

    /// How many articles are loaded, and from when to when.
    #[must_use]
    pub fn summary_of_library(&self) -> String {
        present::held(self.desk.library())
    }

    /// The one way out: nothing is returned that was not compared with the stored articles.
    fn checked(&self, reply: Reply) -> Checked {
        reply.check(self.desk.library()).unwrap_or_else(|misquote| {
            tracing::error!(%misquote, "not sent");
            Checked::refusal(
                "The quotation did not match the stored article, so it is not shown. This is a defect of Byline; its log \
                 has the details.",
            )
        })
    }
}
