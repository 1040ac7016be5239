//! What someone is, as the article says beside their name: "the county engineer, Ann Lee", "Ann Lee, the mayor of Exton".

use std::collections::HashSet;
use std::sync::LazyLock;

use super::bodies;
use super::find::tokens::Token;
use super::given_names::Gender;
use super::lexicon;

/// The most words that a role is looked for in.
const REACH: usize = 9;

/// The role that ends before token `name`: "the chair of the trust, | Ann Lee", "the fishmonger | Ann Lee".
pub(super) fn before(tokens: &[Token<'_>], name: usize) -> Option<Vec<String>> {
    let comma = name.checked_sub(1).filter(|at| tokens.get(*at).is_some_and(|t| t.is(',')));
    // "the mayor of | Exton", "the bakery in | Exton": that is not Exton.
    if name.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|t| ties(&t.low)) {
        return None;
    }
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

/// The role that the sentence gives: "Ann Lee| was sworn in as sheriff", "Ann Lee| is the mayor of Exton".
pub(super) fn given(tokens: &[Token<'_>], end: usize) -> Option<Vec<String>> {
    let low = |at: usize| tokens.get(at).map_or("", |t| &*t.low);
    let mut at = end;
    let mut made = false;
    while matches!(
        low(at),
        "was"
            | "is"
            | "has"
            | "been"
            | "becomes"
            | "became"
            | "sworn"
            | "elected"
            | "named"
            | "appointed"
            | "in"
            | "as"
            | "a"
            | "an"
            | "the"
    ) && at < end + REACH
    {
        made |= matches!(low(at), "was" | "is" | "became" | "becomes" | "been");
        at += 1;
    }
    let from = at;
    while tokens.get(at).is_some_and(|t| t.is_word() && !t.capital && !lexicon::is_function(&t.low)) && at < from + 3 {
        at += 1;
    }
    let role = role(tokens.get(from..at)?, None)?;
    (made && role.last().is_some_and(|noun| is_occupation(noun) || lexicon::is_title(noun))).then_some(role)
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

/// Occupations and offices that are no titles for the lexicon of speech and yet may stand before a name at the beginning of a
/// sentence.
const OCCUPATIONS: &str = "trainer striker goalkeeper midfielder defender captain skipper usher vicar pastor inspector constable \
    historian pupil student baker butcher builder carpenter plumber electrician gardener fisherman shepherd novelist poet painter \
    sculptor photographer composer conductor pianist violinist violist drummer guitarist dancer choreographer designer architect \
    surveyor biologist chemist physicist geologist astronomer mathematician archaeologist botanist zoologist psychologist sociologist \
    surgeon midwife paramedic veterinarian vet curator librarian headteacher headmaster headmistress principal dean provost rector \
    registrar treasurer accountant banker broker trader grocer shopkeeper innkeeper landlord publican waiter cook chef barista \
    hairdresser tailor cobbler jeweller mechanic technician machinist miner docker sailor pilot astronaut firefighter policeman \
    policewoman soldier ranger forester beekeeper dairyman miller brewer winemaker cyclist runner swimmer sprinter jockey boxer \
    golfer skier climber umpire referee commentator presenter broadcaster blogger publisher translator interpreter barrister solicitor \
    magistrate juror defendant plaintiff claimant campaigner volunteer organiser organizer pensioner retiree widow widower neighbour \
    neighbor grandmother grandfather cousin uncle aunt nephew niece";

static ALL_OCCUPATIONS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| OCCUPATIONS.split_whitespace().collect());

/// Whether a word (in lower case) says what somebody does.
pub(super) fn is_occupation(low: &str) -> bool {
    ALL_OCCUPATIONS.contains(low) || lexicon::is_role(low) && !bodies::is_body(low)
}

/// What a role tells of who has it.
pub(super) fn gender(noun: &str) -> Option<Gender> {
    match noun {
        "husband" | "son" | "brother" | "father" | "grandfather" | "uncle" | "nephew" | "widower" | "king" | "man"
        | "boy" | "businessman" | "chairman" | "spokesman" | "policeman" | "fisherman" | "headmaster" | "actor"
        | "monk" => Some(Gender::Man),
        "wife" | "daughter" | "sister" | "mother" | "grandmother" | "aunt" | "niece" | "widow" | "queen" | "woman"
        | "girl" | "businesswoman" | "chairwoman" | "spokeswoman" | "policewoman" | "midwife" | "headmistress"
        | "actress" | "nun" => Some(Gender::Woman),
        _ => None,
    }
}

/// Words of a role that do not tell which one it is: "the new mayor" is the mayor.
pub(super) fn is_passing(low: &str) -> bool {
    matches!(
        low,
        "new" | "newly" | "elected" | "current" | "outgoing" | "incoming" | "longtime" | "veteran" | "young" | "old"
    )
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
            ("said the mayor of Lee", ""),
            ("the old bakery in Lee", ""),
        ] {
            let mut words = Vec::new();
            tokens::words(text, Span::new(0, text.len()), &mut words);
            let name = words.iter().position(|t| t.low == "lee").expect("Lee is named");
            let found = before(&words, name).or_else(|| after(&words, name + 1)).unwrap_or_default();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }
}
