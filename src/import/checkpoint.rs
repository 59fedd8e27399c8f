//! A foreign checkpoint, whatever file it came in: named tensors and what was saved beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safetensors::{Dtype as StDtype, SafeTensors};
use serde_json::Value as Json;

use crate::files::{FileError, nearest, sha256_hex};

use super::ImportError;
use super::npz::{read_array, read_npz};
use super::pickle::{Object, Value};
use super::tensor::{Dtype, Tensor};
use super::torch_file::{TorchFile, is_legacy};
use super::walk::Walk;

/// Keys under which training scripts put the state dict.
const STATE_KEYS: [&str; 5] = ["model_state", "state_dict", "model_state_dict", "model", "net"];
/// Keys under which they put the configuration.
const CONFIG_KEYS: [&str; 4] = ["config", "hparams", "hyper_parameters", "args"];

/// Named tensors with their types and shapes.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    pub(super) path: PathBuf,
    sha256: String,
    /// The state dict, in the file's order where the file has one.
    tensors: BTreeMap<String, Tensor>,
    pub(super) order: Vec<String>,
    /// Tensors beside the state dict: attributes of modules, entries of the outer dictionary.
    pub(super) extra: BTreeMap<String, Tensor>,
    /// Numbers among the attributes of modules, such as `4.k`.
    pub(super) numbers: BTreeMap<String, f64>,
    /// Classes of the modules of a whole saved model, by name.
    pub(super) classes: Vec<(String, &'static str)>,
    pub(super) config: Option<Json>,
}

impl Checkpoint {
    /// Reads `.pth`/`.pt` (zip and legacy), `.safetensors` or `.npz`, told apart by content.
    ///
    /// # Errors
    /// [`ImportError`] with the file and the reason.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let bytes = std::fs::read(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        Self::from_bytes(path, bytes)
    }

    /// The same for bytes already in memory; `path` is used in messages only.
    ///
    /// # Errors
    /// [`ImportError`] with the file and the reason.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, ImportError> {
        let sha256 = sha256_hex(&bytes);
        let mut checkpoint = Self {
            path: path.to_owned(),
            sha256,
            tensors: BTreeMap::new(),
            order: Vec::new(),
            extra: BTreeMap::new(),
            numbers: BTreeMap::new(),
            classes: Vec::new(),
            config: None,
        };
        if bytes.starts_with(b"PK\x03\x04") {
            match read_npz_or_torch(path, &bytes)? {
                Zip::Npz(arrays) => arrays.into_iter().for_each(|(name, tensor)| checkpoint.insert(name, tensor)),
                Zip::Torch(file) => checkpoint.take_torch(&file)?,
            }
        } else if is_legacy(&bytes) {
            checkpoint.take_torch(&TorchFile::from_legacy(path, &bytes)?)?;
        } else if bytes.starts_with(b"\x93NUMPY") {
            let tensor = read_array(bytes).map_err(|problem| FileError::Field {
                path: path.to_owned(),
                field: "array".into(),
                problem,
            })?;
            checkpoint.insert("array".into(), tensor);
        } else {
            checkpoint.take_safetensors(bytes)?;
        }
        checkpoint.strip_wrappers();
        Ok(checkpoint)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The SHA-256 of the whole file in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Names of the state dict's tensors: in the order of the file, or with numbers counted.
    pub fn names(&self) -> &[String] {
        &self.order
    }

    /// A tensor of the state dict.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// A tensor that was saved beside the state dict.
    pub fn extra(&self, name: &str) -> Option<&Tensor> {
        self.extra.get(name)
    }

    /// A number among the attributes of a saved model's modules.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.numbers.get(name).copied()
    }

    /// The same, where it is a count.
    pub fn count(&self, name: &str) -> Option<u32> {
        self.number(name)
            .filter(|number| number.fract() == 0.0 && (1.0..=4e9).contains(number))
            .map(|number| number as u32)
    }

    /// Names and classes of a saved model's modules, in order.
    pub fn classes(&self) -> &[(String, &'static str)] {
        &self.classes
    }

    /// The configuration that was saved beside the state dict.
    pub fn config(&self) -> Option<&Json> {
        self.config.as_ref()
    }

    /// A tensor of the state dict or saved beside it.
    ///
    /// # Errors
    /// [`ImportError::Tensor`] when there is none, with the nearest name.
    pub fn tensor(&self, name: &str) -> Result<&Tensor, ImportError> {
        self.get(name).or_else(|| self.extra(name)).ok_or_else(|| {
            let hint = match nearest(name, self.order.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the file holds {} tensors", self.order.len()),
            };
            self.tensor_error(name, "no such tensor", hint)
        })
    }

    /// The finite float32 values of a tensor of the given shape.
    ///
    /// # Errors
    /// [`ImportError::Tensor`].
    pub fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ImportError> {
        let tensor = self.tensor(name)?;
        if tensor.shape() != shape {
            return Err(self.tensor_error(name, tensor.describe(), format!("expected {shape:?}")));
        }
        self.all_floats(name)
    }

    /// The finite float32 values of a tensor of any shape.
    ///
    /// # Errors
    /// [`ImportError::Tensor`].
    pub fn all_floats(&self, name: &str) -> Result<Vec<f32>, ImportError> {
        let tensor = self.tensor(name)?;
        let Some(values) = tensor.f32s() else {
            let remedy = "weights must be float32, since other types round differently; save `model.float()`";
            return Err(self.tensor_error(name, tensor.describe(), remedy));
        };
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => {
                Err(self.tensor_error(name, format!("{} at element {index}", values[index]), "weights must be finite"))
            }
            None => Ok(values),
        }
    }

    /// The integers of a tensor of the given shape, each below `limit`.
    ///
    /// # Errors
    /// [`ImportError::Tensor`].
    pub fn indices(&self, name: &str, shape: &[usize], limit: usize) -> Result<Vec<u32>, ImportError> {
        let tensor = self.tensor(name)?;
        if tensor.shape() != shape {
            return Err(self.tensor_error(name, tensor.describe(), format!("expected {shape:?}")));
        }
        let Some(values) = tensor.i64s() else {
            return Err(self.tensor_error(name, tensor.describe(), "indices must be integers"));
        };
        let out_of_range = |value: i64| value < 0 || value as u64 >= limit as u64 || value > i64::from(u32::MAX);
        match values.iter().position(|&value| out_of_range(value)) {
            Some(index) => Err(self.tensor_error(
                name,
                format!("{} at element {index}", values[index]),
                format!("allowed are 0 to {}, the columns of the part before", limit as i64 - 1),
            )),
            None => Ok(values.into_iter().map(|value| value as u32).collect()),
        }
    }

    /// An error about one tensor of this file.
    pub fn tensor_error(&self, tensor: &str, found: impl Into<String>, allowed: impl Into<String>) -> ImportError {
        ImportError::Tensor {
            path: self.path.clone(),
            tensor: tensor.to_owned(),
            found: found.into(),
            allowed: allowed.into(),
        }
    }

    pub(super) fn insert(&mut self, name: String, tensor: Tensor) {
        if self.tensors.insert(name.clone(), tensor).is_none() {
            self.order.push(name);
        }
    }

    fn take_safetensors(&mut self, bytes: Vec<u8>) -> Result<(), ImportError> {
        let path = self.path.clone();
        let refused = |reason: String| FileError::Format {
            path: path.clone(),
            expected: "checkpoint (torch.save file, .safetensors or .npz)",
            reason,
        };
        let storage = Arc::new(bytes);
        let file = SafeTensors::deserialize(&storage)
            .map_err(|error| refused(not_a_checkpoint(&storage).unwrap_or_else(|| error.to_string())))?;
        let base = storage.as_ptr() as usize;
        let mut names: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
        names.sort_by(|a, b| natural(a).cmp(&natural(b)));
        for name in names {
            let view = file.tensor(&name).map_err(|error| refused(error.to_string()))?;
            let dtype = match view.dtype() {
                StDtype::BOOL => Dtype::Bool,
                StDtype::U8 => Dtype::U8,
                StDtype::I8 => Dtype::I8,
                StDtype::I16 => Dtype::I16,
                StDtype::U16 => Dtype::U16,
                StDtype::I32 => Dtype::I32,
                StDtype::U32 => Dtype::U32,
                StDtype::I64 => Dtype::I64,
                StDtype::U64 => Dtype::U64,
                StDtype::F16 => Dtype::F16,
                StDtype::BF16 => Dtype::Bf16,
                StDtype::F32 => Dtype::F32,
                StDtype::F64 => Dtype::F64,
                other => {
                    return Err(self.tensor_error(
                        &name,
                        format!("{other:?}"),
                        "allowed are bool, integers and floats",
                    ));
                }
            };
            let start = view.data().as_ptr() as usize - base;
            let tensor = Tensor::contiguous(dtype, view.shape().to_vec(), start, Arc::clone(&storage))
                .map_err(|problem| self.tensor_error(&name, problem, "a view inside its storage is expected"))?;
            self.insert(name, tensor);
        }
        Ok(())
    }

    fn take_torch(&mut self, file: &TorchFile) -> Result<(), ImportError> {
        let root = &file.pickle.root;
        let mut walk = Walk::new(file, self);
        if let Some(Object::Record { .. }) = file.pickle.object(root) {
            return walk.module(root, "", 0);
        }
        let Some(entries) = file.pickle.entries(root) else {
            return Err(walk.shape_error("its pickle is neither a dictionary nor a module"));
        };
        let is_tensor = |value: &Value| matches!(file.pickle.object(value), Some(Object::Tensor(_)));
        if entries.iter().any(|(_, value)| is_tensor(value)) {
            return walk.state_dict(root);
        }
        let holds_tensors = |value: &Value| {
            matches!(file.pickle.object(value), Some(Object::Record { .. }))
                || file.pickle.entries(value).is_some_and(|entries| entries.iter().any(|(_, value)| is_tensor(value)))
        };
        let inner = STATE_KEYS
            .iter()
            .find_map(|key| entries.iter().find(|(name, value)| name == key && holds_tensors(value)))
            .or_else(|| entries.iter().find(|(_, value)| holds_tensors(value)));
        let Some((name, inner)) = inner else {
            if entries.is_empty() || entries.iter().all(|(name, _)| STATE_KEYS.contains(&name.as_str())) {
                // The state dict of a module without tensors, such as an encoder.
                return Ok(());
            }
            return Err(walk.shape_error("no entry of its dictionary holds tensors"));
        };
        let (name, inner) = (name.clone(), (*inner).clone());
        match file.pickle.object(&inner) {
            Some(Object::Record { .. }) => walk.module(&inner, "", 0)?,
            _ => walk.state_dict(&inner)?,
        }
        for (other, value) in &entries {
            if *other == name {
                continue;
            }
            if CONFIG_KEYS.contains(&other.as_str()) {
                walk.checkpoint.config = walk.json(value, 0);
            } else {
                walk.extras(value, other, 0)?;
            }
        }
        Ok(())
    }

    /// Removes prefixes of wrappers (`DataParallel`, `torch.compile`) that all names share.
    fn strip_wrappers(&mut self) {
        for prefix in ["module.", "_orig_mod."] {
            if !self.order.is_empty() && self.order.iter().all(|name| name.starts_with(prefix)) {
                let strip = |name: &String| name.strip_prefix(prefix).unwrap_or(name).to_owned();
                self.tensors = std::mem::take(&mut self.tensors).into_iter().map(|(n, t)| (strip(&n), t)).collect();
                self.order = self.order.iter().map(strip).collect();
            }
        }
    }
}

enum Zip {
    Npz(Vec<(String, Tensor)>),
    Torch(TorchFile),
}

fn read_npz_or_torch(path: &Path, bytes: &[u8]) -> Result<Zip, ImportError> {
    match TorchFile::from_zip(path, bytes) {
        Err(ImportError::File(FileError::Format { reason, .. })) if reason.contains("without a `data.pkl`") => {
            let arrays = read_npz(path, bytes)?;
            if arrays.is_empty() {
                return Err(FileError::Format {
                    path: path.to_owned(),
                    expected: "checkpoint",
                    reason: "it is a zip archive without `data.pkl` (torch.save) and without `.npy` arrays".into(),
                }
                .into());
            }
            Ok(Zip::Npz(arrays))
        }
        other => Ok(Zip::Torch(other?)),
    }
}

/// A name with its numbers as numbers, so that `nodes.10` comes after `nodes.9`.
pub(super) fn natural(name: &str) -> Vec<(bool, u64, &str)> {
    name.split('.')
        .map(|part| match part.parse() {
            Ok(number) => (false, number, ""),
            Err(_) => (true, 0, part),
        })
        .collect()
}
/// What bytes are that cannot be safetensors; `None` where only their header is damaged.
fn not_a_checkpoint(bytes: &[u8]) -> Option<String> {
    // safetensors begins with the length of its header, which is JSON.
    if let Some((length, rest)) = bytes.split_first_chunk::<8>()
        && u64::from_le_bytes(*length) <= rest.len() as u64
        && rest.first() == Some(&b'{')
    {
        return None;
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(12)]).escape_debug().to_string();
    let what = match bytes {
        // Protocols 2 to 5 begin with their number.
        [0x80, 2..=5, ..] => "it is a bare pickle, not what torch.save writes".into(),
        [0x1f, 0x8b, ..] => "it is compressed with gzip; unpack it first".into(),
        [] => "it is empty".into(),
        _ => format!("it begins with \"{start}\" and is none of these"),
    };
    Some(format!("{what}; save the tensors with `torch.save(model.state_dict(), FILE)` or as safetensors"))
}
