//! The validation part of the training samples.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Rows to train on and rows to validate on, both ascending.
///
/// Of every class `fraction` of its rows, rounded, are taken by chance, but never all of them.
pub fn stratified_split(labels: &[u32], fraction: f64, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Apart from the order of samples (stream 0) and the noise of a step (1).
    rng.set_stream(2);
    let classes = labels.iter().max().map_or(0, |&label| label as usize + 1);
    let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); classes];
    for (row, &label) in labels.iter().enumerate() {
        of_class[label as usize].push(row);
    }
    let (mut train, mut validation) = (Vec::with_capacity(labels.len()), Vec::new());
    for mut rows in of_class {
        rows.shuffle(&mut rng);
        let taken = ((rows.len() as f64 * fraction).round() as usize).min(rows.len().saturating_sub(1));
        validation.extend(&rows[..taken]);
        train.extend(&rows[taken..]);
    }
    train.sort_unstable();
    validation.sort_unstable();
    (train, validation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_gives_its_share_by_the_seed() {
        // 100 of class 0, 50 of class 1, none of class 2, one of class 3.
        let labels: Vec<u32> = (0..151).map(|row| [0, 0, 1][row % 3]).take(150).chain([3]).collect();
        let (train, validation) = stratified_split(&labels, 0.2, 7);
        let count = |rows: &[usize], class: u32| rows.iter().filter(|&&row| labels[row] == class).count();
        assert_eq!([0, 1, 3].map(|class| count(&validation, class)), [20, 10, 0]);
        assert_eq!([0, 1, 3].map(|class| count(&train, class)), [80, 40, 1]);
        let mut all = [train.clone(), validation.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..151).collect::<Vec<_>>());
        assert_eq!(stratified_split(&labels, 0.2, 7), (train, validation.clone()));
        assert_ne!(stratified_split(&labels, 0.2, 8).1, validation);
        assert_eq!(stratified_split(&labels, 0.0, 7).1, Vec::<usize>::new());
    }
}
