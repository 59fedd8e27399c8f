//! difflogic (Felix-Petersen): layers of two-input gates and a group sum.
//!
//! `<i>.weights (out, 16)`: the gate is the first index of the largest weight, and its id is the
//! truth table with AB = 00 in the most significant bit: `out(a, b) = id >> (3 - (2a + b)) & 1`.
//! The state dict has no wiring; a whole saved model carries it as `<i>.indices`, and the file
//! that the documented snippet writes as `<i>.indices_a` and `<i>.indices_b`.

use crate::logic::TruthTable;

use super::job::Job;
use super::torch_dwn::argmax;
use super::{Checkpoint, Evaluation, ImportError, Parts, Stack};

/// Gates of a layer: weights of shape (out, 16).
const GATES: usize = 16;

pub(super) fn import(job: &mut Job<'_>) -> Result<Parts, ImportError> {
    let checkpoint = job.checkpoint;
    let found: Vec<String> =
        checkpoint.names().iter().filter_map(|name| name.strip_suffix(".weights")).map(str::to_owned).collect();
    if found.is_empty() {
        return Err(ImportError::NotOfLibrary {
            path: checkpoint.path().to_owned(),
            library: "difflogic".into(),
            reason: "no tensor `<layer>.weights`".into(),
        });
    }
    let layers = job.order(found)?;
    // The wiring is in the checkpoint itself or in a file that the sidecar names.
    let beside = match &job.sidecar.wiring {
        Some(file) => Some(Checkpoint::open(&job.beside(file))?),
        None => None,
    };
    let wiring = beside.as_ref().unwrap_or(checkpoint);
    known_head(job, wiring)?;
    if let Some(missing) = layers.iter().find(|layer| wires(wiring, layer).is_none()) {
        return Err(ImportError::Unsupported {
            path: checkpoint.path().to_owned(),
            what: format!("layer `{missing}` without wiring (difflogic's state dict leaves it out)"),
            remedy: "import the whole model (`torch.save(model, FILE)`), or name the file of the snippet in docs/import.md under `wiring` in the sidecar"
                .into(),
        });
    }
    let width =
        layers.first().and_then(|layer| checkpoint.count(&format!("{layer}.in_dim"))).map(|width| width as usize);
    let encoder = job.encoder(width)?;
    let head = job.head()?;
    let Some(encoder) = encoder else {
        job.check_questions()?;
        return Err(job.sidecar_error("encoder", "missing"));
    };
    let mut stack = Stack::new(encoder.width());
    for (index, layer) in layers.iter().enumerate() {
        let name = format!("{layer}.weights");
        job.mark_used(&name);
        let shape = checkpoint.tensor(&name)?.shape().to_vec();
        let [out, GATES] = shape[..] else {
            return Err(checkpoint.tensor_error(&name, format!("{shape:?}"), "expected [gates, 16]"));
        };
        let weights = checkpoint.floats(&name, &shape)?;
        let tables = weights.chunks_exact(GATES).map(|row| gate(argmax(row.iter().copied()))).collect();
        let [a, b] = wires(wiring, layer).unwrap_or_default();
        job.mark_used(&a);
        job.mark_used(&b);
        let (a, b) = (wiring.indices(&a, &[out], stack.width())?, wiring.indices(&b, &[out], stack.width())?);
        let pins: Vec<u32> = a.into_iter().zip(b).flat_map(|(a, b)| [a, b]).collect();
        stack.push_dense(2, &pins, 1, tables);
        stack.mark(layer, Some(format!("layer{index}")));
    }
    job.check_all_used("difflogic")?;
    Ok(Parts { encoder, stack, head, evaluation: Evaluation::Binary })
}

/// The table of a gate id; input 0 is a.
pub(super) fn gate(id: u32) -> TruthTable {
    TruthTable::from_fn(2, |row| {
        let (a, b) = (row & 1, row >> 1);
        id >> (3 - (2 * a + b)) & 1 == 1
    })
}

/// Names of the two index tensors of a layer.
fn wires(checkpoint: &Checkpoint, layer: &str) -> Option<[String; 2]> {
    let names = [["indices_a", "indices_b"], ["indices.0", "indices.1"]];
    names
        .iter()
        .map(|pair| pair.map(|name| format!("{layer}.{name}")))
        .find(|pair| pair.iter().all(|name| checkpoint.tensor(name).is_ok()))
}

/// k and tau: attributes of a saved model, or the snippet's scalars.
fn known_head(job: &mut Job<'_>, wiring: &Checkpoint) -> Result<(), ImportError> {
    let checkpoint = job.checkpoint;
    let mut head = job.sidecar.head.clone().unwrap_or_default();
    let sum = checkpoint.classes().iter().find(|(_, class)| class.ends_with(".GroupSum"));
    if let Some((name, _)) = sum {
        head.classes = head.classes.or_else(|| checkpoint.count(&format!("{name}.k")));
        head.tau = head.tau.or_else(|| checkpoint.number(&format!("{name}.tau")));
    }
    for name in ["groupsum.k", "groupsum.tau"] {
        let Some(tensor) = wiring.get(name) else { continue };
        job.mark_used(name);
        match tensor.f64s().as_deref() {
            Some(&[k]) if name == "groupsum.k" && k >= 1.0 && k.fract() == 0.0 => {
                head.classes = head.classes.or(Some(k as u32))
            }
            Some(&[tau]) if name == "groupsum.tau" => head.tau = head.tau.or(Some(tau)),
            _ => return Err(wiring.tensor_error(name, tensor.describe(), "expected one number")),
        }
    }
    job.sidecar.head = Some(head);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gate_ids_are_the_librarys() {
        let rows = |id: u32| (0..4).map(|ab| gate(id).row((ab >> 1) | (ab & 1) << 1)).map(u8::from).collect::<Vec<_>>();
        assert_eq!(rows(1), [0, 0, 0, 1], "AND");
        assert_eq!(rows(3), [0, 0, 1, 1], "A");
        assert_eq!(rows(5), [0, 1, 0, 1], "B");
        assert_eq!(rows(14), [1, 1, 1, 0], "NAND");
    }
}
