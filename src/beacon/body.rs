//! The body of a beacon request: read with caps and a deadline, inflated, checked for depth and for UTF-8.

mod glance;

use std::{
    io::Read,
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    dev::{Payload, RequestHead},
    http::header,
};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    formats::repair,
    refusal::{MAX_DEPTH, MAX_INFLATED_BYTES, MAX_WIRE_BYTES, Refusal},
};

/// How long a client may take to send its body.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// What stands for bytes that were no UTF-8; text that holds it is refused event by event.
pub const REPLACEMENT: char = '\u{FFFD}';

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What all bodies together may take while they come in and until records are made of them. With the bound of the log's own
/// queue, where the records wait, it limits what any number of senders can make a process hold.
const ALL_BODIES_BYTES: usize = 128 << 20;

/// See [`ALL_BODIES_BYTES`].
pub struct BodyRoom(Arc<Semaphore>);

impl Default for BodyRoom {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL_BODIES_BYTES)))
    }
}

impl BodyRoom {
    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Refusal> {
        let bytes = u32::try_from(bytes).map_err(|_| Refusal::BodyTooLarge)?;
        Arc::clone(&self.0).try_acquire_many_owned(bytes).map_err(|_| Refusal::Full)
    }
}

/// A body and the room it takes until it is dropped.
pub struct Body {
    bytes: Vec<u8>,
    held: OwnedSemaphorePermit,
}

impl Deref for Body {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Body {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Whether [`repair`] may find something.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    Plain,
    Suspicious,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
}

/// Reads the whole body of a beacon as JSON text.
///
/// # Errors
/// The [`Refusal`] that says what was wrong; nothing is half-read afterwards.
pub async fn read(request: &RequestHead, payload: Payload, room: &BodyRoom) -> Result<Body, Refusal> {
    check_type(request)?;
    let body = read_bytes(request, payload, room).await?;
    Ok(Body { bytes: json_text(body.bytes)?, ..body })
}

/// Makes bytes fit for the JSON parsers: not deep, UTF-8 throughout, without values that cost the whole.
///
/// # Errors
/// When they are nested too deep.
pub fn json_text(mut bytes: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    if look_over(&bytes)? == Look::Suspicious {
        bytes = repair::mended(&bytes);
    }
    // Nearly all are sound, and saying so is several times faster than looking for what is not.
    if str::from_utf8(&bytes).is_ok() {
        return Ok(bytes);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned().into_bytes())
}

/// Reads the whole body of a beacon, whatever it says it is.
///
/// # Errors
/// As [`read`].
pub async fn read_bytes(request: &RequestHead, payload: Payload, room: &BodyRoom) -> Result<Body, Refusal> {
    let encoding = encoding(request)?;
    if content_length(request).is_some_and(|length| length > MAX_WIRE_BYTES) {
        return Err(Refusal::BodyTooLarge);
    }
    let mut body = tokio::time::timeout(BODY_DEADLINE, collect(payload, room))
        .await
        .map_err(|_| Refusal::BodyTimeout)??;
    if encoding == Encoding::Gzip {
        body.bytes = inflate(&body.bytes)?;
        let grown = body.bytes.len().saturating_sub(body.held.num_permits());
        body.held.merge(room.take(grown)?);
    }
    Ok(body)
}

async fn collect(mut payload: Payload, room: &BodyRoom) -> Result<Body, Refusal> {
    let mut body = Body { bytes: Vec::new(), held: room.take(0)? };
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Refusal::BodyBroken)?;
        if body.bytes.len() + chunk.len() > MAX_WIRE_BYTES {
            return Err(Refusal::BodyTooLarge);
        }
        body.held.merge(room.take(chunk.len())?);
        body.bytes.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Browsers send `text/plain` to stay clear of a preflight; programs send JSON.
fn check_type(request: &RequestHead) -> Result<(), Refusal> {
    let value = header_text(request, header::CONTENT_TYPE).ok_or(Refusal::UnsupportedType)?;
    let mime = value.split(';').next().unwrap_or_default().trim();
    if mime.eq_ignore_ascii_case("text/plain") || mime.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Refusal::UnsupportedType)
    }
}

fn encoding(request: &RequestHead) -> Result<Encoding, Refusal> {
    // Two lines are one list: coded twice.
    if request.headers().get_all(header::CONTENT_ENCODING).count() > 1 {
        return Err(Refusal::UnsupportedEncoding);
    }
    let coding =
        header_text(request, header::CONTENT_ENCODING).map(|coding| coding.trim().to_ascii_lowercase());
    match coding.as_deref() {
        None | Some("" | "identity") => Ok(Encoding::Identity),
        Some("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Some(_) => Err(Refusal::UnsupportedEncoding),
    }
}

fn content_length(request: &RequestHead) -> Option<usize> {
    header_text(request, header::CONTENT_LENGTH)?.parse().ok()
}

fn header_text(request: &RequestHead, name: header::HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut inflated = Vec::new();
    let limit = MAX_INFLATED_BYTES as u64 + 1;
    MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut inflated).map_err(|_| Refusal::BadGzip)?;
    if inflated.len() > MAX_INFLATED_BYTES { Err(Refusal::InflatedTooLarge) } else { Ok(inflated) }
}

/// Refuses deep nesting before any parser sees it, so that no parser's stack is at stake; and finds what [`repair`] is for:
/// escapes that may be half a character, whole numbers too long, exponents.
fn look_over(json: &[u8]) -> Result<Look, Refusal> {
    if glance::is_plain(json) { Ok(Look::Plain) } else { look_closely(json) }
}

fn look_closely(json: &[u8]) -> Result<Look, Refusal> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let (mut digits, mut is_fraction) = (0_usize, false);
    let mut look = Look::Plain;
    for (index, byte) in json.iter().enumerate() {
        let digits_before = std::mem::take(&mut digits);
        let was_fraction = std::mem::take(&mut is_fraction);
        match byte {
            b'u' if escaped => {
                escaped = false;
                if matches!(json.get(index + 1), Some(b'd' | b'D')) {
                    look = Look::Suspicious;
                }
            }
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'0'..=b'9' => {
                (digits, is_fraction) = (digits_before + 1, was_fraction);
                if digits > repair::MOST_DIGITS && !is_fraction {
                    look = Look::Suspicious;
                }
            }
            b'.' => is_fraction = true,
            b'e' | b'E' if digits_before > 0 => look = Look::Suspicious,
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Refusal::TooDeep);
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(look)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings_only() {
        let deep = [vec![b'['; MAX_DEPTH + 1], vec![b']'; MAX_DEPTH + 1]].concat();
        assert!(matches!(look_over(&deep), Err(Refusal::TooDeep)));
        let quoted = format!("{{\"a\":\"{}\\\"[\"}}", "[".repeat(500));
        assert!(look_over(quoted.as_bytes()).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn a_glance_overlooks_nothing(values in proptest::collection::vec(VALUE, 0..40)) {
            let json = format!("[{}]", values.join(","));
            if glance::is_plain(json.as_bytes()) {
                proptest::prop_assert!(matches!(look_closely(json.as_bytes()), Ok(Look::Plain)), "{}", json);
            }
        }
    }

    /// Strings, numbers and lists of JSON, many of them as senders should not write them.
    const VALUE: &str = r#""([0-9e:, -]|\\\\|\\u[dD]83d|[0-9]{19})*"| ?-?[1-9][0-9]{0,20}(\.[0-9]{1,19})?([eE][+-]?[0-9]{1,3})?|\[{1,9}\]{1,9}|\{"a":1e5\}"#;

    #[test]
    fn a_glance_is_enough_for_what_players_send() {
        let captured = include_str!("../../tests/fixtures/captures/mux/03_rebuffer.jsonl");
        let bodies = captured.lines().filter_map(|line| {
            Some(serde_json::from_str::<serde_json::Value>(line).ok()?.get("body")?.as_str()?.to_owned())
        });
        let plain = bodies.filter(|body| glance::is_plain(body.as_bytes())).count();
        assert_eq!(plain, 10);
    }

    #[test]
    fn one_bad_value_does_not_cost_the_body() {
        let mended = |json: &str| String::from_utf8(json_text(json.as_bytes().to_vec()).unwrap()).unwrap();
        assert_eq!(mended("\u{feff}{\"a\":\"cut \\ud83d\",\"b\":1e999}"), r#"{"a":"cut ","b":null}"#);
        assert_eq!(mended(r#"{"b":99999999999999999999}"#), r#"{"b":null}"#);
    }

    #[test]
    fn bodies_share_one_room() {
        let room = BodyRoom::default();
        let most = room.take(ALL_BODIES_BYTES - 10).unwrap();
        assert!(matches!(room.take(11), Err(Refusal::Full)));
        drop(most);
        assert!(room.take(ALL_BODIES_BYTES).is_ok());
    }

    #[test]
    fn a_gzip_bomb_stops_at_the_cap() {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b' '; MAX_INFLATED_BYTES * 8]).expect("in memory");
        let bomb = encoder.finish().expect("in memory");
        assert!(bomb.len() < 20_000);
        assert!(matches!(inflate(&bomb), Err(Refusal::InflatedTooLarge)));
        assert!(inflate(&bomb[..bomb.len() / 2]).is_err());
    }
}
