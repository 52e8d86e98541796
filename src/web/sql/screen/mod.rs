//! The SQL screen's side of the API: the same statements, wall and limits as the port's, for whoever is signed in.
//!
//! `POST /data/v1/sql` answers with as many rows as a screen holds, and with what they cost; whatever does not fit belongs
//! to the port. Errors are problems, with ClickHouse's code and text, and the place in the statement where there is one.

mod fault;
mod rows;
mod run;
mod saved;
mod schema;

use actix_web::web::{self, ServiceConfig};
use utoipa::OpenApi;

pub use self::fault::{Fault, Place};
use crate::web::{
    api::{get, json_up_to, read, refuse},
    sql::wall::LONGEST_STATEMENT,
};

/// A statement as JSON, every byte of it escaped, and its parameters.
const LARGEST_BODY: usize = 2 * LONGEST_STATEMENT + (128 << 10);

/// The part of the API's document that is about these.
#[derive(OpenApi)]
#[openapi(paths(
    run::run,
    run::cancel,
    schema::show,
    saved::list,
    saved::create,
    saved::change,
    saved::delete,
))]
pub struct Document;

/// The routes, inside of `/data/v1`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(get("/sql/schema", schema::show))
        .service(
            read("/sql/saved", saved::list)
                .app_data(json_up_to(LARGEST_BODY))
                .route(web::post().to(saved::create))
                .default_service(web::to(|| async { refuse("GET, HEAD, POST") })),
        )
        .service(
            web::resource("/sql/saved/{saved_id}")
                .app_data(json_up_to(LARGEST_BODY))
                .route(web::put().to(saved::change))
                .route(web::delete().to(saved::delete))
                .default_service(web::to(|| async { refuse("DELETE, PUT") })),
        )
        .service(
            web::resource("/sql")
                .app_data(json_up_to(LARGEST_BODY))
                .route(web::post().to(run::run))
                .default_service(web::to(|| async { refuse("POST") })),
        )
        .service(
            web::resource("/sql/{query_id}")
                .route(web::delete().to(run::cancel))
                .default_service(web::to(|| async { refuse("DELETE") })),
        );
}
