//! The fields that front matter and JSON share: which names they go by, and what their values may be.

use serde_json::{Map, Value};

use crate::article::date::DateError;
use crate::article::{Metadata, Published};

/// A field whose value can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldError {
    /// The field as the source writes it.
    pub(super) field: String,
    /// What is wrong with it.
    pub(super) reason: String,
}

/// What a file says about an article, by field.
#[derive(Debug)]
pub(super) struct Fields<'m>(pub(super) &'m Map<String, Value>);

impl<'m> Fields<'m> {
    /// The first of these fields that is there and not null; names are compared without case.
    pub(super) fn find(&self, names: &[&str]) -> Option<(&'m str, &'m Value)> {
        names.iter().find_map(|name| {
            let (key, value) = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
            (!value.is_null()).then_some((key.as_str(), value))
        })
    }

    /// A field that holds one text; a number is taken as it is written.
    pub(super) fn text(&self, names: &[&str]) -> Result<Option<String>, FieldError> {
        let Some((field, value)) = self.find(names) else { return Ok(None) };
        let text = scalar(value).ok_or_else(|| wrong(field, "text", value))?;
        Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    /// A field that holds a name or a list of names; objects are asked for their `name`.
    fn names(&self, names: &[&str]) -> Result<Option<String>, FieldError> {
        let Some((field, value)) = self.find(names) else { return Ok(None) };
        let one = |value: &Value| match value {
            Value::Object(object) => object.get("name").and_then(scalar),
            other => scalar(other),
        };
        let all = match value {
            Value::Array(items) => items.iter().map(one).collect::<Option<Vec<_>>>(),
            other => one(other).map(|name| vec![name]),
        };
        let all = all.ok_or_else(|| wrong(field, "a name or a list of names", value))?;
        let joined = all.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ");
        Ok(Some(joined).filter(|names| !names.is_empty()))
    }

    /// Everything about the article but its text.
    pub(super) fn metadata(&self) -> Result<Metadata, FieldError> {
        let published = match self.find(&["published", "date", "datePublished", "published_at", "pubDate"]) {
            None => None,
            Some((field, value)) => {
                let text = scalar(value).ok_or_else(|| wrong(field, "a date", value))?;
                let date = |text: &str| {
                    let told = |error: DateError| FieldError { field: field.to_owned(), reason: error.to_string() };
                    text.parse::<Published>().map_err(told)
                };
                // Exports leave what they don't know blank.
                Some(text.trim()).filter(|text| !text.is_empty()).map(date).transpose()?
            }
        };
        Ok(Metadata {
            title: self.text(&["title", "headline"])?.unwrap_or_default(),
            author: self.names(&["author", "authors", "by", "byline"])?,
            outlet: self.names(&["outlet", "site", "publication", "publisher", "source"])?,
            url: self.text(&["url", "link", "canonical", "canonical_url"])?,
            published,
            language: self.text(&["language", "lang"])?,
        })
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Says what was wanted and what is there.
pub(super) fn wrong(field: &str, wanted: &str, value: &Value) -> FieldError {
    let is = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    FieldError { field: field.to_owned(), reason: format!("must be {wanted}, is {is}") }
}
