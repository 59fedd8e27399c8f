use super::super::testing::{check, check_unchanged, lawful, parse, print};
use super::super::{Pipeline, find_difference};
use super::*;
use crate::netlist::arbitrary::{netlists, netlists_of};
use proptest::prelude::*;

proptest! {
    #[test]
    fn outputs_stay(netlist in netlists()) {
        lawful(&Resubstitution, &netlist)?;
    }

    #[test]
    fn outputs_of_wide_netlists_stay(netlist in netlists_of(15..=40, 1..=80)) {
        lawful(&Resubstitution, &netlist)?;
    }
}
