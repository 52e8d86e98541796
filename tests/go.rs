//! `make test-go`: ClickHouse's Go client against the SQL port, as Grafana's plugin uses it. What it says and reads is in
//! `tests/clients/sql-go`; the bytes it depends on are tests of `tests/it` too, which need no Go.

#![allow(unsafe_code, reason = "signals")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "it/support"]
mod support {
    #[allow(dead_code, reason = "the other test binary uses the rest")]
    pub mod server;
}
#[allow(dead_code, reason = "the other test binary uses the rest")]
#[path = "it/sql/tenants.rs"]
mod tenants;

#[tokio::test(flavor = "multi_thread")]
async fn the_go_client_connects_lists_reads_types_and_streams() {
    let tenants = tenants::Tenants::start().await;
    let run = tokio::process::Command::new("go")
        .args(["run", "."])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/sql-go"))
        .env("SQL_URL", tenants.server.sql_url())
        .env("SQL_USER", &tenants.own.token)
        .env("SQL_PASSWORD", &tenants.own.secret)
        .output()
        .await
        .expect("go is installed: https://go.dev/doc/install");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}{err}");
}
