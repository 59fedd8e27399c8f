//! What a design costs and where.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::lower::flatten;
use crate::netlist::{Design, DesignHead, Netlist, NetlistStats, Schedule, Section, lut6_cost, pair_tables};
use crate::passes::{PassError, Pipeline};

/// Six-input LUTs of a design by part, and the sizes that explain them.
///
/// Counted on the whole design as one netlist of tables, optimized at level 1: what an FPGA
/// takes when synthesis does no better than this program. No carry chains, and a LUT for each table;
/// but for a design that [has slices](Design::slices) two tables of one LUT count once, and counting
/// costs the LUTs beside its carry chains.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DesignReport {
    /// Name of the design.
    pub name: String,
    /// LUTs of the comparators and of what combines them to encoded bits.
    pub encoder: usize,
    /// LUTs of each trained layer, the first layer first.
    pub layers: Vec<usize>,
    /// LUTs of popcounts and argmax.
    pub head: usize,
    /// LUTs of all parts.
    pub total: usize,
    /// Whether two tables of one LUT and the positions of carry chains are counted as such.
    pub slices: bool,
    /// Comparators, one per different threshold of a feature that is used.
    pub comparators: usize,
    /// Features that some comparator reads.
    pub features_used: usize,
    /// Features on the input bus.
    pub features: usize,
    /// Levels from the input to the last output, an adder or a comparison counting as one.
    pub depth: u32,
    /// Levels when adders and comparisons are made of tables too.
    pub lut_depth: u32,
}

impl DesignReport {
    /// Counts `design`, which must be valid; it is not changed.
    ///
    /// # Errors
    /// [`PassError`] when a pass broke the netlist.
    pub fn new(design: &Design) -> Result<Self, PassError> {
        Ok(Self::with_netlist(design)?.0)
    }

    /// The same, with the netlist that was counted.
    ///
    /// # Errors
    /// [`PassError`] when a pass broke the netlist.
    pub fn with_netlist(design: &Design) -> Result<(Self, Netlist), PassError> {
        let mut flat = flatten(design);
        let layers = layer_count(&flat);
        let pipeline = Pipeline::level("1")?;
        pipeline.run(&mut flat)?;
        let mut printed = printed_tables(design);
        if let Some(printed) = &mut printed {
            pipeline.run(printed)?;
        }
        Ok((Self::count(design, &flat, printed.as_ref(), layers), flat))
    }

    /// Counts `design` as it stands, nothing optimized: one table per node, every comparator.
    /// Tables of more than six inputs count as [`lut6_cost`](crate::netlist::lut6_cost) says.
    pub fn unoptimized(design: &Design) -> (Self, Netlist) {
        let flat = flatten(design);
        let layers = layer_count(&flat);
        (Self::count(design, &flat, printed_tables(design).as_ref(), layers), flat)
    }

    fn count(design: &Design, flat: &Netlist, printed: Option<&Netlist>, layers: u32) -> Self {
        let stats = NetlistStats::new(flat);
        let slices = Slices(printed.map(|printed| slices(design, printed)));
        let lut6 = |section| slices.count(section).unwrap_or_else(|| stats.lut6(|other| other == section));
        let (encoder, head) = (lut6(Section::Encoder), lut6(Section::Head));
        let layers: Vec<usize> = (0..layers).map(|layer| lut6(Section::Layer(layer))).collect();
        let mut features: Vec<u32> = design.comparators.iter().map(|comparator| comparator.feature).collect();
        features.sort_unstable();
        features.dedup();
        Self {
            name: design.name.clone(),
            encoder,
            total: encoder + layers.iter().sum::<usize>() + head,
            slices: slices.0.is_some(),
            layers,
            head,
            comparators: design.comparators.len(),
            features_used: features.len(),
            features: design.input.features,
            depth: design.depth(),
            lut_depth: stats.depth,
        }
    }

    /// LUTs of all trained layers.
    pub fn core(&self) -> usize {
        self.layers.iter().sum()
    }
}

/// LUTs by part where a LUT may hold two tables and has a position of a carry chain beside it.
struct Slices(Option<BTreeMap<Section, usize>>);

/// The comparators and tables of a design for slices without what stands behind them, which is no netlist there.
fn printed_tables(design: &Design) -> Option<Netlist> {
    design.slices.then(|| flatten(&Design { head: DesignHead::Bits, ..design.clone() }))
}

fn slices(design: &Design, printed: &Netlist) -> BTreeMap<Section, usize> {
    let schedule = Schedule::new(printed);
    let partners = pair_tables(printed, &schedule, |_| true, |_| 0);
    let mut parts: BTreeMap<Section, usize> = BTreeMap::new();
    for node in printed.node_ids() {
        // A pair counts where its first table does.
        let first = partners[node.index()].is_none_or(|partner| node < partner);
        if let (Some(table), true) = (printed.table(node), first) {
            *parts.entry(printed.section(node)).or_default() += lut6_cost(table.inputs());
        }
    }
    if let DesignHead::Classes(head) = &design.head {
        let (circuits, which) = head.popcounts();
        let counted: usize = which.iter().map(|&circuit| circuits[circuit].chain_positions()).sum();
        let searched = head.argmax_chains().map_or(0, |chains| chains.luts());
        // Tables of the head in front of the counters are none that a layer has.
        *parts.entry(Section::Head).or_default() += counted + searched;
    }
    parts
}

impl Slices {
    fn count(&self, section: Section) -> Option<usize> {
        self.0.as_ref().map(|parts| parts.get(&section).copied().unwrap_or(0))
    }
}

/// Layers of the network, those of which nothing remains after optimization included.
fn layer_count(netlist: &Netlist) -> u32 {
    let layer = |id| match netlist.section(id) {
        Section::Layer(layer) => layer + 1,
        Section::Encoder | Section::Head => 0,
    };
    netlist.node_ids().map(layer).max().unwrap_or(0)
}

impl fmt::Display for DesignReport {
    /// The table of the parts, then one line each on the encoder and the depth.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers: Vec<String> = (0..self.layers.len()).map(|layer| format!("  layer {layer}")).collect();
        let label = layers.iter().map(String::len).max().unwrap_or(0).max("encoder".len());
        let count = self.total.to_string().len().max("LUT6".len()) + 2;
        let part = |f: &mut fmt::Formatter<'_>, name: &str, luts: usize| {
            let share = (100 * luts + self.total / 2).checked_div(self.total).unwrap_or(0);
            writeln!(f, "{name:label$}{luts:>count$}{share:>6} %")
        };
        writeln!(f, "{:label$}{:>count$}   share", "", "LUT6")?;
        part(f, "encoder", self.encoder)?;
        part(f, "core", self.core())?;
        for (name, luts) in layers.iter().zip(&self.layers) {
            writeln!(f, "{name:label$}{luts:>count$}")?;
        }
        part(f, "head", self.head)?;
        writeln!(f, "{:label$}{:>count$}", "total", self.total)?;
        writeln!(f, "comparators: {}, on {} of {} features", self.comparators, self.features_used, self.features)?;
        write!(f, "depth: {} levels, {} without carry chains", self.depth, self.lut_depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::lower::lower;
    use crate::passes::{find_difference, optimize};

    #[test]
    fn the_table_is_aligned_and_its_parts_add_up() {
        let report = DesignReport {
            name: "mnist".to_owned(),
            encoder: 123,
            layers: vec![300, 100],
            head: 86,
            total: 609,
            slices: false,
            comparators: 60,
            features_used: 41,
            features: 784,
            depth: 9,
            lut_depth: 17,
        };
        let expected = "
           LUT6   share
encoder     123    20 %
core        400    66 %
  layer 0   300
  layer 1   100
head         86    14 %
total       609
comparators: 60, on 41 of 784 features
depth: 9 levels, 17 without carry chains";
        assert_eq!(report.to_string(), expected[1..]);
    }

    #[test]
    fn optimization_preserves_the_flat_netlist_and_the_report_counts_it() {
        for seed in 0..10 {
            let mut design = lower(&random_network(seed, &NetworkShape::small()));
            let untouched = flatten(&design);
            let before = DesignReport::new(&design).unwrap();
            optimize(&mut design, &Pipeline::level("1").unwrap().check_function(true)).unwrap();
            design.validate().unwrap();
            let mut flat = flatten(&design);
            assert_eq!(find_difference(&untouched, &flat), None);
            Pipeline::level("1").unwrap().check_function(true).run(&mut flat).unwrap();
            assert_eq!(find_difference(&untouched, &flat), None);
            let report = DesignReport::new(&design).unwrap();
            assert_eq!(report.total, NetlistStats::new(&flat).lut6(|_| true));
            assert_eq!(report.total, report.encoder + report.core() + report.head);
            // The flat netlist is optimized in any case, the comparators are not.
            assert_eq!((report.total, &report.layers), (before.total, &before.layers));
            assert!(report.comparators <= before.comparators);
        }
    }

    #[test]
    fn pairs_and_carry_chains_take_fewer_luts() {
        let shape = NetworkShape { layers: vec![(3, 40), (3, 60)], ..NetworkShape::small() };
        let mut design = lower(&random_network(7, &shape));
        let tables = DesignReport::new(&design).unwrap();
        design.use_slices();
        let slices = DesignReport::new(&design).unwrap();
        assert_eq!(slices.total, slices.encoder + slices.core() + slices.head);
        assert!(slices.core() < tables.core() && slices.head < tables.head, "{slices}\n{tables}");
        assert!(slices.slices && !tables.slices);
        assert_eq!((slices.depth, slices.comparators), (design.depth(), tables.comparators));
    }

    #[test]
    fn it_serializes_under_its_field_names() {
        let report = DesignReport::new(&lower(&random_network(1, &NetworkShape::small()))).unwrap();
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["layers"].as_array().map(Vec::len), Some(2));
        assert_eq!(json["total"], report.total);
    }
}
