//! A command or a press of a button: acknowledged at once, answered when the answer is there, and never left in silence.
//!
//! Discord gives 3 seconds for the acknowledgement and 15 minutes for the answer. An answer that is ready within [`GRACE`] is
//! the acknowledgement; otherwise one is promised first. What is known to take longer, many look-ups or a whole digest, is promised
//! without waiting. Whether only the asker sees it is fixed by the promise: an error that
//! comes after a public one takes it back, and is told to the asker alone.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use serenity::all::Permissions;
use tokio::sync::watch;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

use super::bot::Bot;
use super::commands::{CHECK_MENU, PRIVATE, SOURCE_MENU, WRONG_MENU};
use super::events::{Given, Interaction};
use super::page::{self, Shown, ephemeral};
use super::place::{Asker, NETWORK};
use super::rest::RestError;
use super::{menus, page::EPHEMERAL, wrong};
use crate::chat::keeper::{self, question_hash};
use crate::reply::{Checked, Outcome};
use crate::router::table::{self, Spec};
use crate::router::{Args, Problem, Progress};

/// How long an answer may take to be the acknowledgement itself. A search takes a few milliseconds; 100 is where people
/// notice.
const GRACE: Duration = Duration::from_millis(40);

/// The parts of `digest` that compose one, out of all that is new.
const COMPOSES: [&str; 2] = ["now", "preview"];

/// How long an answer may take without telling how far it is; beyond what anybody waits.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take at all; below Discord's 15 minutes.
const AT_ALL: Duration = Duration::from_secs(10 * 60);

/// How often at most is shown how far an answer is.
const SHOW_EVERY: Duration = Duration::from_secs(2);

/// What is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The body of the message.
    pub body: Value,
    /// Whether it is for the person alone, however the request was made.
    pub alone: bool,
}

impl Said {
    /// A line in Byline's own words, for the person alone.
    #[must_use]
    pub fn alone(words: &str) -> Self {
        Self { body: page::line(words), alone: true }
    }
}

/// An interaction that has to be answered.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Its number.
    pub id: u64,
    /// The application's.
    pub application: u64,
    /// The right to answer it.
    pub token: String,
    /// Whether the answer takes the place of the message that it came from.
    pub updates: bool,
    /// Where is told how far the work is; nowhere for what is done at once.
    pub progress: Option<watch::Receiver<String>>,
    /// How long the answer may take to be the acknowledgement itself.
    pub grace: Duration,
}

impl Ticket {
    /// The ticket of a command.
    #[must_use]
    pub fn of(bot: &Bot, interaction: &Interaction) -> Self {
        let application = interaction.application_id.map(|id| id.0);
        let application = application.or_else(|| bot.me.get().map(|me| me.application)).unwrap_or_default();
        Self {
            id: interaction.id.0,
            application,
            token: interaction.token.clone(),
            updates: false,
            progress: None,
            grace: GRACE,
        }
    }
}

/// Discord's numbers of first responses.
const MESSAGE: u8 = 4;
const PROMISE: u8 = 5;
const PROMISE_UPDATE: u8 = 6;
const UPDATE: u8 = 7;

/// Answers a command or a message's menu.
pub async fn command(bot: Arc<Bot>, command: Interaction, health: String) {
    let asker = Asker::of(&command);
    let ticket = Ticket::of(&bot, &command);
    if let Err(too_much) = bot.limits.take(asker.person, asker.server, std::time::Instant::now()) {
        return deliver(&bot, ticket, true, async move { Said::alone(&too_much.kind_word()) }).await;
    }
    if command.data.is_message_menu() && command.data.name == WRONG_MENU {
        return wrong::ask(&bot, ticket, asker, &command).await;
    }
    if command.data.is_message_menu() {
        // A menu's answer is for who asked: the channel did not.
        let ticket = Ticket { grace: Duration::ZERO, ..ticket };
        return deliver(&bot, ticket, true, menu(Arc::clone(&bot), asker, command)).await;
    }
    let (parsed, private) = parse(&command);
    let composes =
        parsed.as_ref().is_ok_and(|(spec, _)| command.data.name == "digest" && COMPOSES.contains(&spec.name));
    let ticket = Ticket { grace: if composes { Duration::ZERO } else { GRACE }, ..ticket };
    if let Ok((spec, _)) = &parsed
        && command.data.name == "digest"
        && spec.name == "set"
        && let Some(missing) = missing(&command, bot.settings.posts.threads)
    {
        return deliver(&bot, ticket, true, async move { Said::alone(&missing) }).await;
    }
    let (progress, look) = Progress::new();
    let work = {
        let bot = Arc::clone(&bot);
        async move {
            match parsed {
                Ok((spec, args)) => {
                    let reply = bot.router.answer_telling(&asker.place, spec, &args, progress).await;
                    let note = (spec.name == "about").then_some(health.as_str());
                    with_buttons(&bot, &asker, &reply, Asked::command(spec, &args, private), note).await
                }
                Err(problem) => said(&bot.router.refuse(problem)),
            }
        }
    };
    deliver(&bot, Ticket { progress: Some(look), ..ticket }, private, work).await;
}

/// Which permissions Byline lacks to post in this channel, if any, and to open a thread below each posting where that is set: a
/// schedule that could post nothing is not set.
fn missing(command: &Interaction, threads: bool) -> Option<String> {
    let held = command.our_permissions()?;
    let send = match command.in_thread() {
        true => (Permissions::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
        false => (Permissions::SEND_MESSAGES, "Send Messages"),
    };
    let thread = (Permissions::CREATE_PUBLIC_THREADS, "Create Public Threads");
    // There is no thread in a thread.
    let thread = Some(thread).filter(|_| threads && !command.in_thread());
    let needed = [(Permissions::VIEW_CHANNEL, "View Channel"), send, (Permissions::EMBED_LINKS, "Embed Links")];
    let needed = needed.into_iter().chain(thread);
    let lacks = |permission| !held.contains(permission) && !held.contains(Permissions::ADMINISTRATOR);
    let missing: Vec<String> =
        needed.filter(|(permission, _)| lacks(*permission)).map(|(_, name)| format!("“{name}”")).collect();
    let what = if missing.len() == 1 { "the permission" } else { "the permissions" };
    (!missing.is_empty()).then(|| {
        format!(
            "I can't post in this channel: I lack {what} {}. Give it to me, and set the digest again.",
            missing.join(", ")
        )
    })
}

async fn menu(bot: Arc<Bot>, asker: Asker, command: Interaction) -> Said {
    let text = command.data.message();
    match command.data.name.as_str() {
        CHECK_MENU => menus::check(&bot, &asker, text).await,
        SOURCE_MENU => menus::source(&bot, &asker, text).await,
        _ => Said::alone("This menu belongs to another version of Byline. Try again in a minute."),
    }
}

/// A reply without buttons.
pub fn said(reply: &Checked) -> Said {
    Said { body: Shown::first(reply, None).body(), alone: reply.outcome == Outcome::Refused }
}

/// What an answer is an answer to.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The command.
    pub command: String,
    /// A hash of the words.
    pub hash: String,
    /// Whether only the asker sees it; talk that others see does not go on from it.
    pub private: bool,
}

impl Asked {
    fn command(spec: &'static Spec, args: &Args, private: bool) -> Self {
        Self { command: spec.name.to_owned(), hash: question_hash(spec, args), private }
    }
}

/// A reply with its buttons, kept so that they work tomorrow.
pub async fn with_buttons(bot: &Bot, asker: &Asker, reply: &Checked, asked: Asked, note: Option<&str>) -> Said {
    let place = if asked.private { format!("{NETWORK}/private") } else { asker.answers_at() };
    let kept = match bot.router.desk(&asker.place).await {
        Ok(desk) => {
            bot.keeper.keep(reply, desk.library(), (&asked.command, &asked.hash), place, keeper::PATIENCE).await
        }
        Err(_) => None,
    };
    let shown = Shown { note, ..Shown::first(reply, kept.as_ref().map(|(key, kept)| (key.as_str(), kept))) };
    Said { body: shown.body(), alone: reply.outcome == Outcome::Refused }
}

/// The command with its options, checked against the table, and whether only the asker is to see the answer. What Discord
/// completed or checked before is checked again: anybody can send anything.
fn parse(command: &Interaction) -> (Result<(&'static Spec, Args), Problem>, bool) {
    let unknown = |typed: &str| Problem::UnknownCommand { typed: typed.to_owned(), near: table::near(typed) };
    let name = &command.data.name;
    let Some(mut spec) = table::find(name) else { return (Err(unknown(name)), true) };
    let mut options: &[Given] = &command.data.options;
    if !spec.parts.is_empty() {
        let part = options.first().filter(|first| first.is_part());
        let known = part.and_then(|part| {
            spec.parts.iter().find(|known| known.name == part.name).map(|known| (known, part.options.as_slice()))
        });
        let Some(found) = known else { return (Err(unknown(name)), true) };
        (spec, options) = found;
    }
    let private = options.iter().any(|given| given.name == PRIVATE && given.is_yes());
    let mut args = Args::default();
    for given in options.iter().filter(|given| given.name != PRIVATE) {
        let text = if given.is_attachment() { command.data.attachment(given) } else { given.text() };
        let Some(text) = text else { continue };
        let set = spec.option(&given.name).map(|option| args.set(option, &text));
        if let Some(Err(problem)) = set {
            return (Err(problem), true);
        }
    }
    (args.complete(spec).map(|args| (spec, args)), private)
}

/// Does the work, and tells its outcome to the person in time.
pub async fn deliver(bot: &Arc<Bot>, ticket: Ticket, private: bool, work: impl Future<Output = Said> + Send + 'static) {
    // A task of its own: a panic in it is told as a failure, and this one goes on.
    let mut work = tokio::spawn(patiently(work, ticket.progress.clone()));
    let early = timeout(ticket.grace, &mut work).await;
    let outcome = match early {
        Ok(done) => first(bot, &ticket, private, finished(done)).await,
        Err(_) => promise_and_keep(bot, &ticket, private, work).await,
    };
    if let Err(error) = outcome {
        tracing::warn!(interaction = ticket.id, %error, "an answer could not be delivered");
    }
}

/// Waits for work as long as it goes on.
async fn patiently(
    work: impl Future<Output = Said>,
    mut progress: Option<watch::Receiver<String>>,
) -> Result<Said, Elapsed> {
    tokio::pin!(work);
    let goes_on = async {
        loop {
            let told = async {
                match &mut progress {
                    Some(look) => look.changed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                said = &mut work => return Ok(said),
                told = timeout(PATIENCE, told) => match told {
                    Ok(Ok(())) => {}
                    // Nobody tells any more.
                    Ok(Err(_)) => progress = None,
                    Err(elapsed) => return Err(elapsed),
                },
            }
        }
    };
    timeout(AT_ALL, goes_on).await?
}

type Done = Result<Result<Said, Elapsed>, tokio::task::JoinError>;

fn finished(done: Done) -> Said {
    match done {
        Ok(Ok(said)) => said,
        Ok(Err(_)) => Said::alone("That took too long, and I stopped looking. Try again, or ask for less at once."),
        Err(error) => {
            tracing::error!(panicked = error.is_panic(), "an answer ended early");
            Said::alone("Something went wrong on my side, and there is no answer. Byline's log says why.")
        }
    }
}

/// The answer as the first response.
async fn first(bot: &Bot, ticket: &Ticket, private: bool, said: Said) -> Result<(), RestError> {
    let alone = private || said.alone;
    let (kind, data) = match (ticket.updates, said.alone) {
        (true, false) => (UPDATE, said.body),
        _ => (MESSAGE, if alone { ephemeral(said.body) } else { said.body }),
    };
    let sent = bot.rest.respond(ticket.id, &ticket.token, &json!({ "type": kind, "data": data })).await;
    match sent {
        // Discord did not take the message itself: the person is told so, which is also the acknowledgement.
        Err(error) if error.status() == Some(400) => {
            tracing::error!(interaction = ticket.id, %error, "Discord did not take an answer");
            let data = ephemeral(page::line(UNSHOWN));
            bot.rest.respond(ticket.id, &ticket.token, &json!({ "type": MESSAGE, "data": data })).await
        }
        sent => sent,
    }
}

const UNSHOWN: &str = "I found an answer and could not show it here. Byline's log says why.";

/// Promises an answer, and gives it when it is there.
async fn promise_and_keep(
    bot: &Bot,
    ticket: &Ticket,
    private: bool,
    work: tokio::task::JoinHandle<Result<Said, Elapsed>>,
) -> Result<(), RestError> {
    let promise = match (ticket.updates, private) {
        (true, _) => json!({ "type": PROMISE_UPDATE }),
        (false, true) => json!({ "type": PROMISE, "data": { "flags": EPHEMERAL } }),
        (false, false) => json!({ "type": PROMISE }),
    };
    let promised = bot.rest.respond(ticket.id, &ticket.token, &promise).await;
    if let Err(error) = promised {
        // Nothing stands there to be edited; the answer itself may still come in time.
        tracing::warn!(interaction = ticket.id, %error, "an answer could not be promised");
        return first(bot, ticket, private, finished(work.await)).await;
    }
    // A message that is to change stays as it is when we die; an empty promise would stand there.
    let noted = !ticket.updates;
    let work = while_showing_progress(bot, ticket, work);
    let (done, ()) = tokio::join!(work, async {
        if noted {
            bot.note_promise(ticket.application, &ticket.token).await;
        }
    });
    let kept = keep_promise(bot, ticket, private, finished(done)).await;
    if noted {
        bot.note_promise_kept(&ticket.token).await;
    }
    kept
}

/// Waits for the answer, and shows in its place how far it is. An edit is never broken off: it might arrive after the answer.
async fn while_showing_progress(
    bot: &Bot,
    ticket: &Ticket,
    mut work: tokio::task::JoinHandle<Result<Said, Elapsed>>,
) -> Done {
    let Some(mut look) = ticket.progress.clone().filter(|_| !ticket.updates) else { return work.await };
    let mut shown = Instant::now();
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            told = look.changed() => {
                if told.is_err() {
                    return work.await;
                }
            }
        }
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep_until(shown + SHOW_EVERY) => {}
        }
        let line = look.borrow_and_update().clone();
        if let Err(error) = bot.rest.edit(ticket.application, &ticket.token, &page::line(&line)).await {
            tracing::debug!(interaction = ticket.id, %error, "progress could not be shown");
        }
        shown = Instant::now();
    }
}

/// Gives the answer that was promised.
async fn keep_promise(bot: &Bot, ticket: &Ticket, private: bool, said: Said) -> Result<(), RestError> {
    let rest = &bot.rest;
    if said.alone && (ticket.updates || !private) {
        if !ticket.updates {
            // The public promise was wrong; what follows it would stand in its place, so it goes first.
            if let Err(error) = rest.take_back(ticket.application, &ticket.token).await {
                tracing::warn!(interaction = ticket.id, %error, "a promise could not be taken back");
            }
        }
        return rest.follow_up(ticket.application, &ticket.token, &ephemeral(said.body)).await;
    }
    match rest.edit(ticket.application, &ticket.token, &said.body).await {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::error!(interaction = ticket.id, %error, "Discord did not take an answer");
            rest.follow_up(ticket.application, &ticket.token, &ephemeral(page::line(UNSHOWN))).await
        }
    }
}
