//! Streamed designs in Verilog.

use askama::Template;

use crate::emit::hdl::{CollectModule, Part, PixelModule, Raster, RasterBench, WindowModule};
use crate::emit::notes::origin_of;
use crate::emit::text::Text;
use crate::emit::{EmitError, EmitOptions, EmittedFile, StreamRequest, StreamedFacts, vectors};
use crate::netlist::StreamedDesign;

use super::{TARGET, modules, primitive_models, primitives_of, syntax};

/// `<name>.v`.
#[derive(Template)]
#[template(path = "verilog/raster/top.v", escape = "none")]
struct TopFile<'a> {
    notes: &'a [String],
    r: &'a Raster<'a>,
}

/// `<name>_pixel.v`.
#[derive(Template)]
#[template(path = "verilog/raster/pixel.v", escape = "none")]
struct PixelFile<'a> {
    notes: &'a [String],
    name: &'a str,
    m: &'a PixelModule,
    stalls: bool,
    enable: &'static str,
}

/// `<name>_window<step>.v`.
#[derive(Template)]
#[template(path = "verilog/raster/window.v", escape = "none")]
struct WindowFile<'a> {
    notes: &'a [String],
    name: &'a str,
    m: &'a WindowModule,
    stalls: bool,
    enable: &'static str,
}

/// `<name>_image.v`.
#[derive(Template)]
#[template(path = "verilog/raster/image.v", escape = "none")]
struct CollectFile<'a> {
    notes: &'a [String],
    name: &'a str,
    m: &'a CollectModule,
    stalls: bool,
    enable: &'static str,
}

/// `<name>_tb.v`.
#[derive(Template)]
#[template(path = "verilog/raster/testbench.v", escape = "none")]
struct BenchFile<'a> {
    b: &'a RasterBench,
}

/// The files of a streamed design.
pub(super) fn emit(request: &StreamRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
    let design = request.design;
    vectors::check_frames(TARGET, design, request.vectors)?;
    let parts = Part::all(TARGET, design, request.provenance, request.options)?;
    let raster = Raster::new(TARGET, design, &parts)?;
    let name = raster.name.as_str();
    let origin = |what: &str| origin_of(&design.name, request.provenance, what);
    let stalls = raster.top.stream.is_some();
    let enable = if stalls { "if (ce) " } else { "" };
    let mut texts: Vec<(String, &'static str, Text)> = Vec::new();
    let mut add = |module: String, purpose, template: &dyn askama::DynTemplate| -> Result<(), EmitError> {
        let mut text = Text::new(TARGET);
        text.dynamic(template)?;
        texts.push((module, purpose, text));
        Ok(())
    };
    let notes = raster.notes(request, origin("LUT network in Verilog-2005, one pixel per clock"));
    add(name.to_owned(), "the design", &TopFile { notes: &notes, r: &raster })?;
    let notes = origin("a part of the network in Verilog-2005");
    let notes = notes.as_slice();
    add(
        format!("{name}_pixel"),
        "its encoder of a pixel",
        &PixelFile { notes, name, m: &raster.pixel, stalls, enable },
    )?;
    for window in &raster.windows {
        let module = format!("{name}_window{}", window.index);
        add(module, "a window that slides over an image", &WindowFile { notes, name, m: window, stalls, enable })?;
    }
    add(format!("{name}_image"), "the last image", &CollectFile { notes, name, m: &raster.collect, stalls, enable })?;
    for (hardware, request) in raster.parts(&parts) {
        let part = hardware.facts.name.as_str();
        for (module, text) in modules(&request, hardware)? {
            let purpose = match module.strip_prefix(part).unwrap_or_default() {
                "" if part.ends_with("_dense") => "the layers behind the last image",
                "" => "a kernel",
                _ => super::purpose(part, &module),
            };
            texts.push((module, purpose, text));
        }
    }
    let primitives = primitives_of(texts.iter().map(|(.., text)| text));
    let mut files: Vec<EmittedFile> = texts
        .into_iter()
        .map(|(module, purpose, text)| EmittedFile {
            name: format!("{module}.v"),
            purpose,
            contents: text.into_bytes(),
        })
        .collect();
    files.extend(primitive_models(&origin("simulation model of an FPGA primitive"), &primitives)?);
    if !request.vectors.vectors.is_empty() {
        let bench = RasterBench::new(request, &raster, origin("self-checking test bench"));
        let mut text = Text::new(TARGET);
        text.template(&BenchFile { b: &bench })?;
        let file = |suffix: &str, purpose, contents| EmittedFile { name: format!("{name}{suffix}"), purpose, contents };
        files.push(file("_tb.v", "self-checking test bench", text.into_bytes()));
        let inputs = vectors::pixel_lines(design, request.vectors);
        files.push(file("_inputs.hex", "test vectors: the frames, pixel by pixel", inputs));
        let (output, outputs) = (raster.rest.facts.output, raster.rest.settings.outputs);
        let expected = vectors::output_lines(output, outputs, request.vectors);
        files.push(file("_expected.hex", "test vectors: the outputs of the reference inference", expected));
    }
    Ok(files)
}

/// What a streamed design is made of.
pub(super) fn facts(design: &StreamedDesign, options: &EmitOptions) -> Result<StreamedFacts, EmitError> {
    let provenance = crate::emit::Provenance::default();
    let parts = Part::all(TARGET, design, &provenance, options)?;
    Ok(Raster::new(TARGET, design, &parts)?.facts())
}
