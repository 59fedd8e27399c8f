//! The pass manager: passes to a fixed point, each checked.

use std::time::{Duration, Instant};

use crate::netlist::{Design, Netlist, NodeId, Schedule, validate};

use super::fuse_counts::fuse_counts;
use super::{
    CoreParts, Difference, Facts, LEVELS, Level, MapGoal, PASSES, Pass, PassError, PassOptions, Subject,
    find_difference, find_reachable_difference, prune_inputs,
};

/// Rounds after which a pipeline stops even if passes still find work. Every pass finishes its
/// own work in one run, so each round starts only with what the last one exposed; trained
/// networks settle in two to four.
const MAX_ROUNDS: usize = 20;

/// Passes in the order of a round, and what is checked behind each of them.
#[derive(Clone)]
pub struct Pipeline {
    passes: Vec<&'static dyn Pass>,
    finish: Vec<&'static dyn Pass>,
    max_rounds: usize,
    check: bool,
    options: PassOptions,
    expands_comparators: bool,
    gathers_counts: bool,
}

/// What one run of a pass did. Counted by the pipeline, so that no pass reports its own success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassReport {
    /// Name of the pass.
    pub pass: &'static str,
    /// The round, from 1.
    pub round: usize,
    /// Sizes before.
    pub before: Size,
    /// Sizes after; the same when the pass found nothing to do.
    pub after: Size,
    /// The parts of the netlist after it.
    pub parts: CoreParts,
    /// Time that the pass took, for terminals; never part of an artefact.
    pub elapsed: Duration,
}

/// Sizes of a netlist, the measure that passes reduce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// Tables, constants included.
    pub luts: usize,
    /// Fan-ins of all tables.
    pub pins: usize,
    /// Fan-ins and primary outputs that are driven by a table of one input.
    pub behind_wires: usize,
}

impl Size {
    pub(super) fn new(netlist: &Netlist, schedule: &Schedule) -> Self {
        let wire = |id: &NodeId| netlist.table(*id).is_some_and(|table| table.inputs() == 1);
        let pins = netlist.node_ids().map(|id| schedule.fan_ins(id).iter().filter(|pin| wire(pin)).count());
        let behind_wires = pins.sum::<usize>() + netlist.outputs().iter().filter(|output| wire(output)).count();
        Self { luts: netlist.luts(), pins: netlist.pins(), behind_wires }
    }
}

impl Pipeline {
    /// The given passes in the given order.
    pub fn new(passes: &[&'static dyn Pass]) -> Self {
        let (passes, options) = (passes.to_vec(), PassOptions::default());
        let (finish, max_rounds) = (Vec::new(), MAX_ROUNDS);
        Self { passes, finish, max_rounds, check: false, options, expands_comparators: false, gathers_counts: false }
    }

    /// The pipeline of an optimization level, one of [`LEVELS`].
    ///
    /// # Errors
    /// [`PassError::UnknownLevel`].
    pub fn level(name: &str) -> Result<Self, PassError> {
        match LEVELS.iter().find(|level| level.name == name) {
            Some(level) => {
                let Level { expands_comparators, gathers_counts, .. } = *level;
                let finish = level.finish.to_vec();
                Ok(Self { finish, expands_comparators, gathers_counts, ..Self::new(level.passes) })
            }
            None => {
                let allowed = LEVELS.iter().map(|level| level.name).collect();
                Err(PassError::UnknownLevel { name: name.to_owned(), allowed })
            }
        }
    }

    /// The passes of these names, in this order.
    ///
    /// # Errors
    /// [`PassError::UnknownPass`] for the first name that is none.
    pub fn by_names<S: AsRef<str>>(names: &[S]) -> Result<Self, PassError> {
        let passes: Result<Vec<_>, _> = names.iter().map(|name| named(name.as_ref())).collect();
        Ok(Self::new(&passes?))
    }

    /// Stops after `rounds` rounds.
    #[must_use]
    pub fn max_rounds(mut self, rounds: usize) -> Self {
        self.max_rounds = rounds;
        self
    }

    /// Also compares the netlists before and after every pass by simulation, see
    /// [`find_difference`] and [`find_reachable_difference`].
    #[must_use]
    pub fn check_function(mut self, check: bool) -> Self {
        self.check = check;
        self
    }

    /// Runs the passes with these options.
    #[must_use]
    pub fn options(mut self, options: PassOptions) -> Self {
        self.options = options;
        self
    }

    /// Maps to LUTs of this many inputs, 2 to 6.
    #[must_use]
    pub fn lut_inputs(mut self, inputs: usize) -> Self {
        self.options.lut_inputs = inputs;
        self
    }

    /// What mapping minimizes first.
    pub(super) fn goal(&self) -> MapGoal {
        self.options.goal
    }

    /// Whether every pass is checked by simulation.
    pub(super) fn checks_function(&self) -> bool {
        self.check
    }

    /// Whether hardware is to get its comparators as tables of the core, to be optimized with it.
    pub fn expands_comparators(&self) -> bool {
        self.expands_comparators
    }

    /// Whether hardware whose comparators are tables is to have its counts gathered, see [`gather_counts`].
    pub fn gathers_counts(&self) -> bool {
        self.gathers_counts
    }

    /// Whether there is no pass at all.
    pub fn is_empty(&self) -> bool {
        self.passes.is_empty() && self.finish.is_empty()
    }

    /// Runs rounds of the passes until none finds anything to do, `max_rounds` is reached or a
    /// round leaves the netlist no smaller (so that it ends whatever the passes are). A pass
    /// that found nothing runs again only after another one changed the netlist.
    ///
    /// # Errors
    /// [`PassError`] with the pass at fault; `netlist` is then what it was before that pass.
    pub fn run(&self, netlist: &mut Netlist) -> Result<Vec<PassReport>, PassError> {
        self.run_behind(netlist, None)
    }

    /// The same for a netlist behind comparators.
    ///
    /// # Errors
    /// [`PassError`] with the pass at fault; `netlist` is then what it was before that pass.
    pub fn run_behind(&self, netlist: &mut Netlist, facts: Option<Facts<'_>>) -> Result<Vec<PassReport>, PassError> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let mut run = Run::new(self, netlist, facts);
        run.settle(&self.passes)?;
        while !self.finish.is_empty() && run.round < self.max_rounds {
            let before = run.size;
            run.round += 1;
            run.once(&self.finish, &mut vec![None; self.finish.len()])?;
            if run.size >= before {
                break;
            }
            run.settle(&self.passes)?;
        }
        Ok(run.reports)
    }
}

/// Gathers what the classes of `design` count into partial counts, for hardware over code bits of levels that
/// [do so](Pipeline::gathers_counts); see `fuse_counts.rs`. The last step: no
/// pass behind it knows what the outputs then mean, though each would preserve it.
///
/// # Errors
/// [`PassError`], which only a mistake in this crate causes.
pub fn gather_counts(design: &mut Design, pipeline: &Pipeline) -> Result<Option<PassReport>, PassError> {
    fuse_counts(design, &pipeline.options, pipeline.check)
}

/// A pipeline at work.
struct Run<'a> {
    pipeline: &'a Pipeline,
    netlist: &'a mut Netlist,
    facts: Option<Facts<'a>>,
    schedule: Schedule,
    size: Size,
    /// Counts the changes of the netlist.
    version: usize,
    round: usize,
    reports: Vec<PassReport>,
}

impl<'a> Run<'a> {
    fn new(pipeline: &'a Pipeline, netlist: &'a mut Netlist, facts: Option<Facts<'a>>) -> Self {
        let schedule = Schedule::new(netlist);
        let size = Size::new(netlist, &schedule);
        Self { pipeline, netlist, facts, schedule, size, version: 0, round: 0, reports: Vec::new() }
    }

    /// Rounds until one finds nothing.
    fn settle(&mut self, passes: &[&'static dyn Pass]) -> Result<(), PassError> {
        let mut settled = vec![None; passes.len()];
        while self.round < self.pipeline.max_rounds && !passes.is_empty() {
            let at_start = self.size;
            self.round += 1;
            self.once(passes, &mut settled)?;
            if self.size >= at_start {
                break;
            }
        }
        Ok(())
    }

    /// Every pass once, but for those that found nothing in this version of the netlist.
    fn once(&mut self, passes: &[&'static dyn Pass], settled: &mut [Option<usize>]) -> Result<(), PassError> {
        for (pass, settled) in passes.iter().zip(settled) {
            if *settled == Some(self.version) {
                continue;
            }
            let start = Instant::now();
            let (schedule, options) = (&self.schedule, &self.pipeline.options);
            let result = pass.run(&Subject { netlist: self.netlist, schedule, facts: self.facts, options });
            let elapsed = start.elapsed();
            let before = self.size;
            match result {
                None => *settled = Some(self.version),
                Some(result) => {
                    self.check(*pass, &result)?;
                    *self.netlist = result;
                    self.schedule = Schedule::new(self.netlist);
                    self.size = Size::new(self.netlist, &self.schedule);
                    self.version += 1;
                }
            }
            let parts = CoreParts::with_schedule(self.netlist, &self.schedule);
            let (round, after) = (self.round, self.size);
            self.reports.push(PassReport { pass: pass.name(), round, before, after, parts, elapsed });
        }
        Ok(())
    }

    fn check(&self, pass: &dyn Pass, after: &Netlist) -> Result<(), PassError> {
        let (pass, before) = (pass.name(), &*self.netlist);
        validate(after).map_err(|source| PassError::BrokenBy { pass, source })?;
        let interface = |netlist: &Netlist| (netlist.inputs().len(), netlist.outputs().len());
        if interface(before) != interface(after) {
            return Err(PassError::Interface { pass, before: interface(before), after: interface(after) });
        }
        let find = || match self.facts {
            Some(facts) => find_reachable_difference(before, after, facts),
            None => find_difference(before, after),
        };
        match self.pipeline.check.then(find).flatten() {
            Some(Difference { output, sample }) => Err(PassError::Changed { pass, output, sample }),
            None => Ok(()),
        }
    }
}

/// Optimizes the core of `design` and removes the comparators that nothing reads afterwards.
///
/// An empty pipeline (level 0) leaves the design as it is.
///
/// # Errors
/// [`PassError`] with the pass at fault.
pub fn optimize(design: &mut Design, pipeline: &Pipeline) -> Result<Vec<PassReport>, PassError> {
    let facts = Facts { input: &design.input, comparators: &design.comparators };
    let reports = pipeline.run_behind(&mut design.core, Some(facts))?;
    if !pipeline.is_empty() {
        prune_inputs(design);
    }
    Ok(reports)
}

fn named(name: &str) -> Result<&'static dyn Pass, PassError> {
    super::pass(name).ok_or_else(|| {
        let allowed: Vec<&'static str> = PASSES.iter().map(|pass| pass.name()).collect();
        let similarity = |allowed: &str| strsim::jaro_winkler(name, allowed);
        let nearest = allowed.iter().copied().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
        // The same bar as for names in files: above it lie slips of the keyboard.
        let nearest = nearest.filter(|nearest| similarity(nearest) > 0.8);
        PassError::UnknownPass { name: name.to_owned(), nearest, allowed }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, print};
    use super::*;
    use crate::logic::TruthTable;
    use crate::netlist::arbitrary::{netlists, netlists_of, with_stray_output};
    use crate::netlist::{Section, ValidateError};
    use proptest::prelude::*;

    /// A pass made wrong on purpose, or one that never stops.
    enum Planted {
        /// Adds a primary output that is no node.
        Breaks,
        /// Drops the first primary output.
        LosesOutput,
        /// Complements the first primary output.
        Complements,
        /// Drives the first primary output by a buffer.
        AddsBuffers,
    }

    impl Pass for Planted {
        fn name(&self) -> &'static str {
            "planted"
        }

        fn description(&self) -> &'static str {
            "A mistake"
        }

        fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
            let outputs = subject.netlist.outputs().to_vec();
            let mut new = subject.netlist.clone();
            let first = match self {
                Self::Breaks => return Some(with_stray_output(new)),
                Self::LosesOutput => return Some(with_outputs(new, &outputs[1..])),
                Self::Complements => new.add_lut(&TruthTable::inverter(), &outputs[..1], Section::Head),
                Self::AddsBuffers => new.add_lut(&TruthTable::buffer(), &outputs[..1], Section::Head),
            };
            Some(with_outputs(new, &[&[first], &outputs[1..]].concat()))
        }
    }

    fn with_outputs(netlist: Netlist, outputs: &[NodeId]) -> Netlist {
        let mut new = Netlist::new();
        for id in netlist.node_ids() {
            match netlist.table(id) {
                None => new.add_input(netlist.section(id)),
                Some(table) => new.add_lut(table, &netlist.fan_ins(id), netlist.section(id)),
            };
        }
        outputs.iter().for_each(|&output| new.add_output(output));
        new
    }

    const SMALL: &str = "a b | n = 8(a, b) | y = n a";

    #[test]
    fn a_pass_that_changes_a_function_is_named_with_the_output_and_the_inputs() {
        let mut netlist = parse(SMALL);
        let pipeline = Pipeline::new(&[&Planted::Complements]).check_function(true);
        let error = pipeline.run(&mut netlist).unwrap_err();
        assert_eq!(error, PassError::Changed { pass: "planted", output: 0, sample: vec![false, false] });
        assert_eq!(print(&netlist), print(&parse(SMALL)), "the netlist is what it was before the pass");
    }

    #[test]
    fn a_pass_that_returns_no_netlist_is_named_with_the_broken_rule() {
        let error = Pipeline::new(&[&Planted::Breaks]).run(&mut parse(SMALL)).unwrap_err();
        let source = ValidateError::Output { output: 2, node: 3, nodes: 3 };
        assert_eq!(error, PassError::BrokenBy { pass: "planted", source });
    }

    #[test]
    fn a_pass_that_loses_an_output_is_named_without_being_asked_for() {
        let error = Pipeline::new(&[&Planted::LosesOutput]).run(&mut parse(SMALL)).unwrap_err();
        assert_eq!(error, PassError::Interface { pass: "planted", before: (2, 2), after: (2, 1) });
    }

    #[test]
    fn a_pass_that_never_settles_ends_after_a_round() {
        let reports = Pipeline::new(&[&Planted::AddsBuffers]).run(&mut parse(SMALL)).unwrap();
        assert_eq!(reports.len(), 1);
        assert_eq!((reports[0].before.luts, reports[0].after.luts), (1, 2));
    }

    #[test]
    fn level_one_needs_all_its_passes_together() {
        // n is and(a, b) behind a known pin, m the same behind an inverter and in another order;
        // k, their exclusive or, is zero; what remains of z is a.
        let text =
            "a b | one = 1() | n = 80(a, one, b) | i = 1(b) | m = 2(a, i) | k = 6(m, n) | z = d8(k, b, a) | y = z";
        let mut netlist = parse(text);
        let reports = Pipeline::level("1").unwrap().check_function(true).run(&mut netlist).unwrap();
        assert_eq!(print(&netlist), print(&parse("a b | y = a")));
        assert_eq!(reports[0].pass, "constants");
        assert_eq!(reports[0].before, Size { luts: 6, pins: 11, behind_wires: 1 });
        assert_eq!(reports.last().unwrap().after, Size { luts: 0, pins: 0, behind_wires: 0 });
    }

    #[test]
    fn the_number_of_rounds_is_limited() {
        let mut netlist = parse("a b | n = a0(a, a, b) | m = 8(n, a) | k = 8(m, b) | y = k");
        let reports = Pipeline::level("2").unwrap().max_rounds(1).run(&mut netlist).unwrap();
        assert!(reports.iter().all(|report| report.round == 1));
        assert_eq!(Pipeline::level("2").unwrap().max_rounds(0).run(&mut netlist), Ok(vec![]));
    }

    #[test]
    fn level_zero_does_nothing() {
        let mut netlist = parse("a | n = 2(a) | y = n");
        assert_eq!(Pipeline::level("0").unwrap().run(&mut netlist), Ok(vec![]));
        assert_eq!(netlist.luts(), 1);
    }

    #[test]
    fn unknown_names_are_refused_with_those_that_exist() {
        let error = Pipeline::by_names(&["dead", "duplicate"]).err().unwrap();
        assert_eq!(
            error.to_string(),
            "there is no pass `duplicate`, did you mean `duplicates`?; \
             the passes are constants, thermometers, reachable, support, inverters, duplicates, dead, functional, resubstitution, merge, map"
        );
        let error = Pipeline::by_names(&["frobnicate"]).err().unwrap();
        assert!(matches!(error, PassError::UnknownPass { nearest: None, .. }));
        let error = Pipeline::level("9").err().unwrap();
        assert_eq!(error.to_string(), "there is no optimization level `9`; the levels are 0, 1, 2, 3");
    }

    proptest! {
        #[test]
        fn levels_preserve_small_netlists_and_settle(netlist in netlists(), level in 1usize..=2) {
            let mut optimized = netlist.clone();
            let pipeline = Pipeline::level(LEVELS[level].name).unwrap();
            let reports = pipeline.run(&mut optimized).unwrap();
            prop_assert_eq!(find_difference(&netlist, &optimized), None);
            prop_assert!(reports.last().unwrap().round < MAX_ROUNDS);
            let settled = print(&optimized);
            for report in pipeline.run(&mut optimized).unwrap() {
                prop_assert_eq!(report.before, report.after);
            }
            prop_assert_eq!(print(&optimized), settled);
        }

        #[test]
        fn any_order_of_passes_preserves_wide_netlists(
            netlist in netlists_of(15..=60, 1..=150),
            order in Just(PASSES.iter().map(|pass| pass.name()).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut optimized = netlist.clone();
            Pipeline::by_names(&order).unwrap().check_function(true).run(&mut optimized).unwrap();
            prop_assert_eq!(find_difference(&netlist, &optimized), None);
        }
    }
}
