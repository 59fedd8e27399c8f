//! Machines beside the processor that run the passes of a training step.
//!
//! An [`Accelerator`] keeps arrays of 32-bit words and starts kernels on them; what the kernels are is
//! one text, [`KERNELS`], and `model::pass::device` says which of them make a training step. A CUDA
//! device is one such machine (cargo feature `cuda`); a test drives the same text compiled for the
//! processor.

#[cfg(feature = "cuda")]
mod cuda;

use std::fmt::Debug;

/// The kernels in CUDA C++. Each is a function without a result whose arguments are arrays, whole
/// numbers and floats; thread `i` of them all computes part `i`.
pub const KERNELS: &str = include_str!("kernels.cu");

/// An array of an accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer(
    /// Its number, from 0 in the order of [`Accelerator::allocate`].
    pub u32,
);

/// An argument of a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Argument {
    /// An array.
    Buffer(Buffer),
    /// A whole number.
    Count(u32),
    /// A number.
    Float(f32),
}

/// An accelerator that cannot be had or did not do what it was told.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum AcceleratorError {
    /// The program has no code for it.
    #[error(
        "this program was built without CUDA; build it with `cargo build --release --features cuda`, or train with \
         `--device cpu`"
    )]
    NotBuilt,
    /// A library of the vendor's lacks.
    #[error(
        "{library} was not found, {needs}; install it, name its folder in LD_LIBRARY_PATH, or train with `--device cpu`"
    )]
    NoLibrary {
        /// Its name.
        library: &'static str,
        /// What it is needed for and where it comes from.
        needs: &'static str,
    },
    /// There is none.
    #[error("there is no CUDA device ({reason}); train with `--device cpu`")]
    NoDevice {
        /// What the driver says.
        reason: String,
    },
    /// The model needs what the kernels do not do.
    #[error("{what} cannot be trained on an accelerator, {instead}")]
    Unsupported {
        /// The part of the model.
        what: String,
        /// What to do.
        instead: &'static str,
    },
    /// It refused an operation.
    #[error("the accelerator failed to {what}: {reason}")]
    Failed {
        /// The operation.
        what: String,
        /// What it says.
        reason: String,
    },
}

/// A machine that runs [`KERNELS`] on arrays of 32-bit words, one operation behind the other.
pub trait Accelerator: Debug + Send {
    /// Its name for people.
    fn name(&self) -> String;

    /// A new array of `words` words, all bits zero.
    ///
    /// # Errors
    /// [`AcceleratorError::Failed`], for instance without memory.
    fn allocate(&mut self, words: usize) -> Result<Buffer, AcceleratorError>;

    /// Frees all arrays; the next one has the number 0.
    ///
    /// # Errors
    /// [`AcceleratorError::Failed`].
    fn clear(&mut self) -> Result<(), AcceleratorError>;

    /// Writes the first words of an array.
    ///
    /// # Errors
    /// [`AcceleratorError::Failed`].
    fn upload(&mut self, buffer: Buffer, words: &[u32]) -> Result<(), AcceleratorError>;

    /// Reads the first words of an array, when all that was started is done.
    ///
    /// # Errors
    /// [`AcceleratorError::Failed`].
    fn download(&mut self, buffer: Buffer, words: &mut [u32]) -> Result<(), AcceleratorError>;

    /// Starts a kernel; `arguments` are all but the last, which is `threads`.
    ///
    /// # Errors
    /// [`AcceleratorError::Failed`], also for a name that [`KERNELS`] does not have.
    fn launch(&mut self, kernel: &'static str, threads: u32, arguments: &[Argument]) -> Result<(), AcceleratorError>;
}

/// The first CUDA device.
///
/// # Errors
/// [`AcceleratorError::NotBuilt`] without the cargo feature `cuda`; with it that the driver, NVRTC or
/// a device lacks.
pub fn cuda() -> Result<Box<dyn Accelerator>, AcceleratorError> {
    #[cfg(feature = "cuda")]
    return Ok(Box::new(cuda::Cuda::open()?));
    #[cfg(not(feature = "cuda"))]
    Err(AcceleratorError::NotBuilt)
}
