//! Which columns a layer's pins read, and which pins read a column.

/// The wiring of a layer and its inverse.
///
/// Invariant: every column is below `input_width`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    input_width: usize,
    fan_in: usize,
    columns: Vec<u32>,
    /// The pins that read column `c` are `readers[starts[c] .. starts[c + 1]]`, ascending.
    starts: Vec<u32>,
    readers: Vec<u32>,
}

impl Wiring {
    /// The wiring whose node `j` reads `columns[j * fan_in ..][.. fan_in]`, or `None` when a
    /// column is not below `input_width` or `columns` is not a whole number of nodes.
    pub fn new(input_width: usize, fan_in: usize, columns: Vec<u32>) -> Option<Self> {
        let in_range = columns.iter().all(|&column| (column as usize) < input_width);
        if fan_in == 0 || !columns.len().is_multiple_of(fan_in) || !in_range {
            return None;
        }
        let mut starts = vec![0u32; input_width + 1];
        for &column in &columns {
            starts[column as usize + 1] += 1;
        }
        for column in 0..input_width {
            starts[column + 1] += starts[column];
        }
        let mut next = starts.clone();
        let mut readers = vec![0; columns.len()];
        for (pin, &column) in columns.iter().enumerate() {
            let place = &mut next[column as usize];
            readers[*place as usize] = pin as u32;
            *place += 1;
        }
        Some(Self { input_width, fan_in, columns, starts, readers })
    }

    /// Columns of the layer before.
    pub fn input_width(&self) -> usize {
        self.input_width
    }

    /// Inputs of a node.
    pub fn fan_in(&self) -> usize {
        self.fan_in
    }

    /// Number of nodes.
    pub fn width(&self) -> usize {
        self.columns.len() / self.fan_in
    }

    /// All columns, `width x fan_in`, row-major.
    pub fn columns(&self) -> &[u32] {
        &self.columns
    }

    /// The columns that `node` reads, input 0 first.
    pub fn node(&self, node: usize) -> &[u32] {
        &self.columns[node * self.fan_in..][..self.fan_in]
    }

    /// The pins (`node * fan_in + input`) that read `column`, ascending.
    pub fn readers(&self, column: usize) -> &[u32] {
        &self.readers[self.starts[column] as usize..self.starts[column + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_lists_the_pins_of_every_column() {
        let wiring = Wiring::new(4, 2, vec![1, 3, 3, 0]).unwrap();
        let readers: Vec<&[u32]> = (0..4).map(|column| wiring.readers(column)).collect();
        assert_eq!(readers, [[3].as_slice(), &[0], &[], &[1, 2]]);
        assert_eq!((wiring.width(), wiring.node(1)), (2, [3, 0].as_slice()));
    }

    #[test]
    fn columns_that_do_not_exist_make_no_wiring() {
        assert_eq!(Wiring::new(4, 2, vec![1, 4]), None);
        assert_eq!(Wiring::new(4, 2, vec![1]), None);
        assert_eq!(Wiring::new(4, 0, vec![]), None);
    }
}
