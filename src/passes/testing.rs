//! How passes are tested: netlists as text, and the laws that every pass obeys.

use proptest::test_runner::TestCaseError;
use rustc_hash::FxHashMap;

use crate::logic::TruthTable;
use crate::netlist::{Netlist, NodeId, Schedule, Section, validate};

use super::{Pass, PassOptions, Subject, find_difference};

/// `a b | n = 8(a, b) | y = n a`: primary inputs, tables in hexadecimal with their fan-ins
/// (input 0 first), primary outputs.
pub(super) fn parse(text: &str) -> Netlist {
    let mut netlist = Netlist::new();
    let mut names: FxHashMap<&str, NodeId> = FxHashMap::default();
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    for name in parts[0].split_whitespace() {
        names.insert(name, netlist.add_input(Section::Encoder));
    }
    for part in &parts[1..parts.len() - 1] {
        let (name, function) = part.split_once(" = ").unwrap();
        let (table, pins) = function.trim_end_matches(')').split_once('(').unwrap();
        let pins: Vec<NodeId> =
            pins.split(',').map(str::trim).filter(|pin| !pin.is_empty()).map(|pin| names[pin]).collect();
        let table = TruthTable::from_words(pins.len(), vec![u64::from_str_radix(table, 16).unwrap()]);
        names.insert(name, netlist.add_lut(&table, &pins, Section::Layer(0)));
    }
    for name in parts[parts.len() - 1].strip_prefix("y = ").unwrap().split_whitespace() {
        netlist.add_output(names[name]);
    }
    netlist
}

/// Everything about a netlist but its sections: nodes `table(fan-ins)`, then the outputs.
pub(super) fn print(netlist: &Netlist) -> String {
    let mut text = String::new();
    for id in netlist.node_ids() {
        let fan_ins: Vec<String> = netlist.fan_ins(id).iter().map(|fan_in| fan_in.index().to_string()).collect();
        match netlist.table(id) {
            None => text += &format!("{}: input\n", id.index()),
            Some(table) => text += &format!("{}: {}({})\n", id.index(), table.hex(), fan_ins.join(", ")),
        }
    }
    let outputs: Vec<usize> = netlist.outputs().iter().map(|output| output.index()).collect();
    text + &format!("outputs {outputs:?}\n")
}

/// One run of a pass on a netlist by itself.
pub(super) fn run(pass: &dyn Pass, netlist: &Netlist) -> Option<Netlist> {
    let (schedule, options) = (Schedule::new(netlist), PassOptions::default());
    pass.run(&Subject { netlist, schedule: &schedule, facts: None, options: &options })
}

/// The pass turns `before` into exactly `after`, which has the same function.
#[track_caller]
pub(super) fn check(pass: &dyn Pass, before: &str, after: &str) {
    let netlist = parse(before);
    let result = run(pass, &netlist).expect("the pass has something to do");
    validate(&result).unwrap();
    assert_eq!(print(&result), print(&parse(after)));
    assert_eq!(find_difference(&netlist, &result), None);
}

/// The pass finds nothing to do.
#[track_caller]
pub(super) fn check_unchanged(pass: &dyn Pass, text: &str) {
    let netlist = parse(text);
    let result = run(pass, &netlist);
    assert_eq!(result.map(|result| print(&result)), None);
}

/// The laws of a pass, and nothing left to do after one run.
pub(super) fn preserves(pass: &dyn Pass, netlist: &Netlist) -> Result<(), TestCaseError> {
    let Some(result) = lawful(pass, netlist)? else { return Ok(()) };
    let again = run(pass, &result);
    proptest::prop_assert_eq!(again.map(|again| print(&again)), None, "a second run finds more");
    Ok(())
}

/// The laws of a pass: a valid result of the same function and primary inputs.
pub(super) fn lawful(pass: &dyn Pass, netlist: &Netlist) -> Result<Option<Netlist>, TestCaseError> {
    let Some(result) = run(pass, netlist) else { return Ok(None) };
    if let Err(error) = validate(&result) {
        return Err(TestCaseError::fail(error.to_string()));
    }
    proptest::prop_assert_eq!(result.inputs().len(), netlist.inputs().len());
    proptest::prop_assert_eq!(find_difference(netlist, &result), None);
    Ok(Some(result))
}
