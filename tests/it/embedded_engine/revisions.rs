//! Native in the revision a client names: what revision 0 says, with what later ones add in the right places.

use reqwest::{Client, Response};

use super::{Engine, start};

/// A column of every kind, over `number`; the last one is where the others have to end.
const COLUMNS: [&str; 36] = [
    "number",
    "number = 1",
    "toInt16(number)",
    "toInt256(number)",
    "toFloat32(number)",
    "toBFloat16(number)",
    "toDecimal32(number, 2)",
    "toDecimal128(number, 3)",
    "toString(number)",
    "repeat('x', number * 100)",
    "toFixedString(toString(number % 10), 3)",
    "toDate(number)",
    "toDate32(number)",
    "toDateTime64(number, 3, 'Europe/Berlin')",
    "toTime64('12:00:00', 3)",
    "INTERVAL number DAY",
    "generateUUIDv4()",
    "toIPv4('1.2.3.4')",
    "toIPv6('::1')",
    "CAST(number % 2, 'Enum8(\\'a,(\\' = 0, \\'b\\' = 1)')",
    "nullIf(number, 1)",
    "NULL",
    "[NULL, 1]",
    "range(number % 5)",
    "[[number], [], [1, 2]]",
    "[]",
    "(number, toString(number), [number])",
    "tuple()",
    "CAST((number, ['a']), 'Tuple(`a b` UInt64, c Array(String))')",
    "map('a', number, toString(number), 2)",
    "toLowCardinality(toString(number % 400))",
    "toLowCardinality(nullIf(toString(number % 3), '0'))",
    "[toLowCardinality('a'), toLowCardinality(toString(number % 70000))]",
    "map(toLowCardinality('k'), (toLowCardinality(number % 9), range(number % 3)))",
    "CAST(emptyArrayString(), 'Array(LowCardinality(String))')",
    "[(toFloat64(number), 1.)]::Ring",
];
const MARK: &[u8] = b"\x04mark\x05UInt8";

struct Asker {
    engine: Engine,
    http: Client,
}

impl Asker {
    async fn new() -> Self {
        Self { engine: start().await, http: Client::new() }
    }

    async fn ask(&self, query: &str, sql: String) -> Response {
        let Self { engine, http } = self;
        let request = http.post(format!("{}/?{query}", engine.handle.url()));
        let request = request.basic_auth(engine.handle.user(), Some(engine.handle.password()));
        request.body(sql).send().await.unwrap()
    }

    async fn native(&self, version: u32, columns: &str, rows: usize) -> Vec<u8> {
        let query = format!("client_protocol_version={version}&default_format=Native");
        let answer = self.ask(&query, format!("SELECT {columns} FROM numbers({rows})")).await;
        let (status, body) = (answer.status(), answer.bytes().await.unwrap());
        assert_eq!(status, 200, "{columns}: {}", String::from_utf8_lossy(&body));
        body.to_vec()
    }
}

#[tokio::test]
async fn what_a_revision_adds_stands_where_it_belongs() {
    let asker = Asker::new().await;
    for column in COLUMNS {
        let asked = format!(
            "{} AS x, toUInt8(7) AS mark",
            column.replace("generateUUIDv4()", "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')")
        );
        for rows in [1, 1_000] {
            let plain = asker.native(0, &asked, rows).await;
            // Columns and rows, a name of one letter, a type; and from the other end the column that is known.
            let kind = if rows == 1 { 4 } else { 5 };
            let first = kind + 1 + usize::from(plain[kind]);
            let last = plain.len() - rows;
            assert!(plain[..last].ends_with(MARK), "{column}");
            let info = [1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0];
            let expected =
                [&info[..], &plain[..first], &[0], &plain[first..last], &[0], &plain[last..]].concat();
            assert!(asker.native(54_460, &asked, rows).await == expected, "{column}, {rows} rows");
            assert!(asker.native(54_405, &asked, rows).await == [&info[..], &plain].concat(), "{column}");
        }
    }
    // In many pieces: as many blocks, each with what it needs.
    let asked = "number, toString(number) AS text";
    let (plain, named) = (asker.native(0, asked, 300_000).await, asker.native(54_460, asked, 300_000).await);
    assert!(
        plain.len() > 4 << 20 && (named.len() - plain.len()).is_multiple_of(8 + 2),
        "{} {}",
        plain.len(),
        named.len()
    );
    assert!(asker.native(54_460, asked, 0).await.is_empty(), "no rows, no block");
}

#[tokio::test]
async fn what_cannot_be_written_is_told() {
    let asker = Asker::new().await;
    for (query, sql, status) in [
        (
            "client_protocol_version=54460&default_format=Native",
            "SELECT sumState(number) FROM numbers(3)",
            501,
        ),
        ("client_protocol_version=54460&default_format=Native", "SELECT CAST('{}', 'JSON')", 501),
        ("client_protocol_version=54404&default_format=Native", "SELECT 1", 501),
        ("client_protocol_version=x&default_format=Native", "SELECT 1", 400),
        // Other formats have no revisions.
        ("client_protocol_version=1&default_format=TSV", "SELECT sumState(number) FROM numbers(3)", 200),
    ] {
        assert_eq!(asker.ask(query, sql.to_owned()).await.status(), status, "{query} {sql}");
    }
}
