//! nextpnr: how fast the clock may be.

use std::path::Path;

use askama::Template;

use crate::netlist::{Design, DesignHead};
use crate::verify::{Run, ToolError};

use super::{Family, Routed, Subject, SynthesisRequest, number, read_json, run_yosys, write};

/// The clock that placement aims at in MHz; above what these devices reach, so that it does its
/// best.
const AIM: &str = "400";

/// What came of placement and routing.
pub(super) enum Outcome {
    /// It is done.
    Routed {
        /// The tool and its version.
        tool: String,
        /// The figures.
        routed: Routed,
    },
    /// It was not tried, or the device is too small.
    Not {
        /// Why.
        reason: String,
    },
}

/// Registers around the design, filled and read one bit at a time: a design has more ports than
/// a device has pins, and a combinational one has no clock.
#[derive(Template)]
#[template(path = "report/harness.v", escape = "none")]
struct Harness<'a> {
    top: &'a str,
    clock: bool,
    /// Bits that are shifted in.
    stimulus: usize,
    inputs: Vec<Input>,
    /// Bits of all outputs.
    results: usize,
    outputs: Vec<Output>,
}

/// An input port.
struct Input {
    name: &'static str,
    /// The highest first.
    pieces: Vec<Piece>,
}

/// Some bits of an input port, from the register of the harness or zero.
struct Piece {
    width: usize,
    low: Option<usize>,
}

struct Output {
    name: &'static str,
    low: usize,
    width: usize,
}

impl<'a> Harness<'a> {
    fn new(top: &'a str, subject: &Subject<'_>, clock: bool) -> Self {
        match subject {
            Subject::Unrolled { design, .. } => {
                let mut read = vec![false; design.input.features];
                for comparator in &design.comparators {
                    if let Some(read) = read.get_mut(comparator.feature as usize) {
                        *read = true;
                    }
                }
                let codes = read.into_iter().map(|read| (design.input.bits as usize, read)).collect();
                Self::around(top, clock, vec![("features", codes)], results(design))
            }
            Subject::Streamed(design) => {
                let pixel = vec![(design.frame[0] * design.input.bits as usize, true)];
                let inputs = vec![("rst", vec![(1, true)]), ("in_valid", vec![(1, true)]), ("pixel", pixel)];
                let mut outputs = results(&design.rest);
                outputs.push(("out_valid", 1));
                Self::around(top, clock, inputs, outputs)
            }
        }
    }

    /// Ports with their widths; inputs as pieces, the lowest first, and whether they are driven.
    fn around(
        top: &'a str,
        clock: bool,
        inputs: Vec<(&'static str, Vec<(usize, bool)>)>,
        outputs: Vec<(&'static str, usize)>,
    ) -> Self {
        let (mut stimulus, mut results) = (0, 0);
        let inputs = inputs.into_iter().map(|(name, widths)| {
            let mut pieces = Vec::with_capacity(widths.len());
            for (width, driven) in widths {
                pieces.push(Piece { width, low: driven.then_some(stimulus) });
                stimulus += if driven { width } else { 0 };
            }
            pieces.reverse();
            Input { name, pieces }
        });
        let inputs = inputs.collect();
        let outputs = outputs.into_iter().map(|(name, width)| {
            results += width;
            Output { name, low: results - width, width }
        });
        let outputs = outputs.collect();
        Self { top, clock, stimulus, inputs, results, outputs }
    }
}

/// The result ports of a design.
fn results(design: &Design) -> Vec<(&'static str, usize)> {
    match &design.head {
        DesignHead::Bits => vec![("bits", design.core.outputs().len())],
        DesignHead::Classes(head) => {
            vec![("class_index", head.argmax().class_bits()), ("scores", head.groups.len() * head.score_bits())]
        }
    }
}

/// Puts registers around `mapped.v`, places and routes it.
pub(super) fn route(
    yosys: &Path,
    folder: &Path,
    top: &str,
    family: &Family,
    request: &SynthesisRequest<'_>,
) -> Result<Outcome, ToolError> {
    let Some(route) = &family.route else {
        let reason = format!("{}: no open tool places and routes it, so there is no clock", family.title);
        return Ok(Outcome::Not { reason });
    };
    let program = &route.program;
    let Some(path) = program.find() else {
        let reason = format!(
            "`{}` is not installed, so there is no clock (Debian: `apt-get install {}`, where it exists)",
            program.name, program.package
        );
        return Ok(Outcome::Not { reason });
    };
    let options = super::plain(request.options);
    let clock = match request.subject {
        Subject::Unrolled { design, .. } => {
            crate::emit::target("verilog").is_some_and(|target| target.latency(design, &options) > 0)
        }
        Subject::Streamed(_) => true,
    };
    let harness = Harness::new(top, &request.subject, clock);
    if harness.stimulus == 0 {
        return Ok(Outcome::Not { reason: "no output depends on an input, so there is no path to time".to_owned() });
    }
    write(folder, "harness.v", harness.render().unwrap_or_default().as_bytes())?;
    let script = format!(
        "read_verilog mapped.v\nread_verilog harness.v\n{} -top difflut_harness -json harness.json\n",
        family.synth
    );
    run_yosys(yosys, folder, ["harness.ys", "harness.log"], &script, request.limit)?;
    let (output, status) = Run::new(&path, folder, request.limit)
        .arguments(route.arguments)
        .arguments(["--json", "harness.json", "--report", "nextpnr.json", "--log", "nextpnr.log", "--quiet"])
        .arguments(["--seed", "1", "--freq", AIM, "--timing-allow-fail"])
        .run_to_end()?;
    let log = std::fs::read_to_string(folder.join("nextpnr.log")).unwrap_or_default();
    if let Some((used, available)) = utilization(&log, route.cell).filter(|(used, available)| used > available) {
        let reason = format!("{} is too small: {used} logic cells of {available}", route.device);
        return Ok(Outcome::Not { reason });
    }
    if !status.success() {
        let error = log.lines().chain(output.text.lines()).find(|line| line.starts_with("ERROR"));
        return Err(output.garbage(program.name, error.unwrap_or("it failed without a reason").to_owned()));
    }
    let report = read_json(folder, "nextpnr.json", program.name)?;
    let clocks = report.get("fmax").and_then(serde_json::Value::as_object);
    let slowest =
        clocks.into_iter().flatten().filter_map(|(_, clock)| number(clock, &["achieved"])).min_by(f64::total_cmp);
    let cell = |what| number(&report, &["utilization", route.cell, what]).unwrap_or(0.0) as u64;
    let Some(fmax_mhz) = slowest else {
        return Err(output.garbage(program.name, "its report names no clock"));
    };
    let routed = Routed {
        device: route.device.to_owned(),
        // Picoseconds are far below what the tool knows.
        fmax_mhz: (fmax_mhz * 100.0).round() / 100.0,
        cells_used: cell("used"),
        cells_available: cell("available"),
    };
    Ok(Outcome::Routed { tool: program.version().unwrap_or_else(|| program.name.to_owned()), routed })
}

/// Cells used and available, from a line such as `Info:  ICESTORM_LC:  120/ 7680  1%`.
fn utilization(log: &str, cell: &str) -> Option<(u64, u64)> {
    let line = log.lines().find_map(|line| line.split_once(&format!("{cell}:")))?.1;
    let (used, rest) = line.split_once('/')?;
    Some((used.trim().parse().ok()?, rest.split_whitespace().next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::utilization;

    #[test]
    fn the_utilization_is_read_from_the_log() {
        let log = "Info: Device utilisation:\nInfo: \t         ICESTORM_LC:  9001/ 7680   117%\n";
        assert_eq!(utilization(log, "ICESTORM_LC"), Some((9001, 7680)));
        assert_eq!(utilization(log, "SB_IO"), None);
    }
}
