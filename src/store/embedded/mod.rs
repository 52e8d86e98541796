//! The embedded ClickHouse engine: a child process on libchdb behind ClickHouse's HTTP interface.
