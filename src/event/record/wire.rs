//! Records as bytes, by `schema/record.v1.proto`: written field by field, read without copying a text.
//!
//! What prost generates copies each of the hundred texts of a record, which was more than half of what processing it cost.
//! Its rules are kept to the letter: what it takes is taken and what it refuses is refused (`tests/it/record.rs`).

use std::borrow::Cow;

use prost::{
    DecodeError, Message,
    encoding::{
        DecodeContext, WireType, check_wire_type, decode_key, decode_varint, encode_key, encode_varint,
        message, skip_field,
    },
};

use super::{Attribute, Event, Failure, Record, Segment};

/// Bytes of an event and of an attribute without their texts, about.
const EVENT_ROOM: usize = 96;
const ATTRIBUTE_ROOM: usize = 12;

/// Attributes of an event there is room for at first.
const ATTRIBUTES: usize = 16;

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error(transparent)]
    Field(#[from] DecodeError),
    #[error("it ends within a field")]
    Short,
    #[error("a text that is not UTF-8")]
    Text,
}

/// About as many bytes as [`write`] makes, rather more.
pub fn room_for(record: &Record<'_>) -> usize {
    let of_attributes = |attributes: &[Attribute<'_>]| -> usize {
        attributes.iter().map(|known| ATTRIBUTE_ROOM + known.name.len() + known.text.len()).sum()
    };
    let of_event =
        |event: &Event<'_>| EVENT_ROOM + of_attributes(&event.attributes) + 8 * event.segments.len();
    let ids = record.environment.len() + record.view_id.len();
    EVENT_ROOM + ids + record.events.iter().map(of_event).sum::<usize>() + of_attributes(&record.origin)
}

/// Adds a record's bytes.
pub fn write(record: &Record<'_>, out: &mut Vec<u8>) {
    let Record { environment, view_id, format, received_ms, anchor_ms, events, origin } = record;
    put_text(out, 1, environment);
    put_text(out, 2, view_id);
    put_signed(out, 3, (*format).into());
    put_signed(out, 4, *received_ms);
    put_signed(out, 5, *anchor_ms);
    events.iter().for_each(|event| put_nested(out, 6, |out| write_event(event, out)));
    origin.iter().for_each(|known| put_nested(out, 7, |out| write_attribute(known, out)));
}

fn write_event(event: &Event<'_>, out: &mut Vec<u8>) {
    let Event { sequence, t_ms, kind, name, playhead_ms, counters, segments, attributes, failure, turn } =
        event;
    put_number(out, 1, *sequence);
    put_signed(out, 2, *t_ms);
    put_signed(out, 3, (*kind).into());
    put_text(out, 4, name);
    if let Some(playhead_ms) = playhead_ms {
        put_said(out, 5, *playhead_ms);
    }
    if let Some(counters) = counters {
        message::encode(6, counters, out);
    }
    segments.iter().for_each(|segment| message::encode(7, segment, out));
    attributes.iter().for_each(|known| put_nested(out, 8, |out| write_attribute(known, out)));
    if let Some(failure) = failure {
        put_nested(out, 9, |out| write_failure(failure, out));
    }
    put_number(out, 10, (*turn).into());
}

fn write_failure(Failure { code, message, severity }: &Failure<'_>, out: &mut Vec<u8>) {
    put_text(out, 1, code);
    put_text(out, 2, message);
    put_signed(out, 3, (*severity).into());
}

fn write_attribute(Attribute { key, name, text, number }: &Attribute<'_>, out: &mut Vec<u8>) {
    put_signed(out, 1, (*key).into());
    put_text(out, 2, name);
    put_text(out, 3, text);
    put_number(out, 4, *number);
}

/// A field that is not there when it is what it would be anyway.
fn put_number(out: &mut Vec<u8>, tag: u32, number: u64) {
    if number != 0 {
        put_said(out, tag, number);
    }
}

fn put_signed(out: &mut Vec<u8>, tag: u32, number: i64) {
    put_number(out, tag, number.cast_unsigned());
}

fn put_said(out: &mut Vec<u8>, tag: u32, number: u64) {
    encode_key(tag, WireType::Varint, out);
    encode_varint(number, out);
}

fn put_text(out: &mut Vec<u8>, tag: u32, text: &str) {
    if !text.is_empty() {
        encode_key(tag, WireType::LengthDelimited, out);
        encode_varint(text.len() as u64, out);
        out.extend_from_slice(text.as_bytes());
    }
}

/// A message within the message. Its length stands before it and is known after it: most fit the one byte that is left for it.
fn put_nested(out: &mut Vec<u8>, tag: u32, write: impl FnOnce(&mut Vec<u8>)) {
    encode_key(tag, WireType::LengthDelimited, out);
    let at = out.len();
    out.push(0);
    write(out);
    let length = out.len() - at - 1;
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out[at] = short,
        _ => {
            let mut longer = [0; 10];
            let mut rest = &mut longer[..];
            encode_varint(length as u64, &mut rest);
            let used = 10 - rest.len();
            out.splice(at..=at, longer[..used].iter().copied());
        }
    }
}

/// Reads a record; its texts stay where they are.
///
/// # Errors
/// When the bytes are none.
pub fn read(bytes: &[u8]) -> Result<Record<'_>, Unreadable> {
    let mut record = Record::default();
    let mut fields = Fields(bytes);
    while let Some((tag, wire_type)) = fields.next()? {
        match tag {
            1 => record.environment = fields.text(wire_type)?,
            2 => record.view_id = fields.text(wire_type)?,
            3 => record.format = fields.number(wire_type)? as i32,
            4 => record.received_ms = fields.number(wire_type)?.cast_signed(),
            5 => record.anchor_ms = fields.number(wire_type)?.cast_signed(),
            6 => record.events.push(read_event(fields.nested(wire_type)?)?),
            7 => record.origin.push(read_attribute(fields.nested(wire_type)?)?),
            _ => fields.skip(tag, wire_type)?,
        }
    }
    Ok(record)
}

/// How many events a record has, without reading them; of bytes that are none, as many as come before that shows.
pub fn count_events(bytes: &[u8]) -> usize {
    let mut fields = Fields(bytes);
    let mut events = 0;
    while let Ok(Some((tag, wire_type))) = fields.next() {
        let stepped_over = match wire_type {
            WireType::LengthDelimited => fields.bytes(wire_type).map(drop),
            _ => fields.skip(tag, wire_type),
        };
        if stepped_over.is_err() {
            break;
        }
        events += usize::from(tag == 6);
    }
    events
}

fn read_event(mut fields: Fields<'_>) -> Result<Event<'_>, Unreadable> {
    let mut event = Event::default();
    while let Some((tag, wire_type)) = fields.next()? {
        match tag {
            1 => event.sequence = fields.number(wire_type)?,
            2 => event.t_ms = fields.number(wire_type)?.cast_signed(),
            3 => event.kind = fields.number(wire_type)? as i32,
            4 => event.name = fields.text(wire_type)?,
            5 => event.playhead_ms = Some(fields.number(wire_type)?),
            6 => fields.message(wire_type, event.counters.get_or_insert_default())?,
            7 => {
                let mut segment = Segment::default();
                fields.message(wire_type, &mut segment)?;
                event.segments.push(segment);
            }
            8 => {
                if event.attributes.is_empty() {
                    event.attributes.reserve(ATTRIBUTES);
                }
                event.attributes.push(read_attribute(fields.nested(wire_type)?)?);
            }
            9 => read_failure(fields.nested(wire_type)?, event.failure.get_or_insert_default())?,
            10 => event.turn = fields.number(wire_type)? as u32,
            _ => fields.skip(tag, wire_type)?,
        }
    }
    Ok(event)
}

fn read_failure<'a>(mut fields: Fields<'a>, failure: &mut Failure<'a>) -> Result<(), Unreadable> {
    while let Some((tag, wire_type)) = fields.next()? {
        match tag {
            1 => failure.code = fields.text(wire_type)?,
            2 => failure.message = fields.text(wire_type)?,
            3 => failure.severity = fields.number(wire_type)? as i32,
            _ => fields.skip(tag, wire_type)?,
        }
    }
    Ok(())
}

fn read_attribute(mut fields: Fields<'_>) -> Result<Attribute<'_>, Unreadable> {
    let mut known = Attribute::default();
    while let Some((tag, wire_type)) = fields.next()? {
        match tag {
            1 => known.key = fields.number(wire_type)? as i32,
            2 => known.name = fields.text(wire_type)?,
            3 => known.text = fields.text(wire_type)?,
            4 => known.number = fields.number(wire_type)?,
            _ => fields.skip(tag, wire_type)?,
        }
    }
    Ok(known)
}

/// What is left of a message's fields.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<Option<(u32, WireType)>, Unreadable> {
        match *self.0 {
            [] => Ok(None),
            // Nearly all: one byte of a tag that is one, and a type that is one of these two.
            [key @ 8..0x80, ref rest @ ..] if matches!(key & 7, 0 | 2) => {
                self.0 = rest;
                let wire_type = if key & 7 == 0 { WireType::Varint } else { WireType::LengthDelimited };
                Ok(Some((u32::from(key >> 3), wire_type)))
            }
            _ => Ok(Some(decode_key(&mut self.0)?)),
        }
    }

    fn number(&mut self, wire_type: WireType) -> Result<u64, Unreadable> {
        check_wire_type(WireType::Varint, wire_type)?;
        self.varint()
    }

    fn varint(&mut self) -> Result<u64, Unreadable> {
        if let [byte @ 0..0x80, ref rest @ ..] = *self.0 {
            self.0 = rest;
            return Ok(byte.into());
        }
        Ok(decode_varint(&mut self.0)?)
    }

    fn bytes(&mut self, wire_type: WireType) -> Result<&'a [u8], Unreadable> {
        check_wire_type(WireType::LengthDelimited, wire_type)?;
        let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Unreadable::Short)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn text(&mut self, wire_type: WireType) -> Result<Cow<'a, str>, Unreadable> {
        let text = str::from_utf8(self.bytes(wire_type)?);
        text.map(Cow::Borrowed).map_err(|_| Unreadable::Text)
    }

    fn nested(&mut self, wire_type: WireType) -> Result<Self, Unreadable> {
        self.bytes(wire_type).map(Self)
    }

    /// A message without texts.
    fn message(&mut self, wire_type: WireType, message: &mut impl Message) -> Result<(), Unreadable> {
        Ok(message.merge(self.bytes(wire_type)?)?)
    }

    fn skip(&mut self, tag: u32, wire_type: WireType) -> Result<(), Unreadable> {
        Ok(skip_field(wire_type, tag, &mut self.0, DecodeContext::default())?)
    }
}
