//! mux-embed pointed here by `beaconCollectionDomain`. It re-sends on anything but 2xx for ever, so what is bad for good is
//! counted and answered 204.

use actix_http::Request;
use actix_web::{HttpResponse, dev::Payload};

use super::{Sealed, append, arrival, cross_origin, origin, refuse, seal, told};
use crate::{
    beacon::{
        Collector, body,
        formats::mux::{self, MuxBeacon},
        origin::Incoming,
        refusal::Refusal,
    },
    event::Format,
};

/// `POST /`: the key stands in the body.
pub async fn take(mut request: Request, collector: &Collector) -> HttpResponse {
    let payload = request.take_payload();
    let incoming = Incoming::from(request.head());
    let sealed = receive(&incoming, payload, collector).await;
    let page = incoming.into_page();
    drop(request);
    let durable = match sealed {
        Ok(sealed) => append(collector, sealed).await,
        Err(refusal) => Err(refusal),
    };
    origin::narrow(page, answer(durable.err(), collector))
}

async fn receive(
    incoming: &Incoming<'_>,
    payload: Payload,
    collector: &Collector,
) -> Result<Sealed, Refusal> {
    let mut body = body::read(incoming.head, payload, &collector.body_room).await?;
    let MuxBeacon { ingest_key, decoded } = mux::decode(&mut body, arrival(incoming.head, collector)?)?;
    let key = ingest_key.to_owned();
    let admitted = collector.admit(incoming, &key).await;
    let sealed = admitted.and_then(|admitted| seal(incoming.head, collector, admitted, decoded, Format::Mux));
    told(sealed, incoming.head, &key, collector, Format::Mux).await
}

fn answer(refusal: Option<Refusal>, collector: &Collector) -> HttpResponse {
    if let Some(refusal) = refusal {
        let refused = refuse(collector, &refusal, Format::Mux);
        if refusal.is_temporary() || matches!(refusal, Refusal::UnknownKey) {
            return refused;
        }
    }
    cross_origin(HttpResponse::NoContent()).finish()
}
