//! A beacon request from top to bottom: admit, read, decode, enrich, append, answer.
//!
//! Formats whose players want other answers than these have a file of their own: [`cmcd`] and [`epas`].

pub mod cmcd;
pub mod epas;

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde_json::json;

use super::{
    Admitted, Collector, body,
    formats::{Arrival, Decoded, mux, native},
    history,
    importance::Importance,
    origin,
    refusal::Refusal,
};
use crate::{
    event::{AttributeKey, Format},
    log::{NewRecord, Position},
    telemetry::{Metric, count_labelled},
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
            refuse(&refusal, Format::Native)
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
    let (accepted, rejected) = (decoded.accepted(), decoded.rejected.clone());
    let position = store(request, collector, &admitted, decoded, Format::Native).await?;
    Ok(cross_origin(HttpResponse::Accepted())
        .json(json!({
            "accepted": accepted, "rejected": rejected, "position": position, "heartbeat_ms": collector.heartbeat_ms,
        })))
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
            refuse(&refusal, Format::Mux)
        }
        Err(refusal) => {
            count_refused(&refusal, Format::Mux);
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
    let beacon = mux::decode(&mut body, arrival(request, collector)?)?;
    let key = beacon.ingest_key;
    let taken = async {
        let admitted = collector.admit(request, &key).await?;
        store(request, collector, &admitted, beacon.decoded, Format::Mux).await
    };
    if let Err(refusal) = taken.await {
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

/// Enriches and appends; the position to wait for comes back. Every event's fate at intake is counted here.
async fn store(
    request: &HttpRequest,
    collector: &Collector,
    admitted: &Admitted,
    mut decoded: Decoded,
    format: Format,
) -> Result<String, Refusal> {
    let accepted = decoded.accepted() as u64;
    let label = format_label(format);
    count_labelled(Metric::EventsReceived, "format", label, accepted + decoded.rejected.len() as u64);
    for rejected in &decoded.rejected {
        metrics::counter!(Metric::EventsIntake.name(), "format" => label, "fate" => "rejected", "reason" => rejected.code)
            .increment(1);
    }
    let sender = (&admitted.ingest_key.environment, &*admitted.key);
    collector.tell_rejected(request, sender, &decoded.rejected, format);
    count_unknown_fields(&decoded, label);
    if accepted == 0 {
        return Ok(String::new());
    }
    let environment = &*admitted.ingest_key.environment;
    let importance = Importance::of(&decoded, environment, &collector.known_views);
    // The quota first: what one key sends too much of takes nothing from the others.
    let let_in = collector.within_quota(admitted, decoded.accepted());
    let let_in =
        let_in.and_then(|()| collector.admission.admit(decoded.accepted(), importance, collector.log.room()));
    let_in.inspect_err(|refusal| count_shed(accepted, label, importance, refusal))?;
    if collector.respect_privacy_signals && asks_for_privacy(request) {
        forget_people(&mut decoded);
    }
    let origin = collector.enricher.origin(request);
    let records = decoded.records.iter_mut().map(|record| {
        environment.clone_into(&mut record.environment);
        record.origin.clone_from(&origin);
        NewRecord { key: record.key(), payload: record.to_bytes() }
    });
    let records: Vec<NewRecord> = records.collect();
    let appended = collector.log.append(records).await.map_err(Refusal::from);
    let positions = appended.inspect_err(|refusal| count_shed(accepted, label, importance, refusal))?;
    metrics::counter!(Metric::EventsIntake.name(), "format" => label, "fate" => "accepted")
        .increment(accepted);
    decoded.records.iter().for_each(|record| collector.known_views.learn(environment, &record.view_id));
    collector.control.key_was_used(&admitted.key).await;
    Ok(newest(&positions))
}

/// Events that stay with their client, by reason and by what they are worth.
fn count_shed(events: u64, label: &'static str, importance: Importance, refusal: &Refusal) {
    let (reason, importance) = (refusal.code(), importance.label());
    metrics::counter!(Metric::EventsIntake.name(), "format" => label, "fate" => "shed", "reason" => reason, "importance" => importance)
        .increment(events);
}

/// Do Not Track or Global Privacy Control.
fn asks_for_privacy(request: &HttpRequest) -> bool {
    let is_on = |name| request.headers().get(name).is_some_and(|value: &header::HeaderValue| value == "1");
    is_on("dnt") || is_on("sec-gpc")
}

/// Takes out what tells people apart.
fn forget_people(decoded: &mut Decoded) {
    for event in decoded.records.iter_mut().flat_map(|record| &mut record.events) {
        event
            .attributes
            .retain(|known| !matches!(known.key(), AttributeKey::ViewerId | AttributeKey::SessionId));
    }
}

/// Fields without a meaning, which are kept with their events.
fn count_unknown_fields(decoded: &Decoded, label: &'static str) {
    let attributes =
        decoded.records.iter().flat_map(|record| &record.events).flat_map(|event| &event.attributes);
    let unknown = attributes.filter(|attribute| attribute.key() == AttributeKey::KeyUnknown).count();
    if unknown > 0 {
        count_labelled(Metric::FieldsUnknown, "format", label, unknown as u64);
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

fn refuse(refusal: &Refusal, format: Format) -> HttpResponse {
    count_refused(refusal, format);
    refusal.response()
}

fn count_refused(refusal: &Refusal, format: Format) {
    metrics::counter!(Metric::BeaconsRefused.name(), "format" => format_label(format), "code" => refusal.code())
        .increment(1);
}

fn cross_origin(mut response: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    response.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    response
}

pub(super) fn format_label(format: Format) -> &'static str {
    match format {
        Format::Unspecified => "unknown",
        Format::Native => "native",
        Format::Mux => "mux",
        Format::Cmcd => "cmcd",
        Format::Epas => "epas",
    }
}
