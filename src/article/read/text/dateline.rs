//! Where agency text begins: "(CNN) --", "WASHINGTON (AP) —", "MADRID, Spain --".

/// The longest dateline, in bytes.
const LONGEST: usize = 90;
/// The longest name of an agency in brackets, in bytes.
const LONGEST_AGENCY: usize = 30;

/// Where the text after a dateline begins, if `line` has one.
pub(super) fn end(line: &str) -> Option<usize> {
    let head = &line[..line.floor_char_boundary(LONGEST)];
    let (at, dash) = ["--", "—", "–", " - "].into_iter().filter_map(|dash| Some((head.find(dash)?, dash))).min()?;
    let place = head[..at].trim_end();
    let rest = &line[at + dash.len()..];
    let is_dateline = match place.strip_suffix(')') {
        Some(open) => {
            let (place, agency) = open.rsplit_once('(')?;
            agency.starts_with(char::is_uppercase) && agency.len() <= LONGEST_AGENCY && is_place(place)
        }
        // Without an agency: a town in capitals, or a town and its country.
        None => {
            let parted = head[..at].ends_with(' ') && rest.starts_with(' ') && dash != " - ";
            let town = place.split(',').next().unwrap_or_default();
            let shouted =
                town.chars().filter(|c| c.is_alphabetic()).count() >= 3 && !town.chars().any(char::is_lowercase);
            parted && is_place(place) && !place.is_empty() && (shouted || place.contains(','))
        }
    };
    is_dateline.then(|| line.len() - rest.trim_start().len())
}

/// Names of places, a date perhaps: capitalised words, or nothing at all.
fn is_place(words: &str) -> bool {
    words
        .split_whitespace()
        .all(|word| word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit()) || word.len() <= 3)
        && !words.contains(['“', '”', '"', '!', '?', ':', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datelines_end_where_the_text_begins() {
        for line in [
            "(CNN) -- It rained.",
            "WASHINGTON (AP) — It rained.",
            "LONDON, England (CNN)  -- It rained.",
            "NEW YORK, March 4 (Reuters) - It rained.",
            "MADRID, Spain -- It rained.",
            "TALLAHASSEE — It rained.",
        ] {
            assert_eq!(end(line).map(|at| &line[at..]), Some("It rained."), "{line}");
        }
    }

    #[test]
    fn titles_and_sentences_with_dashes_are_none() {
        for line in [
            "Bridge closed — mayor resigns",
            "The mayor (who had warned of it) -- and others -- left.",
            "The mayor — who had warned of it — left.",
            "Mayor: bridge is shut",
            "It rained.",
            "",
        ] {
            assert_eq!(end(line), None, "{line}");
        }
    }
}
