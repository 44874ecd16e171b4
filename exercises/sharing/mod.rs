//! Chapter `sharing`: one value, many owners: `RefCell` versus `Mutex`, a stage a file.
