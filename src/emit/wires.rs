//! The names of a core's wires in emitted hardware, for tools that look inside it.

use crate::netlist::{Comparator, Design, Node, Section};

use super::order::CoreOrder;

/// For every node of the core, the name of its wire in the core's module of emitted hardware;
/// `None` for nodes that no output depends on, which are not printed.
pub fn core_wire_names(design: &Design) -> Vec<Option<String>> {
    let (core, order) = (&design.core, CoreOrder::new(design));
    let live = order.schedule.live(core);
    core.node_ids()
        .map(|id| {
            let number = order.numbers[id.index()];
            live[id.index()].then(|| match (core.node(id), core.section(id)) {
                (Node::Input(_), _) => {
                    let Comparator { feature, threshold } = design.comparators[number as usize];
                    let sign = if threshold < 0 { "m" } else { "" };
                    let twin = if order.doubled { format!("_c{number}") } else { String::new() };
                    format!("f{feature}_ge_{sign}{}{twin}", threshold.unsigned_abs())
                }
                (Node::Lut(_), Section::Encoder) => format!("enc_n{number}"),
                (Node::Lut(_), Section::Layer(layer)) => format!("l{layer}_n{number}"),
                (Node::Lut(_), Section::Head) => format!("head_n{number}"),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::config::InputFormat;
    use crate::emit::{EmitOptions, EmitRequest, Provenance, TestVectors, target};
    use crate::lower::{flatten, lower};

    #[test]
    fn every_name_stands_in_the_emitted_verilog() {
        for seed in 0..10 {
            let input = InputFormat { bits: 3, signed: seed % 2 == 0, scale: 1.0, offset: 0.0 };
            let design = lower(&random_network(seed, &NetworkShape { input, ..NetworkShape::small() }));
            let provenance = Provenance {
                tool_version: "test".into(),
                model_sha256: "0".into(),
                input_values: "value".into(),
                scale: 1.0,
                offset: 0.0,
                tau: None,
            };
            let (flat, options, vectors) = (flatten(&design), EmitOptions::default(), TestVectors::default());
            let request = EmitRequest {
                design: &design,
                flat: &flat,
                provenance: &provenance,
                options: &options,
                vectors: &vectors,
            };
            let files = target("verilog").unwrap().emit(&request).unwrap();
            let text: String = files.iter().map(|file| String::from_utf8_lossy(&file.contents).into_owned()).collect();
            for name in core_wire_names(&design).into_iter().flatten() {
                let declared = [
                    format!("wire {name} ="),
                    format!("wire {name};"),
                    format!("wire {name}\n"),
                    format!("wire {name},"),
                ];
                assert!(declared.iter().any(|words| text.contains(words)), "seed {seed}: {name} in\n{text}");
            }
        }
    }
}
