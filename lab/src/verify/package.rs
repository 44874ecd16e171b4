//! The step `package`: the Python package as somebody gets who installs it, the chapter `binding`, and the traps
//! of `examples/pitfalls`.
//!
//! Everything is below `target/verify/package/`, the environment too, so that a learner's `.venv` is neither
//! needed nor touched. The wheels are built from the source distribution and not from the checkout: what the
//! former lacks is missing in the wheel, too. The light one comes first, without Candle and thus without
//! `Llama`; everything but that is tested with it. Then the full one, minutes to build, for `Llama` and what
//! the package has to look like from outside.
//!
//! cargo tells by the time of a file whether it changed, and all files of a source distribution are of one
//! day in 2006. So they are unpacked as of now, and only when the distribution is another one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Choices, command, done};
use crate::place::Place;
use crate::run::{logged, say};
use crate::setup;

/// maturin; what the package is compared with and typed by; the engines of `examples/scale`.
const LISTS: &[&str] =
    &["lab/assets/requirements-package-test.txt", "examples/scale/requirements.txt"];

/// What leaves Candle out of a wheel.
const LIGHT: &[&str] = &["--no-default-features"];

pub(super) fn package(place: &Place, _: Choices) -> Result<()> {
    let step = Package::make(place)?;
    step.source()?;
    step.install("building the light wheel from it", LIGHT)?;
    say("tests of `Llama` are left out here, and run with the full wheel below");
    let report = ["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"];
    done(step.python(&report).arg("python/tests"))?;
    let cache = step.folder.join("mypy");
    done(
        step.python(&["-m", "mypy", "--strict", "python/rust_for_ai", "--cache-dir"]).arg(&cache),
    )?;
    // The engines run for real, Ray on a cluster of this machine.
    done(step.python(&report).arg("examples/scale"))?;
    // Whose times mean something is decided on a quiet machine.
    done(&mut step.python(&["python/bench/race.py", "--equality", "--without", "pure"]))?;
    step.binding()?;
    step.pitfalls()?;
    step.install("building the full wheel (Candle takes minutes)", &[])?;
    let of_llama = ["python/tests/test_llama.py", "python/tests/test_package.py"];
    done(step.python(&report).args(of_llama))
}

struct Package<'a> {
    place: &'a Place,
    folder: PathBuf,
    python: PathBuf,
}

impl<'a> Package<'a> {
    fn make(place: &'a Place) -> Result<Self> {
        let folder = place.join("target/verify/package");
        fs::create_dir_all(&folder)?;
        let python = setup::environment(place, &folder.join("venv"), LISTS)?;
        Ok(Self { place, folder, python })
    }

    /// The environment's Python in the checkout's root, where it leaves nothing.
    fn python(&self, arguments: &[&str]) -> Command {
        let mut python = Command::new(&self.python);
        python.args(arguments).current_dir(self.place.root()).env("PYTHONDONTWRITEBYTECODE", "1");
        for name in ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"] {
            python.env_remove(name);
        }
        python.env("PYTHONNOUSERSITE", "1");
        python
    }

    /// Runs maturin; what it and the compiler say is read when it fails.
    fn maturin(&self, label: &str, command: &mut Command) -> Result<()> {
        logged(label, command, &self.folder.join("maturin.log"))
    }

    /// The source distribution, unpacked.
    fn source(&self) -> Result<()> {
        let (dist, source) = (self.folder.join("dist"), self.folder.join("source"));
        let before = only(&dist, "gz").and_then(|path| Ok(fs::read(path)?)).ok();
        empty(&dist)?;
        let mut sdist = self.python(&["-m", "maturin", "sdist", "--out"]);
        self.maturin("packing the source distribution", sdist.arg(&dist))?;
        let packed = only(&dist, "gz")?;
        if before != Some(fs::read(&packed)?) || !source.exists() {
            empty(&source)?;
            let mut tar = Command::new("tar");
            tar.arg("-xmzf").current_dir(self.place.root());
            done(tar.arg(&packed).arg("-C").arg(&source).arg("--strip-components=1"))?;
        }
        Ok(())
    }

    /// A wheel from the source distribution, installed in place of what was there.
    fn install(&self, label: &str, features: &[&str]) -> Result<()> {
        let wheels = self.folder.join("wheel");
        empty(&wheels)?;
        let mut wheel = self.python(&["-m", "maturin", "build", "--release"]);
        wheel.args(features).arg("--manifest-path");
        wheel.arg(self.folder.join("source/python/Cargo.toml"));
        wheel.arg("--target-dir").arg(self.folder.join("target")).arg("--out").arg(&wheels);
        self.maturin(label, &mut wheel)?;
        let mut pip = self.python(&["-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]);
        pip.args(["--force-reinstall", "--disable-pip-version-check"]);
        done(pip.arg(only(&wheels, "whl")?))
    }

    /// The reference answers pass as modules, and each wrong one fails and is recognised.
    fn binding(&self) -> Result<()> {
        let solutions = ["test", "--no-default-features", "--features", "binding"];
        let solutions = [&solutions[..], &["--test", "binding", "--", "solutions::"]].concat();
        let mut test = command(self.place, &solutions);
        done(test.env("RUST_FOR_AI_GRADER_PYTHON", &self.python))?;
        let wrong = self.module("building the wrong answers", "tests/binding/wrong", "wrong")?;
        let mut grade = self.python(&["tests/binding/grade.py", "--wrong"]);
        // One of them panics, as it is meant to.
        done(grade.arg(&wrong).env("RUST_BACKTRACE", "0"))
    }

    /// Each trap at the border to Python springs, and each cure holds.
    fn pitfalls(&self) -> Result<()> {
        let place = self.module("building the pitfalls", "examples/pitfalls", "pitfalls")?;
        let mut tests = self.python(&["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]);
        done(tests.arg("examples/pitfalls").env("PYTHONPATH", &place))?;
        let mut types = self.python(&["-m", "mypy", "--strict", "--ignore-missing-imports"]);
        types.args(["examples/pitfalls", "--cache-dir"]).arg(self.folder.join("mypy"));
        done(&mut types)
    }

    /// Builds an extension module of the workspace; gives the folder in which Python finds it.
    fn module(&self, label: &str, package: &str, name: &str) -> Result<PathBuf> {
        let (wheels, place) = (self.folder.join(format!("{name}-wheel")), self.folder.join(name));
        empty(&wheels)?;
        empty(&place)?;
        let mut build = self.python(&["-m", "maturin", "build", "--release", "--manifest-path"]);
        // The folder in which the grader has just built the answers of `binding`.
        build.arg(self.place.join(package).join("Cargo.toml")).arg("--target-dir");
        build.arg(self.place.join("target/binding")).arg("--out").arg(&wheels);
        self.maturin(label, &mut build)?;
        done(self.python(&["-m", "zipfile", "-e"]).arg(only(&wheels, "whl")?).arg(&place))?;
        Ok(place)
    }
}

/// The one file of a folder with this ending.
fn only(folder: &Path, ending: &str) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|ext| ext == ending) {
            found.push(path);
        }
    }
    match &mut found[..] {
        [path] => Ok(std::mem::take(path)),
        _ => bail!("expected one `.{ending}` in {}, found {}", folder.display(), found.len()),
    }
}

/// Makes a folder that holds nothing.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())
}
