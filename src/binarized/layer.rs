//! One layer of lookup tables.

use crate::logic::{MAX_INPUTS, TruthTable};

use super::BinarizedError;

/// `width` lookup tables of the same fan-in over the bits of the layer before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LutLayer {
    /// Number of bits that the layer reads.
    pub input_width: usize,
    /// Inputs of each node, 1 to 16.
    pub fan_in: usize,
    /// `width x fan_in`, row-major: input `p` of node `j` is column `wiring[j * fan_in + p]`.
    pub wiring: Vec<u32>,
    /// One table per node; input `p` is address bit `p`.
    pub tables: Vec<TruthTable>,
}

impl LutLayer {
    /// Number of nodes, which is the number of bits that the layer returns.
    pub fn width(&self) -> usize {
        self.tables.len()
    }

    /// The columns that node `node` reads, input 0 first.
    pub fn pins(&self, node: usize) -> &[u32] {
        &self.wiring[node * self.fan_in..][..self.fan_in]
    }

    /// The output bits for the bits of the layer before.
    pub fn forward(&self, bits: &[bool]) -> Vec<bool> {
        (0..self.width())
            .map(|node| {
                let address =
                    self.pins(node).iter().enumerate().map(|(p, &pin)| usize::from(bits[pin as usize]) << p).sum();
                self.tables[node].row(address)
            })
            .collect()
    }

    pub(super) fn check(&self, layer: usize, input_width: usize) -> Result<(), BinarizedError> {
        if self.input_width != input_width {
            return Err(BinarizedError::LayerInput { layer, stated: self.input_width, found: input_width });
        }
        if self.tables.is_empty() {
            return Err(BinarizedError::Empty("a layer has no nodes"));
        }
        if !(1..=MAX_INPUTS).contains(&self.fan_in) {
            return Err(BinarizedError::FanIn { layer, fan_in: self.fan_in });
        }
        if self.wiring.len() != self.width() * self.fan_in {
            return Err(BinarizedError::WiringSize {
                layer,
                found: self.wiring.len(),
                expected: self.width() * self.fan_in,
            });
        }
        if let Some(index) = self.wiring.iter().position(|&column| column as usize >= input_width) {
            return Err(BinarizedError::Wiring {
                layer,
                node: index / self.fan_in,
                pin: index % self.fan_in,
                column: self.wiring[index],
                input_width,
            });
        }
        match self.tables.iter().position(|table| table.inputs() != self.fan_in) {
            Some(node) => {
                Err(BinarizedError::Table { layer, node, found: self.tables[node].inputs(), expected: self.fan_in })
            }
            None => Ok(()),
        }
    }
}
