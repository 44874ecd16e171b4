//! Set up what the notebooks need, all of it inside the checkout; only caches lie outside.
//!
//! | part | where | cost on two cores |
//! |---|---|---|
//! | `python` | `.venv`: JupyterLab and ipykernel, pinned and hashed | about a minute, 300 MB |
//! | `kernel` | the cache: the Rust kernel `evcxr_jupyter`, built once for all checkouts | 7 to 10 minutes |
//! | `warm` | the cache: the crates that notebooks use, downloaded and compiled once | half a minute |
//! | `package` | `.venv`: the package `rust_for_ai` for notebooks in Python, built here | one to three minutes |
//! | `--chapter frames` | `.venv`: Polars and pandas for Python | half a minute, 440 MB |
//! | | `target/frames` and the cache: Polars, for graders and programs and for the kernel | ten to fifteen minutes |
//!
//! Each part is a function from "missing" to "there" that can be stopped and started again, and that
//! does nothing when it is there already. Kernelspecs and settings hold absolute paths; they are
//! rewritten whenever they differ, which also mends a checkout that was moved.

mod jupyter;
mod kernel;
mod package;
mod python;

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rust_for_ai::course::Chapter;

use crate::model;
use crate::place::Place;
use crate::run::{print, say};
use crate::store::{self, Real};
use crate::{grade, tokenize, update};

pub use jupyter::command as jupyter_command;
pub use python::{environment, extra as install_extra, with_pip as python_with_pip};

/// What can be set up by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// The Python environment with JupyterLab
    Python,
    /// The Rust kernel, and the crates that notebooks use
    Kernel,
    /// The Python package that notebooks in Python use
    Package,
}

/// Sets up what is missing, in the foreground.
///
/// # Errors
///
/// A part cannot be set up; the message says why and what to do.
pub fn setup(place: &Place, part: Option<Part>, chapter: Option<&Chapter>) -> Result<bool> {
    mend_moved(place)?;
    if part.is_none_or(|part| part == Part::Python) || !python::is_there(place) {
        python::set_up(place)?;
    }
    jupyter::configure(place)?;
    if part.is_none_or(|part| part == Part::Kernel) {
        kernel::set_up(place)?;
        kernel::warm(place, None)?;
    }
    // Last, since the first chapter needs none of it.
    if part.is_none_or(|part| part == Part::Package) && package::is_wanted(place) {
        package::set_up(place)?;
    }
    if let Some(chapter) = chapter {
        if part.is_none_or(|part| part == Part::Python) {
            python::of_chapter(place, chapter)?;
        }
        if part.is_none() {
            grade::prepare(place, chapter)?;
            tokenize::TOKENIZE.build(place, tokenize::FEATURE)?;
        }
        if part.is_none_or(|part| part == Part::Kernel) {
            kernel::warm(place, Some(chapter))?;
        }
    }
    say("everything is there; `cargo lab` opens the workbook");
    Ok(true)
}

/// Sets up what is missing and opens the workbook; the Rust kernel is built meanwhile.
///
/// # Errors
///
/// JupyterLab cannot be set up or started.
pub fn open(place: &Place, port: u16, browser: bool) -> Result<bool> {
    mend_moved(place)?;
    if !python::is_there(place) {
        python::set_up(place)?;
    }
    jupyter::configure(place)?;
    let kernel = kernel::is_ready(place)?;
    if !kernel || package::is_wanted(place) && !package::is_there(place)? {
        in_background(place, kernel)?;
    }
    jupyter::open(place, port, browser)
}

/// Goes on with the kernel and then the package in a process of its own, which outlives this one.
fn in_background(place: &Place, kernel: bool) -> Result<()> {
    if kernel {
        say("the Python package is being built in the background (one to three minutes, once); \
             notebooks in Rust need none of it");
    } else {
        let log = kernel::log(place)?;
        say(&format!(
            "the Rust kernel is being set up in the background (7 to 10 minutes, once); its log is\n  {}\n\
             meanwhile a Rust notebook says how far it is, and `cargo lab check bpe.bytes` grades without it",
            log.display()
        ));
    }
    let mut command = Command::new(std::env::current_exe().context("the path of this program")?);
    command
        .arg("setup")
        .current_dir(place.root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    {
        // A group of its own: Ctrl-C in JupyterLab's terminal does not stop the build.
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    #[cfg(windows)]
    {
        // The same, by the name that Windows has for it: CREATE_NEW_PROCESS_GROUP.
        use std::os::windows::process::CommandExt;
        command.creation_flags(0x200);
    }
    command.spawn().context("could not start the set-up of the kernel")?;
    Ok(())
}

/// Says what is missing, what it costs, and the command that mends it. `Ok(false)` if anything is.
///
/// # Errors
///
/// The platform names no cache folder.
pub fn doctor(place: &Place) -> Result<bool> {
    let rows = [
        tool("rust", &["cargo", "--version"], "install Rust with rustup, as rust-lang.org says"),
        python::diagnosis(place),
        python::packages(place),
        kernel::diagnosis(place)?,
        kernel::cache_diagnosis(place)?,
    ];
    let package = package::is_wanted(place).then(|| package::diagnosis(place)).transpose()?;
    let rows: Vec<Diagnosis> = rows.into_iter().chain(package).collect();
    for row in &rows {
        let mark = if row.there { "✓" } else { "✗" };
        print(&format!("{mark} {:<10} {}", row.name, row.found));
        if !row.there {
            print(&format!("             mend: {}", row.mend));
            print(&format!("             cost: {}", row.cost));
        }
    }
    // Only a chat needs it, so that it is not there is no fault.
    let path = model::path(place)?;
    let (mark, found) = match model::is_there(&path) {
        true => ("✓", path.display().to_string()),
        false => (
            "·",
            "not fetched; `cargo lab model` does (93 MB), and only a chat needs it".to_owned(),
        ),
    };
    print(&format!("{mark} {:<10} {found}", "model"));
    for note in update::notes(place) {
        print(&format!(
            "· {:<10} {}",
            "update",
            note.replace("\n\n", "\n").replace('\n', "\n             ")
        ));
    }
    let missing = rows.iter().filter(|row| !row.there).count();
    print(&match missing {
        0 => "\nnothing is missing; `cargo lab` opens the workbook".to_owned(),
        _ => {
            "\nhint: `cargo lab` mends all of this by itself, except for what you install yourself"
                .to_owned()
        }
    });
    Ok(missing == 0)
}

/// A row of the doctor's report.
struct Diagnosis {
    name: &'static str,
    there: bool,
    found: String,
    mend: String,
    cost: &'static str,
}

/// Whether a program answers.
fn tool(name: &'static str, command: &[&str], mend: &str) -> Diagnosis {
    let answer = Command::new(command[0]).args(&command[1..]).output();
    let answer = answer.ok().filter(|answer| answer.status.success());
    Diagnosis {
        name,
        there: answer.is_some(),
        found: answer.map_or_else(
            || format!("`{}` does not answer", command[0]),
            |answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned(),
        ),
        mend: mend.to_owned(),
        cost: "some minutes",
    }
}

/// Notices that the checkout was moved, and puts the new path into the files that hold the old one.
fn mend_moved(place: &Place) -> Result<()> {
    let note = place.state("root.txt");
    let now = place.root().display().to_string();
    let before = fs::read_to_string(&note).unwrap_or_default();
    if before == now {
        return Ok(());
    }
    if !before.is_empty() && place.join(".venv").exists() {
        say(&format!("this checkout was moved from `{before}`; mending the paths in .venv"));
        python::mend_paths(place, &before, &now)?;
    }
    store::replace(&Real, &note, now.as_bytes())
}
