//! Build scripts and constraints beside the Verilog.

use askama::Template;

use crate::emit::hdl::{Device, Hardware, Interface, Pin};
use crate::emit::notes::origin;
use crate::emit::text::Text;
use crate::emit::{EmitError, EmitRequest, EmittedFile};

use super::TARGET;

/// The clock of the scripts when the user names none.
const DEFAULT_MHZ: f64 = 100.0;

/// `<name>_vivado.tcl`.
#[derive(Template)]
#[template(path = "verilog/vivado.tcl", escape = "none")]
struct VivadoScript<'a> {
    notes: Vec<String>,
    name: &'a str,
    sources: &'a [String],
}

/// `<name>.xdc`.
#[derive(Template)]
#[template(path = "verilog/constraints.xdc", escape = "none")]
struct VivadoConstraints {
    notes: Vec<String>,
    /// The clock port, if there is one.
    clock: Option<&'static str>,
    period: String,
}

/// `<name>_fit.v`: registers around the design, filled and read over two pins.
#[derive(Template)]
#[template(path = "verilog/fit.v", escape = "none")]
struct Fit<'a> {
    notes: Vec<String>,
    name: &'a str,
    clock: Option<&'static str>,
    /// Ports but for the clock, each with its lowest bit among those of its direction.
    inputs: Vec<(Pin, usize)>,
    outputs: Vec<(Pin, usize)>,
    input_bits: usize,
    output_bits: usize,
}

/// `build_<device>.sh`.
#[derive(Template)]
#[template(path = "verilog/build.sh", escape = "none")]
struct Build<'a> {
    notes: Vec<String>,
    name: &'a str,
    sources: &'a [String],
    mhz: f64,
    ice40: bool,
}

/// The files for `--project`.
pub(super) fn files(
    request: &EmitRequest<'_>,
    hardware: &Hardware<'_>,
    sources: &[String],
) -> Result<Vec<EmittedFile>, EmitError> {
    let name = hardware.facts.name.as_str();
    let clocked = hardware.settings.interface != Interface::Comb || hardware.pipeline.has_clock();
    let clock = clocked.then(|| hardware.clock());
    let mhz = request.options.hdl.clock_mhz.unwrap_or(DEFAULT_MHZ);
    let notes = |what: &str| origin(request, what);
    let mut files = Vec::new();
    let mut add = |name: String, purpose, template: &dyn askama::DynTemplate| -> Result<(), EmitError> {
        let mut text = Text::new(TARGET);
        text.dynamic(template)?;
        files.push(EmittedFile { name, purpose, contents: text.into_bytes() });
        Ok(())
    };
    let device = request.options.hdl.device;
    if device == Device::Xilinx {
        let script = VivadoScript { notes: notes("Vivado script"), name, sources };
        add(format!("{name}_vivado.tcl"), "script for vivado -mode batch -source", &script)?;
        let period = format!("{:.3}", 1000.0 / mhz);
        let constraints = VivadoConstraints { notes: notes("timing constraints"), clock, period };
        add(format!("{name}.xdc"), "its timing constraints", &constraints)?;
        return Ok(files);
    }
    let pins = &hardware.top.pins;
    let place = |inputs: bool| -> (Vec<(Pin, usize)>, usize) {
        let mut low = 0;
        let pins = pins.iter().filter(|pin| pin.is_input == inputs && Some(pin.name) != clock);
        let placed = pins.map(|&pin| {
            let placed = (pin, low);
            low += pin.width;
            placed
        });
        (placed.collect(), low)
    };
    let ((inputs, input_bits), (outputs, output_bits)) = (place(true), place(false));
    let fit = Fit {
        notes: notes("registers around the network, to place and time it"),
        name,
        clock,
        inputs,
        outputs,
        input_bits,
        output_bits,
    };
    add(format!("{name}_fit.v"), "registers around the design, to place and time it", &fit)?;
    let ice40 = device == Device::Ice40;
    let build = Build { notes: notes("synthesis, placement and routing"), name, sources, mhz, ice40 };
    let file = if ice40 { "build_ice40.sh" } else { "build_ecp5.sh" };
    add(file.to_owned(), "script for sh: yosys and nextpnr", &build)?;
    Ok(files)
}
