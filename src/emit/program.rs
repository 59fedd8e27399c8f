//! A design as a straight-line program over machine words: one bit of the word per sample.
//!
//! The cells of [`crate::bitslice`] in their order, cut into parts of a few hundred statements that
//! become functions, and the workspace in which parts leave what others read. Languages only print
//! what comes out.

use rustc_hash::FxHashMap;

use crate::bitslice::{Cover, Decomposer, Gate, Gates, Signal, cost, schedule};
use crate::netlist::{Comparator, Design, InputBus, Node};

use super::order::CoreOrder;

/// Statements of a part. Compilers take more than twice the time for a function twice as long;
/// shorter parts pass more through the workspace.
const STATEMENTS: usize = 256;

/// Columns of one stretch of the input that are transposed together, see [`Program::planes`].
const COLUMNS: usize = 64;

/// One bit of one feature, for every sample of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Plane {
    /// The feature.
    pub(super) feature: u32,
    /// Which bit of its code, 0 the lowest.
    pub(super) bit: u32,
}

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
pub(super) struct Program {
    /// What the first words of the workspace hold at the start: plane `i` in word `i`. They are
    /// sorted by stretches of 64 bytes of a sample's codes, then by the bit within the byte, so
    /// that a stretch is transposed one bit at a time.
    pub(super) planes: Vec<Plane>,
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

/// Bytes of the integer that holds a code.
pub(super) fn code_bytes(input: InputBus) -> u32 {
    input.bits.next_power_of_two().max(8) / 8
}

impl Plane {
    /// Position of its byte among the codes of a sample, lowest byte of a code first.
    pub(super) fn column(self, input: InputBus) -> usize {
        self.feature as usize * code_bytes(input) as usize + self.bit as usize / 8
    }

    /// Stretch of 64 columns, bit within the byte, column within the stretch.
    pub(super) fn place(self, input: InputBus) -> (usize, u32, usize) {
        let column = self.column(input);
        (column / COLUMNS, self.bit % 8, column % COLUMNS)
    }
}

impl Program {
    /// The program for `design`.
    pub(super) fn new(design: &Design, order: &CoreOrder) -> Self {
        let mut builder = Builder { gates: Gates::new(), planes: Vec::new(), numbers: FxHashMap::default() };
        let outputs = builder.core(design, order);
        let mut cover = Cover::new(&builder.gates, &outputs);
        cover.cells = schedule(cover.cells, builder.gates.len(), outputs.iter().map(|output| output.gate()));
        Allocation::new(design.input, &builder, &cover, &outputs).program
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

    /// Statements of all parts.
    pub(super) fn statements(&self) -> usize {
        self.parts.iter().map(|part| part.statements.len()).sum()
    }
}

/// The gates of a design while they are made.
struct Builder {
    gates: Gates,
    planes: Vec<Plane>,
    numbers: FxHashMap<Plane, u32>,
}

impl Builder {
    /// Makes the gates of all live tables; returns the outputs.
    fn core(&mut self, design: &Design, order: &CoreOrder) -> Vec<Signal> {
        let core = &design.core;
        let mut signals = vec![Signal::FALSE; core.nodes()];
        let mut decomposer = Decomposer::new();
        for &number in &order.comparators {
            let signal = self.comparison(design.input, design.comparators[number as usize]);
            signals[core.inputs()[number as usize].index()] = signal;
        }
        for &id in &order.tables {
            if let (Some(table), Node::Lut(_)) = (core.table(id), core.node(id)) {
                let inputs: Vec<Signal> =
                    order.schedule.fan_ins(id).iter().map(|fan_in| signals[fan_in.index()]).collect();
                signals[id.index()] = decomposer.build(&mut self.gates, table, &inputs);
            }
        }
        core.outputs().iter().map(|output| signals[output.index()]).collect()
    }

    /// `code >= threshold`, from the lowest bit up: a bit that the largest smaller code has must
    /// be there, one that it has not decides.
    fn comparison(&mut self, input: InputBus, comparator: Comparator) -> Signal {
        let below = comparator.threshold - 1 - input.min_code();
        let mut greater = Signal::FALSE;
        for bit in 0..input.bits {
            let plane = self.plane(comparator.feature, bit);
            // Two's complement counts from the bottom once its sign is inverted.
            let plane = plane.invert_if(input.signed && bit + 1 == input.bits);
            let one = below >> bit & 1 == 1;
            greater = if one { self.gates.and(plane, greater) } else { self.gates.or(plane, greater) };
        }
        greater
    }

    fn plane(&mut self, feature: u32, bit: u32) -> Signal {
        let plane = Plane { feature, bit };
        let next = self.planes.len() as u32;
        let number = *self.numbers.entry(plane).or_insert(next);
        if number == next {
            self.planes.push(plane);
        }
        self.gates.plane(number)
    }
}

/// A value that nobody reads any more, or that is no value.
const NEVER: usize = 0;

/// Words of the workspace are given to values and taken back after their last reader.
struct Allocation {
    program: Program,
    /// For each gate the word that holds it.
    slots: Vec<Option<u32>>,
    /// For each gate the statement that made it.
    made: Vec<usize>,
    /// For each gate one more than the last statement of another part that reads it.
    last: Vec<usize>,
    free: Vec<u32>,
}

impl Allocation {
    fn new(input: InputBus, builder: &Builder, cover: &Cover, outputs: &[Signal]) -> Self {
        let gates = &builder.gates;
        let is_gate = |gate: usize| gates.gate(gate).fan_ins().is_some();
        let mut made = vec![NEVER; gates.len()];
        for (position, cell) in cover.cells.iter().enumerate() {
            made[cell.gate as usize] = position;
        }
        let mut last = vec![NEVER; gates.len()];
        for (position, cell) in cover.cells.iter().enumerate() {
            for &word in cell.words() {
                let word = word as usize;
                if !is_gate(word) || made[word] / STATEMENTS != position / STATEMENTS {
                    last[word] = position + 1;
                }
            }
        }
        for output in outputs {
            last[output.gate()] = usize::MAX;
        }

        // Planes that are read, in the order in which they are transposed.
        let mut planes: Vec<(Plane, usize)> = (0..gates.len())
            .filter_map(|index| match gates.gate(index) {
                Gate::Plane(number) if last[index] != NEVER => Some((builder.planes[number as usize], index)),
                _ => None,
            })
            .collect();
        planes.sort_by_key(|(plane, _)| plane.place(input));
        let mut slots = vec![None; gates.len()];
        for (slot, &(_, gate)) in (0..).zip(&planes) {
            slots[gate] = Some(slot);
        }
        let mut next = planes.len() as u32;
        let zero = outputs.iter().any(|output| output.gate() == 0).then_some(next);
        if zero.is_some() {
            slots[0] = zero;
            next += 1;
        }
        let program = Program {
            planes: planes.into_iter().map(|(plane, _)| plane).collect(),
            zero,
            parts: Vec::with_capacity(cover.cells.len().div_ceil(STATEMENTS)),
            outputs: Vec::new(),
            slots: next,
            operations: cover.cells.iter().map(|cell| usize::from(cost(cell.table))).sum(),
        };
        let mut allocation = Self { program, slots, made, last, free: Vec::new() };
        for part in 0..cover.cells.len().div_ceil(STATEMENTS) {
            allocation.part(cover, part, is_gate);
        }
        allocation.program.outputs = outputs
            .iter()
            .map(|output| Output {
                inverted: output.inverted() ^ cover.inverted[output.gate()],
                slot: allocation.slots[output.gate()].unwrap_or_default(),
            })
            .collect();
        allocation
    }

    fn part(&mut self, cover: &Cover, part: usize, is_gate: impl Fn(usize) -> bool) {
        let start = part * STATEMENTS;
        let cells = &cover.cells[start..cover.cells.len().min(start + STATEMENTS)];
        let mut statements: Vec<Statement> = Vec::with_capacity(cells.len());
        for (position, cell) in (start..).zip(cells) {
            let mut operands = Vec::with_capacity(cell.words().len());
            for &word in cell.words() {
                let word = word as usize;
                if is_gate(word) && self.made[word] >= start {
                    let number = self.made[word] - start;
                    statements[number].local = true;
                    operands.push(Operand::Local(number as u32));
                } else {
                    let slot = self.slots[word].unwrap_or_default();
                    operands.push(Operand::Slot(slot));
                    if self.last[word] == position + 1 {
                        self.free.push(slot);
                    }
                }
            }
            let gate = cell.gate as usize;
            let slot = (self.last[gate] != NEVER).then(|| self.free.pop().unwrap_or_else(|| self.fresh()));
            self.slots[gate] = slot;
            statements.push(Statement { operands, table: cell.table, local: false, slot });
        }
        self.program.parts.push(Part { statements });
    }

    fn fresh(&mut self) -> u32 {
        self.program.slots += 1;
        self.program.slots - 1
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
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// The core's outputs for 64 samples, by running the program.
    fn run(program: &Program, samples: &[Vec<i64>]) -> Vec<u64> {
        let mut workspace = vec![0xdead_beef_dead_beefu64; program.slots as usize];
        for (slot, plane) in program.planes.iter().enumerate() {
            workspace[slot] = (0..).zip(samples).fold(0, |word, (lane, codes)| {
                word | ((codes[plane.feature as usize] >> plane.bit & 1) as u64) << lane
            });
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
        let program = Program::new(&design, &order);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (low, high) = (design.input.min_code(), design.input.max_code());
        let samples: Vec<Vec<i64>> =
            (0..64).map(|_| (0..design.input.features).map(|_| rng.random_range(low..=high)).collect()).collect();
        let outputs = design.simulate(&samples);
        for (number, word) in run(&program, &samples).into_iter().enumerate() {
            assert_eq!(word, outputs.bits.row(number)[0], "output {number}");
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
