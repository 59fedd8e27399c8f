//! Scores and class as steps of the program: carry-save adders and a search for the largest.

use std::collections::VecDeque;

use crate::netlist::bits_for;

use super::program::{Assembler, Value};

/// Words of all classes that wait before they are added, so that many additions follow each other.
const WAITING: usize = 256;

/// Words of one class and weight that are still to be added: plain ones and complements.
type Column = [VecDeque<Value>; 2];

/// Counts the ones of every class while the program is written, so that bits of the last layer
/// are read soon after they are made.
pub(super) struct Counters {
    /// For each class and weight.
    columns: Vec<Vec<Column>>,
    waiting: usize,
}

impl Counters {
    /// Counters of `classes` classes, each up to `bits` bits long.
    pub(super) fn new(classes: usize, bits: usize) -> Self {
        Self { columns: vec![vec![Column::default(); bits + 1]; classes], waiting: 0 }
    }

    /// Counts a word for `class`; takes one of its readers.
    pub(super) fn count(&mut self, assembler: &mut Assembler, class: usize, word: Value) {
        self.columns[class][0][usize::from(word.inverted)].push_back(word);
        self.waiting += 1;
        if self.waiting >= WAITING {
            self.waiting = 0;
            self.reduce(assembler);
        }
    }

    /// Adds while there are three words of one class, weight and polarity.
    fn reduce(&mut self, assembler: &mut Assembler) {
        let bits = self.columns.first().map_or(0, Vec::len);
        for weight in 0..bits {
            for columns in &mut self.columns {
                for inverted in 0..2 {
                    let column = &mut columns[weight][inverted];
                    let (mut sums, mut carries) = (VecDeque::new(), VecDeque::new());
                    // Sums go behind all others, so that additions that follow each other are independent.
                    while column.len() >= 3 || column.len() + sums.len() >= 3 {
                        column.append(&mut sums);
                        while column.len() >= 3 {
                            let words = [(); 3].map(|()| column.pop_front().unwrap_or(Value::constant(false)));
                            let (sum, carry) = assembler.add(words);
                            sums.push_back(sum);
                            carries.push_back(carry);
                        }
                    }
                    column.append(&mut sums);
                    match columns.get_mut(weight + 1) {
                        Some(next) => next[inverted].append(&mut carries),
                        // A count has no more bits: these carries are zero.
                        None => carries.into_iter().for_each(|carry| assembler.release(carry)),
                    }
                }
            }
        }
    }

    /// The score of every class, lowest bit first; each bit has one reader.
    pub(super) fn finish(mut self, assembler: &mut Assembler) -> Vec<Vec<Value>> {
        self.reduce(assembler);
        let bits = self.columns.first().map_or(0, |columns| columns.len() - 1);
        let mut scores = vec![Vec::with_capacity(bits); self.columns.len()];
        for weight in 0..bits {
            for (columns, score) in self.columns.iter_mut().zip(&mut scores) {
                let mut words: VecDeque<Value> = columns[weight].iter_mut().flat_map(std::mem::take).collect();
                while words.len() > 1 {
                    let words_of_sum = [(); 3].map(|()| words.pop_front().unwrap_or(Value::constant(false)));
                    let (sum, carry) = assembler.add(words_of_sum);
                    words.push_back(sum);
                    columns[weight + 1][0].push_back(carry);
                }
                score.push(words.pop_front().unwrap_or(Value::constant(false)));
            }
        }
        for word in self.columns.iter().filter_map(|columns| columns.last()).flatten().flatten() {
            assembler.release(*word);
        }
        scores
    }
}

/// The class of the largest score, the lowest of equal ones, lowest bit first; the scores keep
/// their readers.
pub(super) fn largest(assembler: &mut Assembler, scores: &[Vec<Value>]) -> Vec<Value> {
    let mut label = vec![Value::constant(false); bits_for(scores.len().saturating_sub(1))];
    let Some(first) = scores.first() else { return label };
    let mut best: Vec<Value> = first.iter().map(|&bit| assembler.retain(bit, 1)).collect();
    for (class, score) in scores.iter().enumerate().skip(1) {
        // Strictly greater: the higher bit decides where the two differ.
        let mut greater = Value::constant(false);
        for (&own, &best) in score.iter().zip(&best) {
            let words = [assembler.retain(own, 1), assembler.retain(best, 1), greater];
            greater = assembler.gate(0xb2, &words);
        }
        for (best, &own) in best.iter_mut().zip(score) {
            let words = [assembler.retain(own, 1), *best, assembler.retain(greater, 1)];
            *best = assembler.gate(0xac, &words);
        }
        for (bit, word) in label.iter_mut().enumerate() {
            let table = if class >> bit & 1 == 1 { 0xee } else { 0x22 };
            let words = [*word, assembler.retain(greater, 1)];
            *word = assembler.gate(table, &words);
        }
        assembler.release(greater);
    }
    best.into_iter().for_each(|bit| assembler.release(bit));
    label
}
