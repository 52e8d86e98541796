//! Control data over HTTP: environments, ingest keys, tokens, people, sessions, and what the law asks for.
//!
//! Everything here is about the environment the caller is in; an id in a path only ever picks among what that
//! environment owns, so another tenant's id is answered like one that never was: 404.

pub mod audit;
mod environments;
mod erasures;
mod export;
mod invitations;
mod keys;
mod people;
mod session;
mod sessions;
mod tokens;

use actix_web::{
    middleware::from_fn,
    web::{self, ServiceConfig},
};
use serde::Serialize;
use utoipa::OpenApi;

use super::{
    api::{MAX_BODY, get, json_up_to, read, refuse},
    guard::envelope,
};

/// The part of the API's document that is about these.
#[derive(OpenApi)]
#[openapi(paths(
    environments::list,
    environments::create,
    environments::show,
    environments::change,
    keys::list,
    keys::create,
    keys::show,
    keys::change,
    keys::rotate,
    keys::retire,
    tokens::list,
    tokens::create,
    tokens::revoke,
    people::list,
    people::change,
    people::remove,
    invitations::list,
    invitations::create,
    invitations::withdraw,
    sessions::list,
    sessions::end,
    erasures::erase,
    erasures::list,
    erasures::show,
    export::export,
    audit::list,
    session::show,
    session::open,
    session::turn,
    session::close,
    session::accept,
    session::change_password,
))]
pub struct Document;

/// A list, whole: there are never many.
#[derive(Serialize, utoipa::ToSchema)]
pub struct List<T> {
    pub data: Vec<T>,
    pub total_row_count: usize,
}

impl<T> From<Vec<T>> for List<T> {
    fn from(data: Vec<T>) -> Self {
        Self { total_row_count: data.len(), data }
    }
}

/// The routes for whoever has a token or a session, inside of `/data/v1`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            read("/environments", environments::list)
                .route(web::post().to(environments::create))
                .default_service(web::to(|| async { refuse("GET, HEAD, POST") })),
        )
        .service(
            read("/environments/{environment}", environments::show)
                .route(web::patch().to(environments::change))
                .default_service(web::to(|| async { refuse("GET, HEAD, PATCH") })),
        )
        .service(
            read("/ingest-keys", keys::list)
                .route(web::post().to(keys::create))
                .default_service(web::to(|| async { refuse("GET, HEAD, POST") })),
        )
        .service(
            read("/ingest-keys/{ingest_key}", keys::show)
                .route(web::put().to(keys::change))
                .route(web::delete().to(keys::retire))
                .default_service(web::to(|| async { refuse("DELETE, GET, HEAD, PUT") })),
        )
        .service(
            web::resource("/ingest-keys/{ingest_key}/rotate")
                .route(web::post().to(keys::rotate))
                .default_service(web::to(|| async { refuse("POST") })),
        )
        .service(
            read("/tokens", tokens::list)
                .route(web::post().to(tokens::create))
                .default_service(web::to(|| async { refuse("GET, HEAD, POST") })),
        )
        .service(
            web::resource("/tokens/{token_id}")
                .route(web::delete().to(tokens::revoke))
                .default_service(web::to(|| async { refuse("DELETE") })),
        )
        .configure(routes_of_people)
        .configure(routes_of_privacy);
}

fn routes_of_people(config: &mut ServiceConfig) {
    config
        .service(get("/people", people::list))
        .service(
            web::resource("/people/{email}")
                .route(web::put().to(people::change))
                .route(web::delete().to(people::remove))
                .default_service(web::to(|| async { refuse("DELETE, PUT") })),
        )
        .service(
            read("/invitations", invitations::list)
                .route(web::post().to(invitations::create))
                .default_service(web::to(|| async { refuse("GET, HEAD, POST") })),
        )
        .service(
            web::resource("/invitations/{invitation_id}")
                .route(web::delete().to(invitations::withdraw))
                .default_service(web::to(|| async { refuse("DELETE") })),
        )
        .service(get("/sessions", sessions::list))
        .service(
            web::resource("/sessions/{session_id}")
                .route(web::delete().to(sessions::end))
                .default_service(web::to(|| async { refuse("DELETE") })),
        );
}

fn routes_of_privacy(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/viewers/{viewer_id}")
                .route(web::delete().to(erasures::erase))
                .default_service(web::to(|| async { refuse("DELETE") })),
        )
        .service(get("/erasures", erasures::list))
        .service(get("/erasures/{erasure_id}", erasures::show))
        .service(get("/export", export::export))
        .service(get("/audit", audit::list));
}

/// The routes for whoever has neither yet.
pub fn session_routes(config: &mut ServiceConfig) {
    config
        .service(
            read("/session", session::show)
                .app_data(json_up_to(MAX_BODY))
                .wrap(from_fn(envelope))
                .route(web::post().to(session::open))
                .route(web::put().to(session::turn))
                .route(web::delete().to(session::close))
                .default_service(web::to(|| async { refuse("DELETE, GET, HEAD, POST, PUT") })),
        )
        .service(
            web::resource("/session/invitation")
                .app_data(json_up_to(MAX_BODY))
                .wrap(from_fn(envelope))
                .route(web::post().to(session::accept))
                .default_service(web::to(|| async { refuse("POST") })),
        )
        .service(
            web::resource("/session/password")
                .app_data(json_up_to(MAX_BODY))
                .wrap(from_fn(envelope))
                .route(web::put().to(session::change_password))
                .default_service(web::to(|| async { refuse("PUT") })),
        );
}
