//! `docs/sql.md` as it is: its questions are asked, and its tables of columns are those of the schema.

use super::tenants::Tenants;
use crate::docs::assert_generated;

const DOCUMENT: &str = include_str!("../../../docs/sql.md");
const BEGIN: &str = "<!-- generated from schema/clickhouse -->\n";

#[tokio::test(flavor = "multi_thread")]
async fn every_question_of_the_cookbook_has_an_answer() {
    let tenants = Tenants::start().await;
    let questions: Vec<&str> = DOCUMENT
        .split("```sql\n")
        .skip(1)
        .filter_map(|after| after.split("```").next())
        .filter(|text| !text.contains("-- not run"))
        .collect();
    assert!(questions.len() >= 25, "{}", questions.len());
    for question in questions {
        let answer = tenants.answer("param_video=v1&param_session=none", question).await;
        assert!(!answer.trim().is_empty(), "no rows: {question}");
    }
    let columns = "SELECT table, name, type, comment FROM system.columns WHERE database = 'playhead' \
        ORDER BY indexOf(['views', 'events', 'sessions', 'engagement', 'video_days'], table), position FORMAT JSONCompactEachRow";
    let mut tables = String::new();
    let mut last = String::new();
    for line in tenants.answer("", columns).await.lines() {
        let [table, name, kind, comment]: [String; 4] = serde_json::from_str(line).unwrap();
        if table != last {
            tables += &format!("\n### `{table}`\n\n| column | type | meaning |\n|---|---|---|\n");
            last = table;
        }
        assert!(!comment.is_empty(), "{name} has no comment");
        tables += &format!("| `{name}` | `{kind}` | {comment} |\n");
    }
    assert_generated("docs/sql.md", BEGIN, tables.trim());
}
