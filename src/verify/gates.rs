//! The emitted Verilog after synthesis: what yosys makes of it for an FPGA family, simulated with
//! the family's cell models.

use std::path::PathBuf;

use crate::emit::EmitOptions;

use super::bench::{Bubbles, ICARUS, has_plain_ports, simulate};
use super::checker::{CheckRequest, CheckRun, Checker, write_scratch};
use super::formal::TABLES;
use super::{Program, Run, ToolError};

/// One family.
#[derive(Debug)]
pub(super) struct Gates {
    name: &'static str,
    description: &'static str,
    /// yosys' synthesis command.
    synthesis: &'static str,
    /// The folder of its cell models under yosys' data.
    models: &'static str,
    /// What Icarus needs to read the models.
    options: &'static [&'static str],
    /// Whether AMD's primitives are cells of the family.
    has_primitives: bool,
}

static PROGRAMS: [Program; 3] =
    [Program { name: "yosys", package: "yosys", version_argument: "-V" }, ICARUS[0], ICARUS[1]];

/// AMD UltraScale+.
pub(super) static XILINX: Gates = Gates {
    name: "gates-xilinx",
    description: "synthesizes the Verilog by yosys for AMD UltraScale+ and simulates the gates in Icarus Verilog",
    synthesis: "synth_xilinx -flatten -family xcup -noiopad -noclkbuf",
    models: "xilinx",
    options: &[],
    has_primitives: true,
};

/// Lattice iCE40.
pub(super) static ICE40: Gates = Gates {
    name: "gates-ice40",
    description: "synthesizes the Verilog by yosys for Lattice iCE40 and simulates the gates in Icarus Verilog",
    synthesis: "synth_ice40",
    models: "ice40",
    // Default values of ports are SystemVerilog that Icarus does not read.
    options: &["-DNO_ICE40_DEFAULT_ASSIGNMENTS"],
    has_primitives: false,
};

/// Lattice ECP5.
pub(super) static ECP5: Gates = Gates {
    name: "gates-ecp5",
    description: "synthesizes the Verilog by yosys for Lattice ECP5 and simulates the gates in Icarus Verilog",
    synthesis: "synth_ecp5",
    models: "ecp5",
    options: &[],
    has_primitives: false,
};

impl Gates {
    /// The cell models that came with yosys.
    fn models(&self) -> Result<PathBuf, ToolError> {
        let yosys = PROGRAMS[0].require(self.name)?;
        let beside = std::fs::canonicalize(&yosys).unwrap_or(yosys.clone());
        // Installations put their data next to the program, or a package manager puts both under
        // one prefix.
        let prefixes = [beside.parent(), yosys.parent()].into_iter().flatten().filter_map(std::path::Path::parent);
        let folders: Vec<PathBuf> = prefixes.map(|prefix| prefix.join("share/yosys").join(self.models)).collect();
        folders.iter().find(|folder| folder.join("cells_sim.v").is_file()).cloned().ok_or_else(|| ToolError::Scratch {
            path: folders.first().cloned().unwrap_or_default().join("cells_sim.v"),
            source: std::io::ErrorKind::NotFound.into(),
        })
    }
}

impl Checker for Gates {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn target(&self) -> &'static str {
        "verilog"
    }

    fn by_default(&self) -> bool {
        false
    }

    fn programs(&self) -> &'static [Program] {
        &PROGRAMS
    }

    fn accepts(&self, options: &EmitOptions) -> Result<(), &'static str> {
        has_plain_ports(options)
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let yosys = PROGRAMS[0].require(self.name)?;
        let models = self.models()?;
        let top = request.identifier;
        let mut sources = request.design_sources();
        let models_of_primitives = request.primitive_models();
        write_scratch(request.folder, "tables.techmap.v", TABLES.as_bytes())?;
        let mut library = "";
        if self.has_primitives && !models_of_primitives.is_empty() {
            // They are for simulators: this family's synthesis has the cells themselves. For another family
            // they are what its own cells are made from.
            sources.retain(|source| !models_of_primitives.iter().any(|(name, _)| name == source));
            library = "read_verilog -lib +/xilinx/cells_sim.v; ";
        }
        let script = format!(
            "{library}read_verilog {} {}; hierarchy -check -top {top}; proc; flatten; \
             techmap -map tables.techmap.v; {} -top {top}; write_verilog -noattr gates.v",
            request.verilog_flag(),
            sources.join(" "),
            self.synthesis
        );
        Run::new(&yosys, request.folder, request.limit).arguments(["-q", "-p", &script]).run()?;
        let (cells, include) = (models.join("cells_sim.v"), models.display().to_string());
        let cells = cells.display().to_string();
        let options: Vec<&str> = self.options.iter().copied().chain(["-I", &include]).collect();
        let (bubbles, outputs) = (Bubbles::of_hardware(request), request.outputs(self.target()));
        let answers = simulate(request, &bubbles, outputs, self.name, &options, &["gates.v", &cells])?;
        Ok(CheckRun { answers, complaint: None })
    }
}
