//! Chapter `parallel`: all processors: Rayon, order and bounded memory.

use super::Chapter;

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "parallel",
    title: "All processors: Rayon, order and bounded memory",
    ends_with: "a speed-up curve of your own code with an Amdahl fit",
    notebook: "notebooks/rust/50_parallel.ipynb",
    stages: &[],
};
