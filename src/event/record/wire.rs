//! Records as bytes, by `schema/record.v1.proto`: written field by field, read without copying a text.
//!
//! What prost generates copies each of the hundred texts of a record, which was more than half of what processing it cost.
//! Its rules are kept to the letter: what it takes is taken and what it refuses is refused (`tests/it/record.rs`).

mod fields;

use prost::{
    DecodeError,
    encoding::{WireType, encode_key, encode_varint, message},
};

use self::fields::{BYTES, Fields, NUMBER, Texts};
use super::{Attribute, Counters, Event, Failure, Record, Segment};

/// Bytes of an event and of an attribute without their texts, about.
const EVENT_ROOM: usize = 96;
const ATTRIBUTE_ROOM: usize = 12;

/// Events and attributes there is room for at first.
const EVENTS: usize = 8;
const ATTRIBUTES: usize = 16;

/// Why bytes are no record.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error(transparent)]
    Field(#[from] DecodeError),
    #[error("a field of another type than it has")]
    Type,
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
    let texts = &mut Texts::of(bytes);
    let mut fields = Fields::of(bytes);
    while let Some(key) = fields.key()? {
        match key {
            (1, BYTES) => record.environment = texts.read(fields.bytes()?)?,
            (2, BYTES) => record.view_id = texts.read(fields.bytes()?)?,
            (3, NUMBER) => record.format = fields.number()? as i32,
            (4, NUMBER) => record.received_ms = fields.number()?.cast_signed(),
            (5, NUMBER) => record.anchor_ms = fields.number()?.cast_signed(),
            (6, BYTES) => read_event(fields.bytes()?, texts, one_more(&mut record.events, EVENTS))?,
            (7, BYTES) => read_attribute(fields.bytes()?, texts, one_more(&mut record.origin, ATTRIBUTES))?,
            _ => fields.step_over(key, 7)?,
        }
    }
    Ok(record)
}

/// How many events a record has, without reading them; of bytes that are none, as many as come before that shows.
pub fn count_events(bytes: &[u8]) -> usize {
    let mut fields = Fields::of(bytes);
    let mut events = 0;
    while let Ok(Some((tag, wire_type))) = fields.key() {
        let stepped_over = match wire_type {
            BYTES => fields.bytes().map(drop),
            _ => fields.step_over((tag, wire_type), 0),
        };
        if stepped_over.is_err() {
            break;
        }
        events += usize::from(tag == 6);
    }
    events
}

fn read_event<'a>(bytes: &'a [u8], texts: &mut Texts<'a>, event: &mut Event<'a>) -> Result<(), Unreadable> {
    let mut fields = Fields::of(bytes);
    while let Some(key) = fields.key()? {
        match key {
            (1, NUMBER) => event.sequence = fields.number()?,
            (2, NUMBER) => event.t_ms = fields.number()?.cast_signed(),
            (3, NUMBER) => event.kind = fields.number()? as i32,
            (4, BYTES) => event.name = texts.read(fields.bytes()?)?,
            (5, NUMBER) => event.playhead_ms = Some(fields.number()?),
            (6, BYTES) => read_counters(fields.bytes()?, event.counters.get_or_insert_default())?,
            (7, BYTES) => read_segment(fields.bytes()?, one_more(&mut event.segments, 1))?,
            (8, BYTES) => {
                read_attribute(fields.bytes()?, texts, one_more(&mut event.attributes, ATTRIBUTES))?;
            }
            (9, BYTES) => read_failure(fields.bytes()?, texts, event.failure.get_or_insert_default())?,
            (10, NUMBER) => event.turn = fields.number()? as u32,
            _ => fields.step_over(key, 10)?,
        }
    }
    Ok(())
}

fn read_counters(bytes: &[u8], counters: &mut Counters) -> Result<(), Unreadable> {
    let mut fields = Fields::of(bytes);
    while let Some(key) = fields.key()? {
        let total = match key {
            (1, NUMBER) => &mut counters.playing_ms,
            (2, NUMBER) => &mut counters.watch_ms,
            (3, NUMBER) => &mut counters.rebuffer_ms,
            (4, NUMBER) => &mut counters.rebuffer_count,
            (5, NUMBER) => &mut counters.seek_ms,
            (6, NUMBER) => &mut counters.seek_count,
            (7, NUMBER) => &mut counters.dropped_frames,
            (8, NUMBER) => {
                counters.bitrate_ms = Some(fields.number()?);
                continue;
            }
            (9, NUMBER) => &mut counters.upscale_ms,
            (10, NUMBER) => &mut counters.downscale_ms,
            (11, NUMBER) => &mut counters.startup_ms,
            (12, NUMBER) => &mut counters.player_startup_ms,
            (13, NUMBER) => &mut counters.page_load_ms,
            (14, NUMBER) => &mut counters.max_upscale,
            (15, NUMBER) => &mut counters.max_downscale,
            (16, NUMBER) => &mut counters.max_request_latency_ms,
            (17, NUMBER) => &mut counters.preroll_request_count,
            (18, NUMBER) => &mut counters.preroll_request_ms,
            (19, NUMBER) => &mut counters.preroll_load_ms,
            _ => {
                fields.step_over(key, 19)?;
                continue;
            }
        };
        *total = Some(fields.number()? as u32);
    }
    Ok(())
}

fn read_segment(bytes: &[u8], segment: &mut Segment) -> Result<(), Unreadable> {
    let mut fields = Fields::of(bytes);
    while let Some(key) = fields.key()? {
        match key {
            (1, NUMBER) => segment.number = fields.number()? as u32,
            (2, NUMBER) => segment.from_ms = fields.number()? as u32,
            (3, NUMBER) => segment.to_ms = fields.number()? as u32,
            _ => fields.step_over(key, 3)?,
        }
    }
    Ok(())
}

fn read_failure<'a>(
    bytes: &'a [u8],
    texts: &mut Texts<'a>,
    failure: &mut Failure<'a>,
) -> Result<(), Unreadable> {
    let mut fields = Fields::of(bytes);
    while let Some(key) = fields.key()? {
        match key {
            (1, BYTES) => failure.code = texts.read(fields.bytes()?)?,
            (2, BYTES) => failure.message = texts.read(fields.bytes()?)?,
            (3, NUMBER) => failure.severity = fields.number()? as i32,
            _ => fields.step_over(key, 3)?,
        }
    }
    Ok(())
}

fn read_attribute<'a>(
    bytes: &'a [u8],
    texts: &mut Texts<'a>,
    known: &mut Attribute<'a>,
) -> Result<(), Unreadable> {
    let mut fields = Fields::of(bytes);
    while let Some(key) = fields.key()? {
        match key {
            (1, NUMBER) => known.key = fields.number()? as i32,
            (2, BYTES) => known.name = texts.read(fields.bytes()?)?,
            (3, BYTES) => known.text = texts.read(fields.bytes()?)?,
            (4, NUMBER) => known.number = fields.number()?,
            _ => fields.step_over(key, 4)?,
        }
    }
    Ok(())
}

/// A new one behind the others, to be read where it stands; there is room for so many at first.
fn one_more<T: Default>(list: &mut Vec<T>, room: usize) -> &mut T {
    if list.is_empty() {
        list.reserve_exact(room);
    }
    list.push_mut(T::default())
}
