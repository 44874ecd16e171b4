//! A model file, mapped into memory instead of read.
//!
//! Mapping costs nothing up front: the kernel reads a page when somebody looks at it, keeps it as long as
//! there is room, and shares it with every process that maps the same file. A model of 4 GB is "open"
//! in a millisecond, and a second chat with it takes no second 4 GB.
//!
//! # What a map cannot promise
//!
//! The bytes are the file's, now. If another program writes into the file while it is mapped, weights
//! change under our hands: the answers get worse, and nothing else, since bytes are only ever taken as
//! numbers, and what was checked at the start (lengths, offsets) was copied out of the map then. If
//! another program *cuts the file short*, looking at the missing part ends the process with `SIGBUS`, on
//! Windows the system refuses to cut it. So replace a model by writing the new one beside it and renaming
//! it, as `cargo lab model` does: then the map keeps the old file. What reads the whole file into memory
//! instead, and is safe from all that, is `Gguf::parse(&std::fs::read(path)?)`.

use std::fmt;
use std::path::Path;

use memmap2::Mmap;

use super::{Gguf, OpenError, TensorInfo};

/// A GGUF file that is mapped into memory, checked from its first byte to the end of its last tensor.
///
/// ```no_run
/// use rust_for_ai::llama::gguf::File;
///
/// let file = File::open("model.gguf")?;
/// for tensor in file.gguf().tensors() {
///     println!("{} {:?} {}", tensor.name, tensor.dims, file.bytes(tensor).len());
/// }
/// # Ok::<(), rust_for_ai::llama::gguf::OpenError>(())
/// ```
pub struct File {
    map: Mmap,
    gguf: Gguf,
}

impl File {
    /// Maps a file and parses its metadata.
    ///
    /// # Errors
    ///
    /// Where the system does not let us, and where the file is not GGUF; both with the path.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let system = |error| OpenError::System { path: path.to_owned(), error };
        let file = std::fs::File::open(path).map_err(system)?;
        #[expect(unsafe_code, reason = "a map of a file that others could write to")]
        // SAFETY: the map is read-only, and its bytes are read as numbers and never trusted twice: all
        // that depends on another part of the file is copied out by `parse` and checked there. That
        // nobody cuts the file short meanwhile is asked of the user, in the module's documentation.
        let map = unsafe { Mmap::map(&file) }.map_err(system)?;
        let gguf =
            Gguf::parse(&map).map_err(|error| OpenError::Gguf { path: path.into(), error })?;
        Ok(Self { map, gguf })
    }

    /// Metadata and tensors.
    pub fn gguf(&self) -> &Gguf {
        &self.gguf
    }

    /// The size of the file in bytes.
    #[expect(clippy::len_without_is_empty, reason = "a GGUF file is never empty")]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// The whole file, for readers of their own.
    pub fn as_bytes(&self) -> &[u8] {
        &self.map
    }

    /// The bytes of a tensor of this file.
    ///
    /// # Panics
    ///
    /// If the tensor is another file's and does not lie in this one.
    pub fn bytes(&self, tensor: &TensorInfo) -> &[u8] {
        &self.map[tensor.range.clone()]
    }

    /// Tells the kernel that the pages of a tensor are not needed for now, so that they no longer count as
    /// this process's memory. Looking at them again reads them anew.
    ///
    /// For weights that were copied into another layout. It is advice: where the system does not take
    /// any, nothing happens.
    pub fn release(&self, tensor: &TensorInfo) {
        #[cfg(unix)]
        {
            let range = &tensor.range;
            #[expect(unsafe_code, reason = "advice that would lose changes of a private map")]
            // SAFETY: the map is shared and read-only, so pages that are dropped are read from the file
            // again and have the same bytes; pages of neighbours that are dropped, too, likewise.
            let _advice = unsafe {
                self.map.unchecked_advise_range(
                    memmap2::UncheckedAdvice::DontNeed,
                    range.start,
                    range.len(),
                )
            };
        }
        #[cfg(not(unix))]
        let _ = tensor;
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("len", &self.len()).field("gguf", &self.gguf).finish()
    }
}
