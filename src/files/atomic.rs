//! Files that appear whole or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::FileError;

/// Replaces `path` by `bytes`: written under a temporary name in the same folder, then renamed.
///
/// # Errors
/// [`FileError::Write`] when the folder is missing or cannot be written; the old file is then
/// untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |source| FileError::Write { path: path.to_owned(), source };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = temporary_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Writes `files` (name in the folder, bytes) into `folder`, which is made when missing.
///
/// All of them are written under temporary names first and renamed only when every one is
/// complete, so a full disk or an interruption leaves the folder as it was.
///
/// # Errors
/// [`FileError::Write`] with the file that could not be written.
pub fn write_folder<'a>(folder: &Path, files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<(), FileError> {
    fs::create_dir_all(folder).map_err(|source| FileError::Write { path: folder.to_owned(), source })?;
    let mut written = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        let failed = |source| FileError::Write { path: path.clone(), source };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let mut file = temporary_in(folder).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        written.push((file, path));
    }
    for (file, path) in written {
        file.persist(&path).map_err(|error| FileError::Write { path, source: error.error })?;
    }
    Ok(())
}

/// A temporary file with the permissions of an ordinary new file (tempfile's own are 0600).
fn temporary_in(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".difflut-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_no_temporary_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.v");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = write_folder(&file.join("out"), [("a", b"1".as_slice())]).unwrap_err();
        assert!(error.to_string().contains("file/out"), "{error}");
    }

    #[test]
    fn one_unwritable_name_leaves_the_folder_without_new_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("blocked"), b"").unwrap();
        let files = [("a.v", b"1".as_slice()), ("blocked/b.v", b"2".as_slice())];
        write_folder(folder.path(), files).unwrap_err();
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["blocked"]);
    }
}
