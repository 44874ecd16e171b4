//! The Rust kernel for Jupyter, `evcxr_jupyter`, and the crates that notebooks use.
//!
//! A kernel of the pinned version is taken from the path or from our cache. Else `cargo binstall`, if
//! the user has it, fetches the official release; no third party's binaries. Else it is built from
//! source with its own lock file, in a folder that survives an interruption.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rust_for_ai::course::{self, Chapter};

use super::Diagnosis;
use crate::place::Place;
use crate::run::{self, say};
use crate::store::{self, Lock, Real};

/// The version whose behaviour the notebooks rely on.
const VERSION: &str = "0.22.0";
const NAME: &str = "evcxr_jupyter";

/// Where `cargo install` puts the kernel of this version.
fn root(place: &Place) -> Result<PathBuf> {
    Ok(place.cache()?.join(format!("{NAME}-{VERSION}")))
}

/// The kernel: the one on the path if its version is the pinned one, else the place in our cache,
/// whether it is there yet or not.
pub(super) fn binary(place: &Place) -> Result<PathBuf> {
    let file = format!("{NAME}{}", env::consts::EXE_SUFFIX);
    let on_path = env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file() && is_pinned(path));
    match on_path {
        Some(path) => Ok(path),
        None => Ok(root(place)?.join("bin").join(file)),
    }
}

/// The kernel cannot be asked for its version, but cargo notes what it installed beside `bin`.
fn is_pinned(binary: &Path) -> bool {
    let note = binary.parent().and_then(Path::parent).map(|root| root.join(".crates.toml"));
    let note = note.and_then(|note| fs::read_to_string(note).ok()).unwrap_or_default();
    note.contains(&format!("\"{NAME} {VERSION} "))
}

/// What the build prints; a notebook reads it to say how far the kernel is.
pub(super) fn log(place: &Place) -> Result<PathBuf> {
    Ok(place.cache()?.join("kernel.log"))
}

/// Whether the kernel is there and its crates are in its cache.
pub(super) fn is_ready(place: &Place) -> Result<bool> {
    Ok(binary(place)?.is_file() && is_warm(place, None)?)
}

/// Fetches or builds the kernel if it is missing.
pub(super) fn set_up(place: &Place) -> Result<()> {
    if binary(place)?.is_file() {
        return Ok(());
    }
    let cache = place.cache()?;
    let path = cache.join("kernel.lock");
    let _lock = Lock::wait_saying(
        &path,
        "another `cargo lab` is building the Rust kernel; waiting for it",
    )?;
    if binary(place)?.is_file() {
        return Ok(());
    }
    let (root, log) = (root(place)?, log(place)?);
    let target = cache.join("kernel-build");
    let has_binstall = Command::new("cargo")
        .args(["binstall", "-V"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if has_binstall {
        let mut fetch = Command::new("cargo");
        fetch
            .args(["binstall", "--no-confirm", "--disable-telemetry"])
            .args(["--disable-strategies", "quick-install,compile", "--root"])
            .arg(&root)
            .arg(format!("{NAME}@{VERSION}"));
        if run::logged("fetching the Rust kernel", &mut fetch, &log).is_ok() {
            return Ok(());
        }
        say("could not fetch an official release; building from source");
    }
    let mut build = Command::new("cargo");
    build
        // Out of the checkout, whose cargo settings are not for this crate.
        .current_dir(&cache)
        .args(["install", NAME, "--version", VERSION, "--locked", "--root"])
        .arg(&root)
        .arg("--target-dir")
        .arg(&target);
    run::logged("building the Rust kernel (7 to 10 minutes on two cores, once)", &mut build, &log)?;
    // A gigabyte that nobody needs again; what stays behind is removed by the next build.
    let _ = fs::remove_dir_all(&target);
    Ok(())
}

/// Downloads and compiles the crates that notebooks use, so that they run without the network: those of a chapter that
/// takes minutes to compile, or of all the others.
pub(super) fn warm(place: &Place, chapter: Option<&Chapter>) -> Result<()> {
    let _lock = Lock::wait_saying(
        &place.state("setup.lock"),
        "another `cargo lab` is setting up; waiting for it",
    )?;
    if is_warm(place, chapter)? {
        return Ok(());
    }
    let mut warm = super::jupyter_command(place, "lab/assets/notebooks.py");
    warm.arg("warm").args(notebooks(place, chapter)?).env("RUST_FOR_AI_WARMING", "1");
    let label = match chapter {
        None => "warming the kernel's build cache".to_owned(),
        Some(chapter) => format!(
            "warming the kernel's build cache for chapter `{}` (five to ten minutes on two cores, once)",
            chapter.id
        ),
    };
    run::logged(&label, &mut warm, &place.state("log/warm.log"))?;
    store::replace(&Real, &stamp(place, chapter), fingerprint(place, chapter)?.as_bytes())
}

/// Written when the notebooks' crates are there; says for which kernel and manifests.
pub(super) fn warm_stamp(place: &Place) -> PathBuf {
    stamp(place, None)
}

fn stamp(place: &Place, chapter: Option<&Chapter>) -> PathBuf {
    match chapter {
        None => place.state("warm.txt"),
        Some(chapter) => place.state(format!("warm-{}.txt", chapter.id)),
    }
}

/// The notebooks whose crates are compiled together: the chapter's, or those of all that take no minutes.
fn notebooks(place: &Place, chapter: Option<&Chapter>) -> Result<Vec<PathBuf>> {
    if let Some(chapter) = chapter {
        return Ok(vec![place.join(chapter.notebook)]);
    }
    let apart: Vec<PathBuf> = course::CHAPTERS
        .iter()
        .filter(|chapter| chapter.is_apart())
        .map(|chapter| place.join(chapter.notebook))
        .collect();
    let mut all = place.notebooks()?;
    all.retain(|path| !apart.contains(path));
    Ok(all)
}

fn is_warm(place: &Place, chapter: Option<&Chapter>) -> Result<bool> {
    let there = fs::read_to_string(stamp(place, chapter)).unwrap_or_default();
    let filled =
        fs::read_dir(build_cache(place)?).is_ok_and(|mut entries| entries.next().is_some());
    Ok(there == fingerprint(place, chapter)? && filled)
}

/// What the warm cache depends on: the kernel, the compiler, what notebooks load, and the manifests
/// that this resolves.
fn fingerprint(place: &Place, chapter: Option<&Chapter>) -> Result<String> {
    let toolchain = env::var("RUSTUP_TOOLCHAIN").unwrap_or_default();
    let mut text = format!("{NAME} {VERSION} {toolchain}\n");
    for path in notebooks(place, chapter)? {
        let notebook = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let loads = notebook.lines().filter(|line| line.contains("\":dep "));
        text.extend(loads.flat_map(|line| [line.trim(), "\n"]));
    }
    for manifest in ["Cargo.toml", "exercises/Cargo.toml"] {
        text += &fs::read_to_string(place.join(manifest)).with_context(|| manifest.to_owned())?;
    }
    Ok(text)
}

/// Where the kernel keeps compiled crates; `XDG_CACHE_HOME` of the kernel.
pub(super) fn build_cache(place: &Place) -> Result<PathBuf> {
    Ok(place.cache()?.join("kernel-cache"))
}

pub(super) fn diagnosis(place: &Place) -> Result<Diagnosis> {
    let binary = binary(place)?;
    let there = binary.is_file();
    Ok(Diagnosis {
        name: "kernel",
        there,
        found: match there {
            true => format!("{NAME} {VERSION} in {}", binary.display()),
            false => format!("{NAME} {VERSION} is neither on the path nor in {}", binary.display()),
        },
        mend: "cargo lab setup kernel".to_owned(),
        cost: "7 to 10 minutes on two cores; 35 MB on disk, 1.5 GB while it is built",
    })
}

pub(super) fn cache_diagnosis(place: &Place) -> Result<Diagnosis> {
    let there = is_warm(place, None)?;
    Ok(Diagnosis {
        name: "cache",
        there,
        found: match there {
            true => "the notebooks' crates are downloaded and compiled".to_owned(),
            false => "the notebooks' crates are not compiled yet".to_owned(),
        },
        mend: "cargo lab setup kernel".to_owned(),
        cost: "half a minute, after the kernel; 10 MB to download, 50 MB on disk",
    })
}
