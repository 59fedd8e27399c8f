//! Statements as text of languages with the operators of C.

use std::fmt::{self, Write as _};

use crate::bitslice::Terms;

use super::{Operand, Part};

/// How a language spells statements.
#[derive(Clone, Debug)]
pub(in crate::emit) struct Syntax {
    /// Its operators.
    pub(in crate::emit) terms: Terms,
    /// What declares a local.
    pub(in crate::emit) local: String,
    /// The array that is the workspace.
    pub(in crate::emit) workspace: &'static str,
    /// The letter of functions of three words, whose names end in their table; none where they are
    /// spelled out.
    pub(in crate::emit) ternary: Option<char>,
    /// The type that a result is cast to, where operators have wider ones.
    pub(in crate::emit) cast: Option<String>,
}

/// A part, to be printed as the statements of a function.
pub(in crate::emit) struct Function<'a> {
    /// Its number.
    pub(in crate::emit) number: usize,
    /// Its statements.
    pub(in crate::emit) part: &'a Part,
    /// The language.
    pub(in crate::emit) syntax: &'a Syntax,
}

impl fmt::Display for Function<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Syntax { terms, local, workspace, ternary, cast } = self.syntax;
        let mut words = [const { String::new() }; 3];
        for (number, statement) in self.part.statements.iter().enumerate() {
            for (word, operand) in words.iter_mut().zip(&statement.operands) {
                word.clear();
                match operand {
                    Operand::Slot(slot) => write!(word, "{workspace}[{slot}]")?,
                    Operand::Local(number) => write!(word, "t{number}")?,
                }
            }
            let [a, b, c] = &words;
            f.write_str("    ")?;
            if statement.local {
                write!(f, "{local} t{number} = ")?;
            } else if let Some(slot) = statement.slot {
                write!(f, "{workspace}[{slot}] = ")?;
            }
            match (ternary, cast, statement.operands.len()) {
                (Some(letter), _, 3) => write!(f, "{letter}{:02x}({a}, {b}, {c})", statement.table)?,
                (_, Some(cast), _) => write!(f, "({cast})({})", terms.write(statement.table, [a, b, c]))?,
                _ => f.write_str(&terms.write(statement.table, [a, b, c]))?,
            }
            f.write_str(";\n")?;
            if let (true, Some(slot)) = (statement.local, statement.slot) {
                writeln!(f, "    {workspace}[{slot}] = t{number};")?;
            }
        }
        Ok(())
    }
}
