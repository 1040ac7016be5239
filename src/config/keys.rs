//! The one table of keys. The check of every source, "did you mean", `bot.toml.example`, the listing of `byline config
//! check` and the README's section come from it; a new setting is a line here and a field in [`Config`](super::Config).

use std::path::PathBuf;

/// A key: its name, what it may be, and what it does.
#[derive(Debug)]
pub struct Key {
    /// Section and name, separated by dots: `answer.passages`.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// What holds when nobody sets it.
    pub preset: Preset,
    /// What it does, in one line.
    pub doc: &'static str,
}

/// What values a key takes.
#[derive(Debug)]
pub enum Kind {
    /// A whole number in a range, both ends included.
    Whole {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number in a range, both ends included.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A log filter, as [`filter`](super::filter) reads it.
    LogFilter,
    /// A path, or the empty text for none. In a file, a relative path refers to the file's folder.
    Path,
    /// A list of paths; in the environment separated as in `PATH`. In a file, relative paths refer to the file's folder.
    Paths,
    /// A text that is not empty.
    Text,
    /// A host, by name or address, with its port if only that one is meant.
    Host,
    /// Any number of values of one kind, neither paths nor secrets; in the environment separated by commas.
    List(&'static Kind),
    /// Yes or no.
    Switch,
    /// A text that is never shown: not in listings, not in errors, not in `Debug`.
    Secret,
}

/// A way to look up environment variables by name; empty ones are not there.
pub type Variables<'a> = dyn Fn(&str) -> Option<PathBuf> + 'a;

/// What holds when nobody sets a key.
#[derive(Debug)]
pub enum Preset {
    /// This value, written in TOML.
    Value(&'static str),
    /// Nothing is set.
    Unset {
        /// What happens then.
        means: &'static str,
        /// A value for the example file, written in TOML.
        example: &'static str,
    },
    /// A path that depends on the machine; nothing where it can't be told.
    Platform {
        /// Which path that is.
        means: &'static str,
        /// A value for the example file, written in TOML.
        example: &'static str,
        /// Finds it, given a way to look up environment variables.
        find: fn(&Variables) -> Option<PathBuf>,
    },
}

/// All keys of a program.
#[derive(Debug)]
pub struct Table {
    /// The keys, those of a section together.
    pub keys: &'static [Key],
    /// Pairs of number keys of which the first must not be above the second when both are set.
    pub ordered: &'static [(&'static str, &'static str)],
}

/// The keys of Byline.
pub static TABLE: Table = Table {
    keys: &[
        Key {
            name: "library.articles",
            kind: Kind::Paths,
            preset: Preset::Value("[\"data/articles\"]"),
            doc: "Where the articles are: files, folders (read with everything below them) and patterns such as \"news/*.md\". They are watched: what changes there changes in the library.",
        },
        Key {
            name: "library.data_dir",
            kind: Kind::Path,
            preset: Preset::Value("\"byline-data\""),
            doc: "The folder of what outlives a run: the database, unless library.database names another, and the search index; \"\" keeps nothing, articles are then read anew at each start.",
        },
        Key {
            name: "library.database",
            kind: Kind::Secret,
            preset: Preset::Unset {
                means: "the SQLite file byline.db in library.data_dir",
                example: "\"postgres://byline:password@localhost/byline\"",
            },
            doc: "Where articles, settings and postings are kept: the address of a PostgreSQL database, or the path of an SQLite file.",
        },
        Key {
            name: "library.shared_open",
            kind: Kind::Switch,
            preset: Preset::Value("false"),
            doc: "Whether those who manage a community may add articles and feeds to the collection that all communities share, and take out of it; otherwise that is for the console, and they need a collection of their own.",
        },
        Key {
            name: "library.articles_a_day",
            kind: Kind::Whole { min: 0, max: 1_000_000 },
            preset: Preset::Value("200"),
            doc: "How many articles the managers of one community may add in a day (UTC), by address or file; 0 sets no bound. The console has none, and what feeds bring does not count.",
        },
        Key {
            name: "answer.passages",
            kind: Kind::Whole { min: 1, max: 10 },
            preset: Preset::Value("3"),
            doc: "How many passages a search keeps, for paging from the best to the next.",
        },
        Key {
            name: "answer.confidence",
            kind: Kind::Number { min: 0.0, max: 1.0 },
            preset: Preset::Unset { means: "the matcher's own threshold", example: "0.5" },
            doc: "Answer only when at least this sure; below it, say that the articles don't say.",
        },
        Key {
            name: "answer.nearest",
            kind: Kind::Number { min: 0.0, max: 1.0 },
            preset: Preset::Unset { means: "the matcher's own threshold", example: "0.2" },
            doc: "When not answering, show the nearest passage when at least this sure; not above answer.confidence.",
        },
        Key {
            name: "summary.sentences",
            kind: Kind::Whole { min: 1, max: 10 },
            preset: Preset::Value("3"),
            doc: "How many of its own sentences an article is summed up in.",
        },
        Key {
            name: "discord.token",
            kind: Kind::Secret,
            preset: Preset::Unset { means: "Discord is not served", example: "\"…\"" },
            doc: "The token of the bot on Discord; the README tells where to get one.",
        },
        Key {
            name: "discord.token_file",
            kind: Kind::Path,
            preset: Preset::Unset { means: "no file is read", example: "\"/run/secrets/discord-token\"" },
            doc: "A file that holds the token, such as a container's secret.",
        },
        Key {
            name: "discord.api_url",
            kind: Kind::Text,
            preset: Preset::Unset { means: "Discord's own", example: "\"http://127.0.0.1:3000\"" },
            doc: "The address of a REST proxy that requests go to instead of Discord; it does the rate limiting.",
        },
        Key {
            name: "discord.guilds",
            kind: Kind::Text,
            preset: Preset::Unset { means: "everywhere", example: "\"81384788765712384\"" },
            doc: "The numbers of the servers in which the commands are registered, separated by commas.",
        },
        Key {
            name: "discord.shards",
            kind: Kind::Text,
            preset: Preset::Value("\"auto\""),
            doc: "Which shards this process runs: auto, or a range such as 0-3/8, the first four of eight.",
        },
        Key {
            name: "discord.per_person",
            kind: Kind::Whole { min: 1, max: 10_000 },
            preset: Preset::Value("120"),
            doc: "How many requests one person has in a minute.",
        },
        Key {
            name: "discord.per_server",
            kind: Kind::Whole { min: 1, max: 1_000_000 },
            preset: Preset::Value("600"),
            doc: "How many requests one server has in a minute.",
        },
        Key {
            name: "discord.buttons_days",
            kind: Kind::Whole { min: 1, max: 3_650 },
            preset: Preset::Value("30"),
            doc: "For how many days the buttons of an answer work.",
        },
        Key {
            name: "discord.forget_days",
            kind: Kind::Whole { min: 1, max: 3_650 },
            preset: Preset::Value("30"),
            doc: "After how many days the settings of a server that removed Byline are deleted.",
        },
        Key {
            name: "discord.quiet",
            kind: Kind::Switch,
            preset: Preset::Value("false"),
            doc: "Whether digests notify nobody.",
        },
        Key {
            name: "discord.crosspost",
            kind: Kind::Switch,
            preset: Preset::Value("false"),
            doc: "Whether digests in announcement channels go on to the channels that follow them.",
        },
        Key {
            name: "discord.threads",
            kind: Kind::Switch,
            preset: Preset::Value("false"),
            doc: "Whether each digest gets a thread.",
        },
        Key {
            name: "matrix.homeserver",
            kind: Kind::Text,
            preset: Preset::Unset { means: "Matrix is not served", example: "\"https://matrix.example.org\"" },
            doc: "The address of the Matrix homeserver, or the name of one that tells its address (example.org).",
        },
        Key {
            name: "matrix.user",
            kind: Kind::Text,
            preset: Preset::Unset {
                means: "whose the token is; a password needs it",
                example: "\"@byline:example.org\"",
            },
            doc: "The account of the bot on Matrix: its whole name, or the part before the colon.",
        },
        Key {
            name: "matrix.password",
            kind: Kind::Secret,
            preset: Preset::Unset { means: "no password is known", example: "\"…\"" },
            doc: "The account's password; it is needed at the first start, the session is kept.",
        },
        Key {
            name: "matrix.password_file",
            kind: Kind::Path,
            preset: Preset::Unset { means: "no file is read", example: "\"/run/secrets/matrix-password\"" },
            doc: "A file that holds the password, such as a container's secret.",
        },
        Key {
            name: "matrix.token",
            kind: Kind::Secret,
            preset: Preset::Unset { means: "logged in with the password", example: "\"…\"" },
            doc: "An access token of the account, instead of a password.",
        },
        Key {
            name: "matrix.token_file",
            kind: Kind::Path,
            preset: Preset::Unset { means: "no file is read", example: "\"/run/secrets/matrix-token\"" },
            doc: "A file that holds the access token.",
        },
        Key {
            name: "matrix.device_name",
            kind: Kind::Text,
            preset: Preset::Value("\"Byline\""),
            doc: "What the device is called that a login with the password makes.",
        },
        Key {
            name: "matrix.passphrase",
            kind: Kind::Secret,
            preset: Preset::Unset { means: "a key is made, and kept with the session", example: "\"…\"" },
            doc: "What the store of the encryption keys, in library.data_dir, is itself encrypted with.",
        },
        Key {
            name: "matrix.recovery_key_file",
            kind: Kind::Path,
            preset: Preset::Unset {
                means: "the key is shown once, at the first start",
                example: "\"/var/lib/byline/matrix-recovery-key\"",
            },
            doc: "The file that the recovery key is written to, and read from when the disk was lost.",
        },
        Key {
            name: "matrix.invites",
            kind: Kind::Text,
            preset: Preset::Unset {
                means: "managers only",
                example: "\"@ann:example.org, example.org, @*:*.example.org\"",
            },
            doc: "Whose invitations are accepted: people, servers and patterns, separated by commas; * is everybody.",
        },
        Key {
            name: "matrix.managers",
            kind: Kind::Text,
            preset: Preset::Unset { means: "who has the power in a room", example: "\"@ann:example.org\"" },
            doc: "Who manages Byline in every room and may verify it, besides who has the power in a room: as in matrix.invites.",
        },
        Key {
            name: "matrix.prefix",
            kind: Kind::Text,
            preset: Preset::Value("\"!byline\""),
            doc: "What a command begins with; a room can set its own.",
        },
        Key {
            name: "matrix.aliases",
            kind: Kind::Text,
            preset: Preset::Unset { means: "commands need the prefix", example: "\"!ask, !who, !q=ask\"" },
            doc: "Words that are commands without the prefix, separated by commas.",
        },
        Key {
            name: "matrix.per_person",
            kind: Kind::Whole { min: 1, max: 10_000 },
            preset: Preset::Value("30"),
            doc: "How many requests one person has in a minute.",
        },
        Key {
            name: "matrix.per_room",
            kind: Kind::Whole { min: 1, max: 1_000_000 },
            preset: Preset::Value("600"),
            doc: "How many requests one room has in a minute.",
        },
        Key {
            name: "matrix.max_age",
            kind: Kind::Whole { min: 1, max: 10_080 },
            preset: Preset::Value("60"),
            doc: "How many minutes old a message may be and still be answered, after Byline was offline.",
        },
        Key {
            name: "matrix.key_wait",
            kind: Kind::Whole { min: 1, max: 3_600 },
            preset: Preset::Value("60"),
            doc: "For how many seconds the key of a message that can't be read is waited for, before that is said.",
        },
        Key {
            name: "matrix.buttons_days",
            kind: Kind::Whole { min: 1, max: 3_650 },
            preset: Preset::Value("30"),
            doc: "For how many days an answer's pages can be turned, and a question's edit changes its answer.",
        },
        Key {
            name: "matrix.forget_days",
            kind: Kind::Whole { min: 1, max: 3_650 },
            preset: Preset::Value("30"),
            doc: "After how many days the settings of a room that Byline left are deleted.",
        },
        Key {
            name: "posting.lease",
            kind: Kind::Whole { min: 2, max: 3600 },
            preset: Preset::Value("60"),
            doc: "For how many seconds a process may hold a posting, or a digest that is due; if it dies, another takes it up after that.",
        },
        Key {
            name: "web.contact",
            kind: Kind::Text,
            preset: Preset::Unset {
                means: "sites are told the name Byline alone",
                example: "\"https://news.example/bot\"",
            },
            doc: "How the sites that are fetched from can reach whoever runs this Byline: an address of a page or of mail.",
        },
        Key {
            name: "web.ports",
            kind: Kind::List(&Kind::Whole { min: 1, max: 65_535 }),
            preset: Preset::Value("[80, 443]"),
            doc: "The ports of the web that are fetched from.",
        },
        Key {
            name: "web.internal_hosts",
            kind: Kind::List(&Kind::Host),
            preset: Preset::Value("[]"),
            doc: "Hosts that may be fetched from although they are not on the public Internet, such as \"wiki.corp.example:8080\"; whoever may add articles can read what they serve.",
        },
        Key {
            name: "web.robots",
            kind: Kind::Switch,
            preset: Preset::Value("true"),
            doc: "Whether pages that a site's robots.txt closes to robots are left alone; feeds are made for robots, and always fetched.",
        },
        Key {
            name: "web.timeout",
            kind: Kind::Whole { min: 1, max: 300 },
            preset: Preset::Value("30"),
            doc: "For how many seconds a page or feed may take, redirects included.",
        },
        Key {
            name: "web.max_megabytes",
            kind: Kind::Whole { min: 1, max: 64 },
            preset: Preset::Value("8"),
            doc: "How large a page, feed or attachment may be, unpacked, in MiB.",
        },
        Key {
            name: "web.at_once",
            kind: Kind::Whole { min: 1, max: 256 },
            preset: Preset::Value("32"),
            doc: "How much is fetched at once; of one host never more than two.",
        },
        Key {
            name: "web.host_delay",
            kind: Kind::Number { min: 0.0, max: 60.0 },
            preset: Preset::Value("1.0"),
            doc: "How many seconds pass between two fetches from one host.",
        },
        Key {
            name: "feeds.poll",
            kind: Kind::Switch,
            preset: Preset::Value("true"),
            doc: "Whether this process looks at feeds; of several on one library it is enough that one does.",
        },
        Key {
            name: "feeds.shortest_interval",
            kind: Kind::Whole { min: 1, max: 604_800 },
            preset: Preset::Value("600"),
            doc: "How many seconds pass at least between two looks at a feed.",
        },
        Key {
            name: "feeds.longest_interval",
            kind: Kind::Whole { min: 1, max: 604_800 },
            preset: Preset::Value("43200"),
            doc: "How many seconds pass at most, unless a site asks for more.",
        },
        Key {
            name: "feeds.at_once",
            kind: Kind::Whole { min: 1, max: 256 },
            preset: Preset::Value("16"),
            doc: "How many feeds are looked at, at once; of one host never more than two.",
        },
        Key {
            name: "feeds.oldest_days",
            kind: Kind::Whole { min: 0, max: 36_500 },
            preset: Preset::Value("90"),
            doc: "How many days old an entry of a feed may be to be taken; 0 takes all. The newest of a new feed always is.",
        },
        Key {
            name: "feeds.per_community",
            kind: Kind::Whole { min: 0, max: 1_000_000 },
            preset: Preset::Value("200"),
            doc: "How many feeds the managers of one community may subscribe to in all; 0 sets no bound. The console has none.",
        },
        Key {
            name: "record.folder",
            kind: Kind::Path,
            preset: Preset::Unset { means: "nothing is recorded", example: "\"posted\"" },
            doc: "The folder of the network “record”, whose channels are files: a digest for record/COMMUNITY/CHANNEL is a line of COMMUNITY/CHANNEL.jsonl in it.",
        },
        Key {
            name: "log.level",
            kind: Kind::LogFilter,
            preset: Preset::Value("\"warn\""),
            doc: "What is logged: a level (off, error, warn, info, debug, trace), or levels by target. Questions are logged at debug only.",
        },
        Key {
            name: "log.format",
            kind: Kind::Choice(&["auto", "human", "json"]),
            preset: Preset::Value("\"auto\""),
            doc: "How logs look on standard error: lines for people, or one JSON object a line. auto is human, on a terminal or not.",
        },
        Key {
            name: "console.history",
            kind: Kind::Path,
            preset: Preset::Platform {
                means: "byline/history in $XDG_STATE_HOME or ~/.local/state, on Windows in %LOCALAPPDATA%",
                example: "\"\"",
                find: history_file,
            },
            doc: "The file that keeps the lines typed in the console; \"\" keeps none.",
        },
        Key {
            name: "console.color",
            kind: Kind::Choice(&["auto", "always", "never"]),
            preset: Preset::Value("\"auto\""),
            doc: "Colour in the console; auto is on a terminal, unless NO_COLOR is set.",
        },
    ],
    ordered: &[("answer.nearest", "answer.confidence"), ("feeds.shortest_interval", "feeds.longest_interval")],
};

/// The state folder of the XDG base directory specification (used on macOS too, as command-line programs do), or the
/// local application data of Windows. Paths that are not absolute are to be ignored, the specification says.
fn history_file(variable: &Variables) -> Option<PathBuf> {
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    let state = if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else {
        absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))
    };
    Some(state?.join("byline").join("history"))
}

/// What every environment variable that sets a key begins with.
pub const ENVIRONMENT_PREFIX: &str = "BYLINE__";

impl Key {
    /// The section: everything before the last dot.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.name.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// The name within its section.
    #[must_use]
    pub fn leaf(&self) -> &'static str {
        self.name.rsplit_once('.').map_or(self.name, |(_, leaf)| leaf)
    }

    /// The environment variable that sets the key: `BYLINE__ANSWER__PASSAGES`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{ENVIRONMENT_PREFIX}{}", self.name.to_uppercase().replace('.', "__"))
    }
}

impl Table {
    /// The key of this name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Whether keys stand in a section of this name, or below it.
    #[must_use]
    pub fn has_section(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The key that `unknown` was probably meant to be.
    #[must_use]
    pub fn nearest_key(&self, unknown: &str) -> Option<&'static str> {
        // Written under no section or the wrong one, the name itself is right: no distance would tell.
        let unknown = unknown.to_lowercase();
        let leaf = unknown.rsplit('.').next().unwrap_or_default();
        let mut same_leaf = self.keys.iter().filter(|key| key.leaf() == leaf);
        match (same_leaf.next(), same_leaf.next()) {
            (Some(only), None) => Some(only.name),
            _ => nearest(&unknown, self.keys.iter().map(|key| key.name)),
        }
    }

    /// The section that `unknown` was probably meant to be.
    #[must_use]
    pub fn nearest_section(&self, unknown: &str) -> Option<&'static str> {
        nearest(&unknown.to_lowercase(), self.keys.iter().map(Key::section).filter(|section| !section.is_empty()))
    }
}

/// The candidate within a third of its letters in edits (insertions, deletions, replacements, neighbours swapped).
fn nearest(unknown: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    // The distance takes time by the product of the lengths, and no long text is a slip of the pen.
    if unknown.len() > 100 {
        return None;
    }
    candidates
        .map(|candidate| (strsim::osa_distance(unknown, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen_find_their_key() {
        for (unknown, meant) in [
            ("answer.passagse", Some("answer.passages")),
            ("anwser.passages", Some("answer.passages")),
            ("passages", Some("answer.passages")),
            ("Log.Level", Some("log.level")),
            ("console.colour", Some("console.color")),
            ("weather.tomorrow", None),
        ] {
            assert_eq!(TABLE.nearest_key(unknown), meant, "{unknown}");
        }
        assert_eq!(TABLE.nearest_section("anwser"), Some("answer"));
        assert_eq!(TABLE.nearest_section("logs"), Some("log"));
        assert_eq!(TABLE.nearest_section("weather"), None);
    }

    #[test]
    fn names_are_unique_and_sections_stand_together() {
        let mut sections: Vec<_> = TABLE.keys.iter().map(Key::section).collect();
        sections.dedup();
        let count = sections.len();
        sections.sort_unstable();
        sections.dedup();
        assert_eq!(sections.len(), count);
        for key in TABLE.keys {
            assert_eq!(TABLE.keys.iter().filter(|other| other.name == key.name).count(), 1, "{}", key.name);
            assert!(!TABLE.has_section(key.name), "{} is a key and a section", key.name);
        }
    }

    #[test]
    fn documentation_is_one_line() {
        for key in TABLE.keys {
            assert!(!key.doc.contains('\n') && key.doc.ends_with('.'), "{}", key.name);
        }
    }

    #[cfg(unix)]
    #[test]
    fn history_goes_where_the_platform_keeps_state() {
        let find = |set: &'static [(&str, &str)]| {
            history_file(&|name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| PathBuf::from(value)))
        };
        assert_eq!(find(&[("HOME", "/home/ann")]), Some("/home/ann/.local/state/byline/history".into()));
        assert_eq!(find(&[("HOME", "/home/ann"), ("XDG_STATE_HOME", "/s")]), Some("/s/byline/history".into()));
        assert_eq!(find(&[("HOME", "/home/ann"), ("XDG_STATE_HOME", "s")]), find(&[("HOME", "/home/ann")]));
        assert_eq!(find(&[]), None);
    }
}
