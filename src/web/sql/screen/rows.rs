//! Rows as ClickHouse writes them for a screen, and as the API hands them on.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    store::embedded::error::{EngineError, code},
    web::sql::{ask::MOST_ON_SCREEN, running::Ticket},
};

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Column {
    pub name: String,
    /// ClickHouse's name for its type.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Columns, and rows that are written on as they came.
#[derive(Debug, Default)]
pub struct Rows {
    pub columns: Vec<Column>,
    pub rows: Vec<Box<RawValue>>,
    /// There were more.
    pub truncated: bool,
}

/// The whole of an answer, unless somebody stops the statement.
pub async fn whole(mut upstream: reqwest::Response, ticket: &mut Ticket) -> Result<Vec<u8>, EngineError> {
    let mut body = Vec::new();
    loop {
        let piece = tokio::select! {
            biased;
            stopped = ticket.stopped() => Err(stopped),
            piece = upstream.chunk() => piece.map_err(|error| EngineError::host(error.without_url())),
        };
        match piece? {
            Some(piece) => body.extend_from_slice(&piece),
            None => return Ok(body),
        }
        // ClickHouse holds its limit between blocks, and one block may be larger.
        if body.len() as u64 > MOST_ON_SCREEN {
            let text = format!("Limit for a result on a screen exceeded, at most {MOST_ON_SCREEN} bytes");
            return Err(EngineError::raised(code::TOO_MANY_ROWS_OR_BYTES, "TOO_MANY_ROWS_OR_BYTES", text));
        }
    }
}

impl Rows {
    /// Reads `JSONCompactEachRowWithNamesAndTypes`; at most so many rows are kept.
    pub fn read(body: &[u8], at_most: usize) -> Result<Self, EngineError> {
        let broken = |error: serde_json::Error| EngineError::host(format_args!("an odd answer: {error}"));
        let mut lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let Some(names) = lines.next() else { return Ok(Self::default()) };
        let names: Vec<String> = serde_json::from_slice(names).map_err(broken)?;
        let types: Vec<String> =
            lines.next().map_or(Ok(Vec::new()), serde_json::from_slice).map_err(broken)?;
        let columns = names.into_iter().zip(types).map(|(name, kind)| Column { name, kind }).collect();
        let mut rows = Vec::new();
        for line in lines {
            if rows.len() == at_most {
                return Ok(Self { columns, rows, truncated: true });
            }
            rows.push(serde_json::from_slice(line).map_err(broken)?);
        }
        Ok(Self { columns, rows, truncated: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_as_they_went_in_and_no_more_than_wanted() {
        let body =
            b"[\"a\",\"b\"]\n[\"UInt64\",\"String\"]\n[\"18446744073709551615\",\"x\\ny\"]\n[\"2\",null]\n";
        let read = Rows::read(body, 1).unwrap();
        assert_eq!(read.columns.iter().map(|column| &*column.kind).collect::<Vec<_>>(), ["UInt64", "String"]);
        assert_eq!(read.rows[0].get(), "[\"18446744073709551615\",\"x\\ny\"]");
        assert!(read.truncated && !Rows::read(body, 2).unwrap().truncated);
        assert!(Rows::read(b"", 1).unwrap().columns.is_empty());
        assert!(Rows::read(b"Code: 1", 1).is_err());
    }
}
