//! Cells to an and-inverter graph, with the clock cycle in which every bit is valid.
//!
//! A pipeline without feedback is a combinational function and a latency. Registers are read
//! through as wires while their number is counted on the way: when all paths to every gate have
//! the same number of them, the outputs are the function of the inputs that many cycles before,
//! a new input every cycle. All must take their inputs at the rising edge of `clk`, in every cycle. A
//! synchronous reset is a choice like any other: yosys makes one of a gate in front of a register.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::aig::{Aig, Lit};
use super::netlist::{Bit, Cell, Module};
use super::register::Register;
use super::word;

/// A bit and the number of registers between it and the inputs, `None` for a constant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timed {
    /// Its function.
    pub(crate) lit: Lit,
    /// Clock cycles behind the inputs.
    pub(crate) cycle: Option<u32>,
}

/// The graph of a module.
#[derive(Debug)]
pub(crate) struct Elaborated {
    /// Output ports by name, lowest bit first.
    pub(crate) outputs: BTreeMap<String, Vec<Timed>>,
    /// The first gate whose inputs come from different cycles.
    pub(crate) unbalanced: Option<String>,
}

/// A netlist that is no function of the inputs, or not known to be one.
#[derive(Debug)]
pub(crate) enum ElaborateError {
    /// An output depends on a bit without a value.
    Undefined(String),
    /// Something that cannot be translated.
    Unreadable(String),
}

fn unreadable<T>(problem: String) -> Result<T, ElaborateError> {
    Err(ElaborateError::Unreadable(problem))
}

/// Translates the outputs of `module`. `inputs` gives the literals of input ports, a reset among them;
/// others are left alone and must not reach an output but as the clock, `clk`. `free` are inputs of the graph, one
/// for each of [`Module::open_defaults`]: what a choice is when no case applies may be anything, so
/// the outputs are proved for both values of each.
///
/// # Errors
/// A sentence on what cannot be translated.
pub(crate) fn elaborate(
    module: &Module,
    aig: &mut Aig,
    inputs: &BTreeMap<String, Vec<Lit>>,
    free: &[Lit],
) -> Result<Elaborated, ElaborateError> {
    let mut drivers: FxHashMap<u64, (&str, &Cell)> = FxHashMap::default();
    for (name, cell) in &module.cells {
        for port in output_ports(cell) {
            for bit in cell.port(port) {
                if let Bit::Net(net) = bit
                    && drivers.insert(*net, (name, cell)).is_some()
                {
                    return unreadable(format!("a wire has two drivers, one of them the cell `{name}`"));
                }
            }
        }
    }
    let mut values: FxHashMap<u64, Timed> = FxHashMap::default();
    for (name, port) in module.ports.iter().filter(|(_, port)| port.direction == "input") {
        for (index, bit) in port.bits.iter().enumerate() {
            if let (Bit::Net(net), Some(lits)) = (bit, inputs.get(name)) {
                let Some(&lit) = lits.get(index) else {
                    return unreadable(format!("port `{name}` is wider than expected"));
                };
                values.insert(*net, Timed { lit, cycle: (!lit.is_constant()).then_some(0) });
            }
        }
    }
    let clock = module.ports.get("clk").filter(|port| port.direction == "input").and_then(|port| port.bits.first());
    let mut work = Work { aig, drivers, values, clock, free: free.iter(), unbalanced: None };
    let mut outputs = BTreeMap::new();
    for (name, port) in module.ports.iter().filter(|(_, port)| port.direction == "output") {
        for bit in &port.bits {
            work.reach(bit)?;
        }
        let bits: Result<Vec<Timed>, ElaborateError> = port.bits.iter().map(|bit| work.value(bit)).collect();
        outputs.insert(name.clone(), bits?);
    }
    Ok(Elaborated { outputs, unbalanced: work.unbalanced })
}

fn output_ports(cell: &Cell) -> &'static [&'static str] {
    if is_register(cell) { &["Q"] } else { &["Y"] }
}

fn is_register(cell: &Cell) -> bool {
    cell.connections.contains_key("Q")
}

struct Work<'a> {
    aig: &'a mut Aig,
    drivers: FxHashMap<u64, (&'a str, &'a Cell)>,
    values: FxHashMap<u64, Timed>,
    clock: Option<&'a Bit>,
    free: std::slice::Iter<'a, Lit>,
    unbalanced: Option<String>,
}

impl Work<'_> {
    /// Computes `bit` and all that it depends on.
    fn reach(&mut self, bit: &Bit) -> Result<(), ElaborateError> {
        let Bit::Net(net) = bit else { return Ok(()) };
        // Depth first by hand: designs may be thousands of cells deep.
        let mut stack = vec![(*net, false)];
        let mut open: FxHashMap<u64, ()> = FxHashMap::default();
        while let Some((net, ready)) = stack.pop() {
            if self.values.contains_key(&net) {
                continue;
            }
            let Some(&(name, cell)) = self.drivers.get(&net) else {
                return Err(ElaborateError::Undefined(
                    "an output depends on a wire that nothing drives, or on a port that is no input of the model"
                        .to_owned(),
                ));
            };
            if ready {
                self.cell(name, cell)?;
                continue;
            }
            if open.insert(net, ()).is_some() {
                return unreadable(format!(
                    "the cell `{name}` is part of a loop: this is no pipeline without feedback"
                ));
            }
            stack.push((net, true));
            let pins: &[&str] = if is_register(cell) { &["D", "E", "R"] } else { &["A", "B", "S"] };
            for input in pins.iter().flat_map(|pin| cell.port(pin)) {
                if let Bit::Net(input) = input
                    && !self.values.contains_key(input)
                {
                    stack.push((*input, false));
                }
            }
        }
        Ok(())
    }

    fn value(&self, bit: &Bit) -> Result<Timed, ElaborateError> {
        match bit {
            Bit::Net(net) => match self.values.get(net) {
                Some(&value) => Ok(value),
                None => Err(ElaborateError::Undefined("an output depends on a wire without a value".to_owned())),
            },
            Bit::Constant(text) => match text.as_str() {
                "0" => Ok(Timed { lit: Lit::FALSE, cycle: None }),
                "1" => Ok(Timed { lit: Lit::TRUE, cycle: None }),
                other => Err(ElaborateError::Undefined(format!("an output depends on a bit that is `{other}`"))),
            },
        }
    }

    fn cell(&mut self, name: &str, cell: &Cell) -> Result<(), ElaborateError> {
        let defaults: Vec<Timed> = if cell.kind == "$pmux" {
            let open = cell.port("A").iter().filter(|bit| bit.is_undefined());
            open.zip(&mut self.free).map(|(_, &lit)| Timed { lit, cycle: None }).collect()
        } else {
            Vec::new()
        };
        let inputs = |port: &str| -> Result<Vec<Timed>, ElaborateError> {
            let mut defaults = defaults.iter().filter(|_| port == "A");
            let mut value = |bit: &Bit| match bit.is_undefined().then(|| defaults.next()).flatten() {
                Some(&value) => Ok(value),
                None => self.value(bit),
            };
            cell.port(port).iter().map(&mut value).collect()
        };
        let register = is_register(cell);
        let (output, pins): (&str, Vec<Vec<Timed>>) = match register {
            true => ("Q", vec![inputs("D")?, inputs("E")?, inputs("R")?]),
            false => ("Y", vec![inputs("A")?, inputs("B")?, inputs("S")?]),
        };
        let mut results: Vec<Timed> = if register {
            vec![self.register(name, cell, &pins)?]
        } else if cell.kind == "$pos" || bitwise(&cell.kind) {
            self.bitwise(name, cell, &pins)?
        } else {
            let cycle = self.common_cycle(name, pins.iter().flatten());
            let lits: Vec<Vec<Lit>> = pins.iter().map(|bits| bits.iter().map(|bit| bit.lit).collect()).collect();
            let lits = self.function(name, cell, &lits[0], &lits[1], &lits[2])?;
            lits.into_iter().map(|lit| Timed { lit, cycle }).collect()
        };
        for result in &mut results {
            // What does not depend on the inputs is the same in every cycle.
            if result.lit.is_constant() {
                result.cycle = None;
            }
        }
        let bits = cell.port(output);
        if bits.len() != results.len() {
            return unreadable(format!(
                "the cell `{name}` (`{}`) has {} output bits, expected {}",
                cell.kind,
                bits.len(),
                results.len()
            ));
        }
        for (bit, result) in bits.iter().zip(results) {
            if let Bit::Net(net) = bit {
                self.values.insert(*net, result);
            }
        }
        Ok(())
    }

    /// The output of a register one cycle later, from its pins `D`, `E` and `R`.
    fn register(&mut self, name: &str, cell: &Cell, pins: &[Vec<Timed>]) -> Result<Timed, ElaborateError> {
        let problem = |what: &str| unreadable(format!("the register `{name}` (`{}`) {what}", cell.kind));
        let Some(register) = Register::parse(&cell.kind) else {
            return problem("is of a kind that cannot be translated");
        };
        if !register.rising || self.clock.is_none() || cell.port("C").first() != self.clock {
            return problem("takes its input at something else than the rising edge of `clk`");
        }
        let pin = |pin: usize| match pins.get(pin).map(Vec::as_slice) {
            Some(&[bit]) => Ok(bit),
            _ => unreadable(format!("the register `{name}` has not one bit on each pin")),
        };
        let at = |level: bool| if level { Lit::TRUE } else { Lit::FALSE };
        let data = pin(0)?;
        if let Some(level) = register.enable
            && pin(1)?.lit != at(level)
        {
            return problem("keeps its value in some cycles: this is no pipeline that takes an input every cycle");
        }
        let mut next = data;
        if let Some(reset) = register.reset {
            let bit = pin(2)?;
            if !reset.synchronous && !bit.lit.is_constant() {
                return problem("is reset by a signal that depends on the inputs, without waiting for the clock");
            }
            let cycle = self.common_cycle(name, [data, bit].iter());
            let is_reset = if reset.active { bit.lit } else { !bit.lit };
            next = Timed { lit: self.aig.mux(is_reset, data.lit, at(reset.value)), cycle };
        }
        Ok(Timed { cycle: next.cycle.map(|cycle| cycle + 1), ..next })
    }

    /// The cycle of signals that meet in a gate; where they differ, that is noted.
    fn common_cycle<'b>(&mut self, name: &str, bits: impl Iterator<Item = &'b Timed>) -> Option<u32> {
        let mut common: Option<u32> = None;
        for cycle in bits.filter_map(|bit| bit.cycle) {
            match common {
                Some(other) if other != cycle && self.unbalanced.is_none() => {
                    self.unbalanced =
                        Some(format!("the cell `{name}` reads a signal of cycle {other} and one of cycle {cycle}"));
                }
                _ => common = Some(cycle),
            }
        }
        common
    }

    /// Cells whose result bit `i` depends on the bits `i` alone: no bit waits for another.
    fn bitwise(&mut self, name: &str, cell: &Cell, pins: &[Vec<Timed>]) -> Result<Vec<Timed>, ElaborateError> {
        let width = cell.port("Y").len();
        let signed = cell.flag("A_SIGNED");
        let fill = |bits: &[Timed]| -> Vec<Timed> {
            let zero = Timed { lit: Lit::FALSE, cycle: None };
            let last = bits.last().copied().filter(|_| signed).unwrap_or(zero);
            bits.iter().copied().chain(std::iter::repeat(last)).take(width).collect()
        };
        let (a, b, s) = (fill(&pins[0]), fill(&pins[1]), pins[2].first().copied());
        let mut results = Vec::with_capacity(width);
        for (a, b) in a.iter().zip(&b) {
            let one_input = matches!(cell.kind.as_str(), "$pos" | "$not" | "$_NOT_" | "$_BUF_");
            let mut read = vec![*a];
            read.extend((!one_input).then_some(*b));
            read.extend(s);
            let cycle = self.common_cycle(name, read.iter());
            let (a, b, aig) = (a.lit, b.lit, &mut *self.aig);
            let lit = match cell.kind.as_str() {
                "$pos" | "$_BUF_" => a,
                "$not" | "$_NOT_" => !a,
                "$and" | "$_AND_" => aig.and(a, b),
                "$_NAND_" => !aig.and(a, b),
                "$or" | "$_OR_" => aig.or(a, b),
                "$_NOR_" => !aig.or(a, b),
                "$xor" | "$_XOR_" => aig.xor(a, b),
                "$xnor" | "$_XNOR_" => !aig.xor(a, b),
                "$_ANDNOT_" => aig.and(a, !b),
                "$_ORNOT_" => aig.or(a, !b),
                "$mux" | "$_MUX_" => aig.mux(s.map_or(Lit::FALSE, |s| s.lit), a, b),
                other => return Err(unknown(name, other)),
            };
            results.push(Timed { lit, cycle });
        }
        Ok(results)
    }

    fn function(
        &mut self,
        name: &str,
        cell: &Cell,
        a: &[Lit],
        b: &[Lit],
        s: &[Lit],
    ) -> Result<Vec<Lit>, ElaborateError> {
        let width = cell.port("Y").len();
        let (sign_a, sign_b) = (cell.flag("A_SIGNED"), cell.flag("B_SIGNED"));
        let signed = sign_a && sign_b;
        let aig = &mut *self.aig;
        // Operands of arithmetic have the width of the result, those of comparisons that of the
        // wider one.
        let both = |width: usize| (word::extend(a, width, signed), word::extend(b, width, signed));
        let compared = both(a.len().max(b.len()));
        let bit = |lit: Lit| word::extend(&[lit], width, false);
        Ok(match cell.kind.as_str() {
            "$lut" => {
                let digits = cell.parameters.get("LUT").map_or("", String::as_str);
                let rows: Vec<bool> = digits.bytes().rev().map(|digit| digit == b'1').collect();
                if a.len() > 16 || rows.len() != 1 << a.len() {
                    return unreadable(format!("the table `{name}` has {} inputs and {} rows", a.len(), rows.len()));
                }
                let table = crate::logic::TruthTable::from_fn(a.len(), |row| rows[row]);
                vec![aig.table(&table, a)]
            }
            "$add" => {
                let (a, b) = both(width);
                word::add(aig, &a, &b, Lit::FALSE)
            }
            "$sub" => {
                let (a, b) = both(width);
                word::subtract(aig, &a, &b)
            }
            "$neg" => {
                let zero = vec![Lit::FALSE; width];
                word::subtract(aig, &zero, &word::extend(a, width, sign_a))
            }
            "$lt" => bit(word::less(aig, &compared.0, &compared.1, signed)),
            "$gt" => bit(word::less(aig, &compared.1, &compared.0, signed)),
            "$ge" => bit(!word::less(aig, &compared.0, &compared.1, signed)),
            "$le" => bit(!word::less(aig, &compared.1, &compared.0, signed)),
            "$eq" | "$eqx" => bit(word::equal(aig, &compared.0, &compared.1)),
            "$ne" | "$nex" => bit(!word::equal(aig, &compared.0, &compared.1)),
            "$reduce_and" => bit(word::all(aig, a)),
            "$reduce_or" | "$reduce_bool" => bit(word::any(aig, a)),
            "$reduce_xor" => bit(word::parity(aig, a)),
            "$reduce_xnor" => bit(!word::parity(aig, a)),
            "$logic_not" => bit(!word::any(aig, a)),
            "$logic_and" => {
                let (a, b) = (word::any(aig, a), word::any(aig, b));
                bit(aig.and(a, b))
            }
            "$logic_or" => {
                let (a, b) = (word::any(aig, a), word::any(aig, b));
                bit(aig.or(a, b))
            }
            "$shl" | "$sshl" => {
                let a = word::extend(a, width, sign_a);
                word::shift(aig, &a, b, false, Lit::FALSE)
            }
            "$shr" | "$sshr" | "$shift" | "$shiftx" => {
                if sign_b && !matches!(cell.kind.as_str(), "$shr" | "$sshr") {
                    return unreadable(format!("the cell `{name}` shifts by a signed number"));
                }
                let arithmetic = cell.kind == "$sshr" && sign_a;
                let fill = if arithmetic { a.last().copied().unwrap_or(Lit::FALSE) } else { Lit::FALSE };
                let wide = word::extend(a, a.len().max(width), sign_a);
                word::extend(&word::shift(aig, &wide, b, true, fill), width, false)
            }
            "$pmux" => {
                let mut result = a.to_vec();
                for (index, &select) in s.iter().enumerate() {
                    let case = b.get(index * width..(index + 1) * width).ok_or_else(|| unknown(name, "$pmux"))?;
                    result = result.iter().zip(case).map(|(&a, &b)| aig.mux(select, a, b)).collect();
                }
                result
            }
            other => return Err(unknown(name, other)),
        })
    }
}

fn bitwise(kind: &str) -> bool {
    matches!(
        kind,
        "$not"
            | "$and"
            | "$or"
            | "$xor"
            | "$xnor"
            | "$mux"
            | "$_NOT_"
            | "$_BUF_"
            | "$_AND_"
            | "$_NAND_"
            | "$_OR_"
            | "$_NOR_"
            | "$_XOR_"
            | "$_XNOR_"
            | "$_ANDNOT_"
            | "$_ORNOT_"
            | "$_MUX_"
    )
}

fn unknown(name: &str, kind: &str) -> ElaborateError {
    ElaborateError::Unreadable(format!("the cell `{name}` is a `{kind}`, which cannot be translated"))
}
