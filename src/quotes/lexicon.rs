//! Words that the rules know: verbs that report speech, titles, role nouns and function words.
//!
//! All of it was written down from general knowledge of English (and, for verbs after a direct quotation, of German and
//! French); none of it was taken from a data set. Regular verbs are inflected by rule, the others are spelt out.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// How a verb reports, which decides what may follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// "says (that) …", "…, says X".
    Say,
    /// "tells Y (that) …", "tells Y: “…”".
    Tell,
    /// "asks (Y) whether …", "asks Y to …".
    Ask,
    /// "promises (Y) to …" as well as "promises that …".
    Promise,
    /// "believes (that) …": an attitude, reported, perhaps never said.
    Think,
    /// "shows that …": mostly of studies and documents.
    Show,
    /// "calls X “…”", "describes X as …", "accuses X of …".
    Judge,
}

impl Class {
    /// Whether a direct quotation commonly stands with it.
    pub(crate) fn quotes(self) -> bool {
        matches!(self, Self::Say | Self::Tell | Self::Ask | Self::Promise)
    }
}

/// The form of a verb, as far as it decides which subject it can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// "say": after a plural, "to" or a modal.
    Base,
    /// "says".
    Third,
    /// "said": past and, for regular verbs, participle.
    Past,
    /// "written": needs "has" or "was".
    Participle,
    /// "saying".
    Ing,
}

/// A form of a verb that reports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verb {
    /// How it reports.
    pub class: Class,
    /// Which form it is.
    pub form: Form,
}

/// Regular verbs by class.
const REGULAR: [(Class, &str); 7] = [
    (
        Class::Say,
        "add state announce argue claim note report explain tweet retweet declare insist suggest acknowledge reply respond \
         continue conclude assert contend concede predict recall remark comment mention reveal complain joke stress \
         emphasize emphasise testify allege confirm propose caution repeat observe maintain estimate boast exclaim shout \
         yell whisper mutter charge counter pronounce proclaim reiterate retort lament muse opine hint indicate signal \
         affirm attest disclose divulge interject volunteer clarify elaborate grumble gush rail protest theorize speculate \
         reason recount relate blog post email confess disagree quote bellow murmur scoff sneer snap gripe interrupt echo \
         surmise deadpan underscore underline highlight reflect venture object lecture announce summarize tease",
    ),
    (Class::Tell, "assure remind inform warn advise notify alert convince persuade brief"),
    (Class::Ask, "ask inquire question wonder query"),
    (
        Class::Promise,
        "promise pledge threaten urge demand request recommend vow implore encourage order direct instruct press \
                      exhort challenge invite",
    ),
    (
        Class::Think,
        "believe hope fear expect doubt worry assume suspect consider agree realize imagine conclude anticipate wish decide \
         judge presume figure sense reckon",
    ),
    (Class::Show, "indicate demonstrate document detail project calculate determine conclude"),
    (
        Class::Judge,
        "call describe accuse label dub brand denounce criticize criticise praise blast dismiss slam blame characterize \
         characterise condemn mock attack defend reject hail ridicule deride decry deplore lambaste bash portray compare cite \
         chide credit fault rebuke scold tout trumpet applaud salute bemoan reference depict term assail",
    ),
];

/// Irregular verbs and verbs that double their last letter, with all forms: base, third person, past, participle, -ing.
const SPELT: &[(Class, &str)] = &[
    (Class::Say, "say says said said saying"),
    (Class::Say, "write writes wrote written writing"),
    (Class::Say, "admit admits admitted admitted admitting"),
    (Class::Say, "deny denies denied denied denying"),
    (Class::Say, "quip quips quipped quipped quipping"),
    (Class::Say, "read reads - - reading"),
    (Class::Say, "blurt blurts blurted blurted blurting"),
    (Class::Say, "imply implies implied implied implying"),
    (Class::Say, "cry cries cried cried crying"),
    (Class::Say, "intone intones intoned intoned intoning"),
    (Class::Say, "recite recites recited recited reciting"),
    (Class::Tell, "tell tells told told telling"),
    (Class::Promise, "swear swears swore sworn swearing"),
    (Class::Promise, "beg begs begged begged begging"),
    (Class::Promise, "plead pleads pleaded pleaded pleading"),
    (Class::Think, "think thinks thought thought thinking"),
    (Class::Think, "feel feels felt felt feeling"),
    (Class::Think, "know knows knew known knowing"),
    (Class::Think, "understand understands understood understood understanding"),
    (Class::Think, "want wants wanted wanted wanting"),
    (Class::Show, "show shows showed shown showing"),
    (Class::Show, "find finds found found finding"),
    (Class::Say, "rule rules ruled ruled ruling"),
    // German and French, after a direct quotation.
    (Class::Say, "sagen sagt sagte gesagt -"),
    (Class::Say, "- erklärt erklärte - -"),
    (Class::Say, "- betont betonte - -"),
    (Class::Say, "- schreibt schrieb - -"),
    (Class::Say, "- meint meinte - -"),
    (Class::Say, "- dit déclare - -"),
    (Class::Say, "- affirme explique - -"),
    (Class::Say, "- assure ajoute - -"),
];

static VERBS: LazyLock<HashMap<String, Verb>> = LazyLock::new(|| {
    let mut verbs = HashMap::new();
    for (class, bases) in REGULAR {
        for base in bases.split_whitespace() {
            for (form, word) in inflect(base) {
                verbs.entry(word).or_insert(Verb { class, form });
            }
        }
    }
    let forms = [Form::Base, Form::Third, Form::Past, Form::Participle, Form::Ing];
    for (class, words) in SPELT {
        // Past before participle: where they look alike, the past is what the rules want to know.
        for (form, word) in forms.into_iter().zip(words.split_whitespace()).filter(|(_, word)| *word != "-") {
            let verb = Verb { class: *class, form };
            verbs
                .entry(word.to_owned())
                .and_modify(|known: &mut Verb| {
                    if known.form == form {
                        *known = verb
                    }
                })
                .or_insert(verb);
        }
    }
    verbs
});

/// The forms of a regular verb that doubles no letter.
fn inflect(base: &str) -> [(Form, String); 4] {
    let consonant_y = base.ends_with('y') && !base.ends_with(['a', 'e', 'o', 'u']) && {
        base.chars().nth_back(1).is_some_and(|c| !"aeou".contains(c))
    };
    let (third, past, ing) = if let Some(stem) = base.strip_suffix('y').filter(|_| consonant_y) {
        (format!("{stem}ies"), format!("{stem}ied"), format!("{base}ing"))
    } else if let Some(stem) = base.strip_suffix('e') {
        (format!("{base}s"), format!("{base}d"), format!("{stem}ing"))
    } else if base.ends_with("sh") || base.ends_with("ch") || base.ends_with('s') {
        (format!("{base}es"), format!("{base}ed"), format!("{base}ing"))
    } else {
        (format!("{base}s"), format!("{base}ed"), format!("{base}ing"))
    };
    [(Form::Base, base.to_owned()), (Form::Third, third), (Form::Past, past), (Form::Ing, ing)]
}

/// The verb that `low` (in lower case) is a form of.
pub(crate) fn verb(low: &str) -> Option<Verb> {
    VERBS.get(low).copied()
}

macro_rules! word_sets {
    ($($(#[$doc:meta])* $test:ident, $name:ident = $words:expr;)*) => {$(
        static $name: LazyLock<HashSet<&'static str>> = LazyLock::new(|| $words.split_whitespace().collect());
        $(#[$doc])*
        pub(crate) fn $test(low: &str) -> bool {
            $name.contains(low)
        }
    )*};
}

word_sets! {
    /// Titles that stand before a name and are no part of it.
    is_title, TITLES = "mr mr. mrs mrs. ms ms. miss dr dr. prof prof. professor doctor sir dame lord lady president \
        vice-president vice chairman chairwoman chair sen sen. senator senators rep rep. representative reps. sens. \
        congressman congresswoman gov gov. governor governors mayors representatives judges presidents ministers lt lt. mayor judge justice attorney general gen gen. col col. colonel \
        maj maj. major capt capt. captain sgt sgt. sergeant detective officer lieutenant admiral adm adm. cmdr. commander \
        minister secretary ambassador chancellor premier king queen prince princess pope cardinal bishop archbishop \
        father sister brother rev rev. reverend rabbi imam sheriff deputy chief director commissioner councilman \
        councilwoman councillor speaker spokesman spokeswoman spokesperson former acting interim then-president ex-president then-candidate \
        republican democratic democrat conservative liberal labour gop presidential candidate nominee frontrunner \
        front-runner party majority minority leader whip house senate state u.s. us uk prime foreign ceo cfo coach reporter \
        analyst host strategist pollster correspondent delegate activist businessman mogul billionaire actor actress \
        actor-director singer author rival first hon. sec. dep. asst. assistant under-secretary undersecretary president-elect \
        co-founder founder manager lawyer attorney- counsel herr frau monsieur madame";
    /// Titles that tell a man.
    is_mans_title, MANS = "mr mr. sir lord king prince father brother congressman councilman chairman spokesman \
        businessman actor herr monsieur pope cardinal";
    /// Titles that tell a woman.
    is_womans_title, WOMANS = "mrs mrs. ms ms. miss dame lady queen princess sister congresswoman councilwoman chairwoman \
        spokeswoman actress businesswoman frau madame";
    /// Abbreviations whose stop does not end a sentence.
    is_abbreviation, ABBREVIATIONS = "mr mrs ms dr prof sen sens rep reps gov lt gen col maj capt sgt adm cmdr rev hon st mt jr sr \
        vs dept ave no inc corp co ltd jan feb aug sept oct nov dec ariz calif colo conn del fla ga ill ind kan ky la md mass \
        mich minn mo mont neb nev okla ore pa penn tenn tex va vt wash wis wyo ala ark d-n r-n";
    /// Articles, demonstratives and possessives: words that begin a noun phrase.
    is_determiner, DETERMINERS = "the a an this that these those his her its their our my your some many several most all both \
        each every few other another one two three four five six seven eight nine ten no any half such more nearly about \
        hundreds dozens thousands";
    /// Pronouns that can be a subject.
    is_pronoun, PRONOUNS = "he she they it i we you who others some many everyone nobody somebody someone anyone everybody";
    /// Prepositions.
    is_preposition, PREPOSITIONS = "of in on at by for from with to about into over under after before between during against \
        among through without within across behind beyond near since until toward towards upon amid despite via like \
        outside inside off per around throughout as than regarding including";
    /// Words that begin a subordinate clause or join two.
    is_conjunction, CONJUNCTIONS = "and but or nor yet so because although though while whereas if when whenever where unless \
        until since as that which what how why whether once than even after before";
    /// Auxiliaries and modals.
    is_auxiliary, AUXILIARIES = "has have had is are was were be been being do does did will would can could may might must \
        shall should has've 've 'd 'll isn't aren't wasn't weren't hasn't haven't hadn't didn't doesn't don't won't wouldn't \
        can't couldn't cannot ought";
    /// Forms of "be".
    is_be, BE = "is are was were be been being isn't aren't wasn't weren't";
    /// Adverbs that stand between a subject and its verb, or before a subject.
    is_adverb, ADVERBS = "also later then once often still again just even now never always not already further ever twice \
        soon instead too first long-since thus therefore meanwhile however yesterday today tonight reportedly famously \
        only earlier previously recently repeatedly quickly simply flatly merely alike besides afterward afterwards away \
        much rather nevertheless nonetheless perhaps maybe else back sometimes";
    /// Days and months, which no one is called when they stand after a verb of speech.
    is_time, TIMES = "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august \
        september october november december today yesterday tomorrow tonight thursdays";
    /// Nouns for people who speak for or lead something.
    is_role, ROLES = "spokesman spokeswoman spokesperson spokespeople official officials aide aides adviser advisers advisor advisors \
        manager managers director directors secretary secretaries professor professors analyst analysts expert experts critic \
        critics chief head leader leaders member members lawyer lawyers attorney attorneys strategist strategists pollster \
        chairman chairwoman chair president senator senators congressman congresswoman representative governor mayor \
        candidate candidates nominee host reporter reporters correspondent editor editors author activist activists economist \
        economists scientist scientists researcher researchers doctor doctors police prosecutor prosecutors judge judges justice \
        minister ministers ambassador officer officers executive executives co-founder founder owner owners resident residents \
        voter voters supporter supporters opponent opponents student students teacher teachers worker workers farmer farmers \
        neighbor neighbour witness witnesses friend friends father mother brother sister son daughter wife husband \
        man woman men women people person source sources staffer staffers operative operatives consultant consultants \
        columnist historian coach player actor actress singer driver resident commissioner watchdog regulator agency department \
        ministry commission company firm group party campaign committee council court board bank union association organization \
        organisation newspaper network magazine report study poll survey statement letter memo document article filing press \
        secretary-general lawmaker lawmakers legislator legislators republican republicans democrat democrats conservative \
        conservatives delegate delegates veteran rival rivals opposition lobbyist lobbyists donor donors businessman billionaire \
        mogul physicist biologist engineer nurse parent parents pastor priest bishop rabbi imam";
}

/// Nouns that describe an agency of a state, and words that its name holds.
pub(crate) const AGENCY_NOUNS: [&str; 8] =
    ["watchdog", "regulator", "agency", "commission", "department", "ministry", "authority", "bureau"];
/// Words by which the name of an agency can be known.
pub(crate) const AGENCY_NAMES: [&str; 14] = [
    "commission",
    "agency",
    "department",
    "ministry",
    "authority",
    "bureau",
    "administration",
    "office",
    "board",
    "council",
    "service",
    "regulator",
    "commissioner",
    "ofcom",
];
/// Words by which the name of an organisation of any kind can be known.
pub(crate) const ORGANISATION_NAMES: [&str; 36] = [
    "inc",
    "inc.",
    "corp",
    "corp.",
    "ltd",
    "llc",
    "company",
    "group",
    "bank",
    "university",
    "college",
    "institute",
    "school",
    "association",
    "union",
    "party",
    "committee",
    "court",
    "house",
    "congress",
    "senate",
    "parliament",
    "times",
    "post",
    "journal",
    "news",
    "center",
    "centre",
    "foundation",
    "campaign",
    "police",
    "league",
    "club",
    "church",
    "hospital",
    "organization",
];

/// Whether a stop right after this word belongs to it: an abbreviation, an initial, or letters with stops between.
pub(crate) fn takes_stop(word: &str) -> bool {
    let mut chars = word.chars();
    let initial = matches!((chars.next(), chars.next()), (Some(c), None) if c.is_uppercase() && c != 'I');
    let lettered = word.split('.').all(|part| part.chars().count() == 1 && part.starts_with(char::is_alphabetic));
    let abbreviated = word.starts_with(char::is_uppercase) && is_abbreviation(&word.to_lowercase());
    initial || (lettered && word.contains('.')) || abbreviated
}

/// Whether an adverb may stand here: known, or ending in -ly.
pub(crate) fn adverbial(low: &str) -> bool {
    is_adverb(low)
        || (low.len() > 4
            && low.ends_with("ly")
            && !matches!(low, "family" | "rally" | "assembly" | "reply" | "ally" | "italy" | "july"))
}

/// Whether the word is one of the closed classes: no noun, no name.
pub(crate) fn is_function(low: &str) -> bool {
    is_determiner(low)
        || is_pronoun(low)
        || is_preposition(low)
        || is_conjunction(low)
        || is_auxiliary(low)
        || is_adverb(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_known_in_every_form() {
        for (word, class, form) in [
            ("said", Class::Say, Form::Past),
            ("says", Class::Say, Form::Third),
            ("argued", Class::Say, Form::Past),
            ("testifies", Class::Say, Form::Third),
            ("told", Class::Tell, Form::Past),
            ("warning", Class::Tell, Form::Ing),
            ("accused", Class::Judge, Form::Past),
            ("pledging", Class::Promise, Form::Ing),
            ("written", Class::Say, Form::Participle),
            ("believes", Class::Think, Form::Third),
        ] {
            let verb = verb(word).unwrap_or_else(|| panic!("{word}"));
            assert_eq!((verb.class, verb.form), (class, form), "{word}");
        }
        assert!(verb("walked").is_none());
    }

    #[test]
    fn a_stop_belongs_to_abbreviations_and_initials() {
        for word in ["Mr", "Sen", "J", "U.S", "a.m"] {
            assert!(takes_stop(word), "{word}");
        }
        for word in ["I", "mass", "bridge", "No1"] {
            assert!(!takes_stop(word), "{word}");
        }
    }
}
