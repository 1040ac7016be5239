//! Settings: built-in defaults, then `bot.toml`, then the environment (`BYLINE__SECTION__KEY`), then flags.
//!
//! Everything is checked against one [table of keys](keys::TABLE) before anything starts, and everything that is wrong is
//! told at once: an unknown key or section (with the nearest one that exists), a wrong type, a value that cannot be, each
//! with its file and line, its environment variable or its flag.
//!
//! - A file that was named must exist; `bot.toml` in the working directory need not.
//! - Relative paths in a file refer to the file's folder, elsewhere to the working directory.
//! - A list of paths in the environment is separated as in `PATH`: by `:`, on Windows by `;`; other lists by commas.
//! - An environment variable that begins with `BYLINE__` and sets no key is an error.
//!
//! ```
//! use byline::config::{self, Override, Sources};
//!
//! let sources = Sources {
//!     folder: "no-bot.toml-here".into(),
//!     environment: vec![("BYLINE__ANSWER__PASSAGES".into(), "5".into())],
//!     overrides: vec![Override::list("--articles", "library.articles", ["news", "archive/*.md"])],
//!     ..Sources::default()
//! };
//! let loaded = config::load(&sources)?;
//! assert_eq!(loaded.config.answer.passages, 5);
//! assert_eq!(loaded.config.library.articles.len(), 2);
//! assert_eq!(loaded.origin("answer.passages").map(ToString::to_string).as_deref(), Some("BYLINE__ANSWER__PASSAGES"));
//!
//! let sources = Sources { overrides: vec![Override::new("--set", "answer.passagse", "5")], ..sources };
//! let error = config::load(&sources).unwrap_err();
//! assert_eq!(error.to_string(), "--set: unknown key “answer.passagse” (did you mean “answer.passages”?)");
//! # Ok::<(), config::ConfigError>(())
//! ```

use std::path::PathBuf;

use serde::de::DeserializeOwned;

pub mod filter;
pub mod keys;
mod problem;
mod render;
mod settings;
mod sources;
mod values;

pub use problem::{ConfigError, Origin, Problem};
pub use render::{example_file, markdown_table, render_check};
pub(crate) use settings::no_color;
pub use settings::{
    Answer, ColorChoice, Config, Console, Discord, Feeds, Library, Log, LogFormat, Matrix, Posting, Record, Secret,
    Summary, Web,
};
pub use sources::{FILE_NAME, Override, Sources};
pub use values::{MASK, Setting};

use keys::{Key, Preset, TABLE, Table};
use sources::{Found, Layer};

/// Settings that passed every check, and where each comes from.
#[derive(Debug, Clone)]
pub struct Loaded<T = Config> {
    /// The settings.
    pub config: T,
    /// Every key of the table, in its order.
    pub in_force: Vec<InForce>,
}

/// What holds for one key.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The key.
    pub key: &'static Key,
    /// Its value; `None` where nothing is set.
    pub setting: Option<Setting>,
    /// Where that comes from.
    pub origin: Origin,
}

impl<T> Loaded<T> {
    /// Where the value of a key comes from; `None` when there is no such key.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.in_force.iter().find(|in_force| in_force.key.name == key).map(|in_force| &in_force.origin)
    }
}

/// The settings of Byline from their sources, wholly checked.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    load_as(&TABLE, sources)
}

/// Settings of any shape from their sources, by any table: each key of `table` is a field of `T`, of the same path.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong.
pub fn load_as<T: DeserializeOwned>(table: &Table, sources: &Sources) -> Result<Loaded<T>, ConfigError> {
    let layers = [
        defaults(table, sources),
        sources::file(table, sources),
        sources::environment(table, sources),
        sources::flags(table, sources),
    ];
    let mut in_force: Vec<InForce> =
        table.keys.iter().map(|key| InForce { key, setting: None, origin: Origin::Default }).collect();
    let mut problems = Vec::new();
    let mut builder = config::Config::builder();
    for Layer { found, problems: wrong } in layers {
        problems.extend(wrong);
        for found in &found {
            if let Some(slot) = in_force.iter_mut().find(|slot| slot.key.name == found.key.name) {
                slot.setting = Some(found.setting.clone());
                slot.origin = found.origin.clone();
            }
        }
        builder = builder.add_source(Values::of(&found));
    }
    problems.extend(table.ordered.iter().filter_map(|pair| out_of_order(&in_force, *pair)));
    if !problems.is_empty() {
        return Err(ConfigError { problems });
    }
    // What is left to fail here is a table that disagrees with its struct. The error's text is left out: it may quote
    // a value, and that value may be secret.
    match builder.build().and_then(config::Config::try_deserialize) {
        Ok(config) => Ok(Loaded { config, in_force }),
        Err(_) => {
            let what = "the table of keys and the settings disagree (a bug in Byline)".to_owned();
            Err(ConfigError { problems: vec![Problem { origin: Origin::Default, key: None, what }] })
        }
    }
}

fn defaults(table: &Table, sources: &Sources) -> Layer {
    let mut layer = Layer::default();
    let variable = |name: &str| {
        sources.environment.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, value)| PathBuf::from(value))
    };
    for key in table.keys {
        let read = match &key.preset {
            Preset::Unset { .. } => continue,
            Preset::Value(toml) => match toml.parse() {
                Ok(value) => key.kind.read_toml(&toml_edit::Item::Value(value), "".as_ref()),
                Err(_) => Err("the default is not TOML (a bug in Byline)".to_owned()),
            },
            // A place for state whose name is not valid UTF-8 is as good as none.
            Preset::Platform { find, .. } => {
                match find(&variable).and_then(|path| path.into_os_string().into_string().ok()) {
                    Some(path) => key.kind.read_text(&path),
                    None => continue,
                }
            }
        };
        layer.set(key, Origin::Default, read);
    }
    layer
}

/// The problem with two keys of which the first is above the second. It is told of the first and names both places.
fn out_of_order(in_force: &[InForce], (lower, upper): (&'static str, &'static str)) -> Option<Problem> {
    let find = |name| in_force.iter().find(|slot: &&InForce| slot.key.name == name);
    let number = |slot: &InForce| match slot.setting {
        Some(Setting::Number(n)) => Some(n),
        _ => None,
    };
    let (low, high) = (find(lower)?, find(upper)?);
    let (low_value, high_value) = (number(low)?, number(high)?);
    (low_value > high_value).then(|| Problem {
        origin: low.origin.clone(),
        key: Some(lower),
        what: format!("{low_value:?} is above {upper} ({high_value:?}, {})", high.origin),
    })
}

/// The values of one source for the crate `config`, which lays the sources over each other.
#[derive(Debug, Clone)]
struct Values(config::Map<String, config::Value>);

impl Values {
    fn of(found: &[Found]) -> Self {
        let value = |found: &Found| {
            let origin = found.origin.to_string();
            (found.key.name.to_owned(), config::Value::new(Some(&origin), found.setting.to_value(&found.key.kind)))
        };
        Self(found.iter().map(value).collect())
    }
}

impl config::Source for Values {
    fn clone_into_box(&self) -> Box<dyn config::Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<config::Map<String, config::Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}
