//! SQL that people keep for one another: a name and a text, by environment.

use sqlx::{Row, any::AnyRow};

use super::{Control, ControlError, now_ms};

/// Longest name, in characters.
const MAX_NAME: usize = 120;
/// Longest text, in bytes: many times what a person writes.
const MAX_QUERY: usize = 64 << 10;
/// Kept of one environment.
const MOST: i64 = 1000;

const COLUMNS: &str = "id, name, query, created_by, created_ms, updated_by, updated_ms";

/// A kept query.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct SavedQuery {
    pub id: String,
    /// Unique in its environment.
    pub name: String,
    pub query: String,
    pub created_by: String,
    pub created_ms: i64,
    pub updated_by: Option<String>,
    pub updated_ms: Option<i64>,
}

fn check(name: &str, query: &str) -> Result<(), ControlError> {
    let invalid = |text: String| Err(ControlError::Invalid(text));
    if name.trim().is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return invalid(format!("`name` has 1 to {MAX_NAME} characters on one line"));
    }
    if query.trim().is_empty() || query.len() > MAX_QUERY {
        return invalid(format!("`query` has 1 to {MAX_QUERY} bytes"));
    }
    Ok(())
}

impl Control {
    /// The queries of an environment, by name.
    pub async fn saved_queries(&self, environment: &str) -> Result<Vec<SavedQuery>, ControlError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM saved_queries WHERE environment = $1 ORDER BY name, id"
        )))
        .bind(environment)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| saved(row).map_err(ControlError::from)).collect()
    }

    /// Keeps a query.
    ///
    /// # Errors
    /// That the name is taken, or that there are too many already.
    pub async fn save_query(
        &self,
        environment: &str,
        name: &str,
        query: &str,
        by: &str,
    ) -> Result<SavedQuery, ControlError> {
        check(name, query)?;
        let id = uuid::Uuid::now_v7().to_string();
        let done = sqlx::query(
            "INSERT INTO saved_queries (id, environment, name, query, created_by, created_ms)
             SELECT $1, $2, $3, $4, $5, $6
             WHERE (SELECT COUNT(*) FROM saved_queries WHERE environment = $2) < $7
             ON CONFLICT (environment, name) DO NOTHING",
        )
        .bind(&id)
        .bind(environment)
        .bind(name)
        .bind(query)
        .bind(by)
        .bind(now_ms())
        .bind(MOST)
        .execute(&self.pool)
        .await?;
        let all = self.saved_queries(environment).await?;
        match all.into_iter().find(|saved| saved.id == id || saved.name == name) {
            Some(made) if done.rows_affected() == 1 => Ok(made),
            Some(_) => Err(taken(name)),
            None => Err(ControlError::Exists(format!("{MOST} queries are kept already; delete one first"))),
        }
    }

    /// Changes a query's name and text and returns it; `None` if there is none.
    ///
    /// # Errors
    /// That another has the name.
    pub async fn change_query(
        &self,
        environment: &str,
        id: &str,
        name: &str,
        query: &str,
        by: &str,
    ) -> Result<Option<SavedQuery>, ControlError> {
        check(name, query)?;
        let done = sqlx::query(
            "UPDATE saved_queries SET name = $1, query = $2, updated_by = $3, updated_ms = $4
             WHERE environment = $5 AND id = $6
               AND NOT EXISTS (SELECT 1 FROM saved_queries AS other
                   WHERE other.environment = $5 AND other.name = $1 AND other.id != $6)",
        )
        .bind(name)
        .bind(query)
        .bind(by)
        .bind(now_ms())
        .bind(environment)
        .bind(id)
        .execute(&self.pool)
        .await?;
        let found = self.saved_queries(environment).await?.into_iter().find(|saved| saved.id == id);
        if found.is_some() && done.rows_affected() == 0 { Err(taken(name)) } else { Ok(found) }
    }

    /// Deletes a query; whether there was one.
    pub async fn delete_query(&self, environment: &str, id: &str) -> Result<bool, ControlError> {
        let done = sqlx::query("DELETE FROM saved_queries WHERE environment = $1 AND id = $2")
            .bind(environment)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn taken(name: &str) -> ControlError {
    ControlError::Exists(format!("a query with the name `{name}` is kept already"))
}

fn saved(row: &AnyRow) -> Result<SavedQuery, sqlx::Error> {
    Ok(SavedQuery {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        query: row.try_get("query")?,
        created_by: row.try_get("created_by")?,
        created_ms: row.try_get("created_ms")?,
        updated_by: row.try_get("updated_by")?,
        updated_ms: row.try_get("updated_ms")?,
    })
}
