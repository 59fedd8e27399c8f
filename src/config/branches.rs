//! Branches: rows of layers beside each other that read the same bits.
//!
//! A model is a row of layers, kept as a flat list; a fork says which of them stand in branches.
//! The bits of the branches stand behind each other in the order of the branches, and whatever
//! follows reads all of them. Where every branch ends in an image of the same height and width
//! the whole is an image again, with the channels of all, since columns go channel by channel.

use super::{ImageShape, LayerConfig, ParameterError};

/// Branches that read the same bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkConfig {
    /// The first layer of its first branch; the layers of its branches follow one behind the
    /// other.
    pub first: usize,
    /// At least two of them, of which at least one has layers.
    pub branches: Vec<BranchConfig>,
}

/// A row of layers beside others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchConfig {
    /// The name, for people.
    pub name: Option<String>,
    /// Number of its layers; without any it passes on what it reads.
    pub layers: usize,
}

impl ForkConfig {
    /// The layer behind the last one of its branches.
    pub fn end(&self) -> usize {
        self.branches.iter().fold(self.first, |end, branch| end.saturating_add(branch.layers))
    }

    /// The layers of every branch.
    pub fn rows(&self) -> Vec<std::ops::Range<usize>> {
        let mut end = self.first;
        let row = |branch: &BranchConfig| {
            let first = end;
            end = end.saturating_add(branch.layers);
            first..end
        };
        self.branches.iter().map(row).collect()
    }
}

/// Every layer of a model and how they are connected.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelPlan {
    /// The layers, in the order in which they run.
    pub layers: Vec<LayerConfig>,
    /// The branches among them, ascending; empty for a plain row.
    pub forks: Vec<ForkConfig>,
}

impl ModelPlan {
    /// What runs, in its order.
    pub fn parts(&self) -> Vec<Part> {
        parts(self.layers.len(), &self.forks)
    }
}

/// Where branches begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Here the first branch begins.
    Fork,
    /// Here one branch ends and the next begins, at what the fork reads.
    Next,
    /// Here the last branch ends; all of them are read from now on.
    Join,
}

/// One part of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A layer, by its place in the list.
    Layer(usize),
    /// A place between layers.
    Mark(Mark),
}

/// The parts of a row of `layers` layers with such forks among them.
pub(super) fn parts(layers: usize, forks: &[ForkConfig]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut done = 0;
    for fork in forks {
        parts.extend((done..fork.first).map(Part::Layer));
        for (branch, row) in fork.rows().into_iter().enumerate() {
            parts.push(Part::Mark(if branch == 0 { Mark::Fork } else { Mark::Next }));
            parts.extend(row.map(Part::Layer));
        }
        parts.push(Part::Mark(Mark::Join));
        done = fork.end();
    }
    parts.extend((done..layers).map(Part::Layer));
    parts
}

/// What is carried along a row while its marks are passed.
#[derive(Debug)]
pub struct Forks<T> {
    /// What the fork reads, and the ends of the branches that are done.
    open: Option<(T, Vec<T>)>,
}

impl<T> Default for Forks<T> {
    fn default() -> Self {
        Self { open: None }
    }
}

impl<T> Forks<T> {
    /// What is behind the mark when `current` is before it: `start` makes the beginning of a
    /// branch of what the fork reads, `join` makes one of that and of the ends of all branches.
    ///
    /// # Errors
    /// Those of `join`.
    pub fn pass<E>(
        &mut self,
        mark: Mark,
        current: T,
        start: impl Fn(&T) -> T,
        join: impl FnOnce(T, Vec<T>) -> Result<T, E>,
    ) -> Result<T, E> {
        match (mark, self.open.take()) {
            (Mark::Next, Some((read, mut ends))) => {
                ends.push(current);
                let begun = start(&read);
                self.open = Some((read, ends));
                Ok(begun)
            }
            (Mark::Join, Some((read, mut ends))) => {
                ends.push(current);
                join(read, ends)
            }
            (Mark::Fork, _) => {
                let begun = start(&current);
                self.open = Some((current, Vec::new()));
                Ok(begun)
            }
            // No row has such marks.
            (_, None) => Ok(current),
        }
    }
}

/// An image that a layer reads or makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedImage {
    /// Channels, height and width.
    pub shape: ImageShape,
    /// Whether it is the encoder's, whose columns go pixel by pixel with the bits of a feature
    /// next to each other.
    pub encoded: bool,
}

/// The image of several branches; `None` where they do not make one.
pub(super) fn joined(ends: &[Option<PlacedImage>]) -> Option<PlacedImage> {
    let mut channels = 0usize;
    let mut sides = None;
    for end in ends {
        let PlacedImage { shape: [own, height, width], encoded: false } = (*end)? else { return None };
        channels = channels.saturating_add(own);
        if *sides.get_or_insert([height, width]) != [height, width] {
            return None;
        }
    }
    sides.map(|[height, width]| PlacedImage { shape: [channels, height, width], encoded: false })
}

/// Refuses forks that are not ascending parts of `layers` layers, or no branches.
pub(super) fn check(layers: usize, forks: &[ForkConfig]) -> Result<(), ParameterError> {
    let mut done = 0;
    for fork in forks {
        let place = entry(forks, fork.first);
        ParameterError::unless_in(&format!("the number of {place}.branches"), fork.branches.len(), 2..=64)?;
        if fork.branches.iter().all(|branch| branch.layers == 0) {
            let allowed = "a branch without layers passes on what it reads; at least one branch needs layers";
            return Err(ParameterError::new(format!("the layers of {place}.branches"), 0, allowed));
        }
        if fork.first < done || fork.end() > layers {
            let allowed = format!("branches must follow each other among the {layers} layers");
            return Err(ParameterError::new(format!("{place}.branches"), format!("{:?}", fork.rows()), allowed));
        }
        done = fork.end();
    }
    Ok(())
}

/// The entry of `layers` in a file in which layer `index` or its branches stand.
fn entry(forks: &[ForkConfig], index: usize) -> String {
    // Every fork before it is one entry instead of as many as it has layers.
    let before = forks.iter().filter(|fork| fork.end() <= index && fork.first < index);
    let hidden: usize = before.clone().map(|fork| fork.end() - fork.first).sum();
    format!("layers[{}]", index - hidden.min(index) + before.count())
}

/// Layer `index` as a file spells it: `layers[2]`, or `layers[0].branches[1].layers[2]`.
pub(super) fn place(forks: &[ForkConfig], index: usize) -> String {
    let Some(fork) = forks.iter().find(|fork| (fork.first..fork.end()).contains(&index)) else {
        return entry(forks, index);
    };
    let rows = fork.rows();
    let branch = rows.iter().position(|row| row.contains(&index)).unwrap_or(0);
    format!("{}.branches[{branch}].layers[{}]", entry(forks, fork.first), index - rows[branch].start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fork(first: usize, layers: &[usize]) -> ForkConfig {
        let branches = layers.iter().map(|&layers| BranchConfig { name: None, layers }).collect();
        ForkConfig { first, branches }
    }

    #[test]
    fn parts_and_places_follow_the_file() {
        use Mark::{Fork, Join, Next};
        // - {branches: [{layers: [_, _]}, {layers: []}]}
        // - {branches: [{layers: [_]}, {layers: [_]}]}
        // - _
        let forks = [fork(0, &[2, 0]), fork(2, &[1, 1])];
        let (layer, mark) = (Part::Layer, Part::Mark);
        let first = vec![mark(Fork), layer(0), layer(1), mark(Next), mark(Join)];
        let second = vec![mark(Fork), layer(2), mark(Next), layer(3), mark(Join), layer(4)];
        assert_eq!(parts(5, &forks), [first, second].concat());
        let places: Vec<String> = (0..5).map(|index| place(&forks, index)).collect();
        let expected = [
            "layers[0].branches[0].layers[0]",
            "layers[0].branches[0].layers[1]",
            "layers[1].branches[0].layers[0]",
            "layers[1].branches[1].layers[0]",
            "layers[2]",
        ];
        assert_eq!(places, expected);
        assert_eq!(place(&[], 3), "layers[3]");
        assert_eq!(check(5, &forks), Ok(()));
        assert!(check(3, &forks).is_err() && check(9, &[fork(4, &[2, 1]), fork(5, &[1, 1])]).is_err());
        assert!(check(9, &[fork(0, &[2])]).is_err() && check(9, &[fork(1, &[0, 0])]).is_err());
    }

    #[test]
    fn what_is_carried_forks_and_joins() {
        let mut forks = Forks::default();
        let mut at = 3;
        for (mark, inside) in [(Mark::Fork, 10), (Mark::Next, 20), (Mark::Next, 0), (Mark::Join, 0)] {
            at = forks
                .pass(mark, at, |at| *at, |read, ends| Ok::<_, ()>(read * 1000 + ends.iter().sum::<i32>()))
                .unwrap();
            at += inside;
        }
        assert_eq!(at, 3000 + 13 + 23 + 3);
    }

    #[test]
    fn images_of_the_same_sides_join_by_their_channels() {
        let image = |shape, encoded| Some(PlacedImage { shape, encoded });
        let joined_of_two = joined(&[image([2, 5, 6], false), image([3, 5, 6], false)]);
        assert_eq!(joined_of_two, image([5, 5, 6], false));
        assert_eq!(joined(&[image([2, 5, 6], false), image([3, 5, 5], false)]), None);
        assert_eq!(joined(&[image([2, 5, 6], false), image([2, 5, 6], true)]), None);
        assert_eq!(joined(&[image([2, 5, 6], false), None]), None);
    }
}
