//! How bytes lie in a file of the embedded log.
//!
//! ```text
//! file   = header · header · record…          the header twice, because the salt in it is needed to read the rest
//! header = "PLAYHEAD" · version u32 · salt u32 · base offset u64 · 0 u32 · crc32c u32        32 bytes
//! record = payload length u32 · crc32c u32 · offset u64 · payload                      16 bytes + payload
//! ```
//! All numbers are little-endian. A record's checksum covers its offset and payload and starts from the file's random
//! salt: what a viewer sends can therefore never pass for a record when a damaged stretch is searched for the next
//! sound one, and neither can bytes left over from another file.

use crc32c::{crc32c, crc32c_append};

const MAGIC: &[u8; 8] = b"PLAYHEAD";
/// Raised when an older Playhead could no longer read what a newer one writes.
const VERSION: u32 = 1;
const HEADER_COPY: usize = 32;

/// Where the first record of a file begins.
pub(super) const FILE_HEADER: u64 = 2 * HEADER_COPY as u64;
/// What a record takes besides its payload.
pub(super) const RECORD_HEADER: usize = 16;

/// The beginning of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileHeader {
    /// The offset of the file's first record.
    pub base: u64,
    /// What this file's checksums start from.
    pub salt: u32,
}

/// Why a file header cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    /// Sound, but written by a Playhead with another format.
    Foreign(u32),
    /// Cut off, or neither copy passes its checksum.
    Damaged,
}

impl FileHeader {
    /// A header for a new file.
    pub fn new(base: u64) -> Self {
        Self { base, salt: rand::random() }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut copy = Vec::with_capacity(HEADER_COPY);
        copy.extend_from_slice(MAGIC);
        copy.extend_from_slice(&VERSION.to_le_bytes());
        copy.extend_from_slice(&self.salt.to_le_bytes());
        copy.extend_from_slice(&self.base.to_le_bytes());
        copy.extend_from_slice(&[0; 4]);
        copy.extend_from_slice(&crc32c(&copy).to_le_bytes());
        copy.repeat(2)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        let sound = bytes
            .chunks_exact(HEADER_COPY)
            .take(2)
            .find(|copy| {
                copy.starts_with(MAGIC) && u32_at(copy, HEADER_COPY - 4) == crc32c(&copy[..HEADER_COPY - 4])
            })
            .ok_or(HeaderError::Damaged)?;
        match u32_at(sound, 8) {
            VERSION => Ok(Self { salt: u32_at(sound, 12), base: u64_at(sound, 16) }),
            other => Err(HeaderError::Foreign(other)),
        }
    }
}

/// The fixed part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub length: usize,
    pub checksum: u32,
    pub offset: u64,
}

impl RecordHeader {
    /// Reads the first [`RECORD_HEADER`] bytes of `bytes`.
    pub fn decode(bytes: &[u8]) -> Self {
        Self { length: u32_at(bytes, 0) as usize, checksum: u32_at(bytes, 4), offset: u64_at(bytes, 8) }
    }

    /// Whether `payload` is what this header was written for.
    pub fn matches(&self, salt: u32, payload: &[u8]) -> bool {
        self.checksum == checksum(salt, self.offset, payload)
    }
}

/// Appends one record to `out`. The caller has bounded the payload far below 4 GiB.
pub(super) fn encode_record(out: &mut Vec<u8>, salt: u32, offset: u64, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&checksum(salt, offset, payload).to_le_bytes());
    out.extend_from_slice(&offset.to_le_bytes());
    out.extend_from_slice(payload);
}

fn checksum(salt: u32, offset: u64, payload: &[u8]) -> u32 {
    crc32c_append(crc32c_append(salt, &offset.to_le_bytes()), payload)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut raw = [0; 4];
    raw.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(raw)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut raw = [0; 8];
    raw.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_any_one_damaged_byte() {
        let header = FileHeader::new(77);
        let bytes = header.encode();
        assert_eq!(bytes.len() as u64, FILE_HEADER);
        for at in 0..bytes.len() {
            let mut hurt = bytes.clone();
            hurt[at] ^= 0x40;
            assert_eq!(FileHeader::decode(&hurt), Ok(header), "byte {at}");
        }
    }

    #[test]
    fn a_header_that_is_cut_off_or_blank_is_damaged() {
        let bytes = FileHeader::new(1).encode();
        assert_eq!(FileHeader::decode(&bytes[..31]), Err(HeaderError::Damaged));
        assert_eq!(FileHeader::decode(&[0; 64]), Err(HeaderError::Damaged));
    }

    #[test]
    fn a_header_of_another_version_is_named_not_guessed() {
        let mut copy = FileHeader::new(1).encode()[..HEADER_COPY - 4].to_vec();
        copy[8] = 9;
        copy.extend_from_slice(&crc32c(&copy).to_le_bytes());
        assert_eq!(FileHeader::decode(&copy.repeat(2)), Err(HeaderError::Foreign(9)));
    }

    #[test]
    fn a_record_is_bound_to_its_offset_its_bytes_and_its_file() {
        let mut bytes = Vec::new();
        encode_record(&mut bytes, 5, 42, b"payload");
        let header = RecordHeader::decode(&bytes);
        assert_eq!((header.length, header.offset), (7, 42));
        assert!(header.matches(5, b"payload"));
        assert!(!header.matches(6, b"payload"));
        assert!(!header.matches(5, b"pay1oad"));
        assert!(!RecordHeader { offset: 43, ..header }.matches(5, b"payload"));
    }
}
