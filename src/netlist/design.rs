//! A netlist with integer comparators in front of it and a word-level head behind it.

use crate::logic::BitMatrix;

use super::{ClassHead, Counting, Netlist, PartialCountsError, Schedule, ValidateError, validate};

/// The integers that a design receives: `features` codes of `bits` bits.
///
/// Feature `f` occupies bits `[f * bits +: bits]` of the input bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputBus {
    /// Number of features.
    pub features: usize,
    /// Width of a code, 1 to 32.
    pub bits: u32,
    /// Two's complement instead of unsigned.
    pub signed: bool,
}

impl InputBus {
    /// Width of the whole bus in bits.
    pub fn width(&self) -> usize {
        self.features * self.bits as usize
    }

    /// The smallest code.
    pub fn min_code(&self) -> i64 {
        if self.signed { -(1 << (self.bits - 1)) } else { 0 }
    }

    /// The largest code.
    pub fn max_code(&self) -> i64 {
        if self.signed { (1 << (self.bits - 1)) - 1 } else { (1 << self.bits) - 1 }
    }
}

/// The bit `code >= threshold` of one feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Comparator {
    /// Index of the feature.
    pub feature: u32,
    /// Above the smallest code and at most the largest, so the bit is not constant.
    pub threshold: i64,
}

/// What stands behind the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesignHead {
    /// The core's outputs are the design's outputs.
    Bits,
    /// Scores and class.
    Classes(ClassHead),
}

/// A design as tables only, whole and in three pieces, each with the outputs of the one before as its
/// primary inputs.
#[derive(Clone, Debug)]
pub struct FlatDesign {
    /// How the design counts.
    pub head: DesignHead,
    /// From the bits of the codes, feature by feature and lowest bit first, to the class and the scores,
    /// each lowest bit first, or to the plain bits.
    pub whole: Netlist,
    /// From the bits of the codes to the outputs of the core.
    pub core: Netlist,
    /// From the outputs of the core to the scores. None of it and of the class for plain bits.
    pub scores: Netlist,
    /// From the scores to the class.
    pub class: Netlist,
}

/// A complete design: comparators, core netlist, head.
///
/// Primary input `i` of the core is driven by comparator `i`. The design is combinational; a
/// target that pipelines places registers by level, see [`level`](Self::core_base_level).
#[derive(Clone, Debug)]
pub struct Design {
    /// Free text; targets turn it into an identifier of their language.
    pub name: String,
    /// The integer inputs.
    pub input: InputBus,
    /// One per primary input of the core.
    pub comparators: Vec<Comparator>,
    /// The lookup tables.
    pub core: Netlist,
    /// What happens to the core's outputs.
    pub head: DesignHead,
    /// Whether it is made for LUTs with a second output and a carry chain, see
    /// [`use_slices`](Self::use_slices).
    pub slices: bool,
}

/// A rule that a design breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DesignError {
    /// The core is not a netlist.
    #[error("core netlist: {0}")]
    Core(#[from] ValidateError),
    /// Comparators and primary inputs differ in number.
    #[error("{comparators} comparators drive {inputs} primary inputs of the core")]
    Comparators {
        /// Number of comparators.
        comparators: usize,
        /// Number of primary inputs.
        inputs: usize,
    },
    /// A comparator reads a feature that does not exist or compares with a code out of range.
    #[error("comparator {index} tests feature {feature} >= {threshold}; the input has {features} features and codes from {} to {max_code}", min_code + 1)]
    Comparator {
        /// Which comparator.
        index: usize,
        /// Its feature.
        feature: u32,
        /// Its threshold.
        threshold: i64,
        /// Number of features.
        features: usize,
        /// The smallest code.
        min_code: i64,
        /// The largest code.
        max_code: i64,
    },
    /// The groups of the head do not cover the core's outputs once and in order.
    #[error(
        "class {class} counts the core's outputs {found:?}, expected a range that starts at {expected} and ends by {outputs}"
    )]
    Groups {
        /// The class.
        class: usize,
        /// Its range.
        found: std::ops::Range<usize>,
        /// Where it must start.
        expected: usize,
        /// Number of core outputs.
        outputs: usize,
    },
    /// The partial counts of the head do not state what the groups count.
    #[error("head: {0}")]
    PartialCounts(#[from] PartialCountsError),
    /// There is no output at all.
    #[error("the design has no output")]
    NoOutput,
}

/// The outputs of a design for many samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// `core outputs x samples`.
    pub bits: BitMatrix,
    /// For each sample, the score of every class; empty rows for plain bits.
    pub scores: Vec<Vec<u32>>,
    /// For each sample, the class; `None` for plain bits.
    pub classes: Vec<Option<usize>>,
}

impl Design {
    /// Checks the core and everything around it.
    ///
    /// # Errors
    /// [`DesignError`], the first rule that is broken.
    pub fn validate(&self) -> Result<(), DesignError> {
        validate(&self.core)?;
        if self.comparators.len() != self.core.inputs().len() {
            return Err(DesignError::Comparators {
                comparators: self.comparators.len(),
                inputs: self.core.inputs().len(),
            });
        }
        let (min_code, max_code) = (self.input.min_code(), self.input.max_code());
        for (index, comparator) in self.comparators.iter().enumerate() {
            let Comparator { feature, threshold } = *comparator;
            if feature as usize >= self.input.features || threshold <= min_code || threshold > max_code {
                let features = self.input.features;
                return Err(DesignError::Comparator { index, feature, threshold, features, min_code, max_code });
            }
        }
        let outputs = self.core.outputs().len();
        if outputs == 0 {
            return Err(DesignError::NoOutput);
        }
        if let DesignHead::Classes(head) = &self.head {
            let mut expected = 0;
            for (class, group) in head.groups.iter().enumerate() {
                if group.start != expected || group.end < group.start || group.end > outputs {
                    return Err(DesignError::Groups { class, found: group.clone(), expected, outputs });
                }
                expected = group.end;
            }
            if expected != outputs {
                let class = head.groups.len();
                return Err(DesignError::Groups { class, found: expected..expected, expected, outputs });
            }
            if let Some(partial) = &head.partial {
                partial.validate(&head.groups)?;
            }
        }
        Ok(())
    }

    /// Makes it from here on for FPGAs whose LUTs have a second output and a carry chain beside them: with
    /// comparators that share LUTs, and a head that counts and searches on carry chains.
    pub fn use_slices(&mut self) {
        self.slices = true;
        if let DesignHead::Classes(head) = &mut self.head {
            head.counting = Counting::Chains;
        }
    }

    /// The level of the comparators' results: they count as one level of logic.
    pub fn core_base_level(&self) -> u32 {
        u32::from(!self.comparators.is_empty())
    }

    /// The level at which the last of the core's outputs is ready.
    pub fn core_level(&self) -> u32 {
        self.core_base_level() + self.core.depth()
    }

    /// Levels from the input bus to the last output: comparators, LUTs, popcount and argmax. An
    /// adder or comparator counts as one level, since FPGAs give it a carry chain.
    pub fn depth(&self) -> u32 {
        self.core_level()
            + match &self.head {
                DesignHead::Bits => 0,
                DesignHead::Classes(head) => head.popcount_depth() + head.argmax_depth(),
            }
    }

    /// The outputs for integer codes (`samples` rows of `features` codes), by the comparators,
    /// the simulated core, the popcount cells and the tournament.
    ///
    /// # Panics
    /// When a row does not have `features` codes.
    pub fn simulate(&self, samples: &[Vec<i64>]) -> Outputs {
        let stimulus = BitMatrix::from_fn(self.comparators.len(), samples.len(), |input, sample| {
            let comparator = self.comparators[input];
            samples[sample][comparator.feature as usize] >= comparator.threshold
        });
        let bits = Schedule::new(&self.core).simulate(&self.core, &stimulus);
        let (mut scores, mut classes) = (vec![Vec::new(); samples.len()], vec![None; samples.len()]);
        if let DesignHead::Classes(head) = &self.head {
            let argmax = head.argmax();
            for (class, group) in head.groups.iter().enumerate() {
                let popcount = head.popcount(class);
                for (sample, scores) in scores.iter_mut().enumerate() {
                    let ones: Vec<bool> = group.clone().map(|output| bits.get(output, sample)).collect();
                    scores.push(popcount.evaluate(&ones));
                }
            }
            classes = scores.iter().map(|scores| Some(argmax.evaluate(scores))).collect();
        }
        Outputs { bits, scores, classes }
    }
}
