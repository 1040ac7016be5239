//! A bound on attributes, checked before the HTML parser sees the text: it compares each attribute of a tag with all before it,
//! so that one tag of a million would keep it for hours.

use super::ReadError;

/// The most comparisons of attributes that the parser may make in a page: under a second of its time. Real pages stay under a
/// hundredth.
const MAX_COMPARED: usize = 300_000_000;

/// How often each byte may be looked at on the way. Tags do not overlap; a `<` in a script may begin what only looks like one.
const MAX_LOOKS: usize = 8;

/// Where a tag has been read to: the states of the HTML standard's tokenizer.
enum In {
    TagName,
    /// Before an attribute.
    Before,
    Name,
    /// After a name and white space: a `=` may follow.
    AfterName,
    /// After a `=`.
    Equals,
    Value,
    /// A value between these marks.
    Quoted(u8),
}

/// Refuses pages whose tags have attributes beyond reason.
///
/// Whatever could begin a tag is taken for one, also within comments, scripts and values: which of them the parser would take
/// for a tag depends on much, and none must be missed.
pub(super) fn check(source: &str) -> Result<(), ReadError> {
    let bytes = source.as_bytes();
    let mut looks = bytes.len().saturating_mul(MAX_LOOKS);
    let mut compared = 0_usize;
    for (at, pair) in bytes.windows(2).enumerate() {
        let begins = pair[0] == b'<' && (pair[1].is_ascii_alphabetic() || pair[1] == b'/');
        if !begins {
            continue;
        }
        let (read, attributes) = tag(bytes.get(at + 1..).unwrap_or_default());
        compared = compared.saturating_add(attributes.saturating_mul(attributes) / 2);
        looks = looks.checked_sub(read).ok_or(ReadError::Attributes)?;
        if compared > MAX_COMPARED {
            return Err(ReadError::Attributes);
        }
    }
    Ok(())
}

/// How many bytes a tag has, from its name on, and how many attributes.
fn tag(bytes: &[u8]) -> (usize, usize) {
    let mut within = In::TagName;
    let mut attributes = 0;
    for (at, byte) in bytes.iter().copied().enumerate() {
        let space = byte.is_ascii_whitespace();
        within = match (within, byte) {
            (In::Quoted(mark), byte) if byte == mark => In::Before,
            (In::Quoted(mark), _) => In::Quoted(mark),
            (_, b'>') => return (at, attributes),
            (In::Equals, b'"' | b'\'') => In::Quoted(byte),
            (In::Equals, _) if space => In::Equals,
            (In::Equals, _) => In::Value,
            (In::Value, _) if !space => In::Value,
            (In::Name | In::AfterName, b'=') => In::Equals,
            (In::Name | In::AfterName, _) if space => In::AfterName,
            (_, b'/') => In::Before,
            (_, _) if space => In::Before,
            (In::TagName, _) => In::TagName,
            (In::Name, _) => In::Name,
            (In::Before | In::AfterName | In::Value, _) => {
                attributes += 1;
                if attributes * attributes / 2 > MAX_COMPARED {
                    return (at, attributes);
                }
                In::Name
            }
        };
    }
    (bytes.len(), attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_attributes_are_counted_wherever_they_stand() {
        for (tag, count) in [
            ("p>", 0),
            ("p a b=c d = 'e f' g=\"h > i\" j>k l", 5),
            ("a/b/c>", 2),
            ("br/>", 0),
            ("p a='b'c=\"d\"e", 3),
            ("p a=b/c d>", 2),
            ("p =a = =b c= d>", 2),
            ("p a = '>' b>", 2),
        ] {
            assert_eq!(super::tag(tag.as_bytes()).1, count, "{tag}");
        }
        let many: String = (0..50_000).map(|n| format!(" a{n}")).collect();
        for page in [
            format!("<p{many}>"),
            format!("<p x='>'{many}>"),
            format!("<!-- <script> --><p{many}"),
            format!("<iframe><a b=\"</iframe><p{many}>"),
            format!("</p{}>", many.replace(' ', "/")),
            format!("<p {}>", many.replace(' ', "='' ")),
            format!("<p{} ", " a".repeat(400)).repeat(10_000),
        ] {
            assert!(check(&page).is_err(), "{}", &page[..60]);
        }
    }

    #[test]
    fn what_never_ends_is_refused_after_a_few_looks() {
        for piece in ["<p", "<p‹", "<p a=\"", "<p a='<b c=\"", "</"] {
            assert!(check(&piece.repeat(200_000)).is_err(), "{piece}");
        }
    }

    #[test]
    fn ordinary_pages_pass() {
        let row = "<div class=\"a b\" id=x data-y='{\"z\": 1}'><a href=/b title='c > d'>e</a></div>\n";
        assert!(check(&row.repeat(50_000)).is_ok());
        let script = "<script>for (var i = 0; i <n; i++) { if (a <b) c(\"d e f\") }</script>";
        assert!(check(&script.repeat(20_000)).is_ok());
        assert!(check(&"a < b and <3 ".repeat(100_000)).is_ok());
        assert!(check("").is_ok());
    }
}
