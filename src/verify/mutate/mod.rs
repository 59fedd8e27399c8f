//! Proof that the checks can fail: small faults put into an artefact, and who finds them.
//!
//! A fault that leaves the function as it was is no fault; such mutants are told apart by proof
//! and counted by themselves.

use rand::seq::{IndexedMutRandom, IndexedRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::emit::{EmitError, EmitOptions, EmittedFile, TestVectors, identifier};
use crate::logic::TruthTable;
use crate::netlist::{Comparator, Design, Netlist, Node, NodeId};

use super::checker::{CheckRequest, Checker, Verdict, compare};
use super::formal;
use super::{ToolError, check};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// One row of one table is inverted.
    Table,
    /// Two inputs of a table change places, or one reads another signal.
    Wire,
    /// A comparator compares with a code one higher or lower.
    Comparator,
    /// A register of a pipeline is a wire.
    Register,
    /// The higher class wins a tie.
    Tie,
    /// One expected output of one vector is wrong.
    Vector,
    /// One output bit of one vector is wrong in what the tool wrote.
    Output,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Table, Self::Wire, Self::Comparator, Self::Register, Self::Tie, Self::Vector, Self::Output];

    /// A short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table row flipped",
            Self::Wire => "wire swapped or moved",
            Self::Comparator => "comparator off by one",
            Self::Register => "register dropped",
            Self::Tie => "tie to the higher class",
            Self::Vector => "expected output corrupted",
            Self::Output => "tool output corrupted",
        }
    }

    /// Of ten mutants, how many are of this kind.
    fn weight(self) -> usize {
        match self {
            Self::Table => 4,
            Self::Wire => 3,
            Self::Comparator => 2,
            Self::Register | Self::Tie | Self::Vector | Self::Output => 1,
        }
    }
}

/// What a mutation run looks at.
#[derive(Clone, Copy)]
pub struct MutationPlan<'a> {
    /// The right design, not optimized.
    pub reference: &'a Design,
    /// The design that is printed.
    pub design: &'a Design,
    /// Prints a design of the same shape.
    pub emit: &'a (dyn Fn(&Design) -> Result<Vec<EmittedFile>, EmitError> + Sync),
    /// Clock cycles from an input to its outputs.
    pub latency: u32,
    /// The options that it is printed with.
    pub options: &'a EmitOptions,
    /// The stimulus.
    pub vectors: &'a TestVectors,
    /// How many mutants.
    pub count: usize,
    /// Which ones.
    pub seed: u64,
    /// How long one program may run.
    pub limit: std::time::Duration,
}

/// What one check made of the mutants of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Found.
    pub caught: usize,
    /// Another function, and not found.
    pub missed: usize,
    /// The tool failed.
    pub not_done: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.caught += other.caught;
        self.missed += other.missed;
        self.not_done += other.not_done;
    }

    /// Found, of those that had to be found.
    pub fn share(&self) -> f64 {
        self.caught as f64 / (self.caught + self.missed).max(1) as f64
    }
}

/// The mutants of one kind.
#[derive(Clone, Debug)]
pub struct FaultRow {
    /// The kind.
    pub fault: Fault,
    /// How many were made.
    pub made: usize,
    /// How many are the same function after all, which was proved.
    pub equivalent: usize,
    /// One for every column of the report.
    pub tallies: Vec<Tally>,
}

/// The result of a mutation run.
#[derive(Clone, Debug)]
pub struct MutationReport {
    /// The first column is the comparison of the vectors alone, then one a check.
    pub columns: Vec<String>,
    /// One row a kind of which there are mutants.
    pub rows: Vec<FaultRow>,
    /// Mutants that a check should have found: the check and the mutant.
    pub missed: Vec<(String, String)>,
    /// Mutants on which a tool failed: the check, the mutant and why.
    pub not_done: Vec<(String, String, String)>,
}

impl MutationReport {
    /// All kinds together, for one column.
    pub fn total(&self, column: usize) -> Tally {
        let mut total = Tally::default();
        self.rows.iter().filter_map(|row| row.tallies.get(column)).for_each(|tally| total.add(*tally));
        total
    }
}

impl MutationReport {
    /// The numbers as JSON: `columns`, `rows` of `fault`, `made`, `equivalent` and for every
    /// column `caught`, `missed`, `not_done`, and the mutants that got through.
    pub fn to_json(&self) -> String {
        let tally = |tally: &Tally| serde_json::json!({ "caught": tally.caught, "missed": tally.missed, "not_done": tally.not_done });
        let named = |tallies: &[Tally]| -> serde_json::Map<String, serde_json::Value> {
            self.columns.iter().cloned().zip(tallies.iter().map(tally)).collect()
        };
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| {
                serde_json::json!({
                    "fault": row.fault.name(),
                    "made": row.made,
                    "equivalent": row.equivalent,
                    "checks": named(&row.tallies),
                })
            })
            .collect();
        let totals: Vec<Tally> = (0..self.columns.len()).map(|column| self.total(column)).collect();
        let value = serde_json::json!({ "rows": rows, "total": named(&totals), "missed": self.missed });
        serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
    }
}

impl std::fmt::Display for MutationReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<26} {:>5} {:>10}", "mutants", "made", "equivalent")?;
        for column in &self.columns {
            write!(f, " {column:>12}")?;
        }
        for row in &self.rows {
            write!(f, "\n{:<26} {:>5} {:>10}", row.fault.name(), row.made, row.equivalent)?;
            for tally in &row.tallies {
                let cell = match tally.caught + tally.missed {
                    0 => "-".to_owned(),
                    all => format!("{} of {all}", tally.caught),
                };
                write!(f, " {cell:>12}")?;
            }
        }
        write!(f, "\n{:<43}", "caught")?;
        for column in 0..self.columns.len() {
            write!(f, " {:>10.1} %", 100.0 * self.total(column).share())?;
        }
        Ok(())
    }
}

/// One mutant.
struct Mutant {
    fault: Fault,
    what: String,
    kind: MutantKind,
}

enum MutantKind {
    Design(Box<Design>),
    Files(Vec<EmittedFile>),
    Vectors(TestVectors),
    /// A bit of the answer to a vector.
    Answer {
        vector: usize,
        output: usize,
    },
}

/// What became of one mutant.
struct Finding {
    fault: Fault,
    what: String,
    equivalent: bool,
    /// For every column: found, not found, or the tool's error; `None` when it does not apply.
    found: Vec<Option<Result<bool, String>>>,
}

/// Makes mutants and lets every checker judge them.
///
/// # Errors
/// [`ToolError`] when a proof fails; failures of the checkers themselves are counted.
pub fn mutate(plan: &MutationPlan<'_>, checkers: &[&'static dyn Checker]) -> Result<MutationReport, MutationError> {
    let right = (plan.emit)(plan.design)?;
    let mutants = mutants(plan, &right);
    let findings: Result<Vec<Finding>, MutationError> =
        mutants.into_par_iter().map(|mutant| judge(plan, checkers, &right, mutant)).collect();
    let columns: Vec<String> =
        std::iter::once("vectors").chain(checkers.iter().map(|checker| checker.name())).map(str::to_owned).collect();
    let mut report = MutationReport { columns, rows: Vec::new(), missed: Vec::new(), not_done: Vec::new() };
    for finding in findings? {
        let at = match report.rows.iter().position(|row| row.fault == finding.fault) {
            Some(at) => at,
            None => {
                let tallies = vec![Tally::default(); report.columns.len()];
                report.rows.push(FaultRow { fault: finding.fault, made: 0, equivalent: 0, tallies });
                report.rows.len() - 1
            }
        };
        let row = &mut report.rows[at];
        row.made += 1;
        row.equivalent += usize::from(finding.equivalent);
        for (column, found) in finding.found.into_iter().enumerate() {
            let (tally, name) = (&mut row.tallies[column], &report.columns[column]);
            match found {
                None => {}
                Some(Ok(true)) => tally.caught += 1,
                Some(Ok(false)) if finding.equivalent => {}
                Some(Ok(false)) => {
                    tally.missed += 1;
                    report.missed.push((name.clone(), finding.what.clone()));
                }
                Some(Err(error)) => {
                    tally.not_done += 1;
                    report.not_done.push((name.clone(), finding.what.clone(), error));
                }
            }
        }
    }
    report.rows.sort_by_key(|row| row.fault);
    Ok(report)
}

/// A mutation run that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum MutationError {
    /// A mutant cannot be printed.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// A proof failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
}

/// `plan.count` mutants, different ones where there are enough.
fn mutants(plan: &MutationPlan<'_>, right: &[EmittedFile]) -> Vec<Mutant> {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let wheel: Vec<Fault> = Fault::ALL.iter().flat_map(|&fault| std::iter::repeat_n(fault, fault.weight())).collect();
    let mut mutants: Vec<Mutant> = Vec::new();
    // Some kinds are impossible for some designs, so the tries are more than the mutants.
    for turn in 0..20 * plan.count {
        if mutants.len() == plan.count {
            break;
        }
        // Every kind once before chance decides.
        let fault = Fault::ALL.get(turn).copied().or_else(|| wheel.choose(&mut rng).copied());
        let Some(fault) = fault else { break };
        // A draw may be impossible: a comparator moved onto its neighbour is none of a valid design.
        if let Some((what, kind)) = (0..16).find_map(|_| mutant(plan, right, fault, &mut rng))
            && !mutants.iter().any(|known| known.what == what)
        {
            mutants.push(Mutant { fault, what, kind });
        }
    }
    mutants
}

fn mutant(
    plan: &MutationPlan<'_>,
    right: &[EmittedFile],
    fault: Fault,
    rng: &mut ChaCha8Rng,
) -> Option<(String, MutantKind)> {
    let design = plan.design;
    let changed = |core: Netlist| MutantKind::Design(Box::new(Design { core, ..design.clone() }));
    match fault {
        Fault::Table => {
            let (id, table) = random_table(&design.core, 1, rng)?;
            let row = rng.random_range(0..table.rows());
            let flipped = TruthTable::from_fn(table.inputs(), |r| table.row(r) ^ (r == row));
            let pins: Vec<NodeId> = design.core.fan_ins(id).to_vec();
            let what = format!("row {row} of the table of node {} flipped", id.index());
            Some((what, changed(with_node(&design.core, id, &flipped, &pins))))
        }
        Fault::Wire => {
            let (id, table) = random_table(&design.core, 1, rng)?;
            let mut pins: Vec<NodeId> = design.core.fan_ins(id).to_vec();
            let pin = rng.random_range(0..pins.len());
            let what = if pins.len() > 1 && rng.random() {
                let other = (pin + rng.random_range(1..pins.len())) % pins.len();
                pins.swap(pin, other);
                format!("inputs {pin} and {other} of node {} swapped", id.index())
            } else {
                pins[pin] = NodeId::from_index(rng.random_range(0..id.index()));
                format!("input {pin} of node {} reads node {}", id.index(), pins[pin].index())
            };
            Some((what, changed(with_node(&design.core, id, &table, &pins))))
        }
        Fault::Comparator => {
            let index = rng.random_range(0..design.comparators.len().max(1));
            let Comparator { feature, threshold } = *design.comparators.get(index)?;
            let moved = if rng.random() { threshold + 1 } else { threshold - 1 };
            let mut design = design.clone();
            design.comparators[index].threshold = moved;
            design.validate().ok()?;
            let what = format!("feature {feature} compared with {moved} instead of {threshold}");
            Some((what, MutantKind::Design(Box::new(design))))
        }
        Fault::Register => {
            let (files, what) = text_mutant(right, rng, drop_register)?;
            Some((what, MutantKind::Files(files)))
        }
        Fault::Tie => {
            let (files, what) = text_mutant(right, rng, turn_tie)?;
            Some((what, MutantKind::Files(files)))
        }
        Fault::Vector => {
            let mut vectors = plan.vectors.clone();
            let at = rng.random_range(0..vectors.vectors.len().max(1));
            let vector = vectors.vectors.get_mut(at)?;
            let what = format!("an expected output of vector {at} corrupted");
            if vector.scores.is_empty() {
                *vector.bits.choose_mut(rng)? ^= true;
            } else {
                *vector.scores.choose_mut(rng)? ^= 1;
            }
            Some((what, MutantKind::Vectors(vectors)))
        }
        Fault::Output => {
            let vector = rng.random_range(0..plan.vectors.vectors.len().max(1));
            let outputs = plan.vectors.vectors.get(vector)?;
            let width = if outputs.scores.is_empty() { outputs.bits.len() } else { outputs.scores.len() };
            let output = rng.random_range(0..width.max(1));
            let what = format!("output {output} of vector {vector} corrupted on its way back");
            Some((what, MutantKind::Answer { vector, output }))
        }
    }
}

/// A table of at least `inputs` inputs that some output may depend on.
fn random_table(core: &Netlist, inputs: usize, rng: &mut ChaCha8Rng) -> Option<(NodeId, TruthTable)> {
    let live = crate::netlist::Schedule::new(core).live(core);
    let tables: Vec<NodeId> = core
        .node_ids()
        .filter(|&id| live[id.index()] && core.table(id).is_some_and(|table| table.inputs() >= inputs))
        .collect();
    let &id = tables.choose(rng)?;
    core.table(id).map(|table| (id, table.clone()))
}

/// A copy of `core` in which node `at` is `table` over `pins`.
fn with_node(core: &Netlist, at: NodeId, table: &TruthTable, pins: &[NodeId]) -> Netlist {
    let mut copy = Netlist::with_capacity(core.nodes(), core.pins());
    for id in core.node_ids() {
        let section = core.section(id);
        // Ids stay what they are, since nodes are copied one for one.
        match core.node(id) {
            Node::Input(_) => copy.add_input(section),
            Node::Lut(_) if id == at => copy.add_lut(table, pins, section),
            Node::Lut(own) => copy.add_lut(core.tables().get(own), &core.fan_ins(id), section),
        };
    }
    for &output in core.outputs() {
        copy.add_output(output);
    }
    copy
}

/// Changes one line of the design's Verilog, in a file where that is possible.
fn text_mutant(
    files: &[EmittedFile],
    rng: &mut ChaCha8Rng,
    change: fn(&[&str], &mut ChaCha8Rng) -> Option<(Vec<String>, String)>,
) -> Option<(Vec<EmittedFile>, String)> {
    let is_design = |file: &EmittedFile| file.name.ends_with(".v") && !file.name.ends_with("_tb.v");
    let mut possible = Vec::new();
    for (at, file) in files.iter().enumerate().filter(|(_, file)| is_design(file)) {
        let text = String::from_utf8_lossy(&file.contents);
        let lines: Vec<&str> = text.lines().collect();
        possible.extend(change(&lines, rng).map(|(lines, what)| (at, lines, what)));
    }
    let (at, lines, what) = possible.choose(rng)?.clone();
    let mut files = files.to_vec();
    let file = files.get_mut(at)?;
    file.contents = (lines.join("\n") + "\n").into_bytes();
    let what = format!("{} {what}", file.name);
    Some((files, what))
}

/// `a <= b;` in a clocked block becomes a wire behind it.
fn drop_register(lines: &[&str], rng: &mut ChaCha8Rng) -> Option<(Vec<String>, String)> {
    let assigned = |line: &str| -> Option<(String, String)> {
        let (target, source) = line.trim().strip_suffix(';')?.split_once(" <= ")?;
        let plain = |word: &str| word.chars().all(|symbol| symbol.is_ascii_alphanumeric() || symbol == '_');
        (plain(target) && plain(source)).then(|| (target.to_owned(), source.to_owned()))
    };
    let registers: Vec<usize> = (0..lines.len()).filter(|&at| assigned(lines[at]).is_some()).collect();
    let &at = registers.choose(rng)?;
    let (target, source) = assigned(lines[at])?;
    let end = (at..lines.len()).find(|&end| lines[end].trim() == "end")?;
    let mut changed: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
    changed.insert(end + 1, format!("  always @* {target} = {source};"));
    changed.remove(at);
    Some((changed, format!("line {}: the register `{target}` is a wire", at + 1)))
}

/// `second > first` becomes `second >= first`.
fn turn_tie(lines: &[&str], rng: &mut ChaCha8Rng) -> Option<(Vec<String>, String)> {
    let duels: Vec<usize> = (0..lines.len())
        .filter(|&at| lines[at].contains("wire duel") && lines[at].contains("_second = ") && lines[at].contains(" > "))
        .collect();
    let &at = duels.choose(rng)?;
    let mut changed: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
    changed[at] = lines[at].replace(" > ", " >= ");
    Some((changed, format!("line {}: the second side wins ties", at + 1)))
}

/// Lets every checker judge one mutant, and finds out whether it is a fault at all.
fn judge(
    plan: &MutationPlan<'_>,
    checkers: &[&'static dyn Checker],
    right: &[EmittedFile],
    mutant: Mutant,
) -> Result<Finding, MutationError> {
    let Mutant { fault, what, kind } = mutant;
    let (files, vectors) = match &kind {
        MutantKind::Design(design) => ((plan.emit)(design)?, plan.vectors),
        MutantKind::Files(files) => (files.clone(), plan.vectors),
        MutantKind::Vectors(vectors) => (right.to_vec(), vectors),
        MutantKind::Answer { .. } => (right.to_vec(), plan.vectors),
    };
    // Whether the vectors alone tell the mutant from the right design; a changed text is known
    // only to tools.
    let mut by_vectors = match &kind {
        MutantKind::Design(design) => Some(shows(design, plan.vectors)),
        MutantKind::Vectors(vectors) => Some(shows(plan.design, vectors)),
        MutantKind::Answer { .. } => Some(true),
        MutantKind::Files(_) => None,
    };
    let mut equivalent = match &kind {
        MutantKind::Design(design) if by_vectors == Some(false) => {
            scratch(|folder| formal::designs_are_equal(plan.reference, design, folder, plan.limit))?
        }
        _ => false,
    };
    let mut found = Vec::with_capacity(checkers.len());
    for &checker in checkers {
        let verdict = scratch(|folder| {
            let request = CheckRequest {
                design: plan.design,
                reference: plan.reference,
                files: &files,
                identifier: &identifier(&plan.design.name),
                latency: plan.latency,
                frame: None,
                options: plan.options,
                vectors,
                folder,
                limit: plan.limit,
                foreign: false,
            };
            match &kind {
                MutantKind::Answer { vector, output } => judge_corrupted(checker, &request, *vector, *output),
                _ => check(checker, &request),
            }
        });
        if let (MutantKind::Files(_), Ok(verdict)) = (&kind, &verdict) {
            // The formal check says both whether the vectors show it and whether it is a fault;
            // but it reads through registers, so of a missing one only simulation knows.
            let simulates = checker.name() != "formal";
            match verdict {
                Verdict::Proved { .. } => (by_vectors, equivalent) = (Some(false), true),
                Verdict::Different { .. } | Verdict::TestBench { .. } => by_vectors = Some(true),
                Verdict::Refuted { .. } if fault != Fault::Register => by_vectors = Some(false),
                Verdict::Equal { .. } if simulates => by_vectors = by_vectors.or(Some(false)),
                Verdict::Refuted { .. } | Verdict::Equal { .. } => {}
            }
        }
        found.push(Some(match verdict {
            Ok(Verdict::Equal { .. } | Verdict::Proved { .. }) => Ok(false),
            Ok(Verdict::Different { .. } | Verdict::Refuted { .. } | Verdict::TestBench { .. }) => Ok(true),
            Err(error) => Err(error.to_string()),
        }));
    }
    found.insert(0, by_vectors.map(Ok));
    Ok(Finding { fault, what, equivalent, found })
}

/// Whether a vector tells `design` from what it should be.
fn shows(design: &Design, vectors: &TestVectors) -> bool {
    let codes: Vec<Vec<i64>> = vectors.vectors.iter().map(|vector| vector.codes.clone()).collect();
    let outputs = design.simulate(&codes);
    vectors.vectors.iter().enumerate().any(|(sample, vector)| match vector.class {
        Some(class) => outputs.scores[sample] != vector.scores || outputs.classes[sample] != Some(class as usize),
        None => vector.bits.iter().enumerate().any(|(bit, &value)| outputs.bits.get(bit, sample) != value),
    })
}

/// The verdict on a tool whose answer to one vector arrives with a wrong bit.
fn judge_corrupted(
    checker: &dyn Checker,
    request: &CheckRequest<'_>,
    vector: usize,
    output: usize,
) -> Result<Verdict, ToolError> {
    for file in request.files {
        super::checker::write_scratch(request.folder, &file.name, &file.contents)?;
    }
    let mut answers = checker.run(request)?.answers;
    if let Some(answer) = answers.get_mut(vector) {
        match (answer.scores.get_mut(output), answer.bits.get_mut(output)) {
            (Some(score), _) => *score ^= 1,
            (None, Some(bit)) => *bit ^= true,
            (None, None) => {}
        }
    }
    compare(request.vectors, request.outputs(checker.target()), &answers).map_err(|found| ToolError::Garbage {
        program: checker.name().to_owned(),
        problem: format!("{found} results for {} vectors", request.vectors.vectors.len()),
        tail: "(nothing)".to_owned(),
    })
}

/// Runs something in a scratch folder of its own.
fn scratch<T>(work: impl FnOnce(&std::path::Path) -> Result<T, ToolError>) -> Result<T, ToolError> {
    let folder = tempfile::Builder::new()
        .prefix("difflut-mutant-")
        .tempdir()
        .map_err(|source| ToolError::Scratch { path: std::env::temp_dir(), source })?;
    work(folder.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::emit::{EmitRequest, HdlOptions, Provenance, Registers, target};
    use crate::lower::{flatten, lower};
    use crate::verify::{VectorPlan, test_vectors};

    const PIPELINED: &str =
        "module t(input clk);\n  reg a_d1;\n  always @(posedge clk) begin\n    a_d1 <= a;\n  end\nendmodule";

    #[test]
    fn a_dropped_register_follows_its_source_at_once() {
        let lines: Vec<&str> = PIPELINED.lines().collect();
        let (changed, what) = drop_register(&lines, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        let expected = ["  always @(posedge clk) begin", "  end", "  always @* a_d1 = a;", "endmodule"];
        assert_eq!(changed[2..], expected);
        assert_eq!(what, "line 4: the register `a_d1` is a wire");
    }

    #[test]
    fn mutants_are_different_valid_and_of_every_possible_kind() {
        let network = random_network(11, &NetworkShape::small());
        let design = lower(&network);
        let vectors = test_vectors(&network, &[], &VectorPlan { count: 100, seed: 1 });
        let provenance = Provenance {
            tool_version: "test".into(),
            model_sha256: "0".into(),
            input_values: "value".into(),
            scale: 1.0,
            offset: 0.0,
            tau: None,
        };
        let hdl = HdlOptions { pipeline: Some(Registers::Levels(1)), ..HdlOptions::default() };
        let options = EmitOptions { hdl, ..EmitOptions::default() };
        let emit = |design: &Design| {
            let (flat, options) = (flatten(design), &options);
            let request = EmitRequest { design, flat: &flat, provenance: &provenance, options, vectors: &vectors };
            target("verilog").unwrap().emit(&request)
        };
        let plan = MutationPlan {
            reference: &design,
            design: &design,
            emit: &emit,
            latency: 0,
            options: &options,
            vectors: &vectors,
            count: 60,
            seed: 5,
            limit: std::time::Duration::from_secs(60),
        };
        let right = emit(&design).unwrap();
        let mutants = mutants(&plan, &right);
        assert_eq!(mutants.len(), 60);
        for fault in Fault::ALL {
            assert!(mutants.iter().any(|mutant| mutant.fault == fault), "{fault:?}");
        }
        for mutant in &mutants {
            match &mutant.kind {
                MutantKind::Design(mutated) => mutated.validate().unwrap(),
                MutantKind::Files(files) => assert_ne!(*files, right, "{}", mutant.what),
                MutantKind::Vectors(mutated) => assert_ne!(*mutated, vectors),
                MutantKind::Answer { .. } => {}
            }
        }
    }
}
