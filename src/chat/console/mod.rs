//! The console: a conversation on a terminal, or questions piped in, one a line.

pub mod courier;
mod editor;

use std::convert::Infallible;
use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};
use rustyline::ExternalPrinter;
use rustyline::error::ReadlineError;
use tokio::runtime::Runtime;

use crate::chat::text::{self, Style, render, render_page};
use crate::post::Courier;
use crate::reply::Checked;
use crate::router::{COMMAND_MARK, Place, Progress, Router};

/// How the console looks and what it remembers.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Colour, width.
    pub style: Style,
    /// Where the lines that were typed are kept for the next time; `None` keeps none.
    pub history: Option<PathBuf>,
}

/// How often the spinner of what takes its time turns.
const TICK: Duration = Duration::from_millis(120);

/// What the console itself understands, beside the commands of the table: the surface's buttons.
const BUTTONS: [(&str, &str); 4] = [
    ("next", "The next passage or page"),
    ("previous", "The one before"),
    ("context", "The paragraphs around the quotation"),
    ("quit", "Leave (or Ctrl-D)"),
];

/// Talks with a person on the terminal until they leave. `beside` is given what prints postings above the line that is being
/// typed, when there is a line; what it starts is given back in the end.
///
/// # Errors
/// When the terminal can't be read or written.
pub fn converse<S>(
    router: &Router,
    runtime: &Runtime,
    options: &Options,
    beside: impl FnOnce(Arc<dyn Courier>) -> S,
) -> anyhow::Result<S> {
    let mut editor = editor::open(router, runtime, options)?;
    let printer = Mutex::new(editor.create_external_printer()?);
    let print = move |text: String| {
        let mut printer = printer.lock().unwrap_or_else(PoisonError::into_inner);
        printer.print(format!("\n{text}\n")).map_err(|error| error.to_string())
    };
    let beside = beside(Arc::new(courier::Printer::new(options.style, print)));
    let mut session = Session::new(router, runtime, options.style);
    let mut out = io::stdout();
    writeln!(out, "{}", text::in_own_words(&runtime.block_on(greeting(router))?, options.style))?;
    loop {
        match editor.readline("\n» ") {
            Ok(line) => {
                if !line.trim().is_empty() {
                    editor.add_history_entry(line.trim())?;
                }
                match session.take(&line) {
                    Some(answer) => writeln!(out, "{answer}")?,
                    None => break,
                }
            }
            // Ctrl-C drops the line, as in a shell; Ctrl-D leaves.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(path) = &options.history
        && let Err(error) = editor::keep_history(&mut editor, path)
    {
        tracing::warn!(path = %path.display(), %error, "the history was not kept");
    }
    Ok(beside)
}

/// Answers questions from `input`, one a line, without prompt and greeting.
///
/// # Errors
/// When the input can't be read or the answers can't be written.
pub fn answer_lines(
    router: &Router,
    runtime: &Runtime,
    mut input: impl BufRead,
    mut out: impl Write,
    options: &Options,
) -> anyhow::Result<()> {
    let mut session = Session::new(router, runtime, options.style);
    let mut first = true;
    while let Some(line) = next_line(&mut input)? {
        if line.trim().is_empty() {
            continue;
        }
        if !std::mem::take(&mut first) {
            writeln!(out)?;
        }
        match session.take(&line) {
            Some(answer) => writeln!(out, "{answer}")?,
            None => break,
        }
        out.flush()?;
    }
    Ok(())
}

/// The longest line that is kept, in bytes; what is longer is cut to it, and then refused as a question.
const MAX_LINE: u64 = 64 * 1024;

/// The next line, at most [`MAX_LINE`] bytes of it, bytes that are no UTF-8 replaced; `None` at the end.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    // The rest of a line that was cut.
    while !line.ends_with(b"\n") {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let read = end.map_or(buffer.len(), |at| at + 1);
        let is_over = end.is_some() || buffer.is_empty();
        input.consume(read);
        if is_over {
            break;
        }
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

async fn greeting(router: &Router) -> anyhow::Result<String> {
    let desk = router.desk(&Place::console()).await?;
    let held = router.summary_of_library(&Place::console()).await?;
    let try_this = match desk.book().await?.speakers().first() {
        Some((speaker, _)) => format!("/summary 1, /said {speaker}"),
        None => "/articles list, /summary 1".to_owned(),
    };
    Ok(format!(
        "Byline {}. {held}\nAsk a question in plain words, or try {try_this}. /help lists the commands, Tab completes, /quit leaves.",
        env!("CARGO_PKG_VERSION")
    ))
}

/// A conversation: the last answer, and which page of it is shown.
struct Session<'r> {
    router: &'r Router,
    runtime: &'r Runtime,
    place: Place,
    style: Style,
    last: Option<(Checked, usize)>,
}

impl<'r> Session<'r> {
    fn new(router: &'r Router, runtime: &'r Runtime, style: Style) -> Self {
        Self { router, runtime, place: Place::console(), style, last: None }
    }

    /// The answer to a line; `None` when the person wants to leave.
    fn take(&mut self, line: &str) -> Option<String> {
        let line = line.trim();
        match line.strip_prefix(COMMAND_MARK).unwrap_or_default().to_lowercase().as_str() {
            "quit" | "exit" => None,
            "next" => Some(self.turn(|page| page.checked_add(1))),
            "previous" | "prev" => Some(self.turn(|page| page.checked_sub(1))),
            "context" => Some(self.context()),
            _ if line.is_empty() => Some(String::new()),
            _ => {
                let reply = self.answer(line);
                let mut shown = render(&reply, self.style);
                if line.strip_prefix(COMMAND_MARK).is_some_and(|command| command.trim() == "help") {
                    shown.push_str(&buttons());
                }
                self.last = Some((reply, 0));
                Some(shown)
            }
        }
    }

    /// The answer; on a terminal, what takes its time is told on standard error until it is there.
    fn answer(&self, line: &str) -> Checked {
        let (progress, mut look) = Progress::new();
        let answer = self.router.answer_text_telling(&self.place, line, progress);
        let spinner = ProgressBar::hidden();
        let told = async {
            while look.changed().await.is_ok() {
                if spinner.is_hidden() {
                    spinner.set_draw_target(ProgressDrawTarget::stderr());
                    spinner.enable_steady_tick(TICK);
                }
                spinner.set_message(text::clean(&look.borrow_and_update()));
            }
            std::future::pending::<Infallible>().await
        };
        let reply = self.runtime.block_on(async {
            tokio::select! {
                reply = answer => reply,
                never = told => match never {},
            }
        });
        spinner.finish_and_clear();
        reply
    }

    fn turn(&mut self, to: impl Fn(usize) -> Option<usize>) -> String {
        let Some((reply, page)) = &mut self.last else { return NOTHING_SHOWN.to_owned() };
        if !self.runtime.block_on(self.router.still_stands(&self.place, reply)) {
            return CHANGED_SINCE.to_owned();
        }
        match to(*page).filter(|page| *page < reply.pages.len()) {
            Some(turned) => {
                *page = turned;
                render_page(reply, turned, self.style)
            }
            None if to(0).is_none() && *page == 0 => "This is the first page.".to_owned(),
            None => "There is no further page.".to_owned(),
        }
    }

    fn context(&self) -> String {
        let Some((reply, page)) = &self.last else { return NOTHING_SHOWN.to_owned() };
        match self.runtime.block_on(self.router.context(&self.place, reply, *page)) {
            Some(context) => render(&context, self.style),
            None if reply.quotations().next().is_some() => CHANGED_SINCE.to_owned(),
            None => NOTHING_SHOWN.to_owned(),
        }
    }
}

const CHANGED_SINCE: &str = "An article has changed since, or was taken out. Ask again.";

const NOTHING_SHOWN: &str = "There is no quotation yet. Ask something first.";

fn buttons() -> String {
    let widest = BUTTONS.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 1;
    BUTTONS.iter().map(|(name, about)| format!("\n{COMMAND_MARK}{name:<widest$} {about}")).collect()
}
