//! One C99 header for microcontrollers, in two styles.

mod arena;
mod notes;
mod options;
mod straight;
mod table;
mod types;

pub use options::{COptions, CStyle, WordSize};

use super::notes::Facts;
use super::order::CoreOrder;
use super::text::Text;
use super::{EmitError, EmitRequest, EmittedFile, Target};

/// Name of the target.
const TARGET: &str = "c";

/// The C target.
#[derive(Debug)]
pub(super) struct C;

impl Target for C {
    fn name(&self) -> &'static str {
        TARGET
    }

    fn description(&self) -> &'static str {
        "C99 header for microcontrollers: tables in read-only memory or word operations, no allocation, no floats"
    }

    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        let options = &request.options.c;
        let refuse = |reason: &str| Err(EmitError::Combination { target: TARGET, reason: reason.to_owned() });
        if options.c_style == CStyle::Table && options.c_batch {
            return refuse("--c-batch needs --c-style straight: tables in memory are read for one sample at a time");
        }
        if options.c_style == CStyle::Table && options.c_word.is_some() {
            return refuse("--c-word needs --c-style straight: the table style has one byte per bit");
        }
        let order = CoreOrder::new(request.design);
        let facts = Facts::new(request, &order);
        let mut text = Text::new(TARGET);
        match options.c_style {
            CStyle::Table => text.template(&table::Header::new(request, &facts, &order))?,
            CStyle::Straight => {
                let core = straight::Core::new(request, &facts, &order);
                text.template(&straight::Header::new(request, &facts, &core))?;
            }
        }
        let name = format!("{}.h", facts.name);
        Ok(vec![EmittedFile { name, purpose: "the network as a C99 and C++ header", contents: text.into_bytes() }])
    }
}
