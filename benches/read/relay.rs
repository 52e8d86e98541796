//! Between the service and its engine: passes everything on and adds up what the engine says it has read.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use playhead::store::embedded::EmbeddedClickHouse;

const MOST_BYTES: usize = 256 << 20;

/// Sums over all statements that read something.
#[derive(Debug, Clone, Copy, Default)]
pub struct Read {
    pub statements: u64,
    pub rows: u64,
    pub bytes: u64,
}

#[derive(Default)]
struct Sums {
    statements: AtomicU64,
    rows: AtomicU64,
    bytes: AtomicU64,
}

pub struct Relay {
    address: String,
    sums: Arc<Sums>,
}

#[derive(serde::Deserialize)]
struct Summary {
    read_rows: String,
    read_bytes: String,
}

struct Way {
    engine: String,
    http: reqwest::Client,
    sums: Arc<Sums>,
}

impl Relay {
    /// Serves until the bench ends.
    pub fn start(engine: &EmbeddedClickHouse) -> Self {
        let sums = Arc::new(Sums::default());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let way = web::Data::new(Way { engine: engine.url(), http, sums: Arc::clone(&sums) });
        let app = move || {
            App::new()
                .app_data(way.clone())
                .app_data(web::PayloadConfig::new(MOST_BYTES))
                .default_service(web::to(pass_on))
        };
        let server = HttpServer::new(app).workers(2).listen(listener).expect("it listens").run();
        tokio::spawn(server);
        Self { address, sums }
    }

    pub fn url(&self) -> &str {
        &self.address
    }

    /// What was read so far.
    pub fn read(&self) -> Read {
        let of = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        Read { statements: of(&self.sums.statements), rows: of(&self.sums.rows), bytes: of(&self.sums.bytes) }
    }
}

async fn pass_on(request: HttpRequest, body: web::Bytes, way: web::Data<Way>) -> HttpResponse {
    let method = request.method().as_str().parse().expect("a method");
    let mut passed = way.http.request(method, format!("{}{}", way.engine, request.uri()));
    for (name, value) in request.headers() {
        if !["host", "content-length", "transfer-encoding", "expect"].contains(&name.as_str()) {
            passed = passed.header(name.as_str(), value.as_bytes());
        }
    }
    let Ok(answer) = passed.body(body).send().await else { return HttpResponse::BadGateway().finish() };
    let status = answer.status().as_u16().try_into().expect("a status");
    let mut back = HttpResponse::build(status);
    for (name, value) in answer.headers() {
        if !["content-length", "transfer-encoding", "connection"].contains(&name.as_str()) {
            back.insert_header((name.as_str(), value.as_bytes()));
        }
    }
    if let Some(summary) = answer.headers().get("x-clickhouse-summary") {
        way.sums.add(summary.as_bytes());
    }
    match answer.bytes().await {
        Ok(bytes) => back.body(bytes),
        Err(_) => HttpResponse::BadGateway().finish(),
    }
}

impl Sums {
    fn add(&self, summary: &[u8]) {
        let Ok(Summary { read_rows, read_bytes }) = serde_json::from_slice(summary) else { return };
        let rows = read_rows.parse().unwrap_or(0);
        self.statements.fetch_add(u64::from(rows > 0), Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(read_bytes.parse().unwrap_or(0), Ordering::Relaxed);
    }
}
