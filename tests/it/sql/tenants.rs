//! A service with two tenants. What they store is alike, except for the values that give it away if it is seen.

use std::time::Duration;

use reqwest::{Response, header::HeaderMap};
use serde_json::{Value, json};

use crate::support::server::Server;

/// ClickHouse's code for a token that asks too often.
const QUOTA_EXCEEDED: &str = "201";
/// Views of each tenant.
pub const VIEWS: usize = 24;

/// A tenant's id, which is also its ingest key, and its token.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub id: String,
    pub token: String,
    pub secret: String,
    /// In every text the tenant stores.
    pub canary: String,
    /// In a number of every view.
    pub number: u32,
}

impl Tenant {
    fn new(id: &str, number: u32) -> Self {
        let canary = format!("canary{}", uuid::Uuid::new_v4().simple());
        Self {
            id: id.into(),
            token: format!("token-{id}"),
            secret: format!("secret-of-{id}"),
            canary,
            number,
        }
    }

    /// Every form the tenant's values could come out in.
    pub fn traces(&self) -> Vec<String> {
        let reversed = self.canary.chars().rev().collect();
        let hex: String = self.canary.bytes().map(|byte| format!("{byte:02X}")).collect();
        vec![self.canary.clone(), reversed, hex.to_lowercase(), hex, self.number.to_string()]
    }

    fn beacon(&self) -> Value {
        let view = |number: usize| {
            let named = |what: &str| format!("{}-{what}-{}", self.canary, number % 4);
            let total = 20_000 + 100 * number;
            json!({
                "id": format!("{}-{}-{number}", self.canary, self.id),
                "set": {
                    "video_id": format!("v{}", number % 5), "video_title": format!("{} {}", self.canary, self.id),
                    "viewer_id": named("viewer"), "session_id": named("session"), "cdn": self.canary,
                    "video_duration_ms": self.number, "custom": {"plan": self.canary},
                },
                "events": [
                    {"seq": 1, "t_ms": 0, "type": "play"},
                    {"seq": 2, "t_ms": 900, "type": "error", "error": {"code": self.canary, "severity": if number == 0 { "fatal" } else { "warning" }}},
                    {"seq": 3, "t_ms": 1_000, "type": "renditionchange", "set": {"rendition_bitrate": self.number, "rendition_height": 360}},
                    {"seq": 4, "t_ms": 5_000, "type": "rebufferstart", "c": {"playing_ms": 4_000, "rebuffer_ms": 0}},
                    {"seq": 5, "t_ms": 6_000, "type": "custom", "name": self.canary, "playhead_ms": 4_000},
                    {"seq": 6, "t_ms": 30_000, "type": "viewend", "playhead_ms": 20_000, "seg": [1, 0, 20_000],
                     "c": {"startup_ms": 300 + number, "playing_ms": total, "watch_ms": total + 500,
                           "rebuffer_ms": 100 * number, "rebuffer_count": number % 3}},
                ],
            })
        };
        json!({"v": 1, "views": (0..VIEWS).map(view).collect::<Vec<_>>()})
    }
}

/// The service and its tenants.
pub struct Tenants {
    pub server: Server,
    pub own: Tenant,
    pub other: Tenant,
    _settings: tempfile::TempDir,
}

impl Tenants {
    /// Starts the service with rows of both tenants in ClickHouse.
    pub async fn start() -> Self {
        let (own, other) = (Tenant::new("alpha", 711_513_131), Tenant::new("beta", 822_624_242));
        let environments: Vec<Value> = [&own, &other]
            .map(|tenant| {
                json!({"name": tenant.id, "ingest_keys": [tenant.id],
                       "tokens": [{"id": tenant.token, "secret": tenant.secret},
                                  {"id": format!("{}-reads", tenant.token), "secret": tenant.secret, "scopes": ["read"]},
                                  {"id": format!("{}-asks", tenant.token), "secret": tenant.secret, "scopes": ["read", "sql"]}]})
            })
            .into();
        let settings = tempfile::tempdir().unwrap();
        let file = settings.path().join("bootstrap.json");
        std::fs::write(&file, json!({"environments": environments, "admins": []}).to_string()).unwrap();
        let server = Server::start(&[("BOOTSTRAP_FILE", file.to_str().unwrap())]).await;
        let tenants = Self { server, own, other, _settings: settings };
        for tenant in [&tenants.own, &tenants.other] {
            tenants.fill(tenant).await;
        }
        tenants
    }

    async fn fill(&self, tenant: &Tenant) {
        let send =
            self.server.http.post(self.server.at(&format!("/in/{}", tenant.id))).json(&tenant.beacon());
        let answer: Value = send.send().await.unwrap().json().await.unwrap();
        assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(6 * VIEWS), &json!([])), "{answer}");
        self.server.ledger(&format!("{}:{}", tenant.token, tenant.secret), &[""; 0]).await;
    }

    /// Asks as the first tenant; `query` is the URL's query string.
    pub async fn ask(&self, query: &str, text: &str) -> Response {
        self.ask_as(&self.own, query, text).await
    }

    /// Asks as a tenant.
    pub async fn ask_as(&self, tenant: &Tenant, query: &str, text: &str) -> Response {
        let url = format!("{}/?{query}", self.server.sql_url());
        loop {
            let request = self.server.http.post(&url).basic_auth(&tenant.token, Some(&tenant.secret));
            let answer = request.body(text.to_owned()).send().await.unwrap();
            // A corpus asks faster than one token may; what is put off would prove nothing.
            if answer.headers().get("x-clickhouse-exception-code").is_none_or(|code| code != QUOTA_EXCEEDED) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The text of an answer that has to be one.
    pub async fn answer(&self, query: &str, text: &str) -> String {
        let response = self.ask(query, text).await;
        let status = response.status();
        let answer = response.text().await.unwrap();
        assert_eq!(status, 200, "{text}\n{answer}");
        answer
    }

    /// Everything that comes back, as one text to search in: status, headers, body.
    pub async fn everything(&self, query: &str, text: &str) -> String {
        let response = self.ask(query, text).await;
        let (status, headers) = (response.status(), headers(response.headers()));
        // An answer may be cut short; what came until then counts.
        let body = response.bytes().await.unwrap_or_default();
        format!("{status}\n{headers}\n{}", String::from_utf8_lossy(&body))
    }
}

fn headers(headers: &HeaderMap) -> String {
    headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
        .collect()
}

/// A line of a corpus: the URL's query string and the statement, with the tenants' ids put in.
pub fn line(line: &str, tenants: &Tenants) -> (String, String) {
    let line =
        line.replace("{own}", &tenants.own.id).replace("{other}", &tenants.other.id).replace("\\n", "\n");
    match line.strip_prefix('?').map(|line| line.split_once(' ').unwrap_or((line, ""))) {
        Some((query, text)) => (query.to_owned(), text.to_owned()),
        None => (String::new(), line),
    }
}

/// The lines of a corpus.
pub fn lines(corpus: &str) -> Vec<&str> {
    corpus.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect()
}
