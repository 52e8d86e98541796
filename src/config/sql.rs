//! Settings of the SQL port: where it listens and how much a statement may take.

use std::net::SocketAddr;

use super::reader::Reader;
use crate::web::sql::{Limits, wall::settings::Bounds};

/// The SQL port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sql {
    pub addr: SocketAddr,
    pub limits: Limits,
}

/// Reads them; `None` when something is wrong, which the reader has noted.
pub(super) fn read(reader: &mut Reader) -> Option<Sql> {
    let addr = reader.address("sql_addr");
    let mut number = |name: &str| {
        let number = reader.number::<u64>(name)?;
        // ClickHouse would take 0 for no limit.
        if number == 0 {
            reader.mistake(name, &"at least 1");
        }
        Some(number)
    };
    let statement = (
        number("sql_max_seconds"),
        number("sql_max_memory_bytes"),
        number("sql_max_read_rows"),
        number("sql_max_result_rows"),
        number("sql_max_result_bytes"),
        number("sql_max_threads"),
    );
    let places = (number("sql_per_token"), number("sql_at_once"));
    let (
        Some(seconds),
        Some(memory_bytes),
        Some(read_rows),
        Some(result_rows),
        Some(result_bytes),
        Some(threads),
    ) = statement
    else {
        return None;
    };
    let statement = Bounds { seconds, memory_bytes, read_rows, result_rows, result_bytes, threads };
    let [per_token, at_once] =
        [places.0?, places.1?].map(|places| usize::try_from(places).unwrap_or(usize::MAX));
    Some(Sql { addr: addr?, limits: Limits { statement, per_token, at_once } })
}
