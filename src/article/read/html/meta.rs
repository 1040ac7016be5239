//! What a page says about its article: JSON-LD, OpenGraph, meta elements and microdata, in this order of trust.

use serde_json::Value;
use trafilatura::dom::Document;

use crate::article::{Metadata, Published};

/// How deep JSON-LD is searched for the article.
const MAX_DEPTH: usize = 6;

/// The longest title, author or outlet, in characters. Real ones stay under 300; a page may give megabytes.
const MAX_CHARS: usize = 500;

/// The metadata that the page itself gives.
pub(super) fn of(document: &Document) -> Metadata {
    let linked = linked_data(document);
    let article = linked.iter().find_map(|value| find(value, 0, &is_article));
    let meta = |names: &[&str]| names.iter().find_map(|name| content(document, name));
    let marked = |name: &str| microdata(document, name);
    let field = |name: &str| article.and_then(|article| article.get(name));
    let title = field("headline")
        .and_then(text)
        .or_else(|| meta(&["og:title", "twitter:title", "dc.title"]))
        .or_else(|| marked("headline"));
    let author = field("author")
        .and_then(names)
        .or_else(|| meta(&["author", "article:author_name", "parsely-author", "sailthru.author", "dc.creator", "byl"]))
        .or_else(|| marked("author"));
    let outlet = field("publisher")
        .and_then(names)
        .or_else(|| meta(&["og:site_name", "application-name"]))
        .or_else(|| linked.iter().find_map(|value| find(value, 0, &is_publisher)).and_then(names))
        .or_else(|| marked("publisher"));
    let published = field("datePublished")
        .and_then(text)
        .into_iter()
        .chain(meta(&[
            "article:published_time",
            "og:article:published_time",
            "date",
            "dc.date",
            "dc.date.issued",
            "parsely-pub-date",
            "sailthru.date",
            "pubdate",
            "datePublished",
        ]))
        .chain(marked("datePublished"))
        .find_map(|date| date.parse::<Published>().ok());
    let root = document.root();
    let canonical =
        document.query_selector(root, "link[rel=\"canonical\"]").and_then(|link| document.get_attribute(link, "href"));
    // The link is made for this question alone; what is left asks the others in their order.
    let linked_url = || field("url").and_then(text).or_else(|| field("mainEntityOfPage").and_then(identity));
    let url = [canonical, linked_url(), meta(&["og:url"]), marked("url")].into_iter().flatten().find(|url| is_web(url));
    // Last what the page says of itself as a whole: templates leave there what they were made with.
    let language = field("inLanguage")
        .and_then(text)
        .or_else(|| meta(&["og:locale", "language", "dc.language"]))
        .or_else(|| marked("inLanguage"))
        .or_else(|| {
            let html = document.query_selector(root, "html[lang]")?;
            document.get_attribute(html, "lang").filter(|tag| !tag.trim().is_empty())
        });
    Metadata {
        title: title.unwrap_or_default(),
        author: author.filter(|author| !is_address(author)),
        outlet,
        url,
        published,
        language,
    }
}

/// What an article in microdata says under this name: as an attribute for machines, else as its text. An author's name may
/// stand in an element of its own.
fn microdata(document: &Document, name: &str) -> Option<String> {
    let scope = "[itemtype*=\"schema.org/\" i][itemtype*=\"Article\" i], [itemtype*=\"schema.org/BlogPosting\" i]";
    let article = document.query_selector(document.root(), scope)?;
    let elements = document.query_selector_all(article, &format!("[itemprop~=\"{name}\" i]"));
    elements.into_iter().find_map(|element| {
        let inner = document.query_selector(element, "[itemprop~=\"name\" i]").unwrap_or(element);
        let attribute = ["content", "datetime"].iter().find_map(|name| document.get_attribute(inner, name));
        clean(&attribute.unwrap_or_else(|| document.text_content(inner)))
    })
}

/// Takes from the extractor what the page did not say outright.
pub(super) fn fill(meta: &mut Metadata, found: trafilatura::Metadata) {
    let given = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    if meta.title.is_empty() {
        meta.title = found.title.trim().to_owned();
    }
    meta.author = meta.author.take().or_else(|| given(found.author).map(|author| author.replace("; ", ", ")));
    meta.outlet = meta.outlet.take().or_else(|| given(found.sitename));
    meta.url = meta.url.take().or_else(|| given(found.url).filter(|url| is_web(url)));
    meta.published = meta.published.or_else(|| found.date.and_then(|date| date.to_string().parse().ok()));
    meta.language = meta.language.take().or_else(|| given(found.language));
    for words in [Some(&mut meta.title), meta.author.as_mut(), meta.outlet.as_mut()].into_iter().flatten() {
        if let Some((end, _)) = words.char_indices().nth(MAX_CHARS) {
            words.truncate(end);
        }
    }
}

/// The content of the first `<meta>` of this name or property.
fn content(document: &Document, name: &str) -> Option<String> {
    let selector = format!("meta[property=\"{name}\" i], meta[name=\"{name}\" i], meta[itemprop=\"{name}\" i]");
    let elements = document.query_selector_all(document.root(), &selector);
    elements
        .into_iter()
        .filter_map(|element| document.get_attribute(element, "content"))
        .find_map(|words| clean(&words))
}

fn linked_data(document: &Document) -> Vec<Value> {
    let scripts = document.query_selector_all(document.root(), "script[type=\"application/ld+json\" i]");
    scripts.into_iter().filter_map(|script| serde_json::from_str(document.text_content(script).trim()).ok()).collect()
}

/// The first object, outermost first, that `wanted` accepts.
fn find<'v>(value: &'v Value, depth: usize, wanted: &dyn Fn(&Value) -> bool) -> Option<&'v Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    match value {
        Value::Array(items) => items.iter().find_map(|item| find(item, depth + 1, wanted)),
        Value::Object(object) => {
            if wanted(value) {
                return Some(value);
            }
            ["@graph", "mainEntity", "mainEntityOfPage"]
                .iter()
                .find_map(|inner| find(object.get(*inner)?, depth + 1, wanted))
        }
        _ => None,
    }
}

fn has_type(value: &Value, accepts: impl Fn(&str) -> bool) -> bool {
    match value.get("@type") {
        Some(Value::String(kind)) => accepts(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(accepts),
        _ => false,
    }
}

fn is_article(value: &Value) -> bool {
    has_type(value, |kind| {
        let kind = kind.rsplit('/').next().unwrap_or(kind);
        kind.ends_with("Article")
            || kind.ends_with("BlogPosting")
            || kind.ends_with("Posting")
            || matches!(kind, "Report" | "ClaimReview")
    }) && value.get("headline").or_else(|| value.get("datePublished")).is_some()
}

fn is_publisher(value: &Value) -> bool {
    has_type(value, |kind| kind.ends_with("Organization") || kind == "WebSite")
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(words) => clean(words),
        Value::Array(items) => items.iter().find_map(text),
        Value::Object(object) => {
            object.get("@value").or_else(|| object.get("name")).and_then(Value::as_str).and_then(clean)
        }
        _ => None,
    }
}

/// The address by which JSON-LD names a thing: itself, or its `@id`.
fn identity(value: &Value) -> Option<String> {
    text(value.get("@id").unwrap_or(value))
}

/// A name, or several joined by commas; each once.
fn names(value: &Value) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |name: Option<String>| {
        if let Some(name) = name.filter(|name| !is_address(name))
            && !all.contains(&name)
        {
            all.push(name);
        }
    };
    match value {
        Value::Array(items) => items.iter().for_each(|item| add(text(item))),
        other => add(text(other)),
    }
    (!all.is_empty()).then(|| all.join(", "))
}

/// Without character references and white space runs; `None` when nothing is left.
fn clean(words: &str) -> Option<String> {
    // JSON-LD is no mark-up, yet many sites escape it as if it were; parsing it as a text node undoes that.
    let plain = if words.contains('&') && !words.contains('<') {
        let fragment = Document::parse(words);
        fragment.text_content(fragment.root())
    } else {
        words.to_owned()
    };
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    (!plain.is_empty()).then_some(plain)
}

fn is_address(words: &str) -> bool {
    words.starts_with("http://") || words.starts_with("https://") || words.starts_with("//") || words.contains('@')
}

fn is_web(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
