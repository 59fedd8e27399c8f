//! What can be chosen about C for microcontrollers.

use std::fmt;

use clap::{Args, ValueEnum};

/// Choices for the C header.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct COptions {
    /// C: tables in memory, or word operations without any
    #[arg(long, value_enum, default_value_t)]
    pub c_style: CStyle,
    /// C, `--c-style straight`: bits of a word [default: 32]
    #[arg(long, value_enum, value_name = "BITS")]
    pub c_word: Option<WordSize>,
    /// C, `--c-style straight`: also functions for many samples, a word of them in parallel
    #[arg(long)]
    pub c_batch: bool,
}

/// How C evaluates a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CStyle {
    /// Loops over tables in read-only memory: the least code
    #[default]
    Table,
    /// ANDs, ORs and XORs of words: the least time, most of all for many samples
    Straight,
}

/// Bits of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum WordSize {
    /// `uint8_t`, for AVR
    #[value(name = "8")]
    Bits8,
    /// `uint16_t`
    #[value(name = "16")]
    Bits16,
    /// `uint32_t`
    #[default]
    #[value(name = "32")]
    Bits32,
    /// `uint64_t`
    #[value(name = "64")]
    Bits64,
}

impl WordSize {
    /// Bits of a word.
    pub fn bits(self) -> u32 {
        match self {
            Self::Bits8 => 8,
            Self::Bits16 => 16,
            Self::Bits32 => 32,
            Self::Bits64 => 64,
        }
    }
}

impl fmt::Display for WordSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bits().fmt(f)
    }
}
