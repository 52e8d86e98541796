//! Mutated traffic through every decoder: whatever bytes come, nothing panics, and what is accepted is sound.
//!
//! The corpus is what real players sent. A run is bounded and, with its seed, repeatable; to look longer:
//! `PLAYHEAD_FUZZ_SECONDS=600 PLAYHEAD_FUZZ_SEED=7 cargo test --test it fuzz`.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use playhead::{
    beacon::{
        body::json_text,
        formats::{Arrival, Decoded, cmcd, epas, mux, native},
        refusal::{MAX_EVENTS, Refusal},
    },
    event::{Record, View},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::support::capture::{cmcd_captures, epas_captures, mux_captures};

/// Reads a body as its route does.
type Decode = fn(Vec<u8>, Arrival) -> Result<Decoded<'static>, Refusal>;

struct Intake {
    name: &'static str,
    decode: Decode,
    corpus: Vec<Vec<u8>>,
}

/// Every format the collector takes in.
fn intakes() -> Vec<Intake> {
    let mux_bodies = mux_captures().into_iter().flat_map(|(_, beacons)| beacons);
    let epas_bodies = epas_captures().into_iter().flat_map(|(_, beacons)| beacons);
    let cmcd_bodies = cmcd_captures().into_iter().flat_map(|(_, reports)| reports);
    vec![
        Intake {
            name: "native",
            decode: |body, arrival| native::decode(&mut json_text(body)?, arrival).map(Decoded::into_owned),
            corpus: examples(),
        },
        Intake {
            name: "mux",
            decode: |body, arrival| Ok(mux::decode(&mut json_text(body)?, arrival)?.decoded.into_owned()),
            corpus: mux_bodies.map(|beacon| beacon.body.into_bytes()).collect(),
        },
        Intake {
            name: "cmcd",
            decode: |body, arrival| cmcd::decode(&body, arrival),
            corpus: cmcd_bodies.map(|report| report.body.into_bytes()).collect(),
        },
        Intake {
            name: "epas",
            decode: |body, arrival| {
                let mut body = json_text(body)?;
                Ok(epas::decode(&mut body, arrival, None, |_| "unnamed".into())?.decoded.into_owned())
            },
            corpus: epas_bodies.map(|beacon| beacon.body.into_bytes()).collect(),
        },
    ]
}

/// The native beacons among the examples.
fn examples() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/examples");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        name.starts_with("beacon-") && !name.contains("mux")
    });
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Pieces that mean something to one of the readers.
const WORDS: [&[u8]; 24] = [
    b"\"",
    b"\\",
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b"=",
    b";",
    b":",
    b"\n",
    b"\r\n",
    b"?0",
    b"-1",
    b"1e999",
    b"9223372036854775808",
    b"18446744073709551616",
    b"\xff",
    b"\xe2\x82",
    b"\0",
    b"null",
    b"e=ps,sta=",
];

fn mutate(rng: &mut StdRng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut body = corpus.choose(rng).unwrap().clone();
    let most = if rng.random() { 2 } else { 12 };
    for _ in 0..rng.random_range(0..most) + 1 {
        let at = rng.random_range(0..=body.len());
        let to = (at + rng.random_range(0..40)).min(body.len());
        match rng.random_range(0..8) {
            0 => drop(body.splice(at..at, WORDS.choose(rng).unwrap().iter().copied())),
            1 => drop(body.splice(at..to, WORDS.choose(rng).unwrap().iter().copied())),
            2 => drop(body.drain(at..to)),
            3 => body.truncate(at),
            4 if at < body.len() => body[at] = rng.random(),
            // A number or word for another: what is left can often be read.
            5 | 6 => replace_word(rng, &mut body, at),
            // A piece of another body, or of this one once more.
            _ => {
                let other = corpus.choose(rng).unwrap();
                let from = rng.random_range(0..=other.len());
                let piece = other[from..(from + rng.random_range(0..300)).min(other.len())].to_vec();
                drop(body.splice(at..at, piece));
            }
        }
    }
    body
}

/// Replaces the letters and digits from `at` on.
fn replace_word(rng: &mut StdRng, body: &mut Vec<u8>, at: usize) {
    const NUMBERS: [&[u8]; 8] =
        [b"0", b"-1", b"1e300", b"0.5", b"4294967296", b"9007199254740993", b"1795313599999", b"true"];
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric();
    let from = body[at..].iter().position(is_word).map_or(body.len(), |skipped| at + skipped);
    let to = body[from..].iter().position(|byte| !is_word(byte)).map_or(body.len(), |length| from + length);
    drop(body.splice(from..to, NUMBERS.choose(rng).unwrap().iter().copied()));
}

fn assert_sound(decoded: &Decoded, body: &[u8]) {
    let events = decoded.accepted() + decoded.rejected.len();
    assert!(events <= MAX_EVENTS && events <= body.len(), "{events} events of {} bytes", body.len());
    for record in &decoded.records {
        let record = Record { environment: "e".into(), ..record.clone() };
        assert!(!record.view_id.is_empty() && record.view_id.len() <= 128 && !record.events.is_empty());
        assert_eq!(Record::from_bytes(&record.to_bytes()).as_ref(), Ok(&record));
        let view = View::of(&record);
        let course = view.course();
        assert!(course.ranges.iter().all(|(from_ms, to_ms)| from_ms < to_ms));
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_body_breaks_a_decoder() {
    let seed = setting("PLAYHEAD_FUZZ_SEED").unwrap_or(1);
    let intakes = intakes();
    let share = Duration::from_secs(setting("PLAYHEAD_FUZZ_SECONDS").unwrap_or(6)) / intakes.len() as u32;
    for Intake { name, decode, corpus } in intakes {
        let begun = Instant::now();
        let (mut bodies, mut decoded) = (0_u64, 0_u64);
        while begun.elapsed() < share {
            // Each body from a seed of its own, so that one that fails can be made alone.
            let body = mutate(&mut StdRng::seed_from_u64(seed.wrapping_add(bodies)), &corpus);
            let outcome = std::panic::catch_unwind(|| {
                let outcome = decode(body.clone(), Arrival { received_ms: 1_795_313_600_000 });
                outcome.map(|decoded| assert_sound(&decoded, &body)).is_ok()
            });
            let shown = || String::from_utf8_lossy(&body).into_owned();
            decoded += u64::from(
                outcome.unwrap_or_else(|_| panic!("{name}, body {bodies} of seed {seed}: {}", shown())),
            );
            bodies += 1;
        }
        println!("{name}: {bodies} bodies, {decoded} of them read");
        assert!(bodies > 100 && decoded > 0 && decoded < bodies, "{name}: {decoded} of {bodies}");
    }
}
