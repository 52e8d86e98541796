//! JSON of players: a body is parsed into one list of nodes, and what is read of it is borrowed from the body. Nothing is made of
//! members that nobody asks for, and one list serves all bodies of a thread.

use std::{cell::RefCell, iter, slice};

use serde::{Serialize, Serializer};
use simd_json::{Buffers, Node, StaticNode, Tape, fill_tape};

use crate::beacon::refusal::Refusal;

/// Longest body whose parser leaves its memory to the next one.
const SHORT_BYTES: usize = 64 << 10;

/// Parses a body in place and tells `read` of it.
///
/// # Errors
/// [`Refusal::BadJson`].
pub fn parse<'a, R>(body: &'a mut [u8], read: impl FnOnce(Json<'_, 'a>) -> R) -> Result<R, Refusal> {
    thread_local! {
        static KEPT: RefCell<(Buffers, Vec<Node<'static>>)> = RefCell::default();
    }
    let is_short = body.len() <= SHORT_BYTES;
    // Taken out, as nothing says that `read` parses nothing itself.
    let (mut buffers, nodes) = KEPT.take();
    let mut tape = Tape(nodes).reset();
    let outcome = fill_tape(body, &mut buffers, &mut tape).map(|()| read(Json(&tape.0)));
    if is_short {
        KEPT.set((buffers, tape.reset().0));
    }
    outcome.map_err(|_| Refusal::BadJson)
}

/// A value: its node, and behind it those of all it holds.
#[derive(Debug, Clone, Copy)]
pub struct Json<'t, 'a>(&'t [Node<'a>]);

impl<'t, 'a> From<&'t Node<'a>> for Json<'t, 'a> {
    /// Of a text or number, which holds no others.
    fn from(node: &'t Node<'a>) -> Self {
        Self(slice::from_ref(node))
    }
}

impl<'t, 'a> Json<'t, 'a> {
    /// What it is if it is no text and holds no others.
    pub fn scalar(self) -> Option<StaticNode> {
        match self.0 {
            [Node::Static(scalar), ..] => Some(*scalar),
            _ => None,
        }
    }

    /// What it says if it is a text.
    pub fn text(self) -> Option<&'a str> {
        match self.0 {
            [Node::String(text), ..] => Some(text),
            _ => None,
        }
    }

    pub fn is_null(self) -> bool {
        matches!(self.0, [Node::Static(StaticNode::Null), ..])
    }

    /// Its value by name, if it is an object and has it.
    pub fn get(self, name: &str) -> Option<Self> {
        self.members()?.find_map(|(own, value)| (own == name).then_some(value))
    }

    /// How many it holds directly.
    pub fn count(self) -> usize {
        match self.0 {
            [Node::Object { len, .. } | Node::Array { len, .. }, ..] => *len,
            _ => 0,
        }
    }

    /// Its members in the order of the body, if it is an object.
    pub fn members(self) -> Option<impl Iterator<Item = (&'a str, Self)> + use<'t, 'a>> {
        let [Node::Object { .. }, rest @ ..] = self.0 else { return None };
        let mut rest = rest;
        Some(iter::from_fn(move || {
            let [Node::String(name), after @ ..] = rest else { return None };
            let value = first(after)?;
            rest = &after[value.0.len()..];
            Some((*name, value))
        }))
    }

    /// Its items, if it is an array.
    pub fn items(self) -> Option<impl Iterator<Item = Self> + use<'t, 'a>> {
        let [Node::Array { .. }, rest @ ..] = self.0 else { return None };
        let mut rest = rest;
        Some(iter::from_fn(move || {
            let value = first(rest)?;
            rest = &rest[value.0.len()..];
            Some(value)
        }))
    }
}

impl Serialize for Json<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(members) = self.members() {
            return serializer.collect_map(members);
        }
        if let Some(items) = self.items() {
            return serializer.collect_seq(items);
        }
        match (self.text(), self.scalar()) {
            (Some(text), _) => serializer.serialize_str(text),
            (_, Some(StaticNode::Bool(flag))) => serializer.serialize_bool(flag),
            (_, Some(StaticNode::I64(number))) => serializer.serialize_i64(number),
            (_, Some(StaticNode::U64(number))) => serializer.serialize_u64(number),
            (_, Some(StaticNode::F64(number))) => serializer.serialize_f64(number),
            (_, Some(StaticNode::Null) | None) => serializer.serialize_unit(),
        }
    }
}

/// The first of some values that stand behind each other.
fn first<'t, 'a>(nodes: &'t [Node<'a>]) -> Option<Json<'t, 'a>> {
    let held = match nodes.first()? {
        Node::Object { count, .. } | Node::Array { count, .. } => *count,
        Node::String(_) | Node::Static(_) => 0,
    };
    nodes.get(..=held).map(Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn all_of_a_body_is_read(json in r#"\{("[a-c]":(-?[1-9][0-9]{0,8}|"[a-z\\n]{0,3}"|null|true|[0-9]\.5|\[(1,\{"x":\[\]\},)*"e"\]|\{\}),)*"z":0\}"#) {
            let mut bytes = json.clone().into_bytes();
            let read = parse(&mut bytes, |json| serde_json::to_value(json).unwrap());
            let expected: Result<serde_json::Value, _> = serde_json::from_str(&json);
            match (read, expected) {
                (Ok(read), Ok(expected)) => proptest::prop_assert_eq!(read, expected),
                (read, expected) => proptest::prop_assert!(read.is_err() && expected.is_err(), "{}", json),
            }
        }
    }

    #[test]
    fn a_body_may_be_read_while_another_is() {
        let (mut outer, mut inner) = (br#"{"a":[1,"x"]}"#.to_vec(), b"[2]".to_vec());
        let both = parse(&mut outer, |outer| {
            let inner = parse(&mut inner, |inner| inner.items().map(Iterator::count));
            (outer.get("a").map(Json::count), inner.unwrap())
        });
        assert_eq!(both.unwrap(), (Some(2), Some(1)));
        assert!(parse(&mut b"{".to_vec(), |_| ()).is_err());
    }
}
