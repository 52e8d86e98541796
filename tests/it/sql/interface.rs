//! The port speaks ClickHouse's HTTP interface: who may, in which forms, and what the answer says about itself.

use std::{
    io::{Read, Write},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use reqwest::StatusCode;
use serde_json::Value;

use super::tenants::{Tenants, VIEWS};

/// Much to do and little to read.
const SLOW: &str =
    "SELECT count() FROM numbers(300000) AS a, numbers(300000) AS b WHERE cityHash64(a.number, b.number) = 1";

#[tokio::test(flavor = "multi_thread")]
async fn the_port_speaks_clickhouse() {
    let tenants = Tenants::start().await;
    credentials(&tenants).await;
    forms(&tenants).await;
    compression(&tenants).await;
    answers(&tenants).await;
    sessions(&tenants).await;
    cancelling(&tenants).await;
    limits(&tenants).await;
    regular_expressions(&tenants).await;
}

async fn credentials(tenants: &Tenants) {
    let (http, url, own) = (&tenants.server.http, tenants.server.sql_url(), &tenants.own);
    let ping = http.get(format!("{url}/ping")).send().await.unwrap();
    assert_eq!((ping.status(), ping.text().await.unwrap().as_str()), (StatusCode::OK, "Ok.\n"));
    let ask = || http.post(format!("{url}/")).body("SELECT currentUser()");
    let accepted = [
        ask().basic_auth(&own.token, Some(&own.secret)),
        ask().header("X-ClickHouse-User", &own.token).header("X-ClickHouse-Key", &own.secret),
        ask().bearer_auth(format!("{}:{}", own.token, own.secret)),
        http.get(format!("{url}/?query=SELECT+currentUser()&user={}&password={}", own.token, own.secret)),
    ];
    for request in accepted {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.text().await.unwrap().trim(), own.token);
    }
    for request in [ask(), ask().basic_auth(&own.token, Some(&tenants.other.secret)), ask().bearer_auth("x")]
    {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(answer.headers()["x-clickhouse-exception-code"], "516");
        assert!(answer.text().await.unwrap().starts_with("Code: 516. DB::Exception: "));
    }
    // A token that may read the API need not be one for SQL.
    let reads = format!("{}-reads", own.token);
    let answer = ask().basic_auth(reads, Some(&own.secret)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(answer.headers()["x-clickhouse-exception-code"], "497");
    assert!(answer.text().await.unwrap().contains("`sql`"));
}

async fn forms(tenants: &Tenants) {
    let (http, url, own) = (&tenants.server.http, tenants.server.sql_url(), &tenants.own);
    let get = http.get(format!("{url}/?query=SELECT+1%2B1")).basic_auth(&own.token, Some(&own.secret));
    assert_eq!(get.send().await.unwrap().text().await.unwrap(), "2\n");
    // Begun in the URL, ended in the body.
    assert_eq!(tenants.answer("query=SELECT+1", ", 2").await, "1\t2\n");
    assert_eq!(tenants.answer("default_format=CSV", "SELECT 'a', 1").await, "\"a\",1\n");
    assert_eq!(tenants.answer("default_format=CSV", "SELECT 'a', 1 FORMAT TSV").await, "a\t1\n");
    // As Go's client reads it, and Grafana's plugin with it: in the revision it names, from its first statement on.
    let hello = tenants
        .ask(
            "default_format=Native&client_protocol_version=54460&database=playhead",
            "SELECT revision() > 54405 AS r, 'a' AS s",
        )
        .await;
    let expected = b"\x01\0\x02\xff\xff\xff\xff\0\x02\x01\x01r\x05UInt8\0\x01\x01s\x06String\0\x01a";
    assert_eq!(&hello.bytes().await.unwrap()[..], expected);
    let field = |name: &str, value: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let form = format!("{}{}--B--\r\n", field("query", "SELECT {a:String}"), field("param_a", "it's"));
    let posted = http.post(format!("{url}/")).basic_auth(&own.token, Some(&own.secret)).body(form);
    let posted = posted.header("content-type", "multipart/form-data; boundary=B");
    assert_eq!(posted.send().await.unwrap().text().await.unwrap(), "it\\'s\n");
    for database in ["playhead", "default", "system", "information_schema"] {
        let name = tenants.answer(&format!("database={database}"), "SELECT currentDatabase()").await;
        assert_eq!(name.trim(), if database == "default" { "playhead" } else { database });
    }
    assert_eq!(tenants.ask("database=nosuch", "SELECT 1").await.status(), StatusCode::NOT_FOUND);
}

async fn compression(tenants: &Tenants) {
    let (http, url, own) = (&tenants.server.http, tenants.server.sql_url(), &tenants.own);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(b"SELECT repeat('x', 3)").unwrap();
    let post =
        http.post(format!("{url}/?enable_http_compression=1")).basic_auth(&own.token, Some(&own.secret));
    let answer = post
        .header("content-encoding", "gzip")
        .header("accept-encoding", "gzip")
        .body(packed.finish().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let mut text = String::new();
    let body = answer.bytes().await.unwrap();
    flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, "xxx\n");
    // LZ4 both ways, as clickhouse-connect would rather have it; and Zstandard back.
    let mut packed = lz4_flex::frame::FrameEncoder::new(Vec::new());
    packed.write_all(b"SELECT number FROM numbers(100000)").unwrap();
    let packed = packed.finish().unwrap();
    for (accepted, coding) in [("lz4,br,gzip", "lz4"), ("lz4,zstd,br,gzip", "zstd")] {
        let post = http.post(format!("{url}/?enable_http_compression=1"));
        let post = post.basic_auth(&own.token, Some(&own.secret)).header("content-encoding", "lz4");
        let answer = post.header("accept-encoding", accepted).body(packed.clone()).send().await.unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()["content-encoding"]),
            (StatusCode::OK, &coding.parse().unwrap())
        );
        let body = answer.bytes().await.unwrap();
        let mut text = String::new();
        if coding == "lz4" {
            lz4_flex::frame::FrameDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
        } else {
            let mut content = vec![0; 1 << 20];
            let length = zstd_safe::decompress(&mut content[..], &body).unwrap();
            text = String::from_utf8(content[..length].to_vec()).unwrap();
        }
        assert!(text.starts_with("0\n1\n") && text.ends_with("\n99999\n") && body.len() < text.len());
    }
    let cut = http.post(format!("{url}/")).basic_auth(&own.token, Some(&own.secret));
    let cut = cut.header("content-encoding", "zstd").body(packed).send().await.unwrap();
    assert_eq!(cut.status(), StatusCode::BAD_REQUEST);
    // Native frames, which JDBC asks for: a checksum, LZ4's mark, and no plain text.
    let framed = tenants.ask("compress=1", "SELECT repeat('x', 1000)").await.bytes().await.unwrap();
    assert_eq!((framed[16], framed.len() < 200), (0x82, true));
}

async fn answers(tenants: &Tenants) {
    let answer = tenants
        .ask("query_id=mine&send_progress_in_http_headers=1", "SELECT count() FROM views FORMAT JSON")
        .await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-clickhouse-query-id"), "mine");
    assert_eq!(header("x-clickhouse-format"), "JSON");
    assert_eq!(header("x-clickhouse-timezone"), "UTC");
    assert_eq!(header("content-type"), "application/json; charset=UTF-8");
    let summary: Value = serde_json::from_str(&header("x-clickhouse-summary")).unwrap();
    let read: usize = summary["read_rows"].as_str().unwrap().parse().unwrap();
    assert!(read >= VIEWS && summary["elapsed_ns"].as_str().unwrap() != "0", "{summary}");
    assert_eq!(header("x-clickhouse-progress"), header("x-clickhouse-summary"));
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["data"][0]["count()"], VIEWS as u64);
    for (text, code, status) in [
        ("SELEC 1", 497, 403),
        ("SELECT 1 +", 62, 400),
        ("SELECT nosuch FROM views", 47, 404),
        ("SELECT * FROM nosuch", 60, 404),
        ("SELECT 1 FORMAT Nosuch", 73, 404),
        ("SELECT 1 SETTINGS nosuch = 1", 164, 403),
        ("SELECT {nosuch:String}", 456, 400),
        ("SELECT throwIf(1)", 395, 400),
        ("", 62, 400),
    ] {
        let answer = tenants.ask("", text).await;
        assert_eq!(answer.headers()["x-clickhouse-exception-code"], code.to_string().as_str(), "{text}");
        assert_eq!(answer.status(), status, "{text}");
        assert!(
            answer.text().await.unwrap().starts_with(&format!("Code: {code}. DB::Exception: ")),
            "{text}"
        );
    }
    // A million rows in pieces, and a failure after the first of them.
    let rows = tenants.answer("", "SELECT number, toString(number) FROM numbers(1000000)").await;
    assert_eq!(rows.lines().count(), 1_000_000);
    let late = tenants
        .ask("", "SELECT throwIf(number = 3000000) FROM numbers(4000000) SETTINGS max_threads = 1")
        .await;
    if late.status() == StatusCode::OK {
        let tag = late.headers()["x-clickhouse-exception-tag"].to_str().unwrap().to_owned();
        assert_eq!(tag.len(), 16);
        assert!(late.text().await.is_err(), "the body is cut short");
    }
}

async fn sessions(tenants: &Tenants) {
    let setting = "SELECT if(isNull(x), 'null', 'default') FROM (SELECT 1 AS k) AS a LEFT JOIN (SELECT 2 AS k, 5 AS x) AS b USING k";
    assert_eq!(tenants.answer("session_id=s", setting).await.trim(), "default");
    tenants.answer("session_id=s", "SET join_use_nulls = 1").await;
    tenants.answer("session_id=s", "USE system").await;
    assert_eq!(tenants.answer("session_id=s", setting).await.trim(), "null");
    assert_eq!(tenants.answer("session_id=s", "SELECT count() FROM one").await.trim(), "1");
    assert_eq!(tenants.answer("session_id=t", setting).await.trim(), "default");
    // The other tenant's session of that name is another.
    let theirs = tenants.ask_as(&tenants.other, "session_id=s&session_check=1", "SELECT 1").await;
    assert_eq!(theirs.headers()["x-clickhouse-exception-code"], "372");
    assert_eq!(tenants.ask("session_id=s", "SET readonly = 0, allow_ddl = 1").await.status(), 403);
}

async fn cancelling(tenants: &Tenants) {
    let slow = tenants.ask("query_id=slow", SLOW);
    let stop = async {
        loop {
            let shown = tenants.answer("", "SELECT query_id FROM system.processes").await;
            let theirs = tenants
                .ask_as(&tenants.other, "", "SELECT query_id FROM system.processes WHERE query_id = 'slow'")
                .await;
            assert_eq!(theirs.text().await.unwrap(), "", "a tenant sees its own statements only");
            if shown.contains("slow") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let theirs = tenants.ask_as(&tenants.other, "", "KILL QUERY WHERE query_id = 'slow'").await;
        assert_eq!(theirs.text().await.unwrap(), "", "nor stops others");
        let same = tenants.ask("query_id=slow", "SELECT 1").await;
        assert_eq!(same.headers()["x-clickhouse-exception-code"], "216");
        let killed = tenants.answer("", "KILL QUERY WHERE query_id = 'slow' ASYNC").await;
        assert!(killed.starts_with("waiting\tslow\t"), "{killed}");
    };
    let (stopped, ()) =
        tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(slow, stop) }).await.unwrap();
    assert_eq!(stopped.headers()["x-clickhouse-exception-code"], "394");
}

/// Those that take backtracking engines until the end of time; and one of megabytes, which is no statement any more.
async fn regular_expressions(tenants: &Tenants) {
    for pattern in ["(a+)+$", "(a|aa)*c", "(.*a){12}b", "^(([a-z])+.)+[A-Z]([a-z])+$"] {
        let text = format!(
            "SELECT count() FROM numbers(10) WHERE match(concat(repeat('a', 20000), toString(number)), '{pattern}')"
        );
        let answer = tenants.ask("max_execution_time=20", &text).await;
        assert_eq!(answer.status(), StatusCode::OK, "{pattern}: {}", answer.text().await.unwrap());
    }
    // It cannot be compiled; it is longer than a statement may be.
    for (pattern, code) in [("a{1000}{1000}{1000}".to_owned(), "427"), ("(a|b)".repeat(2 << 20), "223")] {
        let answer = tenants.ask("", &format!("SELECT match('a', '{pattern}')")).await;
        let found = answer.headers().get("x-clickhouse-exception-code").map(|code| code.to_str().unwrap());
        assert_eq!(found, Some(code), "{}", answer.status());
    }
    assert_eq!(tenants.ask("", "SELECT 1").await.status(), StatusCode::OK);
}

async fn limits(tenants: &Tenants) {
    for (settings, text, code) in [
        ("max_execution_time=1", SLOW, "159"),
        ("max_rows_to_read=1000", "SELECT count() FROM numbers(100000000)", "158"),
        (
            "max_memory_usage=20000000",
            "SELECT count() FROM (SELECT groupArray(number) FROM numbers(100000000))",
            "241",
        ),
        ("max_result_rows=10", "SELECT number FROM numbers(100000) FORMAT JSON", "396"),
    ] {
        let answer = tenants.ask(settings, text).await;
        let found =
            answer.headers().get("x-clickhouse-exception-code").map(|code| code.to_str().unwrap().to_owned());
        assert_eq!(found.as_deref(), Some(code), "{text}: {}", answer.text().await.unwrap_or_default());
    }
    // Four places a token; the fifth statement is told so, and places come free with clients that leave.
    let busy: Vec<_> = (0..4)
        // One that finds no place because of the fifth tries again.
        .map(async |_| while tenants.ask("", SLOW).await.status() == StatusCode::SERVICE_UNAVAILABLE {})
        .collect();
    let fifth = async {
        loop {
            let answer = tenants.ask("", "SELECT 1").await;
            if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
                assert_eq!(answer.headers()["x-clickhouse-exception-code"], "202");
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let full = async {
        tokio::select! {
            _ = futures_util::future::join_all(busy) => panic!("they end too soon"),
            () = fifth => {}
        }
    };
    tokio::time::timeout(Duration::from_secs(60), full).await.unwrap();
    let free = async {
        while tenants.ask("", "SELECT 1").await.status() != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), free).await.unwrap();
}
