//! The command line: one file per subcommand.

#[cfg(feature = "train")]
pub mod eval;
#[cfg(feature = "train")]
pub mod train;
