//! More parameters for the document: those that are one of a few words, and those of the audit log;
//! [`super::super::params`] reads them by the same names.

use utoipa::ToSchema;

/// What to do with views under way.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum InProgressWord {
    Include,
    Exclude,
    Only,
}

/// Which way an order goes.
#[derive(Debug, ToSchema)]
pub enum Ascending {
    #[schema(rename = "asc")]
    Ascending,
    #[schema(rename = "desc")]
    Descending,
}

/// The length of a step.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum StepWord {
    Minute,
    TenMinutes,
    Hour,
    Day,
}

/// What groups are ordered by.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum GroupOrder {
    NegativeImpact,
    Value,
    Views,
    Field,
}

/// What views are ordered by.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ViewOrderWord {
    ViewEnd,
    ViewStart,
    WatchTime,
    PlayingTime,
    RebufferDuration,
    VideoStartupTime,
    ViewerExperienceScore,
}

/// How finely a video is cut, other than by a number.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Resolution {
    Second,
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;
    use crate::store::query::{InProgress, metric::breakdown::Order, timeframe::Step, view::ViewOrder};

    fn words<T: PartialSchema>() -> Vec<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        serde_json::from_value(schema["enum"].clone()).unwrap()
    }

    #[test]
    fn the_document_has_the_words_that_are_read() {
        assert_eq!(words::<InProgressWord>(), InProgress::ALL.map(InProgress::name));
        assert_eq!(words::<StepWord>(), Step::ALL.map(Step::name));
        assert_eq!(words::<GroupOrder>(), Order::ALL.map(Order::name));
        assert_eq!(words::<ViewOrderWord>(), ViewOrder::ALL.map(ViewOrder::name));
        assert_eq!(words::<Ascending>(), ["asc", "desc"]);
    }
}

/// Which lines of the audit log.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Audited {
    /// What was done, such as `key.create`, or what several begin with, such as `key`; everything when left out.
    pub deed: Option<String>,
    /// The `next_cursor` of the answer before.
    pub cursor: Option<String>,
    /// 10 when left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}
