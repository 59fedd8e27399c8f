//! LUTs and flip-flops of FPGA families, by rule.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::netlist::{Netlist, Node};

use super::DesignReport;
use super::lut4::Lut4Counter;
use super::synthesis::{FAMILIES, Family};

/// Different tables that are looked at one by one; of more, an even choice stands for all.
const MOST_TABLES: usize = 20_000;

/// What a design takes in a family, by rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Name of the family, as in the measured figures.
    pub family: String,
    /// The lookup table that is counted.
    pub lut: String,
    /// Lookup tables of encoder, core and head.
    pub luts: usize,
    /// Flip-flops: the registers of the pipeline.
    pub flip_flops: usize,
    /// How the figure was found, and how far off it was where it was compared.
    pub rule: String,
}

/// What the rule of six-input LUTs is for a design in slices.
const SLICES: &str = "one LUT6 per table of up to six inputs or two tables that share one, and one per position of a \
                      carry chain.";

/// The estimates for every family. `flat` is the whole design as optimized tables, which `counted`
/// counts.
pub(super) fn estimates(flat: &Netlist, counted: &DesignReport, registers: usize) -> Vec<Estimate> {
    let estimate = |family: &Family| Estimate {
        family: family.name.to_owned(),
        lut: family.lut.to_owned(),
        luts: if family.lut_inputs == 6 { counted.total } else { lut4(flat) },
        flip_flops: registers,
        rule: if counted.slices && family.lut_inputs == 6 { SLICES } else { family.rule }.to_owned(),
    };
    FAMILIES.iter().map(estimate).collect()
}

/// Four-input LUTs of all tables of `netlist`, each by itself.
pub(super) fn lut4(netlist: &Netlist) -> usize {
    let mut readers: FxHashMap<_, usize> = FxHashMap::default();
    let mut tables = Vec::new();
    for id in netlist.node_ids() {
        if let (Node::Lut(number), Some(table)) = (netlist.node(id), netlist.table(id)) {
            let nodes = readers.entry(number).or_default();
            if *nodes == 0 {
                tables.push((number, table));
            }
            *nodes += 1;
        }
    }
    let mut counter = Lut4Counter::default();
    let step = tables.len().div_ceil(MOST_TABLES).max(1);
    let (mut nodes, mut luts, mut all) = (0u128, 0u128, 0u128);
    for (place, (number, table)) in tables.iter().enumerate() {
        let of = readers.get(number).copied().unwrap_or(0) as u128;
        all += of;
        if place % step == 0 {
            nodes += of;
            luts += of * counter.count(table) as u128;
        }
    }
    ((luts * all + nodes / 2) / nodes.max(1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::TruthTable;
    use crate::netlist::Section;

    #[test]
    fn tables_that_many_nodes_share_count_for_each_of_them() {
        let mut netlist = Netlist::new();
        let inputs: Vec<_> = (0..6).map(|_| netlist.add_input(Section::Encoder)).collect();
        let parity = TruthTable::from_fn(5, |row| row.count_ones() % 2 == 1);
        let and = TruthTable::from_fn(2, |row| row == 3);
        netlist.add_lut(&parity, &inputs[..5], Section::Layer(0));
        netlist.add_lut(&parity, &inputs[1..], Section::Layer(0));
        netlist.add_lut(&and, &inputs[..2], Section::Layer(0));
        netlist.add_constant(true, Section::Layer(0));
        assert_eq!(lut4(&netlist), 5);
        let [xilinx, ice40, ecp5] = &estimates(&netlist, &DesignReport { total: 3, ..DesignReport::default() }, 7)[..]
        else {
            panic!()
        };
        assert_eq!((xilinx.luts, ice40.luts, ecp5.luts), (3, 5, 5));
        assert_eq!((ice40.lut.as_str(), ice40.flip_flops), ("LUT4", 7));
    }
}
