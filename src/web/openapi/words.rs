//! Parameters that are one of a few words, or have a form: types for the document alone, made of the words that are read. And
//! the parameters of the audit log.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

use crate::{
    control::{IncidentStatus, Severity},
    store::query::{
        Bots, InProgress,
        engagement::{
            live::LiveClock,
            viewers::{RowOf, RowOrder},
        },
        metric::breakdown::Order,
        timeframe::Step,
        view::ViewOrder,
    },
    web::incidents::ORDERS,
};

/// One of these.
fn words<const N: usize>(words: [&'static str; N]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

/// A text of a form, a regular expression.
fn text(form: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(form))
}

macro_rules! documented {
    ($($(#[$doc:meta])* $name:ident: $schema:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                Schema::from($schema.build()).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

documented! {
    /// A duration up to now, or one of two Unix times in seconds.
    TimeframeText: text("^([1-9][0-9]{0,5}:(minute|hour|day|week)s?|[0-9]{1,10})$");
    /// A condition; docs/api.md has the grammar.
    FilterText: text(r"\S");
    /// Positions of accepted beacons. Of a beacon of which nothing was taken it is empty.
    PositionText: text("^([0-9]{1,9}:[0-9]{1,19}(,|$))*$");
    /// Which robots count.
    BotsWord: words(Bots::ALL.map(Bots::name));
    /// What to do with views under way.
    InProgressWord: words(InProgress::ALL.map(InProgress::name));
    /// Which way an order goes.
    Ascending: words(["asc", "desc"]);
    /// The length of a step.
    StepWord: words(Step::ALL.map(Step::name));
    /// What groups are ordered by.
    GroupOrder: words(Order::ALL.map(Order::name));
    /// What views are ordered by.
    ViewOrderWord: words(ViewOrder::ALL.map(ViewOrder::name));
    /// What makes a row of viewers.
    RowWord: words(RowOf::ALL.map(RowOf::name));
    /// What rows of viewers are ordered by.
    RowOrderWord: words(RowOrder::ALL.map(RowOrder::name));
    /// What incidents are ordered by.
    IncidentOrderWord: words(ORDERS.map(|(_, name)| name));
    /// How incidents stand.
    StatusWord: words(IncidentStatus::ALL.map(IncidentStatus::name));
    /// How bad incidents are.
    SeverityWord: words(Severity::ALL.map(Severity::name));
    /// What a place on a live curve means.
    ClockWord: words(LiveClock::ALL.map(LiveClock::name));
    /// How finely a video is cut, other than by a number.
    Resolution: words(["second"]);
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
