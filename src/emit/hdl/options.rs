//! What can be chosen about hardware, in either language.

use std::fmt;
use std::str::FromStr;

use clap::{Args, ValueEnum};

/// Choices for the hardware description languages.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub struct HdlOptions {
    /// Verilog, VHDL: where registers stand: `none`, `layers`, `auto` (for --clock-mhz) or a number,
    /// the levels of logic between registers [default: none; layers with --interface valid or axis]
    #[arg(long, value_name = "WHERE", alias = "registers-every")]
    pub pipeline: Option<Registers>,
    /// Verilog, VHDL: the clock that `--pipeline auto` and the scripts of --project aim at
    #[arg(long, value_name = "MHZ", value_parser = frequency)]
    pub clock_mhz: Option<f64>,
    /// Verilog, VHDL: the FPGA family that `--pipeline auto` and --project are for
    #[arg(long, value_enum, default_value_t)]
    pub device: Device,
    /// Verilog, VHDL: bare ports, a valid bit and a reset, or AXI4-Stream with back-pressure
    #[arg(long, value_enum, default_value_t)]
    pub interface: Interface,
    /// Verilog: whether convolutions stand at every position at once, or once each while one pixel
    /// comes in per clock (with --interface valid or axis)
    #[arg(long, value_enum, default_value_t)]
    pub convolution: Convolution,
    /// Verilog, VHDL: whether codes or the encoder's bits are the input
    #[arg(long, value_enum, default_value_t)]
    pub encoder: EncoderOption,
    /// Verilog, VHDL: which results have ports
    #[arg(long, value_enum, default_value_t)]
    pub outputs: OutputSet,
    /// Verilog, VHDL: how one lookup table is written
    #[arg(long, value_enum, default_value_t)]
    pub lut_style: LutStyle,
    /// Verilog: also write build scripts and constraints for --device
    #[arg(long)]
    pub project: bool,
}

/// Where the registers of a pipeline stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registers {
    /// Nowhere: combinational.
    None,
    /// Behind the encoder, each layer, the population counts and the argmax.
    Layers,
    /// At most this many levels of logic between registers, placed where the fewest bits cross.
    Levels(u32),
    /// As many levels as fit into a cycle of the clock.
    Auto,
}

impl FromStr for Registers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" | "0" => Ok(Self::None),
            "layers" => Ok(Self::Layers),
            "auto" => Ok(Self::Auto),
            number => number.parse().map(Self::Levels).map_err(|_| {
                "allowed are `none`, `layers`, `auto` and whole numbers from 1, the levels of logic between registers"
                    .to_owned()
            }),
        }
    }
}

impl fmt::Display for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Layers => f.write_str("layers"),
            Self::Levels(levels) => levels.fmt(f),
            Self::Auto => f.write_str("auto"),
        }
    }
}

fn frequency(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(mhz) if mhz.is_finite() && (0.1..=2000.0).contains(&mhz) => Ok(mhz),
        _ => Err("allowed are 0.1 to 2000, in MHz".to_owned()),
    }
}

/// How a design talks to what is around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Interface {
    /// The buses, and a clock when there are registers
    #[default]
    Comb,
    /// The buses with a valid bit beside each, and a synchronous reset
    Valid,
    /// AXI4-Stream: a slave for the inputs, a master for the results, both with back-pressure
    Axis,
}

/// What becomes of layers over images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Convolution {
    /// Their tables are repeated at every position; a whole image is one input
    #[default]
    Unrolled,
    /// Their tables exist once, behind line buffers; one pixel is one input
    Streaming,
}

/// Whether the comparators are part of the hardware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum EncoderOption {
    /// Integer codes are the input
    #[default]
    On,
    /// One bit per comparison is the input; a table says which
    Off,
}

/// Which results leave the hardware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputSet {
    /// The class and the scores
    #[default]
    Both,
    /// The class alone
    Class,
    /// The scores alone; nothing looks for the largest
    Scores,
}

impl OutputSet {
    /// Whether the class is among them.
    pub fn class(self) -> bool {
        self != Self::Scores
    }

    /// Whether the scores are among them.
    pub fn scores(self) -> bool {
        self != Self::Class
    }
}

/// How one lookup table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LutStyle {
    /// A constant table, indexed by its inputs: portable, quick in every simulator
    #[default]
    Table,
    /// Instances of `LUT1` to `LUT6` with `INIT`: AMD primitives, quickest in synthesis
    Primitive,
    /// The same, with two small tables in one `LUT6_2` and counters on `CARRY4` chains: the fewest LUTs
    Slice,
}

impl LutStyle {
    /// Whether tables are instances of AMD primitives.
    pub fn is_primitive(self) -> bool {
        self != Self::Table
    }
}

/// A family of FPGAs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Device {
    /// AMD with six-input LUTs (7 series and later), Vivado
    #[default]
    Xilinx,
    /// Lattice iCE40, yosys and nextpnr-ice40
    Ice40,
    /// Lattice ECP5, yosys and nextpnr-ecp5
    Ecp5,
}

impl Device {
    /// Levels of logic of this program that fit between two registers at `mhz`.
    ///
    /// A level is one table of up to six inputs, one addition or one comparison; `widest` are the inputs
    /// of the widest table of the core. The delay of a level with wiring and the register's own share are
    /// rules of thumb from placed designs, see docs/fpga.md; a slower grade of the family needs more room.
    pub(super) fn levels_at(self, mhz: f64, widest: usize) -> u32 {
        let (level, register) = self.delays(widest);
        (((1000.0 / mhz - register) / level).max(0.0) as u32).min(10_000)
    }

    /// Nanoseconds of one level and of a register (clock to output and setup).
    pub(super) fn delays(self, widest: usize) -> (f64, f64) {
        match self {
            Self::Xilinx => (0.9, 0.6),
            // Its LUTs have four inputs.
            Self::Ice40 if widest <= 4 => (2.5, 1.2),
            Self::Ice40 => (3.2, 1.2),
            Self::Ecp5 => (1.6, 0.8),
        }
    }
}
