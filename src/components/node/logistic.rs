//! The logistic function and where its float32 value reaches one half.

/// The smallest float32 `z` whose float32 sigmoid, `1 / (1 + exp(-z))` with each step rounded,
/// is at least 0.5. It is slightly below zero: `1 + exp(1.79e-7)` still rounds to 2.
const HALF: f32 = f32::from_bits(0xb43f_fffe);

/// `1 / (1 + exp(-z))` in float32.
pub(super) fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}

/// Whether `sigmoid(z) >= 0.5`, without the exponential function of the platform.
pub(super) fn is_one(z: f32) -> bool {
    z >= HALF
}

/// `d sigmoid / d z` from the value of the sigmoid.
pub(super) fn slope(value: f32) -> f32 {
    value * (1.0 - value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_is_one_exactly_where_the_float32_sigmoid_is_at_least_half() {
        for bits in 0xb43f_ff00u32..0xb440_0100 {
            let z = f32::from_bits(bits);
            assert_eq!(is_one(z), sigmoid(z) >= 0.5, "{z:e}");
        }
        assert!(is_one(-1.7e-7) && !is_one(-1.8e-7) && !is_one(f32::NAN));
    }
}
