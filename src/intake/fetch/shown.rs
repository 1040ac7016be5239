//! Foreign words made fit to be shown: nothing that a terminal or a log obeys, and never more than a line.

use url::Url;

/// The longest piece of a foreign text that is shown, in characters.
const MAX_SHOWN: usize = 120;

/// `text` without control characters and the marks that turn the direction of writing, cut to a line.
pub(crate) fn plain(text: &str) -> String {
    let mut out: String = text.chars().take(MAX_SHOWN).map(|c| if is_unfit(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        out.push('…');
    }
    out
}

/// An address to be shown: its query is left out, because it may hold a secret, and so is everything behind it.
pub(crate) fn address(url: &Url) -> String {
    let query = if url.query().is_some() { "?…" } else { "" };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    plain(&format!("{}://{}{port}{}{query}", url.scheme(), url.host_str().unwrap_or_default(), url.path()))
}

fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_replaced_and_long_text_cut() {
        assert_eq!(plain("a\u{1b}[31mb\r\nc\u{202e}d"), "a\u{fffd}[31mb\u{fffd}\u{fffd}c\u{fffd}d");
        assert_eq!(plain(&"x".repeat(500)).chars().count(), MAX_SHOWN + 1);
    }

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        let url = Url::parse("https://u:word@news.example:8443/feed%0a?token=abc#part").unwrap();
        assert_eq!(address(&url), "https://news.example:8443/feed%0a?…");
    }
}
