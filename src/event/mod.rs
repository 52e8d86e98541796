//! 2 · What an event means. Pure: no I/O, no async, no clock.
//!
//! [`record`] is what one beacon says about one view, in the log's form. [`view`] folds any number of records of a
//! view, in any order and with any repetition, into what is known about it; [`timeline`] is the part of it that stands
//! in for totals where a client sends none, [`course`] what is stored of what follows from it, and [`marks`] what happened
//! when in it; [`overcount`] takes off what a client counts twice. [`engagement`] counts what views have watched.

pub mod attribute;
pub mod bot;
pub mod bounds;
pub mod by_key;
mod counters;
pub mod course;
pub mod engagement;
pub mod marks;
pub mod metric;
pub mod moments;
pub mod overcount;
pub mod record;
pub mod short;
pub mod state;
pub mod timeline;
pub mod view;

pub use record::{
    Attribute, AttributeKey, Counters, Event, Failure, Format, Kind, Record, Segment, Severity,
};
pub use view::View;
