//! Interned truth tables.

use rustc_hash::FxHashMap;

use crate::logic::TruthTable;

/// Handle of a table in a [`TablePool`]; equal handles mean equal functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(u32);

impl TableId {
    /// Position in the pool, dense from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Every different truth table of a netlist once, in order of first use.
#[derive(Clone, Debug, Default)]
pub struct TablePool {
    tables: Vec<TruthTable>,
    ids: FxHashMap<TruthTable, TableId>,
}

impl TablePool {
    /// The handle of `table`, added when it is new.
    pub fn intern(&mut self, table: &TruthTable) -> TableId {
        if let Some(&id) = self.ids.get(table) {
            return id;
        }
        let id = TableId(self.tables.len() as u32);
        self.tables.push(table.clone());
        self.ids.insert(table.clone(), id);
        id
    }

    /// The table behind a handle of this pool.
    pub fn get(&self, id: TableId) -> &TruthTable {
        &self.tables[id.index()]
    }

    /// Every table, by ascending [`TableId`].
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &TruthTable> {
        self.tables.iter()
    }

    /// Number of different tables.
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Whether there is no table.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }
}
