//! A model is loaded, compiled and printed into memory.

use std::path::PathBuf;

use crate::binarized::Head;
use crate::cli::CliError;
use crate::cli::hardware::{Hardware, LutSizes, expands, hardware};
use crate::cli::lossy::{self, Lossy};
use crate::cli::samples::{Samples, load_samples, load_vectors};
use crate::emit::{
    self, EmitError, EmitOptions, EmitRequest, EmittedFile, LutStyle, Provenance, Target, TestVectors, Vector,
};
use crate::lower::{flatten, lower};
use crate::netlist::{Design, Netlist};
use crate::passes::{PassReport, optimize};
use crate::report::DesignReport;
use crate::store::LoadedModel;

use super::ExportArgs;
use super::plan::Plan;

/// A model on its way through the compiler.
pub(super) struct Work {
    pub(super) model: LoadedModel,
    pub(super) samples: Samples,
    pub(super) lossy: Vec<Lossy>,
    /// The design whose comparators are words.
    pub(super) words: Variant,
    /// The design over single code bits, where the pipeline makes one.
    pub(super) bits: Option<Variant>,
    pub(super) reference: Design,
    /// The hardware as one netlist.
    pub(super) flat: Netlist,
    pub(super) report: DesignReport,
    pub(super) sizes: Option<LutSizes>,
    pub(super) emitted: Vec<(&'static dyn Target, Vec<EmittedFile>)>,
    /// Targets that nobody asked for by name and that cannot express the design.
    pub(super) refused: Vec<(&'static str, EmitError)>,
    pub(super) folder: PathBuf,
}

/// A design with what belongs to it: the vectors on its input bus, and its passes.
pub(super) struct Variant {
    pub(super) design: Design,
    pub(super) vectors: TestVectors,
    pub(super) provenance: Provenance,
    pub(super) passes: Vec<PassReport>,
}

impl Work {
    /// The design that a target prints.
    pub(super) fn variant(&self, target: &str) -> &Variant {
        match &self.bits {
            Some(bits) if PRINTS_TABLES.contains(&target) => bits,
            _ => &self.words,
        }
    }

    pub(super) fn latency(&self, target: &dyn Target, options: &EmitOptions) -> u32 {
        target.latency(&self.variant(target.name()).design, options)
    }
}

/// Loads, optimizes and prints into memory.
pub(super) fn prepare(arguments: &ExportArgs, plan: &Plan) -> Result<Work, CliError> {
    let mut model = LoadedModel::load(&arguments.model)?;
    let lossy = lossy::apply(&arguments.lossy, arguments.checks.data.as_deref(), &mut model)?;
    let samples = match &arguments.checks.vectors_from {
        Some(path) => load_vectors(path, &model)?,
        None => load_samples(arguments.checks.data.as_deref(), &model)?,
    };
    let mut design = lower(&model.network);
    if let Some(name) = &arguments.name {
        design.name.clone_from(name);
    }
    let reference = design.clone();
    let passes = optimize(&mut design, &plan.pipeline)?;
    if arguments.options.hdl.lut_style == LutStyle::Slice {
        design.use_slices();
    }
    let vectors = arguments.checks.stimulus(&model, &samples);
    let words = Variant { design, vectors, provenance: provenance(&model), passes };
    let mut sizes = None;
    let mut bits = None;
    if expands(&plan.pipeline, &arguments.options.hdl) {
        let chooses = arguments.lut_size.is_none();
        let made = hardware(&reference, &words.design, &plan.pipeline, &arguments.options.hdl, chooses)?;
        sizes = made.sizes;
        bits = Some(over_code_bits(&words, made));
    }
    let hardware = &bits.as_ref().unwrap_or(&words).design;
    let (flat, report) = (flatten(hardware), DesignReport::new(hardware)?);
    let folder =
        arguments.out.clone().unwrap_or_else(|| PathBuf::from("build").join(emit::identifier(&words.design.name)));
    let mut work = Work {
        model,
        samples,
        lossy,
        words,
        bits,
        reference,
        flat,
        report,
        sizes,
        emitted: Vec::new(),
        refused: Vec::new(),
        folder,
    };
    let mut emitted: Vec<(&'static dyn Target, Vec<EmittedFile>)> = Vec::new();
    let mut refused = Vec::new();
    for &target in &plan.targets {
        let Variant { design, vectors, provenance, .. } = work.variant(target.name());
        let request = EmitRequest { design, flat: &work.flat, provenance, options: &arguments.options, vectors };
        match target.emit(&request) {
            Ok(files) => emitted.push((target, files)),
            Err(error @ EmitError::Unsupported { .. }) if !plan.targets_named => refused.push((target.name(), error)),
            Err(error) => return Err(error.into()),
        }
    }
    work.emitted = emitted;
    work.refused = refused;
    Ok(work)
}

/// Targets that print every table on its own, so that comparators may be tables too.
const PRINTS_TABLES: &[&str] = &["verilog", "vhdl", "blif"];

/// The variant that tables are printed of, beside the one with comparators.
fn over_code_bits(words: &Variant, made: Hardware) -> Variant {
    let mut passes = words.passes.clone();
    match made.sizes {
        // These begin at the beginning.
        Some(sizes) if sizes.takes_five() => passes = made.passes,
        _ => passes.extend(made.passes),
    }
    let bits = words.design.input.bits;
    let single = |codes: &[i64]| codes.iter().flat_map(|code| (0..bits).map(move |bit| code >> bit & 1)).collect();
    let vectors = words.vectors.vectors.iter();
    let vectors = vectors.map(|vector| Vector { codes: single(&vector.codes), ..vector.clone() }).collect();
    let input_values =
        format!("bit b of feature f of the model is feature f * {bits} + b here; {}", words.provenance.input_values);
    let provenance = Provenance { input_values, ..words.provenance.clone() };
    Variant { design: made.design, vectors: TestVectors { vectors }, provenance, passes }
}

/// What the artefacts say of the model that they were made of.
pub(super) fn provenance(model: &LoadedModel) -> Provenance {
    let format = model.network.input();
    Provenance {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        model_sha256: model.sha256.clone(),
        input_values: format!("value = code * {} + {}", format.scale, format.offset),
        scale: format.scale,
        offset: format.offset,
        tau: match model.network.head() {
            Head::Bits => None,
            Head::GroupSum { tau, .. } => Some(tau.to_string()),
        },
    }
}
