//! Kernelspecs, settings, and JupyterLab itself.
//!
//! Jupyter and IPython keep their files in the home folder unless told otherwise; [`inside`] tells
//! them, for every Python process that `lab` starts.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::kernel;
use crate::place::Place;
use crate::store::{self, Real};

/// How much of compiled crates the kernel keeps, in megabytes.
const BUILD_CACHE_MB: u32 = 2048;

/// Writes the kernelspec and the settings, where they differ from what they should be.
pub(super) fn configure(place: &Place) -> Result<()> {
    let share = place.join(".venv/share/jupyter");
    let program = place.state("kernel").join(format!("lab{}", std::env::consts::EXE_SUFFIX));
    let wrapper = place.state("kernel").join(format!("rustc{}", std::env::consts::EXE_SUFFIX));
    install_self(&[&program, &wrapper])?;
    let mut environment = json!({
        "RUST_FOR_AI_KERNEL": kernel::binary(place)?,
        "RUST_FOR_AI_LOG": kernel::log(place)?,
        "RUST_FOR_AI_WARM": kernel::warm_stamp(place),
        "EVCXR_CONFIG_DIR": place.state("kernel"),
        rust_for_ai::notebook::WITNESS: &program,
        // Else each cell writes "Compiling" into the terminal that JupyterLab was started from.
        "CARGO_TERM_QUIET": "true",
        "XDG_CACHE_HOME": kernel::build_cache(place)?,
    });
    environment[crate::rustc::REAL] = Value::from(real_rustc()?);
    // Cells link with the standard library when they run, by a relative path of which the kernel's copy of the code
    // has one step too many. That is none where toolchain and temporary files have only `/` in common, and else the
    // kernel dies with "dlopen failed". cargo tells whatever it runs where the library is, `cargo lab` and so its
    // JupyterLab; JupyterHub and editors start the kernel by themselves.
    environment["RUST_FOR_AI_LIBRARIES"] = Value::from(asked_of_rustc("target-libdir")?);
    // The kernel runs cargo in a folder of its own, where the checkout's toolchain file says nothing.
    if let Ok(toolchain) = std::env::var("RUSTUP_TOOLCHAIN") {
        environment["RUSTUP_TOOLCHAIN"] = Value::from(toolchain);
    }
    let kernelspec = json!({
        "argv": [place.python(), place.join("lab/assets/rust_kernel.py"), "{connection_file}"],
        "display_name": "Rust",
        "language": "rust",
        "interrupt_mode": "message",
        "env": environment,
    });
    fs::create_dir_all(kernel::build_cache(place)?)?;
    write(
        &place.state("kernel/evcxr.toml"),
        // Quick to compile, and no look-up in the network when a cell loads a crate.
        "[evcxr]\nopt_level = \"0\"\noffline_mode = true\n",
    )?;
    write(
        &place.state("kernel/init.evcxr"),
        &format!(":cache {BUILD_CACHE_MB}\n:build_env RUSTC={}\n", wrapper.display()),
    )?;
    write_json(&share.join("kernels/rust/kernel.json"), &kernelspec)?;
    // Ask no server for news or for a newer version.
    write_json(
        &place.join(".venv/etc/jupyter/labconfig/page_config.json"),
        &json!({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}),
    )?;
    write_json(
        &share.join("lab/settings/overrides.json"),
        &json!({
            "@jupyterlab/apputils-extension:notification": {"checkForUpdates": false, "fetchNews": "false"},
            "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 30},
        }),
    )
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    write(path, &(serde_json::to_string_pretty(value)? + "\n"))
}

/// Writes a file unless it holds that already.
fn write(path: &Path, text: &str) -> Result<()> {
    match fs::read_to_string(path) {
        Ok(there) if there == text => Ok(()),
        _ => store::replace(&Real, path, text.as_bytes()),
    }
}

/// The compiler that builds the checkout, by its real path: where rustup is used, `rustc` on the path
/// is another program, which would choose by the folder that the kernel works in.
fn real_rustc() -> Result<String> {
    let name = format!("rustc{}", std::env::consts::EXE_SUFFIX);
    Ok(Path::new(&asked_of_rustc("sysroot")?).join("bin").join(name).display().to_string())
}

/// What the compiler prints of itself.
fn asked_of_rustc(what: &str) -> Result<String> {
    let asked = Command::new("rustc").args(["--print", what]).output();
    let asked = asked.context("could not run `rustc`")?;
    anyhow::ensure!(asked.status.success(), "`rustc --print {what}` fails ({})", asked.status);
    let said = String::from_utf8(asked.stdout);
    Ok(said.with_context(|| format!("the answer of `rustc --print {what}`"))?.trim().to_owned())
}

/// Puts copies of this program where notebooks use it, as the compiler and as a witness; copies, so
/// that they go on working while cargo builds this program anew.
fn install_self(copies: &[&Path]) -> Result<()> {
    let this = std::env::current_exe().context("the path of this program")?;
    let stamp = |path: &Path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.len(), metadata.modified().ok()?))
    };
    for copy in copies {
        // A copy is as old as its original or younger.
        let current = matches!(
            (stamp(&this), stamp(copy)),
            (Some(a), Some(b)) if a.0 == b.0 && a.1 <= b.1
        );
        if !current {
            let program = fs::read(&this).with_context(|| this.display().to_string())?;
            if cfg!(windows) {
                // A program that runs, in a notebook left open, can be renamed there and not replaced.
                let aside = copy.with_extension("old");
                let _ = fs::remove_file(&aside);
                let _ = fs::rename(copy, &aside);
            }
            store::replace(&Real, copy, &program)?;
            fs::set_permissions(copy, fs::metadata(&this)?.permissions())?;
        }
    }
    Ok(())
}

/// Points everything that Jupyter and IPython would put into the home folder into the checkout.
pub(super) fn inside(place: &Place, command: &mut Command) {
    for name in ["JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"] {
        command.env_remove(name);
    }
    let own = |name: &str| place.state("jupyter").join(name);
    // IPython makes its folder, but not the one above it; without one it takes a temporary folder.
    let _ = fs::create_dir_all(place.state("jupyter"));
    command
        .env("JUPYTER_CONFIG_DIR", own("config"))
        .env("JUPYTER_DATA_DIR", own("data"))
        .env("JUPYTER_RUNTIME_DIR", own("runtime"))
        .env("JUPYTERLAB_SETTINGS_DIR", own("settings"))
        .env("JUPYTERLAB_WORKSPACES_DIR", own("workspaces"))
        .env("IPYTHONDIR", own("ipython"))
        .env("PYTHONNOUSERSITE", "1")
        // Windows has other encodings for what is printed and read.
        .env("PYTHONUTF8", "1");
}

/// A Python script of the workbook in the environment, run from the checkout's root.
pub fn command(place: &Place, script: &str) -> Command {
    let mut command = Command::new(place.python());
    command.arg(place.join(script)).current_dir(place.root());
    inside(place, &mut command);
    command
}

/// Opens JupyterLab; returns when it is closed, or not at all where it takes the place of this
/// process.
pub(super) fn open(place: &Place, port: u16, browser: bool) -> Result<bool> {
    let mut lab = Command::new(place.python());
    lab.args(["-m", "jupyterlab", "--config"])
        .arg(place.join("lab/assets/jupyter_lab_config.py"))
        .arg(format!("--ServerApp.root_dir={}", place.root().display()))
        .arg(format!("--ServerApp.port={port}"))
        .arg(format!("--ServerApp.open_browser={}", if browser { "True" } else { "False" }))
        .current_dir(place.root());
    inside(place, &mut lab);
    #[cfg(unix)]
    {
        // In the place of this process, so that Ctrl-C reaches JupyterLab and nobody else.
        use std::os::unix::process::CommandExt;
        Err(lab.exec()).context("could not start JupyterLab")
    }
    // One process cannot become another; JupyterLab hears Ctrl-C, and this one waits until it has closed.
    #[cfg(not(unix))]
    let _ = ctrlc::set_handler(|| {});
    #[cfg(not(unix))]
    Ok(lab.status().context("could not start JupyterLab")?.success())
}
