//! The official client against the server, as its users would run it.

use std::{path::Path, process::Command};

use super::{
    data::{an_hour_ago, random_views, write},
    server::{Server, store, unlimited},
};

#[tokio::test]
async fn the_official_node_client_reads_everything_there_is() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    write(&store(), &tenant.id, &random_views(13, 60, an_hour_ago())).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/mux-node");
    if !folder.join("node_modules").exists() {
        let installed = Command::new("npm").args(["ci", "--ignore-scripts"]).current_dir(&folder).status();
        assert!(installed.unwrap().success(), "npm ci in {}", folder.display());
    }
    let run = tokio::process::Command::new("node")
        .arg("check.mjs")
        .current_dir(&folder)
        .env("MUX_BASE_URL", &server.url)
        .env("MUX_TOKEN_ID", &tenant.token.id)
        .env("MUX_TOKEN_SECRET", &tenant.token.secret)
        .output()
        .await
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}{err}");
    println!("{out}");
}
