//! Which table entries the vectors read, which of them an output shows, and vectors for the rest.
//!
//! An entry is one row of the table of one trained node. A vector exercises it when the node's
//! inputs spell its row; it observes it when, besides, another value of the node would change an
//! output, so that a wrong entry could not hide.

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::binarized::{BinarizedNetwork, Head, IntegerBit, LutLayer};

/// Nodes behind all nodes together, beyond which propagation is not followed any more and an
/// exercised entry counts as observed.
const MOST_CONE: usize = 4_000_000;

/// Candidates are tried in words of this many.
const WORD: usize = 64;

/// The best candidates of a word that become vectors.
const TAKEN: usize = 16;

/// Words without a gain after which the search ends: of many entries, and of few.
const PATIENCE: usize = 12;
const PATIENCE_WITH_FEW: usize = 80;

/// Up to this many entries and steps are few.
const FEW_GOALS: usize = 50_000;

/// First-layer entries up to which it is decided whether codes can reach them.
const MOST_DECIDED: usize = 2_000_000;

/// Goals that one directed candidate tries to meet at once.
const TRIES: usize = 400;

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

/// At most `room` rows of codes that observe entries, or steps of comparators, which `rows` do not.
pub(super) fn directed_rows(
    network: &BinarizedNetwork,
    rows: &[Vec<i64>],
    samples: &[Vec<i64>],
    room: usize,
    seed: u64,
) -> Vec<Vec<i64>> {
    let mut meter = Meter::new(network);
    for word in rows.chunks(WORD) {
        meter.add(&word.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x636f_7665_7261_6765);
    let (mut found, mut idle, mut round) = (Vec::new(), 0, 0);
    let patience = if meter.observed.len() <= FEW_GOALS { PATIENCE_WITH_FEW } else { PATIENCE };
    while found.len() < room && idle < patience && meter.observed.contains(&false) {
        let goals = meter.goals(&mut rng);
        let mut next = 0;
        let candidates: Vec<Vec<i64>> = (0..WORD)
            .map(|candidate| {
                let mut row = meter.base_row(samples, &mut rng);
                // Every other one is left as it is: deeper entries are met by chance.
                if candidate % 2 == 0 && next < goals.len() {
                    meter.meet(&goals, &mut next, &mut row, &mut rng);
                }
                row
            })
            .collect();
        let word: Vec<&[i64]> = candidates.iter().map(Vec::as_slice).collect();
        let reads = meter.reads(&word);
        let mut gains: Vec<(u32, usize)> =
            meter.gains(&reads).into_iter().enumerate().map(|(candidate, gain)| (gain, candidate)).collect();
        gains.sort_by_key(|&(gain, candidate)| (std::cmp::Reverse(gain), candidate));
        gains.retain(|&(gain, _)| gain > 0);
        gains.truncate(TAKEN.min(room - found.len()));
        idle = if gains.is_empty() { idle + 1 } else { 0 };
        let chosen = gains.iter().fold(0u64, |mask, &(_, candidate)| mask | 1 << candidate);
        meter.record(&reads, chosen);
        found.extend(gains.into_iter().map(|(_, candidate)| candidates[candidate].clone()));
        round += 1;
        if round > 4 * room {
            break;
        }
    }
    found
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

    /// For each sample of a word, how many entries it would newly observe.
    fn gains(&self, reads: &[Read]) -> Vec<u32> {
        let mut gains = vec![0; WORD];
        for read in reads.iter().filter(|read| !self.observed[read.entry]) {
            let mut mask = read.observed;
            while mask != 0 {
                gains[mask.trailing_zeros() as usize] += 1;
                mask &= mask - 1;
            }
        }
        gains
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

    /// A sample of which some features are replaced, or random codes, or codes beside thresholds.
    fn base_row(&self, samples: &[Vec<i64>], rng: &mut ChaCha8Rng) -> Vec<i64> {
        let (min, max) = (self.network.input().min_code(), self.network.input().max_code());
        let use_sample = rng.random_ratio(1, 2);
        let mut row = match samples.choose(rng).filter(|_| use_sample) {
            Some(sample) => sample.clone(),
            None => (0..self.network.features()).map(|_| rng.random_range(min..=max)).collect(),
        };
        let replaced = [0.0, 0.05, 0.2, 0.5][rng.random_range(0..4usize)];
        for code in &mut row {
            if rng.random_bool(replaced) {
                *code = rng.random_range(min..=max);
            }
        }
        if rng.random_ratio(1, 2) && !self.steps.is_empty() {
            // One step of every other feature that has any, more or less.
            for _ in 0..row.len() {
                if let Some(step) = self.steps.choose(rng) {
                    row[step.feature as usize] = step.code;
                }
            }
        }
        row
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

    /// First-layer entries that can be reached, and steps, that are not observed, in random order.
    fn goals(&self, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut goals: Vec<usize> =
            (0..self.reachable.len()).filter(|&entry| self.reachable[entry] && !self.observed[entry]).collect();
        goals.extend((self.entries..self.observed.len()).filter(|&step| !self.observed[step]));
        goals.shuffle(rng);
        goals
    }

    /// Changes `row` so that it meets as many goals as fit together, from goal `next` on.
    fn meet(&self, goals: &[usize], next: &mut usize, row: &mut [i64], rng: &mut ChaCha8Rng) {
        let mut fixed = vec![false; row.len()];
        for &goal in goals[*next..].iter().take(TRIES) {
            *next += 1;
            let Some(needs) = self.needs(goal) else { continue };
            let fits = |(feature, codes): &(usize, Vec<i64>)| {
                // A fixed feature stands at a code of the list or not.
                !fixed[*feature] || codes.contains(&row[*feature])
            };
            if !needs.iter().all(fits) {
                continue;
            }
            for (feature, codes) in needs {
                if !std::mem::replace(&mut fixed[feature], true) {
                    row[feature] = codes[rng.random_range(0..codes.len())];
                }
            }
        }
    }
}

/// The output word of a node.
fn evaluate(layer: &LutLayer, node: usize, inputs: &[u64], scratch: &mut Vec<u64>) -> u64 {
    let mut pins = [0u64; crate::logic::MAX_INPUTS];
    let columns = layer.pins(node);
    for (pin, &column) in pins.iter_mut().zip(columns) {
        *pin = inputs[column as usize];
    }
    layer.tables[node].eval_words(&pins[..columns.len()], scratch)
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

/// For each of `width` columns, the nodes of `next` that read it.
fn readers(width: usize, next: &LutLayer) -> Vec<Vec<u32>> {
    let mut readers: Vec<Vec<u32>> = vec![Vec::new(); width];
    for node in 0..next.width() {
        for &column in next.pins(node) {
            if readers[column as usize].last() != Some(&(node as u32)) {
                readers[column as usize].push(node as u32);
            }
        }
    }
    readers
}

/// An upper bound of the nodes behind all nodes together.
fn cone_work(layers: &[LutLayer], readers: &[Vec<Vec<u32>>]) -> usize {
    let mut behind: Vec<usize> = layers.last().map(|layer| vec![1; layer.width()]).unwrap_or_default();
    let mut total = behind.len();
    for (readers, layer) in readers.iter().zip(layers.get(1..).unwrap_or_default()).rev() {
        let cone = |readers: &Vec<u32>| {
            1 + readers.iter().map(|&reader| behind[reader as usize]).sum::<usize>().min(layers.len() * layer.width())
        };
        behind = readers.iter().map(cone).collect();
        total += behind.iter().sum::<usize>();
    }
    total
}

/// The words of the nodes behind a node that is inverted.
struct Cone {
    /// Nodes of the present layer that read a changed one.
    touched: Vec<u32>,
}

impl Cone {
    fn new() -> Self {
        Self { touched: Vec::new() }
    }

    /// The samples on which the inverse of a column of `values[level]` changes a score or an output
    /// bit for certain: an odd number of changed bits changes a count.
    fn observable(
        &mut self,
        meter: &Meter<'_>,
        level: usize,
        column: usize,
        values: &[Vec<u64>],
        scratch: &mut Vec<u64>,
    ) -> u64 {
        let layers = meter.network.layers();
        let mut differences: Vec<(u32, u64)> = vec![(column as u32, u64::MAX)];
        for (level, readers) in (level..).zip(&meter.readers[level..]) {
            let next = &layers[level];
            self.touched.clear();
            for &(node, _) in &differences {
                self.touched.extend(&readers[node as usize]);
            }
            self.touched.sort_unstable();
            self.touched.dedup();
            let inputs = &values[level];
            let mut following = Vec::new();
            for &reader in &self.touched {
                let mut pins = [0u64; crate::logic::MAX_INPUTS];
                let columns = next.pins(reader as usize);
                for (pin, &column) in pins.iter_mut().zip(columns) {
                    let flipped = differences.binary_search_by_key(&column, |&(node, _)| node);
                    *pin = inputs[column as usize] ^ flipped.map_or(0, |at| differences[at].1);
                }
                let word = next.tables[reader as usize].eval_words(&pins[..columns.len()], scratch);
                let difference = word ^ values[level + 1][reader as usize];
                if difference != 0 {
                    following.push((reader, difference));
                }
            }
            differences = following;
            if differences.is_empty() {
                return 0;
            }
        }
        match meter.network.head() {
            Head::Bits => differences.iter().fold(0, |any, &(_, word)| any | word),
            Head::GroupSum { .. } => {
                let mut odd = vec![0u64; meter.groups.len()];
                for (output, word) in differences {
                    let group = meter.groups.iter().position(|group| group.contains(&(output as usize)));
                    if let Some(odd) = group.and_then(|group| odd.get_mut(group)) {
                        *odd ^= word;
                    }
                }
                odd.into_iter().fold(0, |any, word| any | word)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::binarized::{Encoder, LutLayer};
    use crate::config::InputFormat;
    use crate::logic::TruthTable;

    /// Every assignment of three features of two bits.
    fn all_rows() -> Vec<Vec<i64>> {
        (0..64).map(|row| (0..3).map(|feature| row >> (2 * feature) & 3).collect()).collect()
    }

    fn slices(rows: &[Vec<i64>]) -> impl Iterator<Item = &[i64]> {
        rows.iter().map(Vec::as_slice)
    }

    #[test]
    fn all_inputs_exercise_all_that_can_be_reached_in_the_first_layer() {
        for seed in 0..20 {
            let shape = NetworkShape { layers: vec![(3, 8)], head: Head::Bits, ..NetworkShape::small() };
            let network = random_network(seed, &shape);
            let coverage = coverage(&network, slices(&all_rows()));
            assert_eq!(coverage.entries, 64);
            // Every node is an output, so what is read is seen.
            assert_eq!(coverage.exercised, coverage.observed);
            assert_eq!(coverage.exercised, coverage.entries - coverage.unreachable, "seed {seed}");
        }
    }

    #[test]
    fn an_observed_entry_changes_an_output_when_it_is_flipped() {
        for seed in 0..10 {
            let network = random_network(seed, &NetworkShape::small());
            let rows = all_rows();
            let mut meter = Meter::new(&network);
            for word in rows.chunks(WORD) {
                meter.add(&word.iter().map(Vec::as_slice).collect::<Vec<_>>());
            }
            for (index, layer) in network.layers().iter().enumerate() {
                for node in 0..layer.width() {
                    for row in 0..1usize << layer.fan_in {
                        let mut layers = network.layers().to_vec();
                        let table = &layers[index].tables[node];
                        let flipped = TruthTable::from_fn(layer.fan_in, |r| table.row(r) ^ (r == row));
                        layers[index].tables[node] = flipped;
                        let faulty = BinarizedNetwork::new(
                            "f",
                            *network.input(),
                            network.encoder().clone(),
                            layers,
                            *network.head(),
                        )
                        .unwrap();
                        let differs = rows.iter().any(|codes| {
                            let (good, bad) = (network.predict_codes(codes), faulty.predict_codes(codes));
                            (good.scores, good.class) != (bad.scores, bad.class)
                        });
                        let entry = meter.starts[index] + (node << layer.fan_in) + row;
                        assert!(
                            !meter.observed[entry] || differs,
                            "seed {seed}, layer {index}, node {node}, row {row}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn bits_of_one_feature_that_contradict_each_other_are_out_of_reach() {
        // Bits `x > 0.5` and `x > 1.5`: the second without the first cannot be.
        let layer = LutLayer {
            input_width: 2,
            fan_in: 2,
            wiring: vec![0, 1],
            tables: vec![TruthTable::from_fn(2, |row| row == 3)],
        };
        let encoder = Encoder::from_thresholds(1, &[0.5, 1.5]);
        let network = BinarizedNetwork::new("t", InputFormat::unsigned(2), encoder, vec![layer], Head::Bits).unwrap();
        let rows: Vec<Vec<i64>> = (0..4).map(|code| vec![code]).collect();
        let expected = Coverage { entries: 4, exercised: 3, observed: 3, unreachable: 1 };
        assert_eq!(coverage(&network, slices(&rows)), expected);
        assert_eq!(
            expected.to_string(),
            "100.0 % of 3 table entries exercised, 100.0 % seen at an output (1 more cannot be reached by any code)"
        );
    }

    #[test]
    fn directed_rows_reach_more_than_as_many_random_ones() {
        let shape =
            NetworkShape { layers: vec![(6, 60), (6, 40)], features: 24, bits_per_feature: 3, ..NetworkShape::small() };
        let network = random_network(3, &NetworkShape { input: InputFormat::unsigned(4), ..shape });
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let random: Vec<Vec<i64>> = (0..300).map(|_| (0..24).map(|_| rng.random_range(0..16)).collect()).collect();
        let directed = directed_rows(&network, &random[..20], &[], 280, 1);
        assert!(directed.len() <= 280 && directed.iter().flatten().all(|code| (0..16).contains(code)));
        let both: Vec<Vec<i64>> = random[..20].iter().cloned().chain(directed).collect();
        let (chance, found) = (coverage(&network, slices(&random)), coverage(&network, slices(&both)));
        assert!(found.observed > chance.observed, "{found} against {chance}");
        assert_eq!(directed_rows(&network, &[], &[], 50, 1), directed_rows(&network, &[], &[], 50, 1));
    }
}
