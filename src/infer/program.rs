//! Gates as straight code for an interpreter that computes 1024 samples at a time.

use crate::passes::{GateList, GateSignal};

/// Words of a block: 1024 samples. Wider blocks spend less on reading the program and more on
/// caches; this width measured best.
pub(super) const WORDS: usize = 16;

/// The values of one signal in a block of samples.
pub(super) type Block = [u64; WORDS];

/// What a run of gates does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// `a & b`
    And,
    /// `!a & b`
    AndNot,
    /// `!a & !b`
    Nor,
    /// `a ^ b`
    Xor,
}

/// One gate: where it reads and writes.
#[derive(Clone, Copy, Debug)]
struct Step {
    a: u32,
    b: u32,
    out: u32,
}

/// Runs of gates of one kind. The gates of a level do not read each other, so they are sorted by
/// kind, and the interpreter decides once per run. Signals that nobody reads any more give
/// their slot to later ones, so that the slots fit into a processor's cache.
#[derive(Clone, Debug)]
pub(super) struct Program {
    runs: Vec<(Kind, usize)>,
    steps: Vec<Step>,
    /// Slots of all signals.
    pub(super) slots: usize,
    /// Slot and complement of every output; `None` is the constant zero.
    pub(super) outputs: Vec<(Option<u32>, bool)>,
}

impl Program {
    /// The program of `list`. Primary input `i` is expected in slot `i`.
    pub(super) fn new(list: &GateList) -> Self {
        let signals = list.inputs + list.gates.len();
        let mut levels = vec![0u32; signals];
        let index = |signal: GateSignal| signal.index.map_or(0, |index| index as usize);
        for (gate, own) in list.gates.iter().zip(list.inputs..) {
            levels[own] = 1 + gate.pins.iter().map(|&pin| levels[index(pin)]).max().unwrap_or(0);
        }
        let kind = |gate: usize| {
            let gate = &list.gates[gate];
            match (gate.xor, gate.pins[0].inverted, gate.pins[1].inverted) {
                (true, ..) => Kind::Xor,
                (false, false, false) => Kind::And,
                (false, true, true) => Kind::Nor,
                (false, ..) => Kind::AndNot,
            }
        };
        let mut order: Vec<usize> = (0..list.gates.len()).collect();
        order.sort_by_key(|&gate| (levels[list.inputs + gate], kind(gate), gate));
        // The step behind which a signal's slot is free; outputs keep theirs.
        let mut last = vec![0usize; signals];
        for (step, &gate) in order.iter().enumerate() {
            list.gates[gate].pins.iter().for_each(|&pin| last[index(pin)] = step);
        }
        for &output in &list.outputs {
            if output.index.is_some() {
                last[index(output)] = usize::MAX;
            }
        }
        let mut slot: Vec<u32> = (0..signals as u32).collect();
        let (mut free, mut slots) = (Vec::new(), list.inputs as u32);
        let mut program =
            Self { runs: Vec::new(), steps: Vec::with_capacity(order.len()), slots: 0, outputs: Vec::new() };
        for (step, &gate) in order.iter().enumerate() {
            let [mut a, mut b] = list.gates[gate].pins;
            if !a.inverted && b.inverted {
                std::mem::swap(&mut a, &mut b);
            }
            let out = free.pop().unwrap_or_else(|| {
                slots += 1;
                slots - 1
            });
            slot[list.inputs + gate] = out;
            program.steps.push(Step { a: slot[index(a)], b: slot[index(b)], out });
            for pin in [index(a), index(b)] {
                if last[pin] == step {
                    free.push(slot[pin]);
                }
            }
            match program.runs.last_mut() {
                Some((own, end)) if *own == kind(gate) => *end = step + 1,
                _ => program.runs.push((kind(gate), step + 1)),
            }
        }
        program.slots = (slots as usize).max(1);
        program.outputs = list
            .outputs
            .iter()
            .map(|output| (output.index.map(|index| slot[index as usize]), output.inverted))
            .collect();
        program
    }

    /// Number of gates.
    pub(super) fn gates(&self) -> usize {
        self.steps.len()
    }

    #[inline(always)]
    fn run(&self, slots: &mut [Block]) {
        let mut start = 0;
        for &(kind, end) in &self.runs {
            let steps = &self.steps[start..end];
            match kind {
                Kind::And => each(steps, slots, |a, b| a & b),
                Kind::AndNot => each(steps, slots, |a, b| !a & b),
                Kind::Nor => each(steps, slots, |a, b| !(a | b)),
                Kind::Xor => each(steps, slots, |a, b| a ^ b),
            }
            start = end;
        }
    }
}

/// A run of a program over the slots, compiled once per vector width. A plain closure would be
/// compiled on its own, without the instructions that its caller may use.
pub(super) struct Execution<'a> {
    pub(super) program: &'a Program,
    pub(super) slots: &'a mut [Block],
}

impl pulp::NullaryFnOnce for Execution<'_> {
    type Output = ();

    /// Computes every gate.
    #[inline(always)]
    fn call(self) {
        self.program.run(self.slots);
    }
}

#[inline(always)]
fn each(steps: &[Step], slots: &mut [Block], f: impl Fn(u64, u64) -> u64) {
    for step in steps {
        let (a, b) = (slots[step.a as usize], slots[step.b as usize]);
        slots[step.out as usize] = std::array::from_fn(|word| f(a[word], b[word]));
    }
}
