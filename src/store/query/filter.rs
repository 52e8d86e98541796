//! Which views a question is about: what its address pins down, and the filters its asker wrote.
//!
//! The language has the forms of Mux Data, in which everything after the colon is the value, and, in parentheses,
//! the same conditions with `and`, `or` and `not` between them. [`FORMS`] lists what there is; `docs/api.md` has the
//! grammar. [`parse`] reads it.

pub mod parse;
mod reader;
mod value;

pub use parse::Names;
pub use reader::FilterError;

use super::{
    condition::{Condition, Test},
    dimension::Dimension,
    statement::Statement,
};

/// Every form of a filter and what it means: shown in the documents and to those who wrote something else.
pub const FORMS: [(&str, &str); 8] = [
    ("dimension:value", "that has this value; `__empty__` is not known"),
    ("+dimension:text", "that has the text in it, in any case of letters; `-dimension:text`: that has not"),
    ("^dimension:text", "whose value starts with the text, in any case of letters"),
    ("?name", "of which the dimension is known, or which has a value for the metric"),
    (
        "name>=number",
        "whose number, time or metric compares so: `>=`, `<=`, `>`, `<`; metrics also `=`, `!=`",
    ),
    ("name:from..to", "whose number, time or metric is within, both ends included"),
    ("!filter", "that any of these is not true of"),
    (
        "(filter or filter and not filter)",
        "that the whole is true of; values with blanks are in \"quotes\" here",
    ),
];

/// One value of a dimension that a question is about by itself, whatever filters say: a video, a viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub dimension: Dimension,
    pub value: String,
    pub negated: bool,
}

impl Filter {
    /// The views with this value, as filters write it.
    pub fn equal(dimension: Dimension, value: &str) -> Self {
        Self { value: dimension.normal(value), dimension, negated: false }
    }

    /// ` AND …`.
    pub(super) fn and(&self, to: &mut Statement) {
        to.sql(" AND ");
        self.dimension.expression(to);
        to.sql(if self.negated { " != " } else { " = " }).text(&self.value);
    }
}

/// What all filters of a question say together: values of one dimension (`dimension:value`, given more than once) are
/// alternatives, as Mux Data has it; everything else holds together.
pub fn together(filters: Vec<Condition>) -> Condition {
    let mut all: Vec<Condition> = Vec::new();
    for filter in filters {
        let Condition::Dimension(dimension, Test::OneOf(values)) = &filter else {
            all.push(filter);
            continue;
        };
        let alternatives = all.iter_mut().find_map(|other| match other {
            Condition::Dimension(known, Test::OneOf(values)) if known == dimension => Some(values),
            _ => None,
        });
        match alternatives {
            Some(known) => known.extend(values.iter().cloned()),
            None => all.push(filter),
        }
    }
    Condition::All(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_one_dimension_are_alternatives_and_all_else_holds_together() {
        let read = |text: &str| parse::filter(text, Names::All).unwrap();
        let texts = ["country:DE", "cdn:x", "country:FR", "!country:US", "!country:BR", "+cdn:a", "+cdn:b"];
        let Condition::All(all) = together(texts.map(read).into()) else { panic!("not all of them") };
        let country = Dimension::parse("country").unwrap();
        let values = vec!["DE".to_owned(), "FR".to_owned()];
        assert_eq!(all[0], Condition::Dimension(country, Test::OneOf(values)));
        assert_eq!(all.len(), 6);
    }
}
