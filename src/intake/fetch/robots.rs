//! robots.txt (RFC 9309): which pages a site closes to us.

use url::Url;

use super::policy::ROBOTS_NAME;

/// How much of a robots.txt is read, in bytes; RFC 9309, 2.5 asks for at least 500 KiB.
pub(super) const MAX_BYTES: usize = 512 * 1024;

/// The most rules of a file that are kept. The largest news sites have some hundreds.
const MAX_RULES: usize = 5000;

/// The longest pattern that is kept, in bytes.
const MAX_PATTERN_BYTES: usize = 1024;

/// The rules of a site that are for us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Robots {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    pattern: String,
    allow: bool,
}

impl Robots {
    /// Reads a robots.txt: the groups that name us, or else those for everyone.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (mut ours, mut everyones) = (Vec::new(), Vec::new());
        let (mut named, mut everyone, mut in_agents, mut found) = (false, false, false, false);
        for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
            let Some((key, value)) = line.split('#').next().unwrap_or_default().split_once(':') else { continue };
            let value = value.trim();
            let allow = match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    // Agents that follow one another share the rules that come after.
                    if !in_agents {
                        (named, everyone, in_agents) = (false, false, true);
                    }
                    let end =
                        value.find(|c: char| !c.is_ascii_alphabetic() && c != '-' && c != '_').unwrap_or(value.len());
                    everyone |= value == "*";
                    named |= value.get(..end).is_some_and(|name| name.eq_ignore_ascii_case(ROBOTS_NAME));
                    found |= named;
                    continue;
                }
                "allow" => true,
                "disallow" => false,
                _ => continue,
            };
            in_agents = false;
            if value.is_empty() || value.len() > MAX_PATTERN_BYTES {
                continue;
            }
            for (belongs, rules) in [(named, &mut ours), (everyone, &mut everyones)] {
                if belongs && rules.len() < MAX_RULES {
                    rules.push(Rule { pattern: normal(value), allow });
                }
            }
        }
        Self { rules: if found { ours } else { everyones } }
    }

    /// Whether `url` may be fetched: the longest pattern that matches decides, and at a tie the one that allows.
    pub(super) fn allows(&self, url: &Url) -> bool {
        let path = match url.query() {
            Some(query) => normal(&format!("{}?{query}", url.path())),
            None => normal(url.path()),
        };
        let matching = self.rules.iter().filter(|rule| matches(&rule.pattern, &path));
        path == "/robots.txt"
            || matching.max_by_key(|rule| (rule.pattern.len(), rule.allow)).is_none_or(|rule| rule.allow)
    }

    /// Roughly how many bytes it takes to keep.
    pub(super) fn weight(&self) -> usize {
        self.rules.iter().map(|rule| rule.pattern.len() + size_of::<Rule>()).sum::<usize>() + size_of::<Self>()
    }
}

/// A path as it is compared (RFC 9309, 2.2.2): characters beyond ASCII as percent-encoded octets, unreserved ones as they
/// are, and the digits of octets in capitals.
fn normal(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let bytes = path.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let octet = match (byte, digit(at), digit(at + 1)) {
            (b'%', Some(high), Some(low)) => {
                at += 2;
                u8::try_from(high * 16 + low).unwrap_or(byte)
            }
            (b'!'..=b'~', ..) => {
                out.push(char::from(byte));
                continue;
            }
            _ => byte,
        };
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

/// Whether `pattern`, in which `*` stands for anything and a last `$` for the end, matches the start of `path`. The work
/// grows with the path, not with what the stars could stand for.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, to_end) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return !to_end || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if to_end && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        // The first place is the best: it leaves the most for what follows.
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allows(robots: &str, path: &str) -> bool {
        let url = Url::parse("https://news.example").unwrap().join(path).unwrap();
        Robots::parse(robots.as_bytes()).allows(&url)
    }

    #[test]
    fn the_group_that_names_us_is_ours_and_else_everyones() {
        let robots = "User-agent: *\nDisallow: /\n\nUser-Agent: other\nUser-agent: byline\nDisallow: /private\n";
        assert!(allows(robots, "/news") && !allows(robots, "/private/1"));
        assert!(!allows("User-agent: *\nDisallow: /a", "/a") && allows("User-agent: *\nDisallow: /a", "/b"));
        assert!(allows("User-agent: otherbot\nDisallow: /", "/a"));
        assert!(!allows("User-agent: BYLINE/2.0\nDisallow: /", "/a"));
        assert!(allows("User-agent: bylines\nDisallow: /", "/a"));
        assert!(allows("User-agent: Byline\nDisallow:\n\nUser-agent: *\nDisallow: /", "/a"));
    }

    #[test]
    fn groups_of_one_name_are_one_and_other_lines_part_nothing() {
        let robots = "User-agent: byline\nDisallow: /a\nSitemap: https://x/\nUser-agent: *\nDisallow: /\nuser-agent: Byline\nDisallow: /b";
        assert!(!allows(robots, "/a") && !allows(robots, "/b") && allows(robots, "/c"));
        let shared = "User-agent: x\nCrawl-delay: 3\nUser-agent: byline\nDisallow: /a";
        assert!(!allows(shared, "/a"));
    }

    #[test]
    fn the_longest_pattern_decides_and_at_a_tie_the_open_one() {
        let robots = "User-agent: *\nDisallow: /news\nAllow: /news/open\nDisallow: /news/open/not";
        assert!(!allows(robots, "/news/1") && allows(robots, "/news/open/1") && !allows(robots, "/news/open/not"));
        assert!(allows("User-agent: *\nDisallow: /a\nAllow: /a", "/a"));
        assert!(allows("User-agent: *\nDisallow: /", "/robots.txt"));
    }

    #[test]
    fn stars_and_ends() {
        for (pattern, path, matched) in [
            ("/*.pdf$", "/a/b.pdf", true),
            ("/*.pdf$", "/a/b.pdf?x", false),
            ("/*.pdf", "/a/b.pdf?x", true),
            ("/a*b*c", "/a-c-b-c", true),
            ("/a*b*c", "/a-c-b", false),
            ("/a$", "/a", true),
            ("/a$", "/ab", false),
            ("*", "/", true),
            ("/a*$", "/abc", true),
            ("/x*ab$", "/xabab", true),
            ("/*?print", "/n?print=1", true),
            ("*$*", "/a", false),
        ] {
            assert_eq!(matches(pattern, path), matched, "{pattern} {path}");
        }
    }

    #[test]
    fn encoded_and_plain_paths_are_the_same_path() {
        assert!(!allows("User-agent: *\nDisallow: /caf\u{e9}", "/caf%c3%a9/1"));
        assert!(!allows("User-agent: *\nDisallow: /%7Ejoe", "/~joe/"));
        assert!(allows("User-agent: *\nDisallow: /a%2fb", "/a/b"));
    }

    #[test]
    fn what_is_no_robots_txt_closes_nothing() {
        for text in ["", "<html><body>Not found</body></html>", "Disallow: /", "\0\u{1}", ":\n:\n"] {
            assert!(allows(text, "/a"), "{text:?}");
        }
        assert!(!allows("\u{feff}user-agent:*\r\rdisallow:/#all\r", "/a"));
    }

    #[test]
    fn endless_rules_take_bounded_room_and_time() {
        let many = "User-agent: *\n".to_owned() + &*"Disallow: /*a*a*a*a*a*a*a*a*a*b\n".repeat(20_000);
        let robots = Robots::parse(many.as_bytes());
        assert!(robots.weight() < 1 << 20);
        assert!(robots.allows(&Url::parse(&format!("http://h/{}", "a".repeat(4000))).unwrap()));
        let long = format!("User-agent: *\nDisallow: /{}", "*a".repeat(MAX_PATTERN_BYTES));
        assert!(Robots::parse(long.as_bytes()).rules.is_empty());
    }

    proptest! {
        #[test]
        fn arbitrary_files_and_paths_are_survived(text in "(?s)(user-agent:|disallow:|allow:|[ -~*$%é\n]){0,40}", path in "[ -~é]{0,40}") {
            let url = Url::parse("http://h/").unwrap().join(&format!("/{path}"));
            if let Ok(url) = url {
                let _ = Robots::parse(text.as_bytes()).allows(&url);
            }
        }

        #[test]
        fn stars_match_as_a_regular_expression_would(pattern in "[ab*]{0,8}[$]?", path in "[ab]{0,10}") {
            let body = pattern.strip_suffix('$').unwrap_or(&pattern);
            let end = if pattern.ends_with('$') { "$" } else { "" };
            let expression = format!("^{}{end}", body.replace('*', ".*"));
            prop_assert_eq!(matches(&pattern, &path), regex::Regex::new(&expression).unwrap().is_match(&path));
        }
    }
}
