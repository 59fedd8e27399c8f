//! yosys: how many cells of which kind.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::verify::{Program, RunOutput, ToolError};

use super::{Family, read_json, run_yosys};

pub(super) static YOSYS: Program = Program { name: "yosys", package: "yosys", version_argument: "-V" };

/// The cells of a synthesized design: encoder, core and head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cells {
    /// Lookup tables of the family.
    pub luts: usize,
    /// Flip-flops.
    pub flip_flops: usize,
    /// Cells of carry chains.
    pub carries: usize,
    /// Every kind of cell by its name in yosys.
    pub by_type: BTreeMap<String, usize>,
}

impl Cells {
    fn new(by_type: BTreeMap<String, usize>, family: &Family) -> Self {
        let of = |name: &str| by_type.get(name).copied().unwrap_or(0);
        let flip_flop = |name: &String| family.flip_flops.iter().any(|start| name.starts_with(start));
        Self {
            luts: family.lut_cells.iter().map(|(name, luts)| luts * of(name)).sum(),
            flip_flops: by_type.iter().filter(|(name, _)| flip_flop(name)).map(|(_, count)| count).sum(),
            carries: family.carries.iter().map(|name| of(name)).sum(),
            by_type,
        }
    }
}

/// Synthesizes `design.v` and writes the result to `mapped.v`; with the primitives of the family
/// or with models of them that may be optimized.
pub(super) fn synthesize(
    yosys: &Path,
    folder: &Path,
    top: &str,
    family: &Family,
    primitives: bool,
    limit: Duration,
) -> Result<Cells, ToolError> {
    let read = if primitives && family.has_primitives {
        "read_verilog design.v\n".to_owned()
    } else {
        // Flattened first, so that the models are gone before the family brings its own cells of
        // the same names.
        format!(
            "read_verilog -icells primitives.v\n\
             read_verilog design.v\n\
             hierarchy -check -top {top}\n\
             proc\n\
             flatten\n\
             hierarchy -top {top}\n"
        )
    };
    let script =
        format!("{read}{} -top {top}\ntee -q -o stat.json stat -json\nwrite_verilog -noattr mapped.v\n", family.synth);
    run_yosys(yosys, folder, ["yosys.ys", "yosys.log"], &script, limit)?;
    let report = read_json(folder, "stat.json", YOSYS.name)?;
    let cells = report.get("design").and_then(|design| design.get("num_cells_by_type"));
    let Some(serde_json::Value::Object(cells)) = cells else {
        let text = report.to_string();
        return Err(RunOutput { text }.garbage(YOSYS.name, "`stat.json` has no `design.num_cells_by_type`"));
    };
    let count = |value: &serde_json::Value| value.as_u64().unwrap_or(0) as usize;
    Ok(Cells::new(cells.iter().map(|(name, value)| (name.clone(), count(value))).collect(), family))
}

#[cfg(test)]
mod tests {
    use super::super::family;
    use super::*;

    #[test]
    fn cells_are_counted_as_the_family_says() {
        let cells = |names: &[(&str, usize)]| names.iter().map(|&(name, count)| (name.to_owned(), count)).collect();
        let xilinx = Cells::new(
            cells(&[("LUT2", 3), ("LUT6", 4), ("FDRE", 5), ("CARRY8", 2), ("INV", 1)]),
            family("xilinx").unwrap(),
        );
        assert_eq!((xilinx.luts, xilinx.flip_flops, xilinx.carries), (7, 5, 2));
        let ecp5 =
            Cells::new(cells(&[("LUT4", 10), ("CCU2C", 3), ("PFUMX", 2), ("TRELLIS_FF", 1)]), family("ecp5").unwrap());
        assert_eq!((ecp5.luts, ecp5.flip_flops, ecp5.carries), (16, 1, 3));
    }
}
