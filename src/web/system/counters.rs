//! The counters and gauges of `/metrics`, read back from the text they are exported as, so that a page and an operator's
//! own monitoring can never tell different numbers.

use std::collections::BTreeMap;

use serde::Serialize;

/// One series.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Series {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// Reads the text format, version 0.0.4. A line that is none is left out.
pub fn read(text: &str) -> Vec<Series> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(series).collect()
}

fn series(line: &str) -> Option<Series> {
    let (head, value) = line.rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let (name, labels) = match head.split_once('{') {
        Some((name, rest)) => (name, labels(rest.strip_suffix('}')?)?),
        None => (head, BTreeMap::new()),
    };
    Some(Series { name: name.to_owned(), labels, value })
}

/// `a="b",c="d"`. No label of ours has a quote in it: they are words of this program.
fn labels(text: &str) -> Option<BTreeMap<String, String>> {
    let pairs = text.split_terminator("\",").map(|pair| pair.trim_end_matches('"'));
    pairs
        .map(|pair| pair.split_once("=\"").map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect()
}

/// The sum of all series of a name that have all of these labels.
pub fn sum(of: &[Series], name: &str, labels: &[(&str, &str)]) -> f64 {
    let fits = |series: &&Series| {
        series.name == name
            && labels
                .iter()
                .all(|(label, value)| series.labels.get(*label).is_some_and(|known| known == value))
    };
    of.iter().filter(fits).fold(0.0, |sum, series| sum + series.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE a_total counter
a_total{format=\"native\",fate=\"accepted\"} 12
a_total{format=\"mux\",fate=\"accepted\"} 3
a_total{format=\"mux\",fate=\"rejected\",reason=\"bad, \"} 1

lag 2.5
no line
";

    #[test]
    fn series_are_read_back_with_their_labels() {
        let read = read(TEXT);
        assert_eq!(read.len(), 4);
        assert_eq!(read[2].labels["reason"], "bad, ");
        assert_eq!((read[3].name.as_str(), read[3].value, read[3].labels.len()), ("lag", 2.5, 0));
    }

    #[test]
    fn a_sum_is_of_what_has_all_labels() {
        let read = read(TEXT);
        assert!((sum(&read, "a_total", &[("fate", "accepted")]) - 15.0).abs() < f64::EPSILON);
        assert!(
            (sum(&read, "a_total", &[("fate", "accepted"), ("format", "mux")]) - 3.0).abs() < f64::EPSILON
        );
        assert!(sum(&read, "b_total", &[]).abs() < f64::EPSILON);
    }
}
