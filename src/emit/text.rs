//! Output text that is put together from templates.

use askama::{DynTemplate, Template};

use super::EmitError;

/// Text of one file.
#[derive(Debug)]
pub(super) struct Text {
    target: &'static str,
    text: String,
}

impl Text {
    /// No text yet, of `target`.
    pub(super) fn new(target: &'static str) -> Self {
        Self { target, text: String::new() }
    }

    /// Appends a template and the newline that askama drops at its end.
    pub(super) fn template(&mut self, template: &impl Template) -> Result<(), EmitError> {
        let target = self.target;
        template.render_into(&mut self.text).map_err(|source| EmitError::Template { target, source })?;
        self.push("\n");
        Ok(())
    }

    /// Appends a template whose type is not known here.
    pub(super) fn dynamic(&mut self, template: &dyn DynTemplate) -> Result<(), EmitError> {
        let target = self.target;
        let text = template.dyn_render().map_err(|source| EmitError::Template { target, source })?;
        self.push(&text);
        self.push("\n");
        Ok(())
    }

    /// Appends text.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
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
