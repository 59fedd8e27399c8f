//! The registers of yosys' netlists: `$_DFF_P_`, `$_SDFF_PP0_` and their like, one bit each.

/// What a register does at its clock edge, read from its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Register {
    /// Whether it takes its input at the rising edge.
    pub(super) rising: bool,
    /// The level of pin `E` at which it takes its input, of those that have one.
    pub(super) enable: Option<bool>,
    /// What pin `R` does, of those that have one.
    pub(super) reset: Option<Reset>,
}

/// A reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reset {
    /// The level at which it resets.
    pub(super) active: bool,
    /// What the register is then.
    pub(super) value: bool,
    /// Whether it waits for the clock edge.
    pub(super) synchronous: bool,
}

impl Register {
    /// The register that a cell type names, such as `$_SDFFE_PP0N_`: clock edge, level and value of the
    /// reset, level of the enable. `None` for everything else, latches and settable registers included.
    pub(super) fn parse(kind: &str) -> Option<Self> {
        let (family, letters) = kind.strip_prefix("$_")?.strip_suffix('_')?.split_once('_')?;
        let level = |letter: char| match letter {
            'P' => Some(true),
            'N' => Some(false),
            _ => None,
        };
        let value = |letter: char| match letter {
            '1' => Some(true),
            '0' => Some(false),
            _ => None,
        };
        let letters: Vec<char> = letters.chars().collect();
        let (synchronous, enabled) = match family {
            "DFF" => (false, false),
            "DFFE" => (false, true),
            "SDFF" => (true, false),
            // Which of reset and enable comes first does not matter where the enable is always on.
            "SDFFE" | "SDFFCE" => (true, true),
            _ => return None,
        };
        let (clock, reset, enable) = match (letters.as_slice(), enabled) {
            (&[clock], false) if !synchronous => (clock, None, None),
            (&[clock, enable], true) if !synchronous => (clock, None, Some(enable)),
            (&[clock, active, value], false) => (clock, Some((active, value)), None),
            (&[clock, active, value, enable], true) => (clock, Some((active, value)), Some(enable)),
            _ => return None,
        };
        let reset = match reset {
            Some((active, after)) => Some(Reset { active: level(active)?, value: value(after)?, synchronous }),
            None => None,
        };
        let enable = match enable {
            Some(letter) => Some(level(letter)?),
            None => None,
        };
        Some(Self { rising: level(clock)?, enable, reset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_say_edge_reset_and_enable() {
        let reset = |active, value, synchronous| Some(Reset { active, value, synchronous });
        for (kind, rising, reset, enable) in [
            ("$_DFF_P_", true, None, None),
            ("$_DFF_N_", false, None, None),
            ("$_DFFE_PN_", true, None, Some(false)),
            ("$_DFF_PN1_", true, reset(false, true, false), None),
            ("$_DFFE_PP0N_", true, reset(true, false, false), Some(false)),
            ("$_SDFF_PP0_", true, reset(true, false, true), None),
            ("$_SDFFE_NP1P_", false, reset(true, true, true), Some(true)),
            ("$_SDFFCE_PN0P_", true, reset(false, false, true), Some(true)),
        ] {
            assert_eq!(Register::parse(kind), Some(Register { rising, enable, reset }), "{kind}");
        }
        for kind in ["$dff", "$_DFFSR_PPP_", "$_ALDFF_PP_", "$_DLATCH_P_", "$_SDFF_P_", "$_DFF_X_", "$_FF_", "$_SR_PP_"]
        {
            assert_eq!(Register::parse(kind), None, "{kind}");
        }
    }
}
