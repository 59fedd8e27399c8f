//! A design as a program of word operations: bit `l` of every word belongs to sample `l`.
//!
//! Comparators are the inputs; tables, population counts and argmax become ANDs, ORs and XORs, so
//! one run answers as many samples as a word has bits.

mod blocks;
mod head;
mod program;
mod table;

pub(super) use blocks::{Line, Operand, Schedule};
pub(super) use program::{Gate, Program};

use crate::netlist::{Design, DesignHead, Node};

use crate::emit::order::CoreOrder;
use program::Literal;

impl Program {
    /// The program of `design`. Its inputs are the live comparators in the order of
    /// [`CoreOrder::comparators`]; its outputs the bits of the class, lowest first, then the
    /// scores, class 0 first and each lowest bit first; or the plain bits.
    pub(in crate::emit::c) fn new(design: &Design, order: &CoreOrder) -> Self {
        let core = &design.core;
        let mut program = Self::with_inputs(order.comparators.len());
        let mut literals = vec![Literal::FALSE; core.nodes()];
        for (position, &number) in order.comparators.iter().enumerate() {
            literals[core.inputs()[number as usize].index()] = Literal::input(position);
        }
        let mut inputs = Vec::new();
        for &id in &order.tables {
            debug_assert!(matches!(core.node(id), Node::Lut(_)));
            inputs.clear();
            inputs.extend(order.schedule.fan_ins(id).iter().map(|fan_in| literals[fan_in.index()]));
            if let Some(table) = core.table(id) {
                literals[id.index()] = program.table(table, &inputs);
            }
        }
        let bits: Vec<Literal> = core.outputs().iter().map(|output| literals[output.index()]).collect();
        let outputs = match &design.head {
            DesignHead::Bits => bits,
            DesignHead::Classes(head) => program.head(head, &bits),
        };
        program.finish(outputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::config::InputFormat;
    use crate::lower::lower;

    /// The outputs of one sample, bit by bit as [`Program::new`] orders them.
    fn expected(design: &Design, codes: &[i64]) -> Vec<bool> {
        let outputs = design.simulate(&[codes.to_vec()]);
        match &design.head {
            DesignHead::Bits => (0..design.core.outputs().len()).map(|output| outputs.bits.get(output, 0)).collect(),
            DesignHead::Classes(head) => {
                let class = outputs.classes[0].unwrap_or(0) as u32;
                let mut bits: Vec<bool> = (0..head.argmax().class_bits()).map(|bit| class >> bit & 1 == 1).collect();
                for score in &outputs.scores[0] {
                    bits.extend((0..head.score_bits()).map(|bit| score >> bit & 1 == 1));
                }
                bits
            }
        }
    }

    #[test]
    fn programs_and_their_blocks_compute_what_designs_compute() {
        for seed in 0..12 {
            let shape = NetworkShape {
                features: 6,
                input: InputFormat::unsigned(3),
                bits_per_feature: 3,
                layers: vec![(6, 30), (4, 20), (8, 9), (2, 23)],
                ..NetworkShape::small()
            };
            let design = lower(&random_network(seed, &shape));
            let order = CoreOrder::new(&design);
            let program = Program::new(&design, &order);
            for limit in [7, 64, 10_000] {
                let schedule = Schedule::new(&program, limit);
                let samples: Vec<Vec<i64>> = (0..64)
                    .map(|sample| (0..6).map(|feature| (sample * 5 + feature * 3 + seed as i64) % 8).collect())
                    .collect();
                let mut words = vec![0u64; schedule.words];
                for (position, &number) in order.comparators.iter().enumerate() {
                    let comparator = design.comparators[number as usize];
                    words[position] = samples.iter().enumerate().fold(0, |word, (lane, codes)| {
                        word | u64::from(codes[comparator.feature as usize] >= comparator.threshold) << lane
                    });
                }
                schedule.run(&mut words);
                for (lane, codes) in samples.iter().enumerate() {
                    let found: Vec<bool> =
                        (schedule.first_output..schedule.words).map(|output| words[output] >> lane & 1 == 1).collect();
                    assert_eq!(found, expected(&design, codes), "seed {seed}, blocks of {limit}, sample {lane}");
                }
                assert!(schedule.blocks.iter().all(|block| block.lines.len() <= 4 * limit));
            }
        }
    }
}
