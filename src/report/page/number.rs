//! Numbers as people read them.

/// A whole number with a comma after every third digit.
pub(super) fn thousands(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How much `value` is above or below `reference` in per cent, with its sign.
pub(super) fn percent_change(value: usize, reference: usize) -> String {
    match reference {
        0 => "-".to_owned(),
        _ => format!("{:+.1} %", 100.0 * (value as f64 - reference as f64) / reference as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn changes_have_a_sign() {
        assert_eq!(
            [percent_change(90, 100), percent_change(103, 100), percent_change(1, 0)],
            ["-10.0 %", "+3.0 %", "-"]
        );
    }
}
