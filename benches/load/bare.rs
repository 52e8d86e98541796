//! The reference: an actix handler that reads the body and answers 204. What HTTP itself costs here, and nothing else.

use std::{net::SocketAddr, process::Command};

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::process::{SERVER_CORE, pinned};

/// Makes this program be the bare server.
pub const ARGUMENT: &str = "--bare";

/// This program as the bare server.
pub fn command(address: SocketAddr) -> Command {
    let mut command = pinned(SERVER_CORE, std::env::current_exe().expect("this program"));
    command.args([ARGUMENT, &address.to_string()]);
    command
}

/// Serves until it is killed.
pub fn serve(address: &str) {
    let address: SocketAddr = address.parse().expect("an address");
    let accept = |body: web::Bytes| async move {
        assert!(!body.is_empty());
        HttpResponse::NoContent().finish()
    };
    let app =
        move || App::new().route("/in/{key}", web::post().to(accept)).route("/", web::post().to(accept));
    let serve = async { HttpServer::new(app).bind(address).expect("the address is free").run().await };
    actix_web::rt::System::new().block_on(serve).expect("it serves until it is killed");
}
