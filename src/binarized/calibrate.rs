//! Tables that forget what some data never show them: another function, asked for by name.

use super::{BinarizedNetwork, LutLayer};

impl BinarizedNetwork {
    /// The network whose tables no longer depend on inputs that never decide on the given
    /// samples (`values` row-major), and the number of those inputs.
    ///
    /// On the samples every bit of every layer stays the same; on others it may not.
    ///
    /// # Errors
    /// [`BinarizedError`](super::BinarizedError) never in practice: the shapes stay the same.
    pub fn calibrated(&self, values: &[f32]) -> Result<(Self, usize), super::BinarizedError> {
        let rows = values.chunks_exact(self.features());
        let mut columns: Vec<Vec<bool>> = rows.map(|row| self.encoder().encode(row)).collect();
        let mut removed = 0;
        let mut layers: Vec<LutLayer> = Vec::with_capacity(self.layers().len());
        for layer in self.layers() {
            let mut layer = layer.clone();
            for node in 0..layer.width() {
                let mut seen = vec![false; layer.tables[node].rows()];
                for bits in &columns {
                    let pins = layer.pins(node).iter().enumerate();
                    seen[pins.map(|(pin, &column)| usize::from(bits[column as usize]) << pin).sum::<usize>()] = true;
                }
                let (table, gone) = layer.tables[node].forget_unseen(&mut seen);
                layer.tables[node] = table;
                removed += gone;
            }
            columns = columns.iter().map(|bits| layer.forward(bits)).collect();
            layers.push(layer);
        }
        let network = Self::new(self.name(), *self.input(), self.encoder().clone(), layers, *self.head())?;
        // Every position forgets something else: what it has in common with the others is gone.
        Ok((network, removed))
    }
}

#[cfg(test)]
mod tests {
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_changes_on_the_samples(seed in any::<u64>(), samples in 1usize..20) {
            let network = random_network(seed, &NetworkShape::small());
            let values: Vec<f32> = (0..3 * samples).map(|i| ((i * 7919 + seed as usize % 97) % 4) as f32).collect();
            let (calibrated, _) = network.calibrated(&values).unwrap();
            for row in values.chunks(3) {
                prop_assert_eq!(network.predict(row), calibrated.predict(row));
            }
        }
    }
}
