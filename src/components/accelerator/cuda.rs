//! A CUDA device by the driver's interface, its kernels compiled by NVRTC for what it is.
//!
//! Both libraries are found when the program runs, so that it is built without the toolkit and
//! starts on machines without a device.
#![allow(unsafe_code, reason = "launching a kernel and probing for a library are unsafe in cudarc")]

use std::collections::BTreeMap;
use std::sync::Arc;

use cudarc::driver::{
    CudaContext, CudaFunction, CudaModule, CudaSlice, CudaStream, DriverError, LaunchConfig, PushKernelArg,
};
use cudarc::nvrtc::{CompileError, CompileOptions, compile_ptx_with_opts};

use super::{Accelerator, AcceleratorError, Argument, Buffer, KERNELS};

/// Threads of a block. The kernels share nothing within one.
const BLOCK: u32 = 128;

/// A device, what is on it, and the kernels that have been used.
#[derive(Debug)]
pub(super) struct Cuda {
    name: String,
    stream: Arc<CudaStream>,
    module: Arc<CudaModule>,
    functions: BTreeMap<&'static str, CudaFunction>,
    buffers: Vec<CudaSlice<u32>>,
}

fn failed(what: &str) -> impl FnOnce(DriverError) -> AcceleratorError {
    move |error| AcceleratorError::Failed { what: what.to_owned(), reason: format!("{error:?}") }
}

impl Cuda {
    pub(super) fn open() -> Result<Self, AcceleratorError> {
        // SAFETY: loading the vendor's libraries runs their initializers and nothing else. cudarc
        // panics on a missing library, hence the question first.
        let (driver, compiler) =
            unsafe { (cudarc::driver::sys::is_culib_present(), cudarc::nvrtc::sys::is_culib_present()) };
        if !driver {
            return Err(AcceleratorError::NoLibrary {
                library: "libcuda",
                needs: "which comes with the driver of an NVIDIA device",
            });
        }
        if !compiler {
            return Err(AcceleratorError::NoLibrary {
                library: "libnvrtc",
                needs: "which compiles the kernels and comes with the CUDA toolkit (or the wheel nvidia-cuda-nvrtc)",
            });
        }
        let none = |error: DriverError| AcceleratorError::NoDevice { reason: format!("{error:?}") };
        let context = CudaContext::new(0).map_err(none)?;
        let (major, minor) = context.compute_capability().map_err(failed("tell its compute capability"))?;
        let name = context.name().map_err(failed("tell its name"))?;
        let ptx = compile(&format!("--gpu-architecture=compute_{major}{minor}"))?;
        let module = context.load_module(ptx).map_err(failed("load the kernels"))?;
        let stream = context.default_stream();
        Ok(Self { name, stream, module, functions: BTreeMap::new(), buffers: Vec::new() })
    }

    fn buffer(&self, buffer: Buffer) -> Result<&CudaSlice<u32>, AcceleratorError> {
        self.buffers.get(buffer.0 as usize).ok_or_else(|| no_buffer(buffer))
    }
}

fn no_buffer(buffer: Buffer) -> AcceleratorError {
    AcceleratorError::Failed { what: format!("find array {}", buffer.0), reason: "there is none".into() }
}

fn too_long(buffer: Buffer, words: usize, length: usize) -> AcceleratorError {
    AcceleratorError::Failed {
        what: format!("copy {words} words of array {}", buffer.0),
        reason: format!("it has {length}"),
    }
}

/// The kernels for an architecture.
fn compile(architecture: &str) -> Result<cudarc::nvrtc::Ptx, AcceleratorError> {
    let options = CompileOptions { options: vec![architecture.to_owned()], ..Default::default() };
    compile_ptx_with_opts(KERNELS, options).map_err(|error| AcceleratorError::Failed {
        what: "compile the kernels".into(),
        reason: match error {
            CompileError::CompileError { log, .. } => log.to_string_lossy().into_owned(),
            other => other.to_string(),
        },
    })
}

impl Accelerator for Cuda {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn allocate(&mut self, words: usize) -> Result<Buffer, AcceleratorError> {
        let what = format!("allocate {words} words");
        // An array of no words has no address.
        let array = self.stream.alloc_zeros(words.max(1)).map_err(failed(&what))?;
        self.buffers.push(array);
        Ok(Buffer(self.buffers.len() as u32 - 1))
    }

    fn clear(&mut self) -> Result<(), AcceleratorError> {
        self.stream.synchronize().map_err(failed("finish its work"))?;
        self.buffers.clear();
        Ok(())
    }

    fn upload(&mut self, buffer: Buffer, words: &[u32]) -> Result<(), AcceleratorError> {
        let array = self.buffers.get_mut(buffer.0 as usize).ok_or_else(|| no_buffer(buffer))?;
        if words.len() > array.len() {
            return Err(too_long(buffer, words.len(), array.len()));
        }
        self.stream.memcpy_htod(words, array).map_err(failed("upload"))
    }

    fn download(&mut self, buffer: Buffer, words: &mut [u32]) -> Result<(), AcceleratorError> {
        let array = self.buffer(buffer)?;
        let length = array.len();
        let part = array.try_slice(..words.len()).ok_or_else(|| too_long(buffer, words.len(), length))?;
        self.stream.memcpy_dtoh(&part, words).map_err(failed("download"))?;
        self.stream.synchronize().map_err(failed("finish its work"))
    }

    fn launch(&mut self, kernel: &'static str, threads: u32, arguments: &[Argument]) -> Result<(), AcceleratorError> {
        if threads == 0 {
            return Ok(());
        }
        let what = format!("run {kernel}");
        if !self.functions.contains_key(kernel) {
            let function = self.module.load_function(kernel).map_err(failed(&what))?;
            self.functions.insert(kernel, function);
        }
        let Some(function) = self.functions.get(kernel) else { return Ok(()) };
        let mut launch = self.stream.launch_builder(function);
        for argument in arguments {
            match argument {
                Argument::Buffer(buffer) => launch.arg(self.buffer(*buffer)?),
                Argument::Count(count) => launch.arg(count),
                Argument::Float(float) => launch.arg(float),
            };
        }
        launch.arg(&threads);
        let config =
            LaunchConfig { grid_dim: (threads.div_ceil(BLOCK), 1, 1), block_dim: (BLOCK, 1, 1), shared_mem_bytes: 0 };
        // SAFETY: the arguments are those of the kernel's declaration, and its arrays as long as it
        // reads and writes; a test runs every launch with the same text on arrays with bounds.
        unsafe { launch.launch(config) }.map(drop).map_err(failed(&what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Needs NVRTC, not a device.
    #[test]
    #[allow(clippy::print_stderr, reason = "says that it did nothing")]
    fn the_kernels_compile_for_every_architecture_that_is_sold() {
        // SAFETY: as in `open`.
        if !unsafe { cudarc::nvrtc::sys::is_culib_present() } {
            eprintln!("skipped: libnvrtc was not found");
            return;
        }
        for architecture in ["75", "80", "86", "89", "90"] {
            let ptx = compile(&format!("--gpu-architecture=compute_{architecture}")).unwrap().to_src();
            for kernel in ["expand_bits", "lookup_forward", "monomial_sums", "choice_gradient"] {
                assert!(ptx.contains(&format!(".entry {kernel}(")), "{kernel} for {architecture}");
            }
        }
    }

    #[test]
    fn without_a_device_opening_says_so() {
        match Cuda::open() {
            Ok(device) => assert!(!device.name().is_empty()),
            Err(error) => assert!(error.to_string().contains("`--device cpu`"), "{error}"),
        }
    }
}
