//! Links that open a page at the quoted words (URL text fragments, WICG draft "Text Fragments", `#:~:text=`).

use std::fmt::Write;

/// Quotations of up to this many words are named whole; longer ones by their first and last words.
const WHOLE_WORDS: usize = 8;
/// How many words name each end of a longer quotation: enough to be unique on a page, short enough for a link.
const END_WORDS: usize = 4;

/// `url` with a text fragment for `quoted`, so that a browser scrolls to the words and marks them.
///
/// A fragment that the address already has is kept in front, as the draft asks. Anything but `http` and `https` is
/// returned as it is.
///
/// ```
/// use byline::reply::text_fragment;
/// assert_eq!(
///     text_fragment("https://example.org/a", "Costs rose, again - by 5%."),
///     "https://example.org/a#:~:text=Costs%20rose%2C%20again%20%2D%20by%205%25%2E",
/// );
/// ```
#[must_use]
pub fn text_fragment(url: &str, quoted: &str) -> String {
    let words: Vec<&str> = quoted.split_whitespace().collect();
    if words.is_empty() || !(url.starts_with("http://") || url.starts_with("https://")) {
        return url.to_owned();
    }
    let mut link = url.split(":~:").next().unwrap_or(url).to_owned();
    if !link.contains('#') {
        link.push('#');
    }
    link.push_str(":~:text=");
    if words.len() <= WHOLE_WORDS {
        encode(&words.join(" "), &mut link);
    } else {
        encode(&words[..END_WORDS].join(" "), &mut link);
        link.push(',');
        encode(&words[words.len() - END_WORDS..].join(" "), &mut link);
    }
    link
}

/// Percent-encodes everything but letters and digits: `-`, `,` and `&` have a meaning in text fragments, and the rest is
/// safest encoded in chat messages too (no mark-up character of any surface survives).
fn encode(words: &str, link: &mut String) {
    for byte in words.bytes() {
        if byte.is_ascii_alphanumeric() {
            link.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(link, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_quotation_is_named_by_its_ends() {
        let words = "one two three four five six seven eight nine ten";
        assert_eq!(
            text_fragment("https://example.org/a", words),
            "https://example.org/a#:~:text=one%20two%20three%20four,seven%20eight%20nine%20ten"
        );
    }

    #[test]
    fn keeps_the_fragment_that_an_address_has() {
        assert_eq!(text_fragment("https://example.org/a#part-2", "né"), "https://example.org/a#part-2:~:text=n%C3%A9");
        assert_eq!(text_fragment("https://example.org/#:~:text=old", "new"), "https://example.org/#:~:text=new");
    }

    #[test]
    fn leaves_other_addresses_alone() {
        assert_eq!(text_fragment("file:///tmp/a.html", "words"), "file:///tmp/a.html");
        assert_eq!(text_fragment("https://example.org/", "  "), "https://example.org/");
    }
}
