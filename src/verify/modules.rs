//! The modules that Verilog declares, and which files do nothing but model FPGA primitives.

use super::checker::CheckRequest;

/// A module of a text without comments: its name, and what follows it.
pub(super) fn declared(plain: &str) -> impl Iterator<Item = (&str, &str)> {
    plain.split("module ").skip(1).filter_map(|part| {
        let part = part.trim_start();
        let end = part.find(|symbol| !is_word(symbol)).unwrap_or(part.len());
        // `endmodule` leaves an empty name behind.
        (end > 0).then(|| part.split_at(end))
    })
}

/// Whether AMD's primitive libraries have a module of this name that exports are made of.
fn is_primitive(name: &str) -> bool {
    matches!(name, "LUT1" | "LUT2" | "LUT3" | "LUT4" | "LUT5" | "LUT6" | "LUT6_2" | "CARRY4")
}

impl CheckRequest<'_> {
    /// The artefact's files that declare primitives and nothing else, each with what it declares.
    ///
    /// What stands in them decides and not how they are called: files from elsewhere have other names.
    pub(super) fn primitive_models(&self) -> Vec<(&str, Vec<String>)> {
        let mut models = Vec::new();
        for file in self.files.iter().filter(|file| file.name.ends_with(".v")) {
            let text = without_comments(&String::from_utf8_lossy(&file.contents));
            let names: Vec<String> = declared(&text).map(|(name, _)| name.to_owned()).collect();
            if !names.is_empty() && names.iter().all(|name| is_primitive(name)) {
                models.push((file.name.as_str(), names));
            }
        }
        models
    }
}

/// Whether a symbol can stand in a name.
fn is_word(symbol: char) -> bool {
    symbol.is_ascii_alphanumeric() || symbol == '_' || symbol == '$'
}

/// The text with a space for every comment.
pub(super) fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('/') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = match rest.as_bytes().get(1) {
            Some(b'/') => rest.find('\n'),
            Some(b'*') => rest.find("*/").map(|end| end + 2),
            _ => {
                plain.push('/');
                Some(1)
            }
        };
        rest = end.map_or("", |end| &rest[end..]);
        plain.push(' ');
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_behind_comments_and_with_their_headers() {
        let text = "/* module old */ module a #(parameter N = 1) (input b); endmodule // module c\nmodule d;endmodule";
        let plain = without_comments(text);
        let found: Vec<(&str, &str)> = declared(&plain).collect();
        assert_eq!(found.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["a", "d"]);
        assert!(found[0].1.starts_with(" #(parameter N = 1) (input b);"), "{found:?}");
    }
}
