//! What foreign players send along and the log must not hold: query strings of addresses, which carry tokens and
//! people's addresses, and headers that carry credentials (P8).
//!
//! Our own SDK sends none of it; mux-embed reports the requests of the player with their addresses and headers, and EPAS
//! lets a page report what it likes.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{field, json::Json};
use crate::{
    event::{Attribute, AttributeKey, Failure},
    telemetry::{Metric, count_labelled},
};

/// A field or header with one of these in its name is left out.
const SECRETS: [&str; 9] =
    ["cookie", "authoriz", "token", "secret", "signature", "api-key", "apikey", "password", "credential"];
/// A field with one of these in its name is an address, whether it looks like one or not.
const ADDRESSES: [&str; 3] = ["url", "uri", "href"];

/// The name of a field without a meaning, and what it says about privacy.
pub struct Name<'a> {
    text: Cow<'a, str>,
    is_secret: bool,
    is_address: bool,
}

impl<'a> Name<'a> {
    pub fn new(text: Cow<'a, str>) -> Self {
        Self { is_secret: has_one(&text, &SECRETS), is_address: has_one(&text, &ADDRESSES), text }
    }

    /// The field, kept with its event; nested ones as JSON text.
    pub fn kept(&self, value: Json<'_, 'a>) -> Option<Attribute<'a>> {
        if self.is_secret {
            count_secret();
            return None;
        }
        let text = match value.text() {
            Some(text) => cleaned(self.is_address, field::truncated(text)),
            None if value.scalar().is_some() => field::text(value).unwrap_or_default(),
            None => match serde_json::to_string(&Nested { value, is_address: self.is_address }).ok()? {
                nothing if nothing == "{}" => "".into(),
                nested => field::cut(nested.into(), field::truncated),
            },
        };
        field::named(AttributeKey::KeyUnknown, self.text.clone(), text)
    }
}

/// A field without a meaning, kept with its event.
pub fn kept<'a>(name: impl Into<Cow<'a, str>>, value: Json<'_, 'a>) -> Option<Attribute<'a>> {
    Name::new(name.into()).kept(value)
}

/// Takes query strings out of everything an event says.
pub fn scrub<'a>(attributes: &mut [Attribute<'a>], failure: &mut Option<Failure<'a>>) {
    let failure = failure.iter_mut().flat_map(|failure| [&mut failure.code, &mut failure.message]);
    for text in attributes.iter_mut().map(|attribute| &mut attribute.text).chain(failure) {
        if let Cow::Owned(clean) = without_queries(text) {
            *text = clean.into();
        }
    }
}

/// The host of an address, with its port if it names one.
pub fn host(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("//")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    (!host.is_empty()).then_some(host)
}

/// The text with every address in it cut before its `?` or `#`, and without its user and password.
pub fn without_queries(text: &str) -> Cow<'_, str> {
    if !names_address(text) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme_end) = rest.find("://").map(|at| at + 3) {
        let (before, address) = rest.split_at(scheme_end);
        let (address, after) = address.split_at(address.find(ends_address).unwrap_or(address.len()));
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let authority_end = path.find('/').unwrap_or(path.len());
        let host_start = path[..authority_end].rfind('@').map_or(0, |at| at + 1);
        clean.push_str(before);
        clean.push_str(&path[host_start..]);
        rest = after;
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// Asked of every text there is, and most are short: several times faster than a search for the three characters.
fn names_address(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b':', bytes).any(|at| bytes[at + 1..].starts_with(b"//"))
}

fn ends_address(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '<' | '>' | '`')
}

/// Text of a field; where its name says that it is an address, it may be a relative one.
fn cleaned(is_address: bool, text: &str) -> Cow<'_, str> {
    if is_address {
        let cut = text.split(['?', '#']).next().unwrap_or_default();
        return without_queries(cut);
    }
    without_queries(text)
}

/// What holds others, as JSON text: without secrets, its addresses cut, members in the order of their names.
struct Nested<'t, 'a> {
    value: Json<'t, 'a>,
    is_address: bool,
}

impl Serialize for Nested<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { value, is_address } = *self;
        if let Some(members) = value.members() {
            let (secret, mut kept): (Vec<_>, Vec<_>) = members.partition(|(name, _)| has_one(name, &SECRETS));
            secret.iter().for_each(|_| count_secret());
            kept.sort_by_key(|(name, _)| *name);
            let mut map = serializer.serialize_map(Some(kept.len()))?;
            for (name, value) in kept {
                map.serialize_entry(name, &Nested { value, is_address: has_one(name, &ADDRESSES) })?;
            }
            return map.end();
        }
        if let Some(items) = value.items() {
            return serializer.collect_seq(items.map(|value| Nested { value, is_address }));
        }
        match value.text() {
            Some(text) => serializer.serialize_str(&cleaned(is_address, text)),
            None => value.serialize(serializer),
        }
    }
}

fn count_secret() {
    count_labelled(Metric::FieldsDropped, "reason", "private", 1);
}

fn has_one(name: &str, words: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    words.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{super::json, *};

    fn kept_text(name: &str, json: &str) -> Option<String> {
        let mut bytes = json.as_bytes().to_vec();
        let kept = json::parse(&mut bytes, |value| kept(name, value).map(Attribute::into_owned));
        kept.expect("JSON").map(|attribute| attribute.text.into_owned())
    }

    #[test]
    fn addresses_lose_what_may_be_personal() {
        let clean = |text| without_queries(text).into_owned();
        assert_eq!(clean("https://a.example/b?token=1#2"), "https://a.example/b");
        assert_eq!(clean("https://me:pw@a.example?x"), "https://a.example");
        assert_eq!(
            clean("404 at \"https://a.example/s.ts?t=1\", then http://b.example/@x?q gone"),
            "404 at \"https://a.example/s.ts\", then http://b.example/@x gone"
        );
        assert_eq!(clean("why? because #1"), "why? because #1");
        assert_eq!(clean("://"), "://");
    }

    #[test]
    fn hosts_come_without_anything_else() {
        assert_eq!(host("https://me:pw@cdn.example:8443/a?b"), Some("cdn.example:8443"));
        assert_eq!(host("//cdn.example"), Some("cdn.example"));
        assert_eq!(host("/relative"), None);
        assert_eq!(host("https:///path"), None);
    }

    #[test]
    fn nested_fields_become_json_text_without_credentials() {
        let headers =
            r#"{"x-cdn":"a","Set-Cookie":"b","x-amz-security-token":"c","location":"http://h/p?q=1"}"#;
        assert_eq!(
            kept_text("request_response_headers", headers).as_deref(),
            Some(r#"{"location":"http://h/p","x-cdn":"a"}"#)
        );
        assert_eq!(
            kept_text("list", r#"{"media":[{"uri":"seg.ts?sig=1"}]}"#).as_deref(),
            Some(r#"{"media":[{"uri":"seg.ts"}]}"#)
        );
        assert_eq!(kept_text("request_url", r#""/seg.ts?sig=1""#).as_deref(), Some("/seg.ts"));
        assert_eq!(kept_text("authorization", r#""Bearer x""#), None);
        assert_eq!(kept_text("data", "{}"), None);
        assert_eq!(kept_text("headers", r#"{"set-cookie":"a"}"#), None);
        assert_eq!(kept_text("data", "null"), None);
    }
}
