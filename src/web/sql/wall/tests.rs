//! What statements become; the attacks are in `tests/it/sql`.

mod deep;

use super::{catalog::Database, filters::Filters, settings::Bounds, *};

const BOUNDS: Bounds =
    Bounds { seconds: 1, memory_bytes: 1, read_rows: 1, result_rows: 1, result_bytes: 1, threads: 1 };

fn translated(text: &str) -> Result<Statement, EngineError> {
    let parameters = [("n".to_owned(), "1".to_owned()), ("t".to_owned(), "views".to_owned())];
    let catalog = Catalog {
        environment: "it's",
        user: "token",
        database: Database::Playhead,
        parameters: &parameters,
        wished_filters: None,
        filters: Filters::new(),
        bounds: &BOUNDS,
        processes: &[],
    };
    translate(text, &catalog)
}

fn sql(text: &str) -> String {
    match translated(text) {
        Ok(Statement::Query { sql, .. }) => sql,
        other => panic!("{text}: {other:?}"),
    }
}

const VIEWS: &str =
    r"(SELECT * EXCEPT (environment) FROM `playhead`.`sql_views` WHERE environment = 'it\'s')";

#[test]
fn a_table_becomes_the_tenants_part_of_it() {
    for text in [
        "SELECT view_id FROM views",
        "select/**/view_id from playhead.views final -- x",
        "SELECT `view_id` FROM \"playhead\".`views`;",
        "SELECT view_id FROM {t:Identifier}",
        "SELECT view_id FROM (views)",
    ] {
        assert_eq!(sql(text), format!("SELECT `view_id` FROM {VIEWS} AS `views`"), "{text}");
    }
    assert_eq!(sql("SELECT 1 FROM views AS v"), format!("SELECT 1 FROM {VIEWS} AS `v`"));
    assert!(
        sql("SELECT 1 FROM views v WHERE playhead.views.view_id = ''")
            .ends_with("WHERE (`v`.`view_id` = '')")
    );
    assert_eq!(sql("SELECT 1 IN views"), format!("SELECT 1 IN {VIEWS}"));
}

#[test]
fn a_with_query_is_in_sight_from_behind_it_to_the_end_of_its_statement() {
    let inside = format!("(SELECT * FROM {VIEWS} AS `views`)");
    assert_eq!(
        sql("WITH views AS (SELECT * FROM views) SELECT * FROM views"),
        format!("WITH `views` AS {inside} SELECT * FROM `views`")
    );
    let error =
        translated("SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x), x").expect_err("out of sight");
    assert_eq!(error.code(), 60);
}

#[test]
fn words_keep_their_order_and_lose_their_looks() {
    for (text, written) in [
        ("SELECT 'a''b' || \"c\"", r"SELECT 'a\'b' || `c`"),
        ("SELECT t.1.2, t.a, (1,2).1", "SELECT `t`.1.2, `t`.`a`, (1, 2).1"),
        ("SELECT x->x+1", "SELECT `x` -> `x` + 1"),
        ("SELECT a ? b : c", "SELECT `a` ? `b` : `c`"),
        ("SELECT {n:Array(Nullable(UInt8))}", "SELECT { n : Array (Nullable (UInt8)) }"),
        ("SELECT a::DateTime64(3,'UTC')", "SELECT `a` :: DateTime64 (3, 'UTC')"),
        ("SELECT currentUser()", "SELECT 'token'"),
        ("SELECT 1 PREWHERE a WHERE b", "SELECT 1 WHERE (`a`) AND (`b`)"),
        ("SELECT playhead.views.view_id", "SELECT `views`.`view_id`"),
    ] {
        assert_eq!(sql(text), written, "{text}");
    }
}

#[test]
fn format_and_settings_are_taken_out() {
    let Ok(Statement::Query { sql, format, settings }) =
        translated("SELECT 1 SETTINGS max_threads = 1, session_timezone = 'UTC' FORMAT jsoneachrow")
    else {
        panic!("a query");
    };
    assert_eq!((sql.as_str(), format), ("SELECT 1", Some("JSONEachRow")));
    assert_eq!(
        settings.into_iter().collect::<Vec<_>>(),
        [("max_threads".to_owned(), "1".to_owned()), ("session_timezone".to_owned(), "UTC".to_owned())]
    );
}

#[test]
fn nesting_has_an_end() {
    let deep = format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(translated(&deep).expect_err("too deep").code(), 306);
    let long = format!("SELECT '{}'", "x".repeat(LONGEST_STATEMENT));
    assert_eq!(translated(&long).expect_err("too long").code(), 223);
}

#[test]
fn written_rows_are_literals_and_never_a_declaration_of_columns() {
    assert_eq!(
        sql("SELECT c1 FROM VALUES (('it''s', 1), ('b', -2.5), (NULL, true)) AS v"),
        r"SELECT `c1` FROM values (('it\'s', 1), ('b', - 2.5), (NULL, TRUE)) AS `v`"
    );
    for text in [
        "SELECT * FROM values('a UInt8', 1)",
        "SELECT * FROM values(('a UInt8'), (1, 2))",
        "SELECT * FROM values((('a UInt8'), 1))",
        "SELECT * FROM values((1, 2), 'a UInt8')",
        "SELECT * FROM values((1, currentUser()))",
        "SELECT * FROM values((1, (SELECT 1)))",
        "SELECT * FROM values((1, a -> a))",
        "SELECT * FROM values()",
    ] {
        assert!(translated(text).is_err(), "{text}");
    }
}

#[test]
fn what_doubles_in_the_engine_is_counted_before() {
    let doubling = |steps: usize| {
        let step = |at: usize| format!("t{at} AS (SELECT a.x FROM t{0} AS a, t{0} AS b)", at - 1);
        let steps: Vec<String> = (1..=steps).map(step).collect();
        format!("WITH t0 AS (SELECT 1 AS x), {} SELECT * FROM t1", steps.join(", "))
    };
    assert!(translated(&doubling(5)).is_ok());
    let many = |count: usize| format!("SELECT 1 FROM {}", vec!["numbers(1)"; count].join(", "));
    assert!(translated(&many(100)).is_ok());
    let code = |text: &str| translated(text).map(drop).map_err(|error| error.code());
    for text in [&*doubling(12), &many(400), &vec!["SELECT 1"; 400].join(" UNION ALL ")] {
        assert_eq!(code(text), Err(223), "{text}");
    }
    for text in [
        "SELECT *, * FROM views",
        "SELECT *, v.* FROM views AS v",
        "SELECT v.*, v.* FROM views AS v",
        "SELECT COLUMNS('x'), * FROM views",
        "SELECT * FROM (SELECT (*), * FROM views)",
    ] {
        assert_eq!(code(text), Err(223), "{text}");
    }
    for text in [
        "SELECT v.*, e.* FROM views AS v, events AS e",
        "SELECT count(*), uniq(*) FROM views",
        "SELECT *, (SELECT max(x) FROM (SELECT * FROM numbers(1) AS n(x))) FROM views",
        "SELECT * FROM (SELECT * FROM views)",
    ] {
        assert!(code(text) != Err(223), "{text}");
    }
}

#[test]
fn no_state_is_made_of_bytes() {
    for text in [
        "SELECT CAST(unhex('00'), 'AggregateFunction(sum, UInt8)')",
        "SELECT CAST(unhex('00') AS AggregateFunction(sum, UInt8))",
        "SELECT unhex('00')::Array(AggregateFunction(sum, UInt8))",
        "SELECT CAST('x', concat('Aggregate', 'Function(sum, UInt8)'))",
        "SELECT {n:AggregateFunction(sum, UInt8)}",
        "SELECT CAST('x', 'Nullable(aggregatefunction(sum, UInt8))')",
    ] {
        assert!(translated(text).is_err(), "{text}");
    }
    assert!(translated("SELECT CAST(1, 'SimpleAggregateFunction(sum, UInt64)'), sumMerge(s) FROM (SELECT sumState(1) AS s)").is_ok());
}

#[test]
fn a_clients_own_filters_stand_around_the_tenants() {
    let with =
        |filters: &str| format!("SELECT 1 FROM views SETTINGS additional_table_filters = {{{filters}}}");
    for filters in [
        r"'playhead.views' : ' country = \'DE\' '",
        r#"'"playhead"."views"': '"country" = \'DE\' -- )'"#,
        r"'views': '`country` = /* ) */ \'DE\'', 'events': 'sequence = 1'",
    ] {
        let inside = format!("(SELECT * FROM {VIEWS} AS `views` WHERE (`country` = 'DE'))");
        assert_eq!(sql(&with(filters)), format!("SELECT 1 FROM {inside} AS `views`"), "{filters}");
    }
    assert_eq!(sql(&with("'events': 'sequence = 1'")), sql("SELECT 1 FROM views"));
    for (filters, code) in [
        ("'views': '1) OR (1'", 62),
        ("'views': '1; SELECT 1'", 62),
        ("'views': ''", 62),
        ("'views': '1 IN events'", 497),
        ("'views': 'view_id IN (SELECT 1)'", 497),
        ("'views': 'file(view_id)'", 497),
        ("'view_states': '1'", 60),
        ("'playhead.sql_views': '1'", 60),
        ("'system.one': '1'", 60),
        ("'views' '1'", 62),
        ("'views': 1", 62),
    ] {
        assert_eq!(translated(&with(filters)).expect_err(filters).code(), code, "{filters}");
    }
}
