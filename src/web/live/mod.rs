//! The live protocol's endpoint, `/live`: questions about now, answered by snapshot and deltas over one websocket.

pub mod frame;
pub mod hub;
pub mod patch;
mod problems;
pub mod question;
mod room;
pub mod session;
pub mod snapshot;
mod subscription;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use tokio::sync::watch;

use self::{frame::PROTOCOL, hub::Hub, room::Room, session::MAX_FRAME_BYTES};
use crate::web::{
    address::{client_address, limit_key},
    api::ApiState,
    auth::Proof,
    error::ApiError,
    line::Hold,
    problem::Problem,
};

/// What a websocket needs.
#[derive(Clone)]
pub struct LiveState {
    pub hub: Arc<Hub>,
    pub api: web::Data<ApiState>,
    /// Becomes true when the process begins to stop.
    pub stopping: watch::Receiver<bool>,
}

/// The route.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/live", web::get().to(connect));
}

async fn connect(request: HttpRequest, body: web::Payload, state: web::Data<LiveState>) -> HttpResponse {
    let Some(address) = client_address(request.head(), &state.api.trusted_proxies) else {
        return ApiError::Internal("a request without peer".to_owned()).response(None);
    };
    // A cookie comes along with any page's websocket, so it counts only for a page of this origin.
    let proof = if is_same_origin(&request) { Proof::of(&request) } else { None };
    let (mut response, socket, messages) = match actix_ws::handle(&request, body) {
        Ok(opened) => opened,
        Err(error) => return no_websocket(&error),
    };
    if offers_protocol(&request) {
        response
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_PROTOCOL, header::HeaderValue::from_static(PROTOCOL));
    }
    let messages = messages
        .max_frame_size(MAX_FRAME_BYTES)
        .aggregate_continuations()
        .max_continuation_size(MAX_FRAME_BYTES);
    let (room, hold) = (Room::default(), Hold::on(&request));
    let response = room.around(response);
    let wire = session::Wire { socket, messages, room, hold, address: limit_key(address) };
    actix_web::rt::spawn(session::serve(wire, state.get_ref().clone(), proof));
    response
}

/// Says what was not right about a handshake, and which version is spoken.
fn no_websocket(error: &actix_web::Error) -> HttpResponse {
    let status = error.error_response().status();
    let problem = Problem::new(status, "no_websocket", error.to_string());
    let mut response = problem.builder();
    response.insert_header((header::SEC_WEBSOCKET_VERSION, "13"));
    problem.send(response)
}

fn is_same_origin(request: &HttpRequest) -> bool {
    let text = |name| request.headers().get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host))
        }
        // No browser: nobody's cookie but its own.
        (None, _) => true,
        (Some(_), None) => false,
    }
}

fn offers_protocol(request: &HttpRequest) -> bool {
    let offered =
        request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    offered.flat_map(|list| list.split(',')).any(|protocol| protocol.trim() == PROTOCOL)
}
