//! `/help`: how to use Byline, from the command table itself.

use crate::reply::{Block, Outcome, Reply};
use crate::router::courtesy::Courtesy;
use crate::router::table::{self, Audience, COMMANDS, Kind, OptionSpec, Spec};
use crate::router::{Args, COMMAND_MARK, Problem, Request};

/// The command's name.
pub const NAME: &str = "help";

pub(in crate::router) const SPEC: Spec = Spec {
    name: NAME,
    about: "How to use Byline, or one of its commands",
    options: &[OptionSpec { name: "command", about: "The command to explain", kind: Kind::Command, required: false }],
    parts: &[],
    example: "help ask",
    audience: Audience::Everyone,
    run: |request, args| Box::pin(async { run(request, args) }),
};

fn run(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    if let Some(courtesy) = args.sentence().and_then(Courtesy::of) {
        return Ok(courtesy.reply(request.desk.library()));
    }
    match args.quote("command") {
        None => Ok(all()),
        Some(typed) => {
            let name = typed.trim_start_matches(COMMAND_MARK).to_lowercase();
            let found = table::find(&name);
            found.map(one).ok_or_else(|| Problem::UnknownCommand { near: table::near(&name), typed: name })
        }
    }
}

fn all() -> Reply {
    let reply = Reply::text(
        Outcome::Told,
        "Ask a question in plain words, or use a command. Every answer is the articles' own words, with their source.",
    );
    COMMANDS.iter().fold(reply, |reply, spec| {
        reply.with(Block::Item { name: format!("{COMMAND_MARK}{}", spec.name), about: spec.about.to_owned() })
    })
}

fn one(spec: &'static Spec) -> Reply {
    let mut reply = Reply::new(Outcome::Told).with(Block::Heading(spec.about.to_owned()));
    let parts = if spec.parts.is_empty() { std::slice::from_ref(spec) } else { spec.parts };
    for (part, usage) in parts.iter().zip(spec.usage()) {
        let about = if spec.parts.is_empty() { "" } else { part.about };
        reply = reply.with(Block::Item { name: usage, about: about.to_owned() });
        for option in part.options {
            reply = reply.with(Block::Item { name: format!("  {}", option.name), about: option.about.to_owned() });
        }
        reply = reply.with(Block::Text(format!("For example: {COMMAND_MARK}{}", part.example)));
    }
    reply
}
