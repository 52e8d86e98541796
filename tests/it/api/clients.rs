//! The official clients against the server, as their users would run them.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use super::{
    data::{an_hour_ago, random_views, write},
    monitoring::some_viewers,
    server::{Server, store, unlimited},
};

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// Runs what brings a client here, once. What came in half is taken away again: the next run would take it for whole.
pub fn installed(there: &Path, mut commands: Vec<Command>) {
    if there.exists() {
        return;
    }
    for command in &mut commands {
        let is_well = command.status().unwrap().success();
        if !is_well {
            let _ = std::fs::remove_dir_all(there);
        }
        assert!(is_well, "{command:?}");
    }
}

/// Runs a check against a server with views of one tenant.
async fn passes(program: &Path, arguments: &[&str], folder: &Path) {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    write(&store(), &tenant.id, &random_views(13, 60, an_hour_ago())).await;
    some_viewers(&server.live, &tenant.id);
    let run = tokio::process::Command::new(program)
        .args(arguments)
        .current_dir(folder)
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

/// The folder that has the official client in it.
pub fn mux_node() -> PathBuf {
    // Tests run at the same time, and one installation is enough.
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = folder("mux-node");
        let mut install = Command::new("npm");
        install.args(["ci", "--ignore-scripts"]).current_dir(&folder);
        installed(&folder.join("node_modules"), vec![install]);
        folder
    });
    FOLDER.clone()
}

#[tokio::test]
async fn the_official_node_client_reads_everything_there_is() {
    passes(Path::new("node"), &["check.mjs"], &mux_node()).await;
}

#[tokio::test]
async fn the_official_python_client_reads_everything_there_is() {
    let folder = folder("mux-python");
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mux-python");
    let python = place.join("bin/python");
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&place);
    let mut install = Command::new(&python);
    install
        .args(["-m", "pip", "install", "--quiet", "--requirement", "requirements.txt"])
        .current_dir(&folder);
    installed(&place, vec![make, install]);
    passes(&python, &["check.py"], &folder).await;
}
