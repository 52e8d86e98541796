//! The parameters of questions, read in one way and refused in one way: by naming what would have been taken.

use std::{
    future::{Ready, ready},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    web::{Data, Query},
};

use super::{api::ApiState, cache::Question, cursor::Cursor, error::ApiError};
use crate::{
    event::metric::Bucket,
    log::Position,
    store::query::{
        Bots, InProgress, Scope,
        dimension::{Dimension, Page},
        filter::{self, Filter, FilterError, Names},
        place::Part,
        timeframe::Timeframe,
    },
};

/// Every parameter of the API. One that is not here is a slip of the pen, and an answer to it would be a wrong one.
const NAMES: [&str; 28] = [
    "timeframe[]",
    "filters[]",
    "metric_filters[]",
    "in_progress",
    "measurement",
    "group_by",
    "order_by",
    "order_direction",
    "page",
    "limit",
    "cursor",
    "deed",
    "video_id",
    "view_id",
    "viewer_id",
    "error_id",
    "dimension",
    "value",
    "bots",
    "buckets",
    "resolution",
    "clock",
    "wait_for",
    "wait_ms",
    "timestamp",
    "status",
    "severity",
    "window_s",
];
const DEFAULT_LIMIT: u32 = 10;
const MAX_LIMIT: u32 = 1000;
const MAX_PAGE: u32 = 100_000;
const MAX_CONDITIONS: usize = 100;
/// All values together, bytes: what becomes of them has to fit into a query.
const MAX_BYTES: usize = 16 * 1024;
const DEFAULT_WAIT_MS: u64 = 10_000;
const MAX_WAIT_MS: u64 = 30_000;

/// The parameters of one request.
#[derive(Debug, Clone)]
pub struct Params {
    path: String,
    /// Sorted by name; values of one name in the order given.
    pairs: Vec<(String, String)>,
    now_ms: i64,
}

/// What an answer has to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    pub positions: Vec<Position>,
    pub timeout: Duration,
}

impl FromRequest for Params {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let now_ms = request.app_data::<Data<ApiState>>().map(|state| state.clock.now_ms());
        ready(match now_ms {
            Some(now_ms) => Self::parse(request.path(), request.query_string(), now_ms),
            None => Err(ApiError::Internal("a request without state".to_owned())),
        })
    }
}

impl Params {
    /// Reads a query string.
    pub fn parse(path: &str, query: &str, now_ms: i64) -> Result<Self, ApiError> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_query(query)
            .map_err(|error| ApiError::parameter("query", error.to_string(), NAMES))?;
        Self::new(path, pairs, now_ms)
    }

    /// The parameters of a question that came otherwise than in a query string.
    pub fn new(path: &str, mut pairs: Vec<(String, String)>, now_ms: i64) -> Result<Self, ApiError> {
        for (name, _) in &mut pairs {
            // A list may be written without its brackets.
            if matches!(name.as_str(), "timeframe" | "filters" | "metric_filters") {
                name.push_str("[]");
            }
            if !NAMES.contains(&name.as_str()) {
                return Err(ApiError::parameter(name, format!("`{name}` is no parameter"), NAMES));
            }
        }
        let bytes: usize = pairs.iter().map(|(_, value)| value.len()).sum();
        if bytes > MAX_BYTES {
            let detail = format!("{bytes} bytes of parameters");
            return Err(ApiError::parameter("query", detail, [format!("at most {MAX_BYTES}")]));
        }
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { path: path.to_owned(), pairs, now_ms })
    }

    /// Those of a question that is part of a larger one.
    pub fn inner(&self, pairs: Vec<(String, String)>) -> Result<Self, ApiError> {
        Self::new(&self.path, pairs, self.now_ms)
    }

    /// With a body that is part of the question.
    pub fn with_body(mut self, body: String) -> Self {
        self.pairs.push(("body".to_owned(), body));
        self
    }

    /// Refuses all parameters but these.
    pub fn only(&self, names: &[&str]) -> Result<(), ApiError> {
        match self.pairs.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            Some((name, _)) => {
                let detail = format!("`{name}` is no parameter of this address");
                Err(ApiError::parameter(name, detail, names.iter().copied()))
            }
            None => Ok(()),
        }
    }

    /// What makes this question the same as another's.
    pub fn question(&self, environment: Arc<str>) -> Question {
        Question {
            environment,
            text: format!("{}?{:?}", self.path, self.pairs),
            second: self.now_ms.div_euclid(1000),
        }
    }

    /// All values of a list.
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is given.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// `filters[]`, unread.
    pub fn filters(&self) -> Result<impl Iterator<Item = &str>, ApiError> {
        few_enough(self.all("filters[]").count())?;
        Ok(self.all("filters[]"))
    }

    /// The value of a parameter that may be given once.
    pub fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, ApiError> {
        let mut values = self.all(name);
        let first = values.next();
        match values.next() {
            Some(_) => Err(ApiError::parameter(name, format!("`{name}` is given twice"), [""; 0])),
            None => Ok(first),
        }
    }

    /// One of a few words, or `default`.
    pub fn choice<T: Copy>(
        &self,
        name: &str,
        choices: &[T],
        word: impl Fn(T) -> &'static str,
        default: T,
    ) -> Result<T, ApiError> {
        let Some(value) = self.one(name)? else { return Ok(default) };
        choices.iter().copied().find(|choice| word(*choice) == value).ok_or_else(|| {
            let words = choices.iter().map(|choice| word(*choice));
            ApiError::parameter(name, format!("`{value}` is no {name} here"), words)
        })
    }

    /// A whole number within bounds.
    pub fn number(&self, name: &str, bounds: std::ops::RangeInclusive<u32>) -> Result<Option<u32>, ApiError> {
        let Some(value) = self.one(name)? else { return Ok(None) };
        let number = value.parse::<u32>().ok().filter(|number| bounds.contains(number));
        number.map(Some).ok_or_else(|| {
            let choice = format!("{} to {}", bounds.start(), bounds.end());
            ApiError::parameter(name, format!("`{value}` is no {name}"), [choice])
        })
    }

    /// `page` and `limit`.
    pub fn page(&self) -> Result<Page, ApiError> {
        Ok(Page {
            number: self.number("page", 1..=MAX_PAGE)?.unwrap_or(1),
            limit: self.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
        })
    }

    /// `page` and `limit`, or `cursor` and `limit`. An order is all that says what follows what.
    pub fn part(&self, order: &str) -> Result<Part, ApiError> {
        let Some(cursor) = self.cursor()? else { return Ok(self.page()?.into()) };
        if self.one("page")?.is_some() {
            let detail = "a cursor says where to go on, and page says it again";
            return Err(ApiError::parameter("page", detail, ["cursor alone", "page alone"]));
        }
        if cursor.order != order {
            let detail = format!("the cursor is of a list in the order `{}`", cursor.order);
            return Err(ApiError::parameter("cursor", detail, [cursor.order]));
        }
        Ok(Part { after: Some(cursor.place), page: 1, limit: self.page()?.limit })
    }

    fn cursor(&self) -> Result<Option<Cursor>, ApiError> {
        let Some(text) = self.one("cursor")? else { return Ok(None) };
        Cursor::read(text, self.now_ms)
            .map(Some)
            .ok_or_else(|| ApiError::parameter("cursor", "this is no cursor", ["a `next_cursor`"]))
    }

    /// `order_direction`.
    pub fn descending(&self, default: bool) -> Result<bool, ApiError> {
        self.choice(
            "order_direction",
            &[true, false],
            |descending| if descending { "desc" } else { "asc" },
            default,
        )
    }

    /// `timeframe[]`, or that of the list a cursor goes on in.
    pub fn timeframe(&self) -> Result<Timeframe, ApiError> {
        if let Some(cursor) = self.cursor()? {
            return Ok(cursor.timeframe);
        }
        let values: Vec<_> = self.all("timeframe[]").collect();
        Timeframe::parse(&values, self.now_ms).ok_or_else(|| {
            ApiError::parameter(
                "timeframe[]",
                format!("`{}` is no timeframe", values.join("`, `")),
                Timeframe::FORMS,
            )
        })
    }

    /// Whose views, which, and when.
    pub fn scope(&self, environment: Arc<str>, bucket: Bucket) -> Result<Scope, ApiError> {
        let read = |(parameter, names): (&'static str, Names)| {
            let refused = move |error: FilterError| {
                let detail = error.to_string();
                ApiError::parameter(parameter, detail, error.choices)
            };
            self.all(parameter).map(move |text| filter::parse::filter(text, names).map_err(refused))
        };
        let filters =
            [("filters[]", Names::All), ("metric_filters[]", Names::Metrics)].into_iter().flat_map(read);
        let condition = filter::together(filters.collect::<Result<_, _>>()?);
        few_enough(condition.size())?;
        let (all, default) = (&InProgress::ALL, InProgress::Include);
        Ok(Scope {
            condition,
            in_progress: self.choice("in_progress", all, InProgress::name, default)?,
            bots: self.bots()?,
            ..Scope::new(environment, self.timeframe()?, bucket)
        })
    }

    /// `bots`.
    pub fn bots(&self) -> Result<Bots, ApiError> {
        self.choice("bots", &Bots::ALL, Bots::name, Bots::default())
    }

    /// The scope of a comparison, where `dimension` and `value` are one more filter.
    pub fn compared_scope(&self, environment: Arc<str>, bucket: Bucket) -> Result<Scope, ApiError> {
        let mut scope = self.scope(environment, bucket)?;
        match (self.one("dimension")?, self.one("value")?) {
            (None, None) => {}
            (Some(name), Some(value)) => {
                let dimension = Dimension::parse(name).ok_or_else(|| no_dimension("dimension", name))?;
                scope.filters.push(Filter::equal(dimension, value));
            }
            _ => return Err(ApiError::parameter("value", "dimension and value belong together", [""; 0])),
        }
        Ok(scope)
    }

    /// `wait_for` and `wait_ms`.
    pub fn wait(&self) -> Result<Option<Wait>, ApiError> {
        let positions: Vec<_> = self
            .all("wait_for")
            .flat_map(|text| text.split(','))
            // The position of a beacon of which nothing was taken.
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.parse::<Position>()
                    .map_err(|detail| ApiError::parameter("wait_for", detail, ["partition:offset"]))
            })
            .collect::<Result<_, _>>()?;
        let most = u32::try_from(MAX_WAIT_MS).unwrap_or(u32::MAX);
        let wait_ms = self.number("wait_ms", 0..=most)?.map_or(DEFAULT_WAIT_MS, u64::from);
        let wait = Wait { positions, timeout: Duration::from_millis(wait_ms) };
        Ok((!wait.positions.is_empty()).then_some(wait))
    }
}

/// The refusal of a name that is no dimension.
pub fn no_dimension(parameter: &str, name: &str) -> ApiError {
    let (basic, advanced) = Dimension::names();
    ApiError::parameter(parameter, Dimension::why_not(name), basic.into_iter().chain(advanced))
}

/// What is asked of each view has a bound.
fn few_enough(conditions: usize) -> Result<(), ApiError> {
    if conditions <= MAX_CONDITIONS {
        return Ok(());
    }
    let detail = format!("{conditions} conditions");
    Err(ApiError::parameter("filters[]", detail, [format!("0 to {MAX_CONDITIONS}")]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_questions_are_equal_however_they_are_written() {
        let key = |query| Params::parse("/p", query, 1000).unwrap().question("e".into());
        assert_eq!(key("limit=1&timeframe[]=24:hours"), key("timeframe%5B%5D=24%3Ahours&limit=1"));
        assert_ne!(key("timeframe[]=1&timeframe[]=2"), key("timeframe[]=2&timeframe[]=1"));
    }

    #[test]
    fn slips_are_named() {
        let error = Params::parse("/p", "filter[]=country:DE", 0).unwrap_err();
        let ApiError::InvalidParameter { name, choices, .. } = error else { panic!("{error}") };
        assert_eq!(name, "filter[]");
        assert!(choices.contains(&"filters[]".to_owned()));
        let twice = Params::parse("/p", "limit=1&limit=2", 0).unwrap();
        assert!(twice.page().is_err());
    }

    #[test]
    fn nobody_asks_for_more_than_fits_into_a_query() {
        let scope = |filter: &str| {
            Params::parse("/p", &format!("filters[]={filter}"), 0)?.scope("e".into(), Bucket::ViewStart)
        };
        assert!(scope(&format!("({})", ["?cdn"; 100].join("+or+"))).is_ok());
        assert!(scope(&format!("({})", ["?cdn"; 101].join("+or+"))).is_err());
        assert!(scope(&format!("cdn:{}", "x".repeat(16_000))).is_ok());
        assert!(scope(&format!("cdn:{}", "x".repeat(17_000))).is_err());
    }

    #[test]
    fn positions_to_wait_for_are_read() {
        let params = Params::parse("/p", "wait_for=0:5,3:7&wait_ms=100", 0).unwrap();
        let wait = params.wait().unwrap().unwrap();
        assert_eq!(wait.positions, ["0:5", "3:7"].map(|text| text.parse().unwrap()));
        assert_eq!(wait.timeout, Duration::from_millis(100));
        assert!(Params::parse("/p", "wait_for=x", 0).unwrap().wait().is_err());
        assert!(Params::parse("/p", "wait_for=0:1&wait_ms=99999999", 0).unwrap().wait().is_err());
    }
}
