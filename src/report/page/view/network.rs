//! What it is made of: tables, wires, thresholds.

use crate::report::{FanOut, Report, TableCounts};

use super::super::chart::{self, Grid, Series};
use super::super::number::thousands;
use super::{Row, Section, Table, count, head, row};

/// The tables as trained and optimized, of the parts that `of` names.
pub(super) fn tables(of: &str, before: &[TableCounts], after: &[TableCounts]) -> Section {
    let sides = [("as trained", "before", before), ("optimized", "after", after)];
    let largest = sides.iter().flat_map(|(_, _, parts)| parts.iter()).filter_map(|part| part.by_inputs.keys().max());
    let largest = largest.max().copied().unwrap_or(0);
    let series = sides.map(|(name, class, parts)| {
        let of = |inputs| parts.iter().filter_map(|part| part.by_inputs.get(&inputs)).sum();
        Series { name: name.to_owned(), class: class.to_owned(), values: (0..=largest).map(of).collect() }
    });
    let categories: Vec<String> = (0..=largest).map(|inputs| inputs.to_string()).collect();
    let rows = |parts: &[TableCounts]| -> Vec<Row> {
        let cells = |part: &TableCounts| {
            [part.tables, part.constant, part.wires, part.dead, part.ignored_inputs].map(thousands)
        };
        parts.iter().map(|part| row(std::iter::once(part.part.clone()).chain(cells(part)))).collect()
    };
    let columns = ["part", "tables", "constant", "copy or invert one input", "dead", "inputs without effect"];
    let table = |caption: &str, parts| Table {
        caption: caption.to_owned(),
        head: head(&columns),
        rows: rows(parts),
        ..Table::default()
    };
    Section {
        id: "tables",
        title: "Tables",
        intro: format!(
            "Tables of {of} by their number of inputs; a table of no inputs is a constant. Dead tables are those that \
             no output depends on."
        ),
        charts: vec![chart::columns(
            "Tables by number of inputs",
            ["inputs of a table", "tables"],
            &categories,
            &series,
        )],
        tables: vec![table("As trained", before), table("Optimized", after)],
        notes: Vec::new(),
    }
}

/// Numbers of readers that share a column: 0 to 4 alone, then doubling ranges.
fn fan_out_buckets(largest: usize) -> Vec<(usize, usize)> {
    let mut buckets: Vec<(usize, usize)> = (0..=4.min(largest)).map(|readers| (readers, readers)).collect();
    let mut low = 5;
    let mut high = 8;
    while low <= largest {
        buckets.push((low, high));
        (low, high) = (high + 1, 2 * high);
    }
    buckets
}

pub(super) fn wiring(report: &Report) -> Section {
    let sides = [("as trained", "before", &report.fan_out_before), ("optimized", "after", &report.fan_out_after)];
    let largest = sides.iter().flat_map(|(_, _, parts)| parts.iter()).map(|part| part.largest).max().unwrap_or(0);
    let buckets = fan_out_buckets(largest);
    let series = sides.map(|(name, class, parts)| {
        let of = |&(low, high): &(usize, usize)| {
            parts.iter().flat_map(|part| part.by_readers.range(low..=high)).map(|(_, signals)| signals).sum()
        };
        Series { name: name.to_owned(), class: class.to_owned(), values: buckets.iter().map(of).collect() }
    });
    let categories: Vec<String> =
        buckets.iter().map(|(low, high)| if low == high { low.to_string() } else { format!("{low}–{high}") }).collect();
    let rows = |parts: &[FanOut]| -> Vec<Row> {
        let cells = |part: &FanOut| {
            let mean = match part.signals {
                0 => "-".to_owned(),
                signals => format!("{:.2}", part.readers as f64 / signals as f64),
            };
            [thousands(part.signals), thousands(part.unread), mean, thousands(part.largest)]
        };
        parts.iter().map(|part| row(std::iter::once(part.part.clone()).chain(cells(part)))).collect()
    };
    let table = |caption: &str, parts| Table {
        caption: caption.to_owned(),
        head: head(&["signals from", "signals", "unread", "readers on average", "most readers"]),
        rows: rows(parts),
        ..Table::default()
    };
    Section {
        id: "wiring",
        title: "Wiring",
        intro: "How many table inputs read each signal of encoder and core; what the head reads counts as one reader. \
                Signals with many readers are the ones that placement has to spread."
            .to_owned(),
        charts: vec![chart::columns(
            "Signals by number of readers",
            ["readers of a signal", "signals"],
            &categories,
            &series,
        )],
        tables: vec![table("As trained", &report.fan_out_before), table("Optimized", &report.fan_out_after)],
        notes: Vec::new(),
    }
}

pub(super) fn thresholds(report: &Report) -> Section {
    let thresholds = &report.thresholds;
    let merged = thresholds.unit == "code_bits";
    let unit = if merged { "code bits" } else { "thresholds" };
    let features = thresholds.used_by_feature.len();
    let largest = thresholds.defined_by_feature.iter().max().copied().unwrap_or(0);
    let series = |name: &str, class: &str, values| Series { name: name.to_owned(), class: class.to_owned(), values };
    let mut notes = Vec::new();
    let chart = match thresholds.image {
        Some(image) => {
            let pixels = image.height * image.width;
            let (panels, values) = match image.channels {
                1 => (vec![format!("{unit} used per pixel")], thresholds.used_by_feature.clone()),
                channels @ 2..=3 => {
                    ((0..channels).map(|c| format!("channel {c}")).collect(), thresholds.used_by_feature.clone())
                }
                channels => {
                    notes.push(format!("The picture adds up the {channels} channels of each pixel."));
                    let of = |pixel: usize| (0..channels).map(|c| thresholds.used_by_feature[c * pixels + pixel]).sum();
                    (vec![format!("{unit} used per pixel, all channels")], (0..pixels).map(of).collect())
                }
            };
            if !image.declared {
                notes.push(format!(
                    "The model does not say that its features are pixels; {features} of them fit an image of {} x {}{}.",
                    image.height,
                    image.width,
                    if image.channels == 1 { String::new() } else { format!(" in {} channels", image.channels) }
                ));
            }
            let grid = Grid { panels, rows: image.height, columns: image.width, values };
            chart::heat_map(&format!("{unit} used of each pixel"), &format!("{unit} used"), &grid)
        }
        None if features <= 64 => chart::columns(
            &format!("{unit} of each feature"),
            ["feature", unit],
            &(0..features).map(|feature| feature.to_string()).collect::<Vec<_>>(),
            &[
                series("defined", "before", thresholds.defined_by_feature.clone()),
                series("used", "after", thresholds.used_by_feature.clone()),
            ],
        ),
        None => {
            let bins = |counts: &[usize]| -> Vec<usize> {
                (0..=largest).map(|n| counts.iter().filter(|&&count| count == n).count()).collect()
            };
            chart::columns(
                &format!("Features by number of {unit}"),
                [&format!("{unit} of a feature"), "features"],
                &(0..=largest).map(|n| n.to_string()).collect::<Vec<_>>(),
                &[
                    series("defined", "before", bins(&thresholds.defined_by_feature)),
                    series("used", "after", bins(&thresholds.used_by_feature)),
                ],
            )
        }
    };
    Section {
        id: "encoder",
        title: "Encoder",
        intro: format!(
            "{} The design uses {} of {} {unit}, on {} of {}.",
            if merged {
                "Optimization has merged comparisons with the tables that read them, so the single bits of the codes \
                 are counted."
            } else {
                "A threshold is an integer code that a feature is compared with; each one that is used is a comparator."
            },
            thousands(thresholds.used),
            thousands(thresholds.defined),
            thousands(thresholds.features_used),
            count(features, "feature")
        ),
        charts: vec![chart],
        tables: Vec::new(),
        notes,
    }
}
