//! EPAS: answers as its own sink gives them, with a reason where that only says no.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName},
    web,
};
use serde_json::{Map, Value, json};

use super::{allow, append, arrival, cross_origin, origin, seal};
use crate::{
    beacon::{
        Collector, body,
        formats::epas::{self, EpasBeacon},
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
    let answer = match receive(&request, &key, payload, &collector).await {
        Ok(response) => response,
        Err(refusal) => {
            collector.fates.refused(Format::Epas, &refusal);
            collector.tell_refused(&request, &key, &refusal, Format::Epas).await;
            refusal.response_with(verdict(&refusal))
        }
    };
    origin::narrow(&request, answer)
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

async fn receive(
    request: &HttpRequest,
    key: &str,
    payload: web::Payload,
    collector: &Collector,
) -> Result<HttpResponse, Refusal> {
    let admitted = collector.admit(request, key).await?;
    let mut body = body::read(request, payload, &collector.body_room).await?;
    let arrival = arrival(request, collector)?;
    let unnamed = |is_init: bool| {
        let known = (!is_init).then_some(arrival.received_ms);
        view_of_sender(request, collector, &admitted.ingest_key.environment, known)
    };
    let EpasBeacon { view_id, is_init, decoded } =
        epas::decode(&mut body, arrival, version(request), unnamed)?;
    let rejected = decoded.rejected.clone();
    let sealed = seal(request, collector, &admitted, decoded, Format::Epas)?;
    drop(body);
    append(collector, &admitted, sealed).await?;
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

fn version(request: &HttpRequest) -> Option<&str> {
    let version = request.headers().get(VERSION)?.to_str().ok()?;
    (!version.is_empty() && version.len() <= LONGEST_VERSION).then_some(version)
}

/// The view the sender is in at `now_ms`, or a new one.
fn view_of_sender(
    request: &HttpRequest,
    collector: &Collector,
    environment: &str,
    now_ms: Option<i64>,
) -> String {
    let network = collector.enricher.network(request).map(|network| network.to_string()).unwrap_or_default();
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
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
