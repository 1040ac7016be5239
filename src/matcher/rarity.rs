//! How much a word tells: its rarity in the library, steadied by its rarity in news English at large.
//!
//! In a small library document frequencies mean little: in one article about a company the company's name is commoner
//! than "world". So every library is thought to hold [`BACKGROUND`] more paragraphs, of ordinary news, in which
//! [`COMMON`] words occur as often as they do at large. In a library of tens of thousands of paragraphs that changes
//! next to nothing; in one of twenty it decides.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::terms::Stems;
use super::words::is_stop;

/// Paragraphs of ordinary news that every library is thought to hold beside its own.
const BACKGROUND: f32 = 1000.0;

/// The share of paragraphs that a word not in [`COMMON`] is thought to occur in: about one in two thousand.
const UNCOMMON: f32 = 0.0005;

/// The share that a function word is thought to have; they are looked for only where a question holds nothing else.
const FUNCTION_WORD: f32 = 0.1;

/// The rarity of a word: BM25's inverse document frequency, ln(1 + (N − n + ½) / (n + ½)), over the library and the
/// background together.
#[expect(clippy::cast_precision_loss, reason = "counts of documents; a ratio of two of them is wanted")]
pub(super) fn idf(stem: &str, documents: usize, of: usize) -> f32 {
    let n = documents.min(of) as f32 + BACKGROUND * at_large(stem);
    let all = of as f32 + BACKGROUND;
    (1.0 + (all - n + 0.5) / (n + 0.5)).ln()
}

/// Whether a folded word is a function word or an everyday word of English, in any of its forms.
pub(super) fn is_everyday(folded: &str) -> bool {
    static STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let stems = Stems::default();
        EVERYDAY.split_whitespace().map(|word| stems.of(word).into_owned()).collect()
    });
    let stem = Stems::default().of(folded);
    at_large(&stem) > UNCOMMON || STEMS.contains(stem.as_ref())
}

/// Everyday words of English: those that at least ten articles of `NewsQA` dev (Trischler et al. 2017), `PolNeAR` train
/// (Newell et al. 2018) and a hundred BBC articles together write in small letters, and words of household, nature,
/// sport and school that news seldom needs.
const EVERYDAY: &str = include_str!("everyday.txt");

/// The share of the paragraphs of ordinary news that hold a word of this stem.
fn at_large(stem: &str) -> f32 {
    static SHARES: LazyLock<HashMap<String, f32>> = LazyLock::new(|| {
        let stems = Stems::default();
        let mut shares = HashMap::new();
        for (share, words) in COMMON {
            for word in words.split_whitespace() {
                *shares.entry(stems.of(word).into_owned()).or_insert(0.0) += share;
            }
        }
        shares
    });
    if is_stop(stem) { FUNCTION_WORD } else { SHARES.get(stem).copied().unwrap_or(UNCOMMON) }
}

/// Everyday words of English news by the share of paragraphs that hold them, in four steps.
///
/// Counted over the paragraphs of NewsQA dev (Trischler et al. 2017) and of `PolNeAR` train (Newell et al. 2018), without
/// function words and names.
const COMMON: [(f32, &str); 4] = [
    (
        0.070,
        "\
        campaign new one party people president said state two \
    ",
    ),
    (
        0.028,
        "\
        according among back called candidate candidates convention country day debate election even first former \
        going government house including know last like long made make many million national news next nominee now \
        percent political presidential primary public race right same say says security see states still support \
        take think three time told tuesday united vote voters want way week well white win work world year years \
    ",
    ),
    (
        0.014,
        "\
        across added administration ago already another anti around asked attack attacks away based become behind \
        believe best better big bill black business call came care carson case center change chief city clear come \
        committee company conservative court days deal decision delegates department director earlier early economic \
        economy email end enough fact family far federal five foreign found four friday front general go good \
        governor great group groups hampshire hard health held help high home however immigration important \
        information interview issue issues job justice kind known later law lead leader leaders least left less life \
        likely little look lot major making man march media meeting members message military monday money month \
        months name nation nearly need never night nomination north number office officials ohio old others part \
        past person personal place plan point police policy politics poll polls post power press private put \
        question real really recent released report reported rights run running saturday saying second secretary \
        seen senator set several show social something south speech statement street strong sunday super supporters \
        system tax thing things though thursday times took top trying university use used victory wall war watch \
        wednesday weeks went women won workers working wrote \
    ",
    ),
    (
        0.007,
        "\
        able account accused act action actually address adviser african agency agreement ahead aides air al allies \
        almost along although always announced anyone anything appeared april area attention attorney author \
        authorities bad ban base battle became began ben biggest billion billionaire board book border bring build \
        building calling calls campaigns candidacy caucus caucuses central chairman chance children choice chris \
        christie civil class cleveland climate close club co college comes coming comment comments community \
        companies conference congressional conservatives contest contests continue continued control countries \
        county course crisis criticism crowd current data death decades defense delegate democrat described despite \
        died different difficult district dollars donors east education effort efforts eight elected elections \
        emails energy especially establishment europe event everyone everything evidence executive expected \
        experience face failed fall families father fbi feel field fight final financial find firm focus following \
        force forward foundation fox free friends full fund future gave give given global ground growing half happen \
        happened head helped higher history hit hold hope host hour hours husband id idea immediately immigrants \
        indiana industry instead interest international investigation involved jobs judge july june keep key killed \
        labor large largely late latest leadership leading leave led legal level liberal line live lives local \
        looking lost love low majority makes manafort manager mark matter means member men met mexican middle \
        millions minister moment morning mother move movement near needed needs network nevada noted nothing \
        november numbers official often open opportunity order organization outside pac paid paris particularly pay \
        perhaps philadelphia plans play pledged points policies politicians politico position possible potential \
        presidency presumptive primaries pro probably problem problems process program provide questions raise \
        raised rally rather reason received recently record release remains remarks reporters reports research \
        response results rise rival rivals role room rules runner ryan saw school seemed seems senior sent september \
        series server service seven shooting short shot showed showing shows side sign significant similar single \
        site six small someone son soon speak speaking special spending spent spoke spokesman staff stage stand star \
        start started stop story strategy suggested superdelegates supporting supreme sure taken takes taking talk \
        talking team television tell telling term terrorism terrorist th third thought thousands threat today \
        together total town tried try turn turned tv tweet understand union using vermont vice video view violence \
        virginia voted votes voting wanted wants water west wife winning wins wisconsin woman words worked wrong \
        young \
    ",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_small_library_everyday_words_tell_less_than_rare_ones_that_it_repeats() {
        let everyday = idf("year", 1, 20);
        let topic = idf("lighthous", 12, 20);
        assert!(topic > everyday, "{topic} {everyday}");
    }

    #[test]
    fn in_a_large_library_its_own_counts_decide() {
        let often = idf("lighthous", 3000, 25_000);
        let seldom = idf("lighthous", 3, 25_000);
        assert!(seldom > 3.0 * often, "{seldom} {often}");
    }

    #[test]
    fn everyday_words_are_known_in_all_their_forms() {
        for word in ["world", "painted", "recipes", "the", "ceiling"] {
            assert!(is_everyday(word), "{word}");
        }
        for word in ["wrold", "vandermeer", "pianted", "bakcup"] {
            assert!(!is_everyday(word), "{word}");
        }
    }

    #[test]
    fn a_rarity_is_positive_whatever_the_counts() {
        for (documents, of) in [(0, 0), (5, 0), (1, 1), (1_000_000, 10)] {
            assert!(idf("the", documents, of) > 0.0);
        }
    }
}
