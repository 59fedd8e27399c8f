//! Removal of comparators that nothing reads.

use crate::netlist::{Design, Node, Schedule};

use super::copy::{Fate, copy};

/// Removes the primary inputs of the core that no table and no output reads, together with their
/// comparators; the number of comparators that went.
///
/// This is not a pass, since passes keep the primary inputs. The integer input bus stays whole:
/// its layout belongs to whoever drives the design.
pub fn prune_inputs(design: &mut Design) -> usize {
    let schedule = Schedule::new(&design.core);
    let fanouts = schedule.fanouts(&design.core);
    let read: Vec<bool> = design.core.inputs().iter().map(|input| fanouts[input.index()] > 0).collect();
    let pruned = read.iter().filter(|read| !**read).count();
    if pruned > 0 {
        design.core = copy(&design.core, &schedule, |id| match design.core.node(id) {
            Node::Input(number) if !read[number as usize] => Fate::Drop,
            Node::Input(_) | Node::Lut(_) => Fate::Keep,
        });
        let mut read = read.into_iter();
        design.comparators.retain(|_| read.next().unwrap_or(false));
    }
    pruned
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, print};
    use super::*;
    use crate::netlist::{Comparator, DesignHead, InputBus};

    #[test]
    fn comparators_that_nobody_reads_go_and_outputs_count_as_readers() {
        let comparator = |threshold| Comparator { feature: 0, threshold };
        let mut design = Design {
            name: "pruned".to_owned(),
            input: InputBus { features: 1, bits: 4, signed: false },
            comparators: (1..=4).map(comparator).collect(),
            core: parse("a b c d | n = 8(d, b) | y = n c"),
            head: DesignHead::Bits,
            slices: false,
        };
        let samples: Vec<Vec<i64>> = (0..16).map(|code| vec![code]).collect();
        let before = design.simulate(&samples);
        assert_eq!(prune_inputs(&mut design), 1);
        design.validate().unwrap();
        assert_eq!(design.comparators, [2, 3, 4].map(comparator));
        assert_eq!(print(&design.core), print(&parse("b c d | n = 8(d, b) | y = n c")));
        assert_eq!(design.simulate(&samples), before);
        assert_eq!(prune_inputs(&mut design), 0);
    }
}
