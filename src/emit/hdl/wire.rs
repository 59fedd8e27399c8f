//! Names of signals, printed without building strings.

use std::fmt;

use crate::netlist::{Comparator, Section};

/// A signal of some module, before any register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::emit) enum Wire {
    /// The clock.
    Clock,
    /// Whether the registers take over what they see.
    Enable,
    /// The input bus.
    Features,
    /// The class.
    ClassIndex,
    /// The scores as one bus.
    Scores,
    /// The plain output bits as one bus.
    Bits,
    /// The code of one feature.
    Feature(u32),
    /// A comparator; the number tells twins apart.
    Comparator(Comparator, Option<u32>),
    /// A lookup table by its number in its section.
    Table(Section, u32),
    /// An output of the core.
    CoreOutput(u32),
    /// A bit that a popcount counts.
    Counted(u32),
    /// One result bit of a counter.
    CounterBit(u32, u8),
    /// Whether the carry goes through a position of a cell of a carry chain.
    ChainPass(u32, u8),
    /// What is carried on from a position of a cell of a carry chain where the carry does not go through.
    ChainData(u32, u8),
    /// The carry from one `CARRY4` to the next.
    ChainCarry(u32),
    /// An output of a `CARRY4` that nobody reads.
    ChainUnused(u32, u8),
    /// The result of a popcount.
    Count,
    /// The popcount of a class whose scores are wider.
    ClassCount(u32),
    /// The score of a class.
    Score(u32),
    /// Whether the second side of a duel wins.
    SecondWins(u32),
    /// The larger score of a duel.
    DuelScore(u32),
    /// The class that wins a duel.
    DuelClass(u32),
    /// A bit of the score of a class.
    ScoreBit(u32, u8),
    /// Whether the lowest bits of the second side of a duel are larger.
    DuelStart(u32),
    /// Whether the carry goes through a position of the chain of a duel.
    DuelPass(u32, u8),
    /// What is carried on from a position of the chain of a duel where the carry does not go through.
    DuelData(u32, u8),
    /// A bit that a duel chooses.
    DuelBit(u32, u8),
    /// What the head knows as the class before its last registers.
    Winner,
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Clock => f.write_str("clk"),
            Self::Enable => f.write_str("ce"),
            Self::Features => f.write_str("features"),
            Self::ClassIndex => f.write_str("class_index"),
            Self::Scores => f.write_str("scores"),
            Self::Bits => f.write_str("bits"),
            Self::Feature(feature) => write!(f, "f{feature}"),
            Self::Comparator(Comparator { feature, threshold }, twin) => {
                let sign = if threshold < 0 { "m" } else { "" };
                write!(f, "f{feature}_ge_{sign}{}", threshold.unsigned_abs())?;
                twin.map_or(Ok(()), |number| write!(f, "_c{number}"))
            }
            Self::Table(Section::Encoder, number) => write!(f, "enc_n{number}"),
            Self::Table(Section::Layer(layer), number) => write!(f, "l{layer}_n{number}"),
            Self::Table(Section::Head, number) => write!(f, "head_n{number}"),
            Self::CoreOutput(output) => write!(f, "out_{output}"),
            Self::Counted(bit) => write!(f, "x{bit}"),
            Self::CounterBit(counter, bit) => write!(f, "c{counter}_b{bit}"),
            Self::ChainPass(counter, position) => write!(f, "c{counter}_s{position}"),
            Self::ChainData(counter, position) => write!(f, "c{counter}_d{position}"),
            Self::ChainCarry(chain) => write!(f, "chain{chain}_carry"),
            Self::ChainUnused(chain, position) => write!(f, "chain{chain}_unused{position}"),
            Self::Count => f.write_str("count"),
            Self::ClassCount(class) => write!(f, "count_{class}"),
            Self::Score(class) => write!(f, "score_{class}"),
            Self::SecondWins(duel) => write!(f, "duel{duel}_second"),
            Self::DuelScore(duel) => write!(f, "duel{duel}_score"),
            Self::DuelClass(duel) => write!(f, "duel{duel}_class"),
            Self::ScoreBit(class, bit) => write!(f, "score_{class}_b{bit}"),
            Self::DuelStart(duel) => write!(f, "duel{duel}_start"),
            Self::DuelPass(duel, position) => write!(f, "duel{duel}_s{position}"),
            Self::DuelData(duel, position) => write!(f, "duel{duel}_d{position}"),
            Self::DuelBit(duel, number) => write!(f, "duel{duel}_b{number}"),
            Self::Winner => f.write_str("winner"),
        }
    }
}

impl Wire {
    /// Whether it is a number, also when that has a single bit, and not a bit.
    pub(in crate::emit) fn is_word(self) -> bool {
        match self {
            Self::Clock
            | Self::Enable
            | Self::Comparator(..)
            | Self::Table(..)
            | Self::CoreOutput(_)
            | Self::Counted(_)
            | Self::CounterBit(..)
            | Self::ChainPass(..)
            | Self::ChainData(..)
            | Self::ChainCarry(_)
            | Self::ChainUnused(..)
            | Self::SecondWins(_)
            | Self::ScoreBit(..)
            | Self::DuelStart(_)
            | Self::DuelPass(..)
            | Self::DuelData(..)
            | Self::DuelBit(..) => false,
            Self::Features
            | Self::ClassIndex
            | Self::Scores
            | Self::Bits
            | Self::Feature(_)
            | Self::Count
            | Self::ClassCount(_)
            | Self::Score(_)
            | Self::DuelScore(_)
            | Self::DuelClass(_)
            | Self::Winner => true,
        }
    }
}

/// A signal behind a number of registers: `l0_n12_d1` is `l0_n12` one cycle later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::emit) struct Delayed {
    /// The signal.
    pub(in crate::emit) wire: Wire,
    /// How many cycles later.
    pub(in crate::emit) cycles: u32,
}

impl fmt::Display for Delayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wire.fmt(f)?;
        if self.cycles > 0 { write!(f, "_d{}", self.cycles) } else { Ok(()) }
    }
}

/// A port of a module.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit) struct Port {
    /// Its signal.
    pub(in crate::emit) wire: Wire,
    /// An input of the module, not an output.
    pub(in crate::emit) is_input: bool,
    /// Its bits.
    pub(in crate::emit) width: usize,
}

impl Port {
    /// An input of `width` bits.
    pub(super) fn input(wire: Wire, width: usize) -> Self {
        Self { wire, is_input: true, width }
    }

    /// An output of `width` bits.
    pub(super) fn output(wire: Wire, width: usize) -> Self {
        Self { wire, is_input: false, width }
    }
}

/// The ports of a module that has registers: the clock and, where somebody may hold them, the
/// enable.
pub(super) fn clock_ports(clocked: bool, enable: bool) -> Vec<Port> {
    let mut ports = Vec::new();
    if clocked {
        ports.push(Port::input(Wire::Clock, 1));
    }
    if clocked && enable {
        ports.push(Port::input(Wire::Enable, 1));
    }
    ports
}
