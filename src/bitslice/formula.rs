//! The cheapest formula for every function of three words.

use std::sync::OnceLock;

/// An instruction that every processor has for its widest registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    /// `a & b`.
    And,
    /// `a & ~b`; most processors complement one operand for nothing.
    AndNot,
    /// `a | b`.
    Or,
    /// `a ^ b`.
    Xor,
}

/// A formula over words `a`, `b` and `c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Formula {
    /// Word 0, 1 or 2.
    Word(u8),
    /// The complement of the formula for this table.
    Not(u8),
    /// An operation on the formulas for two tables.
    Binary(Operation, u8, u8),
}

/// `WORDS[i]` is the table of word `i`: its value in row `r`, where bit `i` of `r` is word `i`.
pub(crate) const WORDS: [u8; 3] = [0xaa, 0xcc, 0xf0];

const UNKNOWN: u8 = u8::MAX;

/// The cheapest formulas, by operations; the constant one has none.
struct Formulas {
    costs: [u8; 256],
    formulas: [Formula; 256],
}

/// The formula for a table that is not the constant one.
fn formula(table: u8) -> Formula {
    formulas().formulas[usize::from(table)]
}

/// The operations of the formula for a table.
pub(crate) fn cost(table: u8) -> u8 {
    formulas().costs[usize::from(table)]
}

fn formulas() -> &'static Formulas {
    static FORMULAS: OnceLock<Formulas> = OnceLock::new();
    FORMULAS.get_or_init(Formulas::find)
}

impl Formulas {
    /// All functions of cost 0, then those one operation away from them, and so on.
    fn find() -> Self {
        let mut all = Self { costs: [UNKNOWN; 256], formulas: [Formula::Word(0); 256] };
        // A constant is stored as zero or its complement.
        all.set(0, 1, Formula::Binary(Operation::Xor, WORDS[0], WORDS[0]));
        let mut by_cost: Vec<Vec<u8>> = vec![WORDS.to_vec()];
        for (number, table) in (0..).zip(WORDS) {
            all.set(table, 0, Formula::Word(number));
        }
        // No function of three words needs more.
        for cost in 1..=5 {
            let mut found = Vec::new();
            for low in 0..cost {
                for &a in &by_cost[low] {
                    for &b in &by_cost[cost - 1 - low] {
                        let offers = [
                            (a & b, Operation::And),
                            (a & !b, Operation::AndNot),
                            (a | b, Operation::Or),
                            (a ^ b, Operation::Xor),
                        ];
                        for (table, operation) in offers {
                            if table != 0 && table != 0xff && all.costs[usize::from(table)] == UNKNOWN {
                                all.set(table, cost as u8, Formula::Binary(operation, a, b));
                                found.push(table);
                            }
                        }
                    }
                }
            }
            for &a in &by_cost[cost - 1] {
                if all.costs[usize::from(!a)] == UNKNOWN {
                    all.set(!a, cost as u8, Formula::Not(a));
                    found.push(!a);
                }
            }
            by_cost.push(found);
        }
        all
    }

    fn set(&mut self, table: u8, cost: u8, formula: Formula) {
        self.costs[usize::from(table)] = cost;
        self.formulas[usize::from(table)] = formula;
    }
}

/// How a language writes formulas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// The complement operator.
    pub(crate) not: char,
}

impl Terms {
    /// The formula for `table` over the given words.
    pub(crate) fn write(&self, table: u8, words: [&str; 3]) -> String {
        let (operator, a, b) = match formula(table) {
            Formula::Word(number) => return words[usize::from(number)].to_owned(),
            Formula::Not(inner) => return format!("{}{}", self.not, self.operand(inner, words)),
            Formula::Binary(Operation::And, a, b) => ("& ".to_owned(), a, b),
            Formula::Binary(Operation::AndNot, a, b) => (format!("& {}", self.not), a, b),
            Formula::Binary(Operation::Or, a, b) => ("| ".to_owned(), a, b),
            Formula::Binary(Operation::Xor, a, b) => ("^ ".to_owned(), a, b),
        };
        format!("{} {operator}{}", self.operand(a, words), self.operand(b, words))
    }

    /// The same in brackets where it is an operation.
    fn operand(&self, table: u8, words: [&str; 3]) -> String {
        let text = self.write(table, words);
        if matches!(formula(table), Formula::Binary(..)) { format!("({text})") } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(table: u8) -> u8 {
        match formula(table) {
            Formula::Word(number) => WORDS[usize::from(number)],
            Formula::Not(inner) => !evaluate(inner),
            Formula::Binary(Operation::And, a, b) => evaluate(a) & evaluate(b),
            Formula::Binary(Operation::AndNot, a, b) => evaluate(a) & !evaluate(b),
            Formula::Binary(Operation::Or, a, b) => evaluate(a) | evaluate(b),
            Formula::Binary(Operation::Xor, a, b) => evaluate(a) ^ evaluate(b),
        }
    }

    #[test]
    fn every_function_has_a_formula_that_computes_it() {
        for table in 0..=254u8 {
            assert_eq!(evaluate(table), table);
        }
        assert_eq!((1..=254).map(cost).max(), Some(5));
    }

    #[test]
    fn known_functions_have_their_known_costs() {
        // Parity, majority, selection of b or a by c, and one word.
        assert_eq!([0x96, 0xe8, 0xca, 0xaa].map(cost), [2, 4, 3, 0]);
        let c = Terms { not: '~' };
        assert_eq!(c.write(0x96, ["a", "b", "c"]).matches('^').count(), 2);
        assert_eq!(c.write(0x80, ["x", "y", "z"]).matches('&').count(), 2);
    }
}
