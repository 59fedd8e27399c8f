//! A design over the single bits of its codes.

use crate::netlist::{Comparator, Design, InputBus, Netlist, NodeId, Section};

use super::flatten::encoder;

/// The same design with its comparators as tables of the core: its features are the bits of the
/// codes, bit `b` of feature `f` being feature `f * bits + b` of one unsigned bit, so the input
/// bus is the same.
///
/// Passes then see the comparisons and their readers together. The design must be valid.
pub fn to_code_bits(design: &Design) -> Design {
    let width = design.input.width();
    let mut core = Netlist::with_capacity(width + design.core.nodes(), design.core.pins());
    let bus: Vec<NodeId> = (0..width).map(|_| core.add_input(Section::Encoder)).collect();
    for output in encoder(&mut core, design, &bus) {
        core.add_output(output);
    }
    Design {
        name: design.name.clone(),
        input: InputBus { features: width, bits: 1, signed: false },
        comparators: (0..width as u32).map(|feature| Comparator { feature, threshold: 1 }).collect(),
        core,
        head: design.head.clone(),
        slices: design.slices,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::Head;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::config::InputFormat;
    use crate::lower::{flatten, lower};
    use crate::passes::find_difference;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_function_on_the_bus_stays(seed in any::<u64>(), bits in 1u32..=5, signed in any::<bool>()) {
            let input = InputFormat { bits, signed, scale: 1.0, offset: 0.0 };
            let head = Head::GroupSum { classes: 3, tau: 1.0 };
            let shape = NetworkShape { features: 2, input, bits_per_feature: 4, layers: vec![(3, 9)], head };
            let design = lower(&random_network(seed, &shape));
            let single = to_code_bits(&design);
            single.validate().unwrap();
            prop_assert_eq!(find_difference(&flatten(&design), &flatten(&single)), None);
        }
    }
}
