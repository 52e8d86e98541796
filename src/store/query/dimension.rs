//! What views may be filtered and grouped by: an allow-list, and what each name is in SQL.

mod continent;
pub mod mux;

use std::fmt;

use serde::Deserialize;

use self::mux::Meaning;
use super::{QueryError, Scope, statement::Statement};
use crate::{
    event::attribute::{self, Type},
    store::Store,
};

/// What a view is or is not, and its SQL.
const FLAGS: [(&str, &str); 11] = [
    ("playback_failure", "playback_failure"),
    ("video_startup_failure", "playback_failure AND NOT view_started"),
    ("playback_business_exception", "playback_business_exception"),
    ("video_startup_business_exception", "playback_business_exception AND NOT view_started"),
    ("exit_before_video_start", "exit_before_video_start"),
    ("played_to_end", "played_to_end"),
    ("view_dropped", "view_dropped"),
    ("view_ended", "view_ended"),
    ("view_has_ad", "view_has_ad"),
    ("preroll_requested", "ifNull(preroll_request_count > 0, false)"),
    ("preroll_played", "preroll_load_ms IS NOT NULL"),
];

/// Numbers of a view that are no attribute, and their SQL; 0 is not known. The first rendition is that of the first of the
/// changes a player reports.
const NUMBERS: [(&str, &str); 2] =
    [("first_rendition_bitrate", "renditions[1].1"), ("first_rendition_height", "renditions[1].2")];

const CONTINENT: &str = "continent_code";
const ERROR_CODE: &str = "error_code";

/// `custom.NAME` is any custom dimension; `custom_1` … `custom_20` are those of SDKs that number them.
const CUSTOM: &str = "custom.";
const NUMBERED: u32 = 20;

/// A dimension that exists. Its name may be the caller's only where it is bound as a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dimension {
    column: Column,
}

/// Those that are ours have a name and their SQL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Text(&'static str, &'static str),
    Number(&'static str, &'static str),
    Flag(&'static str, &'static str),
    Custom(String),
}

impl Dimension {
    /// The dimension called `name`, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        let column = if let Some(custom) = name.strip_prefix(CUSTOM) {
            (!custom.is_empty()).then(|| Column::Custom(custom.to_owned()))
        } else if let Some(number) = name.strip_prefix("custom_") {
            let number: u32 = number.parse().ok()?;
            (1..=NUMBERED).contains(&number).then(|| Column::Custom(format!("custom_{number}")))
        } else {
            match mux::meaning(name) {
                Some(Meaning::Ours(name)) => Column::of_ours(name),
                Some(Meaning::Said) => Some(Column::Custom(name.to_owned())),
                Some(Meaning::Nothing(_)) => None,
                None => Column::of_ours(name),
            }
        }?;
        Some(Self { column })
    }

    /// Why `name` is none.
    pub fn why_not(name: &str) -> String {
        mux::absent(name).unwrap_or_else(|| format!("`{name}` is no dimension"))
    }

    /// The names worth showing: those that group many views, and the rest.
    pub fn names() -> (Vec<&'static str>, Vec<&'static str>) {
        const BASIC: [&str; 12] = [
            "video_id",
            "video_title",
            "video_series",
            "stream_type",
            "country",
            "cdn",
            "browser",
            "operating_system",
            "device",
            "player_name",
            "player_software",
            "asn",
        ];
        let attributes = attribute::ATTRIBUTES.iter().map(|spec| spec.name);
        let others = attributes
            .chain([ERROR_CODE, CONTINENT])
            .chain(FLAGS.iter().chain(&NUMBERS).map(|(name, _)| *name));
        let aliases = mux::NAMES.iter().filter(|(_, meaning)| matches!(meaning, Meaning::Ours(_)));
        let advanced =
            others.chain(aliases.map(|(alias, _)| *alias)).filter(|name| !BASIC.contains(name)).collect();
        (BASIC.to_vec(), advanced)
    }

    /// Its value as a text; empty where nothing is known.
    pub(super) fn expression(&self, to: &mut Statement) {
        match &self.column {
            Column::Text(_, sql) => to.sql(sql),
            Column::Number(_, sql) => to.sql("if(").sql(sql).sql(" = 0, '', toString(").sql(sql).sql("))"),
            Column::Flag(_, condition) => to.sql("if(").sql(condition).sql(", 'true', 'false')"),
            Column::Custom(name) => to.sql("custom[").text(name).sql("]"),
        };
    }

    /// A value as views carry it: flags may be said as 1 and 0, and `__empty__` is for those that look for nothing.
    pub fn normal(&self, value: &str) -> String {
        match (&self.column, value) {
            (Column::Flag(..), "1") => "true".to_owned(),
            (Column::Flag(..), "0") => "false".to_owned(),
            (_, "__empty__") => String::new(),
            _ => value.to_owned(),
        }
    }
}

/// What filters want to know of a dimension.
impl Dimension {
    /// The names of those whose values are numbers.
    pub(super) fn numbers() -> Vec<&'static str> {
        let attributes = attribute::ATTRIBUTES.iter().filter(|spec| spec.kind != Type::Text);
        attributes.map(|spec| spec.name).chain(NUMBERS.map(|(name, _)| name)).collect()
    }

    /// Whether its values are numbers.
    pub(super) const fn is_number(&self) -> bool {
        matches!(self.column, Column::Number(..))
    }

    /// Whether its values can be: a custom dimension is a text that may be one.
    pub(super) const fn may_be_number(&self) -> bool {
        matches!(self.column, Column::Number(..) | Column::Custom(_))
    }

    /// Its value as a number; null where nothing is known, or no number.
    pub(super) fn number(&self, to: &mut Statement) {
        match &self.column {
            Column::Number(_, sql) => {
                to.sql("nullIf(toFloat64(").sql(sql).sql("), 0)");
            }
            _ => {
                to.sql("toFloat64OrNull(");
                self.expression(to);
                to.sql(")");
            }
        }
    }
}

impl Column {
    /// That of the dimension we call `name`.
    fn of_ours(name: &str) -> Option<Self> {
        let named =
            |table: &[(&'static str, &'static str)]| table.iter().find(|(known, _)| *known == name).copied();
        if let Some((name, sql)) = named(&FLAGS) {
            return Some(Self::Flag(name, sql));
        }
        if let Some((name, sql)) = named(&NUMBERS) {
            return Some(Self::Number(name, sql));
        }
        match name {
            ERROR_CODE => return Some(Self::Text(ERROR_CODE, ERROR_CODE)),
            CONTINENT => return Some(Self::Text(CONTINENT, continent::in_sql())),
            _ => {}
        }
        attribute::by_name(name).map(|spec| match spec.kind {
            Type::Text => Self::Text(spec.name, spec.name),
            Type::Number | Type::Share => Self::Number(spec.name, spec.name),
        })
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Column::Text(name, _) | Column::Number(name, _) | Column::Flag(name, _) => f.write_str(name),
            Column::Custom(name) => write!(f, "{CUSTOM}{name}"),
        }
    }
}

/// One value of a dimension and how many views have it.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct ValueCount {
    pub value: String,
    pub total_count: u64,
    /// How many values there are in all.
    pub rows: u64,
}

/// A dimension of the site's own, as views of a scope carry it.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct CustomDimension {
    pub name: String,
    /// `boolean` or `number` if every value is one, else `string`.
    pub kind: String,
    pub total_count: u64,
    /// How many different values there are, within some per cent beyond thousands.
    pub values: u64,
}

/// A site with more of them has put values into names.
const MOST_CUSTOM: i64 = 1_000;

impl Store {
    /// The dimensions of the site's own, the most frequent first.
    pub async fn custom_dimensions(&self, scope: &Scope) -> Result<Vec<CustomDimension>, QueryError> {
        let mut statement = Statement::default();
        statement.sql(
            "SELECT concat('custom.', pair.1) AS name, multiIf(countIf(pair.2 NOT IN ('true', 'false')) = 0, 'boolean', \
             countIf(toFloat64OrNull(pair.2) IS NULL) = 0, 'number', 'string') AS kind, count() AS total_count, \
             uniqCombined(pair.2) AS values FROM (SELECT arrayJoin(arrayZip(mapKeys(custom), mapValues(custom))) AS pair",
        );
        scope.source(&mut statement);
        statement
            .sql(" AND view_attempted) WHERE pair.2 != '' GROUP BY pair.1 ORDER BY total_count DESC, name LIMIT ")
            .integer(MOST_CUSTOM);
        self.rows(statement).await
    }

    /// The values of a dimension, the most frequent first, and how many there are in all.
    pub async fn dimension_values(
        &self,
        scope: &Scope,
        dimension: &Dimension,
        page: Page,
    ) -> Result<(Vec<ValueCount>, u64), QueryError> {
        let values = |select: &'static str| {
            let mut statement = Statement::default();
            statement.sql(select).sql(" FROM (SELECT ");
            dimension.expression(&mut statement);
            statement.sql(" AS value, count() AS total_count");
            scope.source(&mut statement);
            statement.sql(" AND view_attempted GROUP BY value)");
            statement
        };
        let mut part = values("SELECT value, total_count, count() OVER () AS rows");
        part.sql(" ORDER BY total_count DESC, value");
        page.limit(&mut part);
        let rows: Vec<ValueCount> = self.rows(part).await?;
        let total = match rows.first() {
            Some(row) => row.rows,
            // Beyond the end no row says how many there are.
            None if page.number > 1 => {
                self.rows::<u64>(values("SELECT count()")).await?.first().copied().unwrap_or_default()
            }
            None => 0,
        };
        Ok((rows, total))
    }
}

/// Which rows of an ordered answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: u32,
    pub limit: u32,
}

impl Page {
    /// How many rows come before it.
    pub fn offset(self) -> i64 {
        i64::from(self.number.saturating_sub(1)) * i64::from(self.limit)
    }

    pub(super) fn limit(self, to: &mut Statement) {
        to.sql(" LIMIT ").integer(i64::from(self.limit)).sql(" OFFSET ").integer(self.offset());
    }
}
