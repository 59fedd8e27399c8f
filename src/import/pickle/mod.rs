//! A pickle reader that executes nothing.
//!
//! A pickle is a program for a stack machine, and Python's own machine calls whatever function
//! it names. This one knows a fixed list of names ([`globals`]) that only ever build inert
//! values: tensors, plain containers, and records of known module classes. Every other name and
//! every opcode outside the list ends the reading with its name and position.
//!
//! Values live in one arena and refer to each other by index, so shared and even cyclic objects
//! cost no more memory than the bytes that describe them and nothing recurses.

mod calls;
mod globals;
mod machine;
mod reader;

pub(super) use machine::read_pickle;

use std::sync::Arc;

use super::tensor::Dtype;

/// A value of the pickle; containers are indices of [`Pickle::objects`].
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    /// Up to 16 bytes, which holds the magic number of PyTorch's legacy files.
    Int(i128),
    Float(f64),
    Text(Arc<str>),
    Object(usize),
    Global(globals::Global),
}

/// What an index of the arena stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    Tuple(Vec<Value>),
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    /// An instance of a known class with the state it was saved with.
    Record {
        class: &'static str,
        state: Option<Value>,
    },
    Storage(StorageRef),
    Tensor(TensorRef),
}

/// A storage that the container holds under `key`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StorageRef {
    /// `None` for untyped storages, which count bytes.
    pub(super) dtype: Option<Dtype>,
    pub(super) key: Arc<str>,
    pub(super) elements: usize,
}

/// A tensor before its storage is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TensorRef {
    pub(super) dtype: Dtype,
    pub(super) storage: StorageRef,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// Everything that one pickle built.
#[derive(Clone, Debug)]
pub(super) struct Pickle {
    pub(super) objects: Vec<Object>,
    pub(super) root: Value,
    /// Bytes that the pickle took.
    pub(super) length: usize,
}

impl Pickle {
    /// The object behind a value, if it is one.
    pub(super) fn object(&self, value: &Value) -> Option<&Object> {
        match value {
            Value::Object(index) => self.objects.get(*index),
            _ => None,
        }
    }

    /// The entries of a dictionary with text keys; integer keys are written out.
    pub(super) fn entries(&self, value: &Value) -> Option<Vec<(String, &Value)>> {
        let Some(Object::Dict(entries)) = self.object(value) else { return None };
        let key = |value: &Value| match value {
            Value::Text(text) => Some(text.to_string()),
            Value::Int(number) => Some(number.to_string()),
            _ => None,
        };
        entries.iter().map(|(name, value)| Some((key(name)?, value))).collect()
    }

    /// The value under `name` in a dictionary.
    pub(super) fn get(&self, value: &Value, name: &str) -> Option<&Value> {
        let Some(Object::Dict(entries)) = self.object(value) else { return None };
        entries
            .iter()
            .rev()
            .find(|(key, _)| matches!(key, Value::Text(text) if &**text == name))
            .map(|(_, value)| value)
    }
}

/// Why a pickle was not read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("pickle, byte {at}: {kind}")]
pub struct PickleError {
    /// Position in the pickle.
    pub at: usize,
    /// What is wrong there.
    pub kind: PickleProblem,
}

/// The reasons.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PickleProblem {
    /// A class or function outside the list.
    #[error(
        "it asks for `{0}`, which is not on the list of things that import builds (nothing was executed); save `model.state_dict()`, or tensors, numbers and text in plain containers"
    )]
    Global(String),
    /// An opcode outside the list.
    #[error("opcode {0} is outside the set that torch.save writes; save the checkpoint again with torch.save")]
    Opcode(String),
    /// The data end inside the pickle.
    #[error("the file ends in the middle of the pickle; copy it again")]
    Truncated,
    /// The program is not one that a pickler writes.
    #[error("{0}; the file is damaged")]
    Malformed(&'static str),
    /// More than any checkpoint needs.
    #[error("more than {limit} {what}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        limit: usize,
    },
}
