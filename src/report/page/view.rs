//! The sections of the page: what stands in its tables and pictures.

use crate::report::{DesignReport, FanOut, Report, TableCounts};

use super::chart::{self, Chart, Grid, Range, Series};
use super::number::{percent_change, thousands};

/// A figure that is read first.
pub(super) struct Tile {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) note: String,
}

/// A heading with what belongs to it.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What is counted, and which parts are inside.
    pub(super) intro: String,
    pub(super) charts: Vec<Chart>,
    pub(super) tables: Vec<Table>,
    /// Remarks below.
    pub(super) notes: Vec<String>,
}

/// A table; the first column is text, the others are numbers unless `text` says otherwise.
#[derive(Default)]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// Shown only when opened.
    pub(super) folded: bool,
    /// All columns are text.
    pub(super) text: bool,
}

/// One line of a table.
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    /// `sum`, `part` or nothing.
    pub(super) class: &'static str,
}

fn row(cells: impl IntoIterator<Item = String>) -> Row {
    Row { cells: cells.into_iter().collect(), class: "" }
}

fn head(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn count(value: usize, unit: &str) -> String {
    format!("{} {unit}{}", thousands(value), if value == 1 { "" } else { "s" })
}

/// The colour of layer `index`; shades repeat after six.
fn layer_class(index: usize) -> String {
    format!("layer{}", index % 6)
}

/// The figures at the top.
pub(super) fn tiles(report: &Report) -> Vec<Tile> {
    let (after, timing) = (&report.after, &report.timing);
    let mut tiles = vec![
        Tile {
            name: "LUT6",
            value: thousands(after.total),
            note: format!(
                "encoder {}, core {}, head {}; by rule",
                thousands(after.encoder),
                thousands(after.core()),
                thousands(after.head)
            ),
        },
        Tile {
            name: "Flip-flops",
            value: thousands(timing.registers),
            note: format!("registers of the pipeline: {}", timing.pipeline),
        },
        Tile {
            name: "Latency",
            value: match timing.latency_cycles {
                0 => "0 cycles".to_owned(),
                cycles => count(cycles as usize, "cycle"),
            },
            note: match timing.initiation_interval {
                Some(_) => "a new input every cycle".to_owned(),
                None => "combinational".to_owned(),
            },
        },
        Tile {
            name: "Levels of logic",
            value: timing.levels.to_string(),
            note: format!("{} without carry chains; all parts", timing.lut_levels),
        },
    ];
    if let Some(accuracy) = report.model.recorded_accuracy {
        tiles.push(Tile {
            name: "Accuracy",
            value: format!("{:.2} %", 100.0 * accuracy),
            note: "of the tables on held-out samples, from the training record".to_owned(),
        });
    }
    for synthesis in &report.synthesis {
        if let Some(routed) = &synthesis.routed {
            tiles.push(Tile {
                name: "Fmax",
                value: format!("{:.1} MHz", routed.fmax_mhz),
                note: format!("{}, placed and routed", routed.device),
            });
        }
    }
    tiles
}

/// All sections in reading order.
pub(super) fn sections(report: &Report) -> Vec<Section> {
    let mut sections = vec![model(report), area(report), passes(report), tables(report), wiring(report)];
    sections.extend([thresholds(report), timing(report), resources(report)]);
    sections.extend(scores(report));
    sections
}

fn model(report: &Report) -> Section {
    let model = &report.model;
    let sign = if model.input_signed { "two's complement" } else { "unsigned" };
    let nodes = if model.node_types.is_empty() { "LUT nodes".to_owned() } else { model.node_types.join(", ") };
    let mut rows = vec![
        ("File", model.kind.clone()),
        ("SHA-256", model.sha256.clone()),
        (
            "Input",
            format!(
                "{} of {}, {sign}, value = code × {} + {}",
                count(model.features, "feature"),
                count(model.input_bits as usize, "bit"),
                model.input_scale,
                model.input_offset
            ),
        ),
        (
            "Encoder",
            format!(
                "{}{}",
                model.encoder.as_ref().map(|name| format!("{name}, ")).unwrap_or_default(),
                count(model.encoded_bits, "bit")
            ),
        ),
        ("Nodes", format!("{} {nodes} in {}", thousands(model.nodes), count(model.layers.len(), "layer"))),
    ];
    rows.push((
        "Head",
        match (model.classes, model.tau) {
            (0, _) => "plain bits, no scores".to_owned(),
            (classes, tau) => format!(
                "{} of {}; software divides by tau = {}",
                count(classes, "score"),
                count(model.score_bits, "bit"),
                tau.unwrap_or(1.0)
            ),
        },
    ));
    let record = |key: &str| Some(model.training.as_ref()?.get(key)?.clone());
    let text = |key: &str| record(key)?.as_str().map(str::to_owned);
    let samples = |key: &str| record(key)?.as_u64().map(|count| format!(" ({} samples)", thousands(count as usize)));
    for (name, data, size) in
        [("Trained on", "train_data", "train_samples"), ("Tested on", "test_data", "test_samples")]
    {
        if let Some(data) = text(data) {
            rows.push((name, data + &samples(size).unwrap_or_default()));
        }
    }
    if let Some(command) = text("command") {
        rows.push(("Made by", command));
    }
    let facts = Table {
        rows: rows.into_iter().map(|(name, value)| row([name.to_owned(), value])).collect(),
        text: true,
        ..Table::default()
    };
    let layers = model.layers.iter().enumerate().map(|(index, layer)| {
        row([
            format!("layer {index}"),
            thousands(layer.nodes),
            layer.fan_in.to_string(),
            thousands(layer.columns),
            thousands(layer.wired_columns),
        ])
    });
    let layers = Table {
        caption: "Trained layers".to_owned(),
        head: head(&["layer", "nodes", "inputs of a node", "bits in front", "of these wired"]),
        rows: layers.collect(),
        ..Table::default()
    };
    Section {
        id: "model",
        title: "Model",
        intro: String::new(),
        charts: Vec::new(),
        tables: vec![facts, layers],
        notes: report
            .changes_of_function
            .iter()
            .filter_map(|change| change.get("change")?.as_str())
            .map(|change| format!("Another function than the model's: {change}"))
            .collect(),
    }
}

fn area(report: &Report) -> Section {
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
        intro: "Six-input LUTs of the whole design: encoder (comparators and what combines them), core (the trained \
                layers) and head (population counts and argmax), counted on one netlist of tables in which adders \
                and comparisons are tables too, without carry chains. A table of more than six inputs counts as the \
                multiplexer tree that it needs. Levels are tables on the longest path from the input bus to the end of the part."
            .to_owned(),
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

fn passes(report: &Report) -> Section {
    let steps = &report.passes;
    let shown: Vec<_> = steps.iter().filter(|step| step.changed || step.round == 0).collect();
    let name = |step: &crate::report::Step| match step.round {
        0 => "as trained".to_owned(),
        round => format!("{round}: {}", step.pass),
    };
    let layers = steps.iter().map(|step| step.layers.len()).max().unwrap_or(0);
    let mut series = Vec::new();
    if steps.iter().any(|step| step.encoder > 0) {
        let values = shown.iter().map(|step| step.encoder).collect();
        series.push(Series { name: "encoder (without comparators)".into(), class: "encoder".into(), values });
    }
    for index in 0..layers {
        let values = shown.iter().map(|step| step.layers.get(index).copied().unwrap_or(0)).collect();
        series.push(Series { name: format!("layer {index}"), class: layer_class(index), values });
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
    let rows: Vec<Row> = rows.collect();
    Section {
        id: "passes",
        title: "Optimization, pass by pass",
        intro: format!(
            "Tables of the core after each pass of {}: encoder tables without the comparators, trained layers, no \
             head. Every pass keeps the function; passes that found nothing are only in the table.",
            report.optimization
        ),
        charts: match shown.len() {
            0 | 1 => Vec::new(),
            _ => vec![chart::stacked_bars("Tables of the core after each pass", "tables", &categories, &series)],
        },
        tables: vec![Table {
            caption: format!("Every pass ({})", steps.len().saturating_sub(1)),
            head: columns,
            rows,
            folded: true,
            ..Table::default()
        }],
        notes: match shown.len() {
            0 | 1 => vec!["No pass changed anything.".to_owned()],
            _ => Vec::new(),
        },
    }
}

fn tables(report: &Report) -> Section {
    let sides = [("as trained", "before", &report.tables_before), ("optimized", "after", &report.tables_after)];
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
        intro: "Tables of encoder, core and head by their number of inputs; a table of no inputs is a constant. Dead \
                tables are those that no output depends on."
            .to_owned(),
        charts: vec![chart::columns(
            "Tables by number of inputs",
            ["inputs of a table", "tables"],
            &categories,
            &series,
        )],
        tables: vec![table("As trained", &report.tables_before), table("Optimized", &report.tables_after)],
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

fn wiring(report: &Report) -> Section {
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

fn thresholds(report: &Report) -> Section {
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

fn timing(report: &Report) -> Section {
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

fn resources(report: &Report) -> Section {
    let measured = |family: &str| report.synthesis.iter().find(|synthesis| synthesis.family == family);
    let title = |name: &str| crate::report::synthesis::family(name).map_or("", |family| family.title);
    let mut rows = Vec::new();
    for estimate in &report.estimates {
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
        report.estimates.iter().map(|estimate| format!("{}: {}", title(&estimate.family), estimate.rule)).collect();
    if report.synthesis.is_empty() {
        notes.push("Nothing was synthesized; `--synth` puts measured figures beside the estimates.".to_owned());
    }
    for synthesis in &report.synthesis {
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
        report.synthesis.iter().flat_map(|synthesis| synthesis.tools.iter().map(String::as_str)).collect();
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
        intro: "Lookup tables and flip-flops of the complete design: encoder, core and head.".to_owned(),
        charts: Vec::new(),
        tables: vec![Table { head: columns, rows, ..Table::default() }],
        notes,
    }
}

fn scores(report: &Report) -> Option<Section> {
    let scores = report.scores.as_ref()?;
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
    Some(Section {
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
    })
}
