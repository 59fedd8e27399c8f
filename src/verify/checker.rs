//! What a check is, and the comparison that all of them share.

use std::path::Path;
use std::time::Duration;

use crate::emit::{self, EmitOptions, EmittedFile, EncoderOption, OutputSet, TestVectors, Vector};
use crate::netlist::{Comparator, Design, DesignHead, Schedule};

use super::{Program, RunOutput, ToolError};

/// A real tool that runs an emitted artefact.
pub trait Checker: Sync {
    /// Name on the command line.
    fn name(&self) -> &'static str;

    /// One sentence for help and `difflut doctor`.
    fn description(&self) -> &'static str;

    /// The target whose files it runs.
    fn target(&self) -> &'static str;

    /// The programs that it needs.
    fn programs(&self) -> &'static [Program];

    /// Looks for everything that the check needs, before any work.
    ///
    /// # Errors
    /// [`ToolError::Missing`] and [`ToolError::MissingModules`].
    fn require(&self) -> Result<(), ToolError> {
        self.programs().iter().try_for_each(|program| program.require(self.name()).map(drop))
    }

    /// Whether an artefact with these options is something that the check can run.
    ///
    /// # Errors
    /// Why not, as the end of a sentence.
    fn accepts(&self, _options: &EmitOptions) -> Result<(), &'static str> {
        Ok(())
    }

    /// Whether it runs when no check is named. Those that take minutes have to be asked for.
    fn by_default(&self) -> bool {
        true
    }

    /// Runs the artefact on every vector.
    ///
    /// # Errors
    /// [`ToolError`] when the tool is missing, fails, hangs or answers something else than
    /// results.
    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError>;

    /// Runs the artefact and says whether it is the same function. The vectors decide, unless a
    /// checker can prove more than that.
    ///
    /// # Errors
    /// [`ToolError`] when there is nothing to compare.
    fn judge(&self, request: &CheckRequest<'_>) -> Result<Verdict, ToolError> {
        let run = self.run(request)?;
        match (compare(request.vectors, request.outputs(self.target()), &run.answers), run.complaint) {
            (Ok(Verdict::Equal { .. }), Some(line)) => Ok(Verdict::TestBench { line }),
            (Ok(verdict), _) => Ok(verdict),
            (Err(found), _) => Err(ToolError::Garbage {
                program: self.name().to_owned(),
                problem: format!("{found} results for {} vectors", request.vectors.vectors.len()),
                tail: String::from("(see the results file)"),
            }),
        }
    }
}

/// What came out of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRun {
    /// One answer per vector.
    pub answers: Vec<Answer>,
    /// The failure that the artefact's own test bench reports, if it has one and it does.
    pub complaint: Option<String>,
}

/// What a checker gets.
#[derive(Clone, Copy, Debug)]
pub struct CheckRequest<'a> {
    /// The design that the artefact was printed from, for port widths.
    pub design: &'a Design,
    /// The design of the network itself, not optimized: what is proved against.
    pub reference: &'a Design,
    /// The artefact's files; they already lie in `folder`.
    pub files: &'a [EmittedFile],
    /// The identifier that names the top module, header and functions.
    pub identifier: &'a str,
    /// Clock cycles from an input, or from the first pixel of a frame, to its outputs; 0 for an
    /// artefact without a clock.
    pub latency: u32,
    /// Channels, height and width of the images that come in pixel by pixel; `None` for an artefact
    /// that takes all features at once.
    pub frame: Option<[usize; 3]>,
    /// The options that the artefact was printed with.
    pub options: &'a EmitOptions,
    /// The stimulus.
    pub vectors: &'a TestVectors,
    /// A scratch folder of its own.
    pub folder: &'a Path,
    /// How long one program may run.
    pub limit: Duration,
    /// The artefact was not printed in this run: it brings no test bench and follows no rules of
    /// style.
    pub foreign: bool,
}

impl CheckRequest<'_> {
    /// The names of the artefact's files with this ending.
    pub(super) fn names_ending_in(&self, ending: &str) -> Vec<&str> {
        self.files.iter().map(|file| file.name.as_str()).filter(|name| name.ends_with(ending)).collect()
    }

    /// The artefact's Verilog files without its test bench.
    pub(super) fn design_sources(&self) -> Vec<&str> {
        let mut sources = self.names_ending_in(".v");
        let bench = format!("{}_tb.v", self.identifier);
        sources.retain(|name| *name != bench);
        sources
    }

    /// The flag with which yosys reads the Verilog.
    pub(super) fn verilog_flag(&self) -> &'static str {
        if self.foreign { "-sv" } else { "" }
    }

    /// The vectors' input buses, one hexadecimal number a line: feature `f` at bits
    /// `[f * bits +: bits]`. Packed here and not taken from the artefact, so that a target which
    /// packs its own vectors wrongly is found out.
    pub(super) fn stimulus_hex(&self) -> String {
        let bits = self.design.input.bits as usize;
        let mut text = String::new();
        for vector in &self.vectors.vectors {
            let bus: Vec<bool> =
                vector.codes.iter().flat_map(|&code| (0..bits).map(move |bit| code >> bit & 1 == 1)).collect();
            text.push_str(&hex(&bus));
            text.push('\n');
        }
        text
    }

    /// What drives the input bus of hardware: the codes, or without an encoder the bits
    /// `code >= threshold` of the comparators that an output depends on, by feature and threshold.
    pub(super) fn stimulus_of_hardware(&self) -> String {
        if self.options.hdl.encoder == EncoderOption::On {
            return self.stimulus_hex();
        }
        let live = Schedule::new(&self.design.core).live(&self.design.core);
        let mut comparators: Vec<_> = self.design.comparators.iter().zip(self.design.core.inputs()).collect();
        comparators.retain(|(_, input)| live[input.index()]);
        comparators.sort_by_key(|(comparator, _)| **comparator);
        let bit = |vector: &Vector, comparator: &Comparator| {
            vector.codes[comparator.feature as usize] >= comparator.threshold
        };
        let buses = self
            .vectors
            .vectors
            .iter()
            .map(|vector| comparators.iter().map(|(comparator, _)| bit(vector, comparator)).collect::<Vec<bool>>());
        buses.map(|bus| hex(&bus) + "\n").collect()
    }

    /// The results that the artefact has.
    pub(super) fn outputs(&self, target: &str) -> OutputSet {
        let is_hardware = emit::target(target).is_some_and(emit::Target::is_hardware);
        if is_hardware { self.options.hdl.outputs } else { OutputSet::Both }
    }

    /// The vectors' codes as decimal numbers, one vector a line.
    pub(super) fn stimulus_decimal(&self) -> String {
        self.vectors.vectors.iter().map(|vector| join(&vector.codes) + "\n").collect()
    }
}

/// Bits, lowest first, as a hexadecimal number.
pub(super) fn hex(bits: &[bool]) -> String {
    let nibble = |bits: &[bool]| bits.iter().rev().fold(0, |sum, &bit| sum << 1 | u32::from(bit));
    bits.chunks(4).rev().filter_map(|bits| char::from_digit(nibble(bits), 16)).collect()
}

/// Runs `checker` and compares what came out with the reference inference.
///
/// # Errors
/// [`ToolError`] when there is nothing to compare.
pub fn check(checker: &dyn Checker, request: &CheckRequest<'_>) -> Result<Verdict, ToolError> {
    for file in request.files {
        write_scratch(request.folder, &file.name, &file.contents)?;
    }
    checker.judge(request)
}

/// Writes a file into the scratch folder.
pub(super) fn write_scratch(folder: &Path, name: &str, contents: &[u8]) -> Result<(), ToolError> {
    let path = folder.join(name);
    let written = match path.parent() {
        Some(parent) => std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, contents)),
        None => std::fs::write(&path, contents),
    };
    written.map_err(|source| ToolError::Scratch { path, source })
}

/// The text of `results.hex` in the scratch folder.
pub(super) fn read_results(folder: &Path) -> Result<String, ToolError> {
    let path = folder.join("results.hex");
    std::fs::read_to_string(&path).map_err(|source| ToolError::Scratch { path, source })
}

/// One answer per line of hexadecimal results with these outputs.
pub(super) fn answers_from_hex(design: &Design, outputs: OutputSet, text: &str) -> Vec<Answer> {
    text.lines().map(|line| Answer::from_hex(design, outputs, line)).collect()
}

/// One answer per line of decimal results, up to the line that says how many they are.
pub(super) fn answers_from_decimal(
    request: &CheckRequest<'_>,
    output: &RunOutput,
    program: &str,
) -> Result<Vec<Answer>, ToolError> {
    let done = format!("done {}", request.vectors.vectors.len());
    let lines: Vec<&str> = output.text.lines().take_while(|line| *line != done).collect();
    if lines.len() == output.text.lines().count() {
        return Err(output.garbage(program, format!("no line `{done}`")));
    }
    Ok(lines.into_iter().map(|line| Answer::from_decimal(request.design, line)).collect())
}

/// The outputs of an artefact for one vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Output bits, for designs without scores.
    pub bits: Vec<bool>,
    /// Scores, for designs with classes.
    pub scores: Vec<u32>,
    /// The class.
    pub class: Option<u32>,
    /// What was printed instead of numbers.
    pub unreadable: Option<String>,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every vector agrees with the reference inference.
    Equal {
        /// How many vectors were compared.
        vectors: usize,
    },
    /// Every input has the same outputs, which was proved.
    Proved {
        /// How many vectors were compared before.
        vectors: usize,
        /// What was proved and how, as in "for all 2^512 inputs by SAT".
        how: String,
    },
    /// It is another function, though no vector shows it.
    Refuted {
        /// What is wrong.
        what: String,
        /// An input that shows it, where there is one.
        first: Option<Box<Difference>>,
    },
    /// Some vector differs.
    Different {
        /// How many vectors differ.
        count: usize,
        /// How many were compared.
        vectors: usize,
        /// The first one that differs.
        first: Box<Difference>,
    },
    /// Every output agrees, but the artefact's own test bench objects: what it expects is wrong.
    TestBench {
        /// Its message.
        line: String,
    },
}

/// A vector on which the artefact and the reference inference disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which vector, from 0.
    pub index: usize,
    /// Its input and the outputs of the reference inference.
    pub expected: Vector,
    /// The outputs of the artefact.
    pub got: Answer,
}

impl Answer {
    /// Hexadecimal outputs: the plain bits; or one number with the class in the lowest bits and
    /// the scores above it, as far as they are outputs; or two numbers, the packed scores and the
    /// class.
    pub fn from_hex(design: &Design, outputs: OutputSet, line: &str) -> Self {
        Self::packed(design, outputs, line).unwrap_or_else(|| Self::unreadable(line))
    }

    fn packed(design: &Design, outputs: OutputSet, line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let head = match (&design.head, words.as_slice()) {
            (DesignHead::Classes(head), _) => head,
            (DesignHead::Bits, [digits]) => {
                let bits = hex_bits(digits, design.core.outputs().len())?;
                return Some(Self { bits, scores: Vec::new(), class: None, unreadable: None });
            }
            (DesignHead::Bits, _) => return None,
        };
        let (class_bits, score_bits) = (head.argmax().class_bits(), head.score_bits());
        let scores_bits = score_bits * head.groups.len();
        let number = |bits: &[bool]| bits.iter().rev().fold(0, |sum, &bit| sum << 1 | u32::from(bit));
        let (class, scores) = match (outputs, words.as_slice()) {
            (OutputSet::Class, [class]) => {
                let class = Some(number(&hex_bits(class, class_bits)?));
                return Some(Self { bits: Vec::new(), scores: Vec::new(), class, unreadable: None });
            }
            (OutputSet::Scores, [scores]) => {
                let scores = hex_bits(scores, scores_bits)?.chunks(score_bits).map(number).collect();
                return Some(Self { bits: Vec::new(), scores, class: None, unreadable: None });
            }
            (OutputSet::Both, [packed]) => {
                let mut class = hex_bits(packed, class_bits + scores_bits)?;
                let scores = class.split_off(class_bits);
                (class, scores)
            }
            (OutputSet::Both, [scores, class]) => (hex_bits(class, class_bits)?, hex_bits(scores, scores_bits)?),
            _ => return None,
        };
        let scores = scores.chunks(score_bits).map(number).collect();
        Some(Self { bits: Vec::new(), scores, class: Some(number(&class)), unreadable: None })
    }

    /// A line that [`from_hex`](Self::from_hex) reads as this answer: the packed scores and the
    /// class, as far as there are such, or the plain bits.
    pub(super) fn to_hex(&self, design: &Design) -> String {
        let DesignHead::Classes(head) = &design.head else { return hex(&self.bits) };
        let bits =
            |value: u32, width: usize| (0..width).map(move |bit| value.checked_shr(bit as u32).unwrap_or(0) & 1 == 1);
        let scores: Vec<bool> = self.scores.iter().flat_map(|&score| bits(score, head.score_bits())).collect();
        let class = self.class.map(|class| hex(&bits(class, head.argmax().class_bits()).collect::<Vec<bool>>()));
        let words: Vec<String> = (!scores.is_empty()).then(|| hex(&scores)).into_iter().chain(class).collect();
        words.join(" ")
    }

    /// The bits of the class and then of the scores, lowest first, or the plain bits.
    pub(super) fn from_bits(design: &Design, bits: &[bool]) -> Self {
        let DesignHead::Classes(head) = &design.head else {
            return Self { bits: bits.to_vec(), scores: Vec::new(), class: None, unreadable: None };
        };
        let number = |bits: &[bool]| bits.iter().rev().fold(0, |sum, &bit| sum << 1 | u32::from(bit));
        let (class, scores) = bits.split_at(head.argmax().class_bits().min(bits.len()));
        let scores = scores.chunks(head.score_bits()).map(number).collect();
        Self { bits: Vec::new(), scores, class: Some(number(class)), unreadable: None }
    }

    /// No answer at all.
    pub(super) fn none() -> Self {
        Self::unreadable("nothing")
    }

    /// Decimal numbers on a line: the class and then the scores, or the plain bits.
    pub fn from_decimal(design: &Design, line: &str) -> Self {
        let Some(numbers) = line.split_whitespace().map(|word| word.parse().ok()).collect::<Option<Vec<u32>>>() else {
            return Self::unreadable(line);
        };
        match (&design.head, numbers.as_slice()) {
            (DesignHead::Bits, bits)
                if bits.len() == design.core.outputs().len() && bits.iter().all(|&bit| bit < 2) =>
            {
                let bits = bits.iter().map(|&bit| bit == 1).collect();
                Self { bits, scores: Vec::new(), class: None, unreadable: None }
            }
            (DesignHead::Classes(head), [class, scores @ ..]) if scores.len() == head.groups.len() => {
                Self { bits: Vec::new(), scores: scores.to_vec(), class: Some(*class), unreadable: None }
            }
            _ => Self::unreadable(line),
        }
    }

    fn unreadable(text: &str) -> Self {
        Self { bits: Vec::new(), scores: Vec::new(), class: None, unreadable: Some(text.to_owned()) }
    }

    fn agrees_with(&self, expected: &Vector, outputs: OutputSet) -> bool {
        let bits_agree = expected.class.is_some() || self.bits == expected.bits;
        let scores_agree = !outputs.scores() || self.scores == expected.scores;
        let classes_agree = !outputs.class() || self.class == expected.class;
        self.unreadable.is_none() && bits_agree && scores_agree && classes_agree
    }
}

/// The lowest `width` bits of a hexadecimal number, lowest first; `None` when a digit is not
/// hexadecimal (a simulator's `x` or `z`) or a higher bit is set.
fn hex_bits(digits: &str, width: usize) -> Option<Vec<bool>> {
    let mut bits = Vec::with_capacity(width);
    for digit in digits.trim().chars().rev() {
        let value = digit.to_digit(16)?;
        bits.extend((0..4).map(|bit| value >> bit & 1 == 1));
    }
    if bits.iter().skip(width).any(|&bit| bit) {
        return None;
    }
    bits.resize(width, false);
    Some(bits)
}

/// Compares the answers, of which `outputs` count, with what the reference inference says.
///
/// # Errors
/// The number of answers when it is not that of the vectors, or when there are none: nothing
/// compared is not equal.
pub fn compare(vectors: &TestVectors, outputs: OutputSet, answers: &[Answer]) -> Result<Verdict, usize> {
    if answers.is_empty() || answers.len() != vectors.vectors.len() {
        return Err(answers.len());
    }
    let mut differences = vectors
        .vectors
        .iter()
        .zip(answers)
        .enumerate()
        .filter(|(_, (expected, got))| !got.agrees_with(expected, outputs));
    let Some((index, (expected, got))) = differences.next() else {
        return Ok(Verdict::Equal { vectors: answers.len() });
    };
    let first = Box::new(Difference { index, expected: expected.clone(), got: got.clone() });
    Ok(Verdict::Different { count: 1 + differences.count(), vectors: answers.len(), first })
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "vector {}", self.index)?;
        writeln!(f, "  features  {}", join(&self.expected.codes))?;
        let expected = Answer {
            bits: self.expected.bits.clone(),
            scores: self.expected.scores.clone(),
            class: self.expected.class,
            unreadable: None,
        };
        write!(f, "  expected  {expected}\n  got       {}", self.got)
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.unreadable, self.class) {
            (Some(text), _) => write!(f, "`{}`, which is no number", text.trim()),
            (None, Some(class)) if self.scores.is_empty() => write!(f, "class {class}"),
            (None, Some(class)) => write!(f, "class {class}, scores {}", join(&self.scores)),
            (None, None) if !self.scores.is_empty() => write!(f, "scores {}", join(&self.scores)),
            (None, None) => {
                let bits: String = self.bits.iter().map(|&bit| if bit { '1' } else { '0' }).collect();
                write!(f, "bits {bits} (bit 0 first)")
            }
        }
    }
}

fn join<T: ToString>(numbers: &[T]) -> String {
    numbers.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::lower::lower;
    use crate::verify::{VectorPlan, test_vectors};

    fn answer(vector: &Vector) -> Answer {
        Answer { bits: Vec::new(), scores: vector.scores.clone(), class: vector.class, unreadable: None }
    }

    #[test]
    fn equal_answers_agree_and_each_kind_of_fault_is_seen() {
        let network = random_network(5, &NetworkShape::small());
        let vectors = test_vectors(&network, &[], &VectorPlan { count: 20, seed: 1 });
        let good: Vec<Answer> = vectors.vectors.iter().map(answer).collect();
        assert_eq!(compare(&vectors, OutputSet::Both, &good), Ok(Verdict::Equal { vectors: 20 }));
        assert_eq!(compare(&vectors, OutputSet::Both, &good[..19]), Err(19));
        assert_eq!(compare(&TestVectors::default(), OutputSet::Both, &[]), Err(0), "nothing compared is not equal");
        let faults: [fn(&mut Answer); 4] = [
            |answer| answer.class = answer.class.map(|class| class ^ 1),
            |answer| answer.scores[1] += 1,
            |answer| answer.class = None,
            |answer| answer.unreadable = Some("xx".into()),
        ];
        for fault in faults {
            let mut bad = good.clone();
            fault(&mut bad[7]);
            fault(&mut bad[9]);
            match compare(&vectors, OutputSet::Both, &bad) {
                Ok(Verdict::Different { count: 2, vectors: 20, first }) => assert_eq!(first.index, 7),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn only_the_outputs_that_there_are_count() {
        let network = random_network(5, &NetworkShape::small());
        let vectors = test_vectors(&network, &[], &VectorPlan { count: 5, seed: 1 });
        let good: Vec<Answer> = vectors.vectors.iter().map(answer).collect();
        let without = |set: OutputSet| -> Vec<Answer> {
            let keep = |answer: &Answer| Answer {
                scores: if set.scores() { answer.scores.clone() } else { Vec::new() },
                class: answer.class.filter(|_| set.class()),
                ..answer.clone()
            };
            good.iter().map(keep).collect()
        };
        for set in [OutputSet::Class, OutputSet::Scores] {
            let mut answers = without(set);
            assert_eq!(compare(&vectors, set, &answers), Ok(Verdict::Equal { vectors: 5 }));
            assert!(matches!(compare(&vectors, OutputSet::Both, &answers), Ok(Verdict::Different { count: 5, .. })));
            answers[3].class = answers[3].class.map(|class| class ^ 1);
            answers[3].scores.iter_mut().for_each(|score| *score += 1);
            assert!(matches!(compare(&vectors, set, &answers), Ok(Verdict::Different { count: 1, .. })));
        }
    }

    #[test]
    fn packed_and_decimal_answers_are_read_and_unknown_digits_are_not_numbers() {
        let design = lower(&random_network(5, &NetworkShape::small()));
        // Three classes of at most three bits: class in bits 0-1, scores of two bits above it.
        let packed = Answer::from_hex(&design, OutputSet::Both, "e6");
        assert_eq!((packed.class, packed.scores.as_slice()), (Some(2), [1, 2, 3].as_slice()));
        assert_eq!(Answer::from_hex(&design, OutputSet::Both, "39 00000002"), packed);
        assert_eq!(Answer::from_decimal(&design, "2 1 2 3"), packed);
        let scores = Answer::from_hex(&design, OutputSet::Scores, "39");
        assert_eq!((scores.class, scores.scores.as_slice()), (None, [1, 2, 3].as_slice()));
        let class = Answer::from_hex(&design, OutputSet::Class, "2");
        assert_eq!((class.class, class.scores.len()), (Some(2), 0));
        for text in ["xe", "1e6", "2 1 2", "2 1 2 z"] {
            let read = [Answer::from_hex(&design, OutputSet::Both, text), Answer::from_decimal(&design, text)];
            assert!(read.iter().all(|answer| answer.unreadable.is_some()), "{text}: {read:?}");
        }
    }
}
