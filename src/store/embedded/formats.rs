//! Which output formats can be streamed, and how the pieces are made one document again.
//!
//! The engine writes every piece of a streamed result as a complete document of the format, prefix and
//! suffix included (seen on 26.7 with all formats tried). Formats without either join by themselves; of those
//! with a header that can be told from the data, the header of all pieces but the first is taken off.
//! Everything else (JSON, Arrow, Parquet, Pretty, …) is answered as a whole.

use super::layout::varint;

/// What stands at the beginning of every piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Nothing.
    None,
    /// So many lines, in which line ends are escaped.
    Lines(usize),
    /// The column count, then names, then types, as length-prefixed strings.
    Binary,
}

impl Header {
    /// The header of a format that can be streamed.
    pub fn of(format: &str) -> Option<Self> {
        Some(match format.to_ascii_lowercase().as_str() {
            "native" | "rowbinary" | "null" => Self::None,
            "tabseparated" | "tsv" | "tabseparatedraw" | "tsvraw" | "raw" | "csv" => Self::None,
            "jsoneachrow" | "jsonlines" | "ndjson" | "jsoncompacteachrow" => Self::None,
            "jsonstringseachrow" | "jsoncompactstringseachrow" => Self::None,
            "tabseparatedwithnames" | "tsvwithnames" => Self::Lines(1),
            "tabseparatedwithnamesandtypes" | "tsvwithnamesandtypes" => Self::Lines(2),
            "rowbinarywithnamesandtypes" => Self::Binary,
            _ => return None,
        })
    }

    /// How many bytes of `piece` are header; `None` when it is not one.
    pub fn length(self, piece: &[u8]) -> Option<usize> {
        match self {
            Self::None => Some(0),
            Self::Lines(lines) => {
                let mut ends = piece.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
                ends.nth(lines.checked_sub(1)?).map(|(at, _)| at + 1)
            }
            Self::Binary => {
                let mut rest = piece;
                let columns = varint(&mut rest)?;
                for _ in 0..columns.checked_mul(2)? {
                    let length = usize::try_from(varint(&mut rest)?).ok()?;
                    rest = rest.get(length..)?;
                }
                Some(piece.len() - rest.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_from_data() {
        assert_eq!(Header::of("RowBinaryWithNamesAndTypes"), Some(Header::Binary));
        assert_eq!(Header::Binary.length(b"\x02\x01x\x02yy\x05UInt8\x06String\xff\xff"), Some(19));
        assert_eq!(Header::Binary.length(b"\x02\x01x\x02y"), None);
        assert_eq!(Header::Lines(2).length(b"x\ty\nUInt8\tString\n1\t2\n"), Some(17));
        assert_eq!(Header::Lines(2).length(b"x\ty\n"), None);
        assert_eq!(Header::of("JSON"), None);
        assert_eq!(Header::of("tsv").and_then(|header| header.length(b"1\n")), Some(0));
    }
}
