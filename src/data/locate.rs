//! Data sets by name.

use std::path::{Path, PathBuf};

/// The environment variable that puts folders in front of the places where data are looked for.
pub const DATA_PATH_VARIABLE: &str = "DIFFLUT_DATA";

/// The folders in which data are looked for: those of the environment variable `DIFFLUT_DATA`
/// (separated like `PATH`), `examples/data` and `data` below the working directory, and the folder
/// that ships with the source of this program.
pub(super) fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    if let Some(variable) = std::env::var_os(DATA_PATH_VARIABLE) {
        folders.extend(std::env::split_paths(&variable).filter(|folder| !folder.as_os_str().is_empty()));
    }
    folders.extend(["examples/data".into(), "data".into()]);
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data"));
    folders
}

/// The file `<name>.csv` in one of those folders; `None` when it is in none of them.
pub fn locate(name: &str) -> Option<PathBuf> {
    locate_in(name, &folders())
}

/// Whether a name, which may come from a model file, cannot lead out of the folders.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn locate_in(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let plain = is_plain(name);
    folders.iter().filter(|_| plain).map(|folder| folder.join(format!("{name}.csv"))).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_the_first_folder_and_never_outside() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("digits_test.csv"), b"").unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let folders = [inner, folder.path().to_owned()];
        assert_eq!(locate_in("digits_test", &folders), Some(folder.path().join("digits_test.csv")));
        assert_eq!(locate_in("../digits_test", &folders), None);
        assert_eq!(locate_in("other", &folders), None);
    }
}
