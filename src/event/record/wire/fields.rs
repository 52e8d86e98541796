//! The fields of protobuf messages, read without copying: keys, numbers, and texts in long stretches.

use std::borrow::Cow;

use prost::{
    DecodeError,
    encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field},
};

use super::Unreadable;

/// Tag and type of a field.
pub type Key = (u32, u32);
/// What was read, and what is left behind it.
type Read<'a, T> = Result<(T, &'a [u8]), DecodeError>;

/// The types there are in a record.
pub const NUMBER: u32 = WireType::Varint as u32;
pub const BYTES: u32 = WireType::LengthDelimited as u32;

/// What is left of a message's fields. What nearly all of them look like is read in place, the rest by prost.
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Those of a message.
    #[inline]
    pub fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// The key of the next field; none at the end.
    #[inline]
    pub fn key(&mut self) -> Result<Option<Key>, Unreadable> {
        let key = match *self.0 {
            [] => return Ok(None),
            [key @ 8..0x80, ref rest @ ..] => {
                self.0 = rest;
                key.into()
            }
            _ => self.long(long_key)?,
        };
        Ok(Some((key >> 3, key & 7)))
    }

    /// A value that is a number.
    #[inline]
    pub fn number(&mut self) -> Result<u64, Unreadable> {
        match *self.0 {
            [byte @ 0..0x80, ref rest @ ..] => {
                self.0 = rest;
                Ok(byte.into())
            }
            [low, high @ 0..0x80, ref rest @ ..] => {
                self.0 = rest;
                Ok(u64::from(low & 0x7F) | u64::from(high) << 7)
            }
            _ => self.long(long_number),
        }
    }

    /// A value that has a length: a text or a message.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], Unreadable> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Unreadable::Short)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// What is none of the fields that are read: nobody knows it, or a tag up to `known` has a type that is not its own.
    #[inline]
    pub fn step_over(&mut self, key: Key, known: u32) -> Result<(), Unreadable> {
        self.0 = stepped_over(key, known, self.0)?;
        Ok(())
    }

    /// Reads with a function that takes and gives back what is left: were it lent, it could not stay in registers.
    #[inline]
    fn long<T>(&mut self, read: fn(&'a [u8]) -> Read<'a, T>) -> Result<T, Unreadable> {
        let (value, rest) = read(self.0)?;
        self.0 = rest;
        Ok(value)
    }
}

#[inline(never)]
fn long_key(mut bytes: &[u8]) -> Read<'_, u32> {
    let (tag, wire_type) = decode_key(&mut bytes)?;
    Ok((tag << 3 | wire_type as u32, bytes))
}

#[inline(never)]
fn stepped_over((tag, wire_type): Key, known: u32, mut bytes: &[u8]) -> Result<&[u8], Unreadable> {
    if tag <= known {
        return Err(Unreadable::Type);
    }
    let wire_type = WireType::try_from(u64::from(wire_type))?;
    skip_field(wire_type, tag, &mut bytes, DecodeContext::default())?;
    Ok(bytes)
}

#[inline(never)]
fn long_number(mut bytes: &[u8]) -> Read<'_, u64> {
    let number = decode_varint(&mut bytes)?;
    Ok((number, bytes))
}

/// Looks whether texts are UTF-8, many at once: between them there is little else, and mostly that is UTF-8 too. In front of a text
/// stands its length, whose last byte is a character by itself, so where it begins a character begins.
pub struct Texts<'a> {
    /// The whole record, whose fields are read from the first to the last.
    all: &'a [u8],
    /// What was looked at last, up to where it is not UTF-8.
    valid: &'a str,
}

impl<'a> Texts<'a> {
    /// Those of a record.
    pub fn of(record: &'a [u8]) -> Self {
        Self { all: record, valid: "" }
    }

    /// The text that these bytes of the record are.
    #[inline]
    pub fn read(&mut self, bytes: &'a [u8]) -> Result<Cow<'a, str>, Unreadable> {
        let begin = bytes.as_ptr().addr().wrapping_sub(self.valid.as_ptr().addr());
        match self.valid.get(begin..begin.saturating_add(bytes.len())) {
            Some(text) => Ok(text.into()),
            None => self.look_on(bytes).map(Into::into),
        }
    }

    fn look_on(&mut self, bytes: &'a [u8]) -> Result<&'a str, Unreadable> {
        let begin = bytes.as_ptr().addr() - self.all.as_ptr().addr();
        let (_, ahead) = self.all.split_at(begin);
        self.valid = match str::from_utf8(ahead) {
            Ok(all) => all,
            Err(end) => str::from_utf8(&ahead[..end.valid_up_to()]).unwrap_or_default(),
        };
        self.valid.get(..bytes.len()).ok_or(Unreadable::Text)
    }
}
