//! How the values of a type lie in a Native block: as much of every type as it takes to find where a column ends.
//!
//! A column is its prefix, which only dictionaries have, and then its values: numbers one after the other, texts behind their
//! lengths, what is nested behind how much of it there is. So no value has to be understood.

use bytes::Buf;

/// The lowest byte of a dictionary's flags is the width of its indexes; these two say what comes along with them.
const SHARED_KEYS: u64 = 1 << 8;
const OWN_KEYS: u64 = 1 << 9;

/// The layout of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// So many bytes a value.
    Fixed(usize),
    /// A length and so many bytes a value.
    Text,
    /// A byte for each value that says whether it is there, and then all of them.
    Nullable(Box<Self>),
    /// Where each list ends, and then the elements of all.
    List(Box<Self>),
    /// Each element for all values, one after the other.
    Tuple(Vec<Self>),
    /// The distinct values, and which of them each value is.
    Dictionary(Box<Self>),
}

impl Layout {
    /// The layout of the type of that name, as the engine writes names; `None` for one whose values have to be understood to
    /// find their end (states of aggregate functions, types that are found in the data).
    pub fn of(name: &str) -> Option<Self> {
        let (name, arguments) = match name.split_once('(') {
            Some((name, rest)) => (name, split(rest.strip_suffix(')')?, b',')),
            None => (name, Vec::new()),
        };
        let nested = || Self::element(arguments.last()?).map(Box::new);
        let tuple = || arguments.iter().map(|argument| Self::element(argument)).collect::<Option<Vec<_>>>();
        Some(match name {
            "String" => Self::Text,
            "Nullable" => Self::Nullable(nested()?),
            "Array" => Self::List(nested()?),
            "LowCardinality" => match *nested()? {
                // Whether a value is there is one of the distinct values.
                Self::Nullable(inner) => Self::Dictionary(inner),
                inner => Self::Dictionary(Box::new(inner)),
            },
            "SimpleAggregateFunction" => *nested()?,
            // One without elements is a byte a value.
            "Tuple" if arguments.is_empty() => Self::Fixed(1),
            "Tuple" => Self::Tuple(tuple()?),
            "Map" | "Nested" => Self::List(Box::new(Self::Tuple(tuple()?))),
            "Point" => Self::Tuple(vec![Self::Fixed(8), Self::Fixed(8)]),
            "Ring" | "LineString" | "MultiPoint" => Self::List(Box::new(Self::of("Point")?)),
            "Polygon" | "MultiLineString" => Self::List(Box::new(Self::of("Ring")?)),
            "MultiPolygon" => Self::List(Box::new(Self::of("Polygon")?)),
            _ => Self::Fixed(width(name, &arguments)?),
        })
    }

    /// An element of a tuple, which may have a name before its type.
    fn element(text: &str) -> Option<Self> {
        Self::of(split(text.trim(), b' ').last()?)
    }

    /// Goes past a column of so many values; `None` when it does not hold them.
    pub fn skip(&self, rows: usize, rest: &mut &[u8]) -> Option<()> {
        self.skip_prefix(rest)?;
        self.skip_values(rows, rest)
    }

    fn skip_prefix(&self, rest: &mut &[u8]) -> Option<()> {
        match self {
            Self::Fixed(_) | Self::Text => Some(()),
            Self::Nullable(inner) | Self::List(inner) => inner.skip_prefix(rest),
            Self::Tuple(elements) => elements.iter().try_for_each(|element| element.skip_prefix(rest)),
            Self::Dictionary(_) => advance(rest, 8),
        }
    }

    fn skip_values(&self, count: usize, rest: &mut &[u8]) -> Option<()> {
        match self {
            Self::Fixed(width) => advance(rest, count.checked_mul(*width)?),
            Self::Text => (0..count).try_for_each(|_| {
                let length = varint(rest)?;
                advance(rest, usize::try_from(length).ok()?)
            }),
            Self::Nullable(inner) => {
                advance(rest, count)?;
                inner.skip_values(count, rest)
            }
            Self::List(inner) => {
                let Some(before_last) = count.checked_sub(1) else { return Some(()) };
                advance(rest, before_last.checked_mul(8)?)?;
                let elements = number(rest)?;
                inner.skip_values(usize::try_from(elements).ok()?, rest)
            }
            Self::Tuple(elements) => elements.iter().try_for_each(|element| element.skip_values(count, rest)),
            Self::Dictionary(keys) => skip_dictionary(keys, count, rest),
        }
    }
}

fn skip_dictionary(keys: &Layout, mut count: usize, rest: &mut &[u8]) -> Option<()> {
    while count > 0 {
        let flags = number(rest)?;
        let width = 1_usize.checked_shl(u32::try_from(flags & 0xff).ok()?).filter(|width| *width <= 8)?;
        if flags & SHARED_KEYS != 0 {
            return None;
        }
        if flags & OWN_KEYS != 0 {
            let own = number(rest)?;
            keys.skip_values(usize::try_from(own).ok()?, rest)?;
        }
        let indexes = usize::try_from(number(rest)?).ok().filter(|indexes| *indexes > 0)?;
        advance(rest, indexes.checked_mul(width)?)?;
        count = count.checked_sub(indexes)?;
    }
    Some(())
}

/// Bytes of a value of a type that has as many in every value.
fn width(name: &str, arguments: &[&str]) -> Option<usize> {
    Some(match name {
        "UInt8" | "Int8" | "Bool" | "Enum8" | "Nothing" => 1,
        "UInt16" | "Int16" | "BFloat16" | "Date" | "Enum16" => 2,
        "UInt32" | "Int32" | "Float32" | "Date32" | "DateTime" | "Time" | "IPv4" => 4,
        "UInt64" | "Int64" | "Float64" | "DateTime64" | "Time64" => 8,
        "UInt128" | "Int128" | "UUID" | "IPv6" => 16,
        "UInt256" | "Int256" => 32,
        "FixedString" => arguments.first()?.parse().ok()?,
        "Decimal" => match arguments.first()?.parse::<u8>().ok()? {
            0..=9 => 4,
            10..=18 => 8,
            19..=38 => 16,
            _ => 32,
        },
        _ if name.starts_with("Interval") => 8,
        _ => return None,
    })
}

/// The parts of a text between separators that stand in no parentheses and no quotes.
fn split(text: &str, separator: u8) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quote, mut escaped) = (Vec::new(), 0, 0_usize, None, false);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), _) => quote = quote.filter(|_| byte != open),
            (None, b'\'' | b'`' | b'"') => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') => depth = depth.saturating_sub(1),
            (None, _) if byte == separator && depth == 0 => {
                parts.extend(text.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(from..).filter(|last| !last.is_empty()));
    parts
}

fn advance(rest: &mut &[u8], bytes: usize) -> Option<()> {
    *rest = rest.get(bytes..)?;
    Some(())
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    rest.try_get_u64_le().ok()
}

/// ClickHouse's variable-length integer: seven bits a byte, the lowest first.
pub fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = rest.try_get_u8().ok()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_are_read_whole() {
        let fixed = |width| Box::new(Layout::Fixed(width));
        for (name, layout) in [
            ("DateTime64(3, 'UTC')", Layout::Fixed(8)),
            ("Decimal(38, 4)", Layout::Fixed(16)),
            ("Enum16('a(,' = 1, 'b\\'' = -2)", Layout::Fixed(2)),
            ("FixedString(7)", Layout::Fixed(7)),
            ("IntervalMillisecond", Layout::Fixed(8)),
            ("LowCardinality(Nullable(String))", Layout::Dictionary(Box::new(Layout::Text))),
            ("SimpleAggregateFunction(groupUniqArrayArray(5), Array(UInt8))", Layout::List(fixed(1))),
            ("Tuple()", Layout::Fixed(1)),
            (
                "Tuple(`a b, (c` String, d Nullable(Date))",
                Layout::Tuple(vec![Layout::Text, Layout::Nullable(fixed(2))]),
            ),
            (
                "Map(String, UInt8)",
                Layout::List(Box::new(Layout::Tuple(vec![Layout::Text, Layout::Fixed(1)]))),
            ),
        ] {
            assert_eq!(Layout::of(name), Some(layout), "{name}");
        }
        for name in [
            "AggregateFunction(sum, UInt8)",
            "Array(Dynamic)",
            "JSON(a UInt8)",
            "Variant(String, UInt8)",
            "Array(",
            "",
        ] {
            assert_eq!(Layout::of(name), None, "{name}");
        }
    }

    #[test]
    fn a_column_that_is_cut_has_no_end() {
        // Two lists of texts: ['a', 'bc'] and [].
        let lists = [&2_u64.to_le_bytes()[..], &2_u64.to_le_bytes(), b"\x01a\x02bc"].concat();
        let layout = Layout::of("Array(String)").unwrap();
        let mut rest = &lists[..];
        assert_eq!((layout.skip(2, &mut rest), rest.len()), (Some(()), 0));
        for length in 0..lists.len() {
            assert_eq!(layout.skip(2, &mut &lists[..length]), None, "{length}");
        }
        assert_eq!(layout.skip(usize::MAX, &mut &lists[..]), None);
    }
}
