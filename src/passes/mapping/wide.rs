//! Tables that are wider than a LUT, brought down to ones that fit.
//!
//! First a disjoint decomposition `g(h(bound), free)` after Ashenhurst and Curtis is looked for:
//! when the rows of the bound inputs show only two (or up to four) different functions of the
//! free inputs, one (or two) tables of the bound inputs stand for all of them. Otherwise
//! Shannon's expansion halves the table, and halves that are equal or complementary are shared.

use rustc_hash::FxHashMap;

use crate::logic::TruthTable;

use super::decompose::Decomposer;
use super::gates::{GateGraph, Lit, MAX_LEAVES};

/// Bound sets are tried for tables of up to this many inputs: 210 sets of six out of ten.
const MAX_BOUND_SEARCH: usize = 10;

/// Builds tables from tables of at most `lut_inputs` inputs.
pub(super) struct Narrower<'a> {
    pub(super) graph: &'a mut GateGraph,
    pub(super) decomposer: &'a mut Decomposer,
    pub(super) lut_inputs: usize,
    built: FxHashMap<(TruthTable, Vec<Lit>), Lit>,
}

impl<'a> Narrower<'a> {
    pub(super) fn new(graph: &'a mut GateGraph, decomposer: &'a mut Decomposer, lut_inputs: usize) -> Self {
        Self { graph, decomposer, lut_inputs, built: FxHashMap::default() }
    }

    /// The function `table` of `pins`.
    pub(super) fn build(&mut self, table: &TruthTable, pins: &[Lit]) -> Lit {
        let support = table.support();
        let pins: Vec<Lit> = support.iter().map(|&input| pins[input]).collect();
        let table = table.project(&support);
        // Complementary functions are one.
        let invert = table.row(0);
        let table = if invert { table.complement() } else { table };
        if table.inputs() <= MAX_LEAVES {
            let word = table.full_word();
            if table.inputs() <= self.lut_inputs || self.decomposer.is_simple(word) {
                return self.graph.table(self.decomposer, word, &pins, table.inputs() <= self.lut_inputs).xor(invert);
            }
        }
        let key = (table, pins);
        let root = match self.built.get(&key) {
            Some(&root) => root,
            None => {
                let (table, pins) = &key;
                let root = match self.bound_set(table) {
                    Some(decomposition) => self.compose(&decomposition, pins),
                    None => self.expand(table, pins),
                };
                self.built.insert(key, root);
                root
            }
        };
        root.xor(invert)
    }

    fn expand(&mut self, table: &TruthTable, pins: &[Lit]) -> Lit {
        let size = |input: usize| -> usize {
            [false, true].map(|value| table.cofactor(input, value).support().len()).iter().sum()
        };
        let Some(input) = (0..table.inputs()).min_by_key(|&input| size(input)) else { return Lit::ZERO };
        let mut rest = pins.to_vec();
        let select = rest.remove(input);
        let [zero, one] = [false, true].map(|value| self.build(&table.cofactor(input, value), &rest));
        self.graph.choose(select, zero, one)
    }

    fn compose(&mut self, decomposition: &Decomposition, pins: &[Lit]) -> Lit {
        let bound: Vec<Lit> = decomposition.bound.iter().map(|&input| pins[input]).collect();
        let mut outer: Vec<Lit> = decomposition.codes.iter().map(|code| self.build(code, &bound)).collect();
        outer.extend(decomposition.free.iter().map(|&input| pins[input]));
        self.build(&decomposition.outer, &outer)
    }

    /// A decomposition that leaves fewer inputs than Shannon's expansion would need tables for.
    fn bound_set(&self, table: &TruthTable) -> Option<Decomposition> {
        let inputs = table.inputs();
        if inputs > MAX_BOUND_SEARCH || inputs <= self.lut_inputs || self.lut_inputs < 2 {
            return None;
        }
        let mut best: Option<(usize, Decomposition)> = None;
        for set in (0..1usize << inputs).filter(|set| set.count_ones() as usize == self.lut_inputs) {
            // One code bit always helps, two when the rest then is one table.
            let fits_two = inputs - self.lut_inputs + 2 <= self.lut_inputs;
            let limit = if fits_two { 4 } else { 2 };
            let limit = best.as_ref().map_or(limit, |(codes, _)| if *codes == 1 { 0 } else { 2 });
            if limit == 0 {
                break;
            }
            if let Some(found) = Decomposition::new(table, set, limit) {
                best = Some((found.codes.len(), found));
            }
        }
        best.map(|(_, decomposition)| decomposition)
    }
}

/// `table = outer(codes(bound), free)`.
struct Decomposition {
    bound: Vec<usize>,
    free: Vec<usize>,
    codes: Vec<TruthTable>,
    outer: TruthTable,
}

impl Decomposition {
    /// The decomposition with the bound inputs `set`, unless they show more than `limit`
    /// functions of the other inputs.
    fn new(table: &TruthTable, set: usize, limit: usize) -> Option<Self> {
        let (bound, free): (Vec<usize>, Vec<usize>) = (0..table.inputs()).partition(|input| set >> input & 1 == 1);
        let spread = |row: usize, to: &[usize]| to.iter().enumerate().map(|(i, p)| (row >> i & 1) << p).sum::<usize>();
        let mut columns: Vec<u64> = Vec::with_capacity(limit);
        let mut class = Vec::with_capacity(1 << bound.len());
        for row in 0..1usize << bound.len() {
            let base = spread(row, &bound);
            let column = (0..1usize << free.len())
                .map(|other| u64::from(table.row(base | spread(other, &free))) << other)
                .sum::<u64>();
            let index = columns.iter().position(|&known| known == column).unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            });
            if columns.len() > limit {
                return None;
            }
            class.push(index);
        }
        let bits = if columns.len() <= 2 { 1 } else { 2 };
        let codes = (0..bits).map(|bit| TruthTable::from_fn(bound.len(), |row| class[row] >> bit & 1 == 1)).collect();
        let outer = TruthTable::from_fn(bits + free.len(), |row| {
            // Codes that stand for nothing never occur.
            let code = (row & ((1 << bits) - 1)).min(columns.len() - 1);
            columns[code] >> (row >> bits) & 1 == 1
        });
        Some(Self { bound, free, codes, outer })
    }
}
