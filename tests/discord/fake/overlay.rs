//! What Discord's schema does not say, and its documentation does; and our own manners.

use serde_json::Value;

/// Counts as Discord does not: in UTF-16 units, the stricter way.
fn length(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.encode_utf16().count())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A message, or the data of a response that is one.
pub fn message(body: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut most = |what: &str, found: usize, most: usize| {
        if found > most {
            wrong.push(format!("{what}: {found}, at most {most}"));
        }
    };
    most("content", length(&body["content"]), 2000);
    let embeds = list(&body["embeds"]);
    most("embeds", embeds.len(), 10);
    let mut total = 0;
    for embed in embeds {
        for (field, limit) in [("title", 256), ("description", 4096), ("url", 2048)] {
            most(field, length(&embed[field]), limit);
        }
        most("footer", length(&embed["footer"]["text"]), 2048);
        most("author", length(&embed["author"]["name"]), 256);
        most("fields", list(&embed["fields"]).len(), 25);
        total += length(&embed["title"]) + length(&embed["description"]) + length(&embed["footer"]["text"]);
        total += length(&embed["author"]["name"]);
        for field in list(&embed["fields"]) {
            most("field name", length(&field["name"]), 256);
            most("field value", length(&field["value"]), 1024);
            total += length(&field["name"]) + length(&field["value"]);
        }
    }
    most("all embeds", total, 6000);
    let rows = list(&body["components"]);
    most("rows", rows.len(), 5);
    let buttons: Vec<&Value> = rows.iter().flat_map(|row| list(&row["components"])).collect();
    for row in rows {
        most("buttons in a row", list(&row["components"]).len(), 5);
    }
    for button in &buttons {
        most("label", length(&button["label"]), 80);
        most("custom_id", length(&button["custom_id"]), 100);
        most("button url", length(&button["url"]), 512);
    }
    let mut ids: Vec<&str> = buttons.iter().filter_map(|button| button["custom_id"].as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        wrong.push("two buttons with one custom_id".to_owned());
    }
    for button in &buttons {
        let link = button["style"] == 5;
        if link != button["url"].is_string() || link == button["custom_id"].is_string() {
            wrong.push(format!("a button must have either an address or a custom_id: {button}"));
        }
    }
    let mut urls: Vec<&str> = embeds.iter().filter_map(|embed| embed["url"].as_str()).collect();
    urls.sort_unstable();
    if urls.windows(2).any(|pair| pair[0] == pair[1]) {
        wrong.push("two embeds with one address are shown as one".to_owned());
    }
    let described = |embed: &Value| length(&embed["description"]) + length(&embed["title"]) > 0;
    if length(&body["content"]) == 0 && !embeds.iter().any(described) {
        wrong.push("an empty message".to_owned());
    }
    if body["allowed_mentions"]["parse"] != Value::Array(Vec::new()) {
        wrong.push("allowed_mentions is not empty".to_owned());
    }
    wrong
}

/// The choices of a completion.
pub fn choices(data: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let choices = list(&data["choices"]);
    if !data["choices"].is_array() || choices.len() > 25 {
        wrong.push(format!("{} choices", choices.len()));
    }
    for choice in choices {
        if !(1..=100).contains(&length(&choice["name"])) || !(1..=100).contains(&length(&choice["value"])) {
            wrong.push(format!("a choice beyond the limits: {choice}"));
        }
        let hidden = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}');
        if choice["name"].as_str().is_some_and(|name| name.contains(hidden)) {
            wrong.push(format!("a choice with what can't be seen: {choice}"));
        }
    }
    wrong
}

/// A form.
pub fn form(data: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let fields: Vec<&Value> = list(&data["components"]).iter().map(|label| &label["component"]).collect();
    if fields.is_empty() || fields.len() > 5 || !(1..=45).contains(&length(&data["title"])) {
        wrong.push(format!("a form of {} fields, titled {}", fields.len(), data["title"]));
    }
    let mut ids: Vec<&str> = fields.iter().filter_map(|field| field["custom_id"].as_str()).collect();
    ids.sort_unstable();
    if ids.len() < fields.len() || ids.windows(2).any(|pair| pair[0] == pair[1]) {
        wrong.push(format!("fields without an id of their own: {ids:?}"));
    }
    for label in list(&data["components"]) {
        if label["type"] != 18 || !(1..=45).contains(&length(&label["label"])) || length(&label["description"]) > 100 {
            wrong.push(format!("a label beyond the limits: {label}"));
        }
    }
    for options in fields.iter().filter(|field| field["type"] == 3).map(|field| list(&field["options"])) {
        let mut values: Vec<&str> = options.iter().filter_map(|option| option["value"].as_str()).collect();
        values.sort_unstable();
        if values.is_empty() || values.len() > 25 || values.windows(2).any(|pair| pair[0] == pair[1]) {
            wrong.push(format!("values of a menu: {values:?}"));
        }
        if options.iter().filter(|option| option["default"] == true).count() > 1 {
            wrong.push("two defaults".to_owned());
        }
        for text in options.iter().flat_map(|option| [&option["label"], &option["description"]]) {
            if !(1..=100).contains(&length(text)) {
                wrong.push(format!("an option beyond the limits: {text}"));
            }
        }
    }
    wrong
}

/// The commands of an application.
pub fn commands(commands: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let kind = |command: &Value| command["type"].as_u64().unwrap_or(1);
    let of = |wanted| list(commands).iter().filter(move |command| kind(command) == wanted);
    if of(1).count() > 100 || of(2).count() > 15 || of(3).count() > 15 {
        wrong.push("too many commands".to_owned());
    }
    for group in [1, 2, 3] {
        unique(&mut wrong, of(group));
    }
    for command in list(commands) {
        let slash = kind(command) == 1;
        if slash {
            name(&mut wrong, command);
        }
        let described = length(&command["description"]);
        if slash && !(1..=100).contains(&described) || !slash && described > 0 {
            wrong.push(format!("description of {}", command["name"]));
        }
        if !slash && !list(&command["options"]).is_empty() {
            wrong.push(format!("options of {}", command["name"]));
        }
        options(&mut wrong, command);
        if size(command) > 8000 {
            wrong.push(format!("{} is {} characters", command["name"], size(command)));
        }
    }
    wrong
}

fn options(wrong: &mut Vec<String>, parent: &Value) {
    let options = list(&parent["options"]);
    if options.len() > 25 {
        wrong.push(format!("{} options of {}", options.len(), parent["name"]));
    }
    unique(wrong, options.iter());
    if !options.is_sorted_by_key(|option| option["required"] != true) {
        wrong.push(format!("required options of {} do not come first", parent["name"]));
    }
    let parts = options.iter().filter(|option| matches!(option["type"].as_u64(), Some(1 | 2))).count();
    if parts > 0 && parts < options.len() {
        wrong.push(format!("{} has parts and options", parent["name"]));
    }
    for option in options {
        name(wrong, option);
        if !(1..=100).contains(&length(&option["description"])) {
            wrong.push(format!("description of {}", option["name"]));
        }
        if option["autocomplete"] == true && !list(&option["choices"]).is_empty() {
            wrong.push(format!("{} has choices and completes", option["name"]));
        }
        self::options(wrong, option);
    }
}

fn unique<'a>(wrong: &mut Vec<String>, named: impl Iterator<Item = &'a Value>) {
    let mut names: Vec<&str> = named.filter_map(|value| value["name"].as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        wrong.push(format!("a name twice: {names:?}"));
    }
}

/// `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$`, lower case where there is one.
fn name(wrong: &mut Vec<String>, value: &Value) {
    let name = value["name"].as_str().unwrap_or_default();
    let fits = |c: char| (c.is_alphanumeric() || matches!(c, '-' | '_' | '\'')) && !c.is_uppercase();
    if !(1..=32).contains(&name.chars().count()) || !name.chars().all(fits) {
        wrong.push(format!("a command or option can't be called “{name}”"));
    }
}

fn size(value: &Value) -> usize {
    let own = length(&value["name"]) + length(&value["description"]);
    own + list(&value["options"]).iter().map(size).sum::<usize>()
}
