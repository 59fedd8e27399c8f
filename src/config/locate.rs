//! The line of a YAML file at which a parameter stands.
//!
//! A range is checked after parsing, when serde's positions are gone. Finding the line again by
//! indentation is good enough for a message: where it fails (anchors, several keys in one line)
//! the line of the enclosing part is named, or none.

/// The line, counted from 1, of a parameter such as `layers[1].node_params.degree`.
pub(super) fn line_of(text: &str, parameter: &str) -> Option<usize> {
    let lines: Vec<&str> = text.lines().collect();
    // A sentence such as "the number of layer_widths" names its parameter last.
    let path = parameter.split([' ', '(']).rfind(|word| !word.is_empty())?;
    let whole = 0..lines.len();
    let section = ["model", "training", "data"].iter().find_map(|section| {
        let (_, inner) = key(&lines, whole.clone(), section)?;
        walk(&lines, inner, path.strip_prefix(&format!("{section}.")).unwrap_or(path))
    });
    section.or_else(|| walk(&lines, whole, path))
}

/// Follows the path as far as it goes; `None` when not even its first part is there.
fn walk(lines: &[&str], mut region: std::ops::Range<usize>, path: &str) -> Option<usize> {
    let mut found = None;
    for part in path.split(['.', '[']) {
        let step = match part.strip_suffix(']').and_then(|index| index.parse().ok()) {
            Some(index) => item(lines, region.clone(), index),
            None => key(lines, region.clone(), part),
        };
        let Some((line, inner)) = step else { break };
        (found, region) = (Some(line + 1), inner);
    }
    found
}

/// Columns in front of the first character, a dash of a list counted as indentation.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

fn blank(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// The line of `name:` at the least indentation of the region, and the lines inside it.
fn key(lines: &[&str], region: std::ops::Range<usize>, name: &str) -> Option<(usize, std::ops::Range<usize>)> {
    let own = region.clone().filter(|&at| !blank(lines[at]));
    let least = own.clone().map(|at| indent(lines[at])).min()?;
    let is_key = |at: &usize| {
        let line = lines[*at].trim_start_matches([' ', '-']);
        indent(lines[*at]) == least && line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(':'))
    };
    let at = own.clone().find(is_key)?;
    let end = (at + 1..region.end).find(|&next| !blank(lines[next]) && indent(lines[next]) <= least);
    Some((at, at + 1..end.unwrap_or(region.end)))
}

/// The line of the list's item `index`, and the lines of the item.
fn item(lines: &[&str], region: std::ops::Range<usize>, index: usize) -> Option<(usize, std::ops::Range<usize>)> {
    let dash = |line: &str| line.trim_start().starts_with('-').then(|| line.len() - line.trim_start().len());
    let least = region.clone().filter_map(|at| dash(lines[at])).min()?;
    let mut starts = region.clone().filter(|&at| dash(lines[at]) == Some(least)).skip(index);
    let at = starts.next()?;
    Some((at, at..starts.next().unwrap_or(region.end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "model:
  # comment
  seed: 1
  layers:
    - name: a
      n: 4
    - name: b
      n: 40
      node_params:
        degree: 3
training:
  epochs: 0
  seed: 2
";

    #[test]
    fn parameters_are_found_at_every_depth() {
        assert_eq!(line_of(TEXT, "layers[1].n"), Some(8));
        assert_eq!(line_of(TEXT, "layers[1].node_params.degree"), Some(10));
        assert_eq!(line_of(TEXT, "layers[0].name"), Some(5));
        assert_eq!(line_of(TEXT, "training.seed"), Some(13));
        assert_eq!(line_of(TEXT, "seed"), Some(3));
        assert_eq!(line_of(TEXT, "the number of layers"), Some(4));
    }

    #[test]
    fn what_is_not_there_is_its_part_or_nothing() {
        assert_eq!(line_of(TEXT, "layers[1].runtime.beta"), Some(7));
        assert_eq!(line_of(TEXT, "input_size"), None);
        assert_eq!(line_of("", "n"), None);
        assert_eq!(line_of("[1, 2", "a[9].b"), None);
    }
}
