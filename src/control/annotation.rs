//! Annotations: what people and programs note at a time (a release, a change of CDN), to be seen beside the figures.

use sqlx::{Row, any::AnyRow};

use super::{Control, ControlError, now_ms};

/// Longest note and sub-property, in characters.
const MAX_NOTE: usize = 4_000;
const MAX_SUB_PROPERTY: usize = 256;

/// A note at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    pub id: String,
    pub at_ms: i64,
    pub note: String,
    pub sub_property_id: Option<String>,
    /// `token:ID` or `session`.
    pub created_by: String,
    pub created_ms: i64,
}

/// What an annotation says, or is to say from now on: what is missing stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnnotationChange {
    pub at_ms: Option<i64>,
    pub note: Option<String>,
    /// Empty takes it away.
    pub sub_property_id: Option<String>,
}

/// Which annotations, by what they are about, and which page of them.
#[derive(Debug, Clone, Copy)]
pub struct AnnotationQuestion {
    pub from_ms: i64,
    pub to_ms: i64,
    pub newest_first: bool,
    pub limit: i64,
    pub offset: i64,
}

const COLUMNS: &str = "id, at_ms, note, sub_property_id, created_by, created_ms";

impl AnnotationChange {
    fn check(&self) -> Result<(), ControlError> {
        let invalid = |text: String| Err(ControlError::Invalid(text));
        if self.note.as_ref().is_some_and(|note| note.trim().is_empty() || note.chars().count() > MAX_NOTE) {
            return invalid(format!("`note` has 1 to {MAX_NOTE} characters"));
        }
        if self.sub_property_id.as_ref().is_some_and(|id| id.chars().count() > MAX_SUB_PROPERTY) {
            return invalid(format!("`sub_property_id` has at most {MAX_SUB_PROPERTY} characters"));
        }
        Ok(())
    }
}

impl Control {
    /// Notes something.
    pub async fn create_annotation(
        &self,
        environment: &str,
        says: AnnotationChange,
        by: &str,
    ) -> Result<Annotation, ControlError> {
        says.check()?;
        let (Some(at_ms), Some(note)) = (says.at_ms, says.note) else {
            return Err(ControlError::Invalid("an annotation needs `date` and `note`".to_owned()));
        };
        let annotation = Annotation {
            id: uuid::Uuid::now_v7().to_string(),
            at_ms,
            note,
            sub_property_id: says.sub_property_id.filter(|id| !id.is_empty()),
            created_by: by.to_owned(),
            created_ms: now_ms(),
        };
        sqlx::query(
            "INSERT INTO annotations (id, environment, at_ms, note, sub_property_id, created_by, created_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&annotation.id)
        .bind(environment)
        .bind(annotation.at_ms)
        .bind(&annotation.note)
        .bind(annotation.sub_property_id.clone())
        .bind(by)
        .bind(annotation.created_ms)
        .execute(&self.pool)
        .await?;
        Ok(annotation)
    }

    /// A page of annotations, and how many there are in all.
    pub async fn annotations(
        &self,
        environment: &str,
        question: AnnotationQuestion,
    ) -> Result<(Vec<Annotation>, i64), ControlError> {
        const WHICH: &str = "environment = $1 AND deleted_ms IS NULL AND at_ms >= $2 AND at_ms < $3";
        let count =
            sqlx::query(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) AS n FROM annotations WHERE {WHICH}")))
                .bind(environment)
                .bind(question.from_ms)
                .bind(question.to_ms)
                .fetch_one(&self.pool)
                .await?;
        let direction = if question.newest_first { "DESC" } else { "ASC" };
        let page = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM annotations WHERE {WHICH} ORDER BY at_ms {direction}, id LIMIT $4 OFFSET $5"
        )))
        .bind(environment)
        .bind(question.from_ms)
        .bind(question.to_ms)
        .bind(question.limit)
        .bind(question.offset)
        .fetch_all(&self.pool)
        .await?;
        let page = page.iter().map(annotation).collect::<Result<_, _>>()?;
        Ok((page, count.try_get("n")?))
    }

    /// One annotation of an environment.
    pub async fn annotation(&self, environment: &str, id: &str) -> Result<Option<Annotation>, ControlError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM annotations WHERE environment = $1 AND id = $2 AND deleted_ms IS NULL"
        )))
        .bind(environment)
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.as_ref().map(annotation).transpose()?)
    }

    /// Changes an annotation and returns it; `None` if there is none.
    pub async fn update_annotation(
        &self,
        environment: &str,
        id: &str,
        says: AnnotationChange,
        by: &str,
    ) -> Result<Option<Annotation>, ControlError> {
        says.check()?;
        sqlx::query(
            "UPDATE annotations SET at_ms = COALESCE($1, at_ms), note = COALESCE($2, note),
                 sub_property_id = NULLIF(COALESCE($3, sub_property_id), ''), updated_by = $4, updated_ms = $5
             WHERE environment = $6 AND id = $7 AND deleted_ms IS NULL",
        )
        .bind(says.at_ms)
        .bind(says.note)
        .bind(says.sub_property_id)
        .bind(by)
        .bind(now_ms())
        .bind(environment)
        .bind(id)
        .execute(&self.pool)
        .await?;
        self.annotation(environment, id).await
    }

    /// Deletes an annotation; whether there was one.
    pub async fn delete_annotation(
        &self,
        environment: &str,
        id: &str,
        by: &str,
    ) -> Result<bool, ControlError> {
        let done = sqlx::query(
            "UPDATE annotations SET deleted_by = $1, deleted_ms = $2
             WHERE environment = $3 AND id = $4 AND deleted_ms IS NULL",
        )
        .bind(by)
        .bind(now_ms())
        .bind(environment)
        .bind(id)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn annotation(row: &AnyRow) -> Result<Annotation, sqlx::Error> {
    Ok(Annotation {
        id: row.try_get("id")?,
        at_ms: row.try_get("at_ms")?,
        note: row.try_get("note")?,
        sub_property_id: row.try_get("sub_property_id")?,
        created_by: row.try_get("created_by")?,
        created_ms: row.try_get("created_ms")?,
    })
}
