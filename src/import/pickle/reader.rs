//! Bytes of a pickle, taken one argument at a time.

use std::sync::Arc;

use super::{PickleError, PickleProblem};

/// A position in the bytes of a pickle. Nothing is allocated that the bytes do not hold.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn error(&self, kind: PickleProblem) -> PickleError {
        PickleError { at: self.at, kind }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], PickleError> {
        let end = self.at.checked_add(count);
        match end.and_then(|end| self.bytes.get(self.at..end)) {
            Some(bytes) => {
                self.at += count;
                Ok(bytes)
            }
            None => Err(self.error(PickleProblem::Truncated)),
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    pub(super) fn byte(&mut self) -> Result<u8, PickleError> {
        Ok(self.array::<1>()?[0])
    }

    /// A little-endian length of `N` bytes.
    pub(super) fn length<const N: usize>(&mut self) -> Result<usize, PickleError> {
        let bytes: [u8; N] = self.array()?;
        let value = bytes.iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        usize::try_from(value).map_err(|_| self.error(PickleProblem::Truncated))
    }

    /// A two's complement integer of `count` bytes, at most 16.
    pub(super) fn integer(&mut self, count: usize) -> Result<i128, PickleError> {
        if count > 16 {
            return Err(self.error(PickleProblem::Limit { what: "bytes in one integer", limit: 16 }));
        }
        let bytes = self.take(count)?;
        let fill = if bytes.last().is_some_and(|&byte| byte >= 128) { 0xff } else { 0 };
        let mut wide = [fill; 16];
        wide[..count].copy_from_slice(bytes);
        Ok(i128::from_le_bytes(wide))
    }

    /// UTF-8 text of `count` bytes.
    pub(super) fn text(&mut self, count: usize) -> Result<Arc<str>, PickleError> {
        let bytes = self.take(count)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(self.error(PickleProblem::Malformed("a text is not UTF-8"))),
        }
    }

    /// Text up to the end of the line, without it.
    pub(super) fn line(&mut self) -> Result<Arc<str>, PickleError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(end) = rest.iter().position(|&byte| byte == b'\n') else {
            return Err(self.error(PickleProblem::Truncated));
        };
        let text = self.text(end)?;
        self.at += 1;
        Ok(text)
    }
}
