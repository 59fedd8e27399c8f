//! Tables of three inputs as two of two inputs, where LUTs have two outputs.
//!
//! Two tables of three different inputs each are one input too many for a LUT of two outputs. Of three such
//! tables one is taken apart: each of its halves fits beside one of the others, and three LUTs become two. Where
//! the first halves come too early for that they fit beside each other, and four LUTs become three. Comparators
//! are what there is of such tables: one of six bits of an 8-bit code and another one of the other two.

use std::time::Instant;

use crate::logic::TruthTable;
use crate::netlist::{Design, Netlist, NodeId, Schedule, pair_tables, paired_lut6, validate};

use super::{CoreParts, Difference, MapGoal, PassError, PassReport, Pipeline, Size, find_difference};

/// The name in reports.
const NAME: &str = "split-pairs";

/// Of how many tables one is taken apart: where both halves find another table, where one does, and between.
const GROUPS: [f64; 3] = [3.0, 2.0, 2.5];

/// Takes tables of `design`, which is for LUTs of two outputs, apart where that takes fewer of them. The last
/// step for its core: mapping would put the halves together again.
///
/// # Errors
/// [`PassError`], which only a mistake in this crate causes.
pub fn split_pairs(design: &mut Design, pipeline: &Pipeline) -> Result<Option<PassReport>, PassError> {
    let started = Instant::now();
    let schedule = Schedule::new(&design.core);
    let before = Size::new(&design.core, &schedule);
    let Some(core) = split(&design.core, &schedule, pipeline.goal()) else { return Ok(None) };
    validate(&core).map_err(|source| PassError::BrokenBy { pass: NAME, source })?;
    if pipeline.checks_function()
        && let Some(Difference { output, sample }) = find_difference(&design.core, &core)
    {
        return Err(PassError::Changed { pass: NAME, output, sample });
    }
    let schedule = Schedule::new(&core);
    let report = PassReport {
        pass: NAME,
        round: 1,
        before,
        after: Size::new(&core, &schedule),
        parts: CoreParts::with_schedule(&core, &schedule),
        elapsed: started.elapsed(),
    };
    design.core = core;
    Ok(Some(report))
}

/// The netlist with some tables in halves, if that takes fewer LUTs.
fn split(netlist: &Netlist, schedule: &Schedule, goal: MapGoal) -> Option<Netlist> {
    let live = schedule.live(netlist);
    let partners = pair_tables(netlist, schedule, |node| live[node.index()], |_| 0);
    let mut alone: Vec<(NodeId, Halves)> = netlist
        .node_ids()
        .filter(|&node| live[node.index()] && partners[node.index()].is_none())
        .filter_map(|node| Some((node, Halves::new(netlist.table(node)?, schedule.fan_ins(node), schedule)?)))
        .collect();
    // Those first that delay nobody.
    let slack = slack(netlist, schedule);
    alone.sort_by_key(|(node, halves)| (halves.adds > slack[node.index()], *node));
    let idle = alone.iter().filter(|(node, halves)| halves.adds <= slack[node.index()]).count();
    let mut best = None;
    let mut fewest = paired_lut6(netlist);
    let counts = [idle, alone.len()].map(|all| GROUPS.map(|group| (all as f64 / group) as usize));
    for count in counts.into_iter().flatten() {
        let built = build(netlist, schedule, &alone[..count]);
        let luts = paired_lut6(&built);
        let deeper = goal == MapGoal::Depth && built.depth() > netlist.depth();
        if luts < fewest && !deeper {
            (fewest, best) = (luts, Some(built));
        }
    }
    best
}

/// How many levels later each node may come without a deeper netlist.
fn slack(netlist: &Netlist, schedule: &Schedule) -> Vec<u32> {
    let last = schedule.depth(netlist);
    let mut latest = vec![last; netlist.nodes()];
    for node in netlist.node_ids().rev() {
        let own = latest[node.index()];
        for fan_in in schedule.fan_ins(node) {
            let fan_in = &mut latest[fan_in.index()];
            *fan_in = (*fan_in).min(own.saturating_sub(1));
        }
    }
    netlist.node_ids().map(|node| latest[node.index()].saturating_sub(schedule.level(node))).collect()
}

/// `outer(inner(a, b), c)`.
struct Halves {
    inner: TruthTable,
    outer: TruthTable,
    /// `a`, `b` and `c`, pins of the table.
    pins: [usize; 3],
    /// How many levels later the value is there.
    adds: u32,
}

impl Halves {
    /// The halves of a table of three inputs, of those that it has the ones that wait for their latest input last.
    fn new(table: &TruthTable, fan_ins: &[NodeId], schedule: &Schedule) -> Option<Self> {
        let &[x, y, z] = fan_ins else { return None };
        if x == y || y == z || x == z {
            return None;
        }
        let mut choices = [[1, 2, 0], [0, 2, 1], [0, 1, 2]];
        choices.sort_by_key(|&[_, _, c]| std::cmp::Reverse((schedule.level(fan_ins[c]), c)));
        choices.into_iter().find_map(|pins @ [a, b, c]| {
            let row = |inner: usize, outer: usize| (inner & 1) << a | (inner >> 1) << b | outer << c;
            // What the table is in c for each value of the others.
            let column = |inner: usize| [0, 1].map(|outer| table.row(row(inner, outer)));
            let first = column(0);
            let other = (1..4).map(column).find(|&column| column != first)?;
            if (1..4).any(|inner| column(inner) != first && column(inner) != other) {
                return None;
            }
            let inner = TruthTable::from_fn(2, |row| column(row) == other);
            let outer = TruthTable::from_fn(2, |row| if row & 1 == 1 { other[row >> 1] } else { first[row >> 1] });
            let depends = inner.support().len() == 2 && outer.support().len() == 2;
            let level = |pin: usize| schedule.level(fan_ins[pin]);
            let adds = (level(a).max(level(b)) + 2).max(level(c) + 1) - (level(a).max(level(b)).max(level(c)) + 1);
            depends.then_some(Self { inner, outer, pins, adds })
        })
    }
}

/// The netlist with these tables in halves.
fn build(netlist: &Netlist, schedule: &Schedule, halves: &[(NodeId, Halves)]) -> Netlist {
    let mut chosen: Vec<Option<&Halves>> = vec![None; netlist.nodes()];
    halves.iter().for_each(|(node, halves)| chosen[node.index()] = Some(halves));
    let mut new = Netlist::with_capacity(netlist.nodes() + halves.len(), netlist.pins() + halves.len());
    let mut map: Vec<NodeId> = Vec::with_capacity(netlist.nodes());
    for id in netlist.node_ids() {
        let section = netlist.section(id);
        let fan_ins: Vec<NodeId> = schedule.fan_ins(id).iter().map(|fan_in| map[fan_in.index()]).collect();
        map.push(match (netlist.table(id), chosen[id.index()]) {
            (None, _) => new.add_input(section),
            (Some(table), None) => new.add_lut(table, &fan_ins, section),
            (Some(_), Some(Halves { inner, outer, pins: [a, b, c], .. })) => {
                let inner = new.add_lut(inner, &[fan_ins[*a], fan_ins[*b]], section);
                new.add_lut(outer, &[inner, fan_ins[*c]], section)
            }
        });
    }
    netlist.outputs().iter().for_each(|output| new.add_output(map[output.index()]));
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlist::Section;
    use crate::netlist::arbitrary::netlists_of;
    use proptest::prelude::*;

    #[test]
    fn three_tables_of_three_inputs_share_two_luts() {
        let mut netlist = Netlist::new();
        let x: Vec<NodeId> = (0..18).map(|_| netlist.add_input(Section::Encoder)).collect();
        let less = TruthTable::from_fn(3, |row| row >= 5);
        let low: Vec<NodeId> = x[..9].chunks(3).map(|bits| netlist.add_lut(&less, bits, Section::Encoder)).collect();
        for (low, bits) in low.iter().zip(x[9..].chunks(3)) {
            let node = netlist.add_lut(
                &TruthTable::from_fn(5, |row| row % 7 < 3),
                &[*low, bits[0], bits[1], bits[2], x[0]],
                Section::Encoder,
            );
            netlist.add_output(node);
        }
        assert_eq!(paired_lut6(&netlist), 6);
        let schedule = Schedule::new(&netlist);
        let new = split(&netlist, &schedule, MapGoal::Area).unwrap();
        assert_eq!((paired_lut6(&new), find_difference(&netlist, &new)), (5, None));
        assert!(new.depth() > netlist.depth() && split(&netlist, &schedule, MapGoal::Depth).is_none());
    }

    #[test]
    fn halves_of_tables_with_a_late_input_make_nothing_deeper() {
        let mut netlist = Netlist::new();
        let x: Vec<NodeId> = (0..32).map(|_| netlist.add_input(Section::Encoder)).collect();
        for bits in x.chunks(8) {
            let low = netlist.add_lut(&TruthTable::from_fn(6, |row| row >= 37), &bits[..6], Section::Encoder);
            let high = TruthTable::from_fn(3, |row| row == 7);
            let node = netlist.add_lut(&high, &[low, bits[6], bits[7]], Section::Encoder);
            netlist.add_output(node);
        }
        assert_eq!(paired_lut6(&netlist), 8);
        let new = split(&netlist, &Schedule::new(&netlist), MapGoal::Depth).unwrap();
        assert_eq!((paired_lut6(&new), new.depth(), find_difference(&netlist, &new)), (7, 2, None));
    }

    #[test]
    fn parities_have_halves_and_majorities_have_none() {
        let netlist = Netlist::new();
        let schedule = Schedule::new(&netlist);
        let halves = |f: fn(usize) -> bool| {
            let mut netlist = Netlist::new();
            let x: Vec<NodeId> = (0..3).map(|_| netlist.add_input(Section::Encoder)).collect();
            Halves::new(&TruthTable::from_fn(3, f), &x, &Schedule::new(&netlist)).is_some()
        };
        assert!(halves(|row| row.count_ones() % 2 == 1) && halves(|row| row >= 3));
        assert!(!halves(|row| row.count_ones() >= 2));
        assert!(split(&netlist, &schedule, MapGoal::Area).is_none());
    }

    proptest! {
        #[test]
        fn halves_keep_every_function_and_take_fewer_luts(netlist in netlists_of(6..=20, 10..=80)) {
            let schedule = Schedule::new(&netlist);
            if let Some(new) = split(&netlist, &schedule, MapGoal::Area) {
                validate(&new).unwrap();
                prop_assert_eq!(find_difference(&netlist, &new), None);
                prop_assert!(paired_lut6(&new) < paired_lut6(&netlist));
            }
        }
    }
}
