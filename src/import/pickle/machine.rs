//! The stack machine.

use std::collections::BTreeMap;

use super::globals::lookup;
use super::reader::Reader;
use super::{Object, Pickle, PickleError, PickleProblem, Value};

/// Objects and stack entries; a model of a million nodes with four tensors each stays below.
const MAX_OBJECTS: usize = 1 << 24;

/// Reads one pickle from the start of `bytes`.
pub(in crate::import) fn read_pickle(bytes: &[u8]) -> Result<Pickle, PickleError> {
    let mut machine = Machine { reader: Reader::new(bytes), ..Machine::default() };
    let root = machine.run()?;
    Ok(Pickle { objects: machine.objects, root, length: machine.reader.at })
}

pub(super) struct Machine<'a> {
    reader: Reader<'a>,
    pub(super) objects: Vec<Object>,
    stack: Vec<Value>,
    /// Heights of the stack at which marks were set.
    marks: Vec<usize>,
    memo: BTreeMap<usize, Value>,
    /// Items in all containers, so that copying one again and again runs into the limit.
    items: usize,
}

impl Default for Machine<'_> {
    fn default() -> Self {
        Self {
            reader: Reader::new(&[]),
            objects: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: BTreeMap::new(),
            items: 0,
        }
    }
}

impl Machine<'_> {
    fn run(&mut self) -> Result<Value, PickleError> {
        loop {
            let opcode = self.reader.byte()?;
            if opcode == b'.' {
                return self.pop();
            }
            self.step(opcode)?;
            if self.objects.len() + self.stack.len() + self.memo.len() + self.items > 2 * MAX_OBJECTS {
                return Err(self.reader.error(PickleProblem::Limit { what: "objects", limit: 2 * MAX_OBJECTS }));
            }
        }
    }

    fn step(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            0x80 => {
                let protocol = self.reader.byte()?;
                if protocol > 5 {
                    return self.malformed("its protocol is above 5");
                }
                Ok(())
            }
            // A frame only says how much to read ahead.
            0x95 => self.reader.array::<8>().map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(drop),
            b'1' => self.pop_mark().map(drop),
            b'2' => {
                let top = self.top()?;
                self.push(top)
            }
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'I' | b'L' => self.text_integer(),
            b'J' => self.push_integer(4),
            b'K' => {
                let value = self.reader.byte()?;
                self.push(Value::Int(value.into()))
            }
            b'M' => {
                let value = self.reader.length::<2>()?;
                self.push(Value::Int(value as i128))
            }
            0x8a => {
                let count = self.reader.length::<1>()?;
                self.push_integer(count)
            }
            0x8b => {
                let count = self.reader.length::<4>()?;
                self.push_integer(count)
            }
            b'G' => {
                let value = f64::from_be_bytes(self.reader.array()?);
                self.push(Value::Float(value))
            }
            b'F' => {
                let line = self.reader.line()?;
                match line.parse() {
                    Ok(value) => self.push(Value::Float(value)),
                    Err(_) => self.malformed("a float does not parse"),
                }
            }
            0x8c | b'U' => {
                let count = self.reader.length::<1>()?;
                self.push_text(count)
            }
            b'X' | b'T' => {
                let count = self.reader.length::<4>()?;
                self.push_text(count)
            }
            0x8d => {
                let count = self.reader.length::<8>()?;
                self.push_text(count)
            }
            b'V' => {
                let line = self.reader.line()?;
                self.push(Value::Text(line))
            }
            b')' => self.push_object(Object::Tuple(Vec::new())),
            b't' => {
                let items = self.pop_mark()?;
                self.push_object(Object::Tuple(items))
            }
            0x85..=0x87 => {
                let items = self.pop_many(usize::from(opcode - 0x84))?;
                self.push_object(Object::Tuple(items))
            }
            b']' | 0x8f => self.push_object(Object::List(Vec::new())),
            b'l' | 0x91 => {
                let items = self.pop_mark()?;
                self.push_object(Object::List(items))
            }
            b'a' => {
                let item = self.pop()?;
                self.extend_list(vec![item])
            }
            b'e' | 0x90 => {
                let items = self.pop_mark()?;
                self.extend_list(items)
            }
            b'}' => self.push_object(Object::Dict(Vec::new())),
            b'd' => {
                let items = self.pop_mark()?;
                let entries = self.pairs(items)?;
                self.push_object(Object::Dict(entries))
            }
            b's' => {
                let items = self.pop_many(2)?;
                self.extend_dict(items)
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.extend_dict(items)
            }
            b'h' => {
                let key = self.reader.length::<1>()?;
                self.recall(key)
            }
            b'j' => {
                let key = self.reader.length::<4>()?;
                self.recall(key)
            }
            b'g' => {
                let key = self.line_key()?;
                self.recall(key)
            }
            b'q' => {
                let key = self.reader.length::<1>()?;
                self.remember(key)
            }
            b'r' => {
                let key = self.reader.length::<4>()?;
                self.remember(key)
            }
            b'p' => {
                let key = self.line_key()?;
                self.remember(key)
            }
            0x94 => {
                let key = self.memo.len();
                self.remember(key)
            }
            b'c' => {
                let (module, name) = (self.reader.line()?, self.reader.line()?);
                self.push_global(&module, &name)
            }
            0x93 => {
                let name = self.pop()?;
                let module = self.pop()?;
                match (&module, &name) {
                    (Value::Text(module), Value::Text(name)) => {
                        let (module, name) = (module.clone(), name.clone());
                        self.push_global(&module, &name)
                    }
                    _ => self.malformed("a name is not text"),
                }
            }
            b'R' | 0x81 => self.call(),
            b'b' => self.build(),
            b'Q' => self.persistent(),
            other => {
                let shown =
                    if other.is_ascii_graphic() { format!("`{}`", other as char) } else { format!("0x{other:02x}") };
                Err(self.reader.error(PickleProblem::Opcode(opcode_name(other).map_or(shown, str::to_owned))))
            }
        }
    }

    pub(super) fn malformed<T>(&self, what: &'static str) -> Result<T, PickleError> {
        Err(self.reader.error(PickleProblem::Malformed(what)))
    }

    pub(super) fn push(&mut self, value: Value) -> Result<(), PickleError> {
        self.stack.push(value);
        Ok(())
    }

    pub(super) fn push_object(&mut self, object: Object) -> Result<(), PickleError> {
        self.items += match &object {
            Object::Tuple(items) | Object::List(items) => items.len(),
            Object::Dict(entries) => 2 * entries.len(),
            Object::Tensor(tensor) => 2 * tensor.shape.len(),
            Object::Record { .. } | Object::Storage(_) => 0,
        };
        self.objects.push(object);
        self.push(Value::Object(self.objects.len() - 1))
    }

    fn push_integer(&mut self, count: usize) -> Result<(), PickleError> {
        let value = self.reader.integer(count)?;
        self.push(Value::Int(value))
    }

    fn push_text(&mut self, count: usize) -> Result<(), PickleError> {
        let text = self.reader.text(count)?;
        self.push(Value::Text(text))
    }

    fn text_integer(&mut self) -> Result<(), PickleError> {
        let line = self.reader.line()?;
        match &*line {
            "01" => self.push(Value::Bool(true)),
            "00" => self.push(Value::Bool(false)),
            text => match text.trim_end_matches('L').parse() {
                Ok(value) => self.push(Value::Int(value)),
                Err(_) => self.malformed("an integer does not parse"),
            },
        }
    }

    fn line_key(&mut self) -> Result<usize, PickleError> {
        let line = self.reader.line()?;
        line.parse().or_else(|_| self.malformed("a memo key does not parse"))
    }

    /// The stack below a mark is out of reach, as in Python's machine.
    pub(super) fn pop(&mut self) -> Result<Value, PickleError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return self.malformed("it takes a value from an empty stack");
        }
        self.stack.pop().map_or_else(|| self.malformed("it takes a value from an empty stack"), Ok)
    }

    fn top(&mut self) -> Result<Value, PickleError> {
        let value = self.pop()?;
        self.stack.push(value.clone());
        Ok(value)
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Value>, PickleError> {
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(self.pop()?);
        }
        items.reverse();
        Ok(items)
    }

    fn pop_mark(&mut self) -> Result<Vec<Value>, PickleError> {
        match self.marks.pop() {
            Some(height) if height <= self.stack.len() => Ok(self.stack.split_off(height)),
            _ => self.malformed("it looks for a mark that was not set"),
        }
    }

    fn pairs(&self, items: Vec<Value>) -> Result<Vec<(Value, Value)>, PickleError> {
        if items.len() % 2 == 1 {
            return self.malformed("a dictionary has a key without a value");
        }
        let mut items = items.into_iter();
        let mut entries = Vec::with_capacity(items.len() / 2);
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            entries.push((key, value));
        }
        Ok(entries)
    }

    /// The object on top of the stack, to be extended.
    pub(super) fn target(&mut self) -> Result<&mut Object, PickleError> {
        match self.top()? {
            Value::Object(index) if index < self.objects.len() => Ok(&mut self.objects[index]),
            _ => self.malformed("it extends something that is no container"),
        }
    }

    fn extend_list(&mut self, items: Vec<Value>) -> Result<(), PickleError> {
        self.items += items.len();
        match self.target()? {
            Object::List(list) => {
                list.extend(items);
                Ok(())
            }
            _ => self.malformed("it appends to something that is no list"),
        }
    }

    fn extend_dict(&mut self, items: Vec<Value>) -> Result<(), PickleError> {
        self.items += items.len();
        let entries = self.pairs(items)?;
        match self.target()? {
            Object::Dict(dict) => {
                dict.extend(entries);
                Ok(())
            }
            _ => self.malformed("it sets an entry of something that is no dictionary"),
        }
    }

    fn remember(&mut self, key: usize) -> Result<(), PickleError> {
        let value = self.top()?;
        self.memo.insert(key, value);
        Ok(())
    }

    fn recall(&mut self, key: usize) -> Result<(), PickleError> {
        match self.memo.get(&key).cloned() {
            Some(value) => self.push(value),
            None => self.malformed("it recalls a value that it did not store"),
        }
    }

    fn push_global(&mut self, module: &str, name: &str) -> Result<(), PickleError> {
        match lookup(module, name) {
            Some(global) => self.push(Value::Global(global)),
            None => Err(self.reader.error(PickleProblem::Global(format!("{module}.{name}")))),
        }
    }

    pub(super) fn tuple(&self, value: &Value) -> Option<&[Value]> {
        match value {
            Value::Object(index) => match self.objects.get(*index) {
                Some(Object::Tuple(items) | Object::List(items)) => Some(items),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Names of the opcodes that are refused, for the message.
fn opcode_name(opcode: u8) -> Option<&'static str> {
    Some(match opcode {
        b'i' => "INST",
        b'o' => "OBJ",
        b'P' => "PERSID",
        b'S' => "STRING",
        b'B' => "BINBYTES",
        b'C' => "SHORT_BINBYTES",
        0x82 => "EXT1",
        0x83 => "EXT2",
        0x84 => "EXT4",
        0x8e => "BINBYTES8",
        0x92 => "NEWOBJ_EX",
        0x96 => "BYTEARRAY8",
        0x97 => "NEXT_BUFFER",
        0x98 => "READONLY_BUFFER",
        _ => return None,
    })
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
