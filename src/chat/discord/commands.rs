//! The command table as Discord registers it.

use serenity::all::{CommandOptionType, CreateCommand, CreateCommandOption};

use crate::router::table::{COMMANDS, Kind, OptionSpec, Spec};

/// The longest text that an option takes, in characters (Discord allows up to 6,000; a question is never that long).
const MAX_OPTION_CHARS: u16 = 1_000;

/// Every command of the table, ready to be registered.
#[must_use]
pub fn registration() -> Vec<CreateCommand> {
    COMMANDS.iter().map(command).collect()
}

fn command(spec: &'static Spec) -> CreateCommand {
    let command = CreateCommand::new(spec.name).description(spec.about);
    if spec.parts.is_empty() {
        return command.set_options(spec.options.iter().map(option).collect());
    }
    let part = |part: &'static Spec| {
        part.options
            .iter()
            .fold(CreateCommandOption::new(CommandOptionType::SubCommand, part.name, part.about), |command, spec| {
                command.add_sub_option(option(spec))
            })
    };
    command.set_options(spec.parts.iter().map(part).collect())
}

fn option(spec: &'static OptionSpec) -> CreateCommandOption {
    if let Kind::Number { min, max } = spec.kind {
        return CreateCommandOption::new(CommandOptionType::Integer, spec.name, spec.about)
            .required(spec.required)
            .min_int_value(min.into())
            .max_int_value(max.into());
    }
    if let Kind::Choice(choices) = spec.kind {
        let option = CreateCommandOption::new(CommandOptionType::String, spec.name, spec.about).required(spec.required);
        return choices.iter().fold(option, |option, choice| option.add_string_choice(*choice, *choice));
    }
    let completes = matches!(spec.kind, Kind::Article | Kind::Outlet | Kind::Speaker | Kind::Command | Kind::Zone);
    CreateCommandOption::new(CommandOptionType::String, spec.name, spec.about)
        .required(spec.required)
        .max_length(MAX_OPTION_CHARS)
        .set_autocomplete(completes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_registers_with_its_options_and_parts() {
        let sent = serde_json::to_value(registration()).unwrap();
        let named = |name: &str| sent.as_array().unwrap().iter().find(|command| command["name"] == name).unwrap();
        assert_eq!(sent.as_array().unwrap().len(), COMMANDS.len());
        assert_eq!(named("ask")["options"][0]["name"], "question");
        assert_eq!(named("ask")["options"][0]["required"], true);
        assert_eq!(named("said")["options"][0]["autocomplete"], true);
        assert_eq!(named("articles")["options"][1]["options"][0]["name"], "article");
        let size = &named("digest")["options"][0]["options"][1];
        assert_eq!((&size["type"], &size["min_value"], &size["max_value"]), (&4.into(), &1.into(), &20.into()));
    }
}
