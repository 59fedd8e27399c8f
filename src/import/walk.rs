//! A walk through the containers of a torch.save file.

use serde_json::Value as Json;

use crate::files::FileError;

use super::pickle::{Object, Value};
use super::tensor::Tensor;
use super::torch_file::TorchFile;
use super::{Checkpoint, ImportError};

/// Steps of walking through a pickle's containers: cycles and sharing end here.
const MAX_STEPS: usize = 1 << 24;
const MAX_DEPTH: usize = 64;

/// Goes through the containers of a pickle within a budget.
pub(super) struct Walk<'a> {
    file: &'a TorchFile,
    steps: usize,
    pub(super) checkpoint: &'a mut Checkpoint,
}

impl<'a> Walk<'a> {
    pub(super) fn new(file: &'a TorchFile, checkpoint: &'a mut Checkpoint) -> Self {
        Self { file, steps: 0, checkpoint }
    }

    pub(super) fn shape_error(&self, reason: &str) -> ImportError {
        FileError::Format {
            path: self.checkpoint.path.clone(),
            expected: "checkpoint",
            reason: format!("{reason}; save `model.state_dict()`"),
        }
        .into()
    }

    fn step(&mut self, depth: usize) -> Result<(), ImportError> {
        self.steps += 1;
        if depth > MAX_DEPTH || self.steps > MAX_STEPS {
            return Err(self.shape_error("its containers are nested or shared beyond any model"));
        }
        Ok(())
    }

    fn tensor(&self, name: &str, value: &Value) -> Option<Result<Tensor, ImportError>> {
        let Some(Object::Tensor(reference)) = self.file.pickle.object(value) else { return None };
        Some(
            self.file.tensor(reference).map_err(|problem| {
                self.checkpoint.tensor_error(name, problem, "a view inside its storage is expected")
            }),
        )
    }

    pub(super) fn state_dict(&mut self, dict: &Value) -> Result<(), ImportError> {
        let file = self.file;
        for (name, value) in file.pickle.entries(dict).unwrap_or_default() {
            self.step(0)?;
            match self.tensor(&name, value) {
                Some(tensor) => {
                    let tensor = tensor?;
                    self.checkpoint.insert(name, tensor);
                }
                None => self.extras(value, &name, 1)?,
            }
        }
        Ok(())
    }

    /// Tensors and numbers outside the state dict, under dotted names.
    pub(super) fn extras(&mut self, value: &Value, name: &str, depth: usize) -> Result<(), ImportError> {
        self.step(depth)?;
        let file = self.file;
        if let Some(tensor) = self.tensor(name, value) {
            let tensor = tensor?;
            self.checkpoint.extra.insert(name.to_owned(), tensor);
            return Ok(());
        }
        match (value, file.pickle.object(value)) {
            (Value::Int(number), _) => {
                self.checkpoint.numbers.insert(name.to_owned(), *number as f64);
            }
            (Value::Float(number), _) => {
                self.checkpoint.numbers.insert(name.to_owned(), *number);
            }
            (_, Some(Object::Tuple(items) | Object::List(items))) if items.len() <= 64 => {
                for (index, item) in items.iter().enumerate() {
                    self.extras(item, &format!("{name}.{index}"), depth + 1)?;
                }
            }
            (_, Some(Object::Dict(_))) => {
                for (key, item) in file.pickle.entries(value).unwrap_or_default() {
                    self.extras(item, &format!("{name}.{key}"), depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A module record: its parameters and buffers as a state dict would name them, its other
    /// attributes beside them.
    pub(super) fn module(&mut self, value: &Value, name: &str, depth: usize) -> Result<(), ImportError> {
        self.step(depth)?;
        let file = self.file;
        let Some(Object::Record { class, state }) = file.pickle.object(value) else {
            return Err(self.shape_error("a module is no record"));
        };
        self.checkpoint.classes.push((name.to_owned(), class));
        let state = match state {
            Some(state) => file.pickle.entries(state).unwrap_or_default(),
            None => Vec::new(),
        };
        let join = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
        for (key, value) in state {
            match key.as_str() {
                "_parameters" | "_buffers" => {
                    for (key, value) in file.pickle.entries(value).unwrap_or_default() {
                        self.step(depth)?;
                        if let Some(tensor) = self.tensor(&join(&key), value) {
                            let tensor = tensor?;
                            self.checkpoint.insert(join(&key), tensor);
                        }
                    }
                }
                "_modules" => {
                    for (key, value) in file.pickle.entries(value).unwrap_or_default() {
                        if *value != Value::None {
                            self.module(value, &join(&key), depth + 1)?;
                        }
                    }
                }
                key if key.starts_with('_') => {}
                key => self.extras(value, &join(key), depth + 1)?,
            }
        }
        Ok(())
    }

    /// Plain values as JSON; anything else is left out.
    pub(super) fn json(&mut self, value: &Value, depth: usize) -> Option<Json> {
        self.step(depth).ok()?;
        let file = self.file;
        match value {
            Value::None | Value::Global(_) => Some(Json::Null),
            Value::Bool(value) => Some((*value).into()),
            Value::Int(value) => i64::try_from(*value).ok().map(Json::from),
            Value::Float(value) => Some((*value).into()),
            Value::Text(text) => Some(text.to_string().into()),
            Value::Object(_) => match file.pickle.object(value)? {
                Object::Tuple(items) | Object::List(items) => {
                    items.iter().map(|item| self.json(item, depth + 1)).collect::<Option<Vec<_>>>().map(Json::from)
                }
                Object::Dict(_) => file
                    .pickle
                    .entries(value)?
                    .into_iter()
                    .map(|(key, item)| Some((key, self.json(item, depth + 1)?)))
                    .collect::<Option<serde_json::Map<_, _>>>()
                    .map(Json::from),
                Object::Record { .. } | Object::Storage(_) | Object::Tensor(_) => Some(Json::Null),
            },
        }
    }
}
