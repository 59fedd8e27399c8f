//! What the comment at the top of a header says about its functions.

/// The functions for one sample.
pub(super) fn functions(name: &str, has_classes: bool) -> Vec<String> {
    if has_classes {
        return vec![
            format!("  {name}_predict(features)         the class"),
            format!("  {name}_scores(features, scores)  the score of every class"),
            format!("  {name}_predict_r, {name}_scores_r  the same in a workspace of the caller"),
        ];
    }
    vec![
        format!("  {name}_bits(features, bits)  the output bits, one a byte"),
        format!("  {name}_bits_r                the same in a workspace of the caller"),
    ]
}

/// The functions for many samples.
pub(super) fn batch_functions(name: &str, has_classes: bool) -> Vec<String> {
    let mut lines = vec!["For count samples one after the other, a word of them at a time:".to_owned()];
    if has_classes {
        lines.push(format!("  {name}_predict_batch_r(features, count, classes, workspace)"));
        lines.push(format!("  {name}_scores_batch_r(features, count, scores, workspace)"));
    } else {
        lines.push(format!("  {name}_bits_batch_r(features, count, bits, workspace)"));
    }
    lines
}

/// What callers have to know about memory.
pub(super) fn memory(name: &str, upper: &str, unit: &str) -> Vec<String> {
    vec![
        format!("The functions without _r share one static workspace of {upper}_WORKSPACE {unit} per source file:"),
        format!("they are neither re-entrant nor safe in two threads. Give the others an array of {name}_word_t."),
        format!("Codes must be in range. Constants move to another memory when {upper}_ROM and the"),
        format!("{upper}_READ macros are defined before this file is included; on AVR that is done here."),
    ]
}
