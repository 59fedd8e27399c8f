//! A design as hardware, before it is written in a language: modules with their ports, tables,
//! registers and names.
//!
//! Signals between modules are scalars, since a change of one bit of a bus wakes every reader of
//! the bus in event-driven simulators, which measured a thousand times slower.

mod argmax;
mod argmax_chains;
mod bench;
mod chain;
mod core;
mod encoder;
mod head;
mod lut;
mod notes;
mod options;
mod pipeline;
mod popcount;
mod raster;
mod stream;
mod top;
mod wire;

pub use options::{Convolution, Device, EncoderOption, HdlOptions, Interface, LutStyle, OutputSet, Registers};

pub(super) use argmax::{ArgmaxForm, ArgmaxModule, ClassSide};
pub(super) use bench::Bench;
pub(super) use core::Core;
pub(super) use encoder::{Encoder, Slice, sorted_comparators};
pub(super) use head::{ClassSource, Head, HeadModules, ScoreForm};
pub(super) use lut::{Expression, Form, Level, Operand, Operator};
pub(super) use notes::Syntax;
pub(super) use pipeline::{Bank, Pipeline};
pub(super) use popcount::PopcountModule;
pub(super) use raster::{CollectModule, Part, PixelModule, Raster, RasterBench, WindowModule};
pub use raster::{FrameTiming, LineFacts, StepFacts, StreamedFacts};
pub(super) use stream::{Field, Stream};
pub(super) use top::{Connection, Pin, Top};
pub(super) use wire::{Delayed, Port, Wire};

use crate::netlist::{Design, DesignHead, Section};

use super::notes::Facts;
use super::order::CoreOrder;
use super::{EmitError, EmitOptions, EmitRequest};

use self::core::CoreTiming;

/// What the user chose, checked against the design.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) interface: Interface,
    pub(super) encoder: bool,
    pub(super) outputs: OutputSet,
    pub(super) style: LutStyle,
    /// Whether bare ports have an enable beside the clock.
    pub(super) stalls: bool,
}

impl Settings {
    /// Whether somebody may hold the registers.
    pub(super) fn enable(&self) -> bool {
        self.interface == Interface::Axis || self.stalls
    }
}

/// The levels at which the parts of a design are done.
#[derive(Clone, Copy, Debug)]
struct Levels {
    /// The bits that the core reads.
    base: u32,
    /// The outputs of the core.
    core: u32,
    /// The scores.
    scored: u32,
    /// The last result.
    depth: u32,
}

impl Levels {
    fn new(design: &Design, settings: &Settings) -> Self {
        let base = if settings.encoder { design.core_base_level() } else { 0 };
        let core = design.core_level() - design.core_base_level() + base;
        let (popcount, argmax) = match &design.head {
            DesignHead::Bits => (0, 0),
            DesignHead::Classes(head) => {
                (head.popcount_depth(), if settings.outputs.class() { head.argmax_depth() } else { 0 })
            }
        };
        Self { base, core, scored: core + popcount, depth: core + popcount + argmax }
    }
}

/// The modules below the top.
pub(super) struct Parts<'a> {
    /// The comparators, when they are part of the hardware and somebody reads one.
    pub(super) encoder: Option<Encoder>,
    /// The lookup tables.
    pub(super) core: Core<'a>,
    /// Scores and class.
    pub(super) head: Option<HeadModules>,
}

impl<'a> Parts<'a> {
    fn new(design: &'a Design, order: &'a CoreOrder, pipeline: &Pipeline, settings: &Settings, levels: Levels) -> Self {
        let head = match &design.head {
            DesignHead::Bits => None,
            DesignHead::Classes(classes) => Some(HeadModules::new(design, classes, pipeline, settings, levels)),
        };
        let reader = match head {
            Some(_) => pipeline.stage(levels.core),
            None => pipeline.latency(),
        };
        let timing = CoreTiming::new(design, order, pipeline, levels.base, reader);
        Self {
            encoder: (settings.encoder && !order.comparators.is_empty()).then(|| Encoder::new(design, order)),
            core: Core::new(design, order, timing, settings.enable(), settings.style),
            head,
        }
    }

    /// Register bits at the end of each of `stages` stages.
    fn register_bits(&self, stages: u32) -> Vec<usize> {
        let mut bits = vec![0; stages as usize];
        let mut add = |banks: &[Bank], copies: usize| {
            for bank in banks {
                if let Some(sum) = bits.get_mut(bank.stage as usize) {
                    *sum += copies * bank.bits();
                }
            }
        };
        add(&self.core.banks, 1);
        if let Some(HeadModules { head, popcounts, argmax }) = &self.head {
            add(&head.banks, 1);
            for popcount in popcounts {
                add(&popcount.banks, popcount.copies);
            }
            if let Some(argmax) = argmax {
                add(&argmax.banks, 1);
            }
        }
        bits
    }
}

/// A design as hardware.
pub(super) struct Hardware<'a> {
    pub(super) facts: Facts,
    pub(super) settings: Settings,
    pub(super) pipeline: Pipeline,
    pub(super) parts: Parts<'a>,
    pub(super) top: Top,
    pub(super) order: &'a CoreOrder,
    /// Levels of logic from the inputs to the last result.
    pub(super) depth: u32,
    /// Register bits of the pipeline, those of the interface not counted.
    pub(super) registers: usize,
}

impl<'a> Hardware<'a> {
    /// The hardware that `request` asks of `target`.
    ///
    /// # Errors
    /// [`EmitError`] when options contradict each other or the design.
    pub(super) fn new(
        target: &'static str,
        request: &EmitRequest<'a>,
        order: &'a CoreOrder,
    ) -> Result<Self, EmitError> {
        Self::part(target, request, order, false)
    }

    /// The same as a part of something larger that may hold its registers.
    ///
    /// # Errors
    /// [`EmitError`] when options contradict each other or the design.
    pub(super) fn part(
        target: &'static str,
        request: &EmitRequest<'a>,
        order: &'a CoreOrder,
        stalls: bool,
    ) -> Result<Self, EmitError> {
        let design = request.design;
        let facts = Facts::new(request, order);
        let settings = Settings { stalls, ..settings(target, design, order, &request.options.hdl)? };
        let levels = Levels::new(design, &settings);
        let pipeline = place(target, design, order, &request.options.hdl, &settings, levels)?;
        let parts = Parts::new(design, order, &pipeline, &settings, levels);
        let registers = parts.register_bits(pipeline.latency()).iter().sum();
        let top = Top::new(design, order, &facts, &settings, &pipeline, &parts);
        Ok(Self { facts, settings, pipeline, parts, top, order, depth: levels.depth, registers })
    }

    /// The clock port of the top module.
    pub(super) fn clock(&self) -> &'static str {
        if self.settings.interface == Interface::Axis { "aclk" } else { "clk" }
    }

    /// Bits of the input bus.
    pub(super) fn input_width(&self) -> usize {
        if self.settings.encoder { self.facts.input_width() } else { self.order.comparators.len() }
    }
}

/// Cycles from an input to its results; 0 for combinational hardware and for options that
/// contradict each other.
pub(super) fn latency(target: &'static str, design: &Design, options: &EmitOptions) -> u32 {
    let order = CoreOrder::new(design);
    let pipeline = settings(target, design, &order, &options.hdl)
        .and_then(|settings| place(target, design, &order, &options.hdl, &settings, Levels::new(design, &settings)));
    pipeline.map_or(0, |pipeline| pipeline.latency())
}

/// Register bits of the pipeline; 0 for combinational hardware and for options that contradict
/// each other.
pub(super) fn registers(target: &'static str, design: &Design, options: &EmitOptions) -> usize {
    let order = CoreOrder::new(design);
    let count = |settings: Settings| {
        let levels = Levels::new(design, &settings);
        let pipeline = place(target, design, &order, &options.hdl, &settings, levels)?;
        let parts = Parts::new(design, &order, &pipeline, &settings, levels);
        Ok(parts.register_bits(pipeline.latency()).iter().sum())
    };
    settings(target, design, &order, &options.hdl).and_then(count).unwrap_or(0)
}

fn settings(
    target: &'static str,
    design: &Design,
    order: &CoreOrder,
    options: &HdlOptions,
) -> Result<Settings, EmitError> {
    let settings = Settings {
        interface: options.interface,
        encoder: options.encoder == EncoderOption::On,
        outputs: options.outputs,
        style: options.lut_style,
        stalls: false,
    };
    let refuse = |reason: &str| Err(EmitError::Combination { target, reason: reason.to_owned() });
    if options.convolution == Convolution::Streaming {
        return refuse("--convolution streaming is a form of `difflut export` and `difflut verify`; leave it out here");
    }
    match (&design.head, settings.outputs) {
        (DesignHead::Bits, OutputSet::Class | OutputSet::Scores) => {
            return refuse("--outputs chooses between class and scores, and this network has plain bits; leave it out");
        }
        (DesignHead::Classes(head), OutputSet::Class) if head.groups.len() == 1 => {
            return refuse("--outputs class is nothing but a constant for a network of one class; use scores or both");
        }
        _ => {}
    }
    if !settings.encoder && order.comparators.is_empty() {
        return refuse("--encoder off leaves no input at all: no output depends on one; leave it out");
    }
    if options.interface != Interface::Comb && options.pipeline == Some(Registers::None) {
        return refuse(
            "--interface valid and axis need registers to hold results; give --pipeline layers, auto or a number of levels",
        );
    }
    if options.clock_mhz.is_some() && !options.project && options.pipeline != Some(Registers::Auto) {
        return refuse(
            "--clock-mhz has no effect without --pipeline auto or --project; add one of them or leave it out",
        );
    }
    if settings.style.is_primitive() && options.project && options.device != Device::Xilinx {
        return refuse(
            "--lut-style primitive and slice print AMD primitives, which this --device does not have; use table",
        );
    }
    Ok(settings)
}

fn place(
    target: &'static str,
    design: &Design,
    order: &CoreOrder,
    options: &HdlOptions,
    settings: &Settings,
    levels: Levels,
) -> Result<Pipeline, EmitError> {
    let default = if settings.interface == Interface::Comb { Registers::None } else { Registers::Layers };
    let every = match options.pipeline.unwrap_or(default) {
        Registers::None => return Ok(Pipeline::combinational()),
        Registers::Layers => return Ok(Pipeline::at(layer_ends(order, levels), levels.depth)),
        Registers::Levels(0) => {
            return Err(EmitError::Option {
                target,
                option: "--pipeline",
                found: "0".to_owned(),
                allowed: "`none`, `layers`, `auto` and whole numbers from 1, the levels of logic between registers"
                    .to_owned(),
            });
        }
        Registers::Levels(every) => every,
        Registers::Auto => {
            let Some(mhz) = options.clock_mhz else {
                return Err(EmitError::Combination {
                    target,
                    reason: "--pipeline auto needs the clock: add --clock-mhz".to_owned(),
                });
            };
            let tables = design.core.node_ids().filter_map(|id| design.core.table(id));
            let widest = tables.map(crate::logic::TruthTable::inputs).max().unwrap_or(0);
            match options.device.levels_at(mhz, widest) {
                0 => {
                    let (level, register) = options.device.delays(widest);
                    return Err(EmitError::Option {
                        target,
                        option: "--clock-mhz",
                        found: mhz.to_string(),
                        allowed: format!(
                            "clocks up to {:.0} MHz for this --device, where one level of logic fits into a cycle \
                             by its rule of thumb; `--pipeline 1` gives the fastest pipeline without one",
                            1000.0 / (level + register)
                        ),
                    });
                }
                every => every,
            }
        }
    };
    // Registers everywhere tell how many bits cross behind each level.
    let everywhere = Pipeline::at(1..levels.depth, levels.depth);
    let crossing = Parts::new(design, order, &everywhere, settings, levels).register_bits(levels.depth);
    let bits: Vec<usize> = std::iter::once(0).chain(crossing).collect();
    Ok(Pipeline::balanced(levels.depth, every, &bits))
}

/// The levels at which encoder, layers, scores and class are done.
fn layer_ends(order: &CoreOrder, levels: Levels) -> Vec<u32> {
    let mut ends = vec![levels.base, levels.core, levels.scored];
    for stretch in &order.stretches {
        if stretch.section == Section::Head {
            continue;
        }
        let level = |&id| levels.base + order.schedule.level(id);
        ends.extend(order.tables[stretch.range.clone()].iter().map(level).max());
    }
    ends
}
