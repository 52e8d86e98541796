//! ClickHouse's official clients against the SQL port, as their users would run them.

use std::{path::Path, process::Command};

use super::tenants::Tenants;
use crate::api::clients::{folder, installed};

/// Runs a check as the first tenant.
async fn passes(program: &Path, arguments: &[&str], folder: &Path) {
    let tenants = Tenants::start().await;
    let run = tokio::process::Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("SQL_URL", tenants.server.sql_url())
        .env("SQL_USER", &tenants.own.token)
        .env("SQL_PASSWORD", &tenants.own.secret)
        .output()
        .await
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_client_connects_reads_types_and_streams() {
    let folder = folder("sql-node");
    let mut install = Command::new("npm");
    install.args(["ci", "--ignore-scripts"]).current_dir(&folder);
    installed(&folder.join("node_modules"), vec![install]);
    passes(Path::new("node"), &["check.mjs"], &folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_connects_reads_types_and_streams() {
    python("sql-python").await;
}

/// With the dialect Superset uses.
#[tokio::test(flavor = "multi_thread")]
async fn sqlalchemy_connects_inspects_and_reads_types() {
    python("sql-alchemy").await;
}

async fn python(name: &str) {
    let folder = folder(name);
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let python = place.join("bin/python");
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&place);
    let mut install = Command::new(&python);
    let arguments = ["-m", "pip", "install", "--quiet", "--requirement", "requirements.txt"];
    install.args(arguments).current_dir(&folder);
    installed(&place, vec![make, install]);
    passes(&python, &["check.py"], &folder).await;
}

/// In a heap far smaller than what it reads.
#[tokio::test(flavor = "multi_thread")]
async fn the_jdbc_driver_connects_lists_reads_types_and_streams() {
    let folder = folder("sql-java");
    let jars = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sql-java");
    let mut fetch = Command::new("mvn");
    fetch
        .args(["-B", "-q", "dependency:copy-dependencies", "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", jars.display()))
        .current_dir(&folder);
    installed(&jars, vec![fetch]);
    let class_path = format!("{}/*", jars.display());
    let arguments =
        ["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", &class_path, "Check.java"];
    passes(Path::new("java"), &arguments, &folder).await;
}
