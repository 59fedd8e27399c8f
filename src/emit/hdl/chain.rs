//! Carry chains as `CARRY4` with the tables at their positions.

use crate::logic::TruthTable;
use crate::netlist::{Carry, CountBit, Counter, CounterForm, Popcount};

use super::LutStyle;
use super::lut::{Form, Level, Lut, Pair};
use super::wire::{Delayed, Wire};

/// Positions of one `CARRY4`.
const POSITIONS: usize = 4;

/// A chain.
#[derive(Debug)]
pub(in crate::emit) struct ChainView {
    /// What it does, for a comment.
    pub(in crate::emit) title: String,
    /// The tables at its positions.
    pub(in crate::emit) luts: Vec<Lut>,
    /// What the positions declare besides.
    pub(in crate::emit) carries: Vec<Carry4>,
}

/// An instance of `CARRY4`; lists have its lowest position first.
#[derive(Debug)]
pub(in crate::emit) struct Carry4 {
    /// Tells it from the others of its module.
    pub(in crate::emit) number: u32,
    /// `CI`, the carry of the one below.
    pub(in crate::emit) carry_in: Level,
    /// `CYINIT`, the bit that comes in where a chain begins.
    pub(in crate::emit) start: Level,
    /// `S`.
    pub(in crate::emit) pass: [Level; POSITIONS],
    /// `DI`.
    pub(in crate::emit) data: [Level; POSITIONS],
    /// `O`.
    pub(in crate::emit) sums: [Wire; POSITIONS],
    /// `CO`, of which only the last is read, by the `CARRY4` above or as the result of the chain.
    pub(in crate::emit) carries: [Wire; POSITIONS],
}

/// One position of a chain.
pub(super) struct Position {
    /// Whether the carry goes through.
    pub(super) pass: Level,
    /// What is carried on where it does not.
    pub(super) data: Level,
    /// Its sum, when somebody reads it.
    pub(super) sum: Option<Wire>,
}

impl ChainView {
    /// The chains of `popcount`. `read` gives the signal of a bit for a cell of a level, `used` says
    /// whether a bit of a cell is read outside its chain.
    pub(super) fn all(
        popcount: &Popcount,
        read: &mut impl FnMut(CountBit, u32) -> Delayed,
        used: impl Fn(u32, u8) -> bool,
    ) -> Vec<Self> {
        let mut chains = Vec::new();
        let mut number = 0;
        let mut first = 0;
        while first < popcount.counters.len() {
            let follows = |counter: &Counter| matches!(counter.form, CounterForm::Chain { carry: Carry::Below, .. });
            let cells = 1 + popcount.counters[first + 1..].iter().take_while(|counter| follows(counter)).count();
            if popcount.counters[first].form != CounterForm::Tables {
                chains.push(Self::new(popcount, first..first + cells, read, &used, &mut number));
            }
            first += cells;
        }
        chains
    }

    fn new(
        popcount: &Popcount,
        cells: std::ops::Range<usize>,
        read: &mut impl FnMut(CountBit, u32) -> Delayed,
        used: &impl Fn(u32, u8) -> bool,
        number: &mut u32,
    ) -> Self {
        let (mut luts, mut positions, mut titles) = (Vec::new(), Vec::new(), Vec::new());
        let mut start = Level::Constant(false);
        for cell in cells.clone() {
            let counter = &popcount.counters[cell];
            let index = cell as u32;
            let inputs: Vec<Delayed> = counter.inputs.iter().map(|&bit| read(bit, counter.level)).collect();
            let high: Vec<Delayed> = counter.high().iter().map(|&bit| read(bit, counter.level)).collect();
            if let CounterForm::Chain { carry: Carry::Bit(bit), .. } = counter.form {
                start = Level::Signal(read(bit, counter.level));
            }
            titles.extend(title(counter));
            let upper = [counter.upper_inputs(&inputs), &high].concat();
            for (position, pins) in [inputs, upper].into_iter().enumerate().take(popcount.cell_positions(counter)) {
                let place = position as u8;
                let [pass, data] = tables(counter, position, pins, index, &mut luts);
                let sum = used(index, place).then_some(Wire::CounterBit(index, place));
                positions.push(Position { pass, data, sum });
            }
            if used(index, 2) {
                // A carry leaves as the sum of a position that adds nothing.
                let nothing = Level::Constant(false);
                positions.push(Position { pass: nothing, data: nothing, sum: Some(Wire::CounterBit(index, 2)) });
            }
        }
        let title = titles.join(", ");
        let title = format!("A carry chain: {title}");
        Self { title, luts, carries: assemble(&positions, start, None, number) }
    }

    /// The wires that are declared in front of the `CARRY4`s.
    pub(in crate::emit) fn outputs(&self) -> impl Iterator<Item = Wire> {
        self.carries.iter().flat_map(|carry| carry.sums.iter().chain(&carry.carries)).copied()
    }
}

/// The `CARRY4`s of a chain into which `start` comes; `result` is the carry of its highest position, when
/// somebody reads it. `number` counts those of the module.
pub(super) fn assemble(positions: &[Position], start: Level, result: Option<Wire>, number: &mut u32) -> Vec<Carry4> {
    let chunks = positions.chunks(POSITIONS);
    let last = chunks.len().saturating_sub(1);
    let mut carry_in = Level::Constant(false);
    chunks
        .enumerate()
        .map(|(place, chunk)| {
            let own = *number;
            *number += 1;
            let at = |position: usize| chunk.get(position);
            let zero = Level::Constant(false);
            let unused = |position: usize| Wire::ChainUnused(own, position as u8);
            let carry = Carry4 {
                number: own,
                carry_in,
                start: if place == 0 { start } else { zero },
                pass: std::array::from_fn(|position| at(position).map_or(zero, |own| own.pass)),
                data: std::array::from_fn(|position| at(position).map_or(zero, |own| own.data)),
                sums: std::array::from_fn(|position| {
                    at(position).and_then(|own| own.sum).unwrap_or_else(|| unused(position))
                }),
                carries: std::array::from_fn(|position| match result {
                    _ if position == POSITIONS - 1 && place < last => Wire::ChainCarry(own),
                    Some(result) if place == last && position + 1 == chunk.len() => result,
                    _ => unused(POSITIONS + position),
                }),
            };
            carry_in = Level::Signal(Delayed { wire: Wire::ChainCarry(own), cycles: 0 });
            carry
        })
        .collect()
}

/// `7 of weight 1`, `6 of weight 4`.
fn title(counter: &Counter) -> Vec<String> {
    let started = matches!(counter.form, CounterForm::Chain { carry: Carry::Bit(_), .. });
    let low = counter.inputs.len() + usize::from(started);
    let counts = [(low, 1u64 << counter.weight), (counter.high().len(), 2 << counter.weight)];
    counts
        .into_iter()
        .filter(|&(count, _)| count > 0)
        .map(|(count, weight)| format!("{count} of weight {weight}"))
        .collect()
}

/// What passes and what is carried at one position: one `LUT6_2`, one table, or no table at all.
fn tables(counter: &Counter, position: usize, pins: Vec<Delayed>, index: u32, luts: &mut Vec<Lut>) -> [Level; 2] {
    let place = position as u8;
    let wires = [Wire::ChainPass(index, place), Wire::ChainData(index, place)];
    let functions = [
        TruthTable::from_fn(pins.len(), |row| counter.passes(position, row)),
        TruthTable::from_fn(pins.len(), |row| counter.carries(position, row)),
    ];
    let signal = |wire: Wire| Level::Signal(Delayed { wire, cycles: 0 });
    if pins.len() == 6 {
        // The sixth input inverts the parity of the others, which O5 states.
        let mut inputs = [Level::Constant(false); 6];
        for (input, pin) in inputs.iter_mut().zip(pins) {
            *input = Level::Signal(pin);
        }
        let pair = Pair { init: functions[0].hex(), outputs: wires, inputs };
        luts.push(Lut { wire: wires[1], form: Form::Shared });
        luts.push(Lut { wire: wires[0], form: Form::Pair(pair) });
        return wires.map(signal);
    }
    let constants = functions.each_ref().map(TruthTable::as_constant);
    if constants == [None, None]
        && let Some(pair) = Pair::new(wires, functions.each_ref(), [&pins, &pins])
    {
        luts.push(Lut { wire: wires[1], form: Form::Shared });
        luts.push(Lut { wire: wires[0], form: Form::Pair(pair) });
        return wires.map(signal);
    }
    let mut level = 0;
    functions.map(|table| {
        let wire = wires[level];
        level += 1;
        match table.as_constant() {
            Some(value) => Level::Constant(value),
            None => {
                let support = table.support();
                let pins = support.iter().map(|&pin| pins[pin]).collect();
                luts.push(Lut::new(wire, &table.project(&support), pins, LutStyle::Primitive));
                signal(wire)
            }
        }
    })
}
