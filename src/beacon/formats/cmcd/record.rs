//! One line of a report: an RFC 8941 dictionary, read with patience.
//!
//! Players get single keys wrong (bare items for lists, decimals for integers, numbers for strings), and the standard
//! asks that a bad key costs only itself. The structured-fields crates reject the whole dictionary at the first mistake,
//! as RFC 8941 wants it of HTTP fields, so this reader is our own: one pass cuts the line at its commas, then each member
//! is read by itself. Time is linear in the line, and nothing is kept beyond the limits below.

use std::borrow::Cow;

use crate::telemetry::{Metric, count_labelled};

/// Longest line, bytes: a record of today's players has 400, one with a long signed address a few thousand.
pub const MAX_LINE_BYTES: usize = 16 * 1024;
/// Most keys of a record (the standard knows 50) and items of a list that are looked at.
const MAX_KEYS: usize = 128;
const MAX_ITEMS: usize = 64;
const MAX_KEY_BYTES: usize = 64;

/// A single value.
#[derive(Debug, Clone, PartialEq)]
pub enum Bare<'a> {
    Number(f64),
    /// A string, without its quotes, or a token.
    Text(Cow<'a, str>),
    Flag(bool),
}

/// A value with its first parameter as it stands there: the object type (`v`) or a range (`r="0-99"`).
#[derive(Debug, Clone, PartialEq)]
pub struct Item<'a> {
    pub bare: Bare<'a>,
    /// The number as it was written: text that is kept stays the client's own.
    pub written: &'a str,
    pub parameter: Option<&'a str>,
}

/// What a key says: one item or a list of them. Players mix them up, so both read as items.
#[derive(Debug, Clone, PartialEq)]
pub struct Value<'a> {
    pub items: Vec<Item<'a>>,
}

/// A record: its keys in the order they came, each once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record<'a> {
    pub members: Vec<(&'a str, Value<'a>)>,
}

impl<'a> Record<'a> {
    /// Reads a line; what cannot be read of it is left out and counted.
    pub fn parse(line: &'a str) -> Self {
        let mut record = Self::default();
        for member in members(line) {
            if record.members.len() == MAX_KEYS {
                count_labelled(Metric::FieldsDropped, "reason", "too_many_keys", 1);
                break;
            }
            match read_member(member) {
                Some((key, value)) => record.insert(key, value),
                None => count_labelled(Metric::FieldsDropped, "reason", "bad_key", 1),
            }
        }
        record
    }

    /// Of a key that is said twice the last holds, as in RFC 8941.
    fn insert(&mut self, key: &'a str, value: Value<'a>) {
        match self.members.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.members.push((key, value)),
        }
    }

    /// What `key` says.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.members.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// The string or token of `key`.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.word()
    }

    /// The first number of `key`.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.get(key)?.number()
    }
}

impl Value<'_> {
    /// The first item, if it is a string or token.
    pub fn word(&self) -> Option<&str> {
        match &self.items.first()?.bare {
            Bare::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The first item, if it is a number.
    pub fn number(&self) -> Option<f64> {
        self.items.first()?.number()
    }

    /// Whether a flag is up: a key without a value is.
    pub fn is_true(&self) -> bool {
        matches!(self.items.first(), Some(Item { bare: Bare::Flag(true), .. }))
    }

    /// All of it, for keeping: items as they were written, strings without quotes, with their parameters.
    pub fn kept(&self) -> String {
        let items: Vec<Cow<'_, str>> = self.items.iter().map(Item::kept).collect();
        items.join(" ")
    }
}

impl Item<'_> {
    /// The item, if it is a number.
    pub fn number(&self) -> Option<f64> {
        match self.bare {
            Bare::Number(number) => Some(number),
            _ => None,
        }
    }

    fn kept(&self) -> Cow<'_, str> {
        let text = match &self.bare {
            Bare::Number(_) => Cow::Borrowed(self.written),
            Bare::Text(text) => Cow::Borrowed(&**text),
            Bare::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        };
        match self.parameter {
            Some(parameter) => Cow::Owned(format!("{text};{parameter}")),
            None => text,
        }
    }
}

/// The members of a line, cut at the commas outside quotes. A quote that never closes costs its member only: from there
/// on every comma cuts.
struct Members<'a> {
    rest: Option<&'a str>,
    quotes: bool,
}

fn members(line: &str) -> Members<'_> {
    Members { rest: Some(line), quotes: true }
}

impl<'a> Iterator for Members<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let rest = self.rest?;
            let end = if self.quotes { comma_outside_quotes(rest) } else { Ok(rest.find(',')) };
            let end = end.unwrap_or_else(|Unclosed| {
                self.quotes = false;
                rest.find(',')
            });
            let (member, rest) = end.map_or((rest, None), |end| (&rest[..end], Some(&rest[end + 1..])));
            self.rest = rest;
            let member = member.trim();
            if !member.is_empty() {
                return Some(member);
            }
        }
    }
}

struct Unclosed;

fn comma_outside_quotes(text: &str) -> Result<Option<usize>, Unclosed> {
    let (mut quoted, mut escaped) = (false, false);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return Ok(Some(index)),
            _ => {}
        }
    }
    if quoted { Err(Unclosed) } else { Ok(None) }
}

/// `key=value`, or `key` alone for true. `None` if it is neither.
fn read_member(member: &str) -> Option<(&str, Value<'_>)> {
    let end = member.find(['=', ';']).unwrap_or(member.len());
    let (key, rest) = member.split_at(end);
    let key = key.trim();
    if !is_key(key) {
        return None;
    }
    let items = match rest.strip_prefix('=').map(str::trim) {
        Some(value) => match value.strip_prefix('(') {
            Some(list) => read_list(list)?,
            None => {
                let (item, rest) = read_item(value)?;
                rest.trim().is_empty().then(|| vec![item])?
            }
        },
        None => vec![Item { bare: Bare::Flag(true), written: "", parameter: None }],
    };
    Some((key, Value { items }))
}

fn is_key(key: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.*".contains(&byte);
    (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(sound)
}

/// The items up to the closing bracket.
fn read_list(mut list: &str) -> Option<Vec<Item<'_>>> {
    let mut items = Vec::new();
    loop {
        list = list.trim_start();
        if let Some(rest) = list.strip_prefix(')') {
            let rest = rest.trim();
            return (rest.is_empty() || rest.starts_with(';')).then_some(items);
        }
        let (item, rest) = read_item(list)?;
        if items.len() < MAX_ITEMS {
            items.push(item);
        } else if items.len() == MAX_ITEMS {
            count_labelled(Metric::FieldsDropped, "reason", "list_too_long", 1);
        }
        list = rest;
    }
}

/// One item with its parameters, and what comes after it.
fn read_item(text: &str) -> Option<(Item<'_>, &str)> {
    let (bare, rest) = match text.bytes().next()? {
        b'"' => read_string(text)?,
        b'?' => match text.as_bytes().get(1)? {
            b'0' => (Bare::Flag(false), &text[2..]),
            b'1' => (Bare::Flag(true), &text[2..]),
            _ => return None,
        },
        _ => {
            let end = text.find([' ', ';', ')', '(', '"', '\t']).unwrap_or(text.len());
            let (word, rest) = text.split_at(end);
            (read_word(word)?, rest)
        }
    };
    let written = &text[..text.len() - rest.len()];
    let (parameter, rest) = read_parameters(rest)?;
    Some((Item { bare, written, parameter }, rest))
}

/// A number if it is written like one, else a token; binary (`:…:`) stays as it is.
fn read_word(word: &str) -> Option<Bare<'_>> {
    let looks_numeric = word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit())
        && word.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte));
    if looks_numeric && let Some(number) = word.parse::<f64>().ok().filter(|number| number.is_finite()) {
        return Some(Bare::Number(number));
    }
    let sound = !word.is_empty() && !word.chars().any(char::is_control);
    sound.then_some(Bare::Text(Cow::Borrowed(word)))
}

/// A string up to its closing quote; backslashes only escape.
fn read_string(text: &str) -> Option<(Bare<'_>, &str)> {
    let inner = &text[1..];
    let mut escaped = false;
    let mut has_escapes = false;
    for (index, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => (escaped, has_escapes) = (true, true),
            b'"' => {
                let raw = &inner[..index];
                let text = if has_escapes { Cow::Owned(unescaped(raw)) } else { Cow::Borrowed(raw) };
                let sound = !text.chars().any(char::is_control);
                return sound.then_some((Bare::Text(text), &inner[index + 1..]));
            }
            _ => {}
        }
    }
    None
}

fn unescaped(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(char) = chars.next() {
        text.extend(if char == '\\' { chars.next() } else { Some(char) });
    }
    text
}

/// `;v` or `;r="0-99"`; the first is kept.
fn read_parameters(mut text: &str) -> Option<(Option<&str>, &str)> {
    let mut first = None;
    while let Some(rest) = text.strip_prefix(';') {
        let rest = rest.trim_start();
        let mut end = rest.find([' ', ';', ')', '=', '\t']).unwrap_or(rest.len());
        if rest[end..].starts_with('=') {
            let value = &rest[end + 1..];
            let after = match value.strip_prefix('"') {
                Some(_) => read_string(value)?.1,
                None => &value[value.find([' ', ';', ')', '\t']).unwrap_or(value.len())..],
            };
            end = rest.len() - after.len();
        }
        let (parameter, after) = rest.split_at(end);
        first = first.or(Some(parameter).filter(|parameter| !parameter.is_empty()));
        text = after;
    }
    Some((first, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(line: &str) -> Vec<(String, String)> {
        let record = Record::parse(line);
        record.members.iter().map(|(key, value)| ((*key).to_owned(), value.kept())).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_type_of_value_is_read() {
        let line = r#"bg,bl=(2100;v 1900;a),bs=?0,cid="a \"b\", c",e=ps,nor=("../x.m4s";r="0-99" "y"),pr=1.5,ts=1795313593693"#;
        assert_eq!(
            kept(line),
            pairs(&[
                ("bg", "true"),
                ("bl", "2100;v 1900;a"),
                ("bs", "false"),
                ("cid", "a \"b\", c"),
                ("e", "ps"),
                ("nor", "../x.m4s;r=\"0-99\" y"),
                ("pr", "1.5"),
                ("ts", "1795313593693"),
            ])
        );
        let record = Record::parse(line);
        assert_eq!(record.number("ts"), Some(1_795_313_593_693.0));
        assert_eq!(record.number("bl"), Some(2100.0), "a list where an item is due");
        assert!(record.get("bg").is_some_and(Value::is_true));
        assert!(!record.get("bs").is_some_and(Value::is_true));
    }

    #[test]
    fn a_bad_key_costs_only_itself() {
        for bad in [
            "=1",
            "a b=1",
            "x=",
            "x=(1",
            "x=(1;v))(",
            "x=?2",
            "x=\"a\"b",
            "ü=1",
            "x=\"\u{7}\"",
            ",,",
            "x=1 2",
        ] {
            assert_eq!(kept(&format!("sn=1,{bad},e=t")), pairs(&[("sn", "1"), ("e", "t")]), "{bad}");
        }
        // A quote that never closes: its member is lost, the rest is not.
        assert_eq!(kept(r#"sn=1,cid="abc,e=t,sta=p"#), pairs(&[("sn", "1"), ("e", "t"), ("sta", "p")]));
        assert_eq!(kept("a=1,a=2, a = 3 "), pairs(&[("a", "3")]));
        assert_eq!(kept(""), pairs(&[]));
    }

    #[test]
    fn a_record_is_bounded() {
        let many: String = (0..1000).map(|n| format!("k{n}=1,")).collect();
        assert_eq!(Record::parse(&many).members.len(), MAX_KEYS);
        let long = format!("bl=({})", "1 ".repeat(1000));
        assert_eq!(Record::parse(&long).get("bl").map(|value| value.items.len()), Some(MAX_ITEMS));
    }

    /// A dictionary as RFC 8941 writes it, and what it says.
    fn dictionary() -> impl Strategy<Value = (String, Vec<(String, String)>)> {
        let text = "[ -~]{0,12}";
        let value = prop_oneof![
            any::<i32>().prop_map(|n| (n.to_string(), n.to_string())),
            (any::<i16>(), 0_u16..1000).prop_map(|(n, f)| (format!("{n}.{f:03}"), format!("{n}.{f:03}"))),
            "[a-z*][a-z0-9:/_.]{0,9}".prop_map(|token| (token.clone(), token)),
            text.prop_map(|text| (quoted(&text), text)),
            prop::collection::vec((any::<u16>(), prop::option::of("[a-z]{1,2}")), 0..5).prop_map(|items| {
                let items: Vec<String> = items
                    .iter()
                    .map(|(n, kind)| kind.as_ref().map_or(n.to_string(), |kind| format!("{n};{kind}")))
                    .collect();
                (format!("({})", items.join(" ")), items.join(" "))
            }),
            Just(("?0".to_owned(), "false".to_owned())),
        ];
        prop::collection::btree_map("[a-z][a-z-]{0,8}", value, 0..12).prop_map(|members| {
            let line: Vec<String> = members.iter().map(|(key, (wire, _))| format!("{key}={wire}")).collect();
            (line.join(","), members.into_iter().map(|(key, (_, kept))| (key, kept)).collect())
        })
    }

    fn quoted(text: &str) -> String {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read((line, said) in dictionary()) {
            prop_assert_eq!(kept(&line), said);
        }

        #[test]
        fn no_line_is_too_strange(line in prop_oneof![any::<String>(), "[a-c=,;\"\\\\() ?:0-9.-]{0,80}"]) {
            let record = Record::parse(&line);
            prop_assert!(record.members.len() <= MAX_KEYS);
            for (key, value) in &record.members {
                prop_assert!(is_key(key) && value.items.len() <= MAX_ITEMS);
                value.kept();
            }
        }
    }

    #[test]
    fn time_is_linear_in_the_line() {
        // Half a megabyte of what would make a reader with second thoughts go quadratic.
        for unit in ["a=\",", "a=\"\\\",", "\\\",", "a=(", "a=1;", ",", "(\"", "a=\"\\"] {
            let line = unit.repeat((512 << 10) / unit.len());
            let begun = std::time::Instant::now();
            Record::parse(&line);
            assert!(begun.elapsed().as_secs() < 2, "{unit}");
        }
    }
}
