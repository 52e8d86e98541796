//! Playhead's own beacon: the answer says which events were taken, and what became of the rest.

use actix_http::Request;
use actix_web::{HttpResponse, dev::Payload};
use serde::Serialize;

use super::{Durable, Sealed, append, arrival, cross_origin, origin, refuse, seal, told};
use crate::{
    beacon::{
        Collector, body,
        formats::{Rejected, native},
        origin::Incoming,
        refusal::Refusal,
    },
    event::Format,
};

/// What our SDK hears when its events are durable.
#[derive(Serialize)]
struct Answer {
    accepted: usize,
    rejected: Vec<Rejected>,
    /// Reads may wait for it.
    position: String,
    heartbeat_ms: u32,
}

/// `POST {prefix}/{ingest_key}`; the key is the rest of the path from there.
pub async fn take(mut request: Request, key_from: usize, collector: &Collector) -> HttpResponse {
    let payload = request.take_payload();
    let incoming = Incoming::from(request.head());
    let key = &request.path()[key_from..];
    let sealed = receive(&incoming, key, payload, collector).await;
    let sealed = told(sealed, incoming.head, key, collector, Format::Native).await;
    let page = incoming.into_page();
    drop(request);
    origin::narrow(page, answer(sealed, collector).await)
}

async fn receive(
    incoming: &Incoming<'_>,
    key: &str,
    payload: Payload,
    collector: &Collector,
) -> Result<(Sealed, Vec<Rejected>), Refusal> {
    let admitted = collector.admit(incoming, key).await?;
    let mut body = body::read(incoming.head, payload, &collector.body_room).await?;
    let decoded = native::decode(&mut body, arrival(incoming.head, collector)?)?;
    let rejected = decoded.rejected.clone();
    let sealed = seal(incoming.head, collector, admitted, decoded, Format::Native)?;
    Ok((sealed, rejected))
}

async fn answer(sealed: Result<(Sealed, Vec<Rejected>), Refusal>, collector: &Collector) -> HttpResponse {
    let durable = match sealed {
        Ok((sealed, rejected)) => append(collector, sealed).await.map(|durable| (durable, rejected)),
        Err(refusal) => Err(refusal),
    };
    match durable {
        Ok((Durable { accepted, position }, rejected)) => {
            let answer = Answer { accepted, rejected, position, heartbeat_ms: collector.heartbeat_ms };
            cross_origin(HttpResponse::Accepted()).json(answer)
        }
        Err(refusal) => refuse(collector, &refusal, Format::Native),
    }
}
