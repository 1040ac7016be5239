//! Settings: where they come from, what goes before what, and what is said when they are wrong.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use byline::config::keys::{Key, Kind, Preset, TABLE, Table};
use byline::config::{
    self, ColorChoice, Config, ConfigError, LogFormat, Origin, Override, Sources, example_file, load, load_as,
    markdown_table, render_check,
};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tempfile::TempDir;

/// A folder with a `bot.toml`.
fn folder(bot_toml: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("bot.toml"), bot_toml).expect("a file");
    folder
}

fn sources(folder: &Path) -> Sources {
    Sources { folder: folder.to_owned(), ..Sources::default() }
}

fn environment(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

/// The problems of a file, line by line, its folder left out.
fn problems_of_file(bot_toml: impl AsRef<[u8]>) -> Vec<String> {
    let folder = folder(bot_toml);
    problems(folder.path(), load(&sources(folder.path())).expect_err("problems"))
}

fn problems(folder: &Path, error: ConfigError) -> Vec<String> {
    let prefix = format!("{}/", folder.display());
    error.to_string().replace(&prefix, "").lines().map(ToOwned::to_owned).collect()
}

fn problems_of_environment(variables: &[(&str, &str)]) -> Vec<String> {
    let folder = folder("");
    let sources = Sources { environment: environment(variables), ..sources(folder.path()) };
    problems(folder.path(), load(&sources).expect_err("problems"))
}

fn problems_of_flags(overrides: Vec<Override>) -> Vec<String> {
    let folder = folder("");
    problems(folder.path(), load(&Sources { overrides, ..sources(folder.path()) }).expect_err("problems"))
}

mod sources_and_their_order {
    use super::*;

    #[test]
    fn with_no_source_the_defaults_hold() {
        let folder = tempfile::tempdir().expect("a folder");
        let loaded = load(&sources(folder.path())).expect("settings");
        assert_eq!(loaded.config, Config::default());
        assert!(loaded.in_force.iter().all(|in_force| in_force.origin == Origin::Default));
        assert_eq!(loaded.in_force.len(), TABLE.keys.len());
    }

    #[test]
    fn the_file_goes_before_the_default_the_environment_before_the_file_and_a_flag_before_all() {
        let folder = folder("[answer]\npassages = 4\n[summary]\nsentences = 4\n[log]\nlevel = \"info\"\n");
        let all = Sources {
            environment: environment(&[("BYLINE__SUMMARY__SENTENCES", "5"), ("BYLINE__LOG__LEVEL", "debug")]),
            overrides: vec![Override::new("-v", "log.level", "trace")],
            ..sources(folder.path())
        };
        let loaded = load(&all).expect("settings");
        assert_eq!(loaded.config.console.color, ColorChoice::Auto);
        assert_eq!(loaded.config.answer.passages, 4);
        assert_eq!(loaded.config.summary.sentences, 5);
        assert_eq!(loaded.config.log.level, "trace");

        let path = folder.path().join("bot.toml");
        let origin = |key| loaded.origin(key).cloned();
        assert_eq!(origin("console.color"), Some(Origin::Default));
        assert_eq!(origin("answer.passages"), Some(Origin::File { path, line: Some(2), column: None }));
        assert_eq!(origin("summary.sentences"), Some(Origin::Environment("BYLINE__SUMMARY__SENTENCES".into())));
        assert_eq!(origin("log.level"), Some(Origin::Flag("-v".into())));
        assert_eq!(origin("log.lever"), None);
    }

    #[test]
    fn a_file_that_was_named_is_read_instead_and_must_exist() {
        let folder = folder("[answer]\npassages = 4\n");
        let other = folder.path().join("other.toml");
        std::fs::write(&other, "[answer]\npassages = 5\n").expect("a file");
        let named = |file: PathBuf| load(&Sources { file: Some(file), ..sources(folder.path()) });
        assert_eq!(named(other).expect("settings").config.answer.passages, 5);
        let error = named("nowhere/bot.toml".into()).expect_err("no file");
        assert_eq!(error.to_string(), "nowhere/bot.toml: no such file");
    }

    #[test]
    fn what_is_there_and_cannot_be_read_is_an_error_although_it_was_not_named() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("bot.toml")).expect("a folder");
        let told = problems(folder.path(), load(&sources(folder.path())).expect_err("a folder is no file"));
        assert!(told.len() == 1 && told[0].starts_with("bot.toml: "), "{told:?}");
    }

    #[test]
    fn every_key_can_be_set_from_a_file() {
        let folder = folder(
            "library.articles = ['/news']\nanswer = { passages = 1, confidence = 1, nearest = 0.25 }\n\
             summary.sentences = 10\n\
             [log]\nlevel = 'byline=debug, tantivy=warn'\nformat = 'json'\n[console]\nhistory = '/h'\ncolor = 'never'\n",
        );
        let config = load(&sources(folder.path())).expect("settings").config;
        assert_eq!(config.library.articles, [PathBuf::from("/news")]);
        assert_eq!(config.answer.passages, 1);
        assert_eq!(config.answer.confidence, Some(1.0));
        assert_eq!(config.answer.nearest, Some(0.25));
        assert_eq!(config.summary.sentences, 10);
        assert_eq!(config.log.level, "byline=debug,tantivy=warn");
        assert_eq!(config.log.format, LogFormat::Json);
        assert_eq!(config.console.history, Some("/h".into()));
        assert_eq!(config.console.color, ColorChoice::Never);
    }

    #[test]
    fn lists_are_arrays_in_a_file_and_parted_by_commas_in_the_environment() {
        let folder =
            folder("[web]\nports = [443, 8443]\ninternal_hosts = ['wiki.example:8080', '0x7f.1']\nhost_delay = 2\n");
        let web = load(&sources(folder.path())).expect("settings").config.web;
        assert_eq!((web.ports, web.host_delay), (vec![443, 8443], 2.0));
        let hosts: Vec<String> = web.internal_hosts.iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["wiki.example:8080", "127.0.0.1"]);
        let set = environment(&[("BYLINE__WEB__PORTS", "80, 8080"), ("BYLINE__WEB__INTERNAL_HOSTS", "")]);
        let loaded = load(&Sources { environment: set, ..sources(folder.path()) }).expect("settings");
        assert_eq!((loaded.config.web.ports.as_slice(), loaded.config.web.internal_hosts.len()), (&[80, 8080][..], 0));
        let listing = render_check(&loaded);
        assert!(listing.contains("ports = [80, 8080]") && listing.contains("internal_hosts = []"), "{listing}");
    }

    #[test]
    fn what_can_be_no_item_of_a_list_is_named() {
        assert_eq!(
            problems_of_file("[web]\nports = [443, 70000]\ninternal_hosts = ['a/b']\nrobots = 'no'\n"),
            [
                "bot.toml:2: web.ports: 70000 is not a whole number from 1 to 65535",
                "bot.toml:3: web.internal_hosts: “a/b” is not a host such as \"wiki.corp.example\" or \"10.1.2.3:8080\"",
                "bot.toml:4: web.robots: “no” is not true or false",
            ]
        );
        assert_eq!(
            problems_of_file("[web]\nports = 443\n"),
            ["bot.toml:2: web.ports: 443 is not a list of whole numbers from 1 to 65535"]
        );
    }

    #[test]
    fn every_choice_of_every_key_is_a_setting() {
        for key in TABLE.keys {
            if let Kind::Choice(choices) = key.kind {
                for choice in choices {
                    let sources = Sources {
                        overrides: vec![Override::new("--set", key.name, *choice)],
                        ..sources("no-folder-of-this-name".as_ref())
                    };
                    assert!(load(&sources).is_ok(), "{} = {choice}", key.name);
                }
            }
        }
    }

    #[test]
    fn relative_paths_refer_to_the_folder_of_the_file_that_names_them() {
        let folder = folder("[library]\narticles = ['news', '/archive/*.md']\n[console]\nhistory = 'lines'\n");
        let config = load(&sources(folder.path())).expect("settings").config;
        assert_eq!(config.library.articles, [folder.path().join("news"), "/archive/*.md".into()]);
        assert_eq!(config.console.history, Some(folder.path().join("lines")));
    }

    #[cfg(unix)]
    #[test]
    fn lists_in_the_environment_are_separated_as_in_path() {
        let folder = folder("");
        let sources = Sources {
            environment: environment(&[("BYLINE__LIBRARY__ARTICLES", "news:one, two.txt:/archive/*.md")]),
            ..sources(folder.path())
        };
        let config = load(&sources).expect("settings").config;
        assert_eq!(config.library.articles, ["news", "one, two.txt", "/archive/*.md"].map(PathBuf::from));
    }

    #[test]
    fn lists_of_flags_are_taken_as_they_are() {
        let folder = folder("");
        let overrides = vec![Override::list("--articles", "library.articles", ["a:b", "c,d"])];
        let config = load(&Sources { overrides, ..sources(folder.path()) }).expect("settings").config;
        assert_eq!(config.library.articles, ["a:b", "c,d"].map(PathBuf::from));
    }

    #[cfg(unix)]
    #[test]
    fn history_is_kept_with_the_platforms_state_unless_set_otherwise() {
        let folder = folder("");
        let with = |variables| {
            let sources = Sources { environment: environment(variables), ..sources(folder.path()) };
            load(&sources).expect("settings").config.console.history
        };
        assert_eq!(with(&[("XDG_STATE_HOME", "/state")]), Some("/state/byline/history".into()));
        assert_eq!(with(&[("XDG_STATE_HOME", "/state"), ("BYLINE__CONSOLE__HISTORY", "/h")]), Some("/h".into()));
        assert_eq!(with(&[("XDG_STATE_HOME", "/state"), ("BYLINE__CONSOLE__HISTORY", "")]), None);
        assert_eq!(with(&[]), None);
    }
}

mod what_is_said_when_it_is_wrong {
    use super::*;

    #[test]
    fn unknown_keys_and_sections_are_named_with_the_nearest() {
        assert_eq!(
            problems_of_file(
                "passages = 3\n[answer]\npassagse = 3\n[anwser]\npassages = 3\n[log]\nweather = 'fine'\n[weather]\n"
            ),
            [
                "bot.toml:1: unknown key “passages” (did you mean “answer.passages”?)",
                "bot.toml:3: unknown key “answer.passagse” (did you mean “answer.passages”?)",
                "bot.toml:4: unknown section “anwser” (did you mean “answer”?)",
                "bot.toml:7: unknown key “log.weather”",
                "bot.toml:8: unknown section “weather”",
            ]
        );
    }

    #[test]
    fn wrong_types_are_named_with_what_is_wanted() {
        assert_eq!(
            problems_of_file(
                "[library]\narticles = 'news'\n[answer]\npassages = 2.5\nconfidence = 'high'\n[summary]\n\
                 sentences = [3]\n[log]\nlevel = 3\nformat = true\n[console]\nhistory = { file = 'x' }\ncolor = 1979-05-27\n"
            ),
            [
                "bot.toml:2: library.articles: “news” is not a list of paths",
                "bot.toml:4: answer.passages: 2.5 is not a whole number from 1 to 10",
                "bot.toml:5: answer.confidence: “high” is not a number from 0 to 1",
                "bot.toml:7: summary.sentences: this list is not a whole number from 1 to 10",
                "bot.toml:9: log.level: 3 is not a log filter such as \"info\" or \"warn,byline=debug\"",
                "bot.toml:10: log.format: true is not one of auto, human, json",
                "bot.toml:12: console.history: a section is not a path, or \"\" for none",
                "bot.toml:13: console.color: 1979-05-27 is not one of auto, always, never",
            ]
        );
    }

    #[test]
    fn impossible_values_are_named_with_what_is_possible() {
        assert_eq!(
            problems_of_file(
                "[library]\narticles = ['news', '']\n[answer]\npassages = -1\nconfidence = 1.5\nnearest = nan\n[summary]\n\
                 sentences = 11\n[log]\nlevel = 'wran'\nformat = 'jsn'\n"
            ),
            [
                "bot.toml:2: library.articles: a path is empty",
                "bot.toml:4: answer.passages: -1 is not a whole number from 1 to 10",
                "bot.toml:5: answer.confidence: 1.5 is not a number from 0 to 1",
                "bot.toml:6: answer.nearest: NaN is not a number from 0 to 1",
                "bot.toml:8: summary.sentences: 11 is not a whole number from 1 to 10",
                "bot.toml:10: log.level: “wran” is neither a level (off, error, warn, info, debug, trace) nor a target \
                 with one, such as byline=debug",
                "bot.toml:11: log.format: “jsn” is not one of auto, human, json",
            ]
        );
    }

    #[test]
    fn a_section_is_not_a_value() {
        assert_eq!(
            problems_of_file("answer = 3\n[[log]]\nlevel = 'info'\n"),
            ["bot.toml:1: “answer” is a section, written [answer]", "bot.toml:2: “log” is a section, written [log]",]
        );
    }

    #[test]
    fn a_quoted_key_with_a_dot_is_not_a_section_and_a_key() {
        assert_eq!(
            problems_of_file("\"answer.passages\" = 3\n"),
            ["bot.toml:1: unknown key “\"answer.passages\"” (did you mean “answer.passages”?)"]
        );
    }

    #[test]
    fn thresholds_the_wrong_way_round_are_named_across_sources() {
        assert_eq!(
            problems_of_file("[answer]\nconfidence = 0.4\nnearest = 0.6\n"),
            ["bot.toml:3: answer.nearest: 0.6 is above answer.confidence (0.4, bot.toml:2)"]
        );
        let folder = folder("[answer]\nnearest = 0.6\n");
        let sources =
            Sources { environment: environment(&[("BYLINE__ANSWER__CONFIDENCE", "0.5")]), ..sources(folder.path()) };
        assert_eq!(
            problems(folder.path(), load(&sources).expect_err("the wrong way round")),
            ["bot.toml:2: answer.nearest: 0.6 is above answer.confidence (0.5, BYLINE__ANSWER__CONFIDENCE)"]
        );
    }

    #[test]
    fn broken_toml_is_named_with_line_and_column() {
        for forgotten in ["info", "true_or_not", "/news", "./news"] {
            assert_eq!(
                problems_of_file(format!("[log]\nlevel = {forgotten}\n")),
                ["bot.toml:2:9: not valid TOML: a text needs quotation marks"],
                "{forgotten}"
            );
        }
        insta::assert_snapshot!(
            problems_of_file("[answer]\npassages = 3\npassages = 4\n").join("\n"),
            @"bot.toml:3:1: not valid TOML: duplicate key"
        );
        insta::assert_snapshot!(
            problems_of_file("[answer\n").join("\n"),
            @"bot.toml:1:8: not valid TOML: unclosed table, expected `]`"
        );
    }

    #[test]
    fn line_ends_and_byte_order_marks_of_windows_change_nothing() {
        assert_eq!(
            problems_of_file("\u{feff}[answer]\r\n# ours\r\npassages = 0\r\n"),
            ["bot.toml:3: answer.passages: 0 is not a whole number from 1 to 10"]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_line_and_column() {
        assert_eq!(problems_of_file(b"[log]\nlevel = '\xff'\n"), ["bot.toml:2:10: not valid UTF-8"]);
    }

    #[test]
    fn environment_variables_are_named() {
        assert_eq!(
            problems_of_environment(&[
                ("BYLINE__SUMMARY__SENTENCES", "many"),
                ("BYLINE__LOG__FORMAT", "jsn"),
                ("BYLINE__LOG__LEVEL", ""),
                ("BYLINE__LIBRARY__ARTICLES", ""),
                ("BYLINE__LOG__LEVLE", "info"),
                ("BYLINE__log__level", "info"),
                ("BYLINE__", "x"),
                ("BYLINE_LOG", "not ours"),
                ("LOG__LEVEL", "not ours"),
            ]),
            [
                "BYLINE__: sets no key",
                "BYLINE__LIBRARY__ARTICLES: a path is empty",
                "BYLINE__LOG__FORMAT: “jsn” is not one of auto, human, json",
                "BYLINE__LOG__LEVEL: “” is neither a level (off, error, warn, info, debug, trace) nor a target with one, \
                 such as byline=debug",
                "BYLINE__LOG__LEVLE: sets no key (did you mean “BYLINE__LOG__LEVEL”?)",
                "BYLINE__SUMMARY__SENTENCES: “many” is not a whole number from 1 to 10",
                "BYLINE__log__level: sets no key (did you mean “BYLINE__LOG__LEVEL”?)",
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn an_environment_variable_that_is_no_text_is_an_error() {
        use std::os::unix::ffi::OsStringExt;
        let folder = folder("");
        let sources = Sources {
            environment: vec![("BYLINE__LOG__LEVEL".into(), OsString::from_vec(vec![b'a', 0xff]))],
            ..sources(folder.path())
        };
        let told = problems(folder.path(), load(&sources).expect_err("no text"));
        assert_eq!(told, ["BYLINE__LOG__LEVEL: the value is not valid UTF-8"]);
    }

    #[test]
    fn flags_are_named() {
        assert_eq!(
            problems_of_flags(vec![
                Override::new("--passages", "answer.passages", "0"),
                Override::new("--set", "log.levle", "info"),
                Override::list("--articles", "library.articles", [""]),
                Override::list("--set", "log.level", ["info", "debug"]),
            ]),
            [
                "--passages: answer.passages: 0 is not a whole number from 1 to 10",
                "--set: unknown key “log.levle” (did you mean “log.level”?)",
                "--articles: library.articles: a path is empty",
                "--set: log.level: one value is wanted, not 2",
            ]
        );
    }

    #[test]
    fn everything_is_told_at_once() {
        let folder = folder("[answer]\npassagse = 3\npassages = 0\n");
        let sources = Sources {
            environment: environment(&[("BYLINE__LOG__FORMAT", "jsn")]),
            overrides: vec![Override::new("--set", "summary.sentences", "0")],
            ..sources(folder.path())
        };
        let error = load(&sources).expect_err("problems");
        assert_eq!(error.problems.len(), 4);
        assert_eq!(
            problems(folder.path(), error),
            [
                "bot.toml:2: unknown key “answer.passagse” (did you mean “answer.passages”?)",
                "bot.toml:3: answer.passages: 0 is not a whole number from 1 to 10",
                "BYLINE__LOG__FORMAT: “jsn” is not one of auto, human, json",
                "--set: summary.sentences: 0 is not a whole number from 1 to 10",
            ]
        );
    }

    #[test]
    fn a_broken_file_does_not_hide_the_other_sources() {
        let folder = folder("[");
        let sources = Sources { environment: environment(&[("BYLINE__LOG__FORMAT", "jsn")]), ..sources(folder.path()) };
        assert_eq!(load(&sources).expect_err("problems").problems.len(), 2);
    }

    #[test]
    fn what_a_value_says_stays_on_the_line_of_its_problem() {
        let told = problems_of_file("[log]\nformat = \"a\\nbot.toml:9: all is well\\u001b[2J\"\n");
        assert_eq!(
            told,
            [r"bot.toml:2: log.format: “a\nbot.toml:9: all is well\u{1b}[2J” is not one of auto, human, json"]
        );
    }
}

mod secrets {
    use super::*;

    const SECRET: &str = "hunter2-lighthouse";

    static WITH_SECRET: Table = Table {
        keys: &[
            Key {
                name: "net.name",
                kind: Kind::Choice(&["here", "there"]),
                preset: Preset::Value("\"here\""),
                doc: "Where.",
            },
            Key {
                name: "net.token",
                kind: Kind::Secret,
                preset: Preset::Unset { means: "not connected", example: "" },
                doc: "The token.",
            },
        ],
        ordered: &[],
    };

    #[derive(Debug, Clone, Deserialize)]
    struct WithSecret {
        net: Net,
    }

    #[derive(Debug, Clone, Deserialize)]
    struct Net {
        name: String,
        token: Option<SecretString>,
    }

    fn told(sources: &Sources) -> String {
        let error = load_as::<WithSecret>(&WITH_SECRET, sources).expect_err("a problem");
        assert!(!format!("{error:?}").contains(SECRET));
        error.to_string()
    }

    #[test]
    fn a_secret_is_read_and_shown_nowhere() {
        let folder = folder(format!("[net]\ntoken = '{SECRET}'\n"));
        let loaded = load_as::<WithSecret>(&WITH_SECRET, &sources(folder.path())).expect("settings");
        assert_eq!(loaded.config.net.name, "here");
        assert_eq!(loaded.config.net.token.as_ref().map(|token| token.expose_secret()), Some(SECRET));
        assert!(!format!("{loaded:?}").contains(SECRET));
        let listing = render_check(&loaded);
        assert!(!listing.contains(SECRET));
        assert!(listing.contains("# token = \"********\""), "{listing}");
        assert!(listing.contains("bot.toml:2"), "{listing}");
    }

    #[test]
    fn a_secret_that_is_not_set_is_listed_as_such() {
        let loaded = load_as::<WithSecret>(&WITH_SECRET, &sources("no-such-folder".as_ref())).expect("settings");
        assert!(loaded.config.net.token.is_none());
        assert_eq!(
            render_check(&loaded),
            "[net]\nname = \"here\"  # default\n# token        # not set: not connected\n"
        );
    }

    #[test]
    fn no_problem_repeats_a_secret() {
        for (wrong, said) in [
            (format!("token = ['{SECRET}']"), "net.token: the value (not shown) is not a text"),
            (format!("token = {{ is = '{SECRET}' }}"), "net.token: the value (not shown) is not a text"),
            (format!("tokne = '{SECRET}'"), "unknown key “net.tokne” (did you mean “net.token”?)"),
            (format!("token = {SECRET}"), "not valid TOML"),
            (format!("token = \"{SECRET}"), "not valid TOML"),
            (format!("token = '{SECRET}' '{SECRET}'"), "not valid TOML"),
            (format!("token = '{SECRET}'\ntoken = '{SECRET}'"), "not valid TOML"),
            (format!("name = 'x'\ntoken = '{SECRET}'"), "“x” is not one of here, there"),
        ] {
            let folder = folder(format!("[net]\n{wrong}\n"));
            let told = told(&sources(folder.path()));
            assert!(told.contains(said) && !told.contains(SECRET), "{told}");
        }
    }

    #[test]
    fn nor_from_the_environment_or_a_flag() {
        let set = |variables: &[(&str, &str)], overrides| {
            told(&Sources {
                environment: environment(variables),
                overrides,
                ..sources("no-folder-of-this-name".as_ref())
            })
        };
        assert_eq!(set(&[("BYLINE__NET__TOKEN", "")], vec![]), "BYLINE__NET__TOKEN: is empty");
        assert_eq!(
            set(&[("BYLINE__NET__TOKNE", SECRET)], vec![]),
            "BYLINE__NET__TOKNE: sets no key (did you mean “BYLINE__NET__TOKEN”?)"
        );
        let twice = Override::list("--token", "net.token", [SECRET, SECRET]);
        assert_eq!(set(&[], vec![twice]), "--token: net.token: one value is wanted, not 2");
    }

    #[test]
    fn a_table_that_disagrees_with_its_settings_does_not_tell_the_secret_either() {
        #[derive(Debug, Deserialize)]
        struct Numbers {
            #[expect(dead_code, reason = "never comes to be")]
            net: std::collections::HashMap<String, f64>,
        }
        let folder = folder(format!("[net]\ntoken = '{SECRET}'\n"));
        let error = load_as::<Numbers>(&WITH_SECRET, &sources(folder.path())).expect_err("no number");
        assert_eq!(error.to_string(), "default: the table of keys and the settings disagree (a bug in Byline)");
    }
}

mod what_is_printed {
    use super::*;

    #[test]
    fn the_listing_shows_values_and_their_origins() {
        let folder = folder("[answer]\npassages = 4\n");
        let sources = Sources {
            environment: environment(&[("BYLINE__LOG__LEVEL", "info")]),
            overrides: vec![Override::list("--articles", "library.articles", ["news"])],
            ..sources(folder.path())
        };
        let listing = render_check(&load(&sources).expect("settings"));
        let listing = listing.replace(&format!("{}/", folder.path().display()), "");
        insta::assert_snapshot!(listing, @r##"
        [library]
        articles = ["news"]       # --articles
        data_dir = "byline-data"  # default
        # database                # not set: the SQLite file byline.db in library.data_dir
        shared_open = false       # default
        articles_a_day = 200      # default

        [answer]
        passages = 4  # bot.toml:2
        # confidence  # not set: the matcher's own threshold
        # nearest     # not set: the matcher's own threshold

        [summary]
        sentences = 3  # default

        [discord]
        # token            # not set: Discord is not served
        # token_file       # not set: no file is read
        # api_url          # not set: Discord's own
        # guilds           # not set: everywhere
        shards = "auto"    # default
        per_person = 120   # default
        per_server = 600   # default
        buttons_days = 30  # default
        forget_days = 30   # default
        quiet = false      # default
        crosspost = false  # default
        threads = false    # default

        [matrix]
        # homeserver            # not set: Matrix is not served
        # user                  # not set: whose the token is; a password needs it
        # password              # not set: no password is known
        # password_file         # not set: no file is read
        # token                 # not set: logged in with the password
        # token_file            # not set: no file is read
        device_name = "Byline"  # default
        # passphrase            # not set: a key is made, and kept with the session
        # recovery_key_file     # not set: the key is shown once, at the first start
        # invites               # not set: managers only
        # managers              # not set: who has the power in a room
        prefix = "!byline"      # default
        # aliases               # not set: commands need the prefix
        per_person = 30         # default
        per_room = 600          # default
        max_age = 60            # default
        key_wait = 60           # default
        buttons_days = 30       # default
        forget_days = 30        # default

        [posting]
        lease = 60  # default

        [web]
        # contact            # not set: sites are told the name Byline alone
        ports = [80, 443]    # default
        internal_hosts = []  # default
        robots = true        # default
        timeout = 30         # default
        max_megabytes = 8    # default
        at_once = 32         # default
        host_delay = 1.0     # default

        [feeds]
        poll = true               # default
        shortest_interval = 600   # default
        longest_interval = 43200  # default
        at_once = 16              # default
        oldest_days = 90          # default
        per_community = 200       # default

        [record]
        # folder  # not set: nothing is recorded

        [log]
        level = "info"   # BYLINE__LOG__LEVEL
        format = "auto"  # default

        [console]
        # history       # not set
        color = "auto"  # default
        "##);
    }

    #[test]
    fn the_listing_is_a_file_that_sets_the_same() {
        let first =
            folder("[answer]\nconfidence = 0.5\nnearest = 0.1\n[console]\nhistory = 'a \"b\"\\c'\n[log]\nlevel='info'");
        let loaded = load(&sources(first.path())).expect("settings");
        let second = folder(render_check(&loaded));
        let mut again = load(&sources(second.path())).expect("settings").config;
        // What was relative to the working directory is relative to the file now.
        assert_eq!(again.library.articles, [second.path().join("data/articles")]);
        again.library = loaded.config.library.clone();
        assert_eq!(again, loaded.config);
    }

    #[test]
    fn the_example_file_is_that_of_the_table() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("bot.toml.example");
        let example = example_file(&TABLE);
        if std::env::var_os("BYLINE_BLESS").is_some() {
            std::fs::write(&path, &example).expect("written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(committed, example, "bot.toml.example is out of date: run this test with BYLINE_BLESS=1");
    }

    #[test]
    fn the_example_file_as_it_is_changes_nothing() {
        let folder = folder(example_file(&TABLE));
        assert_eq!(load(&sources(folder.path())).expect("settings").config, Config::default());
    }

    #[test]
    fn the_example_file_with_every_key_uncommented_is_valid_and_sets_every_key() {
        let all: String = example_file(&TABLE)
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(key) if !key.starts_with(' ') => format!("{key}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let folder = folder(all);
        let loaded = load(&sources(folder.path())).expect("settings");
        for in_force in &loaded.in_force {
            assert!(matches!(in_force.origin, Origin::File { .. }), "{} is not in the example", in_force.key.name);
        }
    }

    #[test]
    fn the_readmes_table_has_a_row_for_every_key() {
        let table = markdown_table(&TABLE);
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(rows.len(), TABLE.keys.len());
        for (row, key) in rows.iter().zip(TABLE.keys) {
            assert!(row.starts_with(&format!("| `{}` | {}", key.name, key.doc)), "{row}");
            assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
        }
    }
}

mod logs {
    use super::*;
    use byline::logs::{LogError, init};

    #[test]
    fn a_second_start_is_an_error_and_no_panic() {
        let log = config::Log::default();
        init(&log, false).expect("the first");
        assert!(matches!(init(&log, false), Err(LogError::Started(_))));
    }
}

/// Files that are nearly right: lines of real and invented keys with all kinds of values.
fn nearly_toml() -> impl Strategy<Value = String> {
    let names = prop_oneof![
        prop::sample::select(TABLE.keys.iter().flat_map(|key| [key.name, key.leaf()]).collect::<Vec<_>>())
            .prop_map(ToOwned::to_owned),
        r"[a-z\.]{1,12}",
        r#""[^"]{0,6}""#,
    ];
    let values = prop_oneof![
        r#"'[a-z=,/]{0,8}'"#,
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| format!("{n:?}").to_lowercase()),
        Just("['a', 1, {}]".to_owned()),
        Just("{ a = 1, b.c = [] }".to_owned()),
        Just("2020-01-01".to_owned()),
    ];
    let line = prop_oneof![
        4 => (names.clone(), values).prop_map(|(name, value)| format!("{name} = {value}")),
        1 => prop::sample::select(vec!["[answer]", "[log]", "[console]", "[library]", "[[log]]", "[answer.passages]", "[x]"])
            .prop_map(ToOwned::to_owned),
    ];
    prop::collection::vec(line, 0..6).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn no_bytes_in_a_file_make_it_panic(bytes in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        nearly_toml().prop_map(String::into_bytes),
    ]) {
        let folder = folder(&bytes);
        match load(&sources(folder.path())) {
            Ok(loaded) => prop_assert!(render_check(&loaded).contains("[answer]")),
            Err(error) => {
                prop_assert!(!error.problems.is_empty());
                // One line each, with the line where one is known.
                prop_assert_eq!(error.to_string().lines().count(), error.problems.len());
            }
        }
    }

    #[test]
    fn no_environment_makes_it_panic(pairs in prop::collection::vec(
        (
            prop_oneof![
                r"BYLINE__[A-Z_]{0,20}",
                r"BYLINE__\PC{0,200}",
                prop::sample::select(TABLE.keys.iter().map(Key::variable).collect::<Vec<_>>()),
                Just("HOME".to_owned()),
            ],
            r"\PC{0,20}|-?[0-9]{1,30}|0\.[0-9]{1,4}",
        ),
        0..8,
    )) {
        let sources = Sources {
            environment: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            ..sources("no-folder-of-this-name".as_ref())
        };
        if let Err(error) = load(&sources) {
            prop_assert_eq!(error.to_string().lines().count(), error.problems.len());
        }
    }
}

#[test]
fn keys_nested_too_deep_are_an_error() {
    for deep in [
        format!("a{} = 1", ".a".repeat(50_000)),
        format!("a = {}", "[".repeat(50_000)),
        format!("[a{}]", ".a".repeat(50_000)),
    ] {
        let told = problems_of_file(deep);
        assert_eq!(told.len(), 1, "{told:?}");
    }
}
