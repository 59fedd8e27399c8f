//! The definitions that a wire of emitted Verilog depends on, taken from the text as it is.

use rustc_hash::{FxHashMap, FxHashSet};

/// A module `cone` with the input bus `features` (of `input_width` bits) and the output `value`,
/// which is `wire`, made of the very lines that define it in `texts`. Registers are wires.
/// `None` when some definition is not found.
pub(super) fn cone(texts: &[String], wire: &str, input_width: usize) -> Option<String> {
    let mut definitions: FxHashMap<&str, Definition<'_>> = FxHashMap::default();
    for line in texts.iter().flat_map(|text| text.lines()) {
        for (name, definition) in define(line) {
            definitions.entry(name).or_insert(definition);
        }
    }
    let (mut lines, mut done) = (Vec::new(), FxHashSet::default());
    done.insert("features");
    // Depth first by hand, definitions before their readers.
    let mut stack = vec![(wire, false)];
    let mut open = FxHashSet::default();
    while let Some((name, ready)) = stack.pop() {
        if done.contains(name) {
            continue;
        }
        let definition = definitions.get(name)?;
        if ready {
            lines.push(definition.text(name));
            done.insert(name);
            done.extend(definition.twin);
            continue;
        }
        if !open.insert(name) {
            return None;
        }
        stack.push((name, true));
        stack.extend(
            identifiers(definition.right)
                .into_iter()
                .filter(|other| *other != name && Some(*other) != definition.twin)
                .map(|other| (other, false)),
        );
    }
    let mut text = format!(
        "// The cone of {wire}, line by line as it stands in the artefact. Made by difflut.\n\
         `default_nettype none\nmodule cone (\n  input wire [{}:0] features,\n  output wire value\n);\n",
        input_width - 1
    );
    lines.iter().for_each(|line| text += &format!("  {line}\n"));
    text += &format!("  assign value = {wire};\nendmodule\n`default_nettype wire\n");
    Some(text)
}

/// A line that defines a name.
#[derive(Clone, Copy)]
struct Definition<'a> {
    /// What is declared in front of the name: `wire [3:0]`, `localparam [63:0]`.
    left: &'a str,
    /// The expression, or the whole line of an instance.
    right: &'a str,
    instance: bool,
    /// The other name that an instance with two outputs defines.
    twin: Option<&'a str>,
}

impl Definition<'_> {
    fn text(&self, name: &str) -> String {
        match self.instance {
            true => {
                let twin = self.twin.map(|twin| format!("wire {twin};\n  ")).unwrap_or_default();
                format!("wire {name};\n  {twin}{}", self.right)
            }
            false => format!("{} {name} = {};", self.left, self.right),
        }
    }
}

/// The names that a line defines, one or two.
fn define(line: &str) -> Vec<(&str, Definition<'_>)> {
    let line = line.trim();
    let pin = |port: &str| line.split_once(port).and_then(|(_, rest)| rest.split(')').next());
    if line.starts_with("LUT") && line.ends_with(';') {
        let instance = |twin| Definition { left: "wire", right: line, instance: true, twin };
        return match (pin("(.O("), pin(".O6("), pin(".O5(")) {
            (Some(output), ..) => vec![(output, instance(None))],
            (_, Some(upper), Some(lower)) => vec![(upper, instance(Some(lower))), (lower, instance(Some(upper)))],
            _ => Vec::new(),
        };
    }
    assignment(line).into_iter().collect()
}

fn assignment(line: &str) -> Option<(&str, Definition<'_>)> {
    let body = line.strip_suffix(';')?;
    let (left, right) = match body.split_once(" <= ") {
        Some(parts) => parts,
        None => body.split_once(" = ")?,
    };
    let (declared, name) = left.rsplit_once(' ').unwrap_or(("", left));
    let is_name = !name.is_empty() && name.chars().all(|symbol| symbol.is_ascii_alphanumeric() || symbol == '_');
    let left = if declared.starts_with("wire") || declared.starts_with("localparam") { declared } else { "wire" };
    is_name.then_some((name, Definition { left, right, instance: false, twin: None }))
}

/// The identifiers in an expression: no numbers, ports of instances, or system functions.
fn identifiers(expression: &str) -> Vec<&str> {
    let bytes = expression.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'\'' || byte == b'$';
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && is_word(bytes[at]) {
            at += 1;
        }
        if at == start {
            at += 1;
            continue;
        }
        let word = &expression[start..at];
        let after_point = start > 0 && bytes[start - 1] == b'.';
        let name = word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && !word.contains('\'');
        let of_instance = word.starts_with("LUT") || word.starts_with("lut_") || word == "INIT";
        if name && !after_point && !(of_instance && expression.starts_with("LUT")) {
            found.push(word);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_cone_are_taken_as_they_are_and_in_order() {
        let text = "module m;\n  wire [1:0] f0 = features[0 +: 2];\n  assign f0_ge_1 = f0 >= 2'd1;\n\
                    \n  localparam [3:0] T_l0_n0 = 4'h9;\n  wire l0_n0 = T_l0_n0[{f0_ge_1, f0_ge_1_d1}];\n\
                    \n  wire other = ~l0_n0;\n    f0_ge_1_d1 <= f0_ge_1;\nendmodule";
        let cone = cone(&[text.to_owned()], "l0_n0", 2).unwrap();
        let lines: Vec<&str> = cone.lines().map(str::trim).collect();
        let at =
            |line: &str| lines.iter().position(|other| *other == line).unwrap_or_else(|| panic!("{line} in {cone}"));
        assert!(at("wire [1:0] f0 = features[0 +: 2];") < at("wire f0_ge_1 = f0 >= 2'd1;"));
        assert!(at("wire f0_ge_1 = f0 >= 2'd1;") < at("wire f0_ge_1_d1 = f0_ge_1;"));
        assert!(at("localparam [3:0] T_l0_n0 = 4'h9;") < at("wire l0_n0 = T_l0_n0[{f0_ge_1, f0_ge_1_d1}];"));
        assert!(!cone.contains("other"));
    }

    #[test]
    fn primitives_are_instances_and_an_open_end_is_no_cone() {
        let text = "  wire a = features[0];\n  wire y;\n  LUT1 #(.INIT(2'h1)) lut_y (.O(y), .I0(a));";
        let cone = cone(&[text.to_owned()], "y", 1).unwrap();
        assert!(cone.contains("  wire y;\n  LUT1 #(.INIT(2'h1)) lut_y (.O(y), .I0(a));\n"), "{cone}");
        assert_eq!(super::cone(&["  wire y = nowhere;".to_owned()], "y", 1), None);
    }

    #[test]
    fn two_tables_of_one_lut_stand_in_a_cone_once() {
        let text = "  wire a = features[0];\n  wire y;\n  wire z;\n  LUT6_2 #(.INIT(64'h0)) lut_y (.O6(y), .O5(z), \
                    .I0(a), .I1(1'b0), .I2(1'b0), .I3(1'b0), .I4(1'b0), .I5(1'b1));\n  wire both = y & z;";
        let cone = cone(&[text.to_owned()], "both", 1).unwrap();
        assert_eq!(cone.matches("LUT6_2").count(), 1, "{cone}");
        assert_eq!((cone.matches("wire y;").count(), cone.matches("wire z;").count()), (1, 1), "{cone}");
    }
}
