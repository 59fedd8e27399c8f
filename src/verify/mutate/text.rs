//! Faults in the text of the Verilog: what the netlist does not hold.

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::emit::EmittedFile;

/// Changes one line of the design's Verilog, in a file where that is possible.
pub(super) fn text_mutant(
    files: &[EmittedFile],
    rng: &mut ChaCha8Rng,
    change: fn(&[&str], &mut ChaCha8Rng) -> Option<(Vec<String>, String)>,
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

/// `second > first` becomes `second >= first` in the line of this duel; `None` when there is none.
pub(super) fn turn_tie(files: &[EmittedFile], duel: usize) -> Option<Vec<EmittedFile>> {
    let mut files = files.to_vec();
    let start = format!("wire duel{duel}_second = ");
    for file in files.iter_mut().filter(|file| is_design(file)) {
        let text = String::from_utf8_lossy(&file.contents).into_owned();
        let Some(line) = text.lines().find(|line| line.trim_start().starts_with(&start) && line.contains(" > ")) else {
            continue;
        };
        file.contents = text.replacen(line, &line.replace(" > ", " >= "), 1).into_bytes();
        return Some(files);
    }
    None
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
    fn a_dropped_register_follows_its_source_at_once() {
        let lines: Vec<&str> = PIPELINED.lines().collect();
        let (changed, what) = drop_register(&lines, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        let expected = ["  always @(posedge clk) begin", "  end", "  always @* a_d1 = a;", "endmodule"];
        assert_eq!(changed[2..], expected);
        assert_eq!(what, "line 4: the register `a_d1` is a wire");
    }
}
