//! Faults in the text of the Verilog: what the netlist does not hold.

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::emit::EmittedFile;

/// Changes one of these lines, if one can be; all lines then, and what was done.
type LineChange = fn(&[&str], &mut ChaCha8Rng) -> Option<(Vec<String>, String)>;

/// Changes one line of the design's Verilog, in a file where that is possible.
pub(super) fn text_mutant(
    files: &[EmittedFile],
    rng: &mut ChaCha8Rng,
    change: LineChange,
) -> Option<(Vec<EmittedFile>, String)> {
    let mut possible = Vec::new();
    for (at, file) in files.iter().enumerate().filter(|(_, file)| is_design(file)) {
        let text = String::from_utf8_lossy(&file.contents);
        let lines: Vec<&str> = text.lines().collect();
        possible.extend(change(&lines, rng).map(|(lines, what)| (at, lines, what)));
    }
    let (at, lines, what) = possible.choose(rng)?.clone();
    let mut files = files.to_vec();
    let file = files.get_mut(at)?;
    file.contents = (lines.join("\n") + "\n").into_bytes();
    let what = format!("{} {what}", file.name);
    Some((files, what))
}

/// `a <= b;` in a clocked block becomes a wire behind it.
pub(super) fn drop_register(lines: &[&str], rng: &mut ChaCha8Rng) -> Option<(Vec<String>, String)> {
    let assigned = |line: &str| -> Option<(String, String)> {
        let (target, source) = line.trim().strip_suffix(';')?.split_once(" <= ")?;
        let plain = |word: &str| word.chars().all(|symbol| symbol.is_ascii_alphanumeric() || symbol == '_');
        (plain(target) && plain(source)).then(|| (target.to_owned(), source.to_owned()))
    };
    let registers: Vec<usize> = (0..lines.len()).filter(|&at| assigned(lines[at]).is_some()).collect();
    let &at = registers.choose(rng)?;
    let (target, source) = assigned(lines[at])?;
    let end = (at..lines.len()).find(|&end| lines[end].trim() == "end")?;
    let mut changed: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
    changed.insert(end + 1, format!("  always @* {target} = {source};"));
    changed.remove(at);
    Some((changed, format!("line {}: the register `{target}` is a wire", at + 1)))
}

/// Lets the second side of this duel win ties: `second > first` becomes `second >= first`, or on a carry
/// chain what comes in at its lowest position. `None` when nothing like that is there.
pub(super) fn turn_tie(files: &[EmittedFile], duel: usize) -> Option<Vec<EmittedFile>> {
    let mut files = files.to_vec();
    for file in files.iter_mut().filter(|file| is_design(file)) {
        let text = String::from_utf8_lossy(&file.contents).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let Some((at, line)) = tie(&lines, duel) else { continue };
        let changed: Vec<&str> =
            lines.iter().enumerate().map(|(i, own)| if i == at { line.as_str() } else { *own }).collect();
        file.contents = (changed.join("\n") + "\n").into_bytes();
        return Some(files);
    }
    None
}

/// The line that decides on the ties of a duel, changed.
fn tie(lines: &[&str], duel: usize) -> Option<(usize, String)> {
    let starts = |line: &str, start: &str| line.trim_start().starts_with(start);
    let words = format!("wire duel{duel}_second = ");
    if let Some(at) = lines.iter().position(|line| starts(line, &words) && line.contains(" > ")) {
        return Some((at, lines[at].replace(" > ", " >= ")));
    }
    let tables = [format!(" lut_duel{duel}_second ("), format!(" lut_duel{duel}_start (")];
    if let Some(at) = lines.iter().position(|line| tables.iter().any(|table| line.contains(table))) {
        return Some((at, with_equal_rows(lines[at])?));
    }
    let comment = format!("// Duel {duel}: ");
    let from = lines.iter().position(|line| starts(line, &comment))?;
    let at = (from..lines.len()).find(|&at| starts(lines[at], ".CYINIT("))?;
    let changed = lines[at].replace("1'b0", "1'b1");
    (changed != lines[at]).then_some((at, changed))
}

/// A primitive that compares two numbers, whose bits are its inputs in turn, with the rows set where they
/// are equal.
fn with_equal_rows(line: &str) -> Option<String> {
    let (front, rest) = line.split_once("'h")?;
    let (hex, back) = rest.split_once(')')?;
    let rows: u32 = front.rsplit('(').next()?.parse().ok()?;
    let table = u64::from_str_radix(hex, 16).ok()?;
    let equal = (0..rows).filter(|row| (row ^ row >> 1) & 0x5555_5555 == 0).fold(0u64, |equal, row| equal | 1 << row);
    Some(format!("{front}'h{:0width$x}){back}", table | equal, width = hex.len()))
}

/// The Verilog of the design, not of its test bench.
fn is_design(file: &EmittedFile) -> bool {
    file.name.ends_with(".v") && !file.name.ends_with("_tb.v")
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const PIPELINED: &str =
        "module t(input clk);\n  reg a_d1;\n  always @(posedge clk) begin\n    a_d1 <= a;\n  end\nendmodule";

    #[test]
    fn ties_turn_in_words_tables_and_chains() {
        let tie = |text: &str| {
            let lines: Vec<&str> = text.lines().collect();
            tie(&lines, 1).map(|(at, line)| format!("{at} {line}"))
        };
        assert_eq!(tie("a\nwire duel1_second = b > a;").unwrap(), "1 wire duel1_second = b >= a;");
        // Of one bit: the second is larger in row 2 of four.
        let table = "  LUT2 #(.INIT(4'h4)) lut_duel1_second (.O(duel1_second), .I0(a), .I1(b));";
        assert_eq!(tie(table).unwrap(), format!("0 {}", table.replace("4'h4", "4'hd")));
        let chain = "  // Duel 0: is\n    .CYINIT(1'b0),\n  // Duel 1: is\n    .CYINIT(1'b0),";
        assert_eq!(tie(chain).unwrap(), "3     .CYINIT(1'b1),");
        assert_eq!(tie("wire duel2_second = b > a;"), None);
    }

    #[test]
    fn a_dropped_register_follows_its_source_at_once() {
        let lines: Vec<&str> = PIPELINED.lines().collect();
        let (changed, what) = drop_register(&lines, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        let expected = ["  always @(posedge clk) begin", "  end", "  always @* a_d1 = a;", "endmodule"];
        assert_eq!(changed[2..], expected);
        assert_eq!(what, "line 4: the register `a_d1` is a wire");
    }
}
