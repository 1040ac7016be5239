//! From a message to a [`Reply`]: the command table, parsing, and one file a command.
//!
//! The same table drives parsing, help, completion, the one-shot subcommands and the README's list. A new command is one
//! file under `commands/` and one line in [`table::COMMANDS`]. No chat library's type passes this door.

mod args;
mod commands;
mod complete;
mod courtesy;
mod desk;
mod desks;
pub mod edition;
mod explain;
mod in_force;
mod keeper;
mod line;
mod plain;
mod present;
mod problem;
mod request;
pub mod table;
pub mod verdicts;

pub use args::{Args, Value};
pub use commands::help;
pub use complete::{Completion, Suggestion, complete, suggest};
pub use desk::{Desk, DeskError, Settings};
pub use desks::{Desks, OpenError};
pub use in_force::PREFIX;
pub use line::{Line, words_of};
pub use plain::understand;
pub use present::UNATTRIBUTED;
pub use problem::Problem;
pub use request::{Place, PlaceError, Progress, Request};

use std::sync::Arc;

use crate::intake::attached::Sent;
use crate::intake::fetch::Fetcher;
use crate::intake::poll::Poller;
use crate::library::Library;
use crate::reply::{self, Block, Checked, Reply};
use table::{Audience, Kind, Spec};

/// Takes what people say and gives back checked replies.
#[derive(Debug)]
pub struct Router {
    source: Source,
    web: Option<Fetcher>,
    feeds: Option<Poller>,
}

/// What answers are drawn from.
#[derive(Debug)]
enum Source {
    /// Articles that were read for this one run.
    Fixed(Arc<Desk>),
    /// A store.
    Kept(Desks),
}

/// What starts a command in text, on surfaces that have no commands of their own.
pub const COMMAND_MARK: char = '/';

impl Router {
    /// A router that answers from `desk` wherever it is asked, and keeps nothing.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { source: Source::Fixed(Arc::new(desk)), web: None, feeds: None }
    }

    /// A router that answers each community from the collection that it reads.
    #[must_use]
    pub fn over(desks: Desks) -> Self {
        Self { source: Source::Kept(desks), web: None, feeds: None }
    }

    /// The same, whose commands fetch from the web through `fetcher`.
    #[must_use]
    pub fn with_web(self, fetcher: Fetcher) -> Self {
        Self { web: Some(fetcher), ..self }
    }

    /// The same, whose commands subscribe to feeds through `poller`.
    #[must_use]
    pub fn with_feeds(self, poller: Poller) -> Self {
        Self { feeds: Some(poller), ..self }
    }

    /// What answers at a place are drawn from at this moment.
    ///
    /// # Errors
    /// [`Problem::Store`] when the store does not give it.
    pub async fn desk(&self, place: &Place) -> Result<Arc<Desk>, Problem> {
        match &self.source {
            Source::Fixed(desk) => Ok(Arc::clone(desk)),
            Source::Kept(desks) => Ok(desks.at(place).await?),
        }
    }

    /// The desks over a store, where there is one.
    fn kept(&self) -> Option<&Desks> {
        match &self.source {
            Source::Fixed(_) => None,
            Source::Kept(desks) => Some(desks),
        }
    }

    /// Answers a line of text: a command that begins with `/`, or plain language.
    pub async fn answer_text(&self, place: &Place, text: &str) -> Checked {
        self.answer_text_telling(place, text, Progress::unseen()).await
    }

    /// The same, and a command that takes its time tells on the way how far it is.
    pub async fn answer_text_telling(&self, place: &Place, text: &str, progress: Progress) -> Checked {
        self.answer_text_with(place, text, None, progress).await
    }

    /// The same, of a text with which a file came. Commands that take none leave it alone: see [`takes_file`].
    pub async fn answer_text_with(
        &self,
        place: &Place,
        text: &str,
        file: Option<Arc<dyn Sent>>,
        progress: Progress,
    ) -> Checked {
        // People's words are private: they are told at debug level only.
        tracing::debug!(%text, "asked");
        let text = text.trim();
        match parsed(text) {
            Ok((spec, args)) => self.answer_with(place, spec, &args, file, progress).await,
            Err(problem) => self.refuse(problem),
        }
    }

    /// Answers a command whose options are already told apart.
    pub async fn answer(&self, place: &Place, spec: &'static Spec, args: &Args) -> Checked {
        self.answer_telling(place, spec, args, Progress::unseen()).await
    }

    /// The same, and a command that takes its time tells on the way how far it is.
    pub async fn answer_telling(&self, place: &Place, spec: &'static Spec, args: &Args, progress: Progress) -> Checked {
        self.answer_with(place, spec, args, None, progress).await
    }

    async fn answer_with(
        &self,
        place: &Place,
        spec: &'static Spec,
        args: &Args,
        file: Option<Arc<dyn Sent>>,
        progress: Progress,
    ) -> Checked {
        let started = std::time::Instant::now();
        let desk = match self.desk(place).await {
            Ok(desk) => desk,
            Err(problem) => return self.refuse(problem),
        };
        let run = async {
            if spec.audience == Audience::Managers && !place.manager {
                return Err(Problem::NotManager { command: spec.name });
            }
            let request = Request::new(Arc::clone(&desk), place, self.kept()).await?;
            let request = request.with_web(self.web.as_ref()).with_feeds(self.feeds.as_ref());
            let request = request.with_file(file).with_progress(progress);
            let reply = (spec.run)(&request, args).await?;
            Ok((reply, request.into_earlier()))
        };
        let (reply, earlier) = run.await.unwrap_or_else(|problem| (problem.into(), Arc::default()));
        tracing::info!(command = spec.name, outcome = ?reply.outcome, micros = started.elapsed().as_micros(), "answered");
        checked(reply, desk.library(), earlier)
    }

    /// Whether `command` may change the articles that a place reads; for surfaces that ask for more before they carry it out.
    ///
    /// # Errors
    /// What the command would be refused with.
    pub async fn may_change_articles(&self, place: &Place, command: &'static str) -> Result<(), Problem> {
        if !place.manager {
            return Err(Problem::NotManager { command });
        }
        let request = Request::new(self.desk(place).await?, place, self.kept()).await?;
        request.collection_to_change().await.map(|_| ())
    }

    /// The reply to a request that could not be understood.
    #[must_use]
    pub fn refuse(&self, problem: Problem) -> Checked {
        checked(problem.into(), &Library::default(), Arc::default())
    }

    /// The first quotation of a page of `reply`, with the paragraphs around it; `None` when the page quotes nothing, or its
    /// article has changed since.
    pub async fn context(&self, place: &Place, reply: &Checked, page: usize) -> Option<Checked> {
        let desk = self.desk(place).await.ok()?;
        if !stands(reply, desk.library()) {
            return None;
        }
        let shown = reply.pages.get(page).into_iter().flatten().chain(&reply.blocks);
        let quoted = shown.into_iter().find_map(|block| match block {
            Block::Quote(quoted) => quoted.with_context(reply.library_of(quoted.source.id, desk.library())),
            _ => None,
        })?;
        let around = Reply::new(reply.outcome).with(Block::Quote(quoted));
        Some(checked(around, desk.library(), Arc::clone(reply.earlier())))
    }

    /// Whether what a reply quotes still stands, at this place and at this moment, as it quotes it: its articles may have
    /// changed since, or been taken out.
    pub async fn still_stands(&self, place: &Place, reply: &Checked) -> bool {
        self.desk(place).await.is_ok_and(|desk| stands(reply, desk.library()))
    }

    /// Waits until what was found on the way is kept, for a process that is about to end.
    pub async fn settle(&self) {
        if let Some(desks) = self.kept() {
            desks.settle().await;
        }
    }

    /// How many articles are loaded, and from when to when, as people at a place see it.
    ///
    /// # Errors
    /// [`Problem::Store`] when the store does not tell.
    pub async fn summary_of_library(&self, place: &Place) -> Result<String, Problem> {
        Ok(present::held(self.desk(place).await?.library()))
    }
}

/// A text as a command with its options.
fn parsed(text: &str) -> Result<(&'static Spec, Args), Problem> {
    match text.strip_prefix(COMMAND_MARK) {
        Some(command) => line::parse_command(command),
        None => understand(text),
    }
}

/// Whether a text is a command that takes a file.
#[must_use]
pub fn takes_file(text: &str) -> bool {
    let takes = |spec: &Spec| spec.options.iter().any(|option| option.kind == Kind::Attachment);
    parsed(text.trim()).is_ok_and(|(spec, _)| takes(spec))
}

/// Whether every quotation of a reply is of an article that the library holds under the same number and key, word for word; or
/// of an earlier version of one that it holds.
fn stands(reply: &Checked, library: &Library) -> bool {
    let same = |source: &reply::Source| match source.id.is_earlier() {
        true => reply.earlier().mark(source.id).is_some_and(|mark| library.by_stored(mark.id).is_some()),
        false => library.get(source.id).is_some_and(|article| article.key() == source.article),
    };
    reply.quotations().all(|quoted| same(&quoted.source))
        && Reply::clone(reply).check_with(library, Arc::clone(reply.earlier())).is_ok()
}

/// The one way out: nothing is returned that was not compared with the stored articles.
fn checked(reply: Reply, library: &Library, earlier: Arc<Library>) -> Checked {
    reply.check_with(library, earlier).unwrap_or_else(|misquote| {
        tracing::error!(%misquote, "not sent");
        Checked::refusal(
            "The quotation did not match the stored article, so it is not shown. This is a defect of Byline; its log has \
             the details.",
        )
    })
}
