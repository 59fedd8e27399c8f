//! A design as a straight-line program over machine words: one bit of the word per sample.
//!
//! The cells of [`crate::bitslice`] in their order, cut into parts that become functions, and the
//! workspace in which parts leave what others read ([`allocation`]). What the words hold at the start
//! is the target's choice ([`source`]); languages only spell what comes out ([`print`]).

mod allocation;
mod print;
mod source;

pub(super) use print::{Function, Syntax};
pub(super) use source::{Plane, code_bytes};

use crate::bitslice::{Cell, Cover, schedule};
use crate::netlist::Design;

use super::order::CoreOrder;
use allocation::Allocation;
use source::{Builder, Source};

/// Statements of a part for hosts. Compilers take more than twice the time for a function twice as
/// long; shorter parts pass more through the workspace.
pub(super) const STATEMENTS: usize = 256;

/// What a statement reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// The word of the workspace.
    Slot(u32),
    /// The result of the statement of this number in the same part.
    Local(u32),
}

/// One function of two or three words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// What it reads.
    pub(super) operands: Vec<Operand>,
    /// The value in row `r`, where bit `i` of `r` is operand `i`.
    pub(super) table: u8,
    /// Whether a later statement of the part reads the result by its number.
    pub(super) local: bool,
    /// The word of the workspace that keeps the result.
    pub(super) slot: Option<u32>,
}

/// Statements that become one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// In the order of execution.
    pub(super) statements: Vec<Statement>,
}

impl Part {
    /// The most locals that are needed at a time.
    fn live_locals(&self) -> usize {
        let mut last = vec![0; self.statements.len()];
        for (position, statement) in self.statements.iter().enumerate() {
            for operand in &statement.operands {
                if let Operand::Local(number) = *operand {
                    last[number as usize] = position;
                }
            }
        }
        let (mut live, mut most) = (0usize, 0);
        let mut ends = vec![0usize; self.statements.len()];
        for (position, statement) in self.statements.iter().enumerate() {
            live -= ends[position];
            if statement.local {
                live += 1;
                ends[last[position]] += 1;
            }
            most = most.max(live);
        }
        most
    }
}

/// Where an output of the core is when the program has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Output {
    /// Whether the word is the complement of the output.
    pub(super) inverted: bool,
    /// The word of the workspace.
    pub(super) slot: u32,
}

/// The comparators and the core of a design over words.
#[derive(Clone, Debug)]
pub(super) struct Program<S = Plane> {
    /// What the first words of the workspace hold at the start: source `i` in word `i`.
    pub(super) sources: Vec<S>,
    /// The word that must be zero at the start, for outputs that are constant.
    pub(super) zero: Option<u32>,
    /// The functions in the order of execution.
    pub(super) parts: Vec<Part>,
    /// Every output of the core.
    pub(super) outputs: Vec<Output>,
    /// Words of the workspace.
    pub(super) slots: u32,
    /// Operations of two words that the statements take without instructions of three.
    pub(super) operations: usize,
}

impl<S: Source> Program<S> {
    /// The program for `design`, in parts of at most `length` statements.
    pub(super) fn new(design: &Design, order: &CoreOrder, length: usize) -> Self {
        let mut builder = Builder::new();
        let outputs = builder.core(design, order);
        let mut cover = Cover::new(&builder.gates, &outputs);
        let unit = |cell: &Cell| builder.units[cell.gate as usize];
        cover.cells = schedule(&cover.cells, builder.gates.len(), outputs.iter().map(|output| output.gate()), unit);
        Allocation::new(design.input, &builder, &cover, &outputs, length).program
    }

    /// Tables of three words that some statement has, ascending.
    pub(super) fn tables(&self) -> Vec<u8> {
        let mut used = [false; 256];
        for statement in self.parts.iter().flat_map(|part| &part.statements) {
            used[usize::from(statement.table)] |= statement.operands.len() == 3;
        }
        (0..=255u8).filter(|&table| used[usize::from(table)]).collect()
    }

    /// The outputs class by class, those that are complements behind the others of their class:
    /// where a class counts, the order does not matter. With them, for each class, its first
    /// output, its first complement and the end.
    pub(super) fn grouped_outputs(
        &self,
        groups: &[std::ops::Range<usize>],
    ) -> (Vec<Output>, Vec<(usize, usize, usize)>) {
        let mut outputs = self.outputs.clone();
        let bounds = groups.iter().map(|group| {
            let own = &mut outputs[group.clone()];
            own.sort_unstable();
            (group.start, group.start + own.partition_point(|output| !output.inverted), group.end)
        });
        let bounds = bounds.collect();
        (outputs, bounds)
    }

    /// The parts, to be printed.
    pub(super) fn functions<'a>(&'a self, syntax: &'a Syntax) -> Vec<Function<'a>> {
        self.parts.iter().enumerate().map(|(number, part)| Function { number, part, syntax }).collect()
    }

    /// The most locals of a part that are needed at a time.
    pub(super) fn live_locals(&self) -> usize {
        self.parts.iter().map(Part::live_locals).max().unwrap_or(0)
    }

    /// Statements of all parts.
    pub(super) fn statements(&self) -> usize {
        self.parts.iter().map(|part| part.statements.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::binarized::{BinarizedNetwork, EncodedBit, Encoder, Head};
    use crate::bitslice::WORDS;
    use crate::config::InputFormat;
    use crate::lower::lower;
    use crate::netlist::Comparator;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// The core's outputs for 64 samples, by running the program; `value` is that of a source.
    fn run<S>(program: &Program<S>, samples: &[Vec<i64>], value: impl Fn(&S, &[i64]) -> bool) -> Vec<u64> {
        let mut workspace = vec![0xdead_beef_dead_beefu64; program.slots as usize];
        for (slot, source) in program.sources.iter().enumerate() {
            workspace[slot] =
                (0..).zip(samples).fold(0, |word, (lane, codes)| word | u64::from(value(source, codes)) << lane);
        }
        if let Some(zero) = program.zero {
            workspace[zero as usize] = 0;
        }
        for part in &program.parts {
            let mut locals: Vec<u64> = Vec::new();
            for statement in &part.statements {
                let words: Vec<u64> = statement
                    .operands
                    .iter()
                    .map(|operand| match *operand {
                        Operand::Slot(slot) => workspace[slot as usize],
                        Operand::Local(number) => {
                            assert!(part.statements[number as usize].local);
                            locals[number as usize]
                        }
                    })
                    .collect();
                for (number, word) in WORDS.iter().enumerate().take(words.len()) {
                    let shift = 1 << number;
                    let depends = (statement.table & word) >> shift != statement.table & !word;
                    assert!(depends || statement.table == 0, "{statement:?}");
                }
                let value = (0..64).fold(0, |value, lane| {
                    let row: usize = words.iter().enumerate().map(|(i, word)| ((word >> lane & 1) as usize) << i).sum();
                    value | u64::from(statement.table >> row & 1) << lane
                });
                locals.push(value);
                if let Some(slot) = statement.slot {
                    workspace[slot as usize] = value;
                }
            }
        }
        let output = |output: &Output| workspace[output.slot as usize] ^ u64::from(output.inverted).wrapping_neg();
        program.outputs.iter().map(output).collect()
    }

    #[track_caller]
    fn check(network: &BinarizedNetwork) -> Program {
        let design = lower(network);
        let order = CoreOrder::new(&design);
        let program = Program::new(&design, &order, STATEMENTS);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (low, high) = (design.input.min_code(), design.input.max_code());
        let samples: Vec<Vec<i64>> =
            (0..64).map(|_| (0..design.input.features).map(|_| rng.random_range(low..=high)).collect()).collect();
        let outputs = design.simulate(&samples);
        let bit = |plane: &Plane, codes: &[i64]| codes[plane.feature as usize] >> plane.bit & 1 == 1;
        for (number, word) in run(&program, &samples, bit).into_iter().enumerate() {
            assert_eq!(word, outputs.bits.row(number)[0], "output {number}");
        }
        for length in [7, 64] {
            let program = Program::<Comparator>::new(&design, &order, length);
            assert!(program.parts.iter().all(|part| part.statements.len() <= length));
            assert!(program.live_locals() <= length);
            let compare = |source: &Comparator, codes: &[i64]| codes[source.feature as usize] >= source.threshold;
            for (number, word) in run(&program, &samples, compare).into_iter().enumerate() {
                assert_eq!(word, outputs.bits.row(number)[0], "output {number}, parts of {length}");
            }
        }
        program
    }

    #[test]
    fn the_program_computes_the_core() {
        for seed in 0..10 {
            check(&random_network(seed, &NetworkShape::small()));
            let input = InputFormat { bits: 6, signed: true, scale: 0.5, offset: 0.25 };
            let layers = vec![(6, 60), (2, 90), (4, 30), (8, 40), (6, 50)];
            check(&random_network(seed, &NetworkShape { features: 20, input, layers, ..NetworkShape::small() }));
            let input = InputFormat::unsigned(32);
            check(&random_network(seed, &NetworkShape { input, head: Head::Bits, ..NetworkShape::small() }));
        }
        check(&random_network(3, &NetworkShape { layers: vec![], ..NetworkShape::small() }));
    }

    #[test]
    fn the_workspace_of_a_network_does_not_grow_with_its_depth() {
        let slots = |layers: usize| check(&random_network(1, &NetworkShape::image(layers, 300))).slots;
        assert!(slots(8) < slots(4) + slots(4) / 5, "{} {}", slots(8), slots(4));
    }

    #[test]
    fn tables_of_six_inputs_leave_little_more_than_their_results() {
        let design = lower(&random_network(1, &NetworkShape::image(4, 300)));
        let order = CoreOrder::new(&design);
        let program = Program::<Comparator>::new(&design, &order, 64);
        let sources = program.sources.len() as u32;
        assert!(program.slots < sources + 300 + 64, "{} words for {sources} comparators", program.slots);
    }

    #[test]
    fn constant_outputs_read_the_word_of_zeros() {
        let bit = |initial| EncodedBit { feature: 0, initial, toggles: vec![] };
        let encoder = Encoder { features: 1, bits: vec![bit(true), bit(false)] };
        let network = BinarizedNetwork::new("c", InputFormat::unsigned(3), encoder, vec![], Head::Bits).unwrap();
        let program = check(&network);
        assert_eq!((program.zero, program.slots, program.statements()), (Some(0), 1, 0));
    }

    #[test]
    fn a_gate_of_two_inputs_is_one_operation() {
        let shape = NetworkShape {
            features: 50,
            input: InputFormat::unsigned(1),
            bits_per_feature: 1,
            layers: vec![(2, 300); 4],
            head: Head::Bits,
        };
        let network = random_network(5, &shape);
        let program = check(&network);
        assert!(program.operations <= network.nodes(), "{} of {}", program.operations, network.nodes());
        assert!(program.statements() < program.operations, "some gates move into their readers");
    }
}
