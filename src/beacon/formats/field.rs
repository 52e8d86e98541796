//! Reading single fields of untrusted JSON: each is bounded, and what is out of bounds is left out and counted while
//! the event around it is kept.

use std::borrow::Cow;

use simd_json::{Node, StaticNode, prelude::ValueAsScalar};

use super::json::Json;
use crate::{
    beacon::body::REPLACEMENT,
    event::{Attribute, AttributeKey, attribute},
    telemetry::{Metric, count_labelled},
};

/// Longest id, name of a dimension, and value of one, bytes.
pub const MAX_ID_BYTES: usize = 128;
pub const MAX_NAME_BYTES: usize = 128;
pub const MAX_TEXT_BYTES: usize = 4096;
/// Longest total of a view: a week. Longer is a broken client, not a viewer.
const MAX_TOTAL_MS: f64 = 7.0 * 24.0 * 3_600_000.0;
/// Largest fraction kept in millionths.
const MAX_MILLIONTHS: f64 = 4e9;
/// Largest integer a JSON number keeps exact.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Counts a value that cannot be what it is said to be; its event is kept without it.
pub fn left_out(field: &'static str) {
    count_labelled(Metric::FieldsDropped, "reason", field, 1);
}

/// A value that has members.
pub fn object<'t, 'a>(value: Json<'t, 'a>) -> Option<Json<'t, 'a>> {
    value.members().is_some().then_some(value)
}

/// A part of an event that has members.
pub fn part<'t, 'a>(value: Option<Json<'t, 'a>>, field: &'static str) -> Option<Json<'t, 'a>> {
    let value = value?;
    let part = object(value);
    if part.is_none() && !value.is_null() {
        left_out(field);
    }
    part
}

/// A duration or count that may be written as a float; `None` when missing or not possible.
pub fn total(value: Option<Json<'_, '_>>, field: &'static str) -> Option<u32> {
    bounded(value, MAX_TOTAL_MS, field).map(|number| number as u32)
}

/// A fraction of at most 4,000 (a stamp of a picture on a wall of screens), in millionths.
pub fn millionths(value: Option<Json<'_, '_>>, field: &'static str) -> Option<u32> {
    let millionths = of_number(number(value?)? * f64::from(attribute::MILLIONTHS));
    bounded(Some((&millionths).into()), MAX_MILLIONTHS, field).map(|number| number as u32)
}

/// A non-negative whole number up to 2^53.
pub fn whole(value: Option<Json<'_, '_>>, field: &'static str) -> Option<u64> {
    bounded(value, MAX_EXACT, field).map(|number| number as u64)
}

/// A float in thousands of what we count in (seconds for ms, kbit/s for bit/s); negative stands for "not known".
pub fn thousands(value: Option<Json<'_, '_>>, field: &'static str) -> Option<u64> {
    let number = number(value?).filter(|number| *number >= 0.0)?;
    whole(Some((&of_number(number * 1000.0)).into()), field)
}

/// A whole number of either sign up to 2^53: a clock.
pub fn clock(value: Option<Json<'_, '_>>) -> Option<i64> {
    let number = number(value?)?;
    (number.abs() <= MAX_EXACT).then_some(number.round() as i64)
}

/// A share above 0 and at most 1, in millionths and at least one of them.
fn share(value: Json<'_, '_>, field: &'static str) -> Option<u64> {
    let millionths = number(value).map(|number| number * f64::from(attribute::MILLIONTHS));
    match millionths.filter(|millionths| *millionths > 0.0 && *millionths <= attribute::MILLIONTHS.into()) {
        Some(millionths) => Some((millionths.round() as u64).max(1)),
        None => {
            left_out(field);
            None
        }
    }
}

fn bounded(value: Option<Json<'_, '_>>, max: f64, field: &'static str) -> Option<f64> {
    let value = value?;
    if value.is_null() {
        return None;
    }
    match number(value) {
        Some(number) if (0.0..=max).contains(&number) => Some(number.round()),
        _ => {
            left_out(field);
            None
        }
    }
}

/// A number that was said otherwise.
pub fn of_number(number: f64) -> Node<'static> {
    Node::Static(StaticNode::from(number))
}

fn number(value: Json<'_, '_>) -> Option<f64> {
    value.scalar()?.cast_f64().filter(|number| number.is_finite())
}

/// An identifier: not empty, not long, no control characters.
pub fn id<'a>(value: Option<Json<'_, 'a>>) -> Option<Cow<'a, str>> {
    let text = value?.text()?;
    let sound = !text.is_empty() && text.len() <= MAX_ID_BYTES && !text.chars().any(char::is_control);
    sound.then_some(text.into())
}

/// Text cut to its limit at a character; numbers and booleans count as text.
pub fn text<'a>(value: Json<'_, 'a>) -> Option<Cow<'a, str>> {
    if let Some(text) = value.text() {
        return Some(truncated(text).into());
    }
    match value.scalar()? {
        StaticNode::Null => None,
        StaticNode::Bool(flag) => Some(if flag { "true" } else { "false" }.into()),
        // Whole numbers are most of them, and written faster as such.
        StaticNode::I64(whole) if whole.unsigned_abs() <= MAX_EXACT as u64 => Some(whole.to_string().into()),
        StaticNode::U64(whole) if whole <= MAX_EXACT as u64 => Some(whole.to_string().into()),
        _ => number(value).map(|number| number.to_string().into()),
    }
}

/// A part of a text, borrowed if the text is.
pub fn cut<'a>(text: Cow<'a, str>, part: impl FnOnce(&str) -> &str) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(part(text)),
        Cow::Owned(mut text) => {
            let part = part(&text);
            if part.len() < text.len() {
                text = part.to_owned();
            }
            Cow::Owned(text)
        }
    }
}

/// Whether the client's bytes were no UTF-8 here.
pub fn is_damaged(text: &str) -> bool {
    !text.is_ascii() && text.contains(REPLACEMENT)
}

/// Text cut to its limit at a character.
pub fn truncated(text: &str) -> &str {
    if text.len() <= MAX_TEXT_BYTES {
        return text;
    }
    let mut end = MAX_TEXT_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    left_out("text_too_long");
    &text[..end]
}

/// An attribute with a meaning; `None` when the value is not of its type or empty.
pub fn attribute<'a>(spec: &attribute::Spec, value: Json<'_, 'a>) -> Option<Attribute<'a>> {
    let mut attribute = Attribute { key: spec.key as i32, ..Attribute::default() };
    match spec.kind {
        attribute::Type::Text => {
            let Some(said) = text(value) else {
                if !value.is_null() {
                    left_out(spec.name);
                }
                return None;
            };
            if said.is_empty() {
                return None;
            }
            attribute.text = said;
            if spec.key == AttributeKey::PageUrl {
                attribute.text = cut(attribute.text, without_query);
            }
        }
        attribute::Type::Number => {
            attribute.number = whole(Some(value), spec.name).filter(|number| *number > 0)?
        }
        attribute::Type::Share => attribute.number = share(value, spec.name)?,
    }
    Some(attribute)
}

/// A dimension of the customer's own.
pub fn custom<'a>(name: Cow<'a, str>, value: Json<'_, 'a>) -> Option<Attribute<'a>> {
    named(AttributeKey::KeyCustom, name, text(value)?)
}

/// A field without a meaning, kept with its event.
pub fn unknown<'a>(name: Cow<'a, str>, value: Json<'_, 'a>) -> Option<Attribute<'a>> {
    named(AttributeKey::KeyUnknown, name, text(value)?)
}

/// An attribute whose name is the client's own.
pub fn named<'a>(key: AttributeKey, name: Cow<'a, str>, text: Cow<'a, str>) -> Option<Attribute<'a>> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        left_out("name_too_long");
        return None;
    }
    (!text.is_empty()).then_some(Attribute { key: key as i32, name, text, number: 0 })
}

/// JSON objects come in no order; a record does, so that the same beacon always makes the same record.
pub fn in_order(mut attributes: Vec<Attribute<'_>>) -> Vec<Attribute<'_>> {
    attributes.sort_by(|a, b| (a.key, &a.name).cmp(&(b.key, &b.name)));
    attributes
}

/// Query strings carry tokens and addresses of people; they do not enter the log.
pub fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}
