//! The content codings that ClickHouse's clients know beyond those of the web, both ways: Zstandard, and LZ4 in frames.
//!
//! gzip, deflate and brotli are the web server's own (`Compress`, `Decompress`).

use std::{
    future::poll_fn,
    io::{Error, Read, Write},
    pin::Pin,
};

use actix_web::{
    body::{BodySize, BodyStream, BoxBody, MessageBody},
    dev::ResponseHead,
    http::header::{self, HeaderMap, HeaderValue},
};
use bytes::Bytes;
use futures_util::stream;
use lz4_flex::frame::{FrameDecoder, FrameEncoder};
use zstd_safe::{CCtx, CParameter, DCtx, InBuffer, OutBuffer};

/// Fast: the answer is made while it is sent.
const ZSTD_LEVEL: i32 = 1;

/// A coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Zstd,
    Lz4,
}

impl Coding {
    /// All of them, the one we would rather use first.
    const ALL: [Self; 2] = [Self::Zstd, Self::Lz4];

    /// Its word in headers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }

    /// The coding called `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|coding| coding.name() == name)
    }

    /// One of these that the client takes, if any.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let accepted = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
        let takes = |coding: &Self| {
            accepted.split(',').any(|offer| {
                let (name, quality) = offer.split_once(';').unwrap_or((offer, ""));
                name.trim() == coding.name() && !matches!(quality.trim(), "q=0" | "q=0.0")
            })
        };
        Self::ALL.into_iter().find(takes)
    }

    /// The content of a coded body; `None` if it is larger than `most`.
    ///
    /// # Errors
    /// When it is not of this coding, or cut.
    pub fn decoded(self, body: &[u8], most: usize) -> Result<Option<Vec<u8>>, Error> {
        let content = match self {
            Self::Zstd => unzstd(body, most)?,
            Self::Lz4 => {
                let mut content = Vec::new();
                FrameDecoder::new(body).take(most as u64 + 1).read_to_end(&mut content)?;
                content
            }
        };
        Ok((content.len() <= most).then_some(content))
    }

    /// An answer's body, coded as it comes.
    pub fn encode(self, head: &mut ResponseHead, body: impl MessageBody + 'static) -> BoxBody {
        if matches!(body.size(), BodySize::None | BodySize::Sized(0)) {
            return BoxBody::new(body);
        }
        let headers = head.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(self.name()));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        let begun = Encoder::new(self).map(|encoder| (Box::pin(body), encoder));
        let pieces = stream::unfold(Some(begun), |state| async {
            let (mut body, mut encoder) = match state? {
                Ok(state) => state,
                Err(error) => return Some((Err(error), None)),
            };
            loop {
                let piece = poll_fn(|context| Pin::as_mut(&mut body).poll_next(context)).await;
                match piece {
                    None => return Some((encoder.finish(), None)),
                    // The body is cut short, and so is what is coded.
                    Some(Err(error)) => return Some((Err(Error::other(error.into().to_string())), None)),
                    Some(Ok(piece)) => match encoder.push(&piece) {
                        Ok(coded) if coded.is_empty() => {}
                        Ok(coded) => return Some((Ok(coded), Some(Ok((body, encoder))))),
                        Err(error) => return Some((Err(error), None)),
                    },
                }
            }
        });
        BoxBody::new(BodyStream::new(pieces))
    }
}

/// A coding at work.
enum Encoder {
    Zstd(CCtx<'static>),
    Lz4(FrameEncoder<Vec<u8>>),
}

impl Encoder {
    fn new(coding: Coding) -> Result<Self, Error> {
        match coding {
            Coding::Zstd => {
                let mut context = CCtx::try_create().ok_or_else(|| Error::other("no memory"))?;
                context.set_parameter(CParameter::CompressionLevel(ZSTD_LEVEL)).map_err(zstd_error)?;
                Ok(Self::Zstd(context))
            }
            Coding::Lz4 => Ok(Self::Lz4(FrameEncoder::new(Vec::new()))),
        }
    }

    /// Takes a piece; what is ready of the coded body.
    fn push(&mut self, piece: &[u8]) -> Result<Bytes, Error> {
        match self {
            Self::Zstd(context) => {
                let (mut coded, mut chunk) = (Vec::new(), vec![0; CCtx::out_size()]);
                let mut input = InBuffer::around(piece);
                while input.pos() < piece.len() {
                    let mut output = OutBuffer::around(&mut chunk[..]);
                    context.compress_stream(&mut output, &mut input).map_err(zstd_error)?;
                    coded.extend_from_slice(output.as_slice());
                }
                Ok(coded.into())
            }
            Self::Lz4(encoder) => {
                encoder.write_all(piece)?;
                Ok(std::mem::take(encoder.get_mut()).into())
            }
        }
    }

    /// The rest.
    fn finish(self) -> Result<Bytes, Error> {
        match self {
            Self::Zstd(mut context) => {
                let (mut coded, mut chunk) = (Vec::new(), vec![0; CCtx::out_size()]);
                loop {
                    let mut output = OutBuffer::around(&mut chunk[..]);
                    let left = context.end_stream(&mut output).map_err(zstd_error)?;
                    coded.extend_from_slice(output.as_slice());
                    if left == 0 {
                        return Ok(coded.into());
                    }
                }
            }
            Self::Lz4(encoder) => Ok(encoder.finish().map_err(Error::other)?.into()),
        }
    }
}

/// At most one chunk more than `most`.
fn unzstd(body: &[u8], most: usize) -> Result<Vec<u8>, Error> {
    let mut context = DCtx::try_create().ok_or_else(|| Error::other("no memory"))?;
    let (mut content, mut chunk) = (Vec::new(), vec![0; DCtx::out_size()]);
    let mut input = InBuffer::around(body);
    loop {
        let mut output = OutBuffer::around(&mut chunk[..]);
        let left = context.decompress_stream(&mut output, &mut input).map_err(zstd_error)?;
        let written = output.pos();
        content.extend_from_slice(output.as_slice());
        let is_read = input.pos() == body.len();
        if content.len() > most || is_read && left == 0 {
            return Ok(content);
        }
        if is_read && written == 0 {
            return Err(Error::other("the body ends in the middle of a frame"));
        }
    }
}

fn zstd_error(code: usize) -> Error {
    Error::other(zstd_safe::get_error_name(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coded(coding: Coding, pieces: &[&[u8]]) -> Vec<u8> {
        let mut encoder = Encoder::new(coding).unwrap();
        let mut coded: Vec<u8> = pieces.iter().flat_map(|piece| encoder.push(piece).unwrap()).collect();
        coded.extend(encoder.finish().unwrap());
        coded
    }

    #[test]
    fn what_is_coded_comes_back_within_its_bound_and_whole() {
        let noise: Vec<u8> =
            (0..400_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for coding in Coding::ALL {
            let asked: &[u8] = b"SELECT 1";
            for pieces in [&[][..], &[asked], &[&noise, &[], &noise]] {
                let content = pieces.concat();
                let coded = coded(coding, pieces);
                assert_eq!(coding.decoded(&coded, content.len()).unwrap(), Some(content.clone()));
                assert!(content.is_empty() || coding.decoded(&coded, content.len() - 1).unwrap().is_none());
                let cut = coding.decoded(&coded[..coded.len() - 1], content.len());
                // LZ4 knows of the end only by what is in front of it.
                assert!(cut.is_err() || coding == Coding::Lz4, "{cut:?}");
            }
            assert!(coding.decoded(b"SELECT 1", 100).is_err());
        }
    }

    #[test]
    fn a_small_body_does_not_become_a_large_one() {
        for coding in Coding::ALL {
            let zeros = vec![0; 1 << 20];
            let bomb = coded(coding, &[&zeros[..]; 64]);
            assert_eq!(coding.decoded(&bomb, 1 << 20).unwrap(), None);
        }
    }

    #[test]
    fn what_is_accepted_is_taken_at_its_word() {
        let of = |accepted: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            Coding::accepted(&headers)
        };
        assert_eq!(of("lz4,zstd,br,gzip"), Some(Coding::Zstd));
        assert_eq!(of("gzip;q=1, lz4;q=0.5, zstd;q=0"), Some(Coding::Lz4));
        assert_eq!(of("gzip, deflate, br"), None);
    }
}
