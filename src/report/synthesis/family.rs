//! The families of FPGAs that yosys is asked about.

use crate::verify::Program;

/// A family and how the tools are asked about it.
#[derive(Debug)]
pub struct Family {
    /// Name on the command line.
    pub name: &'static str,
    /// Name in texts.
    pub title: &'static str,
    /// The lookup table that counts.
    pub lut: &'static str,
    /// Its inputs.
    pub lut_inputs: usize,
    /// Bits of a table, its rows filled up to a power of two, above which yosys puts it into block
    /// memory and not into LUTs; found by trying.
    pub(in crate::report) table_bits_in_luts: usize,
    /// The rule of the estimate, for people.
    pub rule: &'static str,
    /// Whether its tables are the primitives `LUT1` to `LUT6` of the Verilog export.
    pub(super) has_primitives: bool,
    /// yosys' command, without `-top`.
    pub(super) synth: &'static str,
    /// Cells that take lookup tables, and how many each of them.
    pub(super) lut_cells: &'static [(&'static str, usize)],
    /// Beginnings of the names of flip-flops.
    pub(super) flip_flops: &'static [&'static str],
    /// Cells of carry chains.
    pub(super) carries: &'static [&'static str],
    /// Placement and routing, where an open tool does it.
    pub(super) route: Option<Route>,
}

/// How nextpnr is asked.
#[derive(Debug)]
pub(super) struct Route {
    /// The program.
    pub(super) program: Program,
    /// Device and package for people.
    pub(super) device: &'static str,
    /// Device and package for the program, and leave to place pins freely.
    pub(super) arguments: &'static [&'static str],
    /// The logic cell in its report.
    pub(super) cell: &'static str,
}

const RULE6: &str = "one LUT6 per table of up to six inputs of the flattened and optimized design, additions and \
                     comparisons as tables, no carry chains.";
const RULE4: &str = "the tables of the LUT6 estimate, each taken apart into LUT4 by itself: the cheapest of disjoint \
                     decomposition and multiplexer trees.";
/// Every family, in the order of reports.
pub static FAMILIES: &[Family] = &[
    Family {
        name: "xilinx",
        title: "AMD UltraScale+",
        lut: "LUT6",
        lut_inputs: 6,
        table_bits_in_luts: 10_240,
        rule: RULE6,
        has_primitives: true,
        synth: "synth_xilinx -flatten -family xcup -nowidelut -noiopad -noclkbuf",
        lut_cells: &[
            ("LUT6_2", 1),
            ("LUT1", 1),
            ("LUT2", 1),
            ("LUT3", 1),
            ("LUT4", 1),
            ("LUT5", 1),
            ("LUT6", 1),
            ("SRL16E", 1),
            ("SRLC32E", 1),
        ],
        flip_flops: &["FD"],
        carries: &["CARRY4", "CARRY8"],
        route: None,
    },
    Family {
        name: "ice40",
        title: "Lattice iCE40",
        lut: "LUT4",
        lut_inputs: 4,
        table_bits_in_luts: 2048,
        rule: RULE4,
        has_primitives: false,
        synth: "synth_ice40",
        lut_cells: &[("SB_LUT4", 1)],
        flip_flops: &["SB_DFF"],
        carries: &["SB_CARRY"],
        route: Some(Route {
            program: Program { name: "nextpnr-ice40", package: "nextpnr-ice40", version_argument: "-V" },
            device: "iCE40 HX8K, ct256",
            arguments: &["--hx8k", "--package", "ct256", "--pcf-allow-unconstrained"],
            cell: "ICESTORM_LC",
        }),
    },
    Family {
        name: "ecp5",
        title: "Lattice ECP5",
        lut: "LUT4",
        lut_inputs: 4,
        table_bits_in_luts: 2048,
        rule: RULE4,
        has_primitives: false,
        synth: "synth_ecp5",
        // A CCU2C takes both lookup tables of its half slice.
        lut_cells: &[("LUT4", 1), ("CCU2C", 2)],
        flip_flops: &["TRELLIS_FF"],
        carries: &["CCU2C"],
        route: Some(Route {
            program: Program { name: "nextpnr-ecp5", package: "nextpnr-ecp5", version_argument: "-V" },
            device: "ECP5 LFE5U-85F-6, CABGA756",
            arguments: &["--85k", "--package", "CABGA756", "--speed", "6", "--lpf-allow-unconstrained"],
            cell: "TRELLIS_COMB",
        }),
    },
];

/// The family of this name.
pub fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}
