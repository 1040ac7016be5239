//! What bodies are called that are no persons: the nouns that stand for them ("the airline"), and words of their names.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::lexicon;

/// Nouns for those who do business.
const COMPANIES: &str = "company firm business maker manufacturer carmaker automaker drugmaker airline carrier retailer chain bank \
    lender insurer startup start-up corporation giant conglomerate developer operator supplier producer brewery bakery distillery \
    studio platform shipowner shipbuilder shipyard utility publisher broadcaster supermarket wholesaler contractor consultancy \
    dairy brewer hotelier restaurant hotel builder";

/// Nouns for those who oversee others on a state's behalf, besides [`lexicon::AGENCY_NOUNS`].
const AGENCIES: &str = "ombudsman overseer inspectorate administration board office service body";

/// Nouns for other bodies.
const OTHERS: &str = "union charity foundation trust club party team association council committee university college school hospital \
    museum church newspaper magazine network federation alliance society group organisation organization institute court \
    parliament orchestra theatre theater gallery library coalition league guild campaign fund thinktank";

/// Words by which the names of bodies can be known, besides those of the lexicon: what may follow is part of the name
/// ("Society of …").
const OF_BODIES: &str = "trust society guild federation alliance coalition museum nations organisation corporation academy observatory \
    fund authority agencies ministries inspectorate orchestra symphony gallery";

/// Last words of companies' names.
const OF_COMPANIES: &str = "energy motors airlines airways systems technologies technology holdings media pharma pharmaceuticals \
    foods biotech industries partners capital labs laboratories software networks telecom mobile stores studios pictures \
    entertainment insurance mutual financial securities network project initiative theatre theater united fc afc rovers wanderers \
    grain mills steel oil petroleum electric power rail railways ferries lines shipping ventures solutions services gmbh ag plc \
    corporation co co. collection international worldwide press gazette herald courier tribune telegraph logistics aerospace \
    robotics dynamics semiconductors automotive hotels resorts properties realty construction mining metals chemicals brewery \
    breweries dairies farms textiles outfitters cosmetics jewellers electronics communications broadcasting publishing";

macro_rules! word_sets {
    ($($(#[$doc:meta])* $test:ident, $name:ident = $words:expr;)*) => {$(
        static $name: LazyLock<HashSet<&'static str>> = LazyLock::new(|| $words.split_whitespace().collect());
        $(#[$doc])*
        pub(super) fn $test(low: &str) -> bool {
            $name.contains(low)
        }
    )*};
}

word_sets! {
    /// Whether a noun stands for somebody who does business: "the company".
    is_company, COMPANY_SET = COMPANIES;
    is_overseer, AGENCY_SET = AGENCIES;
    is_other, OTHER_SET = OTHERS;
    is_of_bodies, OF_BODIES_SET = OF_BODIES;
    /// Whether a word can end a company's name.
    is_business_name, BUSINESS_SET = OF_COMPANIES;
}

/// Whether a noun may stand for any company: "the firm", not "the airline".
pub(super) fn is_any_company(low: &str) -> bool {
    matches!(low, "company" | "firm" | "business" | "corporation" | "group" | "giant" | "conglomerate")
}

/// Whether a noun stands for an agency of a state: "the watchdog".
pub(super) fn is_agency(low: &str) -> bool {
    lexicon::AGENCY_NOUNS.contains(&low) || is_overseer(low)
}

/// Whether a noun stands for a body of any kind.
pub(super) fn is_body(low: &str) -> bool {
    is_company(low) || is_agency(low) || is_other(low)
}

/// Whether a word tells that the name which holds it is a body's.
pub(super) fn is_body_name(low: &str) -> bool {
    is_of_bodies(low)
}
