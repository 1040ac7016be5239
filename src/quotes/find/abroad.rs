//! Direct quotations in German, French, Spanish, Dutch and Italian, by rules: words in marks and the verb of speech beside
//! them. Indirect speech is found in English only.
//!
//! - "„…“, sagte Anna Lehmann", "« … », a déclaré Anne Leroy": the verb follows, then who speaks.
//! - "Anna Lehmann sagte: „…“": a colon, and before it the verb with whoever speaks on either side.
//! - "„…“, so Lehmann", "selon Anne Leroy, « … »": a word that attributes without a verb.
//! - "„A“, sagte sie. „B.“": what follows all in marks goes on.

use std::ops::Range;

use super::tokens::View;
use super::{Found, LOOSE_WORDS, Rule};
use crate::article::Span;

/// The words of a language that the rules need, in lower case.
struct Words {
    /// Verbs that report speech, finite or as participles.
    verbs: &'static str,
    /// What attributes without a verb and stands before whoever speaks.
    according: &'static str,
    /// Auxiliaries of the perfect.
    auxiliaries: &'static str,
    /// Pronouns for who speaks.
    pronouns: &'static str,
    /// Words that end a noun phrase: prepositions of place and time, conjunctions, days, adverbs.
    ends: &'static str,
    /// Words that link the parts of names and noun phrases, or begin one.
    links: &'static str,
}

const GERMAN: Words = Words {
    verbs: "sagt sagte sagten sagen gesagt erklärt erklärte erklärten betont betonte betonten schreibt schrieb schrieben \
        geschrieben meint meinte meinten fragt fragte fragten gefragt antwortet antwortete geantwortet ruft rief gerufen \
        berichtet berichtete berichteten warnt warnte warnten gewarnt fordert forderte forderten gefordert kritisiert \
        kritisierte ergänzt ergänzte fügt fügte teilt teilte teilten räumt räumte behauptet behauptete versichert versicherte \
        kündigt kündigte lobt lobte klagt klagte äußert äußerte erzählt erzählte hofft hoffte bekräftigt bekräftigte",
    according: "so laut",
    auxiliaries: "hat haben hatte hatten",
    pronouns: "er sie ich wir es",
    ends: "am im in an auf aus bei nach vor mit zu zum zur dem seit über gegen bis für als dass ob wenn weil und aber denn \
        gestern heute morgen montag dienstag mittwoch donnerstag freitag samstag sonntag auch noch dazu weiter hinzu mit ein",
    links: "der des den die das ein eine einer eines von vom van zu de und",
};
const FRENCH: Words = Words {
    verbs: "dit disent déclare déclarent déclaré affirme affirment affirmé explique expliquent expliqué ajoute ajouté assure \
        assuré estime estiment estimé souligne souligné précise précisé écrit répond répondu demande demandé lance lancé \
        raconte raconté confie confié indique indiqué rappelle rappelé insiste insisté regrette regretté conclut conclu \
        poursuit confirme confirmé promet promis annonce annoncé exclame exclamé avertit averti commente commenté plaide",
    according: "selon d'après",
    auxiliaries: "a ont avait avaient est",
    pronouns: "il elle ils elles on je nous",
    ends: "à au aux en dans après avant pour sur lors hier aujourd'hui lundi mardi mercredi jeudi vendredi samedi dimanche par \
        avec que qui et mais devant ce matin soir depuis sous chez",
    links: "le la les l' un une de du des d' von van",
};
const SPANISH: Words = Words {
    verbs: "dijo dice dijeron dicen dicho afirmó afirma afirmaron afirmado aseguró asegura asegurado explicó explica explicado \
        añadió añade añadido señaló señala señalado declaró declara declararon declarado indicó indica indicado manifestó \
        manifestado sostuvo sostiene subrayó subraya subrayado destacó destaca destacado agregó agrega comentó comenta \
        preguntó pregunta respondió responde respondido advirtió advierte advertido contó cuenta contado escribió escribe \
        escrito insistió insiste insistido reconoció reconoce reconocido confesó apuntó apunta criticó critica prometió",
    according: "según",
    auxiliaries: "ha han había habían",
    pronouns: "él ella ellos ellas yo",
    ends: "en a ante tras durante por sobre para con desde hasta cuando que y pero ayer hoy lunes martes miércoles jueves \
        viernes sábado domingo este esta al entre sin",
    links: "el la los las un una de del von van y",
};
const DUTCH: Words = Words {
    verbs: "zei zegt zeiden zeggen gezegd verklaarde verklaart verklaarden verklaard vertelde vertelt vertelden verteld \
        schreef schrijft schreven geschreven vroeg vraagt vroegen gevraagd antwoordde antwoordt geantwoord benadrukte \
        benadrukt stelde stelt stelden gesteld meldde meldt meldden gemeld meent meende vindt vond vonden waarschuwde \
        waarschuwt gewaarschuwd riep roept legde voegde reageerde reageert erkende erkent hoopt hoopte",
    according: "aldus volgens",
    auxiliaries: "heeft hebben had hadden",
    pronouns: "hij zij ze ik wij we",
    ends: "op in bij na tegen tijdens voor met aan over uit om dat en maar toen gisteren vandaag maandag dinsdag woensdag \
        donderdag vrijdag zaterdag zondag ook nog daarna toe tot als",
    links: "de het een van der den ten ter",
};
const ITALIAN: Words = Words {
    verbs: "disse dice dissero dicono detto dichiara dichiarato dichiarò afferma affermato affermò spiega spiegato spiegò \
        aggiunge aggiunto aggiunse scrive scritto scrisse racconta raccontato raccontò sottolinea sottolineato sostiene \
        sostenuto chiede chiesto chiese risponde risposto rispose commenta commentato conclude concluso assicura assicurato \
        avverte avvertito ribadisce ribadito precisa precisato osserva osservato ammette ammesso annuncia annunciato",
    according: "secondo",
    auxiliaries: "ha hanno aveva avevano",
    pronouns: "lui lei egli ella loro io",
    ends: "a al alla ai in nel nella durante dopo prima per su sul con da dal dalla che e ma ieri oggi lunedì martedì mercoledì \
        giovedì venerdì sabato domenica quando davanti tra fra",
    links: "il lo la i gli le l' un uno una di del della dello dei delle degli dell' de von van",
};

/// The words of a language; `None` where these rules know none.
fn words(language: &str) -> Option<&'static Words> {
    Some(match language {
        "de" => &GERMAN,
        "fr" => &FRENCH,
        "es" => &SPANISH,
        "nl" => &DUTCH,
        "it" => &ITALIAN,
        _ => return None,
    })
}

/// Whether quotations of this language are found here.
pub(super) fn speaks(language: &str) -> bool {
    words(language).is_some()
}

fn is_one_of(words: &str, low: &str) -> bool {
    words.split_ascii_whitespace().any(|word| word == low)
}

/// The quotations of an article's paragraphs.
pub(super) fn find(language: &str, views: &[View<'_>]) -> Vec<Found> {
    let Some(words) = words(language) else { return Vec::new() };
    let mut all: Vec<Found> = Vec::new();
    for (index, view) in views.iter().enumerate() {
        // The quotation of the sentence before, and whether it is this paragraph's last one.
        let mut running: Option<usize> = None;
        for sentence in &view.sentences {
            let regions: Vec<usize> =
                sentence.clone().filter(|at| view.region(*at).is_some_and(|r| !r.single)).collect();
            if regions.is_empty() {
                running = None;
                continue;
            }
            let content: Vec<Span> = regions.iter().filter_map(|at| view.region(*at)).map(|r| r.inner).collect();
            let bare = sentence.clone().all(|at| view.get(at).is_some_and(|token| !token.is_word()));
            if let Some(found) = running.filter(|_| bare).and_then(|at| all.get_mut(at)) {
                found.content.extend(content);
                continue;
            }
            running = None;
            if let Some((speaker, cue, rule)) = attribution(view, sentence, &regions, words) {
                let mut found = Found::new(view, content, Some(speaker), Some(cue), rule, sentence.clone());
                found.paragraph = index;
                running = Some(all.len());
                all.push(found);
                continue;
            }
            for at in regions {
                let Some(region) = view.region(at) else { continue };
                if region.inner.of(view.text).split_whitespace().count() >= LOOSE_WORDS {
                    let mut found = Found::new(view, vec![region.inner], None, None, Rule::Loose, at..at + 1);
                    found.paragraph = index;
                    all.push(found);
                }
            }
        }
    }
    all
}

/// Who speaks in a sentence with these regions, by which words, and how that was found.
fn attribution(
    view: &View<'_>,
    sentence: &Range<usize>,
    regions: &[usize],
    words: &Words,
) -> Option<(Range<usize>, Range<usize>, Rule)> {
    let (first, last) = (*regions.first()?, *regions.last()?);
    for at in sentence.clone() {
        let Some(token) = view.get(at).filter(|token| token.is_word()) else { continue };
        let low = &*token.low;
        let after_marks = at > first;
        let beside = before_is_mark(view, at, words, sentence.start);
        // "dit-il", "demande-t-elle".
        if let Some((verb, pronoun)) = low.split_once('-').filter(|_| after_marks && beside) {
            let pronoun = pronoun.strip_prefix("t-").unwrap_or(pronoun);
            if is_one_of(words.verbs, verb) && is_one_of(words.pronouns, pronoun) {
                return Some((at..at + 1, at..at + 1, Rule::RegionBeforeCue));
            }
        }
        let according = is_one_of(words.according, low);
        if !according && (!is_one_of(words.verbs, low) || token.capital && at != sentence.start) {
            continue;
        }
        let cue = group(view, at, sentence.start, words);
        let follows = phrase_after(view, at + 1, sentence.end, words);
        let introduces = (at + 1..last).any(|colon| view.get(colon).is_some_and(|t| t.is(':')));
        if after_marks && beside {
            return Some((follows?, cue, if according { Rule::AccordingTo } else { Rule::RegionBeforeCue }));
        }
        if according && at < first {
            let comma = follows.as_ref().is_some_and(|f| view.get(f.end).is_some_and(|t| t.is(',') || t.is(':')));
            if comma {
                return Some((follows?, cue, Rule::AccordingTo));
            }
        }
        if !according && at < first && introduces {
            let speaker = phrase_before(view, cue.start, sentence.start, words).or(follows)?;
            return Some((speaker, cue, Rule::RegionAfterCue));
        }
    }
    None
}

/// Whether a mark, or a comma after one, stands before the word at `at` and its auxiliary.
fn before_is_mark(view: &View<'_>, at: usize, words: &Words, floor: usize) -> bool {
    let start = group(view, at, floor, words).start;
    let before = |back: usize| start.checked_sub(back).filter(|b| *b >= floor).and_then(|b| view.get(b));
    match before(1) {
        Some(token) if token.region().is_some() => true,
        Some(token) if token.is(',') || token.is('-') || token.is('–') || token.is('—') => {
            before(2).is_some_and(|token| token.region().is_some())
        }
        _ => false,
    }
}

/// A verb with the auxiliary before it.
fn group(view: &View<'_>, verb: usize, floor: usize, words: &Words) -> Range<usize> {
    let mut start = verb;
    while let Some(before) = start.checked_sub(1).filter(|b| *b >= floor) {
        let low = view.low(before);
        if !(is_one_of(words.auxiliaries, low) || matches!(low, "s'est" | "se" | "s'" | "si" | "sich" | "zich")) {
            break;
        }
        start = before;
    }
    start..verb + 1
}

/// The noun phrase that begins at `from`.
fn phrase_after(view: &View<'_>, from: usize, limit: usize, words: &Words) -> Option<Range<usize>> {
    let begins = view.get(from).filter(|token| token.is_word())?;
    if is_one_of(words.pronouns, &begins.low) {
        return Some(from..from + 1);
    }
    if !begins.capital && !is_one_of(words.links, &begins.low) && !elided(&begins.low) {
        return None;
    }
    let mut end = from;
    while end < limit.min(from + LONGEST) {
        let Some(token) = view.get(end).filter(|token| token.is_word()) else { break };
        let stops = is_one_of(words.ends, &token.low) || is_one_of(words.verbs, &token.low);
        if stops && !(token.capital && end == from) {
            break;
        }
        end += 1;
    }
    while end > from && view.get(end - 1).is_some_and(|t| !t.capital && is_one_of(words.links, &t.low)) {
        end -= 1;
    }
    (end > from).then_some(from..end)
}

/// The noun phrase that ends before `end`: everything back to a comma, or to the sentence's start.
fn phrase_before(view: &View<'_>, end: usize, floor: usize, words: &Words) -> Option<Range<usize>> {
    let mut start = end;
    while start > floor && view.get(start - 1).is_some_and(|token| token.is_word()) {
        start -= 1;
    }
    let single = end == start + 1 && is_one_of(words.pronouns, view.low(start));
    if single {
        return Some(start..end);
    }
    let phrase = phrase_after(view, start, end, words)?;
    (phrase.end == end).then_some(phrase)
}

/// "l’avocate", "d’Anne".
fn elided(low: &str) -> bool {
    low.starts_with("l'") || low.starts_with("d'") || low.starts_with("dell'")
}

/// The longest noun phrase, in tokens.
const LONGEST: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(language: &str, text: &str) -> Vec<String> {
        let views = [View::new(text, Span::new(0, text.len()), false)];
        let words = |span: &Span| span.of(text);
        let tell = |found: &Found| {
            let content: Vec<&str> = found.content.iter().map(words).collect();
            format!("{}: {}", found.speaker.as_ref().map_or("?", words), content.join(" / "))
        };
        find(language, &views).iter().map(tell).collect()
    }

    #[test]
    fn direct_speech_in_five_languages() {
        for (language, text, expected) in [
            ("de", "„Die Brücke ist sicher“, sagte Anna Lehmann am Montag.", "Anna Lehmann: Die Brücke ist sicher"),
            (
                "de",
                "»Die Brücke ist sicher«, erklärte die Sprecherin der Stadt.",
                "die Sprecherin der Stadt: Die Brücke ist sicher",
            ),
            ("de", "Anna Lehmann sagte: „Die Brücke ist sicher.“", "Anna Lehmann: Die Brücke ist sicher."),
            ("de", "Am Montag sagte Anna Lehmann: „Die Brücke ist sicher.“", "Anna Lehmann: Die Brücke ist sicher."),
            ("de", "„Die Brücke ist sicher“, so Lehmann.", "Lehmann: Die Brücke ist sicher"),
            ("de", "„Die Brücke“, sagte sie, „ist sicher.“", "sie: Die Brücke / ist sicher."),
            ("fr", "« Le pont est sûr », a déclaré Anne Leroy lundi.", "Anne Leroy: Le pont est sûr"),
            ("fr", "« Le pont est sûr », explique la maire de Lyon.", "la maire de Lyon: Le pont est sûr"),
            ("fr", "Anne Leroy a affirmé : « Le pont est sûr. »", "Anne Leroy: Le pont est sûr."),
            ("fr", "« Le pont est sûr », dit-elle.", "dit-elle: Le pont est sûr"),
            ("fr", "Selon Anne Leroy, « le pont est sûr ».", "Anne Leroy: le pont est sûr"),
            ("es", "«El puente es seguro», dijo Ana López el lunes.", "Ana López: El puente es seguro"),
            (
                "es",
                "“El puente es seguro”, ha asegurado la portavoz del ayuntamiento.",
                "la portavoz del ayuntamiento: El puente es seguro",
            ),
            ("es", "Ana López afirmó: “El puente es seguro”.", "Ana López: El puente es seguro"),
            ("nl", "“De brug is veilig”, zei Jan de Vries maandag.", "Jan de Vries: De brug is veilig"),
            ("nl", "“De brug is veilig”, aldus de burgemeester.", "de burgemeester: De brug is veilig"),
            ("nl", "Jan de Vries zei: “De brug is veilig.”", "Jan de Vries: De brug is veilig."),
            ("it", "«Il ponte è sicuro», ha detto Anna Rossi lunedì.", "Anna Rossi: Il ponte è sicuro"),
            ("it", "«Il ponte è sicuro», spiega la sindaca di Lucca.", "la sindaca di Lucca: Il ponte è sicuro"),
            ("it", "Anna Rossi ha dichiarato: «Il ponte è sicuro».", "Anna Rossi: Il ponte è sicuro"),
        ] {
            assert_eq!(read(language, text), [expected], "{text}");
        }
    }

    #[test]
    fn it_goes_on_and_what_nobody_claims_has_no_speaker() {
        assert_eq!(
            read("de", "„Die Brücke ist sicher“, sagte Lehmann. „Wir haben sie geprüft.“"),
            ["Lehmann: Die Brücke ist sicher / Wir haben sie geprüft."]
        );
        assert_eq!(read("fr", "Le film « Le vieux pont du village » a plu."), ["?: Le vieux pont du village"]);
        assert_eq!(read("es", "La película «El puente» gustó."), Vec::<String>::new());
        assert_eq!(read("en", "“It is safe,” she said."), Vec::<String>::new());
    }
}
