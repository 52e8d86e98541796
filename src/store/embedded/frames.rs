//! ClickHouse's native compression frames (`decompress=1` on the way in, `compress=1` on the way out).
//!
//! A frame is a CityHash-1.0.2 checksum (16 bytes), a method byte, the compressed size with this nine-byte
//! header included, the size of the content, and the content.

use bytes::{Buf, Bytes, BytesMut};

use super::error::{EngineError, code};

const CHECKSUM: usize = 16;
const HEADER: usize = 9;
const LZ4: u8 = 0x82;
const PLAIN: u8 = 0x02;
/// ClickHouse's own bound on one frame's content.
const LARGEST: usize = 1 << 30;

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    cityhash_rs::cityhash_102_128(bytes).rotate_right(64).to_le_bytes()
}

/// Puts frames back together from a body that arrives in arbitrary pieces.
#[derive(Default)]
pub struct Decoder {
    pending: BytesMut,
}

impl Decoder {
    /// Takes the next piece of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The content of the next frame, or `None` until more of it has come.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, EngineError> {
        self.next_within(LARGEST)
    }

    /// The same, for a reader that takes frames of at most `largest` bytes.
    pub fn next_within(&mut self, largest: usize) -> Result<Option<Vec<u8>>, EngineError> {
        let Some(header) = self.pending.get(CHECKSUM..CHECKSUM + HEADER) else {
            return Ok(None);
        };
        let method = header.first().copied().unwrap_or_default();
        let mut sizes = header.get(1..).unwrap_or_default();
        let (compressed, content) = (sizes.get_u32_le() as usize, sizes.get_u32_le() as usize);
        if !(HEADER..=largest.min(LARGEST)).contains(&compressed) || content > largest.min(LARGEST) {
            return Err(broken("a frame of impossible size"));
        }
        if self.pending.len() < CHECKSUM + compressed {
            return Ok(None);
        }
        let mut frame = self.pending.split_to(CHECKSUM + compressed);
        let expected = frame.split_to(CHECKSUM);
        if checksum(&frame)[..] != expected[..] {
            return Err(broken("a frame whose checksum does not match"));
        }
        frame.advance(HEADER);
        match method {
            LZ4 => lz4_flex::block::decompress(&frame, content)
                .map(Some)
                .map_err(|error| broken(&format!("an LZ4 frame that does not decode ({error})"))),
            PLAIN => Ok(Some(frame.to_vec())),
            other => Err(broken(&format!("a frame with the unsupported method {other:#04x}"))),
        }
    }

    /// Was the body cut in the middle of a frame?
    pub fn is_cut(&self) -> bool {
        !self.pending.is_empty()
    }
}

/// Wraps content into one frame.
pub fn encode(content: &[u8]) -> Bytes {
    let compressed = lz4_flex::block::compress(content);
    let size = u32::try_from(compressed.len() + HEADER).unwrap_or(u32::MAX);
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let mut frame = Vec::with_capacity(CHECKSUM + HEADER + compressed.len());
    frame.extend_from_slice(&[0; CHECKSUM]);
    frame.push(LZ4);
    frame.extend_from_slice(&size.to_le_bytes());
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&compressed);
    let (sum, rest) = frame.split_at_mut(CHECKSUM);
    sum.copy_from_slice(&checksum(rest));
    frame.into()
}

fn broken(what: &str) -> EngineError {
    EngineError::raised(
        code::CANNOT_DECOMPRESS,
        "CANNOT_DECOMPRESS",
        format_args!("The request body has {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_any_split() {
        let contents = [vec![7_u8; 5000], b"short".to_vec(), (0..=255).cycle().take(70_000).collect()];
        let wire: Vec<u8> = contents.iter().flat_map(|content| encode(content)).collect();
        for step in [1, 7, 24, 25, 1000, wire.len()] {
            let mut decoder = Decoder::default();
            let mut found = Vec::new();
            for piece in wire.chunks(step) {
                decoder.push(piece);
                while let Some(content) = decoder.next().expect("valid") {
                    found.push(content);
                }
            }
            assert_eq!(found, contents, "step {step}");
            assert!(!decoder.is_cut());
        }
    }

    #[test]
    fn damage_is_noticed() {
        let mut wire = encode(b"hello hello hello hello").to_vec();
        let last = wire.len() - 1;
        wire[last] ^= 1;
        let mut decoder = Decoder::default();
        decoder.push(&wire);
        assert_eq!(decoder.next().expect_err("damaged").code(), code::CANNOT_DECOMPRESS);

        let mut cut = Decoder::default();
        cut.push(&encode(b"hello")[..20]);
        assert_eq!(cut.next(), Ok(None));
        assert!(cut.is_cut());
    }
}
