//! The words of the workspace: given to values, and taken back after their last reader.

use crate::bitslice::{Cover, Gate, Signal, cost};
use crate::netlist::InputBus;

use super::source::{Builder, Source};
use super::{Operand, Output, Part, Program, Statement};

/// A value that nobody reads any more, or that is no value.
const NEVER: usize = 0;

/// A program in the making.
pub(super) struct Allocation<S> {
    /// What is made.
    pub(super) program: Program<S>,
    /// Statements of a part.
    length: usize,
    /// For each gate the word that holds it.
    slots: Vec<Option<u32>>,
    /// For each gate the statement that made it.
    made: Vec<usize>,
    /// For each gate one more than the last statement of another part that reads it.
    last: Vec<usize>,
    free: Vec<u32>,
}

impl<S: Source> Allocation<S> {
    /// The statements of `cover` in parts of at most `length`.
    pub(super) fn new(input: InputBus, builder: &Builder<S>, cover: &Cover, outputs: &[Signal], length: usize) -> Self {
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
                if !is_gate(word) || made[word] / length != position / length {
                    last[word] = position + 1;
                }
            }
        }
        for output in outputs {
            last[output.gate()] = usize::MAX;
        }

        let mut sources: Vec<(S, usize)> = (0..gates.len())
            .filter_map(|index| match gates.gate(index) {
                Gate::Plane(number) if last[index] != NEVER => Some((builder.sources[number as usize], index)),
                _ => None,
            })
            .collect();
        sources.sort_by_key(|(source, _)| source.place(input));
        let mut slots = vec![None; gates.len()];
        for (slot, &(_, gate)) in (0..).zip(&sources) {
            slots[gate] = Some(slot);
        }
        let mut next = sources.len() as u32;
        let zero = outputs.iter().any(|output| output.gate() == 0).then_some(next);
        if zero.is_some() {
            slots[0] = zero;
            next += 1;
        }
        let program = Program {
            sources: sources.into_iter().map(|(source, _)| source).collect(),
            zero,
            parts: Vec::with_capacity(cover.cells.len().div_ceil(length)),
            outputs: Vec::new(),
            slots: next,
            operations: cover.cells.iter().map(|cell| usize::from(cost(cell.table))).sum(),
        };
        let mut allocation = Self { program, length, slots, made, last, free: Vec::new() };
        for part in 0..cover.cells.len().div_ceil(length) {
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
        let start = part * self.length;
        let cells = &cover.cells[start..cover.cells.len().min(start + self.length)];
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
