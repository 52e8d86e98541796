//! Bytes on the wire that are no proper requests, as proxies disagree about them and attackers like them: each gets one clear
//! answer, nothing behind it is taken for a request of its own, and the log stays short.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::server::Server;

/// What a server says to these bytes until it closes the connection. It has to: every head here asks for that.
async fn said(server: &Server, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(server.url().trim_start_matches("http://")).await.unwrap();
    // What is too much may be refused before it was sent in full.
    let _ = socket.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(read.is_ok(), "the connection stays open after: {answer}");
    answer
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

/// The head of a beacon with these lines in it.
fn post(key: &str, lines: &str) -> String {
    format!(
        "POST /in/{key} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: text/plain\r\n{lines}\r\n"
    )
}

fn get(path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_proper_request_gets_one_clear_answer() {
    let server = Server::start(&[]).await;
    ambiguous_bodies_are_refused_and_nothing_is_smuggled(&server).await;
    heads_have_bounds(&server).await;
    what_belongs_to_a_proxy_in_front_is_not_spoken(&server).await;
    strangers_are_refused_before_they_have_sent_anything(&server).await;
    hosts_and_methods_are_not_believed(&server).await;
    strange_addresses_lead_nowhere(&server).await;
    requests_in_a_row_are_answered_in_order(&server).await;
    nothing_a_client_says_makes_a_line_of_the_log(&server).await;
    what_is_no_http_is_no_line_of_the_log(&server).await;
}

async fn ambiguous_bodies_are_refused_and_nothing_is_smuggled(server: &Server) {
    let smuggled = get("/healthz", "");
    for lines in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
        "content-length: 4\r\ncontent-length: 5\r\n",
        "content-length: 4, 4\r\n",
        "content-length: +4\r\n",
        "content-length: -4\r\n",
        "content-length: 0x4\r\n",
        "transfer-encoding : chunked\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        "x-folded: a\r\n b\r\ncontent-length: 4\r\n",
        "x-nul: a\0b\r\ncontent-length: 4\r\n",
        "host: y\r\ncontent-length: 4\r\n",
    ] {
        let answer =
            said(server, format!("{}0\r\n\r\n{smuggled}", post(Server::INGEST_KEY, lines)).as_bytes()).await;
        refused_as_one(&answer, lines);
    }
    for chunks in
        ["2x\r\n{}\r\n0\r\n\r\n", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n", "2\n{}\n0\n\n", "\r\n{}\r\n"]
    {
        let head = post(Server::INGEST_KEY, "transfer-encoding: chunked\r\n");
        let answer = said(server, format!("{head}{chunks}{smuggled}").as_bytes()).await;
        refused_as_one(&answer, chunks);
    }
}

/// One refusal and nothing after it. What was left unread may reset the connection before the answer is heard.
fn refused_as_one(answer: &str, what: &str) {
    assert!(matches!(status(answer), 0 | 400), "{what:?}: {answer}");
    assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{what:?}: {answer}");
}

async fn heads_have_bounds(server: &Server) {
    let many: String = (0..101).map(|number| format!("x-{number}: 1\r\n")).collect();
    assert_eq!(status(&said(server, get("/healthz", &many).as_bytes()).await), 431);
    // Refused while it is being sent, so that a reset may overtake the answer.
    let long = said(server, get("/healthz", &format!("x: {}\r\n", "a".repeat(1 << 20))).as_bytes()).await;
    assert!(matches!(status(&long), 0 | 431), "{long}");
    let path = format!("/{}", "a".repeat(100_000));
    assert!(matches!(status(&said(server, get(&path, "").as_bytes()).await), 0 | 400 | 414 | 431));
    for junk in ["GET / HTTP/1.1\r\n\r\n", "\r\n\r\n\r\nhello\r\n\r\n"] {
        assert_eq!(status(&said(server, junk.as_bytes()).await), 400, "{junk:?}");
    }
}

/// TLS, HTTP/2 and the PROXY protocol: refused with the first bytes, whatever is poured in behind them.
async fn what_belongs_to_a_proxy_in_front_is_not_spoken(server: &Server) {
    let handshake = b"\x16\x03\x01\x02\x00\x01\x00".to_vec();
    // Settings, pings, and streams that are opened and reset.
    let frames: [&[u8]; 4] = [
        b"\0\0\0\x04\0\0\0\0\0",
        b"\0\0\x08\x06\0\0\0\0\0playhead",
        b"\0\0\x01\x01\0\0\0\0\x01\x82",
        b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08",
    ];
    let flood = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frames.concat().repeat(5_000)].concat();
    let endless = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), b"\0\0\x01\x01\0\0\0\0\x01\x82"].concat();
    let asks = get("/healthz", "");
    let text = format!("PROXY TCP4 203.0.113.9 127.0.0.1 56324 443\r\n{asks}").into_bytes();
    let binary =
        [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x09\x7f\0\0\x01\xdc\x04\x01\xbb", asks.as_bytes()]
            .concat();
    for bytes in [handshake, flood, endless, text, binary] {
        let answer = said(server, &bytes).await;
        refused_as_one(&answer, &String::from_utf8_lossy(&bytes[..16.min(bytes.len())]));
    }
    let upgrade = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close, upgrade, http2-settings\r\nupgrade: h2c\r\n\
        http2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n";
    let answer = said(server, upgrade.as_bytes()).await;
    assert_eq!((status(&answer), answer.matches("HTTP/").count()), (200, 1), "{answer}");
}

async fn strangers_are_refused_before_they_have_sent_anything(server: &Server) {
    for lines in ["content-length: 400000\r\n", "expect: 100-continue\r\ncontent-length: 400000\r\n"] {
        let answer = said(server, post("nobodys-key", lines).as_bytes()).await;
        let answer = answer.trim_start_matches("HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(status(answer), 401, "{answer}");
        assert!(answer.contains("unknown_key"), "{answer}");
    }
    let large = said(server, post(Server::INGEST_KEY, "content-length: 10000000000\r\n").as_bytes()).await;
    assert_eq!(status(&large), 413, "{large}");
    let keyless = said(server, post("", "content-length: 400000\r\n").as_bytes()).await;
    assert_eq!(status(&keyless), 404, "{keyless}");
}

async fn hosts_and_methods_are_not_believed(server: &Server) {
    for path in ["/", "/demo", "http://evil.example/", "/session", "/data/v1/openapi.json"] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: evil.example\r\nconnection: close\r\n\r\n"
        );
        let answer = said(server, request.as_bytes()).await;
        assert!(!answer.contains("evil.example"), "{path}: {answer}");
        let is_page = answer.contains("content-type: text/html");
        let fenced = ["frame-ancestors", "x-content-type-options: nosniff", "referrer-policy"];
        let lacks = fenced.iter().find(|name| !answer.contains(**name));
        assert!(
            !is_page || lacks.is_none(),
            "{path} lacks {lacks:?}: {}",
            answer.split("\r\n\r\n").next().unwrap()
        );
    }
    let path = format!("/in/{}", Server::INGEST_KEY);
    for method in ["TRACE", "CONNECT", "DELETE", "PUT", "PATCH", "BREW"] {
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: secret=1\r\n\r\n");
        let answer = said(server, request.as_bytes()).await;
        assert_eq!(status(&answer), 405, "{answer}");
        assert!(answer.contains("allow: ") && !answer.contains("secret"), "{answer}");
        assert!(answer.contains("\"code\":\"method_not_allowed\""), "{answer}");
    }
}

async fn strange_addresses_lead_nowhere(server: &Server) {
    for path in [
        "/%00",
        "/%",
        "/%ff%fe",
        "//evil.example",
        "/%2f%2fevil.example",
        "/a%0d%0aset-cookie:x=1",
        "/in//testkey",
        "/in/testkey/../../metrics",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%2f..%2fCargo.toml",
        "/sdk/%2e%2e/index.html",
        "/metrics",
        "/.env",
    ] {
        let answer = said(server, get(path, "").as_bytes()).await;
        assert!(status(&answer) == 404 && answer.contains("\"code\":\"not_found\""), "{path}: {answer}");
        assert!(!answer.contains("location:") && !answer.contains("set-cookie"), "{path}: {answer}");
    }
    let no_socket = said(server, get("/live?token=reader:secret", "").as_bytes()).await;
    assert!(status(&no_socket) == 400 && no_socket.contains("\"code\":\"no_websocket\""), "{no_socket}");
    let twice = "content-encoding: gzip\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n";
    let answer = said(server, format!("{}{{}}", post(Server::INGEST_KEY, twice)).as_bytes()).await;
    assert!(status(&answer) == 415 && answer.contains("\"code\":\"unsupported_encoding\""), "{answer}");
}

async fn requests_in_a_row_are_answered_in_order(server: &Server) {
    const REQUESTS: usize = 100;
    let body = |number: usize| {
        json!({"v": 1, "views": [{"id": format!("row-{number}"), "events": [{"seq": 1, "t_ms": 0, "type": "play"}]}]})
            .to_string()
    };
    let request = |number: usize| {
        let (body, close) = (body(number), if number + 1 == REQUESTS { "close" } else { "keep-alive" });
        let key = Server::INGEST_KEY;
        let length = body.len();
        format!(
            "POST /in/{key} HTTP/1.1\r\nhost: x\r\nconnection: {close}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    };
    let all: String = (0..REQUESTS).map(request).collect();
    let answers = said(server, all.as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 202").count(), REQUESTS);
    let offsets: Vec<u64> = answers
        .split("\r\n\r\n")
        .filter_map(|part| part.find('{').map(|at| &part[at..]))
        .filter_map(|text| serde_json::Deserializer::from_str(text).into_iter::<Value>().next()?.ok())
        .filter_map(|answer| answer["position"].as_str()?.split_once(':')?.1.parse().ok())
        .collect();
    assert_eq!(offsets.len(), REQUESTS);
    assert!(offsets.is_sorted(), "{offsets:?}");
}

async fn nothing_a_client_says_makes_a_line_of_the_log(server: &Server) {
    let forged = "\r\n2026-01-01T00:00:00Z ERROR forged: line\u{1b}[31m";
    let beacon = json!({"v": 1, "views": [{"id": forged, "set": {"video_title": forged}, "events": [{"seq": 1, "t_ms": 0, "type": forged}]}]});
    server.beacon(&beacon).await;
    server.get(&format!("/data/v1/video-views/{}", "%0d%0a2026 ERROR forged%1b")).await;
    said(server, get("/forged%0d%0aERROR", "user-agent: \u{1b}[31mforged\r\n").as_bytes()).await;
    let output = server.output();
    let is_forged =
        |line: &str| line.starts_with("2026-01-01T00:00:00Z ERROR forged") || line.contains('\u{1b}');
    assert!(!output.lines().any(is_forged), "{output}");
}

async fn what_is_no_http_is_no_line_of_the_log(server: &Server) {
    // A port scan, and a browser that was told `https://`: nothing that an operator is to be woken for.
    for sent in
        [b"BROKEN\r\n\r\n".to_vec(), b"\x16\x03\x01\x00\xa5\x01\x00".to_vec()].iter().cycle().take(100)
    {
        assert_eq!(status(&said(server, sent).await), 400);
    }
    assert!(!server.output().contains("parse error"), "{}", server.output());
    let request = server.http.get(format!("{}/metrics", server.admin_url())).send().await.unwrap();
    assert!(request.status().is_success());
}
