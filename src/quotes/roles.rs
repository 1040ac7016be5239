//! What someone is, as the article says beside their name: "the county engineer, Ann Lee", "Ann Lee, the mayor of Exton".

use super::find::tokens::Token;
use super::lexicon;

/// The most words that a role is looked for in.
const REACH: usize = 9;

/// The role that ends before token `name`: "the chair of the trust, | Ann Lee", "the fishmonger | Ann Lee".
pub(super) fn before(tokens: &[Token<'_>], name: usize) -> Option<Vec<String>> {
    let comma = name.checked_sub(1).filter(|at| tokens.get(*at).is_some_and(|t| t.is(',')));
    let mut end = comma.unwrap_or(name);
    let mut at = end;
    let lowest = end.saturating_sub(REACH);
    while at > lowest {
        let token = tokens.get(at - 1)?;
        let ties = |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|t| ties(&t.low));
        if token.low == "'s" || opens(&token.low) {
            // "the chair of | the trust": what is said of the chair only tells which one.
            let owner = if token.low == "'s" { at.checked_sub(3) } else { at.checked_sub(2) };
            if !ties(owner) {
                let owner = at.checked_sub(2).filter(|_| token.low == "'s").and_then(|at| tokens.get(at));
                return role(tokens.get(at..end)?, owner);
            }
        } else if ties(Some(at - 1)) {
            end = at - 1;
        } else if !token.is_word() || lexicon::is_function(&token.low) {
            return None;
        }
        at -= 1;
    }
    None
}

/// The role that begins after token `end`: "Ann Lee|, the union’s secretary,".
pub(super) fn after(tokens: &[Token<'_>], end: usize) -> Option<Vec<String>> {
    tokens.get(end).filter(|t| t.is(','))?;
    let start = end + 1;
    let mut from = start;
    if !tokens.get(start).is_some_and(|t| opens(&t.low)) && tokens.get(start + 1).is_none_or(|t| t.low != "'s") {
        return None;
    }
    for at in start..start + REACH {
        let token = tokens.get(at)?;
        if token.low == "'s" || opens(&token.low) {
            from = at + 1;
        } else if ties(&token.low) || matches!(&*token.low, "who" | "," | "." | ";" | ")") {
            let possessed = from.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|t| t.low == "'s");
            let owner = from.checked_sub(2).filter(|_| possessed).and_then(|at| tokens.get(at));
            return role(tokens.get(from..at)?, owner);
        } else if !token.is_word() || lexicon::is_function(&token.low) {
            return None;
        }
    }
    None
}

/// Words that begin a role.
fn opens(low: &str) -> bool {
    matches!(low, "the" | "a" | "an" | "its" | "his" | "her" | "their" | "our" | "my")
}

/// Prepositions that tell more of the role before them.
fn ties(low: &str) -> bool {
    matches!(low, "of" | "for" | "at" | "in" | "from" | "on" | "with")
}

/// The words of a role, its noun last: in lower case, a verb of speech is none; whose it is stands first, as `union's`.
fn role(tokens: &[Token<'_>], owner: Option<&Token<'_>>) -> Option<Vec<String>> {
    let last = tokens.last()?;
    let noun = last.is_word() && !last.capital && (lexicon::verb(&last.low).is_none() || lexicon::is_role(&last.low));
    (noun && tokens.iter().all(Token::is_word)).then(|| {
        let owner = owner.map(|owner| owned_by(&owner.low));
        owner.into_iter().chain(tokens.iter().map(|t| t.low.to_string())).collect()
    })
}

/// How a role's words tell whose it is.
pub(super) fn owned_by(low: &str) -> String {
    format!("{low}'s")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Span;
    use crate::quotes::find::tokens;

    #[test]
    fn a_role_stands_before_or_after_a_name() {
        for (text, expected) in [
            ("said the county engineer, Lee", "county engineer"),
            ("said the chair of the trust, Lee", "chair"),
            ("The council’s new treasurer, Lee", "council's new treasurer"),
            ("PECU’s chair, Lee", "pecu's chair"),
            ("said the baker Lee", "baker"),
            ("the inspector in charge, Lee", "inspector"),
            ("Lee, the union’s secretary, left", "union's secretary"),
            ("Lee, a teacher from Exton, left", "teacher"),
            ("Lee, who is the boss, left", ""),
            ("On Monday, Lee left", ""),
            ("After it rained on the bridge and road, Lee left", ""),
            ("Lee, the mayor and I left", ""),
        ] {
            let mut words = Vec::new();
            tokens::words(text, Span::new(0, text.len()), &mut words);
            let name = words.iter().position(|t| t.low == "lee").expect("Lee is named");
            let found = before(&words, name).or_else(|| after(&words, name + 1)).unwrap_or_default();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }
}
