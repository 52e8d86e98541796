//! The view `views` with no more columns than a statement names.
//!
//! ClickHouse plans all of a view's hundred columns, whatever is asked of it: half of the time of a question about a day.
//! So a question about views has, in the place of the view, the part of its definition that it needs, cut from the very
//! migration that makes the view. The definition stays one: a column that is named here means what it means there.

use std::{collections::BTreeSet, sync::LazyLock};

use crate::store::migrate;

/// Stands in a statement where the views belong.
pub(super) const HERE: &str = "{views}";
/// How the migration begins that made the view as it is.
const CREATE: &str = "CREATE OR REPLACE VIEW views AS\n";

static VIEWS: LazyLock<Option<Definition>> = LazyLock::new(|| {
    let migrations = migrate::migrations();
    let statement = migrations.iter().rev().find_map(|migration| {
        let mut statements = migration.statements();
        statements.find_map(|statement| statement.split_once(CREATE).map(|(_, view)| view.to_owned()))
    });
    Definition::read(&statement?)
});

/// A `WITH … SELECT … FROM …` by its parts.
#[derive(Debug, PartialEq, Eq)]
struct Definition {
    with: Vec<Column>,
    select: Vec<Column>,
    /// From the word FROM on.
    source: String,
}

/// An expression and the name it has.
#[derive(Debug, PartialEq, Eq)]
struct Column {
    name: String,
    text: String,
}

/// The statement with the views it asks for in their place; the whole view if its definition cannot be read.
pub(super) fn filled(statement: &str) -> String {
    let views = VIEWS.as_ref().map(|views| views.needed(statement));
    statement.replace(HERE, views.as_deref().unwrap_or("views"))
}

impl Definition {
    fn read(view: &str) -> Option<Self> {
        let lines = view.lines().filter(|line| !line.trim_start().starts_with("--"));
        let view: String = lines.flat_map(|line| [line.trim(), "\n"]).collect();
        let (with, rest) = view.strip_prefix("WITH\n")?.split_once("\nSELECT\n")?;
        let (select, source) = rest.split_once("\nFROM ")?;
        Some(Self {
            with: columns(with),
            select: columns(select),
            source: format!("FROM {}", source.trim().trim_end_matches(';')),
        })
    }

    /// The definition of those columns that are named in a statement, and of those that they are made of.
    fn needed(&self, statement: &str) -> String {
        let all = || self.with.iter().chain(&self.select);
        let mut needed: BTreeSet<&str> = words(statement).collect();
        let mut open: Vec<&str> = needed.iter().copied().collect();
        while let Some(name) = open.pop() {
            for column in all().filter(|column| column.name == name) {
                open.extend(words(&column.text).filter(|word| needed.insert(*word)));
            }
        }
        let of = |columns: &[Column]| {
            let columns = columns.iter().filter(|column| needed.contains(column.name.as_str()));
            columns.map(|column| column.text.as_str()).collect::<Vec<_>>().join(", ")
        };
        let with = of(&self.with);
        let with = if with.is_empty() { with } else { format!("WITH {with} ") };
        format!("({with}SELECT {} {}) AS views", of(&self.select), self.source)
    }
}

/// Takes a list apart at its commas.
fn columns(list: &str) -> Vec<Column> {
    let (mut depth, mut quoted) = (0_i32, false);
    let parts = list.split(|character| {
        match character {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0 && !quoted
    });
    let column = |text: &str| {
        let text = text.trim().replace('\n', " ");
        let name = text.rsplit_once(" AS ").map_or(text.as_str(), |(_, name)| name).to_owned();
        Column { name, text }
    };
    parts.map(column).collect()
}

/// All that may be names: words of functions and of quoted texts name no column, or one more than is needed.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    words.filter(|word| word.starts_with(|first: char| first.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_the_columns_it_names_and_what_they_are_made_of() {
        let view = "WITH\n    -- Why, in words.\n    a.1 > 0 AS is_a,\n    if(b = ',(', 1, 2) AS b_code\nSELECT\n    environment,\n    \
            if(is_a, x, y)\n        AS first,\n    first + 1 AS second,\n    b_code AS third\nFROM t FINAL\nSETTINGS s = 1";
        let definition = Definition::read(view).expect("a definition");
        assert_eq!(
            definition.needed("SELECT max(second) FROM {views} WHERE environment = ?"),
            "(WITH a.1 > 0 AS is_a SELECT environment, if(is_a, x, y) AS first, first + 1 AS second \
             FROM t FINAL\nSETTINGS s = 1) AS views"
        );
        assert_eq!(
            definition.needed("SELECT third"),
            "(WITH if(b = ',(', 1, 2) AS b_code SELECT b_code AS third FROM t FINAL\nSETTINGS s = 1) AS views"
        );
    }

    #[test]
    fn the_view_of_the_schema_can_be_read() {
        let views = VIEWS.as_ref().expect("the view's definition");
        assert!(
            views.with.len() > 5 && views.select.len() > 80 && views.source.contains("view_states FINAL")
        );
        let named = |column: &Column| words(&column.name).eq([column.name.as_str()]);
        assert!(views.with.iter().chain(&views.select).all(named), "{views:?}");
        let mut all = views.with.iter().chain(&views.select);
        assert!(all.all(|column| !column.text.contains('?')), "the client takes it for a value");
        let filled = filled("SELECT count() FROM {views} WHERE environment = ? AND view_attempted");
        assert!(filled.contains("attempted = 1 AS view_attempted") && !filled.contains("stalls"), "{filled}");
    }
}
