//! The import table of ARCHITECTURE.md, held against the sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rows of the table in ARCHITECTURE.md: a folder of src and the folders that it may import.
fn table() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
        let [folder, _, imports, ..] = cells.as_slice() else { return None };
        root().join("src").join(folder).is_dir().then(|| {
            let imports = imports.split(',').map(|name| name.trim().to_owned()).filter(|name| name != "-").collect();
            ((*folder).to_owned(), imports)
        })
    });
    rows.collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The modules that a source file names as `crate::module`, its unit tests left out: tests may
/// look at the whole chain.
fn imports(text: &str) -> Vec<String> {
    let production = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text);
    let code: String =
        production.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    code.split("crate::")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

fn violations(table: &BTreeMap<String, Vec<String>>, folder: &str, text: &str) -> Vec<String> {
    let allowed = &table[folder];
    if allowed.iter().any(|name| name == "all") {
        return Vec::new();
    }
    imports(text)
        .into_iter()
        .filter(|name| name != folder && table.contains_key(name) && !allowed.contains(name))
        .collect()
}

#[test]
fn every_folder_imports_only_what_the_architecture_allows() {
    let table = table();
    let mut broken = Vec::new();
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() || path.ends_with("bin") {
            continue;
        }
        let folder = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(table.contains_key(&folder), "ARCHITECTURE.md has no row for src/{folder}");
        for file in sources(&path) {
            for name in violations(&table, &folder, &fs::read_to_string(&file).unwrap()) {
                broken.push(format!("{} imports crate::{name}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_planted_import_against_the_flow_is_seen() {
    let planted = "use crate::cli::run;\nfn f() { crate::logic::x() }\n// crate::emit in a comment\n";
    assert_eq!(violations(&table(), "netlist", planted), ["cli"]);
}

#[test]
fn candle_stays_in_the_float_front_end() {
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let folder = path.file_name().unwrap().to_string_lossy().into_owned();
        if !path.is_dir() || ["components", "model", "train"].contains(&folder.as_str()) {
            continue;
        }
        for file in sources(&path) {
            let text = fs::read_to_string(&file).unwrap();
            assert!(!text.contains("candle_"), "{} names candle", file.display());
        }
    }
}
