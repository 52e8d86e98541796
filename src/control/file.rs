//! The file of control data, where it is SQLite: looked at by itself before it is used, so that what is wrong with it is
//! said. A pool tries again until its time is over, and then says only that.

use sqlx::{AnyConnection, Connection};

use super::ControlError;

/// SQLite's primary result codes for a file that is damaged, and for one that is no database.
const CORRUPT: u32 = 11;
const NO_DATABASE: u32 = 26;

/// Where to open the file at `url`, after SQLite has looked through it. Damage that can be gone on with is logged: a
/// collector that is up with a page missing is better than none.
pub async fn looked_through(url: &str) -> Result<String, ControlError> {
    let (path, url) = (path_of(url), made_if_missing(url));
    let found = checked(&url).await.map_err(|error| problem(path, &error))?;
    if found != "ok" {
        tracing::error!(path, found, "the control database is damaged; {}", remedy(path));
    }
    Ok(url)
}

/// SQLite only makes a file when asked to.
fn made_if_missing(url: &str) -> String {
    if url.contains("mode=") {
        return url.to_owned();
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}mode=rwc")
}

async fn checked(url: &str) -> Result<String, sqlx::Error> {
    let mut connection = AnyConnection::connect(url).await?;
    let found = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(found)
}

fn problem(path: &str, error: &sqlx::Error) -> ControlError {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    match code.map(|code| code & 0xff) {
        Some(CORRUPT | NO_DATABASE) => {
            ControlError::Invalid(format!("{path} is damaged ({error}); {}", remedy(path)))
        }
        _ => ControlError::Unavailable(format!("{path}: {error}")),
    }
}

fn remedy(path: &str) -> String {
    format!(
        "stop Playhead, move {path} away together with {path}-wal and {path}-shm, and put back a copy from a backup, or what \
         can be rescued: sqlite3 DAMAGED .recover | sqlite3 {path}. With neither it starts with new keys, tokens and people; \
         environments made again by the same names have what is stored for them"
    )
}

fn path_of(url: &str) -> &str {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    path.split_once('?').map_or(path, |(path, _)| path)
}
