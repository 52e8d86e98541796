//! A beacon request from top to bottom: admit, read, decode, enrich, append, answer.
//!
//! Formats whose players want other answers than these have a file of their own: [`cmcd`] and [`epas`].

pub mod cmcd;
pub mod epas;

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde_json::json;

use super::{
    Collector, body,
    formats::{Arrival, Decoded, mux, native},
    history,
    importance::Importance,
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
    match receive_native(&request, &key, payload, &collector).await {
        Ok(response) => response,
        Err(refusal) => refuse(&refusal, Format::Native),
    }
}

async fn receive_native(
    request: &HttpRequest,
    key: &str,
    payload: web::Payload,
    collector: &Collector,
) -> Result<HttpResponse, Refusal> {
    let environment = collector.admit(key).await?;
    let mut body = body::read(request, payload, &collector.body_room).await?;
    let decoded = native::decode(&mut body, arrival(request, collector)?)?;
    let (accepted, rejected) = (decoded.accepted(), decoded.rejected.clone());
    let position = store(request, collector, &environment, decoded, Format::Native).await?;
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
    match receive_mux(&request, payload, &collector).await {
        Ok(response) => response,
        Err(refusal) if refusal.is_temporary() || matches!(refusal, Refusal::UnknownKey) => {
            refuse(&refusal, Format::Mux)
        }
        Err(refusal) => {
            count_refused(&refusal, Format::Mux);
            cross_origin(HttpResponse::NoContent()).finish()
        }
    }
}

async fn receive_mux(
    request: &HttpRequest,
    payload: web::Payload,
    collector: &Collector,
) -> Result<HttpResponse, Refusal> {
    let mut body = body::read(request, payload, &collector.body_room).await?;
    let beacon = mux::decode(&mut body, arrival(request, collector)?)?;
    let environment = collector.admit(&beacon.ingest_key).await?;
    store(request, collector, &environment, beacon.decoded, Format::Mux).await?;
    Ok(cross_origin(HttpResponse::NoContent()).finish())
}

/// `OPTIONS`: what a browser asks before it sends JSON or gzip from another origin.
pub async fn preflight() -> HttpResponse {
    allow("content-type, content-encoding")
}

fn allow(headers: &'static str) -> HttpResponse {
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
    environment: &Arc<str>,
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
    count_unknown_fields(&decoded, label);
    if accepted == 0 {
        return Ok(String::new());
    }
    let importance = Importance::of(&decoded, environment, &collector.known_views);
    collector.admission.admit(decoded.accepted(), importance, collector.log.room()).inspect_err(
        |refusal| {
            count_shed(accepted, label, importance, refusal);
        },
    )?;
    if collector.respect_privacy_signals && asks_for_privacy(request) {
        forget_people(&mut decoded);
    }
    let origin = collector.enricher.origin(request);
    let records = decoded.records.iter_mut().map(|record| {
        record.environment = environment.to_string();
        record.origin.clone_from(&origin);
        NewRecord { key: record.key(), payload: record.to_bytes() }
    });
    let records: Vec<NewRecord> = records.collect();
    let appended = collector.log.append(records).await.map_err(Refusal::from);
    let positions = appended.inspect_err(|refusal| count_shed(accepted, label, importance, refusal))?;
    metrics::counter!(Metric::EventsIntake.name(), "format" => label, "fate" => "accepted")
        .increment(accepted);
    decoded.records.iter().for_each(|record| collector.known_views.learn(environment, &record.view_id));
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

fn format_label(format: Format) -> &'static str {
    match format {
        Format::Unspecified => "unknown",
        Format::Native => "native",
        Format::Mux => "mux",
        Format::Cmcd => "cmcd",
        Format::Epas => "epas",
    }
}
