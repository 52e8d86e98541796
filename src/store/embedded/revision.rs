//! Native blocks in the revision of ClickHouse's protocol that a client reads (`client_protocol_version`).
//!
//! Over HTTP a server writes Native in revision 0 unless the client names another: Go's client, and Grafana's plugin with it,
//! reads its own revision and nothing else, ClickHouse Connect would rather. The engine's C interface has no place to name one
//! and writes revision 0. What later ones add is said here for blocks that need none of it: that each is the only one of its
//! kind, and that its columns are written in the usual way.
//!
//! What revision 0 leaves out cannot be put back: a column of `DateTime` has no time zone in its type.

use bytes::Bytes;

use super::error::{EngineError, code};
use super::layout::{Layout, varint};

/// The first revision that knows dictionaries; a client of an earlier one would need them unfolded.
const OLDEST: u64 = 54_405;
/// From here on each column says whether it is written in an unusual way (sparse, say).
const WITH_KINDS: u64 = 54_454;
/// From here on each block says which others of its kind came in disorder.
const WITH_DISORDER: u64 = 54_480;
/// What stands before a block: it holds no overflow (field 1), belongs to no bucket (field 2, -1).
const ONE_OF_ITS_KIND: [u8; 7] = [1, 0, 2, 0xff, 0xff, 0xff, 0xff];
/// Field 3: an empty list.
const NO_DISORDER: [u8; 2] = [3, 0];
const END_OF_FIELDS: u8 = 0;
const USUAL: u8 = 0;

/// A revision beyond 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision(u64);

impl Revision {
    /// The revision a client reads; `None` for revision 0.
    ///
    /// # Errors
    /// When this host cannot write it.
    pub fn of(client_protocol_version: u64) -> Result<Option<Self>, EngineError> {
        match client_protocol_version {
            0 => Ok(None),
            OLDEST.. => Ok(Some(Self(client_protocol_version))),
            other => {
                let text = format!("Native is written in revision 0 and from {OLDEST} on, not in {other}");
                Err(EngineError::raised(code::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", text))
            }
        }
    }

    /// Whole blocks of revision 0, written in this one.
    ///
    /// # Errors
    /// When a column's type does not say where the column ends.
    pub fn rewrite(self, blocks: &Bytes) -> Result<Bytes, EngineError> {
        let mut written = Vec::with_capacity(blocks.len() + 256);
        let mut rest = &blocks[..];
        while !rest.is_empty() {
            self.block(&mut rest, &mut written)?;
        }
        Ok(written.into())
    }

    fn block(self, rest: &mut &[u8], written: &mut Vec<u8>) -> Result<(), EngineError> {
        written.extend(ONE_OF_ITS_KIND);
        if self.0 >= WITH_DISORDER {
            written.extend(NO_DISORDER);
        }
        written.push(END_OF_FIELDS);
        let (columns, rows) =
            copied(rest, written, |rest| Some((varint(rest)?, usize::try_from(varint(rest)?).ok()?)))?;
        for _ in 0..columns {
            copied(rest, written, text)?;
            let kind = copied(rest, written, text)?;
            if self.0 >= WITH_KINDS {
                written.push(USUAL);
            }
            if rows > 0 {
                let layout = layout(kind)?;
                copied(rest, written, |rest| layout.skip(rows, rest))?;
            }
        }
        Ok(())
    }
}

/// Reads something and writes the same.
fn copied<'b, T>(
    rest: &mut &'b [u8],
    written: &mut Vec<u8>,
    read: impl FnOnce(&mut &'b [u8]) -> Option<T>,
) -> Result<T, EngineError> {
    let begun = *rest;
    let found =
        read(rest).ok_or_else(|| EngineError::host("the engine's Native block is not as expected"))?;
    written.extend_from_slice(begun.get(..begun.len() - rest.len()).unwrap_or_default());
    Ok(found)
}

fn text<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(varint(rest)?).ok()?;
    let (text, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(text)
}

fn layout(kind: &[u8]) -> Result<Layout, EngineError> {
    std::str::from_utf8(kind).ok().and_then(Layout::of).ok_or_else(|| {
        let text = format!(
            "A column of type {} cannot be written in the revision of Native that the client names; toString and \
             toJSONString make texts of it, and other formats have it as it is",
            String::from_utf8_lossy(kind)
        );
        EngineError::raised(code::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"\x02\x01\x01x\x05UInt8\x07\x01y\x06String\x02hi";

    #[test]
    fn each_revision_adds_what_it_knows() {
        let rewritten =
            |version| Revision::of(version).unwrap().unwrap().rewrite(&Bytes::from_static(PLAIN)).unwrap();
        let info = b"\x01\x00\x02\xff\xff\xff\xff";
        assert_eq!(rewritten(54_405), [info, &b"\0"[..], PLAIN].concat());
        let kinds = b"\x02\x01\x01x\x05UInt8\0\x07\x01y\x06String\0\x02hi";
        assert_eq!(rewritten(54_460), [info, &b"\0"[..], kinds].concat());
        assert_eq!(rewritten(54_480), [info, &b"\x03\x00\0"[..], kinds].concat());
    }

    #[test]
    fn revisions_that_cannot_be_written_are_refused() {
        assert_eq!(Revision::of(0), Ok(None));
        assert_eq!(Revision::of(54_404).unwrap_err().code(), code::NOT_IMPLEMENTED);
    }

    #[test]
    fn several_blocks_follow_one_another_and_a_cut_one_is_told() {
        let revision = Revision::of(54_460).unwrap().unwrap();
        let one = revision.rewrite(&Bytes::from_static(PLAIN)).unwrap();
        let both = revision.rewrite(&[PLAIN, PLAIN].concat().into()).unwrap();
        assert_eq!(both, [&one[..], &one].concat());
        assert!(revision.rewrite(&Bytes::from_static(&PLAIN[..PLAIN.len() - 1])).is_err());
        let state = Bytes::from_static(b"\x01\x01\x01x\x1dAggregateFunction(sum, UInt8)\0");
        assert_eq!(revision.rewrite(&state).unwrap_err().code(), code::NOT_IMPLEMENTED);
    }
}
