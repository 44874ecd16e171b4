//! The Python package `rust_for_ai`, which notebooks in Python call: the light wheel, without Candle.
//!
//! pip builds it with maturin from the checkout, into the checkout's `target/`, and installs it into `.venv`. A
//! copy of what it was built from is kept as a number; after an update of the checkout it is built anew.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Diagnosis, python};
use crate::place::Place;
use crate::run;
use crate::store::{self, Lock, Real};

/// maturin and what the package imports.
const REQUIREMENTS: &str = "lab/assets/requirements-package.txt";

/// What the package is made of.
const SOURCES: &[&str] =
    &["Cargo.toml", "Cargo.lock", "pyproject.toml", "python", "src", REQUIREMENTS];

/// Written when the package is installed; says from what it was built.
fn stamp(place: &Place) -> PathBuf {
    place.join(".venv").join("lab-package.txt")
}

/// Whether a notebook needs it.
pub(super) fn is_wanted(place: &Place) -> bool {
    place.join("notebooks/python").is_dir()
}

/// Whether it is there, as the checkout's files make it.
pub(super) fn is_there(place: &Place) -> Result<bool> {
    let there = fs::read_to_string(stamp(place)).unwrap_or_default();
    Ok(place.python().exists() && there == fingerprint(place)?)
}

/// Builds and installs the package unless it is there.
pub(super) fn set_up(place: &Place) -> Result<()> {
    let _lock = Lock::wait_saying(
        &place.state("setup.lock"),
        "another `cargo lab` is setting up; waiting for it",
    )?;
    if is_there(place)? {
        return Ok(());
    }
    let print = fingerprint(place)?;
    python::extra(place, REQUIREMENTS)?;
    let mut pip = Command::new(place.python());
    // What the build needs was installed with its hashes; nothing else is fetched but crates.
    pip.args(["-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation"])
        .args(["--force-reinstall", "--disable-pip-version-check", "--progress-bar", "off"])
        .arg("--config-settings=build-args=--no-default-features")
        .arg(place.root())
        .current_dir(place.root());
    super::jupyter::inside(place, &mut pip);
    // pip looks for maturin on the path.
    let own = place.python().parent().map(Path::to_owned);
    let path = env::var_os("PATH").unwrap_or_default();
    pip.env("PATH", env::join_paths(own.into_iter().chain(env::split_paths(&path)))?);
    let label = "building the Python package (one to three minutes on two cores, once)";
    run::logged(label, &mut pip, &place.state("log/package.log"))?;
    store::replace(&Real, &stamp(place), print.as_bytes())
}

/// A number for the text of all sources, and the place, since the build knows it.
fn fingerprint(place: &Place) -> Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&place.join(source), &mut files)?;
    }
    files.sort();
    // FNV-1a (Fowler, Noll, Vo 1991): a change is noticed, and nobody attacks this.
    let mut number: u64 = 0xcbf2_9ce4_8422_2325;
    for path in &files {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let name = path.strip_prefix(place.root()).unwrap_or(path).display().to_string();
        for byte in name.bytes().chain([0]).chain(bytes) {
            number = (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(format!("{number:016x} {} files\n", files.len()))
}

/// The files at and below a path that a build reads: no tests, and nothing that a build made.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    const READ: &[&str] = &["rs", "py", "pyi", "toml", "lock", "typed", "txt"];
    if path.is_file() {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if READ.contains(&ending) {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with('.') && !matches!(&*name, "tests" | "bench" | "__pycache__") {
            collect(&path, files)?;
        }
    }
    Ok(())
}

pub(super) fn diagnosis(place: &Place) -> Result<Diagnosis> {
    let there = is_there(place)?;
    Ok(Diagnosis {
        name: "package",
        there,
        found: match there {
            true => "the Python package rust_for_ai in .venv".to_owned(),
            false => {
                "the Python package rust_for_ai is not in .venv, or is older than the checkout"
                    .to_owned()
            }
        },
        mend: "cargo lab setup package".to_owned(),
        cost: "one to three minutes on two cores, 30 MB to download, 300 MB on disk",
    })
}
