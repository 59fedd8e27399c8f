//! What `torch.save` writes: the zip container and the legacy one before PyTorch 1.6.
//!
//! zip: `<name>/data.pkl` is the pickle, `<name>/data/<key>` one file per storage,
//! `<name>/byteorder` their byte order. Legacy: pickles of a magic number, a protocol number and
//! system facts, then the object, then the list of storage keys, then for every key the number
//! of elements (8 bytes) and the elements.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::files::FileError;

use super::ImportError;
use super::archive::Archive;
use super::pickle::{Object, Pickle, StorageRef, TensorRef, Value, read_pickle};
use super::tensor::{Dtype, Tensor};

const EXPECTED: &str = "file of torch.save";
/// The first pickle of a legacy file.
const LEGACY_MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;
const MAX_PICKLE: u64 = 512 << 20;

/// A loaded file: the pickle's objects and the bytes of every storage in it.
pub(super) struct TorchFile {
    pub(super) pickle: Pickle,
    storages: BTreeMap<Arc<str>, Arc<Vec<u8>>>,
    big_endian: bool,
}

/// Whether `bytes` begin like a legacy file: protocol 2, then a ten-byte integer.
pub(super) fn is_legacy(bytes: &[u8]) -> bool {
    bytes.len() > 14 && bytes.starts_with(&[0x80, 0x02, 0x8a, 0x0a])
}

fn refused(path: &Path, reason: String) -> ImportError {
    FileError::Format { path: path.to_owned(), expected: EXPECTED, reason }.into()
}

fn pickle_at(path: &Path, bytes: &[u8], at: &mut usize) -> Result<Pickle, ImportError> {
    let rest = bytes.get(*at..).unwrap_or_default();
    let pickle = read_pickle(rest).map_err(|mut source| {
        source.at += *at;
        ImportError::Pickle { path: path.to_owned(), source }
    })?;
    *at += pickle.length;
    Ok(pickle)
}

impl TorchFile {
    /// Reads the zip container.
    pub(super) fn from_zip(path: &Path, bytes: &[u8]) -> Result<Self, ImportError> {
        let mut archive = Archive::open(path, bytes, EXPECTED)?;
        let names = archive.names();
        let is_pickle = |name: &&String| name.as_str() == "data.pkl" || name.ends_with("/data.pkl");
        let Some(main) = names.keys().filter(is_pickle).min_by_key(|name| name.len()).cloned() else {
            return Err(refused(path, "it is a zip archive without a `data.pkl`".into()));
        };
        let folder = main.trim_end_matches("data.pkl").to_owned();
        if names.contains_key(&format!("{folder}constants.pkl")) {
            return Err(ImportError::Unsupported {
                path: path.to_owned(),
                what: "a TorchScript archive".into(),
                remedy: "save the tensors with `torch.save(model.state_dict(), FILE)`".into(),
            });
        }
        let big_endian = match names.contains_key(&format!("{folder}byteorder")) {
            false => false,
            true => match archive.read(&format!("{folder}byteorder"), 16)?.as_slice() {
                b"little" => false,
                b"big" => true,
                other => {
                    let found = String::from_utf8_lossy(other).into_owned();
                    return Err(refused(path, format!("its byte order is `{found}`; allowed are `little` and `big`")));
                }
            },
        };
        let pickle = pickle_at(path, &archive.read(&main, MAX_PICKLE)?, &mut 0)?;
        let mut storages = BTreeMap::new();
        for (key, size) in needed(path, &pickle)? {
            let name = format!("{folder}data/{key}");
            if !names.contains_key(&name) {
                return Err(refused(path, format!("member `{name}` is missing")));
            }
            let data = archive.read(&name, size as u64)?;
            if data.len() != size {
                return Err(refused(
                    path,
                    format!("member `{name}` has {} bytes; its tensors need {size}", data.len()),
                ));
            }
            storages.insert(key, Arc::new(data));
        }
        Ok(Self { pickle, storages, big_endian })
    }

    /// Reads the legacy container.
    pub(super) fn from_legacy(path: &Path, bytes: &[u8]) -> Result<Self, ImportError> {
        let mut at = 0;
        if pickle_at(path, bytes, &mut at)?.root != Value::Int(LEGACY_MAGIC) {
            return Err(refused(path, "it does not begin with torch's magic number".into()));
        }
        let protocol = pickle_at(path, bytes, &mut at)?.root;
        if protocol != Value::Int(1001) {
            return Err(refused(path, format!("its protocol is {protocol:?}; allowed is 1001")));
        }
        let system = pickle_at(path, bytes, &mut at)?;
        if system.get(&system.root, "little_endian") != Some(&Value::Bool(true)) {
            return Err(ImportError::Unsupported {
                path: path.to_owned(),
                what: "a legacy file of a big-endian machine".into(),
                remedy: "load it with PyTorch 1.6 or later and save it again".into(),
            });
        }
        let pickle = pickle_at(path, bytes, &mut at)?;
        let needed = needed(path, &pickle)?;
        let keys = pickle_at(path, bytes, &mut at)?;
        let Some(Object::List(keys)) = keys.object(&keys.root) else {
            return Err(refused(path, "its storage keys are no list".into()));
        };
        let mut storages = BTreeMap::new();
        for key in keys {
            let Value::Text(key) = key else { return Err(refused(path, "a storage key is no text".into())) };
            let Some(&size) = needed.get(key) else {
                return Err(refused(path, format!("storage `{key}` belongs to no tensor")));
            };
            // The element count repeats what the pickle said; the bytes must all be there.
            let data = at.checked_add(8).and_then(|start| bytes.get(start..start.checked_add(size)?));
            let Some(data) = data else {
                return Err(refused(path, format!("it ends within storage `{key}` of {size} bytes")));
            };
            storages.insert(Arc::clone(key), Arc::new(data.to_vec()));
            at += 8 + size;
        }
        if let Some(missing) = needed.keys().find(|key| !storages.contains_key(*key)) {
            return Err(refused(path, format!("storage `{missing}` is missing")));
        }
        Ok(Self { pickle, storages, big_endian: false })
    }

    /// The tensor of a reference, checked against its storage.
    pub(super) fn tensor(&self, reference: &TensorRef) -> Result<Tensor, String> {
        let TensorRef { dtype, storage, offset, shape, strides } = reference;
        let bytes =
            self.storages.get(&storage.key).ok_or_else(|| format!("its storage `{}` is missing", storage.key))?;
        let start = offset.checked_mul(dtype.size()).ok_or("its offset is beyond its storage")?;
        Tensor::new(*dtype, shape.clone(), strides.clone(), start, Arc::clone(bytes), self.big_endian)
    }
}

/// The size in bytes of every storage that the pickle refers to.
fn needed(path: &Path, pickle: &Pickle) -> Result<BTreeMap<Arc<str>, usize>, ImportError> {
    let mut sizes: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for object in &pickle.objects {
        let Object::Storage(StorageRef { dtype, key, elements }) = object else { continue };
        let Some(size) = elements.checked_mul(dtype.map_or(1, Dtype::size)) else {
            return Err(refused(path, format!("storage `{key}` states {elements} elements")));
        };
        match sizes.insert(Arc::clone(key), size) {
            Some(other) if other != size => {
                return Err(refused(
                    path,
                    format!("storage `{key}` has {other} bytes for one tensor and {size} for another"),
                ));
            }
            _ => {}
        }
    }
    Ok(sizes)
}

#[cfg(test)]
#[path = "torch_file_tests.rs"]
mod tests;
