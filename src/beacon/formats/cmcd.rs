//! CMCD v2 in event mode (CTA-5004-B; `POST {prefix}/{ingest_key}/cmcd`): what hls.js, dash.js and Shaka report without
//! any SDK of ours. A body is one record per line; a record is one event.
//!
//! [`record`] reads a line, [`quirks`] knows the players' manners, [`event`] gives the keys their meaning, [`identity`]
//! says how records and views are known. There are no totals in these records: figures are derived from the order of
//! states in time.

mod event;
pub mod identity;
mod quirks;
mod record;

use std::collections::BTreeMap;

use self::{event::Told, record::Record as Dictionary};
use super::{Arrival, Decoded, Rejected, clock, field};
use crate::{
    beacon::refusal::{MAX_EVENTS, Refusal},
    event::{Event, Format, Record},
};

/// Longest session id, bytes: a view's id adds nine to it.
const MAX_SESSION_BYTES: usize = field::MAX_ID_BYTES - 9;

/// Turns a body into records, one per view.
///
/// # Errors
/// When there is no record in it, or too many.
pub fn decode(body: &[u8], arrival: Arrival) -> Result<Decoded<'static>, Refusal> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{FEFF}');
    let lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    match lines.clone().take(MAX_EVENTS + 1).count() {
        0 => return Err(Refusal::BadBeacon("a report has at least one record")),
        records if records > MAX_EVENTS => return Err(Refusal::TooManyEvents),
        _ => {}
    }
    let mut decoded = Decoded::default();
    let mut by_view: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for line in lines {
        let sequence = identity::sequence(line);
        match read(line, sequence, arrival) {
            Ok((view_id, told)) => by_view.entry(view_id).or_default().push(told),
            Err(code) => decoded.rejected.push(Rejected { view: None, seq: Some(sequence), code }),
        }
    }
    for (view_id, told) in by_view {
        let (record, damaged) = record(view_id, told, arrival);
        let rejected = |event: Event<'_>| Rejected {
            view: Some(record.view_id.to_string()),
            seq: Some(event.sequence),
            code: "bad_time",
        };
        decoded.rejected.extend(damaged.into_iter().map(rejected));
        decoded.records.push(record);
    }
    Ok(decoded)
}

fn read(line: &str, sequence: u64, arrival: Arrival) -> Result<(String, Told), &'static str> {
    if line.len() > record::MAX_LINE_BYTES {
        return Err("record_too_long");
    }
    if field::is_damaged(line) {
        return Err("invalid_utf8");
    }
    let dictionary = Dictionary::parse(line);
    let sid =
        dictionary.get("sid").map(|sid| sid.kept()).filter(|sid| !sid.is_empty()).ok_or("no_session")?;
    if sid.len() > MAX_SESSION_BYTES {
        return Err("bad_session");
    }
    let told = event::read(&dictionary, sequence, arrival)?;
    let cid = dictionary.get("cid").map(|cid| cid.kept());
    Ok((identity::view_id(&sid, cid.as_deref()), told))
}

/// A view's events of one body, and those whose time is of no clock. The newest time is taken for that of sending, which
/// no report says.
fn record(view_id: String, told: Vec<Told>, arrival: Arrival) -> (Record<'static>, Vec<Event<'static>>) {
    let (timed, untimed): (Vec<_>, Vec<_>) = told.into_iter().partition(|told| told.on_client_clock);
    let (mut events, damaged) = clock::of_one_clock(events(timed), arrival);
    let newest_ms = events.iter().map(|event| event.t_ms).max();
    events.extend(self::events(untimed));
    let record = Record {
        view_id: view_id.into(),
        format: Format::Cmcd as i32,
        received_ms: arrival.received_ms,
        anchor_ms: newest_ms.map_or(0, |newest_ms| arrival.received_ms - newest_ms),
        events,
        ..Record::default()
    };
    (record, damaged)
}

fn events(told: Vec<Told>) -> Vec<Event<'static>> {
    told.into_iter().map(|told| told.event).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{AttributeKey, View};

    const ARRIVAL: Arrival = Arrival { received_ms: 1_795_313_600_000 };

    fn codes(body: &[u8]) -> (usize, Vec<&'static str>) {
        let decoded = decode(body, ARRIVAL).unwrap();
        (decoded.accepted(), decoded.rejected.iter().map(|rejected| rejected.code).collect())
    }

    #[test]
    fn lines_stand_alone() {
        let body =
            b"sid=\"a\",e=t\r\n\n  sid=\"a\",e=\xff\nsid=\"a\",v=2\ne=t\nsid=\"a\",e=t,v=9\n sid=\"b\",e=t\n";
        assert_eq!(codes(body), (2, vec!["invalid_utf8", "bad_type", "no_session", "bad_version"]));
        // As players send it with their requests for media, without being set to version 2.
        assert_eq!(codes(b"bl=2000,br=1000,cid=\"c\",sid=\"a\""), (0, vec!["bad_version"]));
        let long = format!("sid=\"{}\",e=t\nsid=\"a\",e=t,x=\"{}\"", "s".repeat(120), "x".repeat(20_000));
        assert_eq!(codes(long.as_bytes()), (0, vec!["bad_session", "record_too_long"]));
        assert!(matches!(decode(b" \r\n\n", ARRIVAL), Err(Refusal::BadBeacon(_))));
        assert!(matches!(decode(&b"a\n".repeat(MAX_EVENTS + 1), ARRIVAL), Err(Refusal::TooManyEvents)));
    }

    #[test]
    fn a_new_title_in_a_session_is_a_new_view() {
        let body = b"sid=\"a\",cid=\"one\",e=t,ts=1795313590000\nsid=\"a\",cid=\"two\",e=c,ts=1795313599000\nsid=\"a\",cid=\"one\",e=t,ts=1\nsid=\"a\",cid=\"one\",e=t,ts=1900000000000";
        let decoded = decode(body, ARRIVAL).unwrap();
        let views: Vec<_> =
            decoded.records.iter().map(|r| (&*r.view_id, r.events.len(), r.anchor_ms)).collect();
        let [one, two] = ["one", "two"].map(|cid| identity::view_id("a", Some(cid)));
        let mut expected = [(one.as_str(), 1, 10_000), (two.as_str(), 1, 1000)];
        expected.sort_unstable();
        assert_eq!(views, expected);
        // No device shows 1970, and none that shows now shows 2030 in the same report.
        assert_eq!(
            decoded.rejected.iter().map(|rejected| rejected.code).collect::<Vec<_>>(),
            ["bad_time"; 2]
        );
        let view = View::of(&decoded.records[0]);
        assert_eq!(view.text(AttributeKey::SessionId), "a");
    }

    proptest! {
        #[test]
        fn no_body_is_too_strange(body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "[sidce=\",;() \n\\\\tps0-9-]{0,300}".prop_map(String::into_bytes),
        ]) {
            if let Ok(decoded) = decode(&body, ARRIVAL) {
                let lines = body.split(|byte| matches!(byte, b'\n' | b'\r')).count();
                prop_assert!(decoded.accepted() + decoded.rejected.len() <= lines);
                for record in &decoded.records {
                    prop_assert!(record.view_id.len() <= field::MAX_ID_BYTES && !record.view_id.is_empty());
                }
            }
        }
    }
}
