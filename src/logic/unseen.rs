//! Tables of which some rows do not matter.

use super::TruthTable;

impl TruthTable {
    /// The table without influence of the inputs that no two seen rows need, and by how many
    /// its support has become smaller.
    ///
    /// `seen` has one entry per row. Seen rows keep their values; rows that are not seen follow
    /// those that are, and `seen` afterwards says which ones do.
    pub fn forget_unseen(&self, seen: &mut [bool]) -> (Self, usize) {
        let mut table = self.clone();
        // What an input leaves behind may depend on others that were seen with it, so these
        // get another turn; an input that is gone stays gone.
        while let Some(input) = table.support().into_iter().find(|&input| !decides(&table, seen, input)) {
            let flip = 1usize << input;
            // The seen row of each pair decides for both.
            table = Self::from_fn(table.inputs(), |row| {
                let low = row & !flip;
                table.row(if seen[low] || !seen[low | flip] { low } else { low | flip })
            });
            for low in (0..seen.len()).filter(|row| row & flip == 0) {
                let any = seen[low] || seen[low | flip];
                (seen[low], seen[low | flip]) = (any, any);
            }
        }
        let removed = self.support().len().saturating_sub(table.support().len());
        (table, removed)
    }
}

/// Whether two seen rows that differ in `input` alone have different values.
fn decides(table: &TruthTable, seen: &[bool], input: usize) -> bool {
    let flip = 1usize << input;
    (0..table.rows()).any(|row| seen[row] && seen[row ^ flip] && table.row(row) != table.row(row ^ flip))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_input_that_never_decides_alone_goes() {
        // Only 00 and 11 occur: one of the inputs is enough.
        let and = TruthTable::from_words(2, vec![0b1000]);
        let (table, removed) = and.forget_unseen(&mut [true, false, false, true]);
        assert_eq!((table, removed), (TruthTable::from_words(2, vec![0b1100]), 1));
        assert_eq!(and.forget_unseen(&mut [true; 4]), (and.clone(), 0));
        assert_eq!(and.forget_unseen(&mut [true, true, false, false]).0, TruthTable::from_words(2, vec![0]));
    }

    proptest! {
        #[test]
        fn seen_rows_keep_their_values(inputs in 0usize..=7, words in prop::collection::vec(any::<u64>(), 4)) {
            let count = if inputs == 7 { 2 } else { 1 };
            let table = TruthTable::from_words(inputs, words[..count].to_vec());
            let seen: Vec<bool> = (0..table.rows()).map(|row| words[2 + row / 64] >> (row % 64) & 1 == 1).collect();
            let (forgot, removed) = table.forget_unseen(&mut seen.clone());
            prop_assert!(forgot.support().len() + removed >= table.support().len());
            for row in (0..table.rows()).filter(|&row| seen[row]) {
                prop_assert_eq!(forgot.row(row), table.row(row));
            }
        }
    }
}
