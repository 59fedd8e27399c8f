//! What it costs: area by part, pass and family.

use crate::report::synthesis::Synthesis;
use crate::report::{DesignReport, Estimate, Report, Step, TableCounts};

use super::super::chart::{self, Chart, Series};
use super::super::number::{percent_change, thousands};
use super::{Row, Section, Table, head, layer_class, row};

pub(super) fn area(report: &Report) -> Section {
    let (before, after) = (&report.before, &report.after);
    let reports = [before, after];
    let of = |f: &dyn Fn(&DesignReport) -> usize| reports.map(f).to_vec();
    let layers = after.layers.len();
    let mut series = vec![Series { name: "encoder".into(), class: "encoder".into(), values: of(&|r| r.encoder) }];
    for index in 0..layers {
        let values = of(&|r| r.layers.get(index).copied().unwrap_or(0));
        series.push(Series { name: format!("layer {index}"), class: layer_class(index), values });
    }
    series.push(Series { name: "head".into(), class: "head".into(), values: of(&|r| r.head) });
    let categories = ["as trained".to_owned(), format!("after {}", report.optimization)];
    let share = |luts: usize| match after.total {
        0 => "-".to_owned(),
        total => format!("{:.0} %", 100.0 * luts as f64 / total as f64),
    };
    // The level at which a part is done; that of the core is that of its last layer.
    let level = |parts: &[TableCounts], name: &str| {
        let of = |part: &&TableCounts| match name {
            "core" => part.part.starts_with("layer"),
            "design" => true,
            _ => part.part == name,
        };
        parts.iter().filter(of).map(|part| part.level).max().unwrap_or(0).to_string()
    };
    let line = |name: &str, f: &dyn Fn(&DesignReport) -> usize, class| Row {
        cells: vec![
            name.to_owned(),
            thousands(f(before)),
            thousands(f(after)),
            percent_change(f(after), f(before)),
            share(f(after)),
            level(&report.tables_before, name),
            level(&report.tables_after, name),
        ],
        class,
    };
    let mut rows = vec![line("encoder", &|r| r.encoder, ""), line("core", &DesignReport::core, "")];
    for index in 0..layers {
        rows.push(line(&format!("layer {index}"), &|r| r.layers.get(index).copied().unwrap_or(0), "part"));
    }
    rows.push(line("head", &|r| r.head, ""));
    rows.push(line("design", &|r| r.total, "sum"));
    Section {
        id: "area",
        title: "Area by part",
        intro: format!(
            "Six-input LUTs of the whole design: encoder (comparators and what combines them), core (the trained \
             layers) and head (population counts and argmax), counted on one netlist of tables in which adders \
             and comparisons are tables too, without carry chains{}. A table of more than six inputs counts as the \
             multiplexer tree that it needs. Levels are tables on the longest path from the input bus to the end of the part.",
            match after.slices {
                true =>
                    "; after optimization two tables of one LUT count once, and population counts the positions \
                         of their carry chains",
                false => "",
            }
        ),
        charts: vec![chart::stacked_bars("LUT6 by part, before and after optimization", "LUT6", &categories, &series)],
        tables: vec![Table {
            caption: String::new(),
            head: head(&["part", "LUT6 as trained", "LUT6 after", "change", "share after", "done at level", "after"]),
            rows,
            ..Table::default()
        }],
        notes: Vec::new(),
    }
}

pub(super) fn passes(report: &Report) -> Section {
    let (chart, table) = pass_by_pass("the core", "", &report.passes);
    Section {
        id: "passes",
        title: "Optimization, pass by pass",
        intro: format!(
            "Tables of the core after each pass of {}: encoder tables without the comparators, trained layers, no \
             head. Every pass keeps the function; passes that found nothing are only in the table.",
            report.optimization
        ),
        notes: if chart.is_none() { vec!["No pass changed anything.".to_owned()] } else { Vec::new() },
        charts: chart.into_iter().collect(),
        tables: vec![table],
    }
}

/// The tables of `what` after each of `steps`: a picture of those that changed something, if any did, and
/// all of them in a table. `of` stands in front of the names of layers.
pub(super) fn pass_by_pass(what: &str, of: &str, steps: &[Step]) -> (Option<Chart>, Table) {
    let shown: Vec<_> = steps.iter().filter(|step| step.changed || step.round == 0).collect();
    let name = |step: &Step| match step.round {
        0 => "as trained".to_owned(),
        round => format!("{round}: {}", step.pass),
    };
    let layers = steps.iter().map(|step| step.layers.len()).max().unwrap_or(0);
    let has_encoder = steps.iter().any(|step| step.encoder > 0);
    let mut series = Vec::new();
    if has_encoder {
        let values = shown.iter().map(|step| step.encoder).collect();
        series.push(Series { name: "encoder (without comparators)".into(), class: "encoder".into(), values });
    }
    for index in 0..layers {
        let values = shown.iter().map(|step| step.layers.get(index).copied().unwrap_or(0)).collect();
        series.push(Series { name: format!("{of}layer {index}"), class: layer_class(index), values });
    }
    let categories: Vec<String> = shown.iter().map(|step| name(step)).collect();
    let mut columns = vec!["round".to_owned(), "pass".to_owned(), "tables".to_owned(), "encoder".to_owned()];
    columns.extend((0..layers).flat_map(|index| [format!("layer {index}"), "levels".to_owned()]));
    columns.extend(["inputs of tables".to_owned(), "depth in tables".to_owned()]);
    let rows = steps.iter().map(|step| {
        let mut cells = vec![step.round.to_string(), step.pass.clone(), thousands(step.luts), thousands(step.encoder)];
        let layers = step.layers.iter().zip(&step.layer_levels);
        cells.extend(layers.flat_map(|(&tables, level)| [thousands(tables), level.to_string()]));
        cells.extend([thousands(step.pins), step.depth.to_string()]);
        Row { cells, class: if step.changed || step.round == 0 { "" } else { "unchanged" } }
    });
    let table = Table {
        caption: format!("Every pass ({})", steps.len().saturating_sub(1)),
        head: columns,
        rows: rows.collect(),
        folded: true,
        ..Table::default()
    };
    let title = format!("Tables of {what} after each pass");
    let chart = (shown.len() > 1).then(|| chart::stacked_bars(&title, "tables", &categories, &series));
    (chart, table)
}

/// Estimates and what was measured, of what `intro` says.
pub(super) fn resources(intro: &str, estimates: &[Estimate], measured_by_tools: &[Synthesis]) -> Section {
    let measured = |family: &str| measured_by_tools.iter().find(|synthesis| synthesis.family == family);
    let title = |name: &str| crate::report::synthesis::family(name).map_or("", |family| family.title);
    let mut rows = Vec::new();
    for estimate in estimates {
        let synthesis = measured(&estimate.family);
        let cells = synthesis.and_then(|synthesis| synthesis.cells.as_ref());
        let none = || "-".to_owned();
        rows.push(row([
            title(&estimate.family).to_owned(),
            estimate.lut.clone(),
            thousands(estimate.luts),
            cells.map_or_else(none, |cells| thousands(cells.luts)),
            cells.map_or_else(none, |cells| percent_change(estimate.luts, cells.luts)),
            thousands(estimate.flip_flops),
            cells.map_or_else(none, |cells| thousands(cells.flip_flops)),
            cells.map_or_else(none, |cells| thousands(cells.carries)),
            synthesis
                .and_then(|synthesis| synthesis.routed.as_ref())
                .map_or_else(none, |routed| format!("{:.1}", routed.fmax_mhz)),
        ]));
    }
    let mut notes: Vec<String> =
        estimates.iter().map(|estimate| format!("{}: {}", title(&estimate.family), estimate.rule)).collect();
    if measured_by_tools.is_empty() {
        notes.push("Nothing was synthesized; `--synth` puts measured figures beside the estimates.".to_owned());
    }
    for synthesis in measured_by_tools {
        if let Some(routed) = &synthesis.routed {
            notes.push(format!(
                "{}: placed and routed in {}, {} of {} logic cells with the registers that the measurement puts around \
                 the design.",
                title(&synthesis.family),
                routed.device,
                thousands(routed.cells_used as usize),
                thousands(routed.cells_available as usize)
            ));
        }
        notes.extend(synthesis.remarks.iter().cloned());
    }
    let mut tools: Vec<&str> =
        measured_by_tools.iter().flat_map(|synthesis| synthesis.tools.iter().map(String::as_str)).collect();
    tools.sort_unstable();
    tools.dedup();
    if !tools.is_empty() {
        notes.push(format!("Measured with {}.", tools.join("; ")));
    }
    let columns = ["family", "LUT", "LUTs by rule", "measured", "rule against measured", "FF by rule", "measured"];
    let mut columns = head(&columns);
    columns.extend(head(&["carry cells", "Fmax in MHz"]));
    Section {
        id: "resources",
        title: "FPGA resources",
        intro: intro.to_owned(),
        charts: Vec::new(),
        tables: vec![Table { head: columns, rows, ..Table::default() }],
        notes,
    }
}
