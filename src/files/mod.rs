//! Reading and writing files with checks: safetensors, `.npy`, atomic replacement.
//!
//! Nothing here knows what a network is. Every error names the file, what was found in it and
//! what is allowed.

mod atomic;
mod error;
mod npy;
mod npz;
mod tensor_file;

pub use atomic::{write_atomically, write_folder};
pub use error::{FileError, nearest};
pub use npy::{NpyMatrix, check_npy_header, read_npy_matrix, write_npy};
pub use npz::read_npz;
pub use tensor_file::{TensorFile, TensorFileWriter, sha256_hex};
