//! The sections of the page on a streamed design.

use crate::report::{StreamedPart, StreamedReport, TableCounts};

use super::super::chart::{self, Series};
use super::super::number::{percent_change, thousands};
use super::size::pass_by_pass;
use super::{Row, Section, Table, Tile, accuracy, count, head, layer_class, model, resources, row, scores, tables};

/// The figures at the top.
pub(in crate::report::page) fn tiles(report: &StreamedReport) -> Vec<Tile> {
    let of = |start: &str| {
        let parts = report.parts.iter().filter(|part| part.part.starts_with(start));
        thousands(parts.map(|part| part.luts_after).sum())
    };
    let timing = &report.timing;
    let memory = report.sum(|part| part.memory_bits);
    let mut tiles = vec![
        Tile {
            name: "LUT6",
            value: thousands(report.sum(|part| part.luts_after)),
            note: format!(
                "encoder {}, windows {}, kernels {}, image {}, dense {}; by rule",
                of("encoder"),
                of("window"),
                of("kernel"),
                of("image"),
                of("dense")
            ),
        },
        Tile {
            name: "Registers",
            value: format!("{} bits", thousands(report.sum(|part| part.registers) + memory)),
            note: format!("{} of them in line buffers and the last image", thousands(memory)),
        },
        Tile {
            name: "Cycles per image",
            value: thousands(timing.cycles_per_image),
            note: "a pixel every cycle, one image right behind the other".to_owned(),
        },
        Tile {
            name: "Latency",
            value: count(timing.latency_cycles, "cycle"),
            note: format!("from the first pixel; {}", behind(timing.behind_last_pixel_cycles)),
        },
    ];
    tiles.extend(accuracy(&report.model));
    for synthesis in &report.synthesis {
        if let Some(routed) = &synthesis.routed {
            let images = routed.fmax_mhz * 1e6 / timing.cycles_per_image.max(1) as f64;
            tiles.push(Tile {
                name: "Fmax",
                value: format!("{:.1} MHz", routed.fmax_mhz),
                note: format!("{}: {} images a second", routed.device, thousands(images as usize)),
            });
        }
    }
    tiles
}

/// When the result comes, seen from the last pixel.
fn behind(cycles: i64) -> String {
    match cycles {
        0 => "with the last".to_owned(),
        1.. => format!("{} after the last", thousands(cycles as usize)),
        _ => format!("{} before the last", thousands(cycles.unsigned_abs() as usize)),
    }
}

/// All sections in reading order.
pub(in crate::report::page) fn sections(report: &StreamedReport) -> Vec<Section> {
    let mut sections = vec![model(&report.model, &report.changes_of_function), parts(report), memory(report)];
    sections.push(passes(report));
    let all = |of: &dyn Fn(&StreamedPart) -> &[TableCounts]| -> Vec<TableCounts> {
        let named = |part: &StreamedPart| {
            let name = |counts: &TableCounts| match counts.part == part.part {
                true => part.part.clone(),
                false => format!("{}, {}", part.part, counts.part),
            };
            of(part).iter().map(|counts| TableCounts { part: name(counts), ..counts.clone() }).collect::<Vec<_>>()
        };
        report.parts.iter().flat_map(named).collect()
    };
    let (before, after) = (all(&|part| &part.tables_before), all(&|part| &part.tables_after));
    sections.push(tables("encoder, kernels, dense layers and head", &before, &after));
    sections.push(timing(report));
    let intro = "Lookup tables and flip-flops of the complete design: encoder, windows with their line buffers, \
                 kernels, the last image, dense layers and head. The registers of an AXI4-Stream interface are not \
                 among the figures by rule.";
    sections.push(resources(intro, &report.estimates, &report.synthesis));
    sections.extend(report.scores.as_ref().map(scores));
    sections
}

/// What counts as a bar of one colour: a part, or its layers and head.
fn series(report: &StreamedReport) -> Vec<Series> {
    let mut kernels = 0;
    let mut series: Vec<Series> = Vec::new();
    let mut windows = [0; 2];
    for part in &report.parts {
        let values = [part.luts_before, part.luts_after];
        let class = match part.part.split(' ').next() {
            Some("encoder") => "encoder".to_owned(),
            Some("kernel" | "dense") => {
                kernels += 1;
                layer_class(kernels - 1)
            }
            _ => {
                windows = [windows[0] + values[0], windows[1] + values[1]];
                continue;
            }
        };
        match (&part.before, &part.after) {
            (Some(before), Some(after)) if part.part == "dense" => {
                let heads = [before.head, after.head];
                let layers = vec![values[0] - heads[0], values[1] - heads[1]];
                series.push(Series { name: "dense layers".to_owned(), class, values: layers });
                series.push(Series { name: "head".to_owned(), class: "head".to_owned(), values: heads.to_vec() });
            }
            _ => series.push(Series { name: part.part.clone(), class, values: values.to_vec() }),
        }
    }
    let name = "windows and image".to_owned();
    series.insert(1, Series { name, class: "head2".to_owned(), values: windows.to_vec() });
    series
}

fn parts(report: &StreamedReport) -> Section {
    let after = report.sum(|part| part.luts_after);
    let share = |luts: usize| match after {
        0 => "-".to_owned(),
        after => format!("{:.0} %", 100.0 * luts as f64 / after as f64),
    };
    let estimate = |part: &StreamedPart, inputs: usize| {
        let is = |name: &str| crate::report::synthesis::family(name).is_some_and(|family| family.lut_inputs == inputs);
        part.estimates.iter().find(|estimate| is(&estimate.family)).map_or(0, |estimate| estimate.luts)
    };
    let line = |name: String, before: usize, now: usize, lut4: String, levels: String, class| Row {
        cells: vec![name, thousands(before), thousands(now), percent_change(now, before), share(now), lut4, levels],
        class,
    };
    let mut rows = Vec::new();
    for part in &report.parts {
        let levels = part.levels.map_or_else(|| "-".to_owned(), |levels| levels.to_string());
        let name = format!("{}: {}", part.part, part.what);
        rows.push(line(name, part.luts_before, part.luts_after, thousands(estimate(part, 4)), levels, ""));
        let (Some(before), Some(now)) = (&part.before, &part.after) else { continue };
        let mut own =
            |name: String, before, now| rows.push(line(name, before, now, String::new(), String::new(), "part"));
        if before.layers.len() > 1 || before.head > 0 {
            for (index, (&before, &now)) in before.layers.iter().zip(&now.layers).enumerate() {
                own(format!("layer {index}"), before, now);
            }
        }
        if before.head > 0 {
            own("head".to_owned(), before.head, now.head);
        }
    }
    let lut4 = thousands(report.sum(|part| estimate(part, 4)));
    rows.push(line("design".to_owned(), report.sum(|part| part.luts_before), after, lut4, String::new(), "sum"));
    let [channels, height, width] = report.frame;
    let mut notes = vec![format!(
        "Unrolled, the network has {} nodes, one for every position; here a kernel is there once.",
        thousands(report.model.nodes)
    )];
    let table_bits = report.sum(|part| part.table_bits);
    if table_bits > 0 {
        notes.push(format!(
            "Thresholds by the number of the pixel are a table of {} bits, in LUTs or in block memory as the rules \
             below say.",
            thousands(table_bits)
        ));
    }
    if let Some(reason) = &report.not_streamed {
        notes.push(format!("Not streamed, but unrolled in front of the dense layers: {reason}."));
    }
    Section {
        id: "parts",
        title: "Area by part",
        intro: format!(
            "Images of {channels} x {height} x {width} come in pixel by pixel. Six-input LUTs of all parts, windows and \
             what collects the last image included: tables as in an unrolled design, where additions and comparisons \
             are tables too, and counters and conditions by rule. LUTs that hold line buffers are counted with the \
             registers. The LUT4 of iCE40 and ECP5 are those after optimization."
        ),
        charts: vec![chart::stacked_bars(
            "LUT6 by part, before and after optimization",
            "LUT6",
            &["as trained".to_owned(), format!("after {}", report.optimization)],
            &series(report),
        )],
        tables: vec![Table {
            head: head(&["part", "LUT6 as trained", "LUT6 after", "change", "share after", "LUT4 after", "levels"]),
            rows,
            ..Table::default()
        }],
        notes,
    }
}

fn memory(report: &StreamedReport) -> Section {
    let categories: Vec<String> = report.parts.iter().map(|part| part.part.clone()).collect();
    let of = |name: &str, class: &str, f: &dyn Fn(&StreamedPart) -> usize| Series {
        name: name.to_owned(),
        class: class.to_owned(),
        values: report.parts.iter().map(f).collect(),
    };
    let series = [
        of("line buffers and last image", "after", &|part| part.memory_bits),
        of("pipelines, counters, valid bits", "before", &|part| part.registers),
    ];
    let figures = |part: &StreamedPart| {
        let own = |family: &str| part.estimates.iter().find(|own| own.family == family);
        let flip_flops = |family: &str| own(family).map_or(0, |own| own.flip_flops);
        // Beyond the LUTs that compute, those of AMD hold stretches of line buffers.
        let held = own("xilinx").map_or(0, |own| own.luts.saturating_sub(part.luts_after));
        [part.memory_bits, part.registers, flip_flops("ice40"), flip_flops("xilinx"), held]
    };
    let line = |name: &str, figures: [usize; 5], class| Row {
        cells: std::iter::once(name.to_owned()).chain(figures.map(thousands)).collect(),
        class,
    };
    let mut total = [0; 5];
    let mut rows = Vec::with_capacity(report.parts.len() + 1);
    for part in &report.parts {
        let own = figures(part);
        total.iter_mut().zip(own).for_each(|(total, own)| *total += own);
        rows.push(line(&part.part, own, ""));
    }
    rows.push(line("design", total, "sum"));
    let columns = [
        "part",
        "line buffers and image, bits",
        "other registers, bits",
        "flip-flops, iCE40 and ECP5",
        "flip-flops, AMD",
        "LUTs as shift registers, AMD",
    ];
    Section {
        id: "memory",
        title: "Registers and line buffers",
        intro:
            "A window keeps the rows of its image that its kernel still needs in shift registers; the last image is \
                kept whole until the dense layers have read it. Other registers are those of the pipelines in kernels \
                and dense layers, and the counters and valid bits between them."
                .to_owned(),
        charts: vec![chart::stacked_bars("Register bits by part", "bits", &categories, &series)],
        tables: vec![Table { head: head(&columns), rows, ..Table::default() }],
        notes: Vec::new(),
    }
}

fn passes(report: &StreamedReport) -> Section {
    let (mut charts, mut tables, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for part in report.parts.iter().filter(|part| !part.passes.is_empty()) {
        let (chart, mut table) = pass_by_pass(&part.part, &format!("{}, ", part.part), &part.passes);
        if chart.is_none() {
            notes.push(format!("No pass changed anything in {}.", part.part));
        }
        table.caption = format!("{}: every pass ({})", part.part, part.passes.len().saturating_sub(1));
        charts.extend(chart);
        tables.push(table);
    }
    Section {
        id: "passes",
        title: "Optimization, pass by pass",
        intro: format!(
            "Tables of the trained layers of each kernel and of the dense layers after each pass of {}, no head. Parts \
             are optimized by themselves. Every pass keeps the function; passes that found nothing are only in the \
             tables.",
            report.optimization
        ),
        charts,
        tables,
        notes,
    }
}

fn timing(report: &StreamedReport) -> Section {
    let timing = &report.timing;
    let last = timing.behind_last_pixel_cycles;
    let mut facts = vec![
        ("cycles per image (initiation interval)", thousands(timing.cycles_per_image)),
        ("latency, from the first pixel", count(timing.latency_cycles, "cycle")),
        (
            "from the last pixel",
            format!(
                "{} {}",
                thousands(last.unsigned_abs() as usize),
                match last {
                    0.. => "cycles later",
                    _ => "cycles earlier",
                }
            ),
        ),
    ];
    if timing.latency_alone_cycles != timing.latency_cycles {
        facts.push(("latency when no image follows", count(timing.latency_alone_cycles, "cycle")));
    }
    facts.extend([
        ("interface", timing.interface.clone()),
        ("registers in kernels and behind", timing.pipeline.clone()),
    ]);
    let rows = report.parts.iter().filter(|part| part.levels.is_some() || part.latency_cycles.is_some());
    let number = |value: Option<u32>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let rows = rows.map(|part| row([part.part.clone(), number(part.levels), number(part.latency_cycles)]));
    Section {
        id: "timing",
        title: "Timing",
        intro:
            "Clock cycles at full rate, a pixel in every cycle. Pauses between pixels hold back what waits for them. \
                Levels of logic are those of a part from its inputs to its outputs; registers cut them into cycles."
                .to_owned(),
        charts: Vec::new(),
        tables: vec![
            Table { head: head(&["part", "levels of logic", "cycles"]), rows: rows.collect(), ..Table::default() },
            Table {
                caption: "Image by image".to_owned(),
                rows: facts.into_iter().map(|(name, value)| row([name.to_owned(), value])).collect(),
                text: true,
                ..Table::default()
            },
        ],
        notes: Vec::new(),
    }
}
