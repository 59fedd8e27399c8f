//! How it behaves: levels and scores.

use crate::report::{Report, Scores};

use super::super::chart::{self, Range, Series};
use super::super::number::thousands;
use super::{Row, Section, Table, count, head, row};

pub(super) fn timing(report: &Report) -> Section {
    let timing = &report.timing;
    let parts = [
        ("encoder: comparators", "encoder", timing.encoder_levels),
        ("core: tables", "layer1", timing.core_levels),
        ("head: population counts", "head", timing.popcount_levels),
        ("head: argmax", "head2", timing.argmax_levels),
    ];
    let series: Vec<Series> = parts
        .iter()
        .map(|&(name, class, levels)| Series {
            name: name.to_owned(),
            class: class.to_owned(),
            values: vec![levels as usize],
        })
        .collect();
    let mut rows: Vec<Row> =
        parts.iter().map(|(name, _, levels)| row([(*name).to_owned(), levels.to_string()])).collect();
    rows.push(Row { cells: vec!["design".to_owned(), timing.levels.to_string()], class: "sum" });
    let facts = [
        ("registers", timing.pipeline.clone()),
        (
            "latency",
            match timing.latency_cycles {
                0 => "0 cycles, combinational".to_owned(),
                cycles => count(cycles as usize, "cycle"),
            },
        ),
        (
            "initiation interval",
            timing.initiation_interval.map_or("no clock".to_owned(), |cycles| count(cycles as usize, "cycle")),
        ),
        ("register bits", thousands(timing.registers)),
    ];
    Section {
        id: "timing",
        title: "Timing",
        intro: format!(
            "Levels of logic from the input bus to the last output, all parts. A table, an addition, a comparison and \
             a selection are one level each, since FPGAs have carry chains; with tables alone there are {}.",
            timing.lut_levels
        ),
        charts: vec![chart::stacked_bars("Levels of logic by part", "levels", &["design".to_owned()], &series)],
        tables: vec![
            Table { head: head(&["part", "levels"]), rows, ..Table::default() },
            Table {
                caption: "Pipeline".to_owned(),
                rows: facts.into_iter().map(|(name, value)| row([name.to_owned(), value])).collect(),
                text: true,
                ..Table::default()
            },
        ],
        notes: Vec::new(),
    }
}

pub(super) fn scores(scores: &Scores) -> Section {
    let rows: Vec<Range> = scores
        .classes
        .iter()
        .enumerate()
        .map(|(class, scores)| Range {
            name: format!("class {class}"),
            possible: (scores.possible_min, scores.possible_max),
            observed: scores.observed,
        })
        .collect();
    let cells = |(class, scores): (usize, &crate::report::ClassScores)| {
        let observed = match scores.observed {
            Some(observed) => observed.map(|score| thousands(score as usize)),
            None => [0; 5].map(|_| "-".to_owned()),
        };
        let mut cells = vec![
            format!("class {class}"),
            thousands(scores.bits),
            format!("{}–{}", thousands(scores.possible_min), thousands(scores.possible_max)),
        ];
        cells.extend(observed);
        cells.push(scores.mean.map_or("-".to_owned(), |mean| format!("{mean:.1}")));
        cells.push(thousands(scores.wins));
        row(cells)
    };
    Section {
        id: "scores",
        title: "Scores",
        intro: format!(
            "The integer score of each class at the output of the population counts, over {} ({}). The possible range \
             leaves out bits that are constant. {} share{} the largest score among several classes; the lowest class \
             wins.",
            count(scores.samples, "sample"),
            scores.source,
            count(scores.ties, "sample"),
            if scores.ties == 1 { "s" } else { "" }
        ),
        charts: vec![chart::ranges("Scores by class", "score (ones counted)", &rows)],
        tables: vec![Table {
            caption: "Scores by class".to_owned(),
            head: head(&[
                "class",
                "bits",
                "possible",
                "smallest",
                "5 %",
                "median",
                "95 %",
                "largest",
                "mean",
                "samples won",
            ]),
            rows: scores.classes.iter().enumerate().map(cells).collect(),
            folded: true,
            ..Table::default()
        }],
        notes: Vec::new(),
    }
}
