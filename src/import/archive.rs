//! Members of a zip archive, read without trusting what its directory claims.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::files::FileError;

/// Bytes that all members of one archive may hold together.
const MAX_TOTAL: u64 = 8 << 30;
/// A member that unpacks to more than this many times its packed size is refused, unless small.
const MAX_RATIO: u64 = 1100;
const SMALL: u64 = 64 << 20;
/// Deflate cannot do better than about 1032:1, so only overlapping or forged members pass that.
const MAX_MEMBERS: usize = 1 << 20;

/// An open archive; members are unpacked on demand and counted against one budget.
pub(super) struct Archive<'a> {
    path: PathBuf,
    zip: ZipArchive<Cursor<&'a [u8]>>,
    expected: &'static str,
    left: u64,
}

impl<'a> Archive<'a> {
    /// Opens the archive in `bytes`; `expected` names the format in messages.
    pub(super) fn open(path: &Path, bytes: &'a [u8], expected: &'static str) -> Result<Self, FileError> {
        let refused = |reason: String| FileError::Format { path: path.to_owned(), expected, reason };
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| refused(error.to_string()))?;
        if zip.len() > MAX_MEMBERS {
            return Err(refused(format!("it has {} members; at most {MAX_MEMBERS} are read", zip.len())));
        }
        Ok(Self { path: path.to_owned(), zip, expected, left: MAX_TOTAL })
    }

    /// Names of all members, sorted, with their indices.
    pub(super) fn names(&self) -> BTreeMap<String, usize> {
        (0..self.zip.len()).filter_map(|i| Some((self.zip.name_for_index(i)?.ok()?.into_owned(), i))).collect()
    }

    /// The bytes of a member, at most `limit` of them.
    ///
    /// The buffer grows with what is really unpacked, never with what the directory states.
    pub(super) fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let (path, expected) = (self.path.clone(), self.expected);
        let refused = |reason: String| FileError::Format { path: path.clone(), expected, reason };
        let mut member = self.zip.by_name(name).map_err(|error| refused(format!("member `{name}`: {error}")))?;
        let (packed, stated) = (member.compressed_size(), member.size());
        if stated > limit {
            return Err(refused(format!("member `{name}` states {stated} bytes; at most {limit} belong there")));
        }
        if stated > self.left {
            return Err(refused(format!("its members hold more than {MAX_TOTAL} bytes")));
        }
        let bomb = |size: u64| size > SMALL.min(limit) && size / packed.max(1) > MAX_RATIO;
        if bomb(stated) {
            return Err(refused(format!("member `{name}` unpacks {packed} bytes to {stated}, like a zip bomb")));
        }
        let mut bytes = Vec::new();
        let read = member.by_ref().take(stated + 1).read_to_end(&mut bytes);
        read.map_err(|error| refused(format!("member `{name}`: {error}")))?;
        if bytes.len() as u64 != stated {
            return Err(refused(format!("member `{name}` has not the {stated} bytes that the directory states")));
        }
        self.left -= stated;
        Ok(bytes)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    use super::*;

    /// An archive of the given members.
    pub(in crate::import) fn zipped(method: CompressionMethod, members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn stored_and_deflated_members_are_the_same_bytes() {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let bytes = zipped(method, &[("a", &[7; 1000]), ("b", b"")]);
            let mut archive = Archive::open(Path::new("x.npz"), &bytes, "archive").unwrap();
            assert_eq!(archive.names().into_keys().collect::<Vec<_>>(), ["a", "b"]);
            assert_eq!(archive.read("a", 1000).unwrap(), [7; 1000]);
            assert!(archive.read("a", 999).unwrap_err().to_string().contains("states 1000 bytes; at most 999"));
            assert!(archive.read("c", 10).unwrap_err().to_string().contains("member `c`"));
        }
    }

    #[test]
    fn a_size_that_the_directory_lies_about_is_refused() {
        let bytes = zipped(CompressionMethod::Stored, &[("a", b"0123456789")]);
        for (position, window) in bytes.windows(4).enumerate() {
            if window != [10, 0, 0, 0] {
                continue;
            }
            for size in [0u32, 9, 11, 1 << 30, u32::MAX - 1] {
                let mut changed = bytes.clone();
                changed[position..position + 4].copy_from_slice(&size.to_le_bytes());
                if let Ok(mut archive) = Archive::open(Path::new("x"), &changed, "archive")
                    && let Ok(read) = archive.read("a", 1 << 31)
                {
                    assert_eq!(read, b"0123456789", "a local header that nobody reads");
                }
            }
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let bytes = zipped(CompressionMethod::Deflated, &[("a", &vec![0u8; 4 << 20])]);
        let start = bytes.windows(4).rposition(|window| window == [0, 0, 0x40, 0]).unwrap();
        let mut changed = bytes;
        changed[start..start + 4].copy_from_slice(&(3u32 << 30).to_le_bytes());
        let mut archive = Archive::open(Path::new("x.npz"), &changed, "archive").unwrap();
        let error = archive.read("a", 8 << 30).unwrap_err().to_string();
        assert!(error.contains("like a zip bomb"), "{error}");
    }
}
