//! Page furniture in plain text: what a page puts around an article, and a scraper takes along.
//!
//! Three kinds of evidence, from the surest to the least: a whole line that is a label of pages ("Must read"), a line
//! that has the shape of a known request or credit ("Follow us on …"), and the place near the end of the text.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the article.
    Within,
    /// Among the last blocks.
    NearEnd,
}

/// The longest line, in bytes, that is taken for furniture by its shape; a request to follow someone is short.
const LONGEST: usize = 220;

/// Whole lines, in lower case and without the marks at their ends, that label parts of a page.
const LABELS: &str = "
ad|ads|advert|advertisement|advertisements|advertising|sponsored|sponsored content|promoted|promoted content|paid content|paid post
story continues below|story continues below advertisement|story continues after advertisement|article continues below|article continues below advertisement|article continues after advertisement|article continues after ad|continue reading|continue reading the main story|continue reading below|scroll to continue|scroll down to continue reading
read more|read more here|read also|also read|read next|read this next|up next|must read|must reads|must-read|must-reads|must watch|see also|see more|view more|load more|show more|show comments|find out more|learn more|click here|watch now|watch live|listen now|watch|listen|play|replay|more
related|related post|related posts|related article|related articles|related story|related stories|related content|related links|related link|related topics|related tags|related news|related coverage|related reading|related video|related videos|more on this story|more on this topic|more on this|more stories|more news|more from this author|more to read|more like this|more coverage|in other news|elsewhere on the web|from around the web|from the web|around the web|you may also like|you might also like|you may also be interested in|you might be interested in|you may have missed|recommended|recommended for you|recommended reading|recommended stories|recommended articles|we recommend|what to read next|what others are reading|top stories|top news|top picks|top headlines|latest|latest news|latest stories|latest posts|latest headlines|recent posts|recent articles|recent stories|most popular|most read|most viewed|most shared|most commented|popular|popular posts|popular now|popular stories|popular articles|trending|trending now|trending stories|trending topics|editor's pick|editor's picks|editors' picks|editor’s pick|editor’s picks|editors’ picks|don't miss|don’t miss|featured|featured posts|featured stories|in case you missed it|icymi|next article|previous article|next post|previous post|next story|previous story|older posts|newer posts|post navigation
share|share this|share this article|share this story|share this post|share this page|share this with|share this with friends|share on facebook|share on twitter|share on x|share on linkedin|share on whatsapp|share on reddit|share on pinterest|share via email|share article|share via|share it|share your thoughts|tweet|tweet this|retweet|pin it|like|like us|like this|like this article|like loading|facebook|twitter|instagram|whatsapp|linkedin|pinterest|reddit|telegram|tiktok|youtube|flipboard|email|e-mail|e-mail this|email this|e-mail to a friend|email to a friend|email this article|e-mail this article|send to a friend|print|print this|print this article|print article|copy link|copy url|link copied|save|save article|save this article|save for later|bookmark|gift this article|give this article|listen to this article|listen to article|follow|follow us|follow me|connect with us|stay connected|get in touch|find us on facebook|join us
comment|comments|add a comment|add comment|leave a comment|leave a reply|post a comment|view comments|view all comments|read comments|join the conversation|join the discussion|have your say|what do you think|tell us what you think|comments are closed|no comments|0 comments|comments (0)|reply|report abuse|report this ad|report an error|flag|flag as inappropriate
subscribe|subscribe now|subscribe today|subscribe to our newsletter|subscribe to newsletter|sign up|sign up now|sign up here|sign up today|sign up for our newsletter|sign up for our newsletters|sign up for our free newsletter|sign up for free|register|register now|log in|login|sign in|log out|newsletter|newsletters|our newsletter|get our newsletter|get the newsletter|donate|donate now|support us|support our journalism|become a member|become a supporter|start your free trial|thank you for subscribing|unsubscribe|enter your email|email address|your email address
home|menu|search|close|skip to content|skip to main content|skip to navigation|skip to main|back to top|return to top|top|navigation|site map|sitemap|about us|contact us|contact|privacy policy|privacy|cookie policy|cookies|cookie settings|accept cookies|accept all cookies|accept|terms of use|terms of service|terms and conditions|terms|terms & conditions|advertise|advertise with us|careers|help|faq|feedback|rss|rss feed|subscribe to rss|accessibility|do not sell my personal information|all rights reserved|about the author|about author|author|tags|topics|categories|filed under|filed to|keywords|loading|loading...|please wait|photo|photos|photo gallery|gallery|view gallery|view photos|view slideshow|slideshow|slide show|image|video|videos|watch video|watch the video|play video|video player|expand|enlarge|enlarge image|enlarge this image|hide caption|toggle caption|caption|fullscreen|view full size|permalink|trackback|embed|transcript|source|sources|via
";

/// Lines that open a list of links to other articles; what follows them at the end of a text is furniture too.
const OPENERS: &str = "must read|must reads|must-read|must-reads|related|related post|related posts|related article|related articles|related story|related stories|related content|related links|related topics|related news|related coverage|related reading|read more|read next|read also|also read|see also|more on this story|more on this topic|more stories|more news|more like this|you may also like|you might also like|recommended|recommended for you|recommended reading|recommended stories|what to read next|top stories|latest news|latest stories|latest posts|recent posts|recent articles|most popular|most read|most viewed|popular posts|trending|trending now|editor's picks|editor’s picks|editors' picks|don't miss|don’t miss|in case you missed it|next article|previous article|comments|leave a reply|leave a comment|tags|topics|from around the web|around the web|up next|share this|share this article|share this story";

static LABEL_SET: LazyLock<HashSet<&str>> =
    LazyLock::new(|| LABELS.split(['|', '\n']).filter(|label| !label.is_empty()).collect());
static OPENER_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| OPENERS.split('|').collect());

/// Requests, credits and notices whose words leave no doubt wherever they stand, as long as the line is short.
const ANYWHERE: [&str; 23] = [
    r"(?i)^follow\s.{1,160}\son\s(?:twitter|facebook|instagram|linkedin|youtube|tiktok|threads|x|bluesky|mastodon|telegram|whatsapp|google\snews|social\smedia)(?-u:\b)",
    r"(?i)^(?:follow|like|find|join|connect\swith|visit)\s(?:us|me|our\spage)(?-u:\b).{0,80}(?-u:\b)(?:twitter|facebook|instagram|linkedin|youtube|tiktok|threads|x|bluesky|telegram|whatsapp|page|channel|here)(?-u:\b)",
    r"(?i)^like\s(?:us|the\spage|our\spage)(?-u:\b)|(?-u:\b)like\sthe\spage:?$",
    r"(?i)^(?:sign\sup|subscribe|register)\s(?:for|to|here|now|today)(?-u:\b).{0,90}(?-u:\b)(?:newsletters?|updates?|alerts?|email|e-mail|e-mails|emails|inbox|podcasts?|briefings?|channel|digest|here)(?-u:\b)",
    r"(?i)^for\s(?:more|the\slatest)(?-u:\b).{0,60}(?-u:\b)(?:sign\sup|subscribe|download\sour\sapp|check\sout|follow\sus|visit\sour|click\shere)(?-u:\b)",
    r"(?i)^get\s(?:the|our|all\sthe|more)(?-u:\b).{0,80}(?-u:\b)(?:newsletters?|in\syour\sinbox|to\syour\sinbox|delivered|alerts|our\sapp)(?-u:\b)",
    r"(?i)^(?:download|get)\s(?:our|the)(?-u:\b).{0,40}(?-u:\b)app(?-u:\b)",
    r"(?i)^click\shere(?-u:\b)|^tap\shere(?-u:\b)",
    r"(?i)^(?:catch\sup|(?:see|find|read)\smore|more)(?-u:\b).{0,60}(?-u:\b)here$",
    r"(?i)^(?:read\smore|read\salso|also\sread|read\snext|must\sread|see\salso|related(?:\s\w+)?|more|watch|listen|recommended|don.t\smiss|in\spictures|in\sphotos|photos|gallery|video|up\snext|trending|sponsored)\s?[:»|]\s?\S",
    r"(?i)^(?:©|\(c\)\s?(?:19|20)\d\d|copyright\s(?:©|\(c\)|(?:19|20)\d\d|by(?-u:\b)))",
    r"(?i)(?-u:\b)all\srights\sreserved\.?$",
    r"(?i)^(?:this\smaterial|the\sassociated\spress\scontributed|material\sfrom\sthis)(?-u:\b).{0,60}(?-u:\b)(?:may\snot\sbe\spublished|contributed\sto\sthis)(?-u:\b)",
    r"(?i)(?-u:\b)contributed\s(?:to\s(?:this|the)\s(?:report|story|article|piece|post)|reporting)(?-u:\b)[^.]{0,60}\.?$",
    r"(?i)^\(?(?:additional\s)?(?:reporting|writing|editing|compiled|edited|written)\sby\s[^.]{3,180}[.)]*$",
    r"(?i)^(?:photo|photograph|image|picture|photos|images|illustration|graphic|video)(?:\scredits?|\scourtesy(?:\sof)?|\sby)?\s?[:/]\s?\S",
    r"(?i)^[(\[]?(?:getty(?:\simages)?|(?:ap|afp|epa)\sphotos?(?-u:\b).{0,60}|(?:reuters|afp|ap|epa)/[^.]{2,60})[)\].]*$",
    r"(?i)^want\sto(?-u:\b).{0,90}(?-u:\b)(?:subscription|subscribe|newsletter|bookmark)(?-u:\b)",
    r"(?i)^our\sstandards\s?:",
    r"(?i)^h/t(?-u:\b)|^hat\stip:",
    r"(?i)^this\s(?:article|story|post|piece|report|page)\s(?:was|has\sbeen|is|originally|first)\s(?:\w+\s){0,2}(?:updated|published|appeared|republished|posted|syndicated|produced)(?-u:\b)",
    r"(?i)^(?:e-?mail|send|share|tell\sus)\s(?:this|your|it|to\sa\sfriend|the)(?-u:\b).{0,60}(?-u:\b)(?:friend|friends|article|story|thoughts|views|experiences?|photos|videos?|images|stories|comments)(?-u:\b)[^.]*$",
    r"(?i)^(?:tags|topics|filed\sunder|categories|keywords|posted\sin|share\son|share\sthis)\s?:",
];

/// The same, for lines that could be an article's own words: only near the end, or as a link that lacks a full stop.
const NEAR_END: [&str; 9] = [
    r"(?i)^(?:read|see|view|watch|listen\sto|hear|click|check\sout|browse|explore|visit|discover)\s(?:more|all|also|the|our|this|full|on|how|why|what|where|photos|images|video|pictures|related|original|a\s)(?-u:\b).{0,100}$",
    r"(?i)^(?:follow|subscribe|sign\sup|register|join|download|donate|support|share|contact|get\sin\stouch)(?-u:\b).{0,120}$",
    r"(?i)^(?:have|got|do\syou\shave)\s(?:a|any|something|an)(?-u:\b).{0,60}(?-u:\b)(?:tip|story|news|question|comment|correction|to\sadd)(?-u:\b).{0,100}$",
    r"(?i)^(?:more|news|stories|articles|coverage)\s(?:from|on|about|by)(?-u:\b).{0,80}$",
    r"(?i)^what\s(?:do|did)\syou\sthink(?-u:\b).{0,120}$",
    r"(?i)^(?:to\scontact|contact)\s(?:the\s)?(?:reporter|author|editor|writer|us)(?-u:\b)",
    r"(?i)^[\w.\s]{2,40}\sis\s(?:a|an|the)\s[^.]{0,60}(?-u:\b)(?:reporter|correspondent|columnist|staff\swriter|contributor|freelance\sjournalist)(?-u:\b)[^.]{0,60}(?-u:\b)follow(?-u:\b)",
    r"(?i)^(?:you\scan\s)?(?:email|e-mail|reach|write\sto)\s(?:the\s(?:author|reporter)|us|me|him|her|them)(?-u:\b).{0,60}@",
    r"(?i)^(?:posted|published|updated|last\supdated|last\smodified)\s?(?:on|at|by|:)\s.{3,60}$",
];

/// The first words of lines that the patterns can match, in lower case: a cheap test before the expensive ones.
const FIRST_WORDS: &str = "follow like find join connect visit sign subscribe register for get download click tap catch read also must see related more watch \
    listen recommended don't don’t in photo photos picture pictures image images illustration graphic gallery video up trending sponsored © (c) copyright \
    material additional (additional reporting (reporting writing (writing editing (editing compiled (compiled edited (edited written (written photograph \
    getty (getty [getty ap (ap [ap afp afp/ (afp (afp/ reuters/ epa (epa hat this e-mail email send share tell tags topics filed categories keywords posted \
    want our view hear check browse explore discover donate support contact have got do news stories articles coverage what to you reach write published \
    updated last";

/// Words near the end of a line that the patterns can match whatever the line begins with.
const LAST_WORDS: [&str; 4] = ["contributed", "reserved", "the page", "follow"];

static FIRST_WORD_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| FIRST_WORDS.split_whitespace().collect());

/// Whether it is worth trying the patterns on a line.
fn is_suspect(line: &str) -> bool {
    let first = line.split(|c: char| c.is_whitespace() || ":|»".contains(c)).next().unwrap_or_default().to_lowercase();
    FIRST_WORD_SET.contains(first.as_str())
        || first.starts_with('©')
        || first.contains('/')
        || LAST_WORDS.iter().any(|word| line.contains(word))
}

static ANYWHERE_SET: LazyLock<RegexSet> = LazyLock::new(|| RegexSet::new(ANYWHERE).expect("valid patterns"));
static NEAR_END_SET: LazyLock<RegexSet> = LazyLock::new(|| RegexSet::new(NEAR_END).expect("valid patterns"));
/// What is left of style sheets and tags when a page is scraped badly.
static STYLE_SHEET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[.#@]?[\w.,#:>()\s-]*\{$|^[a-z-]+\s?:\s?[^;.]{1,60};$|^\}[.;]?$|^(?:<[^>]*>\s*)+[.]?$")
        .expect("a valid pattern")
});

/// Whether a line (or wrapped paragraph) is furniture.
pub(crate) fn is_furniture(line: &str, place: Place) -> bool {
    if !line.chars().any(char::is_alphanumeric) {
        return true;
    }
    if line.len() > LONGEST {
        return false;
    }
    if is_label(line) || (line.contains(['{', '}', ';', '<']) && STYLE_SHEET.is_match(line)) {
        return true;
    }
    if !is_suspect(line) {
        return false;
    }
    // What somebody says is never furniture.
    if line.contains(['“', '”']) && !line.contains('»') {
        return false;
    }
    let words = line.trim_end_matches(['»', '>', '›', '→', '…', ' ', '\u{a0}']);
    let arrow = words.len() < line.len() && line.ends_with(['»', '›', '→', '>']);
    ANYWHERE_SET.is_match(words)
        || ((place == Place::NearEnd || arrow || is_open(words))
            && is_one_sentence(words)
            && NEAR_END_SET.is_match(words))
}

/// Whether a line opens a list of links to other articles.
pub(super) fn opens_links(line: &str) -> bool {
    OPENER_SET.contains(normal(line).as_str()) || normal(line).starts_with("more from ")
}

fn is_label(line: &str) -> bool {
    line.len() <= 60 && LABEL_SET.contains(normal(line).as_str())
}

/// Lower case, single spaces, no marks at the ends.
fn normal(line: &str) -> String {
    let marks = |c: char| c.is_whitespace() || ":.…»«›‹>→|-–—*•[]()+▼▶►!#_=~".contains(c);
    let words = line.trim_matches(marks).to_lowercase();
    if words.contains("  ") || words.contains(['\u{a0}', '\n', '\t']) {
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        words
    }
}

/// Without a closing mark: a label or a link rather than a sentence.
fn is_open(words: &str) -> bool {
    words.ends_with(|c: char| c.is_alphanumeric())
}

fn is_one_sentence(words: &str) -> bool {
    let words = words.trim_end_matches(['.', '!', '?']);
    ![". ", "! ", "? "].iter().any(|end| words.contains(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_requests_and_credits_are_furniture() {
        for line in [
            "Must read",
            "MUST READ:",
            "Related Posts",
            "Advertisement",
            "— ADVERTISEMENT —",
            "Story continues below",
            "Catch up on more articles here",
            "Follow us on Twitter here",
            "Follow Jane Doe on Twitter @janedoe.",
            "Share this:",
            "Sign up for our newsletter",
            "Sign up for the Morning Bridge newsletter.",
            "Read more: How the bridge was closed",
            "© 2022 The Harbour Times. All rights reserved.",
            "Copyright 2022 by the Harbour Times",
            "CNN's Jane Doe and John Roe contributed to this report.",
            "(Reporting by Jane Doe; Editing by John Roe)",
            "Photo: Jane Doe/Harbour Times",
            "This article has been updated with a statement of the council.",
            "See photos of the bridge »",
            "***",
            ".bridge-wrap img {",
            "text-align: left;",
        ] {
            assert!(is_furniture(line, Place::Within), "{line}");
        }
    }

    #[test]
    fn sentences_that_begin_like_furniture_are_not() {
        for line in [
            "Read more books, the minister told the pupils.",
            "Follow the money and you find the bridge.",
            "Share prices fell on Monday after the bridge closed.",
            "More than ten thousand people crossed the bridge.",
            "For more than ten years the bridge was closed.",
            "Watch out for ice, the council warned drivers.",
            "Sign language is taught at the school.",
            "“Follow us,” she said.",
            "Related companies were fined as well.",
            "Email inquiries about the bridge have doubled.",
            "The photo was taken by a driver.",
            "He shared a photo by mail.",
        ] {
            assert!(!is_furniture(line, Place::Within), "{line}");
        }
    }

    #[test]
    fn near_the_end_less_evidence_suffices() {
        let line = "Subscribe to The Bridge for daily reports.";
        assert!(is_furniture(line, Place::NearEnd) && !is_furniture("The bridge will open on Monday.", Place::NearEnd));
    }
}
