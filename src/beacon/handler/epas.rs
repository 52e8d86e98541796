//! EPAS: answers as its own sink gives them, with a reason where that only says no.

use actix_web::{
    HttpRequest, HttpResponse,
    dev::RequestHead,
    http::header::{self, HeaderName},
    web,
};
use serde_json::{Map, Value, json};

use super::{Sealed, allow, append, arrival, cross_origin, origin, seal, told};
use crate::{
    beacon::{
        Collector, body,
        formats::{
            Rejected,
            epas::{self, EpasBeacon},
        },
        origin::Incoming,
        refusal::Refusal,
        senders::Sender,
    },
    event::Format,
};

/// The specification's version, as the web SDK says it.
const VERSION: HeaderName = HeaderName::from_static("x-epas-version");
const LONGEST_VERSION: usize = 32;

/// `POST {prefix}/{ingest_key}/epas`: one event of Eyevinn's SDK.
pub async fn take(
    request: HttpRequest,
    key: web::Path<String>,
    payload: web::Payload,
    collector: web::Data<Collector>,
) -> HttpResponse {
    let incoming = Incoming::from(request.head());
    let taken = receive(&incoming, &key, payload, &collector).await;
    let outcome = match told(taken, incoming.head, &key, &collector, Format::Epas).await {
        Ok((sealed, answer)) => append(&collector, sealed).await.and(answer),
        Err(refusal) => Err(refusal),
    };
    let answer = outcome.unwrap_or_else(|refusal| {
        collector.fates.refused(Format::Epas, &refusal);
        refusal.response_with(verdict(&refusal))
    });
    origin::narrow(incoming.into_page(), answer)
}

/// `OPTIONS`: the SDK's every POST is preceded by one, unless the browser remembers the last.
pub async fn preflight(
    request: HttpRequest,
    key: web::Path<String>,
    collector: web::Data<Collector>,
) -> HttpResponse {
    let headers = "content-type, content-encoding, x-epas-event, x-epas-version";
    allow(&request, &key, &collector, headers).await
}

/// The beacon's record, and the answer once that is durable.
async fn receive(
    incoming: &Incoming<'_>,
    key: &str,
    payload: web::Payload,
    collector: &Collector,
) -> Result<(Sealed, Result<HttpResponse, Refusal>), Refusal> {
    let Incoming { head, .. } = incoming;
    let admitted = collector.admit(incoming, key).await?;
    let mut body = body::read(head, payload.into_inner(), &collector.body_room).await?;
    let arrival = arrival(head, collector)?;
    let unnamed = |is_init: bool| {
        let known = (!is_init).then_some(arrival.received_ms);
        view_of_sender(head, collector, &admitted.ingest_key.environment, known)
    };
    let EpasBeacon { view_id, is_init, decoded } = epas::decode(&mut body, arrival, version(head), unnamed)?;
    let rejected = decoded.rejected.clone();
    let sealed = seal(head, collector, admitted, decoded, Format::Epas)?;
    Ok((sealed, answer(view_id, is_init, &rejected, collector)))
}

fn answer(
    view_id: Option<String>,
    is_init: bool,
    rejected: &[Rejected],
    collector: &Collector,
) -> Result<HttpResponse, Refusal> {
    let Some(view_id) = view_id else {
        return Err(Refusal::BadEvent(rejected.first().map_or("bad_event", |first| first.code)));
    };
    let mut answer = match is_init {
        true => json!({"sessionId": view_id, "heartbeatInterval": collector.heartbeat_ms}),
        false => json!({"sessionId": view_id, "valid": true}),
    };
    if !rejected.is_empty() {
        answer["rejected"] = json!(rejected);
    }
    Ok(cross_origin(HttpResponse::Ok()).json(answer))
}

fn version(head: &RequestHead) -> Option<&str> {
    let version = head.headers().get(VERSION)?.to_str().ok()?;
    (!version.is_empty() && version.len() <= LONGEST_VERSION).then_some(version)
}

/// The view the sender is in at `now_ms`, or a new one.
fn view_of_sender(
    head: &RequestHead,
    collector: &Collector,
    environment: &str,
    now_ms: Option<i64>,
) -> String {
    let network = collector.enricher.network(head).map(|network| network.to_string()).unwrap_or_default();
    let user_agent = head.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let sender = Sender { environment, network: &network, user_agent: user_agent.unwrap_or_default() };
    let view_id = match now_ms {
        Some(now_ms) => collector.senders.view_of(sender, now_ms),
        None => collector.senders.begin(sender),
    };
    view_id.to_string()
}

/// What the specification's own sink says of an event it does not want; nothing of one it might want later.
fn verdict(refusal: &Refusal) -> Map<String, Value> {
    let mut verdict = Map::new();
    if !refusal.is_temporary() {
        verdict.insert("valid".into(), false.into());
        verdict.insert("message".into(), refusal.to_string().into());
    }
    verdict
}
