//! The log filter of `log.level`: a level, or levels by target, as `tracing` understands them.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::problem::shown;

/// Why a text is no log filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part} is neither a level (off, error, warn, info, debug, trace) nor a target with one, such as byline=debug")]
pub struct FilterError {
    part: String,
}

/// The directives of a filter: its parts between commas, each a level or `target=level`.
///
/// `tracing` takes a lone word that is no level for a target of which everything is logged, so that `wran` would turn
/// logging into a flood from nowhere; here it is an error.
///
/// # Errors
/// [`FilterError`] names the first part that is neither.
pub fn directives(filter: &str) -> Result<Vec<&str>, FilterError> {
    let refuse = |part: &str| Err(FilterError { part: shown(part) });
    let parts: Vec<&str> = filter.split(',').map(str::trim).collect();
    for part in &parts {
        let plausible = level(part).is_some() || part.contains('=') || part.contains('[');
        if part.is_empty() || !plausible || parse(part).is_err() {
            return refuse(part);
        }
    }
    Ok(parts)
}

/// The level that a directive without a target sets.
#[must_use]
pub fn level(directive: &str) -> Option<LevelFilter> {
    // An empty text parses as `error`, which nobody who leaves it empty means.
    if directive.is_empty() { None } else { directive.parse().ok() }
}

/// Directives as a filter. Patterns in them are taken as literal text: a setting is no place for a regular expression
/// that takes minutes to compile.
///
/// # Errors
/// [`FilterError`] when `tracing` refuses them.
pub fn parse(directives: &str) -> Result<EnvFilter, FilterError> {
    EnvFilter::builder().with_regex(false).parse(directives).map_err(|_| FilterError { part: shown(directives) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn levels_and_targets_are_filters() {
        for filter in ["warn", "INFO", "off", "byline=debug,tantivy=warn", "info, byline::matcher=trace", "[ask]=debug"]
        {
            assert!(directives(filter).is_ok(), "{filter}");
        }
    }

    #[test]
    fn what_is_neither_is_named() {
        for (filter, named) in [("wran", "wran"), ("info,byline=lots", "byline=lots"), ("", ""), ("info,,debug", "")] {
            assert_eq!(directives(filter), Err(FilterError { part: format!("“{named}”") }), "{filter}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(filter in r"([a-z=,\[\]{}:. 0-9]|\PC){0,40}") {
            if let Ok(parts) = directives(&filter) {
                prop_assert!(parse(&parts.join(",")).is_ok());
            }
        }
    }
}
