//! CMCD v2 reports. Players re-send their whole backlog at once on any error, and some raise it as an error of playback
//! (hls.js made 754 requests of 40 records in 25 s); so the answer is 204 whatever happens, and what it would have said
//! stands in the metrics. Only a key that is not known gets 401: there somebody has to mend a configuration.
//!
//! `Playhead-Accepted` says how many records are durable. Nothing else is called acknowledged.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde::Deserialize;

use super::{Sealed, append, arrival, cross_origin, origin, refuse, seal, told};
use crate::{
    beacon::{Collector, body, formats::cmcd, origin::Incoming, refusal::Refusal},
    event::Format,
};

/// How many records of the request are durable.
pub const ACCEPTED: &str = "playhead-accepted";

/// `POST {prefix}/{ingest_key}/cmcd`: records by line, under any content type.
pub async fn report(
    request: HttpRequest,
    key: web::Path<String>,
    payload: web::Payload,
    collector: web::Data<Collector>,
) -> HttpResponse {
    let body = body::read_bytes(request.head(), payload.into_inner(), &collector.body_room);
    respond(&request, &key, body, &collector).await
}

/// The one record of a request that carries it in its address.
#[derive(Deserialize)]
struct Pixel {
    #[serde(rename = "CMCD", default)]
    record: String,
}

/// `GET {prefix}/{ingest_key}/cmcd?CMCD=…`: one record, as senders write it that can only ask for an image.
pub async fn pixel(
    request: HttpRequest,
    key: web::Path<String>,
    collector: web::Data<Collector>,
) -> HttpResponse {
    let body = async {
        let pixel = web::Query::<Pixel>::from_query(request.query_string());
        pixel
            .map(|pixel| pixel.into_inner().record.into_bytes())
            .map_err(|_| Refusal::BadBeacon("not a query"))
    };
    respond(&request, &key, body, &collector).await
}

async fn respond<B: AsRef<[u8]>>(
    request: &HttpRequest,
    key: &str,
    body: impl Future<Output = Result<B, Refusal>>,
    collector: &Collector,
) -> HttpResponse {
    let incoming = Incoming::from(request.head());
    let sealed = receive(&incoming, key, body, collector).await;
    let outcome = match told(sealed, incoming.head, key, collector, Format::Cmcd).await {
        Ok(sealed) => append(collector, sealed).await.map(|durable| durable.accepted),
        Err(refusal) => Err(refusal),
    };
    origin::narrow(incoming.into_page(), answer(collector, outcome))
}

async fn receive<B: AsRef<[u8]>>(
    incoming: &Incoming<'_>,
    key: &str,
    body: impl Future<Output = Result<B, Refusal>>,
    collector: &Collector,
) -> Result<Sealed, Refusal> {
    let admitted = collector.admit(incoming, key).await?;
    let body = body.await?;
    let decoded = cmcd::decode(body.as_ref(), arrival(incoming.head, collector)?)?;
    seal(incoming.head, collector, admitted, decoded, Format::Cmcd)
}

fn answer(collector: &Collector, outcome: Result<usize, Refusal>) -> HttpResponse {
    let accepted = match outcome {
        Ok(accepted) => accepted,
        Err(refusal) => {
            let refused = refuse(collector, &refusal, Format::Cmcd);
            if matches!(refusal, Refusal::UnknownKey) {
                return refused;
            }
            0
        }
    };
    cross_origin(HttpResponse::NoContent())
        .insert_header((ACCEPTED, accepted))
        .insert_header((header::ACCESS_CONTROL_EXPOSE_HEADERS, ACCEPTED))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}
