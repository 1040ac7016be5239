//! One address for one page: what of a URL tells which article it is, and what only tells who passed it on.

use url::Url;

/// The longest address that identifies an article, in bytes. Longer ones carry state, not identity, and PostgreSQL's index
/// takes entries of at most 2,704 bytes.
pub const MAX_URL_BYTES: usize = 2048;

/// Parameters that record where a reader came from and never choose what is shown, lower-case.
const TRACKING: [&str; 60] = [
    // advertisements and social networks' click numbers
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "ysclid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "igsh",
    "igshid",
    "epik",
    "rdt_cid",
    "scid",
    "srsltid",
    "s_kwcid",
    "fb_action_ids",
    "fb_action_types",
    "fb_source",
    // measuring (Google, Adobe, Piano, Branch, Yahoo, AT Internet)
    "_ga",
    "_gl",
    "_gac",
    "s_cid",
    "xtor",
    "xtref",
    "_branch_match_id",
    "_branch_referrer",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "cmpid",
    "ncid",
    "icid",
    "ocid",
    "ftag",
    "wt_mc",
    "wt_zmc",
    // newsletters (Mailchimp, HubSpot, Marketo, Vero, Omeda, Drip)
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "__hssc",
    "__hstc",
    "__hsfp",
    "hsctatracking",
    "vero_id",
    "vero_conv",
    "oly_anon_id",
    "oly_enc_id",
    "__s",
    // newspapers' own "shared from"
    "smid",
    "smtyp",
    "ref_src",
    "ref_url",
    "cmp",
    "ito",
];

/// Beginnings of such parameters: Google's `utm_`, Matomo's `mtm_` and `pk_`, the BBC's `at_` and `ns_`.
const TRACKING_PREFIXES: [&str; 6] = ["utm_", "mtm_", "pk_", "piwik_", "at_", "ns_"];

/// The address that identifies the article at `url`, or nothing where it is no address of a page.
///
/// - Only `http` and `https`; both become `https`, as no outlet serves different articles on the two.
/// - The host in lower case, without a closing dot; the default port, user and password left out.
/// - The fragment left out, unless it is a `#!` route, which some sites use as a path.
/// - Tracking parameters left out; the others in order of their names, those of one name in the order given.
/// - The path stays as it is, for `/a` and `/a/` can be two pages.
///
/// ```
/// use byline::library::store::canonical_url;
/// assert_eq!(
///     canonical_url("HTTP://News.Example.org:80/ferry?utm_source=x&page=2&id=7#comments").as_deref(),
///     Some("https://news.example.org/ferry?id=7&page=2"),
/// );
/// assert_eq!(canonical_url("mailto:desk@example.org"), None);
/// ```
#[must_use]
pub fn canonical_url(url: &str) -> Option<String> {
    let url = Url::parse(url.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = url.host_str()?.trim_end_matches('.');
    let mut out = format!("https://{host}");
    if let Some(port) = url.port() {
        out.push_str(&format!(":{port}"));
    }
    out.push_str(url.path());
    let mut kept: Vec<&str> = url.query().unwrap_or_default().split('&').filter(|pair| !is_tracking(pair)).collect();
    kept.sort_by_key(|pair| pair.split('=').next());
    if !kept.is_empty() {
        out.push('?');
        out.push_str(&kept.join("&"));
    }
    if let Some(route) = url.fragment().filter(|fragment| fragment.starts_with('!')) {
        out.push('#');
        out.push_str(route);
    }
    (!host.is_empty() && out.len() <= MAX_URL_BYTES).then_some(out)
}

/// Whether a `name=value` of a query says nothing about the page; an empty one doesn't.
pub(crate) fn is_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    name.is_empty()
        || TRACKING.contains(&name.as_str())
        || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_of_one_page_become_one() {
        let page = "https://example.org/a/Story?b=2&c=3";
        for same in [
            "https://example.org/a/Story?c=3&b=2",
            "http://EXAMPLE.org:80/a/Story?b=2&c=3#top",
            "https://user:word@example.org:443/a/Story?b=2&utm_medium=mail&c=3&UTM_Source=x",
            "  https://example.org./a/Story?fbclid=1&&b=2&c=3&gclid=&at_custom1=z ",
            "https://example.org/x/../a/Story?b=2&c=3&_ga=1.2#:~:text=word",
        ] {
            assert_eq!(canonical_url(same).as_deref(), Some(page), "{same}");
        }
    }

    #[test]
    fn addresses_of_different_pages_stay_different() {
        let pages = [
            "https://example.org/a",
            "https://example.org/a/",
            "https://example.org/A",
            "https://example.org:8443/a",
            "https://example.org/a?id=1",
            "https://example.org/a?id=2",
            "https://example.org/a?id=1&id=2",
            "https://example.org/a?id=2&id=1",
            "https://example.org/a#!/story/2",
            "https://www.example.org/a",
        ];
        let canonical: std::collections::BTreeSet<_> = pages.iter().filter_map(|page| canonical_url(page)).collect();
        assert_eq!(canonical.len(), pages.len());
    }

    #[test]
    fn what_is_no_page_identifies_nothing() {
        let long = format!("https://example.org/{}", "x".repeat(MAX_URL_BYTES));
        for none in ["", "story-7", "file:///etc/passwd", "data:text/html,x", "https://", long.as_str()] {
            assert_eq!(canonical_url(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn a_canonical_address_is_its_own(tail in "[a-zA-Z0-9/?&=#!._%~ü-]{0,60}") {
            if let Some(once) = canonical_url(&format!("http://example.org/{tail}")) {
                prop_assert_eq!(canonical_url(&once), Some(once.clone()));
            }
        }
    }
}
