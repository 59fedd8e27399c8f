//! safetensors files with a format name, a version and checked tensors.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bytemuck::AnyBitPattern;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use safetensors::{SafeTensors, View};
use sha2::{Digest, Sha256};

use super::{FileError, write_atomically};

/// The SHA-256 of `bytes` in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A safetensors file in memory: its bytes, its metadata and a reader for its tensors.
#[derive(Clone, Debug)]
pub struct TensorFile {
    path: PathBuf,
    bytes: Vec<u8>,
    metadata: HashMap<String, String>,
    /// The header, parsed once.
    header: Metadata,
    /// Where the tensors' bytes begin.
    data: usize,
}

impl TensorFile {
    /// Reads `path` and checks that it is a safetensors file with metadata.
    ///
    /// # Errors
    /// [`FileError::Read`] and [`FileError::Format`].
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let bytes = std::fs::read(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        Self::from_bytes(path, bytes)
    }

    /// The same for bytes already in memory; `path` is used in messages only.
    ///
    /// # Errors
    /// [`FileError::Format`].
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, FileError> {
        let refused =
            |reason: String| FileError::Format { path: path.to_owned(), expected: "safetensors file", reason };
        // This checks that the data behind the header are all there, too.
        let (length, header) = SafeTensors::read_metadata(&bytes).map_err(|error| refused(error.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        Ok(Self { path: path.to_owned(), bytes, metadata, header, data: size_of::<u64>() + length })
    }

    /// The file's path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The SHA-256 of the whole file in hexadecimal.
    pub fn sha256(&self) -> String {
        sha256_hex(&self.bytes)
    }

    /// The `format` entry of the metadata.
    ///
    /// # Errors
    /// [`FileError::Field`] when there is none, which is so for files of other programs.
    pub fn format(&self) -> Result<&str, FileError> {
        self.metadata.get("format").map(String::as_str).ok_or_else(|| {
            self.field_error(
                "metadata entry `format`",
                "missing, so this is not a model written by difflut (a file of plain weights holds no configuration)",
            )
        })
    }

    /// Checks the `version` entry of the metadata.
    ///
    /// # Errors
    /// [`FileError::Version`] with both numbers.
    pub fn check_version(&self, supported: &'static str) -> Result<(), FileError> {
        match self.metadata.get("version") {
            Some(found) if found == supported => Ok(()),
            found => Err(FileError::Version {
                path: self.path.clone(),
                found: found.cloned().unwrap_or_else(|| "missing".into()),
                supported,
            }),
        }
    }

    /// A metadata entry, if present.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// A metadata entry parsed as JSON.
    ///
    /// # Errors
    /// [`FileError::Field`] when it is missing or does not parse.
    pub fn json<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<T, FileError> {
        let field = format!("metadata entry `{key}`");
        let text = self.metadata(key).ok_or_else(|| self.field_error(&field, "missing"))?;
        serde_json::from_str(text).map_err(|error| self.field_error(&field, error))
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.header.offset_keys();
        names.sort();
        names
    }

    /// The shape of a tensor.
    ///
    /// # Errors
    /// [`FileError::Field`] when it is missing.
    pub fn shape(&self, name: &str) -> Result<Vec<usize>, FileError> {
        Ok(self.info(name)?.0.shape.clone())
    }

    /// The values of a float32 tensor of the given shape; NaN and infinity are refused.
    ///
    /// # Errors
    /// [`FileError::Field`] with what was found and what is expected.
    pub fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, FileError> {
        let values: Vec<f32> = self.values(name, Dtype::F32, shape)?;
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(self.field_error(
                &format!("tensor `{name}`"),
                format!("element {index} is {}; weights must be finite", values[index]),
            )),
            None => Ok(values),
        }
    }

    /// The values of a uint32 tensor of the given shape, each below `limit`.
    ///
    /// # Errors
    /// [`FileError::Field`] with what was found and what is expected.
    pub fn indices(&self, name: &str, shape: &[usize], limit: usize) -> Result<Vec<u32>, FileError> {
        let values: Vec<u32> = self.values(name, Dtype::U32, shape)?;
        match values.iter().position(|&value| value as usize >= limit) {
            Some(index) => Err(self.field_error(
                &format!("tensor `{name}`"),
                format!("element {index} is {}; allowed are 0 to {}", values[index], limit as i64 - 1),
            )),
            None => Ok(values),
        }
    }

    /// The values of a uint8 tensor of the given shape.
    ///
    /// # Errors
    /// [`FileError::Field`] with what was found and what is expected.
    pub fn bytes(&self, name: &str, shape: &[usize]) -> Result<Vec<u8>, FileError> {
        self.values(name, Dtype::U8, shape)
    }

    /// The values of a uint64 tensor of the given shape.
    ///
    /// # Errors
    /// [`FileError::Field`] with what was found and what is expected.
    pub fn words(&self, name: &str, shape: &[usize]) -> Result<Vec<u64>, FileError> {
        self.values(name, Dtype::U64, shape)
    }

    /// An error about one field of this file.
    pub fn field_error(&self, field: &str, problem: impl ToString) -> FileError {
        FileError::Field { path: self.path.clone(), field: field.to_owned(), problem: problem.to_string() }
    }

    /// The header's entry of a tensor, and its bytes.
    fn info(&self, name: &str) -> Result<(&TensorInfo, &[u8]), FileError> {
        let found = self.header.info(name).and_then(|info| {
            let (start, end) = info.data_offsets;
            Some((info, self.bytes.get(self.data..)?.get(start..end)?))
        });
        found.ok_or_else(|| {
            self.field_error(&format!("tensor `{name}`"), format!("missing; the file holds {}", list(&self.names())))
        })
    }

    fn values<T: AnyBitPattern>(&self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<Vec<T>, FileError> {
        let (info, bytes) = self.info(name)?;
        if info.dtype != dtype || info.shape != shape {
            return Err(self.field_error(
                &format!("tensor `{name}`"),
                format!("found {:?} {:?}, expected {dtype:?} {shape:?}", info.dtype, info.shape),
            ));
        }
        // A tensor may start at any byte, so the values are copied rather than cast in place.
        Ok(bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect())
    }
}

/// At most eight names, then how many more.
fn list(names: &[String]) -> String {
    let shown = names.iter().take(8).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "no tensors".into(),
        n if n > 8 => format!("{shown} and {} more", n - 8),
        _ => shown,
    }
}

/// Collects tensors and metadata and writes them as one safetensors file.
///
/// The same content gives the same bytes: tensors are sorted by type and name, metadata by key.
#[derive(Clone, Debug, Default)]
pub struct TensorFileWriter {
    tensors: Vec<(String, StoredTensor)>,
    metadata: HashMap<String, String>,
}

#[derive(Clone, Debug)]
struct StoredTensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for StoredTensor {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        self.bytes.as_slice().into()
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

impl TensorFileWriter {
    /// An empty file of the given format and version.
    pub fn new(format: &str, version: &str) -> Self {
        let metadata = HashMap::from([("format".into(), format.into()), ("version".into(), version.into())]);
        Self { tensors: Vec::new(), metadata }
    }

    /// Adds a metadata entry.
    pub fn metadata(&mut self, key: &str, value: String) {
        self.metadata.insert(key.into(), value);
    }

    /// Adds a float32 tensor.
    pub fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        self.add(name, Dtype::F32, shape, bytemuck::cast_slice(values));
    }

    /// Adds a uint32 tensor.
    pub fn indices(&mut self, name: &str, shape: &[usize], values: &[u32]) {
        self.add(name, Dtype::U32, shape, bytemuck::cast_slice(values));
    }

    /// Adds an int64 tensor.
    pub fn integers(&mut self, name: &str, shape: &[usize], values: &[i64]) {
        self.add(name, Dtype::I64, shape, bytemuck::cast_slice(values));
    }

    /// Adds a uint8 tensor.
    pub fn bytes(&mut self, name: &str, shape: &[usize], values: &[u8]) {
        self.add(name, Dtype::U8, shape, values);
    }

    /// Adds a uint64 tensor.
    pub fn words(&mut self, name: &str, shape: &[usize], values: &[u64]) {
        self.add(name, Dtype::U64, shape, bytemuck::cast_slice(values));
    }

    fn add(&mut self, name: &str, dtype: Dtype, shape: &[usize], bytes: &[u8]) {
        self.tensors.push((name.to_owned(), StoredTensor { dtype, shape: shape.to_vec(), bytes: bytes.to_vec() }));
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// A sentence when a shape does not match its values; that is a mistake of the caller.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        // safetensors writes the metadata in the order of its map, which for more than one entry
        // differs from run to run; so the header is written here, in sorted order.
        let mut tensors: Vec<&(String, StoredTensor)> = self.tensors.iter().collect();
        tensors.sort_by(|a, b| (b.1.dtype.bitsize(), &a.0).cmp(&(a.1.dtype.bitsize(), &b.0)));
        let mut header = serde_json::Map::new();
        let metadata: std::collections::BTreeMap<_, _> = self.metadata.iter().collect();
        header.insert("__metadata__".into(), serde_json::to_value(metadata).map_err(|error| error.to_string())?);
        let mut offset = 0;
        for (name, tensor) in &tensors {
            let cells: usize = tensor.shape.iter().product();
            if cells * tensor.dtype.bitsize() / 8 != tensor.bytes.len() {
                return Err(format!(
                    "tensor `{name}` has {} bytes, not those of the shape {:?}",
                    tensor.bytes.len(),
                    tensor.shape
                ));
            }
            let end = offset + tensor.bytes.len();
            header.insert(
                name.clone(),
                serde_json::json!({ "dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [offset, end] }),
            );
            offset = end;
        }
        let mut text = serde_json::to_vec(&header).map_err(|error| error.to_string())?;
        // The format asks for data aligned to eight bytes.
        text.resize(text.len().next_multiple_of(8), b' ');
        let mut bytes = Vec::with_capacity(8 + text.len() + offset);
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&text);
        for (_, tensor) in tensors {
            bytes.extend_from_slice(&tensor.bytes);
        }
        Ok(bytes)
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// [`FileError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        let bytes = self
            .to_bytes()
            .map_err(|reason| FileError::Write { path: path.to_owned(), source: std::io::Error::other(reason) })?;
        write_atomically(path, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> TensorFileWriter {
        let mut writer = TensorFileWriter::new("test", "1");
        writer.metadata("config", r#"{"a":1}"#.into());
        writer.floats("weights", &[2, 2], &[1.0, 2.0, 3.0, 4.0]);
        writer.bytes("flags", &[3], &[1, 0, 1]);
        writer.indices("wiring", &[2], &[5, 6]);
        writer
    }

    fn reopen(bytes: Vec<u8>) -> Result<TensorFile, FileError> {
        TensorFile::from_bytes(Path::new("m.safetensors"), bytes)
    }

    #[test]
    fn what_is_written_is_read_back_and_twice_the_same() {
        let bytes = sample().to_bytes().unwrap();
        assert_eq!(bytes, sample().to_bytes().unwrap());
        let file = reopen(bytes).unwrap();
        assert_eq!(file.format().unwrap(), "test");
        assert_eq!(file.floats("weights", &[2, 2]).unwrap(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(file.indices("wiring", &[2], 7).unwrap(), [5, 6]);
        assert_eq!(file.bytes("flags", &[3]).unwrap(), [1, 0, 1]);
        assert_eq!(file.names(), ["flags", "weights", "wiring"]);
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = sample().to_bytes().unwrap();
        for cut in 0..bytes.len() {
            assert!(reopen(bytes[..cut].to_vec()).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn messages_name_file_tensor_found_and_expected() {
        let file = reopen(sample().to_bytes().unwrap()).unwrap();
        let message = file.floats("weights", &[4]).unwrap_err().to_string();
        assert_eq!(message, "`m.safetensors`: tensor `weights`: found F32 [2, 2], expected F32 [4]");
        let message = file.indices("wiring", &[2], 6).unwrap_err().to_string();
        assert_eq!(message, "`m.safetensors`: tensor `wiring`: element 1 is 6; allowed are 0 to 5");
        let message = file.floats("luts", &[4]).unwrap_err().to_string();
        assert!(message.contains("tensor `luts`: missing; the file holds `flags`"), "{message}");
        let message = file.check_version("2").unwrap_err().to_string();
        assert!(message.contains("format version 1, this program reads version 2"), "{message}");
    }

    #[test]
    fn nan_is_refused() {
        let mut writer = sample();
        writer.floats("bad", &[1], &[f32::NAN]);
        let file = reopen(writer.to_bytes().unwrap()).unwrap();
        assert!(file.floats("bad", &[1]).unwrap_err().to_string().contains("element 0 is NaN"));
    }
}
