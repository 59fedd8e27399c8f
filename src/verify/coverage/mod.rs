//! Which table entries the vectors read, which of them an output shows, and vectors for the rest.
//!
//! An entry is one row of the table of one trained node. A vector exercises it when the node's
//! inputs spell its row; it observes it when, besides, another value of the node would change an
//! output, so that a wrong entry could not hide.

mod cone;
mod search;

use crate::binarized::{BinarizedNetwork, IntegerBit, LutLayer};
use cone::{Cone, MOST_CONE, cone_work, evaluate, readers};
pub(super) use search::directed_rows;

/// Candidates are tried in words of this many.
const WORD: usize = 64;

/// First-layer entries up to which it is decided whether codes can reach them.
const MOST_DECIDED: usize = 2_000_000;

/// How many entries the vectors reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Rows of all tables.
    pub entries: usize,
    /// Rows that some vector reads.
    pub exercised: usize,
    /// Rows that some vector reads so that another value would change a score or an output bit.
    pub observed: usize,
    /// Rows of first-layer tables that no code can spell, such as two bits of one feature that
    /// contradict each other. Deeper rows may be out of reach too; that is not decided here.
    pub unreachable: usize,
}

impl std::fmt::Display for Coverage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |part: usize| 100.0 * part as f64 / self.entries.saturating_sub(self.unreachable).max(1) as f64;
        write!(
            f,
            "{:.1} % of {} table entries exercised, {:.1} % seen at an output",
            percent(self.exercised),
            self.entries - self.unreachable,
            percent(self.observed)
        )?;
        match self.unreachable {
            0 => Ok(()),
            count => write!(f, " ({count} more cannot be reached by any code)"),
        }
    }
}

/// The coverage of `rows` of codes.
pub fn coverage<'a>(network: &BinarizedNetwork, rows: impl IntoIterator<Item = &'a [i64]>) -> Coverage {
    let mut meter = Meter::new(network);
    let mut word: Vec<&[i64]> = Vec::with_capacity(WORD);
    for row in rows {
        word.push(row);
        if word.len() == WORD {
            meter.add(&word);
            word.clear();
        }
    }
    meter.add(&word);
    meter.coverage()
}

/// One entry that some samples of a word read: its number, and the samples that read and that
/// observe it.
struct Read {
    entry: usize,
    read: u64,
    observed: u64,
}

/// A code beside a threshold: the bit of the encoder that toggles there.
struct Step {
    /// The column of the bit.
    column: u32,
    feature: u32,
    code: i64,
}

/// Simulates words of 64 rows and remembers which entries were read and observed, and likewise
/// at which codes beside thresholds a feature stood so that another bit there would show: behind
/// the entries of the tables come those steps.
struct Meter<'a> {
    network: &'a BinarizedNetwork,
    bits: Vec<IntegerBit>,
    /// First entry of every layer.
    starts: Vec<usize>,
    entries: usize,
    steps: Vec<Step>,
    exercised: Vec<bool>,
    observed: Vec<bool>,
    unreachable: usize,
    /// For the encoder and each layer, the nodes of the next layer that read each column.
    readers: Vec<Vec<Vec<u32>>>,
    /// Whether propagation to the outputs is followed.
    follows: bool,
    /// First-layer entries that codes can reach.
    reachable: Vec<bool>,
    stretches: Vec<Vec<i64>>,
    groups: Vec<std::ops::Range<usize>>,
}

impl<'a> Meter<'a> {
    fn new(network: &'a BinarizedNetwork) -> Self {
        let layers = network.layers();
        let (mut starts, mut entries) = (Vec::with_capacity(layers.len()), 0);
        for layer in layers {
            starts.push(entries);
            entries += layer.width() << layer.fan_in;
        }
        let bits = network.encoder().to_integer(network.input());
        let widths = std::iter::once(bits.len()).chain(layers.iter().map(LutLayer::width));
        let readers: Vec<Vec<Vec<u32>>> = widths.zip(layers).map(|(width, next)| readers(width, next)).collect();
        let steps = steps(&bits, readers.first());
        let goals = entries + steps.len();
        let mut meter = Self {
            network,
            bits,
            steps,
            starts,
            entries,
            exercised: vec![false; goals],
            observed: vec![false; goals],
            unreachable: 0,
            follows: cone_work(layers, readers.get(1..).unwrap_or_default()) <= MOST_CONE,
            readers,
            reachable: Vec::new(),
            stretches: Vec::new(),
            groups: network.head().groups(network.output_width()),
        };
        meter.stretches = meter.stretches();
        meter.find_unreachable();
        meter
    }

    fn coverage(&self) -> Coverage {
        let count = |flags: &[bool]| flags.iter().take(self.entries).filter(|&&flag| flag).count();
        Coverage {
            entries: self.entries,
            exercised: count(&self.exercised),
            observed: count(&self.observed),
            unreachable: self.unreachable,
        }
    }

    fn add(&mut self, word: &[&[i64]]) {
        if !word.is_empty() {
            let reads = self.reads(word);
            self.record(&reads, u64::MAX);
        }
    }

    fn record(&mut self, reads: &[Read], chosen: u64) {
        for read in reads {
            self.exercised[read.entry] |= read.read & chosen != 0;
            self.observed[read.entry] |= read.observed & chosen != 0;
        }
    }

    /// Every entry that some row of the word reads.
    fn reads(&self, word: &[&[i64]]) -> Vec<Read> {
        let samples = if word.len() == WORD { u64::MAX } else { (1 << word.len()) - 1 };
        let encoded: Vec<u64> = self
            .bits
            .iter()
            .map(|bit| {
                let value = |row: &&[i64]| bit.value(row[bit.feature as usize]);
                word.iter().enumerate().fold(0, |sum, (sample, row)| sum | u64::from(value(row)) << sample)
            })
            .collect();
        let mut values = vec![encoded];
        let mut scratch = Vec::new();
        for layer in self.network.layers() {
            let inputs = &values[values.len() - 1];
            values.push((0..layer.width()).map(|node| evaluate(layer, node, inputs, &mut scratch)).collect());
        }
        let mut reads = Vec::new();
        let mut cone = Cone::new();
        let mut last = None;
        for (number, step) in self.steps.iter().enumerate() {
            let stands = |row: &&[i64]| row[step.feature as usize] == step.code;
            let read = word.iter().enumerate().fold(0, |sum, (sample, row)| sum | u64::from(stands(row)) << sample);
            if read == 0 {
                continue;
            }
            // Steps of one column follow each other.
            let observable = match last {
                Some((column, observable)) if column == step.column => observable,
                _ if self.follows => cone.observable(self, 0, step.column as usize, &values, &mut scratch),
                _ => u64::MAX,
            };
            last = Some((step.column, observable));
            reads.push(Read { entry: self.entries + number, read, observed: read & observable });
        }
        for (index, layer) in self.network.layers().iter().enumerate() {
            for node in 0..layer.width() {
                let observable =
                    if self.follows { cone.observable(self, index + 1, node, &values, &mut scratch) } else { u64::MAX };
                let start = self.starts[index] + (node << layer.fan_in);
                let mut rows = vec![(0usize, samples)];
                for (pin, &column) in layer.pins(node).iter().enumerate() {
                    let value = values[index][column as usize];
                    let parts =
                        rows.iter().flat_map(|&(row, mask)| [(row, mask & !value), (row | 1 << pin, mask & value)]);
                    rows = parts.filter(|&(_, mask)| mask != 0).collect();
                }
                reads.extend(rows.into_iter().map(|(row, read)| Read {
                    entry: start + row,
                    read,
                    observed: read & observable,
                }));
            }
        }
        reads
    }

    /// For every feature a code from each stretch of codes that the encoder cannot tell apart.
    fn stretches(&self) -> Vec<Vec<i64>> {
        let mut codes = vec![vec![self.network.input().min_code()]; self.network.features()];
        for bit in &self.bits {
            codes[bit.feature as usize].extend(&bit.toggles);
        }
        for codes in &mut codes {
            codes.sort_unstable();
            codes.dedup();
        }
        codes
    }

    fn find_unreachable(&mut self) {
        let Some(layer) = self.network.layers().first() else { return };
        self.reachable = vec![true; layer.width() << layer.fan_in];
        if self.reachable.len() > MOST_DECIDED {
            return;
        }
        for entry in 0..self.reachable.len() {
            self.reachable[entry] = self.needs(entry).is_some();
        }
        self.unreachable = self.reachable.iter().filter(|&&reachable| !reachable).count();
    }

    /// The codes that some features must have for a first-layer entry or a step, `None` when there
    /// are none.
    fn needs(&self, entry: usize) -> Option<Vec<(usize, Vec<i64>)>> {
        if let Some(step) = entry.checked_sub(self.entries).and_then(|step| self.steps.get(step)) {
            return Some(vec![(step.feature as usize, vec![step.code])]);
        }
        let layer = self.network.layers().first()?;
        let (node, row) = (entry >> layer.fan_in, entry & ((1 << layer.fan_in) - 1));
        let mut needs: Vec<(usize, Vec<i64>)> = Vec::new();
        for (pin, &column) in layer.pins(node).iter().enumerate() {
            let (bit, wanted) = (&self.bits[column as usize], row >> pin & 1 == 1);
            let feature = bit.feature as usize;
            let place = match needs.iter().position(|(other, _)| *other == feature) {
                Some(place) => place,
                None => {
                    needs.push((feature, self.stretches[feature].clone()));
                    needs.len() - 1
                }
            };
            needs[place].1.retain(|&code| bit.value(code) == wanted);
            if needs[place].1.is_empty() {
                return None;
            }
        }
        Some(needs)
    }
}

/// Both codes beside every threshold of a bit that some node reads, or that is an output.
fn steps(bits: &[IntegerBit], readers: Option<&Vec<Vec<u32>>>) -> Vec<Step> {
    let mut steps = Vec::new();
    for (column, bit) in bits.iter().enumerate() {
        if readers.is_none_or(|readers| !readers[column].is_empty()) {
            let codes = bit.toggles.iter().flat_map(|&toggle| [toggle - 1, toggle]);
            steps.extend(codes.map(|code| Step { column: column as u32, feature: bit.feature, code }));
        }
    }
    steps
}

#[cfg(test)]
mod tests;
