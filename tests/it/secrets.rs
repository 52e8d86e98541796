//! What must not be read anywhere: secrets and full addresses in lines of the log (however much of it is asked for), in
//! answers and in metrics; and what a machine gives away that was set up with nothing but its defaults.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::support::server::Server;

const EMAIL: &str = "ada@example.org";
const PASSWORD: &str = "correct-horse-battery";
const MISTYPED: &str = "correct-horse-batterie";
const WRONG_SECRET: &str = "wrong-secret-of-a-stranger";
/// As somebody puts it in a page by mistake.
const MISPLACED: &str = "secret0token0in0the0place0of0a0key";
/// Of players. Whose token asks in SQL is named with their address: that is what an audit is for.
const ADDRESS: &str = "203.0.113.77";
const ADDRESS_6: &str = "2001:db8:1:2:3:4:5:6";
/// In texts that players send.
const VIEWER: &str = "eve.viewer@example.net";

/// Everything the service was told or has made that is nobody else's business.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn told() -> Self {
        let (_, secret) = Server::TOKEN.split_once(':').unwrap();
        let told = [
            ("the token", secret),
            ("a wrong token", WRONG_SECRET),
            ("a token in the place of a key", MISPLACED),
            ("the password", PASSWORD),
            ("a mistyped password", MISTYPED),
            ("an address", ADDRESS),
            ("an IPv6 address", ADDRESS_6),
            ("who watches", VIEWER),
        ];
        Self(told.map(|(what, secret)| (what, secret.to_owned())).to_vec())
    }

    fn none_in(&self, text: &str, place: &str) {
        for (what, secret) in &self.0 {
            let found = text.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(found, None, "{place} tells {what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_a_line_of_the_log_an_answer_or_a_metric() {
    let admin = format!("{EMAIL}:{PASSWORD}");
    let server = Server::start(&[("LOG", "trace"), ("BOOTSTRAP_ADMIN", &admin)]).await;
    let mut secrets = Secrets::told();
    players_say_what_they_should_not(&server, &secrets).await;
    people_sign_in(&server, &mut secrets).await;
    programs_ask(&server, &secrets).await;
    somebody_watches(&server, &mut secrets).await;
    for place in [
        server.at("/healthz"),
        server.at("/readyz"),
        format!("{}/metrics", server.admin_url()),
        format!("{}/readyz", server.admin_url()),
    ] {
        secrets.none_in(&server.http.get(&place).send().await.unwrap().text().await.unwrap(), &place);
    }
    let output = server.output();
    let (announced, logged): (Vec<&str>, Vec<&str>) = output.lines().partition(|line| line.starts_with("  "));
    assert!(announced.iter().any(|line| line.contains(Server::TOKEN)), "whoever starts it is told");
    assert!(logged.iter().any(|line| line.contains("TRACE")), "everything is logged");
    secrets.none_in(&logged.join("\n"), "the log");
}

/// Beacons from a known address with a name in them, and one sent with a token for a key.
async fn players_say_what_they_should_not(server: &Server, secrets: &Secrets) {
    let error = json!({"code": "e", "message": format!("no licence for {VIEWER}"), "severity": "fatal"});
    let events = json!([
        {"seq": 1, "t_ms": 0, "type": "play", "set": {"video_title": format!("for {VIEWER}")}},
        {"seq": 2, "t_ms": 1, "type": "error", "error": error},
        {"seq": "three", "t_ms": 2, "type": "heartbeat"},
    ]);
    let body = json!({"v": 1, "views": [{"id": "private", "events": events}]}).to_string();
    for (key, address) in
        [(Server::INGEST_KEY, ADDRESS), (Server::INGEST_KEY, ADDRESS_6), (MISPLACED, ADDRESS)]
    {
        for body in [&body, &body[..40], ""] {
            let request = server.http.post(server.at(&format!("/in/{key}"))).body(body.to_owned());
            let answer = request.header("x-forwarded-for", address).send().await.unwrap();
            secrets.none_in(&answer.text().await.unwrap(), "an answer to a beacon");
        }
    }
}

async fn people_sign_in(server: &Server, secrets: &mut Secrets) {
    let session = server.at("/session");
    for body in [
        json!({"email": EMAIL, "password": MISTYPED}).to_string(),
        json!({"email": EMAIL, "password": MISTYPED, "more": 1}).to_string(),
        json!({"code": WRONG_SECRET}).to_string(),
        format!("{{\"email\":\"{EMAIL}\",\"password\":\"{MISTYPED}\""),
        format!("{{\"email\":\"{EMAIL}\",\"password\":[\"{MISTYPED}\"]}}"),
    ] {
        let request = server.http.post(&session).header("content-type", "application/json").body(body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_client_error());
        secrets.none_in(&answer.text().await.unwrap(), "an answer to who may not sign in");
    }
    let right = json!({"email": EMAIL, "password": PASSWORD});
    let answer = server.http.post(&session).json(&right).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    secrets.0.push(("a session's cookie", cookie.split_once('=').unwrap().1.to_owned()));
    let wish = json!({"name": "made", "scopes": ["read"]});
    let request = server.http.post(server.at("/data/v1/tokens")).header("cookie", &cookie).json(&wish);
    let made: Value = request.send().await.unwrap().json().await.unwrap();
    secrets.0.push(("a token made here", made["secret"].as_str().unwrap().to_owned()));
    for path in ["/session", "/data/v1/tokens", "/data/v1/system", "/data/v1/no-such-thing"] {
        let answer = server.http.get(server.at(path)).header("cookie", &cookie).send().await.unwrap();
        secrets.none_in(&answer.text().await.unwrap(), path);
    }
}

async fn programs_ask(server: &Server, secrets: &Secrets) {
    let (id, secret) = Server::TOKEN.split_once(':').unwrap();
    let views = server.at("/data/v1/video-views");
    let sql = |secret, query| format!("{}/?user={id}&password={secret}&query={query}", server.sql_url());
    for request in [
        server.http.get(&views).basic_auth(id, Some(WRONG_SECRET)),
        server.http.get(&views).bearer_auth(format!("{id}:{WRONG_SECRET}")),
        server.http.get(&views).bearer_auth(WRONG_SECRET),
        server.http.get(format!("{views}?token={WRONG_SECRET}&no_such=1")).basic_auth(id, Some(secret)),
        server.http.get(sql(WRONG_SECRET, "SELECT+1")),
        server.http.get(sql(secret, "SELECT+nothing")),
        server.http.post(server.sql_url()).basic_auth(id, Some(secret)).body("SELECT count() FROM views"),
        server
            .http
            .post(server.sql_url())
            .header("X-ClickHouse-User", id)
            .header("X-ClickHouse-Key", WRONG_SECRET),
    ] {
        let answer = request.send().await.unwrap();
        secrets.none_in(&answer.text().await.unwrap(), "an answer to a program");
    }
}

/// Over the live socket: with a token that is right and one that is not.
async fn somebody_watches(server: &Server, secrets: &mut Secrets) {
    let demo: Value = server.http.get(server.at("/demo/config")).send().await.unwrap().json().await.unwrap();
    let demo = demo["live_token"].as_str().unwrap().to_owned();
    for token in [Server::TOKEN, WRONG_SECRET, &demo] {
        let url = format!("{}?token={WRONG_SECRET}", server.at("/live").replacen("http", "ws", 1));
        let (mut socket, _) = connect_async(url).await.unwrap();
        for frame in [
            json!({"type": "auth", "token": token}).to_string(),
            format!("{{\"type\":\"auth\",\"token\":\"{token}\",,"),
            json!({"type": "unsubscribe", "id": "u"}).to_string(),
        ] {
            let _ = socket.send(Message::text(frame)).await;
        }
        let _ = socket.close(None).await;
        while let Some(Ok(frame)) = socket.next().await {
            secrets.none_in(&frame.to_string(), "a frame");
        }
    }
    secrets.0.push(("a demo page's token", demo));
}

/// A service that was given a directory and free ports, and nothing else.
struct Install {
    child: Child,
    data: tempfile::TempDir,
    /// What it printed by its first word.
    said: Vec<(String, String)>,
}

impl Install {
    fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_playhead"));
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("PLAYHEAD_") && name != "PLAYHEAD_CHDB_LIB")
        {
            command.env_remove(name);
        }
        let ports = ["http", "admin", "sql"].map(|port| format!("--{port}-addr=127.0.0.1:0"));
        let command = command.arg("serve").args(ports).arg("--data-dir").arg(data.path().join("data"));
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap) {
            let mut words = line.split("  ").map(str::trim).filter(|word| !word.is_empty());
            let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            said.push((first.to_owned(), second.to_owned()));
            if first == "API token" {
                break;
            }
        }
        Self { child, data, said }
    }

    fn said(&self, word: &str) -> &str {
        &self
            .said
            .iter()
            .find(|(first, _)| first == word)
            .unwrap_or_else(|| panic!("no {word}: {:?}", self.said))
            .1
    }

    fn url(&self) -> String {
        let (first, _) = &self.said[0];
        first.rsplit(' ').next().unwrap().to_owned()
    }
}

impl Drop for Install {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_install_opens_nothing_and_calls_nobody() {
    let (one, other) = (Install::start(), Install::start());
    for word in ["dashboard", "ingest key", "API token"] {
        let (one, other) = (one.said(word), other.said(word));
        assert_ne!(
            one.rsplit(['=', ':']).next(),
            other.rsplit(['=', ':']).next(),
            "{word} is the same everywhere"
        );
    }
    let http = reqwest::Client::new();
    for (email, password) in
        [("admin@example.org", "admin"), ("admin", "admin"), ("playhead", "playhead"), ("", "")]
    {
        let body = json!({"email": email, "password": password});
        let answer = http.post(format!("{}/session", one.url())).json(&body).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{email}");
    }
    let answer = http.get(format!("{}/metrics", one.url())).send().await.unwrap();
    assert_eq!(answer.status(), 404, "what operators see is on an address of its own");
    for process in [one.child.id()].into_iter().chain(children(one.child.id())) {
        for (socket, peer) in sockets(process) {
            let peers = [&socket, &peer];
            assert!(peers.iter().all(|address| is_of_this_machine(address)), "{process}: {socket} to {peer}");
        }
    }
    let opened = files(one.data.path().join("data").as_path()).into_iter().filter(|file| {
        let mode = fs::metadata(file).map_or(0, |metadata| metadata.permissions().mode());
        mode & 0o077 != 0
    });
    assert_eq!(opened.collect::<Vec<_>>(), Vec::<PathBuf>::new(), "others may read these");
}

fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    children.collect::<String>().split_whitespace().map(|id| id.parse().unwrap()).collect()
}

/// Local and remote address of each TCP socket of a process, in hexadecimal as the kernel shows them.
fn sockets(process: u32) -> Vec<(String, String)> {
    let links = fs::read_dir(format!("/proc/{process}/fd")).unwrap().flatten();
    let names = links.filter_map(|link| fs::read_link(link.path()).ok());
    let own: Vec<String> = names
        .filter_map(|name| Some(name.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let mut found = Vec::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        for line in
            fs::read_to_string(format!("/proc/{process}/net/{table}")).unwrap_or_default().lines().skip(1)
        {
            let columns: Vec<&str> = line.split_whitespace().collect();
            if own.iter().any(|inode| inode == columns[9]) {
                found.push((columns[1].to_owned(), columns[2].to_owned()));
            }
        }
    }
    assert!(found.len() < own.len() + 1, "a socket is listed once");
    found
}

/// 127.0.0.0/8, or the remote end of a socket that listens.
fn is_of_this_machine(address: &str) -> bool {
    let (host, _) = address.split_once(':').unwrap();
    host.len() == 8 && host.ends_with("7F") || address.bytes().all(|byte| matches!(byte, b'0' | b':'))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.push(path);
    }
    found
}
