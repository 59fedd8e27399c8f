//! A program cut into functions, and the places of what goes from one to another.
//!
//! Compilers take time that grows faster than the square of a function's size. Short functions
//! that hand over words in an array keep it linear, and an array is reused word by word once
//! nobody needs what is in it.

use super::program::{Gate, Literal, Op, Program};

/// A program as functions of an array of words.
#[derive(Debug)]
pub(in crate::emit::c) struct Schedule {
    /// The functions in the order of their calls.
    pub(in crate::emit::c) blocks: Vec<Block>,
    /// Words of the array; the first hold the inputs.
    pub(in crate::emit::c) words: usize,
    /// The word of the first output; the others follow to the end.
    pub(in crate::emit::c) first_output: usize,
}

/// One function.
#[derive(Debug, Default)]
pub(in crate::emit::c) struct Block {
    /// Its statements.
    pub(in crate::emit::c) lines: Vec<Line>,
}

/// One statement.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit::c) enum Line {
    /// The local `value` is a word of the array.
    Load { value: u32, word: u32 },
    /// The local `value` is an operation.
    Op { value: u32, gate: Gate, a: Operand, b: Operand },
    /// A word of the array becomes an operand or its complement.
    Store { word: u32, operand: Operand, inverted: bool },
    /// A word of the array becomes a constant.
    Constant { word: u32, ones: bool },
}

/// What a statement reads.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit::c) enum Operand {
    /// A local.
    Local(u32),
    /// A word of the array that is read once.
    Word(u32),
}

impl Schedule {
    /// `program` in functions of at most `limit` operations.
    pub(in crate::emit::c) fn new(program: &Program, limit: usize) -> Self {
        let first_op = 1 + program.inputs;
        let values = first_op + program.ops.len();
        let op_blocks: Vec<&[Op]> = program.ops.chunks(limit).collect();
        let output_blocks: Vec<&[Literal]> = program.outputs.chunks(limit).collect();
        // The last function that reads each value; outputs are read by the last ones.
        let mut last_reader = vec![0usize; values];
        for (block, ops) in op_blocks.iter().enumerate() {
            for op in *ops {
                last_reader[op.a as usize] = block;
                last_reader[op.b as usize] = block;
            }
        }
        for (block, outputs) in output_blocks.iter().enumerate() {
            for output in *outputs {
                last_reader[output.value() as usize] = op_blocks.len() + block;
            }
        }
        let mut places = Places { of: vec![0; values], free: Vec::new(), size: program.inputs as u32 };
        // What each function may give back when it is done.
        let mut ends: Vec<Vec<u32>> = vec![Vec::new(); op_blocks.len() + output_blocks.len()];
        for input in 0..program.inputs {
            places.of[1 + input] = input as u32;
            if let Some(ends) = ends.get_mut(last_reader[1 + input]) {
                ends.push(input as u32);
            }
        }
        let mut blocks = Vec::with_capacity(ends.len());
        for (number, ops) in op_blocks.iter().enumerate() {
            let first = first_op + number * limit;
            let mut block = Block::default();
            let mut reads =
                Reads::count(ops.iter().flat_map(|op| [op.a, op.b]).filter(|&value| (value as usize) < first));
            for (offset, op) in ops.iter().enumerate() {
                let value = (first + offset) as u32;
                let [a, b] = [op.a, op.b].map(|read| reads.operand(read, first, &places, &mut block.lines));
                block.lines.push(Line::Op { value, gate: op.gate, a, b });
                let last = last_reader[value as usize];
                if last > number {
                    let word = places.take(value);
                    ends[last].push(word);
                    block.lines.push(Line::Store { word, operand: Operand::Local(value), inverted: false });
                }
            }
            places.free.append(&mut ends[number]);
            // The lowest words first: they are the ones that caches hold.
            places.free.sort_unstable_by(|a, b| b.cmp(a));
            blocks.push(block);
        }
        let first_output = places.size as usize;
        for (number, outputs) in output_blocks.iter().enumerate() {
            let mut block = Block::default();
            for (offset, output) in outputs.iter().enumerate() {
                let word = (first_output + number * limit + offset) as u32;
                block.lines.push(match output.value() {
                    0 => Line::Constant { word, ones: output.inverted() },
                    value => {
                        let operand = Operand::Word(places.of[value as usize]);
                        Line::Store { word, operand, inverted: output.inverted() }
                    }
                });
            }
            blocks.push(block);
        }
        Self { blocks, words: first_output + program.outputs.len(), first_output }
    }

    /// Runs the functions on an array of 64-bit words, whose first words are the inputs.
    #[cfg(test)]
    pub(in crate::emit::c) fn run(&self, words: &mut [u64]) {
        let mut locals = rustc_hash::FxHashMap::<u32, u64>::default();
        for block in &self.blocks {
            locals.clear();
            for line in &block.lines {
                let read = |operand: Operand, words: &[u64]| match operand {
                    Operand::Local(value) => locals[&value],
                    Operand::Word(word) => words[word as usize],
                };
                match *line {
                    Line::Load { value, word } => {
                        locals.insert(value, words[word as usize]);
                    }
                    Line::Op { value, gate, a, b } => {
                        let (a, b) = (read(a, words), read(b, words));
                        let result = match gate {
                            Gate::And => a & b,
                            Gate::Or => a | b,
                            Gate::AndNot => a & !b,
                            Gate::Xor => a ^ b,
                        };
                        locals.insert(value, result);
                    }
                    Line::Store { word, operand, inverted } => {
                        words[word as usize] = read(operand, words) ^ if inverted { u64::MAX } else { 0 };
                    }
                    Line::Constant { word, ones } => words[word as usize] = if ones { u64::MAX } else { 0 },
                }
            }
        }
    }
}

/// Where values lie in the array.
struct Places {
    of: Vec<u32>,
    free: Vec<u32>,
    size: u32,
}

impl Places {
    fn take(&mut self, value: u32) -> u32 {
        let word = self.free.pop().unwrap_or_else(|| {
            self.size += 1;
            self.size - 1
        });
        self.of[value as usize] = word;
        word
    }
}

/// How often a function reads each value that it did not compute.
struct Reads {
    /// Reads, and whether a local holds the value already.
    counts: rustc_hash::FxHashMap<u32, (u32, bool)>,
}

impl Reads {
    fn count(values: impl Iterator<Item = u32>) -> Self {
        let mut counts = rustc_hash::FxHashMap::default();
        values.for_each(|value| counts.entry(value).or_insert((0, false)).0 += 1);
        Self { counts }
    }

    fn operand(&mut self, value: u32, first: usize, places: &Places, lines: &mut Vec<Line>) -> Operand {
        if value as usize >= first {
            return Operand::Local(value);
        }
        let word = places.of[value as usize];
        match self.counts.get_mut(&value) {
            Some((reads, loaded)) if *reads > 1 => {
                if !std::mem::replace(loaded, true) {
                    lines.push(Line::Load { value, word });
                }
                Operand::Local(value)
            }
            _ => Operand::Word(word),
        }
    }
}
