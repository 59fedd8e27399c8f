use std::collections::BTreeMap;

use super::aig::{Aig, Lit};
use super::elaborate::{ElaborateError, Elaborated, elaborate};
use super::netlist::Module;

/// The outputs of a module of one cell of two four-bit operands, for all of them, against `f`.
#[track_caller]
fn check_cell(kind: &str, width: usize, signed: bool, f: impl Fn(i64, i64) -> i64) {
    let bits =
        |first: usize, count: usize| (first..first + count).map(|bit| bit.to_string()).collect::<Vec<_>>().join(",");
    let flag = if signed { "1" } else { "0" };
    let text = format!(
        r#"{{"modules":{{"t":{{"ports":{{
            "features":{{"direction":"input","bits":[{}]}},
            "y":{{"direction":"output","bits":[{}]}}}},
          "cells":{{"c":{{"type":"{kind}","parameters":{{"A_SIGNED":"{flag}","B_SIGNED":"{flag}"}},
            "connections":{{"A":[{}],"B":[{}],"Y":[{}]}}}}}}}}}}}}"#,
        bits(2, 8),
        bits(10, width),
        bits(2, 4),
        bits(6, 4),
        bits(10, width)
    );
    let module = Module::parse(&text, "t").unwrap();
    let mut aig = Aig::new(8);
    let bus: Vec<Lit> = (0..8).map(|input| aig.input(input)).collect();
    let read = elaborate(&module, &mut aig, &BTreeMap::from([("features".to_owned(), bus)]), &[]).unwrap();
    let lits: Vec<Lit> = read.outputs["y"].iter().map(|bit| bit.lit).collect();
    for row in 0..256u64 {
        let words: Vec<u64> = (0..8).map(|bit| row >> bit & 1).collect();
        let found = aig.simulate(&words, &lits).iter().enumerate().fold(0, |sum, (bit, word)| sum | (word & 1) << bit);
        let number = |bits: u64| if signed && bits & 8 != 0 { bits as i64 - 16 } else { bits as i64 };
        let expected = f(number(row & 15), number(row >> 4)) as u64 & ((1 << width) - 1);
        assert_eq!(found, expected, "{kind} signed {signed} on {row:08b}");
    }
}

#[test]
fn cells_compute_what_verilog_says() {
    for signed in [false, true] {
        check_cell("$add", 5, signed, |a, b| a + b);
        check_cell("$sub", 5, signed, |a, b| a - b);
        check_cell("$lt", 1, signed, |a, b| i64::from(a < b));
        check_cell("$le", 1, signed, |a, b| i64::from(a <= b));
        check_cell("$gt", 1, signed, |a, b| i64::from(a > b));
        check_cell("$ge", 2, signed, |a, b| i64::from(a >= b));
        check_cell("$eq", 1, signed, |a, b| i64::from(a == b));
        check_cell("$ne", 1, signed, |a, b| i64::from(a != b));
        check_cell("$and", 4, signed, |a, b| a & b);
        check_cell("$xor", 6, signed, |a, b| a ^ b);
        check_cell("$xnor", 4, signed, |a, b| !(a ^ b));
        check_cell("$logic_and", 1, signed, |a, b| i64::from(a != 0 && b != 0));
    }
    check_cell("$shl", 6, false, |a, b| if b < 8 { a << b } else { 0 });
    check_cell("$shr", 4, false, |a, b| if b < 8 { a >> b } else { 0 });
    check_cell("$shiftx", 1, false, |a, b| if b < 4 { a >> b & 1 } else { 0 });
}

fn pipeline(cells: &str) -> Result<(Vec<Option<u32>>, Option<String>), ElaborateError> {
    let read = elaborated(cells)?.1;
    Ok((read.outputs["y"].iter().map(|bit| bit.cycle).collect(), read.unbalanced))
}

fn one_output(cells: &str) -> Result<(Aig, Lit), ElaborateError> {
    let (aig, read) = elaborated(cells)?;
    Ok((aig, read.outputs["y"][0].lit))
}

fn elaborated(cells: &str) -> Result<(Aig, Elaborated), ElaborateError> {
    let text = format!(
        r#"{{"modules":{{"t":{{"ports":{{
            "clk":{{"direction":"input","bits":[2]}},
            "features":{{"direction":"input","bits":[3,4]}},
            "y":{{"direction":"output","bits":[9]}}}},"cells":{{{cells}}}}}}}}}"#
    );
    let module = Module::parse(&text, "t").unwrap();
    let mut aig = Aig::new(2);
    let bus = vec![aig.input(0), aig.input(1)];
    let read = elaborate(&module, &mut aig, &BTreeMap::from([("features".to_owned(), bus)]), &[])?;
    Ok((aig, read))
}

fn register(name: &str, d: u32, q: u32) -> String {
    format!(r#""{name}":{{"type":"$_DFF_P_","parameters":{{}},"connections":{{"C":[2],"D":[{d}],"Q":[{q}]}}}}"#)
}

fn and(a: u32, b: u32, y: u32) -> String {
    format!(r#""and":{{"type":"$_AND_","parameters":{{}},"connections":{{"A":[{a}],"B":[{b}],"Y":[{y}]}}}}"#)
}

#[test]
fn registers_are_counted_and_paths_of_different_length_are_noticed() {
    let balanced = [register("a", 3, 5), register("b", 4, 6), and(5, 6, 7), register("c", 7, 9)].join(",");
    let (cycles, unbalanced) = pipeline(&balanced).unwrap();
    assert_eq!((cycles, unbalanced), (vec![Some(2)], None));
    let dropped = [register("a", 3, 5), and(5, 4, 7), register("c", 7, 9)].join(",");
    let unbalanced = pipeline(&dropped).unwrap().1.unwrap();
    assert!(unbalanced.contains("cell `and` reads a signal of cycle 1 and one of cycle 0"), "{unbalanced}");
}

/// A register with more pins than clock, input and output.
fn register_of(kind: &str, pins: &str) -> String {
    format!(r#""r":{{"type":"{kind}","parameters":{{}},"connections":{{{pins},"D":[3],"Q":[9]}}}}"#)
}

/// The function of a pipeline of one register, for all values of both inputs.
fn function(cells: &str) -> Result<Vec<bool>, ElaborateError> {
    let (aig, lit) = one_output(cells)?;
    Ok((0..4u64).map(|row| aig.simulate(&[row & 1, row >> 1], &[lit])[0] & 1 == 1).collect())
}

#[test]
fn a_synchronous_reset_by_an_input_is_part_of_the_function() {
    let with = |kind: &str| function(&register_of(kind, r#""C":[2],"R":[4]"#)).unwrap();
    assert_eq!(with("$_SDFF_PP0_"), [false, true, false, false], "input 0 and not input 1");
    assert_eq!(with("$_SDFF_PP1_"), [false, true, true, true]);
    assert_eq!(with("$_SDFF_PN0_"), [false, false, false, true]);
    let idle = function(&register_of("$_SDFFE_PP1P_", r#""C":[2],"R":["0"],"E":["1"]"#)).unwrap();
    assert_eq!(idle, [false, true, false, true]);
    let late = [register("a", 4, 5), register_of("$_SDFF_PP0_", r#""C":[2],"R":[5]"#)].join(",");
    assert!(pipeline(&late).unwrap().1.unwrap().contains("`r` reads a signal of cycle 0 and one of cycle 1"));
}

#[test]
fn registers_that_wait_or_have_another_clock_are_refused() {
    for (kind, pins, reason) in [
        ("$_DFFE_PP_", r#""C":[2],"E":[4]"#, "keeps its value"),
        ("$_DFFE_PN_", r#""C":[2],"E":["1"]"#, "keeps its value"),
        ("$_DFF_PP0_", r#""C":[2],"R":[4]"#, "without waiting for the clock"),
        ("$_DFF_N_", r#""C":[2]"#, "rising edge of `clk`"),
        ("$_DFF_P_", r#""C":[4]"#, "rising edge of `clk`"),
        ("$_DFFSR_PPP_", r#""C":[2],"S":[4],"R":["0"]"#, "cannot be translated"),
        ("$_DLATCH_P_", r#""E":[4]"#, "cannot be translated"),
    ] {
        let refused = function(&register_of(kind, pins));
        assert!(
            matches!(&refused, Err(ElaborateError::Unreadable(what)) if what.contains(reason)),
            "{kind}: {refused:?}"
        );
    }
}

#[test]
fn loops_open_wires_and_clocks_as_data_are_refused() {
    let looped = [register("a", 9, 5), and(5, 4, 9)].join(",");
    assert!(matches!(pipeline(&looped), Err(ElaborateError::Unreadable(what)) if what.contains("loop")));
    assert!(matches!(pipeline(&and(3, 77, 9)), Err(ElaborateError::Undefined(_))));
    assert!(matches!(pipeline(&and(3, 2, 9)), Err(ElaborateError::Undefined(_))));
}

/// A choice between two cases of one bit; `A` is what it gives when none applies.
fn choice(cases: &str) -> Result<(Aig, Lit, Lit), ElaborateError> {
    let text = format!(
        r#"{{"modules":{{"t":{{"ports":{{"features":{{"direction":"input","bits":[2,3]}},"y":{{"direction":"output","bits":[9]}}}},
          "cells":{{"not":{{"type":"$_NOT_","parameters":{{}},"connections":{{"A":[2],"Y":[5]}}}},
            "choice":{{"type":"$pmux","parameters":{{}},"connections":{{"A":["x"],"B":["1","0"],"S":[{cases}],"Y":[9]}}}}}}}}}}}}"#
    );
    let module = Module::parse(&text, "t").unwrap();
    assert_eq!(module.open_defaults(), 1);
    let mut aig = Aig::new(3);
    let (bus, free) = (vec![aig.input(0), aig.input(1)], [aig.input(2)]);
    let first = bus[0];
    let read = elaborate(&module, &mut aig, &BTreeMap::from([("features".to_owned(), bus)]), &free)?;
    Ok((aig, read.outputs["y"][0].lit, first))
}

#[test]
fn a_default_without_a_value_is_proved_not_to_matter_or_refuted() {
    use super::sat::{Proof, prove};
    let options = crate::prove::ProofOptions::default();
    let (aig, found, first) = choice("2,5").unwrap();
    assert_eq!(prove(&aig, &[(found, first)], &options), Proof::Equal, "one of both cases always applies");
    let (aig, found, first) = choice("2,3").unwrap();
    assert!(matches!(prove(&aig, &[(found, first)], &options), Proof::Different(_)));
}
