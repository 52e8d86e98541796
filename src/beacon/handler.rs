//! A beacon request from top to bottom: admit, read, decode, enrich, append, answer.
//!
//! Each format's answers are what its players want: [`native`] and [`mux`], which come straight from
//! [`super::front`], and [`cmcd`] and [`epas`], which come by the application's routes.

pub mod cmcd;
pub mod epas;
pub mod mux;
pub mod native;

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, dev::RequestHead, http::header, web};

use super::{
    Admitted, Collector,
    formats::{Arrival, Decoded},
    history,
    importance::{Importance, ViewName},
    origin::{self, Incoming},
    refusal::Refusal,
    refusals::Example,
};
use crate::{
    event::{AttributeKey, Format, Record},
    log::{NewRecord, Position},
};

/// `OPTIONS`: what a browser asks before it sends JSON or gzip from another origin.
pub async fn preflight(
    request: HttpRequest,
    key: web::Path<String>,
    collector: web::Data<Collector>,
) -> HttpResponse {
    allow(&request, &key, &collector, "content-type, content-encoding").await
}

/// The same where the key stands in the body, which a browser does not send ahead.
pub async fn preflight_without_key() -> HttpResponse {
    allowing("content-type, content-encoding")
}

/// Only a page that the key does not take beacons from is told no. Anything else may send and hear what is wrong.
async fn allow(
    request: &HttpRequest,
    key: &str,
    collector: &Collector,
    headers: &'static str,
) -> HttpResponse {
    let incoming = Incoming::from(request.head());
    let answer = match collector.admit(&incoming, key).await {
        Err(refusal @ Refusal::ForeignOrigin) => refusal.response(),
        _ => allowing(headers),
    };
    origin::narrow(incoming.into_page(), answer)
}

fn allowing(headers: &'static str) -> HttpResponse {
    cross_origin(HttpResponse::NoContent())
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "POST, GET, OPTIONS"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, headers))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

fn arrival(head: &RequestHead, collector: &Collector) -> Result<Arrival, Refusal> {
    let now_ms = collector.clock.now_ms();
    let received_ms = history::received_ms(head, now_ms, collector.accept_history)?;
    Ok(Arrival { received_ms })
}

/// What of a beacon goes to the log: bytes of its own, nothing of the request they were read from. Hundreds of beacons wait
/// for one sync, and what they were made of goes before: the next one is made in memory that is still in the processor's cache.
struct Sealed {
    admitted: Admitted,
    format: Format,
    accepted: usize,
    importance: Importance,
    records: Vec<NewRecord>,
    views: Vec<ViewName>,
}

/// What has become of a beacon's events in the log.
struct Durable {
    accepted: usize,
    /// Reads may wait for it.
    position: String,
}

/// Lets a beacon in, enriches it and makes its records. Every event's fate at intake is counted here and in [`append`].
fn seal(
    head: &RequestHead,
    collector: &Collector,
    admitted: Admitted,
    mut decoded: Decoded<'_>,
    format: Format,
) -> Result<Sealed, Refusal> {
    let accepted = decoded.accepted();
    collector.fates.received(format, &decoded);
    let environment = &admitted.ingest_key.environment;
    collector.tell_rejected(head, (environment, &admitted.key), &decoded.rejected, format);
    let importance = Importance::of(&decoded, environment, &collector.known_views);
    let (mut records, mut views) = (Vec::new(), Vec::new());
    if accepted > 0 {
        // The quota first: what one key sends too much of takes nothing from the others.
        let let_in = collector.within_quota(&admitted, accepted);
        let let_in =
            let_in.and_then(|()| collector.admission.admit(accepted, importance, collector.log.room()));
        let_in.inspect_err(|refusal| collector.fates.shed(format, accepted, importance, refusal))?;
        if collector.respect_privacy_signals && asks_for_privacy(head) {
            forget_people(&mut decoded);
        }
        let origin = collector.enricher.origin(head);
        (records, views) = records_of(decoded, environment, &origin);
    }
    Ok(Sealed { admitted, format, accepted, importance, records, views })
}

fn records_of<'a>(
    decoded: Decoded<'a>,
    environment: &'a str,
    origin: &[u8],
) -> (Vec<NewRecord>, Vec<ViewName>) {
    let of_record = |mut record: Record<'a>| {
        record.environment = environment.into();
        let payload = record.to_bytes_with(origin);
        (NewRecord { key: record.key(), payload }, ViewName::of(environment, &record.view_id))
    };
    decoded.records.into_iter().map(of_record).unzip()
}

/// Makes it durable. Who sent what is refused here is not known any more, only whose it was.
async fn append(collector: &Collector, sealed: Sealed) -> Result<Durable, Refusal> {
    let Sealed { admitted, format, accepted, importance, records, views } = sealed;
    if records.is_empty() {
        return Ok(Durable { accepted, position: String::new() });
    }
    let positions = match collector.log.append(records).await {
        Ok(positions) => positions,
        Err(error) => {
            let refusal = Refusal::from(error);
            collector.fates.shed(format, accepted, importance, &refusal);
            collector.tell_refused(Example::of_key(&admitted.key), &refusal, format).await;
            return Err(refusal);
        }
    };
    collector.fates.accepted(format, accepted);
    views.into_iter().for_each(|view| collector.known_views.learn(view));
    collector.control.key_was_used(&admitted.key).await;
    Ok(Durable { accepted, position: newest(&positions) })
}

/// Tells the environment of a refusal, with the player it was refused of.
async fn told<T>(
    outcome: Result<T, Refusal>,
    head: &RequestHead,
    key: &str,
    collector: &Collector,
    format: Format,
) -> Result<T, Refusal> {
    if let Err(refusal) = &outcome {
        collector.tell_refused(Example::of(head, key), refusal, format).await;
    }
    outcome
}

/// Do Not Track or Global Privacy Control.
fn asks_for_privacy(head: &RequestHead) -> bool {
    let is_on = |name| head.headers().get(name).is_some_and(|value: &header::HeaderValue| value == "1");
    is_on("dnt") || is_on("sec-gpc")
}

/// Takes out what tells people apart.
fn forget_people(decoded: &mut Decoded<'_>) {
    for event in decoded.records.iter_mut().flat_map(|record| &mut record.events) {
        event
            .attributes
            .retain(|known| !matches!(known.key(), AttributeKey::ViewerId | AttributeKey::SessionId));
    }
}

/// The newest position in each partition, comma-separated: reads may wait for it.
fn newest(positions: &[Position]) -> String {
    let mut by_partition = BTreeMap::new();
    for position in positions {
        let newest = by_partition.entry(position.partition).or_insert(position.offset);
        *newest = (*newest).max(position.offset);
    }
    let list = by_partition.into_iter().map(|(partition, offset)| Position { partition, offset }.to_string());
    list.collect::<Vec<_>>().join(",")
}

fn refuse(collector: &Collector, refusal: &Refusal, format: Format) -> HttpResponse {
    collector.fates.refused(format, refusal);
    refusal.response()
}

fn cross_origin(mut response: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    response.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    response
}
