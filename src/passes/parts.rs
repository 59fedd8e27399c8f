//! What a core is made of, for reports.

use std::collections::BTreeMap;

use crate::netlist::{Netlist, Schedule, Section};

/// The parts of a core, and its depth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoreParts {
    /// Each part that has any tables.
    pub parts: BTreeMap<Section, PartSize>,
    /// Tables on the longest path.
    pub depth: u32,
}

/// One part of a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartSize {
    /// Its tables, constants included.
    pub tables: usize,
    /// The largest level of one of them: tables on the longest path to it, itself included.
    pub level: u32,
}

impl CoreParts {
    /// The parts of `netlist`.
    pub fn new(netlist: &Netlist) -> Self {
        Self::with_schedule(netlist, &Schedule::new(netlist))
    }

    /// The same where the schedule is at hand.
    pub(super) fn with_schedule(netlist: &Netlist, schedule: &Schedule) -> Self {
        let mut parts: BTreeMap<Section, PartSize> = BTreeMap::new();
        for id in netlist.node_ids().filter(|&id| netlist.table(id).is_some()) {
            let part = parts.entry(netlist.section(id)).or_default();
            part.tables += 1;
            part.level = part.level.max(schedule.level(id));
        }
        Self { parts, depth: schedule.depth(netlist) }
    }
}
