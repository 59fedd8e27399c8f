//! Proofs by ABC, the equivalence checker that comes with yosys.

use std::path::Path;
use std::time::Duration;

use super::aig::{Aig, Lit};
use crate::verify::checker::write_scratch;
use crate::verify::tool::Run;
use crate::verify::{Program, ToolError};

/// ABC under the name that yosys gives it.
pub(super) const PROGRAM: Program = Program { name: "yosys-abc", package: "yosys", version_argument: "-h" };

/// Conflicts per node before ABC gives up.
const CONFLICTS: u32 = 1_000_000;

/// The end of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Every pair is equal for every input.
    Equal,
    /// A pair differs on this input.
    Different(Vec<bool>),
}

/// Proves that every pair of literals is equal, or finds an input on which one is not.
///
/// # Errors
/// [`ToolError`] when ABC fails, gives up or says something else.
pub(super) fn prove(aig: &mut Aig, pairs: &[(Lit, Lit)], folder: &Path, limit: Duration) -> Result<Proof, ToolError> {
    // Pairs that are one node of the graph are proved already.
    let open: Vec<(Lit, Lit)> = pairs.iter().copied().filter(|(a, b)| a != b).collect();
    if open.is_empty() {
        return Ok(Proof::Equal);
    }
    let side = |first: bool| open.iter().map(|&(a, b)| if first { a } else { b }).collect::<Vec<Lit>>();
    write_scratch(folder, "reference.aig", &aig.to_aiger(&side(true)))?;
    write_scratch(folder, "artefact.aig", &aig.to_aiger(&side(false)))?;
    let abc = PROGRAM.require("formal")?;
    let run = |script: String| Run::new(&abc, folder, limit).arguments(["-c".to_owned(), script]).run();
    let output = run(format!("&r reference.aig; &cec -C {CONFLICTS} artefact.aig"))?;
    if output.text.contains("Networks are equivalent") {
        return Ok(Proof::Equal);
    }
    if !output.text.contains("Networks are NOT EQUIVALENT") {
        return Err(output.garbage("yosys-abc", "neither a proof nor a difference"));
    }
    // An input that shows it, from one pair after the other.
    for &(a, b) in &open {
        let differs = aig.xor(a, b);
        if differs == Lit::FALSE {
            continue;
        }
        write_scratch(folder, "miter.aig", &aig.to_aiger(&[differs]))?;
        let file = folder.join("counterexample.txt");
        let _ = std::fs::remove_file(&file);
        run("read_aiger miter.aig; iprove; write_cex counterexample.txt".to_owned())?;
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let input: Vec<bool> =
            text.bytes().filter(|byte| matches!(byte, b'0' | b'1')).map(|byte| byte == b'1').collect();
        let words: Vec<u64> = input.iter().map(|&bit| u64::from(bit)).collect();
        if input.len() == aig.inputs() && aig.simulate(&words, &[differs])[0] & 1 == 1 {
            return Ok(Proof::Different(input));
        }
    }
    Err(output.garbage("yosys-abc", "it found a difference but no input that shows one"))
}
