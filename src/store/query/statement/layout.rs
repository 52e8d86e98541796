//! A statement over lines: each clause begins one, and what stands in a query's parentheses is indented.

/// What begins a line where it belongs to the query itself, and not to a function's arguments.
const CLAUSES: [&str; 8] =
    [" SELECT ", " FROM ", " WHERE ", " AND ", " GROUP BY ", " HAVING ", " ORDER BY ", " LIMIT "];
/// How a query inside another begins.
const INSIDE: [&str; 2] = ["(SELECT ", "(WITH "];
const INDENT: &str = "    ";

/// The same words with line breaks between clauses. Values are not in the text yet, so no word of theirs is taken for one.
pub(super) fn over_lines(text: &str) -> String {
    let mut laid_out = String::with_capacity(text.len() * 2);
    // How deep in parentheses each query that is open begins.
    let mut queries = vec![0];
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        let Some(rest) = text.get(at..) else { continue };
        let is_own = queries.last() == Some(&depth);
        match character {
            '(' => {
                depth += 1;
                if INSIDE.iter().any(|begin| rest.starts_with(begin)) {
                    break_line(&mut laid_out, queries.len() - 1);
                    laid_out.push('(');
                    queries.push(depth);
                    break_line(&mut laid_out, queries.len() - 1);
                    continue;
                }
            }
            ')' => {
                if is_own && queries.len() > 1 {
                    queries.pop();
                    break_line(&mut laid_out, queries.len() - 1);
                }
                depth -= 1;
            }
            ' ' if is_own && CLAUSES.iter().any(|clause| rest.starts_with(clause)) => {
                let is_condition = rest.starts_with(" AND ");
                break_line(&mut laid_out, queries.len() - 1 + usize::from(is_condition));
                continue;
            }
            _ => {}
        }
        laid_out.push(character);
    }
    laid_out
}

fn break_line(laid_out: &mut String, indent: usize) {
    laid_out.truncate(laid_out.trim_end().len());
    laid_out.push('\n');
    laid_out.push_str(&INDENT.repeat(indent));
}

#[cfg(test)]
mod tests {
    use super::over_lines;

    #[test]
    fn clauses_begin_lines_and_queries_inside_are_indented() {
        let text = "WITH (a AND b) AS valid SELECT x, sum(y) OVER (ORDER BY z) FROM (SELECT * FROM views WHERE a = ? AND (b OR c AND d)) \
            WHERE e GROUP BY x ORDER BY x LIMIT 1";
        let lines = "WITH (a AND b) AS valid\nSELECT x, sum(y) OVER (ORDER BY z)\nFROM\n(\n    SELECT *\n    FROM views\n    \
            WHERE a = ?\n        AND (b OR c AND d)\n)\nWHERE e\nGROUP BY x\nORDER BY x\nLIMIT 1";
        assert_eq!(over_lines(text), lines);
    }
}
