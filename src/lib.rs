//! Trained LUT networks to hardware and firmware that compute the same function.
//!
//! The modules in the order in which a model passes through them:
//!
//! 1. [`config`]: the YAML files, strict. [`data`]: labelled samples.
//! 2. `components`, `model`, `train` (feature `train`, on by default): floats on candle.
//! 3. [`binarized`]: thresholds, wiring, truth tables and head, and the reference inference.
//! 4. [`lower`]: the binarized network becomes a [`netlist::Design`].
//! 5. [`passes`]: exact rewrites to a fixed point.
//! 6. [`emit`]: Verilog, HLS C++, C and BLIF.
//! 7. [`verify`]: the real tools, run on what was emitted, compared bit for bit.
//!
//! [`logic`] (truth tables) and [`files`] (checked reading, atomic writing) stand below all of
//! them; [`store`] finds models by name, [`report`] counts, [`cli`] is the command line.
//! ARCHITECTURE.md says who may import whom.
//!
//! ```
//! use difflut::binarized::arbitrary::{NetworkShape, random_network};
//! use difflut::lower::lower;
//! use difflut::passes::{Pipeline, optimize};
//!
//! let network = random_network(1, &NetworkShape::small());
//! let mut design = lower(&network);
//! optimize(&mut design, &Pipeline::level("1")?)?;
//! let codes = vec![3, 0, 2];
//! let outcome = network.predict_codes(&codes);
//! let outputs = design.simulate(&[codes]);
//! assert_eq!(outputs.scores[0], outcome.scores);
//! assert_eq!(outputs.classes[0], outcome.class);
//! # Ok::<(), difflut::passes::PassError>(())
//! ```

pub mod binarized;
mod bitslice;
pub mod cli;
#[cfg(feature = "train")]
pub mod components;
pub mod config;
pub mod data;
pub mod emit;
pub mod files;
pub mod import;
pub mod infer;
pub mod logic;
pub mod lower;
#[cfg(feature = "train")]
pub mod model;
pub mod netlist;
pub mod passes;
pub mod prove;
pub mod report;
pub mod store;
#[cfg(feature = "train")]
pub mod sweep;
#[cfg(test)]
mod testing;
#[cfg(feature = "train")]
pub mod train;
pub mod verify;
