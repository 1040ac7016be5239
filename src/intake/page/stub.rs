//! What stands in an article's place: the first lines before a paywall, a question about cookies, an error, a page that is
//! empty until its scripts have run.
//!
//! A page is refused only when it is short as well: an article about paywalls is an article.

use std::sync::LazyLock;

use regex::Regex;
use trafilatura::dom::Document;

/// What a page shows instead of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stub {
    /// The beginning of an article, or none of it.
    #[error("the page shows the article to subscribers only")]
    Paywall,
    /// A question about cookies or the use of data.
    #[error("the page asks for consent to the use of data instead of showing an article")]
    Consent,
    /// The page is not there, or the site has failed, whatever status it answered with.
    #[error("the page is an error message, not an article")]
    ErrorPage,
    /// A test whether a person asks.
    #[error("the site wants proof that a person asks, and shows no article")]
    Challenge,
    /// Nothing is there until scripts have run.
    #[error("the page has no text until its scripts run, which Byline doesn't do")]
    NeedsScripts,
}

/// Text that is found in this many characters is an article, whatever else the page says; the beginnings that paywalls
/// leave are shorter.
const LONG: usize = 2500;

/// The longest that a message in an article's place is, in characters.
const SHORT: usize = 1200;

/// So much of what a page shows is looked at, in bytes.
const MAX_SEEN: usize = 64 * 1024;

/// Words that end the beginning of an article, wherever they stand on a short page.
static PAYWALL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:subscribe|register|log ?in|sign ?(?:in|up)|create (?:a|your) (?:free )?account|become a (?:member|subscriber)|join now)",
        r"[^.!?]{0,60}\b(?:to|and) (?:continue|keep|finish) reading",
        r"|to (?:continue|keep) reading[^.!?]{0,60}(?:subscri|register|log ?in|sign ?(?:in|up)|account|member)",
        r"|(?:subscribe|register|log ?in|sign ?(?:in|up)|membership)[^.!?]{0,40}\bto (?:read|access|unlock|view) (?:the|this)(?: full| whole| rest of the)? (?:article|story|content|page|post)",
        r"|(?:this|the full) (?:article|story|content|post) is (?:only |exclusively )?(?:available )?(?:for|to) (?:our |paid |paying )?(?:subscribers|members)",
        r"|(?:reached|used|read) (?:your|all your|all of your) (?:monthly )?(?:limit of )?free (?:articles|stories)",
        r"|(?:jetzt|mit|um)[^.!?]{0,60}(?:abonnieren|registrieren|anmelden|abo)[^.!?]{0,40}weiterlesen",
        r"|(?:la suite|cet article|le reste)[^.!?]{0,30}(?:est )?réservée? (?:à nos|aux) abonnés",
        r"|(?:suscríbete|regístrate)[^.!?]{0,30}para (?:seguir|continuar) leyendo",
    ))
    .expect("a valid pattern")
});

/// What a closed page says to those who may come in. Open pages say it as well.
static SUBSCRIBERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"already (?:a|an) (?:subscriber|member)|already (?:have a subscription|subscribed)|subscribers?[ -]only|(?:only|exclusively) for (?:our )?(?:subscribers|members)",
        r"|unlock (?:this|the) (?:article|story)|(?:premium|exclusive) (?:article|content|story)|sie haben bereits ein abo|déjà abonné",
    ))
    .expect("a valid pattern")
});

/// What a page says about its use of data.
static CONSENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"we(?: and our (?:\d+ )?partners)? (?:use|store)(?: and/or access)? (?:cookies|information on a device)|we value your privacy|before you continue",
        r"|(?:accept|reject|decline) all|manage (?:options|preferences|settings|choices|cookies)|cookie (?:settings|preferences|policy)",
        r"|legitimate interest|withdraw your consent|your privacy (?:choices|matters|rights)|personali[sz]ed (?:ads|advertising|content)",
        r"|store and/or access information|our (?:\d+ )?partners|data processing|privacy policy",
        r"|alle akzeptieren|wir verwenden cookies|tout accepter|nous utilisons des cookies|aceptar todo|utilizamos cookies",
    ))
    .expect("a valid pattern")
});

/// A title, or a part of one, that is an error message.
static ERROR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:error |http )*(?:40[0-9]|410|429|451|50[0-9])(?: error)?$",
        r"|^(?:(?:error )?(?:40[0-9]|410|50[0-9])[ :.,–-]+)?(?:(?:the |this |that )?(?:page|file|article|story|content|document|url)(?: you(?:'re| are)? (?:looking for|requested))? ?(?:was |is |can ?not be |could not be |can't be )?(?:not found|found|unavailable|not available|no longer available|missing|removed|gone)|not found|forbidden|access denied|bad gateway|gateway time-?out|service (?:temporarily )?unavailable|(?:internal )?server error|temporarily unavailable|under maintenance|page doesn't exist|oops!?|something went wrong|unauthori[sz]ed|seite nicht gefunden|page introuvable|página no encontrada|pagina non trovata)[.!]?$",
    ))
    .expect("a valid pattern")
});

/// A test whether a person asks.
static CHALLENGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^just a moment(?:\.\.\.|…)?$|attention required! \||pardon our interruption|checking your browser|verif(?:y|ying) (?:that )?you(?: are|'re) (?:a )?human",
        r"|are you a (?:robot|human)|you are not a robot|you're not a robot|unusual (?:traffic|activity) from|complete the (?:security check|captcha)|press (?:&|and) hold",
        r"|access to this page has been denied|enable javascript and cookies to continue|ddos protection by|bot detection",
    ))
    .expect("a valid pattern")
});

/// What a page without scripts says of them.
static SCRIPTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"javascript[^.!?]{0,60}(?:enable|required|disabled|turn|activ|run|necessary|aktivier|support)|(?:enable|requires?|without|need|turn on|activate|activez|aktivieren)[^.!?]{0,60}javascript",
    )
    .expect("a valid pattern")
});

/// A page's word on whether one has to pay for it (schema.org's `isAccessibleForFree`, the content tier of Facebook's
/// instant articles).
static CLOSED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)"isAccessibleForFree"\s*:\s*"?(?:https?://schema\.org/)?false|article:content_tier"\s+content="locked"|itemprop="isAccessibleForFree"\s+content="false""#,
    )
    .expect("a valid pattern")
});

/// How many words a page says that its article has.
static WORD_COUNT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i)"wordCount"\s*:\s*"?(\d{1,6})"#).expect("a valid pattern"));

/// Says what stands in the article's place, if the page in `source` shows no article: `found` are the paragraphs that a
/// reader took for one.
pub(super) fn judge(source: &str, found: &[&str]) -> Result<(), Stub> {
    let length: usize = found.iter().map(|paragraph| paragraph.chars().count()).sum();
    // The last words of what was found say that there is more, however much it is.
    if found.iter().rev().take(2).any(|paragraph| PAYWALL.is_match(&plain(end_of(paragraph)))) {
        return Err(Stub::Paywall);
    }
    if length >= LONG {
        return Ok(());
    }
    let page = Seen::of(source);
    let titled = |pattern: &Regex| page.titles.iter().any(|title| pattern.is_match(title));
    let seen = page.words.chars().count();
    let short = length < SHORT && seen < 2 * SHORT;
    if short && (titled(&CHALLENGE) || CHALLENGE.is_match(&page.words)) {
        return Err(Stub::Challenge);
    }
    if length < SHORT && titled(&ERROR) {
        return Err(Stub::ErrorPage);
    }
    if is_consent(&page, found, length) {
        return Err(Stub::Consent);
    }
    // Its own word that it is closed does not suffice: short news of metered sites says so too, and is all there.
    let closed = CLOSED.is_match(source);
    let words = found.iter().map(|paragraph| paragraph.split_whitespace().count()).sum::<usize>();
    let told = WORD_COUNT.captures(source).and_then(|count| count.get(1)?.as_str().parse::<usize>().ok());
    let part = told.is_some_and(|told| words < told / 2);
    let broken_off =
        found.last().is_none_or(|last| last.trim_end().ends_with(['…', ',']) || last.trim_end().ends_with("..."));
    let asked = length < SHORT && (PAYWALL.is_match(&page.words) || closed && SUBSCRIBERS.is_match(&page.words));
    if closed && (part || broken_off && length < SHORT) || asked {
        return Err(Stub::Paywall);
    }
    let empty = length < 400 && seen < 600 && page.scripts > 0;
    if empty && (SCRIPTS.is_match(&page.words) || SCRIPTS.is_match(&page.unscripted) || seen < 100) {
        return Err(Stub::NeedsScripts);
    }
    Ok(())
}

/// Whether what was found is mostly about the use of data.
fn is_consent(page: &Seen, found: &[&str], length: usize) -> bool {
    let about = |words: &str| CONSENT.find_iter(&plain(words)).count();
    let talk: usize = found.iter().filter(|words| about(words) > 0).map(|words| words.chars().count()).sum();
    let titled = page.titles.iter().any(|title| CONSENT.is_match(title) || title.contains("cookie"));
    let told = CONSENT.find_iter(&page.words).take(4).count();
    let mostly = length == 0 || talk * 2 > length;
    mostly && (titled && told >= 2 || told >= 4)
}

/// What a reader of the page would see.
struct Seen {
    /// The page's title and headings of the first rank, and the parts between their dividing marks; as [`plain`] has them.
    titles: Vec<String>,
    /// What is to be read on it, up to [`MAX_SEEN`]; as [`plain`] has it.
    words: String,
    /// What it says to those who run no scripts.
    unscripted: String,
    scripts: usize,
}

impl Seen {
    fn of(source: &str) -> Self {
        let document = Document::parse(source);
        let (mut words, mut unscripted, mut titles, mut scripts) = (String::new(), String::new(), Vec::new(), 0);
        // A stack of our own: the depth of a page is not ours to choose.
        let mut stack = vec![document.root()];
        while let Some(node) = stack.pop() {
            if document.is_text(node) {
                if words.len() < MAX_SEEN {
                    words.push_str(&document.text_content(node));
                    words.push(' ');
                }
                continue;
            }
            match document.tag_name(node) {
                "script" => scripts += 1,
                "style" | "template" | "svg" | "head" => {}
                "noscript" => unscripted.push_str(&document.text_content(node)),
                tag => {
                    if tag == "h1" {
                        titles.push(document.text_content(node));
                    }
                    stack.extend(document.child_nodes(node).into_iter().rev());
                }
            }
        }
        let root = document.root();
        scripts += document.query_selector_all(root, "head script").len();
        titles.extend(document.query_selector(root, "title").map(|title| document.text_content(title)));
        for noscript in document.query_selector_all(root, "head noscript") {
            unscripted.push_str(&document.text_content(noscript));
        }
        let parts: Vec<String> = titles
            .iter()
            .flat_map(|title| {
                std::iter::once(plain(title)).chain(title.split(['|', '–', '—', '·', '-', '•']).map(plain))
            })
            .collect();
        Self { titles: parts, words: plain(&words), unscripted: plain(&unscripted), scripts }
    }
}

/// The last words of a paragraph, however long it is.
fn end_of(paragraph: &str) -> &str {
    let start = paragraph.floor_char_boundary(paragraph.len().saturating_sub(1000));
    paragraph.get(start..).unwrap_or_default()
}

/// Lower-case, with plain apostrophes and single spaces.
fn plain(text: &str) -> String {
    let text = text.to_lowercase().replace('’', "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
