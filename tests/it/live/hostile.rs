//! Clients of the live socket that mean no good: a foreign page with somebody's cookie, frames that are too large, broken
//! or never end, too many questions, too many frames.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use playhead::web::live::frame::Close;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::Client;
use crate::support::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn the_live_socket_bears_with_nobody() {
    let server = Server::start(&[("BOOTSTRAP_ADMIN", "ada@example.org:a-long-password")]).await;
    a_cookie_counts_on_our_own_pages_alone(&server).await;
    broken_frames_end_their_connection(&server).await;
    questions_and_frames_are_counted(&server).await;
    tokens_are_guessed_so_often_and_no_more(&server).await;
    // Whoever behaves is served as ever.
    let mut client = Client::signed_in(&server).await;
    client.send(&json!({"type": "subscribe", "id": "o", "topic": "overview"})).await;
    client.next_of("snapshot").await;
}

async fn a_cookie_counts_on_our_own_pages_alone(server: &Server) {
    let sign_in = json!({"email": "ada@example.org", "password": "a-long-password"});
    let answer = server.http.post(server.at("/session")).json(&sign_in).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    for (origin, is_welcome) in [
        (server.url(), true),
        ("https://evil.example".to_owned(), false),
        (format!("{}.evil.example", server.url()), false),
        ("null".to_owned(), false),
    ] {
        let mut request = server.at("/live").replacen("http", "ws", 1).into_client_request().unwrap();
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let mut client = Client(connect_async(request).await.unwrap().0);
        client.send(&json!({"type": "subscribe", "id": "o", "topic": "overview"})).await;
        if is_welcome {
            client.next_of("snapshot").await;
        } else {
            assert_eq!(client.closed().await, Close::Authentication.code(), "{origin}");
        }
    }
}

async fn broken_frames_end_their_connection(server: &Server) {
    let mut large = Client::signed_in(server).await;
    // It may be gone before it has been sent in full.
    let _ = large.0.send(Message::text("x".repeat(1 << 20))).await;
    loop {
        match large.0.next().await {
            Some(Ok(Message::Close(frame))) => {
                assert_eq!(u16::from(frame.unwrap().code), Close::FrameTooBig.code());
                break;
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break,
        }
    }
    let masked = |first: u8, payload: &[u8]| {
        let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        frame
    };
    let endless: Vec<u8> = std::iter::once(masked(0x01, &[b'x'; 100]))
        .chain(std::iter::repeat_n(masked(0x00, &[b'x'; 100]), 1000))
        .flatten()
        .collect();
    for (what, bytes) in [
        ("a frame without a mask", vec![0x81, 2, b'h', b'i']),
        ("a reserved bit, as compressed frames have", masked(0xC1, b"hi")),
        ("an unknown kind", masked(0x83, b"hi")),
        ("text that is none", masked(0x81, b"\xff\xfe")),
        ("a message in pieces without end", endless),
        (
            "a ping of more than 125 bytes",
            [vec![0x89, 0x80 | 126, 0, 200, 0, 0, 0, 0], vec![b'x'; 200]].concat(),
        ),
    ] {
        let mut socket = upgraded(server).await;
        let _ = socket.write_all(&bytes).await;
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(9), socket.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{what} is borne with");
    }
}

/// A websocket by hand.
async fn upgraded(server: &Server) -> TcpStream {
    let mut socket = TcpStream::connect(server.url().trim_start_matches("http://")).await.unwrap();
    let head = "GET /live HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    socket
}

async fn questions_and_frames_are_counted(server: &Server) {
    let mut curious = Client::signed_in(server).await;
    for number in 0..101 {
        curious.send(&json!({"type": "subscribe", "id": format!("{number}"), "topic": "overview"})).await;
    }
    assert_eq!(curious.closed().await, Close::TooManySubscriptions.code());
    let mut restless = Client::signed_in(server).await;
    for _ in 0..600 {
        // It is told to go at some point, and does not listen.
        let _ =
            restless.0.send(Message::text(json!({"type": "unsubscribe", "id": "none"}).to_string())).await;
    }
    assert_eq!(restless.closed().await, Close::Rate.code());
    let mut pinging = Client::signed_in(server).await;
    for _ in 0..600 {
        let _ = pinging.0.send(Message::Ping("still there?".into())).await;
    }
    assert_eq!(pinging.closed().await, Close::Rate.code());
}

async fn tokens_are_guessed_so_often_and_no_more(server: &Server) {
    let mut codes = Vec::new();
    for number in 0..30 {
        let mut guesser = Client::connect(server).await;
        guesser.send(&json!({"type": "auth", "token": format!("reader:{number}")})).await;
        codes.push(guesser.closed().await);
    }
    assert_eq!(codes[0], Close::Authentication.code());
    assert_eq!(codes[29], Close::Rate.code());
}
