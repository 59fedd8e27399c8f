//! Output text that is put together from templates.

use askama::Template;

use super::EmitError;

/// Text of one file.
#[derive(Debug)]
pub(super) struct Text {
    target: &'static str,
    text: String,
    counted: usize,
    lines: usize,
}

impl Text {
    /// No text yet, of `target`.
    pub(super) fn new(target: &'static str) -> Self {
        Self { target, text: String::new(), counted: 0, lines: 0 }
    }

    /// Appends a template and the newline that askama drops at its end.
    pub(super) fn template(&mut self, template: &impl Template) -> Result<(), EmitError> {
        let target = self.target;
        template.render_into(&mut self.text).map_err(|source| EmitError::Template { target, source })?;
        self.push("\n");
        Ok(())
    }

    /// Appends text.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Number of lines so far; what was counted once is not counted again.
    pub(super) fn lines(&mut self) -> usize {
        self.lines += self.text.as_bytes()[self.counted..].iter().filter(|&&byte| byte == b'\n').count();
        self.counted = self.text.len();
        self.lines
    }

    /// The text so far.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes of the file.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}
