//! Truth tables as operations: cofactors joined by the cheapest variable.

use crate::logic::{TruthTable, VARIABLE};

use super::program::{Literal, Program};

/// How a function is taken apart first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Operations, without those that are shared.
    cost: u32,
    variable: usize,
}

/// The cofactors of `function` for input `variable` being zero and one, each as a function that
/// does not depend on it.
fn cofactors(function: u64, variable: usize) -> (u64, u64) {
    let (shift, column) = (1 << variable, VARIABLE[variable]);
    let (zero, one) = (function & !column, function & column);
    (zero | zero << shift, one | one >> shift)
}

impl Program {
    /// The function `table` of `inputs`, input 0 first.
    pub(super) fn table(&mut self, table: &TruthTable, inputs: &[Literal]) -> Literal {
        let words = table.words();
        if inputs.len() > 6 {
            return self.wide(words, inputs);
        }
        let mut function = words[0];
        for input in inputs.len()..6 {
            let rows = 1u32 << input;
            function &= u64::MAX >> (64 - rows);
            function |= function << rows;
        }
        self.function(function, inputs)
    }

    /// A table of more than six inputs: selections by the inputs beyond the sixth.
    fn wide(&mut self, words: &[u64], inputs: &[Literal]) -> Literal {
        match words {
            [word] => self.function(*word, inputs),
            words => {
                let (zero, one) = words.split_at(words.len() / 2);
                let (select, rest) = (inputs[inputs.len() - 1], &inputs[..inputs.len() - 1]);
                let zero = self.wide(zero, rest);
                let one = self.wide(one, rest);
                self.select(select, one, zero)
            }
        }
    }

    fn function(&mut self, function: u64, inputs: &[Literal]) -> Literal {
        if function == 0 || function == u64::MAX {
            return if function == 0 { Literal::FALSE } else { Literal::TRUE };
        }
        if let Some(variable) = VARIABLE.iter().position(|&column| function == column || function == !column) {
            return if function == VARIABLE[variable] { inputs[variable] } else { !inputs[variable] };
        }
        let Plan { variable, .. } = self.plan(function);
        let (zero, one) = cofactors(function, variable);
        let select = inputs[variable];
        if zero == !one {
            let zero = self.function(zero, inputs);
            return self.xor(select, zero);
        }
        let zero = self.function(zero, inputs);
        let one = self.function(one, inputs);
        self.select(select, one, zero)
    }

    /// The variable whose cofactors need the fewest operations.
    fn plan(&mut self, function: u64) -> Plan {
        // A function and its complement cost the same.
        let key = function.min(!function);
        if key == 0 || VARIABLE.iter().any(|&column| key == column || key == !column) {
            return Plan { cost: 0, variable: 0 };
        }
        if let Some(&plan) = self.plans.get(&key) {
            return plan;
        }
        let mut best = Plan { cost: u32::MAX, variable: 0 };
        for variable in 0..6 {
            let (zero, one) = cofactors(key, variable);
            if zero == one {
                continue;
            }
            let constant = |function: u64| function == 0 || function == u64::MAX;
            let own = if constant(zero) || constant(one) || zero == !one { 1 } else { 3 };
            let rest = if zero == !one { self.plan(zero).cost } else { self.plan(zero).cost + self.plan(one).cost };
            if own + rest < best.cost {
                best = Plan { cost: own + rest, variable };
            }
        }
        self.plans.insert(key, best);
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_two_inputs_are_at_most_one_operation() {
        for function in 0..16u64 {
            let mut program = Program::with_inputs(2);
            program.table(&TruthTable::from_words(2, vec![function]), &[Literal::input(0), Literal::input(1)]);
            assert!(program.operations() <= 1, "{function:04b}");
        }
    }

    #[test]
    fn a_parity_is_a_chain_and_a_majority_is_four_operations() {
        let inputs: Vec<Literal> = (0..6).map(Literal::input).collect();
        let mut program = Program::with_inputs(6);
        program.table(&TruthTable::from_fn(6, |row| row.count_ones() % 2 == 1), &inputs);
        assert_eq!(program.operations(), 5);
        let mut program = Program::with_inputs(3);
        program.table(&TruthTable::from_fn(3, |row| row.count_ones() >= 2), &inputs[..3]);
        assert!(program.operations() <= 5, "{}", program.operations());
    }
}
