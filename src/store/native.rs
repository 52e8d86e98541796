//! Blocks in ClickHouse's Native format: column after column into one buffer, as they go over the wire.
//!
//! The `clickhouse` crate builds blocks as well, value by value through type checks and without dictionaries; an event of
//! ours cost several times as much with it (`benches/README.md`). Here a column is a name, a type and a loop.

use std::borrow::Cow;

use bytes::Bytes;
use foldhash::HashMap;

/// A value of a column as ClickHouse lays it out: numbers little-endian, texts behind their length.
pub trait Value: Sized {
    /// Writes it behind what is there.
    fn put(self, out: &mut Vec<u8>);

    /// Writes one for each row behind what is there.
    fn put_each<'a, R>(rows: &'a [R], mut value: impl FnMut(&'a R) -> Self, out: &mut Vec<u8>) {
        rows.iter().for_each(|row| value(row).put(out));
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Value for $number {
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            /// Room for all is made at once.
            fn put_each<'a, R>(rows: &'a [R], mut value: impl FnMut(&'a R) -> Self, out: &mut Vec<u8>) {
                const WIDTH: usize = size_of::<$number>();
                let begin = out.len();
                out.resize(begin + rows.len() * WIDTH, 0);
                let (places, _) = out[begin..].as_chunks_mut::<WIDTH>();
                for (place, row) in places.iter_mut().zip(rows) {
                    *place = value(row).to_le_bytes();
                }
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64, u128, i64);

impl Value for bool {
    fn put(self, out: &mut Vec<u8>) {
        out.push(u8::from(self));
    }

    fn put_each<'a, R>(rows: &'a [R], mut value: impl FnMut(&'a R) -> Self, out: &mut Vec<u8>) {
        u8::put_each(rows, |row| value(row).into(), out);
    }
}

impl Value for &str {
    fn put(self, out: &mut Vec<u8>) {
        varint(self.len() as u64, out);
        out.extend_from_slice(self.as_bytes());
    }
}

/// A number as a text.
pub struct Digits(pub u64);

impl Value for Digits {
    fn put(self, out: &mut Vec<u8>) {
        let (mut digits, mut rest) = ([0; 20], self.0);
        let mut begin = digits.len();
        while begin == digits.len() || rest > 0 {
            begin -= 1;
            digits[begin] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        varint((digits.len() - begin) as u64, out);
        out.extend_from_slice(&digits[begin..]);
    }
}

/// Seven bits a byte, the lowest first.
fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A finished block.
#[derive(Debug, Clone)]
pub struct Block {
    pub rows: usize,
    /// Names of its columns.
    pub columns: Vec<&'static str>,
    /// As it is sent.
    pub bytes: Bytes,
}

/// A block being made from rows of one kind.
pub struct Columns<'a, R> {
    rows: &'a [R],
    names: Vec<&'static str>,
    body: Vec<u8>,
}

impl<'a, R> Columns<'a, R> {
    /// A block of these rows, without columns yet. About as many bytes will come as `row_bytes` for each row.
    pub fn new(rows: &'a [R], row_bytes: usize) -> Self {
        Self { rows, names: Vec::with_capacity(128), body: Vec::with_capacity(rows.len() * row_bytes) }
    }

    /// Begins a column; what is written next is in it.
    pub fn begin(&mut self, name: &'static str, kind: &str) -> &mut Self {
        self.names.push(name);
        name.put(&mut self.body);
        kind.put(&mut self.body);
        self
    }

    /// A value for each row.
    pub fn each<T: Value>(&mut self, value: impl Fn(&'a R) -> T) -> &mut Self {
        T::put_each(self.rows, value, &mut self.body);
        self
    }

    /// A value for each row, or none: first which are none, then all.
    pub fn optional<T: Value + Default>(&mut self, value: impl Fn(&'a R) -> Option<T>) -> &mut Self {
        self.each(|row| value(row).is_none()).each(|row| value(row).unwrap_or_default())
    }

    /// How many values each row has, of a column of arrays or maps.
    pub fn lengths(&mut self, length: impl Fn(&'a R) -> usize) -> &mut Self {
        let mut end = 0_u64;
        let ends = |row| {
            end += length(row) as u64;
            end
        };
        u64::put_each(self.rows, ends, &mut self.body);
        self
    }

    /// The values of all rows, of a column of arrays or one field of a column of maps.
    pub fn all<T: Value, I: Iterator<Item = T>>(&mut self, values: impl Fn(&'a R) -> I) -> &mut Self {
        for row in self.rows {
            values(row).for_each(|value| value.put(&mut self.body));
        }
        self
    }

    /// What stands before a column that has a dictionary in it, and before its lengths if it has some.
    pub fn has_dictionary(&mut self) -> &mut Self {
        const VERSION: u64 = 1;
        VERSION.put(&mut self.body);
        self
    }

    /// Texts of few kinds, each kind once and then a number for each text.
    pub fn dictionary<T: Into<Cow<'a, str>>, I: Iterator<Item = T>>(
        &mut self,
        values: impl Fn(&'a R) -> I,
    ) -> &mut Self {
        let mut kinds: Kinds<'a> = Kinds::default();
        let mut places: Vec<u32> = Vec::with_capacity(self.rows.len());
        places.extend(self.rows.iter().flat_map(values).map(|value| kinds.place(value.into())));
        if !places.is_empty() {
            self.put_dictionary(&kinds.texts, &places);
        }
        self
    }

    fn put_dictionary(&mut self, kinds: &[Cow<'a, str>], places: &[u32]) {
        /// The keys stand here, and are all there are.
        const OWN_KEYS: u64 = 1 << 9 | 1 << 10;
        let width: u64 = match kinds.len() {
            0..=0x100 => 0,
            0x101..=0x1_0000 => 1,
            _ => 2,
        };
        (OWN_KEYS | width).put(&mut self.body);
        (kinds.len() as u64).put(&mut self.body);
        kinds.iter().for_each(|kind| (&**kind).put(&mut self.body));
        (places.len() as u64).put(&mut self.body);
        match width {
            0 => u8::put_each(places, |place| *place as u8, &mut self.body),
            1 => u16::put_each(places, |place| *place as u16, &mut self.body),
            _ => u32::put_each(places, |place| *place, &mut self.body),
        }
    }

    /// The block; every column has a value for each row.
    pub fn build(self) -> Block {
        let mut head = Vec::with_capacity(16);
        varint(self.names.len() as u64, &mut head);
        varint(self.rows.len() as u64, &mut head);
        let mut bytes = self.body;
        // The number of columns is known last and stands first.
        bytes.splice(..0, head);
        Block { rows: self.rows.len(), columns: self.names, bytes: bytes.into() }
    }
}

/// The texts of a dictionary and where each stands. A text mostly follows the one it followed before (names of attributes come
/// in order, most columns hold one text throughout), so that is tried before it is looked up.
#[derive(Default)]
struct Kinds<'a> {
    texts: Vec<Cow<'a, str>>,
    places: HashMap<Cow<'a, str>, u32>,
    /// Of each text, the place of the one that came after it last time.
    next: Vec<u32>,
    last: usize,
}

impl<'a> Kinds<'a> {
    fn place(&mut self, text: Cow<'a, str>) -> u32 {
        let guess = self.next.get(self.last).copied().unwrap_or(0);
        if self.texts.get(guess as usize) == Some(&text) {
            self.last = guess as usize;
            return guess;
        }
        let place = match self.places.get(&text) {
            Some(place) => *place,
            None => {
                let place = self.texts.len() as u32;
                self.places.insert(text.clone(), place);
                self.texts.push(text);
                self.next.push(place);
                place
            }
        };
        if let Some(next) = self.next.get_mut(self.last) {
            *next = place;
        }
        self.last = place as usize;
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_place_whatever_came_before_it() {
        let mut kinds = Kinds::default();
        let places: Vec<u32> =
            ["a", "b", "a", "b", "c", "a", "a", "c"].map(|text| kinds.place(text.into())).into();
        assert_eq!(places, [0, 1, 0, 1, 2, 0, 0, 2]);
        assert_eq!(kinds.texts, ["a", "b", "c"]);
    }

    #[test]
    fn numbers_are_written_as_people_do() {
        for number in [0, 7, 10, 99, 100, 1_080, u64::MAX] {
            let (mut ours, mut std) = (Vec::new(), Vec::new());
            Digits(number).put(&mut ours);
            number.to_string().as_str().put(&mut std);
            assert_eq!(ours, std);
        }
    }

    #[test]
    fn a_block_is_its_columns_one_after_the_other() {
        let rows = [(1_u8, "x"), (2, "x")];
        let mut columns = Columns::new(&rows, 8);
        columns.begin("n", "UInt8").each(|row| row.0);
        columns
            .begin("t", "LowCardinality(String)")
            .has_dictionary()
            .dictionary(|row| std::iter::once(row.1));
        let block = columns.build();
        let mut expected = b"\x02\x02\x01n\x05UInt8\x01\x02".to_vec();
        expected.extend(b"\x01t\x16LowCardinality(String)");
        for number in [1_u64, 1 << 9 | 1 << 10, 1] {
            expected.extend(number.to_le_bytes());
        }
        expected.extend(b"\x01x");
        expected.extend(2_u64.to_le_bytes());
        expected.extend([0, 0]);
        assert_eq!((block.rows, block.columns, &*block.bytes), (2, vec!["n", "t"], &*expected));
    }
}
