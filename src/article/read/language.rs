//! Which language an article is written in.

use crate::article::{Block, Span};

/// How many bytes of an article are looked at: enough to be sure, little enough to cost nothing.
const SAMPLE_BYTES: usize = 800;

/// The ISO 639-1 code of the language of the quotable blocks, where that can be told reliably.
pub(super) fn detect(text: &str, blocks: &[Block]) -> Option<String> {
    let mut sample = String::new();
    for block in blocks.iter().filter(|block| block.kind.is_quotable()) {
        let room = SAMPLE_BYTES.saturating_sub(sample.len());
        if room == 0 {
            break;
        }
        let words = block.span.of(text);
        sample.push_str(Span::new(0, words.floor_char_boundary(room)).of(words));
        sample.push('\n');
    }
    if is_plainly_english(&sample) {
        return Some("en".to_owned());
    }
    let found = whatlang::detect(&sample)?;
    if found.is_reliable() { iso_639_1(found.lang()).map(str::to_owned) } else { None }
}

/// Whether a fifth of the words are English function words, five of them different and "the" among them: no other language
/// comes near, and most news articles need no costlier look.
fn is_plainly_english(sample: &str) -> bool {
    const WORDS: [&str; 32] = [
        "the", "of", "and", "to", "that", "for", "with", "said", "from", "they", "have", "has", "which", "would",
        "this", "by", "a", "in", "is", "was", "on", "he", "his", "her", "it", "at", "as", "be", "are", "not", "who",
        "but",
    ];
    let (mut all, mut english, mut seen) = (0u32, 0u32, 0u32);
    for word in sample.split_ascii_whitespace() {
        all += 1;
        if let Some(which) = WORDS.iter().position(|known| known.eq_ignore_ascii_case(word)) {
            english += 1;
            seen |= 1 << which;
        }
    }
    all >= 20 && english * 5 >= all && seen & 1 == 1 && seen.count_ones() >= 5
}

/// A language tag as sources write it (`en`, `en-GB`, `eng`, `en_US`, `English`) as an ISO 639-1 code.
pub(super) fn code(tag: &str) -> Option<String> {
    let tag = tag.trim().to_ascii_lowercase();
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    match primary.len() {
        2 if primary.bytes().all(|b| b.is_ascii_lowercase()) => Some(primary.to_owned()),
        3 => whatlang::Lang::from_code(primary).and_then(iso_639_1).map(str::to_owned),
        _ => whatlang::Lang::all()
            .iter()
            .find(|lang| lang.eng_name().eq_ignore_ascii_case(&tag))
            .and_then(|l| iso_639_1(*l))
            .map(str::to_owned),
    }
}

/// ISO 639-1 of the detector's ISO 639-3 codes; `None` for those that have none.
fn iso_639_1(lang: whatlang::Lang) -> Option<&'static str> {
    // Sorted by the three-letter code.
    const CODES: [(&str, &str); 69] = [
        ("afr", "af"),
        ("aka", "ak"),
        ("amh", "am"),
        ("ara", "ar"),
        ("aze", "az"),
        ("bel", "be"),
        ("ben", "bn"),
        ("bul", "bg"),
        ("cat", "ca"),
        ("ces", "cs"),
        ("cmn", "zh"),
        ("cym", "cy"),
        ("dan", "da"),
        ("deu", "de"),
        ("ell", "el"),
        ("eng", "en"),
        ("epo", "eo"),
        ("est", "et"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("guj", "gu"),
        ("heb", "he"),
        ("hin", "hi"),
        ("hrv", "hr"),
        ("hun", "hu"),
        ("hye", "hy"),
        ("ind", "id"),
        ("ita", "it"),
        ("jav", "jv"),
        ("jpn", "ja"),
        ("kan", "kn"),
        ("kat", "ka"),
        ("khm", "km"),
        ("kor", "ko"),
        ("lat", "la"),
        ("lav", "lv"),
        ("lit", "lt"),
        ("mal", "ml"),
        ("mar", "mr"),
        ("mkd", "mk"),
        ("mya", "my"),
        ("nep", "ne"),
        ("nld", "nl"),
        ("nob", "nb"),
        ("ori", "or"),
        ("pan", "pa"),
        ("pes", "fa"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rus", "ru"),
        ("sin", "si"),
        ("slk", "sk"),
        ("slv", "sl"),
        ("sna", "sn"),
        ("spa", "es"),
        ("srp", "sr"),
        ("swe", "sv"),
        ("tam", "ta"),
        ("tel", "te"),
        ("tgl", "tl"),
        ("tha", "th"),
        ("tuk", "tk"),
        ("tur", "tr"),
        ("ukr", "uk"),
        ("urd", "ur"),
        ("uzb", "uz"),
        ("vie", "vi"),
        ("zul", "zu"),
    ];
    CODES.binary_search_by_key(&lang.code(), |(three, _)| *three).ok().map(|at| CODES[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::BlockKind;

    fn of(text: &str) -> Option<String> {
        detect(text, &[Block { span: Span::new(0, text.len()), kind: BlockKind::Paragraph }])
    }

    #[test]
    fn tells_languages_where_there_is_enough_to_go_by() {
        let english = "The council decided on Tuesday evening that the old bridge will be closed to traffic until spring, \
                       because the inspectors had found that the bearings were worn.";
        let german = "Der Gemeinderat hat am Dienstagabend beschlossen, dass die alte Brücke bis zum Frühjahr für den \
                      Verkehr gesperrt wird, weil die Prüfer abgenutzte Lager gefunden hatten.";
        assert_eq!(of(english).as_deref(), Some("en"));
        assert_eq!(of(german).as_deref(), Some("de"));
        assert_eq!(of("12:30"), None);
    }

    #[test]
    fn reads_the_tags_that_sources_write() {
        for (tag, expected) in [
            ("en-GB", Some("en")),
            ("pt_BR", Some("pt")),
            ("deu", Some("de")),
            ("French", Some("fr")),
            ("??", None),
            ("", None),
        ] {
            assert_eq!(code(tag).as_deref(), expected, "{tag}");
        }
    }

    #[test]
    fn every_code_of_the_detector_is_found_or_has_no_short_form() {
        let without: Vec<_> =
            whatlang::Lang::all().iter().filter(|l| iso_639_1(**l).is_none()).map(|l| l.code()).collect();
        assert!(without.len() <= 1, "{without:?}");
    }
}
