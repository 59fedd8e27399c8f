//! Functions of words as straight code for an interpreter that computes 1024 samples at a time.

use crate::bitslice::WORDS as VARIABLE;

use super::kernels::{add, canonical, evaluate};

/// Words of a block: 1024 samples. Wider blocks spend less on reading the program and more on
/// caches; half and twice as many were no faster on 6 x 8,000 gates with AVX-512.
pub(super) const WORDS: usize = 16;

/// The values of one signal in a block of samples.
pub(super) type Block = [u64; WORDS];

/// What a run of steps does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The function of three words with this table.
    Table(u8),
    /// A full adder; `odd` when its first word counts as its complement.
    Add { odd: bool },
}

/// Where a step reads and writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Slots of the words; a function of fewer words ignores the last ones.
    pub(super) reads: [u32; 3],
    /// Slot of the result.
    pub(super) out: u32,
}

/// Steps in runs of one kind: the interpreter decides once per run.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    runs: Vec<(Kind, usize)>,
    steps: Vec<Step>,
    slots: usize,
}

impl Program {
    /// Slots that the program needs.
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// Number of steps.
    pub(super) fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Computes every step.
    #[inline(always)]
    pub(super) fn run(&self, slots: &mut [Block]) {
        let mut start = 0;
        for &(kind, end) in &self.runs {
            let steps = &self.steps[start..end];
            match kind {
                Kind::Table(table) => evaluate(table, steps, slots),
                Kind::Add { odd } => add(odd, steps, slots),
            }
            start = end;
        }
    }

    fn push(&mut self, kind: Kind, step: Step) {
        self.steps.push(step);
        let end = self.steps.len();
        match self.runs.last_mut() {
            Some((known, last)) if *known == kind => *last = end,
            _ => self.runs.push((kind, end)),
        }
    }
}

/// A word of the program: a slot, or zero, or the complement of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// The slot; none for the constant.
    pub(super) slot: Option<u32>,
    /// Whether it is the complement.
    pub(super) inverted: bool,
}

impl Value {
    /// The constant.
    pub(super) fn constant(value: bool) -> Self {
        Self { slot: None, inverted: value }
    }

    /// The complement where `invert`.
    pub(super) fn invert_if(self, invert: bool) -> Self {
        Self { inverted: self.inverted ^ invert, ..self }
    }

    /// Word number `word` of a block of slots.
    #[inline(always)]
    pub(super) fn read(self, slots: &[Block], word: usize) -> u64 {
        self.slot.map_or(0, |slot| slots[slot as usize][word]) ^ u64::from(self.inverted).wrapping_neg()
    }
}

/// Writes programs. Every value has a number of readers to come; each use takes one of them, and
/// the slot of a value without readers is used again, so that slots fit into a processor's cache.
#[derive(Debug)]
pub(super) struct Assembler {
    program: Program,
    readers: Vec<u32>,
    free: Vec<u32>,
}

impl Assembler {
    /// Slot `i` holds input `i` at the start, of which there are as many as `readers`.
    pub(super) fn new(readers: Vec<u32>) -> Self {
        let free = (0..).zip(&readers).filter(|&(_, &readers)| readers == 0).map(|(slot, _)| slot).collect();
        Self { program: Program { slots: readers.len(), ..Program::default() }, readers, free }
    }

    /// The program.
    pub(super) fn finish(self) -> Program {
        self.program
    }

    /// `value` is read `times` more often.
    pub(super) fn retain(&mut self, value: Value, times: u32) -> Value {
        if let Some(slot) = value.slot {
            self.readers[slot as usize] += times;
        }
        value
    }

    /// One reader of `value` less.
    pub(super) fn release(&mut self, value: Value) {
        if let Some(slot) = value.slot {
            self.readers[slot as usize] -= 1;
            if self.readers[slot as usize] == 0 {
                self.free.push(slot);
            }
        }
    }

    fn fresh(&mut self) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.readers.push(0);
            self.program.slots += 1;
            self.program.slots as u32 - 1
        });
        self.readers[slot as usize] = 1;
        slot
    }

    /// The function `table` of up to three words, each of which loses a reader; row `r` of the table
    /// is bit `r`, where bit `i` of `r` is word `i`. The result has one reader.
    pub(super) fn gate(&mut self, mut table: u8, words: &[Value]) -> Value {
        for (word, &variable) in words.iter().zip(&VARIABLE) {
            let shift = variable.trailing_zeros();
            if word.inverted {
                table = (table & variable) >> shift | (table & !variable) << shift;
            }
            if word.slot.is_none() {
                table = table & !variable | (table & !variable) << shift;
            }
        }
        let depends = |position: usize| {
            let shift = VARIABLE[position].trailing_zeros();
            (table & VARIABLE[position]) >> shift != table & !VARIABLE[position]
        };
        let kept: Vec<usize> = (0..words.len()).filter(|&position| depends(position)).collect();
        // Rows of the words that matter, the others zero.
        let row =
            |row: usize| kept.iter().enumerate().fold(0, |old, (new, position)| old | (row >> new & 1) << position);
        let table = (0..8).fold(0, |projected, new| projected | (table >> row(new) & 1) << new);
        let inverted = table & 1 == 1;
        let table = if inverted { !table } else { table };
        if kept.len() < 2 {
            for (position, &word) in words.iter().enumerate() {
                if !kept.contains(&position) {
                    self.release(word);
                }
            }
            let slot = kept.first().and_then(|&position| words[position].slot);
            return Value { slot, inverted };
        }
        words.iter().for_each(|&word| self.release(word));
        let (table, order) = canonical(table, kept.len());
        let slot = |position: usize| kept.get(position).and_then(|&word| words[word].slot).unwrap_or(0);
        let step = Step { reads: order.map(slot), out: self.fresh() };
        self.program.push(Kind::Table(table), step);
        Value { slot: Some(step.out), inverted }
    }

    /// Sum and carry of three words, each of which loses a reader; both results have one.
    pub(super) fn add(&mut self, words: [Value; 3]) -> (Value, Value) {
        let [a, b, c] = words.map(|word| word.inverted);
        let majority = (a & b) | (a & c) | (b & c);
        let odd = words.iter().position(|word| word.inverted != majority);
        let mut ordered = words;
        ordered.swap(0, odd.unwrap_or(0));
        // The sum replaces a word that nobody else reads.
        let own = |word: &Value| word.slot.is_some_and(|slot| self.readers[slot as usize] == 1);
        if !own(&ordered[2]) {
            ordered.swap(1, 2);
        }
        let [Some(first), Some(second), Some(third)] = ordered.map(|word| word.slot) else {
            return self.add_by_gates(words);
        };
        if !own(&ordered[2]) {
            return self.add_by_gates(words);
        }
        self.release(ordered[0]);
        self.release(ordered[1]);
        let step = Step { reads: [first, second, third], out: self.fresh() };
        self.program.push(Kind::Add { odd: odd.is_some() }, step);
        let sum = Value { slot: Some(third), inverted: a ^ b ^ c };
        (sum, Value { slot: Some(step.out), inverted: majority })
    }

    fn add_by_gates(&mut self, words: [Value; 3]) -> (Value, Value) {
        for word in words {
            self.retain(word, 1);
        }
        (self.gate(0x96, &words), self.gate(0xe8, &words))
    }
}
