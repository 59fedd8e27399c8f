//! What a pickle may call: constructors of inert values.

use std::sync::Arc;

use super::globals::Global;
use super::machine::Machine;
use super::{Object, PickleError, StorageRef, TensorRef, Value};

impl Machine<'_> {
    /// `callable(*arguments)` for the callables of the list; no code is behind any of them.
    pub(super) fn call(&mut self) -> Result<(), PickleError> {
        let arguments = self.pop()?;
        let callable = self.pop()?;
        let Value::Global(global) = callable else {
            return self.malformed("it calls something that is no class or function of the list");
        };
        // Nothing of the list takes more than eight arguments.
        let Some(arguments) = self.tuple(&arguments).map(|items| items.iter().take(9).cloned().collect::<Vec<_>>())
        else {
            return self.malformed("the arguments of a call are no tuple");
        };
        match (global, arguments.as_slice()) {
            (Global::Dict, []) => self.push_object(Object::Dict(Vec::new())),
            (Global::Dict, [pairs]) => {
                let Some(pairs) = self.tuple(pairs).map(<[Value]>::to_vec) else {
                    return self.malformed("a dictionary is made of something that is no list of pairs");
                };
                let mut entries = Vec::with_capacity(pairs.len());
                for pair in &pairs {
                    match self.tuple(pair) {
                        Some([key, value]) => entries.push((key.clone(), value.clone())),
                        _ => return self.malformed("a dictionary is made of something that is no list of pairs"),
                    }
                }
                self.push_object(Object::Dict(entries))
            }
            (Global::List, []) => self.push_object(Object::List(Vec::new())),
            (Global::Tuple, []) => self.push_object(Object::Tuple(Vec::new())),
            (Global::List | Global::Tuple, [items]) => match self.tuple(items).map(<[Value]>::to_vec) {
                Some(items) if global == Global::List => self.push_object(Object::List(items)),
                Some(items) => self.push_object(Object::Tuple(items)),
                None => self.malformed("a list is made of something that is none"),
            },
            (Global::RebuildTensor, [storage, offset, shape, strides, ..]) => {
                let tensor = self.rebuild(storage, offset, shape, strides)?;
                self.push_object(Object::Tensor(tensor))
            }
            (Global::RebuildParameter, [tensor, ..]) => {
                let tensor = tensor.clone();
                self.push(tensor)
            }
            (Global::Record(class), _) => self.push_object(Object::Record { class, state: None }),
            _ => self.malformed("a call has arguments that do not fit"),
        }
    }

    fn rebuild(
        &self,
        storage: &Value,
        offset: &Value,
        shape: &Value,
        strides: &Value,
    ) -> Result<TensorRef, PickleError> {
        let storage = match storage {
            Value::Object(index) => match self.objects.get(*index) {
                Some(Object::Storage(storage)) => storage.clone(),
                _ => return self.malformed("a tensor is built on something that is no storage"),
            },
            _ => return self.malformed("a tensor is built on something that is no storage"),
        };
        let size = |value: &Value| match value {
            Value::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        };
        let sizes = |value: &Value| {
            let items = self.tuple(value)?;
            (items.len() <= 16).then(|| items.iter().map(size).collect::<Option<Vec<usize>>>())?
        };
        let (Some(offset), Some(shape), Some(strides)) = (size(offset), sizes(shape), sizes(strides)) else {
            return self.malformed("a tensor's offset, shape or strides are no sizes");
        };
        let Some(dtype) = storage.dtype else {
            return self.malformed("a tensor is built on an untyped storage");
        };
        Ok(TensorRef { dtype, storage, offset, shape, strides })
    }

    /// `__setstate__`: kept for records, dropped for ordered dictionaries (their `_metadata`).
    pub(super) fn build(&mut self) -> Result<(), PickleError> {
        let state = self.pop()?;
        match self.target()? {
            Object::Record { state: slot, .. } => {
                *slot = Some(state);
                Ok(())
            }
            Object::Dict(_) => Ok(()),
            _ => self.malformed("it sets the state of a plain value"),
        }
    }

    /// A persistent id is `("storage", class, key, device, elements[, view])`.
    pub(super) fn persistent(&mut self) -> Result<(), PickleError> {
        let id = self.pop()?;
        let storage = match self.tuple(&id) {
            Some(
                [
                    Value::Text(kind),
                    Value::Global(Global::Storage(dtype)),
                    Value::Text(key),
                    _,
                    Value::Int(elements),
                    view @ ..,
                ],
            ) if &**kind == "storage" && matches!(view, [] | [Value::None]) => usize::try_from(*elements)
                .ok()
                .map(|elements| StorageRef { dtype: *dtype, key: Arc::clone(key), elements }),
            _ => None,
        };
        match storage {
            Some(storage) => self.push_object(Object::Storage(storage)),
            None => self.malformed("a persistent id is not one of a tensor storage"),
        }
    }
}
