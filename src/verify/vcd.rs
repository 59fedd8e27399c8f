//! The values in a value change dump.

use rustc_hash::FxHashMap;

/// The first value of every variable, highest bit first, by its name without the range. A name
/// that occurs in several scopes means the one in a scope called `core`, else the first.
pub(super) fn first_values(text: &str) -> FxHashMap<String, String> {
    let mut names: FxHashMap<&str, Vec<String>> = FxHashMap::default();
    let mut scopes: Vec<&str> = Vec::new();
    let mut owners: FxHashMap<String, bool> = FxHashMap::default();
    let mut values: FxHashMap<String, String> = FxHashMap::default();
    let mut seen: FxHashMap<&str, ()> = FxHashMap::default();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["$scope", _, name, ..] => scopes.push(name),
            ["$upscope", ..] => drop(scopes.pop()),
            ["$var", _, _, code, name, ..] => {
                let in_core = scopes.last() == Some(&"core");
                let taken = owners.get(*name).copied();
                if taken.is_none() || in_core && taken == Some(false) {
                    // The name leaves the variable that had it.
                    names.values_mut().for_each(|list| list.retain(|other| other != name));
                    owners.insert((*name).to_owned(), in_core);
                    names.entry(code).or_default().push((*name).to_owned());
                }
            }
            _ => {
                let (value, code) = match words.as_slice() {
                    [value, code] if value.starts_with('b') => (&value[1..], *code),
                    [scalar] if scalar.starts_with(['0', '1', 'x', 'z']) => scalar.split_at(1),
                    _ => continue,
                };
                if seen.insert(code, ()).is_some() {
                    continue;
                }
                for name in names.get(code).into_iter().flatten() {
                    values.insert(name.clone(), value.to_owned());
                }
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_counts_and_the_core_owns_a_name() {
        let text = "$scope module dut $end\n$var wire 4 ! bus [3:0] $end\n$var wire 1 \" a $end\n\
                    $scope module core $end\n$var wire 1 # a $end\n$var parameter 8 $ T_a $end\n$upscope $end\n$upscope $end\n\
                    $enddefinitions $end\n#10\n$dumpvars\nb10 !\n0\"\n1#\nb10000000 $\n$end\n#11\n0#\n";
        let values = first_values(text);
        assert_eq!((values["a"].as_str(), values["bus"].as_str(), values["T_a"].as_str()), ("1", "10", "10000000"));
    }
}
