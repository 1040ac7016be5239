//! Discord's own schema of its API, where it can be found: `BYLINE_DISCORD_OPENAPI` names the file, or it lies beside the
//! project in `../shared/discord/openapi.json`.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, Once};

use jsonschema::Validator;
use serde_json::{Value, json};

/// Bodies of this process that the schema was asked about.
pub static VALIDATED: AtomicUsize = AtomicUsize::new(0);
/// Bodies that the overlay was asked about.
pub static LOOKED_AT: AtomicUsize = AtomicUsize::new(0);

pub struct Schema {
    document: Value,
    validators: Mutex<HashMap<String, &'static Validator>>,
}

pub static SCHEMA: LazyLock<Option<Schema>> = LazyLock::new(|| {
    let named = std::env::var_os("BYLINE_DISCORD_OPENAPI").map(PathBuf::from);
    let folders = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = folders.ancestors().skip(1).take(2).map(|folder| folder.join("shared/discord/openapi.json"));
    let path = named.into_iter().chain(beside).find(|path| path.exists())?;
    let document = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    Some(Schema { document, validators: Mutex::default() })
});

/// What a body is to Discord's schema, by the method and the path as the schema writes it; `None` where there is no schema.
pub fn check(method: &str, template: &str, body: &Value) -> Option<Result<(), String>> {
    let Some(schema) = &*SCHEMA else {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            // Not `eprintln!`: the harness keeps what a passing test prints.
            let _ = writeln!(
                std::io::stderr(),
                "Discord's schema is skipped: BYLINE_DISCORD_OPENAPI names no file, and ../shared/discord/openapi.json is not there"
            );
        });
        return None;
    };
    let validator = schema.validator(method, template)?;
    VALIDATED.fetch_add(1, Ordering::Relaxed);
    let errors: Vec<String> =
        validator.iter_errors(body).take(3).map(|e| format!("{}: {e}", e.instance_path())).collect();
    Some(if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) })
}

impl Schema {
    fn validator(&self, method: &str, template: &str) -> Option<&'static Validator> {
        let name = format!("{method} {template}");
        if let Some(found) = self.validators.lock().unwrap().get(&name) {
            return Some(found);
        }
        let operation = &self.document["paths"][template][method.to_ascii_lowercase()];
        assert!(operation.is_object(), "the schema knows no {name}");
        let wanted = &operation["requestBody"]["content"]["application/json"]["schema"];
        if wanted.is_null() {
            return None;
        }
        let root = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": self.document["components"],
            "allOf": [wanted],
        });
        let validator: &'static Validator = Box::leak(Box::new(jsonschema::validator_for(&root).unwrap()));
        self.validators.lock().unwrap().insert(name, validator);
        Some(validator)
    }
}

/// Tells how many bodies were looked at.
pub fn tell_counts() {
    let (validated, looked_at) = (VALIDATED.load(Ordering::Relaxed), LOOKED_AT.load(Ordering::Relaxed));
    let _ = writeln!(
        std::io::stderr(),
        "Discord: {looked_at} bodies passed the overlay so far, {validated} of them were asked of Discord's schema"
    );
}
