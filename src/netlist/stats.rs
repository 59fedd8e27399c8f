//! Counts that reports and the pass manager print.

use std::collections::BTreeMap;

use super::{Netlist, Schedule, Section};

/// Sizes of a netlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetlistStats {
    /// Primary inputs.
    pub inputs: usize,
    /// Primary outputs.
    pub outputs: usize,
    /// Lookup tables, constants not counted.
    pub luts: usize,
    /// Constants that some node or output reads.
    pub constants: usize,
    /// Fan-ins of all tables.
    pub pins: usize,
    /// Lookup tables on the longest path.
    pub depth: u32,
    /// Number of lookup tables by their number of inputs.
    pub by_fan_in: BTreeMap<usize, usize>,
    /// The same per part of the network.
    pub by_section: BTreeMap<Section, SectionStats>,
}

/// Sizes of one part of a netlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SectionStats {
    /// Lookup tables.
    pub luts: usize,
    /// Six-input FPGA LUTs that they take, see [`lut6_cost`].
    pub lut6: usize,
}

/// Six-input LUTs for a table of `inputs` inputs without optimization: one up to six inputs; a
/// Shannon tree of LUT6 leaves and four-to-one multiplexers, each one LUT6, beyond.
pub fn lut6_cost(inputs: usize) -> usize {
    let mut leaves = 1usize << inputs.saturating_sub(6);
    let mut total = usize::from(inputs > 0) * leaves;
    while leaves > 1 {
        leaves = leaves.div_ceil(4);
        total += leaves;
    }
    total
}

impl NetlistStats {
    /// Counts `netlist`.
    pub fn new(netlist: &Netlist) -> Self {
        let schedule = Schedule::new(netlist);
        let mut stats = Self {
            inputs: netlist.inputs().len(),
            outputs: netlist.outputs().len(),
            luts: 0,
            constants: 0,
            pins: netlist.pins(),
            depth: schedule.depth(netlist),
            by_fan_in: BTreeMap::new(),
            by_section: BTreeMap::new(),
        };
        for id in netlist.node_ids() {
            let Some(table) = netlist.table(id) else { continue };
            if table.inputs() == 0 {
                stats.constants += 1;
                continue;
            }
            stats.luts += 1;
            *stats.by_fan_in.entry(table.inputs()).or_default() += 1;
            let section = stats.by_section.entry(netlist.section(id)).or_default();
            section.luts += 1;
            section.lut6 += lut6_cost(table.inputs());
        }
        stats
    }

    /// Six-input FPGA LUTs of all parts for which `of` holds.
    pub fn lut6(&self, of: impl Fn(Section) -> bool) -> usize {
        self.by_section.iter().filter(|(section, _)| of(**section)).map(|(_, stats)| stats.lut6).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::lut6_cost;

    #[test]
    fn wide_tables_cost_leaves_and_multiplexers() {
        assert_eq!([0, 1, 6].map(lut6_cost), [0, 1, 1]);
        // Two leaves and a multiplexer; four and one; sixteen, four and one.
        assert_eq!([7, 8, 10].map(lut6_cost), [3, 5, 21]);
    }
}
