//! What is asked: by its name, through the API where there is a call for it, and by hand for comparison.

use crate::service::{READ, Service};

/// One question.
pub struct Question {
    pub name: String,
    pub days: i64,
    pub ask: Ask,
    /// The same, or the nearest to it, against the stored rows as they are.
    by_hand: &'static str,
}

pub enum Ask {
    /// A path of the API, with `{timeframe}` in it.
    Api(String),
    /// The views with these ids, each with its events.
    View(Vec<String>),
    /// SQL over `views` as analysts write it, with `{rows}` for which.
    Sql(&'static str),
}

/// How many different views are looked at.
const VIEWS: usize = 64;

/// All of them.
pub struct Questions(pub Vec<Question>);

const TWO_FILTERS: &str = "filters[]=cdn:edge-north&filters[]=device:desktop";
const STARTUP: &str = "quantileExact(0.5)(startup_ms), count(), sum(watch_ms) FROM view_states WHERE {rows} AND \
    cdn.2 = 'edge-north' AND device.2 = 'desktop'";
const STARTUP_P95: &str = "quantileExact(0.95)(startup_ms) FROM view_states WHERE {rows}";
const REBUFFERING: &str = "intDiv(toUnixTimestamp(view_start), 3600) AS hour, sum(rebuffer_ms) / sum(watch_ms) \
    FROM view_states WHERE {rows} AND cdn.2 = 'edge-north' AND device.2 = 'desktop' GROUP BY hour";
const BY_TITLE: &str = "video_id.2 AS title, quantileExact(0.5)(startup_ms), count() AS n FROM view_states \
    WHERE {rows} AND cdn.2 = 'edge-north' AND device.2 = 'desktop' GROUP BY title ORDER BY n DESC LIMIT 10";
const CONCURRENT: &str = "max(watching) FROM (SELECT sum(sum(step)) OVER (ORDER BY at) AS watching FROM \
    (SELECT arrayJoin([(toUnixTimestamp(view_start), 1), (toUnixTimestamp(view_end), -1)]) AS edge, \
    intDiv(edge.1, 10) AS at, edge.2 AS step FROM views WHERE {rows}) GROUP BY at)";

impl Questions {
    /// Looks up which title and which views are asked about.
    pub async fn about(service: &Service) -> Self {
        let of = |what: &str| format!("SELECT {what} FROM views WHERE environment = '{READ}'");
        let title = service.sql(&of("topK(1)(video_id)[1]")).await;
        let views = service.sql(&format!("{} LIMIT {VIEWS}", of("view_id"))).await;
        let mut all = Vec::new();
        for (name, days) in [("24 h", 1), ("7 d", 7), ("30 d", 30)] {
            all.extend(over_time(name, days));
        }
        all.push(Question {
            name: "heatmap of the hottest title, 30 d".to_owned(),
            days: 30,
            ask: Ask::Api(format!("/engagement/videos/{title}/heatmap?{{timeframe}}&buckets=100")),
            by_hand: "sum(length(segment_from_ms)) FROM view_states WHERE {rows} AND video_id.2 = 'title-001'",
        });
        all.push(Question {
            name: "one view and its timeline".to_owned(),
            days: 90,
            ask: Ask::View(views.lines().map(str::to_owned).collect()),
            by_hand: "count() FROM view_states WHERE {rows} AND view_id = 'none'",
        });
        all.push(Question {
            name: "peak of concurrent viewers, 24 h".to_owned(),
            days: 1,
            ask: Ask::Sql(CONCURRENT),
            by_hand: "max(last_received_at) FROM view_states WHERE {rows}",
        });
        Self(all)
    }
}

impl Question {
    /// Asks it the `nth` time.
    pub async fn ask(&self, service: &Service, nth: usize) {
        match &self.ask {
            Ask::Api(path) => {
                let [from, to] = self.timeframe(nth);
                let timeframe = format!("timeframe[]={from}&timeframe[]={to}");
                service.ask(&path.replace("{timeframe}", &timeframe)).await
            }
            Ask::View(ids) => service.ask(&format!("/video-views/{}", ids[nth % ids.len()])).await,
            Ask::Sql(sql) => service.sql(&self.sql(sql, nth)).await,
        };
    }

    /// Asks what stands beside it for comparison.
    pub async fn ask_by_hand(&self, service: &Service, nth: usize) {
        service.sql(&self.sql(self.by_hand, nth)).await;
    }

    fn sql(&self, sql: &str, nth: usize) -> String {
        let [from, to] = self.timeframe(nth);
        let rows = format!("environment = '{READ}' AND view_start >= {from} AND view_start < {to}");
        format!("SELECT {}", sql.replace("{rows}", &rows))
    }

    /// Up to now, another second each time: no answer is known.
    fn timeframe(&self, nth: usize) -> [i64; 2] {
        let to_s = chrono::Utc::now().timestamp() / 3600 * 3600 + nth as i64;
        [to_s - self.days * 86_400, to_s]
    }
}

/// The tiles and charts of a dashboard.
fn over_time(length: &str, days: i64) -> [Question; 4] {
    let question = |name: &str, path: String, by_hand| Question {
        name: format!("{name}, {length}"),
        days,
        ask: Ask::Api(format!("/metrics/{path}")),
        by_hand,
    };
    let overall = format!("video_startup_time/overall?{{timeframe}}&{TWO_FILTERS}");
    let timeseries = format!("rebuffer_percentage/timeseries?{{timeframe}}&{TWO_FILTERS}");
    let breakdown = format!("video_startup_time/breakdown?{{timeframe}}&group_by=video_title&{TWO_FILTERS}");
    let p95 = "video_startup_time/overall?{timeframe}&measurement=95th".to_owned();
    [
        question("overall, two filters", overall, STARTUP),
        question("timeseries, two filters", timeseries, REBUFFERING),
        question("breakdown, two filters", breakdown, BY_TITLE),
        question("p95 startup", p95, STARTUP_P95),
    ]
}
