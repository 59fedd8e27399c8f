//! Results as CSV and as a table for people.

use super::Outcome;
use serde_json::Value;

/// One line per combination in the order of the grid, accuracies as shares of 1.
pub fn csv_table(outcomes: &[Outcome]) -> String {
    lines(outcomes, |share| share.to_string())
        .iter()
        .map(|cells| cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\n")
        .collect()
}

/// Columns of equal width, best accuracy first, accuracies in percent.
pub fn text_table(outcomes: &[Outcome]) -> String {
    let mut sorted = outcomes.to_vec();
    // Stable, so that equal accuracies keep the order of the grid.
    sorted.sort_by(|a, b| b.accuracy.unwrap_or(-1.0).total_cmp(&a.accuracy.unwrap_or(-1.0)));
    let lines = lines(&sorted, |share| format!("{:.2} %", 100.0 * share));
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..columns).map(|column| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0)).collect();
    let line = |cells: &Vec<String>| {
        let cells: Vec<String> = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

/// The header and the rows; an empty column of errors is left out of neither.
fn lines(outcomes: &[Outcome], share: impl Fn(f64) -> String) -> Vec<Vec<String>> {
    let Some(first) = outcomes.first() else { return Vec::new() };
    let mut header: Vec<String> = first.values.iter().map(|(key, _)| key.clone()).collect();
    header.extend(["accuracy", "soft_accuracy", "luts", "depth", "error"].map(str::to_owned));
    let row = |outcome: &Outcome| {
        let mut cells: Vec<String> = outcome.values.iter().map(|(_, value)| plain(value)).collect();
        cells.push(outcome.accuracy.map(&share).unwrap_or_default());
        cells.push(outcome.soft_accuracy.map(&share).unwrap_or_default());
        cells.push(outcome.luts.map(|luts| luts.to_string()).unwrap_or_default());
        cells.push(outcome.depth.map(|depth| depth.to_string()).unwrap_or_default());
        cells.push(outcome.error.clone().unwrap_or_default());
        cells
    };
    std::iter::once(header).chain(outcomes.iter().map(row)).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A CSV field by RFC 4180.
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn outcome(widths: Value, accuracy: Option<f64>) -> Outcome {
        let error = accuracy.is_none().then(|| "no, \"never\"".to_owned());
        Outcome {
            values: vec![("w".into(), widths)],
            accuracy,
            soft_accuracy: accuracy,
            luts: Some(7),
            depth: Some(3),
            error,
        }
    }

    #[test]
    fn csv_keeps_the_order_and_quotes() {
        let outcomes = [outcome(json!([4, 2]), Some(0.5)), outcome(json!("a"), None)];
        let expected =
            "w,accuracy,soft_accuracy,luts,depth,error\n\"[4,2]\",0.5,0.5,7,3,\na,,,7,3,\"no, \"\"never\"\"\"\n";
        assert_eq!(csv_table(&outcomes), expected);
    }

    #[test]
    fn the_table_for_people_has_the_best_first() {
        let outcomes = [outcome(json!(1), Some(0.25)), outcome(json!(200), Some(0.75))];
        let expected = "w    accuracy  soft_accuracy  luts  depth  error\n200  75.00 %   75.00 %        7     3\n1    25.00 %   25.00 %        7     3\n";
        assert_eq!(text_table(&outcomes), expected);
    }
}
