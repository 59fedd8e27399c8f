//! Scores by counting, class by argmax.

use std::ops::Range;

use super::popcount::bits_for;
use super::{Argmax, ArgmaxChains, Counting, Popcount};

/// Scores by popcount, class by argmax.
///
/// Class `c` counts the core's outputs `groups[c]`; popcounts of the same form are the same
/// circuit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassHead {
    /// For each class, the contiguous range of core outputs that it counts.
    pub groups: Vec<Range<usize>>,
    /// What the outputs mean when they are not counted once each.
    pub partial: Option<PartialCounts>,
    /// What the counters are made of.
    pub counting: Counting,
}

/// Outputs of a core that are bits of numbers of ones.
///
/// The tables that the head counted have been gathered into small counts, see
/// `passes/fuse_counts.rs`; "counted outputs" are those of the core before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialCounts {
    /// For each class, the number of outputs that it counted.
    pub sizes: Vec<usize>,
    /// Each counted output stands in exactly one of them.
    pub counts: Vec<PartialCount>,
    /// For each output of the core, what it is. Within a group in ascending order of bits. A bit
    /// of a count without an output is never set.
    pub terms: Vec<Term>,
}

/// The number of ones among some of the outputs that one class counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialCount {
    /// Which outputs, ascending.
    pub sources: Vec<u32>,
}

/// One bit of a partial count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    /// The count.
    pub count: u32,
    /// The bit, 0 the lowest.
    pub bit: u8,
}

/// A rule that partial counts break.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartialCountsError {
    /// There must be a size for every class and a term for every output.
    #[error("{sizes} sizes and {terms} terms for {classes} classes and {outputs} outputs of the core")]
    Lengths {
        /// Number of sizes.
        sizes: usize,
        /// Number of terms.
        terms: usize,
        /// Number of classes.
        classes: usize,
        /// Number of core outputs.
        outputs: usize,
    },
    /// A counted output is in no partial count or in several, or beyond the last one.
    #[error("counted output {0} does not stand in exactly one partial count")]
    Source(usize),
    /// A term does not belong where it stands.
    #[error("output {output} of the core states bit {bit} of partial count {count}, which does not belong there")]
    Term {
        /// The output.
        output: usize,
        /// Its count.
        count: u32,
        /// Its bit.
        bit: u8,
    },
}

impl ClassHead {
    /// Each class counts the outputs of its group.
    pub fn new(groups: Vec<Range<usize>>) -> Self {
        Self { groups, partial: None, counting: Counting::Tables }
    }

    /// The largest score of class `class`.
    pub fn largest_score(&self, class: usize) -> usize {
        match &self.partial {
            Some(partial) => partial.sizes[class],
            None => self.groups[class].len(),
        }
    }

    /// How many outputs of class `class` stand for `2^w`, for each `w`; at least one number.
    pub fn columns(&self, class: usize) -> Vec<usize> {
        let Some(partial) = &self.partial else { return vec![self.groups[class].len()] };
        let mut columns = vec![0];
        for term in &partial.terms[self.groups[class].clone()] {
            let weight = usize::from(term.bit);
            if columns.len() <= weight {
                columns.resize(weight + 1, 0);
            }
            columns[weight] += 1;
        }
        columns
    }

    /// The circuit that counts class `class`.
    pub fn popcount(&self, class: usize) -> Popcount {
        self.circuit(&self.columns(class), self.largest_score(class))
    }

    fn circuit(&self, columns: &[usize], largest: usize) -> Popcount {
        match self.counting {
            Counting::Tables => Popcount::weighted(columns, largest),
            Counting::Chains => Popcount::chained(columns, largest),
        }
    }

    /// The distinct circuits of all classes, and for each class which one counts it.
    pub fn popcounts(&self) -> (Vec<Popcount>, Vec<usize>) {
        let mut circuits: Vec<Popcount> = Vec::new();
        let which = (0..self.groups.len()).map(|class| {
            let (columns, largest) = (self.columns(class), self.largest_score(class));
            let known = circuits.iter().position(|known| known.columns == columns && known.largest == largest);
            known.unwrap_or_else(|| {
                circuits.push(self.circuit(&columns, largest));
                circuits.len() - 1
            })
        });
        let which = which.collect();
        (circuits, which)
    }

    /// Bits of every score: enough for the largest one.
    pub fn score_bits(&self) -> usize {
        bits_for((0..self.groups.len()).map(|class| self.largest_score(class)).max().unwrap_or(0))
    }

    /// The circuit that finds the class.
    pub fn argmax(&self) -> Argmax {
        Argmax::new(self.groups.len())
    }

    /// The same on carry chains, where that is what the head is made of.
    pub fn argmax_chains(&self) -> Option<ArgmaxChains> {
        let chains = || ArgmaxChains::new(&self.argmax(), self.score_bits());
        (self.counting == Counting::Chains).then(chains)
    }

    /// Levels from the scores to the class.
    pub fn argmax_depth(&self) -> u32 {
        self.argmax_chains().map_or_else(|| self.argmax().depth(), |chains| chains.depth())
    }

    /// Levels of the popcounts (the deepest one).
    pub fn popcount_depth(&self) -> u32 {
        self.popcounts().0.iter().map(Popcount::depth).max().unwrap_or(0)
    }
}

impl PartialCounts {
    /// Checks that the counts state what the classes counted, and that every term stands in the
    /// group of its class, in order.
    ///
    /// # Errors
    /// [`PartialCountsError`], the first rule that is broken.
    pub fn validate(&self, groups: &[Range<usize>]) -> Result<(), PartialCountsError> {
        let outputs = groups.last().map_or(0, |group| group.end);
        if self.sizes.len() != groups.len() || self.terms.len() != outputs {
            let (sizes, terms) = (self.sizes.len(), self.terms.len());
            return Err(PartialCountsError::Lengths { sizes, terms, classes: groups.len(), outputs });
        }
        let counted: usize = self.sizes.iter().sum();
        let class_of_source: Vec<usize> =
            self.sizes.iter().enumerate().flat_map(|(class, &size)| std::iter::repeat_n(class, size)).collect();
        let mut seen = vec![false; counted];
        for &source in self.counts.iter().flat_map(|count| &count.sources) {
            match seen.get_mut(source as usize) {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(PartialCountsError::Source(source as usize)),
            }
        }
        if let Some(missing) = seen.iter().position(|&seen| !seen) {
            return Err(PartialCountsError::Source(missing));
        }
        for (class, group) in groups.iter().enumerate() {
            let mut last = None;
            for output in group.clone() {
                let term = self.terms[output];
                let belongs = self.counts.get(term.count as usize).is_some_and(|count| {
                    count.sources.iter().all(|&source| class_of_source[source as usize] == class)
                        && usize::from(term.bit) < bits_for(count.sources.len())
                });
                let key = (term.bit, term.count);
                if !belongs || last.is_some_and(|last| last >= key) {
                    return Err(PartialCountsError::Term { output, count: term.count, bit: term.bit });
                }
                last = Some(key);
            }
        }
        Ok(())
    }

    /// The output of the core that states each bit of each count, lowest bit first; `None` for a
    /// bit that is never set.
    pub fn outputs(&self) -> Vec<Vec<Option<usize>>> {
        let mut outputs: Vec<Vec<Option<usize>>> =
            self.counts.iter().map(|count| vec![None; bits_for(count.sources.len())]).collect();
        for (output, term) in self.terms.iter().enumerate() {
            outputs[term.count as usize][usize::from(term.bit)] = Some(output);
        }
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes of four and two outputs; the second and third are the same signal.
    fn partial() -> ClassHead {
        let counts = [vec![0, 3], vec![1, 2], vec![4, 5]];
        let term = |count, bit| Term { count, bit };
        ClassHead {
            groups: vec![0..3, 3..5],
            partial: Some(PartialCounts {
                sizes: vec![4, 2],
                counts: counts.map(|sources| PartialCount { sources }).to_vec(),
                terms: vec![term(0, 0), term(0, 1), term(1, 1), term(2, 0), term(2, 1)],
            }),
            counting: Counting::Tables,
        }
    }

    fn broken(change: impl Fn(&mut PartialCounts)) -> PartialCountsError {
        let mut head = partial();
        let counts = head.partial.as_mut().unwrap();
        change(counts);
        counts.validate(&head.groups).unwrap_err()
    }

    #[test]
    fn bits_of_counts_are_summed_by_their_weight() {
        let head = partial();
        head.partial.as_ref().unwrap().validate(&head.groups).unwrap();
        assert_eq!((head.columns(0), head.columns(1)), (vec![1, 2], vec![1, 1]));
        assert_eq!((head.score_bits(), head.largest_score(0)), (3, 4));
        // One of the first pair and both of the second: 1 + 2.
        assert_eq!(head.popcount(0).evaluate(&[true, false, true]), 3);
        assert_eq!(head.partial.unwrap().outputs()[1], [None, Some(2)]);
    }

    #[test]
    fn counts_that_lose_or_repeat_something_are_refused() {
        assert_eq!(broken(|counts| counts.counts[0].sources = vec![0]), PartialCountsError::Source(3));
        assert_eq!(broken(|counts| counts.counts[0].sources = vec![0, 1]), PartialCountsError::Source(1));
        assert_eq!(broken(|counts| counts.counts[2].sources = vec![4, 6]), PartialCountsError::Source(6));
        assert!(matches!(broken(|counts| counts.terms[1].bit = 2), PartialCountsError::Term { output: 1, .. }));
        assert!(matches!(broken(|counts| counts.terms.swap(0, 3)), PartialCountsError::Term { output: 0, .. }));
        assert!(matches!(broken(|counts| counts.terms[2] = counts.terms[1]), PartialCountsError::Term { .. }));
        assert!(matches!(broken(|counts| counts.sizes.truncate(1)), PartialCountsError::Lengths { .. }));
    }
}
