//! `/settings`: what a community or a channel wants otherwise than it is configured.

use crate::library::store::{CollectionId, SHARED, Scope, Store};
use crate::reply::{Block, Outcome, Reply};
use crate::router::in_force::{MOST, PASSAGES, PREFIX, SENTENCES};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Problem, Request, present};

/// For whom a setting holds.
const SCOPE: OptionSpec = OptionSpec {
    name: "scope",
    about: "For this channel only, or for the whole community (if not given)",
    kind: Kind::Choice(&[COMMUNITY, CHANNEL]),
    required: false,
};

const COMMUNITY: &str = "community";
const CHANNEL: &str = "channel";

const SHARED_ARTICLES: &str = "shared";
const OWN_ARTICLES: &str = "own";

pub(in crate::router) const SPEC: Spec = Spec {
    name: "settings",
    about: "What this community or channel wants otherwise",
    options: &[],
    parts: &[
        Spec {
            name: "show",
            about: "What holds here",
            options: &[],
            parts: &[],
            example: "settings show",
            audience: Audience::Everyone,
            run: |request, _| Box::pin(show(request)),
        },
        number(
            "passages",
            "How many passages an answer keeps for paging; none given: as configured",
            "settings passages 5",
            |request, args| Box::pin(set(request, args, PASSAGES)),
        ),
        number(
            "sentences",
            "How many sentences a summary has; none given: as configured",
            "settings sentences 4",
            |request, args| Box::pin(set(request, args, SENTENCES)),
        ),
        Spec {
            name: "prefix",
            about: "What commands begin with here, on Matrix; none given: as configured",
            options: &[
                OptionSpec { name: "prefix", about: "One word, such as !news", kind: Kind::Words, required: false },
                SCOPE,
            ],
            parts: &[],
            example: "settings prefix !news",
            audience: Audience::Managers,
            run: |request, args| Box::pin(prefix(request, args)),
        },
        Spec {
            name: "articles",
            about: "Answer from the articles that all communities share, or from this community's own alone",
            options: &[OptionSpec {
                name: "which",
                about: "The shared articles, or this community's own",
                kind: Kind::Choice(&[SHARED_ARTICLES, OWN_ARTICLES]),
                required: true,
            }],
            parts: &[],
            example: "settings articles own",
            audience: Audience::Managers,
            run: |request, args| Box::pin(articles(request, args)),
        },
    ],
    example: "",
    audience: Audience::Everyone,
    // Never run: one of the parts is.
    run: |request, _| Box::pin(show(request)),
};

/// A part that sets a number.
const fn number(
    name: &'static str,
    about: &'static str,
    example: &'static str,
    run: for<'a> fn(&'a Request<'a>, &'a Args) -> crate::router::table::Running<'a>,
) -> Spec {
    const NUMBER: OptionSpec =
        OptionSpec { name: "number", about: "How many", kind: Kind::Number { min: 1, max: MOST }, required: false };
    Spec { name, about, options: &[NUMBER, SCOPE], parts: &[], example, audience: Audience::Managers, run }
}

async fn set(request: &Request<'_>, args: &Args, name: &'static str) -> Result<Reply, Problem> {
    put(request, args, name, args.number("number").map(|number| number.to_string())).await
}

/// The longest prefix, in characters.
const MAX_PREFIX: usize = 32;

async fn prefix(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let refused = |why: &str| Ok(Reply::text(Outcome::Refused, why));
    if request.place.network != "matrix" {
        return refused("Commands have no prefix here: only on Matrix they do.");
    }
    let prefix = args.quote("prefix").map(str::to_owned);
    match &prefix {
        Some(prefix) if prefix.contains(char::is_whitespace) || prefix.chars().any(char::is_control) => {
            refused("A prefix is one word, such as !news.")
        }
        Some(prefix) if prefix.chars().count() > MAX_PREFIX => refused("A prefix has at most 32 characters."),
        _ => put(request, args, PREFIX, prefix).await,
    }
}

/// Sets a setting, or takes it away, for the channel or the community.
async fn put(request: &Request<'_>, args: &Args, name: &'static str, value: Option<String>) -> Result<Reply, Problem> {
    let community = request.community().await?;
    let scope = match (args.words(SCOPE.name), &request.place.channel) {
        (Some(CHANNEL), Some(channel)) => Scope::channel(community.id, channel),
        (Some(CHANNEL), None) => return Err(Problem::NoChannel),
        _ => Scope::community(community.id),
    };
    request.store()?.set(scope, name, value.as_deref()).await?;
    let holder = if scope.channel.is_some() { "this channel" } else { "this community" };
    Ok(Reply::text(
        Outcome::Told,
        match value {
            Some(value) => format!("{name} is {value} for {holder}."),
            None => format!("{name} is as configured for {holder}."),
        },
    ))
}

async fn articles(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let store = request.store()?;
    let community = request.community().await?;
    let own = args.words("which") == Some(OWN_ARTICLES);
    let collection = if own { store.collection(&request.place.own_collection()).await? } else { SHARED };
    store.read_collection(community.id, collection).await?;
    let count = present::counted(usize::try_from(store.count(collection).await?).unwrap_or(usize::MAX), "article");
    Ok(Reply::text(
        Outcome::Told,
        if own {
            format!("This community answers from its own articles alone: {count}. No other community sees them.")
        } else {
            format!("This community answers from the articles that all share: {count}.")
        },
    ))
}

async fn show(request: &Request<'_>) -> Result<Reply, Problem> {
    let store = request.store()?;
    let known = store.known_community(&request.place.network, &request.place.community).await?;
    let item = |name: &str, about: String| Block::Item { name: name.to_owned(), about };
    let reads = name_of(store, known.map_or(SHARED, |community| community.collection)).await?;
    let own_prefix = match (&known, &request.place.channel) {
        (Some(known), Some(channel)) => store.setting_in_force(Scope::channel(known.id, channel), PREFIX).await?,
        (Some(known), None) => store.setting_in_force(Scope::community(known.id), PREFIX).await?,
        (None, _) => None,
    };
    let reply = Reply::new(Outcome::Told)
        .with(Block::Heading("What holds here".to_owned()))
        .with(item("articles", format!("{reads}; {}", present::held(request.desk.library()))))
        .with(item(PASSAGES, request.settings.passages.to_string()))
        .with(item(SENTENCES, request.settings.summary_sentences.to_string()));
    Ok(match own_prefix {
        Some(prefix) => reply.with(item(PREFIX, prefix)),
        None => reply,
    })
}

/// The name of a collection.
pub(super) async fn name_of(store: &Store, collection: CollectionId) -> Result<String, Problem> {
    let named = store.collections().await?.into_iter().find(|(id, _)| *id == collection);
    Ok(named.map_or_else(|| collection.0.to_string(), |(_, name)| name))
}
