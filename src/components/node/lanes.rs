//! Samples that are worked on side by side.

/// A fixed number of samples, so that the compiler uses vector registers.
pub(super) const LANES: usize = 8;
pub(super) type Lanes = [f32; LANES];

/// The values of `LANES` samples from `start`, zero behind the last.
pub(super) fn load(source: &[f32], start: usize) -> Lanes {
    let mut lanes = [0.0; LANES];
    let end = source.len().min(start + LANES);
    lanes[..end - start].copy_from_slice(&source[start..end]);
    lanes
}

/// Writes the values of the samples from `start`; those behind the last are dropped.
pub(super) fn store(lanes: &Lanes, target: &mut [f32], start: usize) {
    let end = target.len().min(start + LANES);
    target[start..end].copy_from_slice(&lanes[..end - start]);
}

/// Input bits as one sample in every lane.
pub(super) fn of_bits(pins: &[bool]) -> Vec<Lanes> {
    pins.iter().map(|&pin| [if pin { 1.0 } else { 0.0 }; LANES]).collect()
}
