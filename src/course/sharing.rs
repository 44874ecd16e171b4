//! Chapter `sharing`: one value, many owners: `RefCell` versus `Mutex`.

use super::Chapter;

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "sharing",
    title: "One value, many owners: `RefCell` versus `Mutex`",
    ends_with: "you predict runs, panics, deadlocks and compile errors of shared state, then run them",
    notebook: "notebooks/rust/40_sharing.ipynb",
    stages: &[],
};
