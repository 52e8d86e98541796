//! A beacon request from top to bottom: admit, read, decode, enrich, append, answer.
//!
//! Formats whose players want other answers than these have a file of their own: [`cmcd`] and [`epas`].

pub mod cmcd;
pub mod epas;

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde::Serialize;

use super::{
    Admitted, Collector, body,
    formats::{
        Arrival, Decoded, Rejected,
        mux::{self, MuxBeacon},
        native,
    },
    history,
    importance::{Importance, ViewName},
    origin,
    refusal::Refusal,
};
use crate::{
    event::{AttributeKey, Format},
    log::{NewRecord, Position},
};

/// `POST {prefix}/{ingest_key}`: Playhead's own beacon.
pub async fn native(
    request: HttpRequest,
    key: web::Path<String>,
    payload: web::Payload,
    collector: web::Data<Collector>,
) -> HttpResponse {
    let answer = match receive_native(&request, &key, payload, &collector).await {
        Ok(response) => response,
        Err(refusal) => {
            collector.tell_refused(&request, &key, &refusal, Format::Native).await;
            refuse(&collector, &refusal, Format::Native)
        }
    };
    origin::narrow(&request, answer)
}

async fn receive_native(
    request: &HttpRequest,
    key: &str,
    payload: web::Payload,
    collector: &Collector,
) -> Result<HttpResponse, Refusal> {
    let admitted = collector.admit(request, key).await?;
    let mut body = body::read(request, payload, &collector.body_room).await?;
    let decoded = native::decode(&mut body, arrival(request, collector)?)?;
    let rejected = decoded.rejected.clone();
    let sealed = seal(request, collector, &admitted, decoded, Format::Native)?;
    drop(body);
    let accepted = sealed.accepted;
    let position = append(collector, &admitted, sealed).await?;
    let answer = Answer { accepted, rejected, position, heartbeat_ms: collector.heartbeat_ms };
    Ok(cross_origin(HttpResponse::Accepted()).json(answer))
}

/// What our SDK hears when its events are durable.
#[derive(Serialize)]
struct Answer {
    accepted: usize,
    rejected: Vec<Rejected>,
    /// Reads may wait for it.
    position: String,
    heartbeat_ms: u32,
}

/// `POST /`: mux-embed pointed here by `beaconCollectionDomain`; the key stands in the body.
///
/// It re-sends on anything but 2xx for ever, so what is bad for good is counted and answered 204.
pub async fn mux(
    request: HttpRequest,
    payload: web::Payload,
    collector: web::Data<Collector>,
) -> HttpResponse {
    let answer = match receive_mux(&request, payload, &collector).await {
        Ok(response) => response,
        Err(refusal) if refusal.is_temporary() || matches!(refusal, Refusal::UnknownKey) => {
            refuse(&collector, &refusal, Format::Mux)
        }
        Err(refusal) => {
            collector.fates.refused(Format::Mux, &refusal);
            cross_origin(HttpResponse::NoContent()).finish()
        }
    };
    origin::narrow(&request, answer)
}

async fn receive_mux(
    request: &HttpRequest,
    payload: web::Payload,
    collector: &Collector,
) -> Result<HttpResponse, Refusal> {
    let mut body = body::read(request, payload, &collector.body_room).await?;
    let MuxBeacon { ingest_key, decoded } = mux::decode(&mut body, arrival(request, collector)?)?;
    let key = ingest_key.into_owned();
    let sealed = collector.admit(request, &key).await.and_then(|admitted| {
        let sealed = seal(request, collector, &admitted, decoded, Format::Mux)?;
        Ok((admitted, sealed))
    });
    drop(body);
    let taken = match sealed {
        Ok((admitted, sealed)) => append(collector, &admitted, sealed).await,
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = taken {
        collector.tell_refused(request, &key, &refusal, Format::Mux).await;
        return Err(refusal);
    }
    Ok(cross_origin(HttpResponse::NoContent()).finish())
}

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
    let answer = match collector.admit(request, key).await {
        Err(refusal @ Refusal::ForeignOrigin) => refusal.response(),
        _ => allowing(headers),
    };
    origin::narrow(request, answer)
}

fn allowing(headers: &'static str) -> HttpResponse {
    cross_origin(HttpResponse::NoContent())
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "POST, GET, OPTIONS"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, headers))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

fn arrival(request: &HttpRequest, collector: &Collector) -> Result<Arrival, Refusal> {
    let now_ms = collector.clock.now_ms();
    let received_ms = history::received_ms(request, now_ms, collector.accept_history)?;
    Ok(Arrival { received_ms })
}

/// What of a beacon goes to the log: bytes of its own, nothing of the body they were read from. Hundreds of beacons wait for
/// one sync, and what they were made of goes before: the next one is made in memory that is still in the processor's cache.
struct Sealed {
    format: Format,
    accepted: usize,
    importance: Importance,
    records: Vec<NewRecord>,
    views: Vec<ViewName>,
}

/// Lets a beacon in, enriches it and makes its records. Every event's fate at intake is counted here and in [`append`].
fn seal<'a>(
    request: &HttpRequest,
    collector: &Collector,
    admitted: &'a Admitted,
    mut decoded: Decoded<'a>,
    format: Format,
) -> Result<Sealed, Refusal> {
    let accepted = decoded.accepted();
    collector.fates.received(format, &decoded);
    let sender = (&admitted.ingest_key.environment, &*admitted.key);
    collector.tell_rejected(request, sender, &decoded.rejected, format);
    let environment = &*admitted.ingest_key.environment;
    let importance = Importance::of(&decoded, environment, &collector.known_views);
    let mut sealed = Sealed { format, accepted, importance, records: Vec::new(), views: Vec::new() };
    if accepted == 0 {
        return Ok(sealed);
    }
    // The quota first: what one key sends too much of takes nothing from the others.
    let let_in = collector.within_quota(admitted, accepted);
    let let_in = let_in.and_then(|()| collector.admission.admit(accepted, importance, collector.log.room()));
    let_in.inspect_err(|refusal| collector.fates.shed(format, accepted, importance, refusal))?;
    if collector.respect_privacy_signals && asks_for_privacy(request) {
        forget_people(&mut decoded);
    }
    let origin = collector.enricher.origin(request);
    for record in &mut decoded.records {
        record.environment = environment.into();
        sealed.views.push(ViewName::of(environment, &record.view_id));
        sealed.records.push(NewRecord { key: record.key(), payload: record.to_bytes_with(&origin) });
    }
    Ok(sealed)
}

/// Makes it durable; the position to wait for comes back.
async fn append(collector: &Collector, admitted: &Admitted, sealed: Sealed) -> Result<String, Refusal> {
    let Sealed { format, accepted, importance, records, views } = sealed;
    if records.is_empty() {
        return Ok(String::new());
    }
    let appended = collector.log.append(records).await.map_err(Refusal::from);
    let positions =
        appended.inspect_err(|refusal| collector.fates.shed(format, accepted, importance, refusal))?;
    collector.fates.accepted(format, accepted);
    views.into_iter().for_each(|view| collector.known_views.learn(view));
    collector.control.key_was_used(&admitted.key).await;
    Ok(newest(&positions))
}

/// Do Not Track or Global Privacy Control.
fn asks_for_privacy(request: &HttpRequest) -> bool {
    let is_on = |name| request.headers().get(name).is_some_and(|value: &header::HeaderValue| value == "1");
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
