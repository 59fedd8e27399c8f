//! Names that every output language accepts.

use rustc_hash::FxHashSet;

use super::keywords::is_reserved;

/// Longer names are cut: file systems stop at 255 bytes and suffixes follow.
const MAX_NAME: usize = 100;

/// What a text without any letter or digit is called.
const NAMELESS: &str = "network";

/// Makes identifiers that are legal in Verilog, SystemVerilog, VHDL, C and C++ alike, and
/// different from each other even where case does not count.
///
/// ```
/// use difflut::emit::Namer;
/// let mut namer = Namer::new();
/// assert_eq!(namer.name("digits 8x8"), "digits_8x8");
/// assert_eq!(namer.name("Digits-8x8"), "Digits_8x8_2");
/// ```
#[derive(Debug, Default)]
pub struct Namer {
    taken: FxHashSet<String>,
}

impl Namer {
    /// A namer that has given no name yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The identifier for `text`; a number is appended when it was given before.
    pub fn name(&mut self, text: &str) -> String {
        let base = identifier(text);
        let mut name = base.clone();
        let mut number = 2u32;
        while !self.taken.insert(name.to_ascii_lowercase()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        name
    }
}

/// The identifier for `text`: letters, digits and single underscores between them, a letter
/// first, no word with a meaning in any of the languages.
pub fn identifier(text: &str) -> String {
    let mut name = String::new();
    for symbol in text.chars() {
        if symbol.is_ascii_alphanumeric() {
            name.push(symbol);
        } else if !name.is_empty() && !name.ends_with('_') {
            // VHDL forbids two underscores in a row and one at either end.
            name.push('_');
        }
        if name.len() >= MAX_NAME {
            break;
        }
    }
    name.truncate(name.trim_end_matches('_').len());
    if name.is_empty() {
        return NAMELESS.to_owned();
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert_str(0, "n_");
    }
    if is_reserved(&name) {
        name.push_str("_net");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_with_a_meaning_get_a_suffix() {
        for word in ["module", "LOGIC", "entity", "int", "constexpr", "always_ff", "main", "std", "Reg"] {
            assert_eq!(identifier(word), format!("{word}_net"));
        }
    }

    #[test]
    fn other_symbols_become_single_underscores() {
        assert_eq!(identifier("8x8 digits"), "n_8x8_digits");
        assert_eq!(identifier("__jsc--small.v2__"), "jsc_small_v2");
        assert_eq!(identifier("größe"), "gr_e");
        assert_eq!(identifier(""), "network");
        assert_eq!(identifier("---"), "network");
    }

    proptest! {
        #[test]
        fn every_text_becomes_an_identifier(texts in prop::collection::vec(any::<String>(), 1..20)) {
            let mut namer = Namer::new();
            let mut seen = std::collections::HashSet::new();
            for text in &texts {
                let name = namer.name(text);
                prop_assert!(name.starts_with(|first: char| first.is_ascii_alphabetic()));
                prop_assert!(name.chars().all(|symbol| symbol.is_ascii_alphanumeric() || symbol == '_'));
                prop_assert!(!name.contains("__") && !name.ends_with('_') && !is_reserved(&name));
                prop_assert!(seen.insert(name.to_ascii_lowercase()));
            }
        }
    }
}
