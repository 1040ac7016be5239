//! The command table as Discord registers it, and registering it when it changed.

use serde_json::{Map, Value, json};
use serenity::all::{
    CommandOptionType, CommandType, CreateCommand, CreateCommandOption, InstallationContext, InteractionContext,
    Permissions,
};

use super::rest::{Rest, RestError};
use crate::router::table::{Audience, COMMANDS, Kind, OptionSpec, Spec, YES};

/// The longest text that an option takes, in characters (Discord allows up to 6,000; a question is never that long).
const MAX_OPTION_CHARS: u16 = 1_000;

/// The option of every command that answers only the asker.
pub const PRIVATE: &str = "private";

/// What a message's menu offers for its quotations.
pub const CHECK_MENU: &str = "Check this quote";

/// What a message's menu offers for the passage closest to it.
pub const SOURCE_MENU: &str = "Find the source";

/// What a message's menu offers to those who manage a server: to say whose a quotation of an answer is.
pub const WRONG_MENU: &str = "Wrong speaker";

/// Who manages a server, on Discord.
pub const MANAGES: Permissions = Permissions::MANAGE_GUILD;

/// Every command of the table and the three of a message's menu, as they are registered everywhere.
#[must_use]
pub fn registration() -> Value {
    let menu = |name| CreateCommand::new(name).kind(CommandType::Message);
    let wrong = menu(WRONG_MENU).default_member_permissions(MANAGES);
    let commands = COMMANDS.iter().map(command).chain([CHECK_MENU, SOURCE_MENU].map(menu)).chain([wrong]);
    let everywhere = |command: CreateCommand| {
        let command = command
            .integration_types(vec![InstallationContext::Guild, InstallationContext::User])
            .contexts(vec![InteractionContext::Guild, InteractionContext::BotDm, InteractionContext::PrivateChannel]);
        let mut value = serde_json::to_value(command).unwrap_or_default();
        // A number in what is sent, by Discord's own schema; serenity writes text.
        if let Some(bits) = value["default_member_permissions"].as_str().and_then(|bits| bits.parse::<u64>().ok()) {
            value["default_member_permissions"] = bits.into();
        }
        value
    };
    Value::Array(commands.map(everywhere).collect())
}

/// The same for single servers, where Discord takes no contexts.
fn for_guild(registration: &Value) -> Value {
    let mut commands = registration.clone();
    for command in commands.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        command.remove("contexts");
        command.remove("integration_types");
    }
    commands
}

fn command(spec: &'static Spec) -> CreateCommand {
    let command = CreateCommand::new(spec.name).description(spec.about);
    // Discord knows permissions for a whole command only; the parts of one are checked when they are used.
    let managers = match spec.parts {
        [] => spec.audience == Audience::Managers,
        parts => parts.iter().all(|part| part.audience == Audience::Managers),
    };
    let command = if managers { command.default_member_permissions(MANAGES) } else { command };
    if spec.parts.is_empty() {
        return command.set_options(spec.options.iter().map(option).chain([private()]).collect());
    }
    let part = |part: &'static Spec| {
        let command = CreateCommandOption::new(CommandOptionType::SubCommand, part.name, part.about);
        part.options.iter().map(option).chain([private()]).fold(command, CreateCommandOption::add_sub_option)
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
    if spec.kind == Kind::Attachment {
        return CreateCommandOption::new(CommandOptionType::Attachment, spec.name, spec.about).required(spec.required);
    }
    if let Kind::Choice(choices) = spec.kind {
        let option = CreateCommandOption::new(CommandOptionType::String, spec.name, spec.about).required(spec.required);
        return choices.iter().fold(option, |option, choice| option.add_string_choice(*choice, *choice));
    }
    if spec.kind == Kind::Flag {
        return CreateCommandOption::new(CommandOptionType::String, spec.name, spec.about)
            .required(spec.required)
            .add_string_choice(YES, YES);
    }
    CreateCommandOption::new(CommandOptionType::String, spec.name, spec.about)
        .required(spec.required)
        .max_length(MAX_OPTION_CHARS)
        .set_autocomplete(completes(spec.kind))
}

fn private() -> CreateCommandOption {
    CreateCommandOption::new(CommandOptionType::Boolean, PRIVATE, "Show the answer only to me").required(false)
}

/// Whether an option of this kind is completed as it is typed.
#[must_use]
pub fn completes(kind: Kind) -> bool {
    matches!(kind, Kind::Article | Kind::Outlet | Kind::Speaker | Kind::Feed | Kind::Command | Kind::Zone)
}

/// Registers the commands, everywhere or in `guilds`, where they are not registered just so; in how many places they were.
///
/// # Errors
/// [`RestError`] of the first place where it failed.
pub async fn register(rest: &Rest, application: u64, guilds: &[u64]) -> Result<usize, RestError> {
    let everywhere = registration();
    let mut places = Vec::new();
    if guilds.is_empty() {
        places.push((None, everywhere));
    } else {
        // What was registered everywhere before would show twice there.
        places.push((None, json!([])));
        places.extend(guilds.iter().map(|guild| (Some(*guild), for_guild(&everywhere))));
    }
    let mut registered = 0;
    for (guild, wanted) in places {
        let known = match rest.commands(application, guild).await {
            // Some stand-ins for Discord take commands and can't tell which they have.
            Err(error) if error.is_absent() => Value::Null,
            known => known?,
        };
        if !same(&known, &wanted) {
            rest.set_commands(application, guild, &wanted).await?;
            registered += 1;
        }
    }
    Ok(registered)
}

/// Whether what is registered is what we want registered: of Discord's fields, those that we send.
fn same(registered: &Value, wanted: &Value) -> bool {
    let (Some(registered), Some(wanted)) = (registered.as_array(), wanted.as_array()) else { return false };
    let by_name = |commands: &[Value]| {
        let mut commands: Vec<Value> = commands.iter().map(|command| essence(command, true)).collect();
        commands.sort_by_key(|command| (command["type"].as_i64(), command["name"].as_str().map(str::to_owned)));
        commands
    };
    by_name(registered) == by_name(wanted)
}

/// A command or option in one form, whoever wrote it: no defaults, no nulls, no fields that Discord adds.
fn essence(value: &Value, command: bool) -> Value {
    const FIELDS: [&str; 12] = [
        "type",
        "name",
        "description",
        "required",
        "min_value",
        "max_value",
        "min_length",
        "max_length",
        "autocomplete",
        "default_member_permissions",
        "contexts",
        "integration_types",
    ];
    let mut essence = Map::new();
    for field in FIELDS {
        let found = match (&value[field], field) {
            (Value::Null | Value::Bool(false), _) => continue,
            (Value::String(text), "description") if text.is_empty() => continue,
            (Value::String(bits), "default_member_permissions") => bits.parse::<u64>().map_or(Value::Null, Value::from),
            (Value::Array(numbers), _) => {
                let mut numbers: Vec<_> = numbers.iter().filter_map(Value::as_i64).collect();
                numbers.sort_unstable();
                numbers.into()
            }
            (other, _) => other.clone(),
        };
        essence.insert(field.to_owned(), found);
    }
    if command {
        essence.entry("type").or_insert(1.into());
        // What Discord fills in for a command of a single server.
        if essence.get("integration_types").is_some_and(|types| *types == json!([0]))
            && !essence.contains_key("contexts")
        {
            essence.remove("integration_types");
        }
    }
    let options: Vec<Value> =
        value["options"].as_array().into_iter().flatten().map(|o| self::essence(o, false)).collect();
    if !options.is_empty() {
        essence.insert("options".to_owned(), options.into());
    }
    Value::Object(essence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_registers_with_its_options_and_parts() {
        let sent = registration();
        let named = |name: &str| sent.as_array().unwrap().iter().find(|command| command["name"] == name).unwrap();
        assert_eq!(sent.as_array().unwrap().len(), COMMANDS.len() + 3);
        assert_eq!(named("ask")["options"][0]["name"], "question");
        assert_eq!(named("ask")["options"][0]["required"], true);
        assert_eq!(named("said")["options"][0]["autocomplete"], true);
        assert_eq!(named("articles")["options"][1]["options"][0]["name"], "article");
        let file = &named("articles")["options"][2]["options"][1];
        assert_eq!((&file["name"], &file["type"]), (&"file".into(), &11.into()));
        let size = &named("digest")["options"][0]["options"][1];
        assert_eq!((&size["type"], &size["min_value"], &size["max_value"]), (&4.into(), &1.into(), &20.into()));
        let last = named("ask")["options"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["name"], &last["type"]), (&PRIVATE.into(), &5.into()));
        assert_eq!(named(CHECK_MENU)["type"], 3);
        assert_eq!(named("ask")["contexts"], json!([0, 1, 2]));
    }

    #[test]
    fn what_managers_do_is_hidden_from_others() {
        for spec in COMMANDS {
            let everyone = spec.parts.is_empty() && spec.audience == Audience::Everyone
                || spec.parts.iter().any(|part| part.audience == Audience::Everyone);
            let sent = serde_json::to_value(command(spec)).unwrap();
            assert_eq!(sent["default_member_permissions"].is_null(), everyone, "{}", spec.name);
        }
    }

    /// What Discord answers when it is asked for what we registered.
    fn as_discord_tells_it() -> Value {
        let mut told = registration();
        for command in told.as_array_mut().unwrap() {
            command["id"] = "1".into();
            command["version"] = "2".into();
            command["application_id"] = "3".into();
            command["dm_permission"] = true.into();
            command["nsfw"] = false.into();
            command["name_localizations"] = Value::Null;
            command["default_member_permissions"] = match command["default_member_permissions"].as_u64() {
                Some(bits) => bits.to_string().into(),
                None => Value::Null,
            };
            if command["type"].is_null() {
                command["type"] = 1.into();
            }
        }
        told.as_array_mut().unwrap().reverse();
        told
    }

    #[test]
    fn what_discord_adds_is_no_change_and_a_changed_word_is() {
        let mut told = as_discord_tells_it();
        assert!(same(&told, &registration()));
        told[2]["description"] = "another".into();
        assert!(!same(&told, &registration()));
        let mut fewer = as_discord_tells_it();
        fewer.as_array_mut().unwrap().pop();
        assert!(!same(&fewer, &registration()));
        assert!(!same(&Value::Null, &registration()));
        assert!(same(&json!([]), &json!([])));
    }
}
