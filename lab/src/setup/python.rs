//! The Python environment: `.venv`, from a list in which every package is pinned and hashed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use rust_for_ai::course::Chapter;

use super::Diagnosis;
use crate::place::Place;
use crate::run;
use crate::store::{self, Lock, Real};

/// JupyterLab needs it, and the workbook's own wheel will.
const OLDEST: (u32, u32) = (3, 11);

const REQUIREMENTS: &str = "lab/assets/requirements.txt";

/// What was installed last: a copy of the list, written when all of it was there.
fn stamp(place: &Place) -> PathBuf {
    place.join(".venv").join("lab-requirements.txt")
}

/// Whether the environment is complete.
pub(super) fn is_there(place: &Place) -> bool {
    let wanted = fs::read(place.join(REQUIREMENTS));
    place.python().exists()
        && wanted.is_ok_and(|list| fs::read(stamp(place)).is_ok_and(|there| there == list))
}

/// Makes the environment, or goes on where an earlier run stopped.
pub(super) fn set_up(place: &Place) -> Result<()> {
    let _lock = Lock::wait_saying(
        &place.state("setup.lock"),
        "another `cargo lab` is setting up; waiting for it",
    )?;
    if is_there(place) {
        return Ok(());
    }
    let python = find().map_err(|reason| anyhow::anyhow!("{reason}"))?;
    // Over a folder that is there already this repairs what is missing.
    let made = run::logged(
        "making the Python environment",
        Command::new(&python.program).args(["-m", "venv"]).arg(place.join(".venv")),
        &place.state("log/venv.log"),
    );
    if let Err(error) = made {
        bail!(
            "{error:#}\n\nhint: on Debian and Ubuntu the module `venv` is in the package python3-venv"
        );
    }
    pip(place, "installing JupyterLab", REQUIREMENTS)?;
    let list = fs::read(place.join(REQUIREMENTS)).context(REQUIREMENTS)?;
    store::replace(&Real, &stamp(place), &list)
}

/// Installs what a chapter's notebook in Python imports beyond the package, if it has a list of its own.
pub(super) fn of_chapter(place: &Place, chapter: &Chapter) -> Result<()> {
    let list = format!("lab/assets/requirements-{}.txt", chapter.id);
    // A copy, as of the list that everybody needs.
    let stamp = place.join(".venv").join(format!("lab-requirements-{}.txt", chapter.id));
    if !place.join(&list).exists() {
        return Ok(());
    }
    let _lock = Lock::wait_saying(
        &place.state("setup.lock"),
        "another `cargo lab` is setting up; waiting for it",
    )?;
    let wanted = fs::read(place.join(&list)).with_context(|| list.clone())?;
    if fs::read(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    let label = format!("installing the Python packages of chapter `{}`", chapter.id);
    pip(place, &label, &list)?;
    store::replace(&Real, &stamp, &wanted)
}

/// Installs a further pinned and hashed list into the environment.
///
/// # Errors
///
/// pip fails.
pub fn extra(place: &Place, list: &str) -> Result<()> {
    pip(place, &format!("installing {list}"), list)
}

fn pip(place: &Place, label: &str, list: &str) -> Result<()> {
    install(place, &place.python(), label, list)
}

fn install(place: &Place, python: &Path, label: &str, list: &str) -> Result<()> {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--require-hashes", "--disable-pip-version-check"])
        .args(["--progress-bar", "off", "-r"])
        .arg(place.join(list));
    super::jupyter::inside(place, &mut pip);
    run::logged(label, &mut pip, &place.state("log/pip.log")).context(
        "pip could not install; with a slow or closed network, run the same command again later",
    )
}

/// A Python whose pip answers: the environment's, else the one on the path, else one that is made in
/// this folder.
///
/// # Errors
///
/// There is no Python that is new enough.
pub fn with_pip(place: &Place, folder: &Path) -> Result<PathBuf> {
    let pip = |python: &Path| {
        let mut asked = Command::new(python);
        super::jupyter::inside(place, &mut asked);
        asked.args(["-m", "pip", "--version"]).output().is_ok_and(|answer| answer.status.success())
    };
    if pip(&place.python()) {
        return Ok(place.python());
    }
    let found = find().map_err(|reason| anyhow::anyhow!("{reason}"))?;
    if pip(Path::new(&found.program)) {
        return Ok(found.program.into());
    }
    let venv = folder.join("python");
    run::logged(
        "making a Python environment for pip",
        Command::new(&found.program).args(["-m", "venv"]).arg(&venv),
        &place.state("log/venv.log"),
    )?;
    Ok(interpreter(&venv))
}

/// The Python of an environment.
fn interpreter(venv: &Path) -> PathBuf {
    match cfg!(windows) {
        true => venv.join("Scripts").join("python.exe"),
        false => venv.join("bin").join("python"),
    }
}

/// An environment that is none of a learner's, with pinned and hashed lists installed; gives its Python. One
/// with the same lists is used again.
///
/// # Errors
///
/// There is no Python that is new enough, or pip fails.
pub fn environment(place: &Place, venv: &Path, lists: &[&str]) -> Result<PathBuf> {
    let (python, stamp) = (interpreter(venv), venv.join("lab-requirements.txt"));
    let mut wanted = String::new();
    for list in lists {
        wanted += &fs::read_to_string(place.join(list)).context((*list).to_owned())?;
    }
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    if venv.exists() {
        fs::remove_dir_all(venv).with_context(|| venv.display().to_string())?;
    }
    let found = find().map_err(|reason| anyhow::anyhow!("{reason}"))?;
    run::logged(
        "making a Python environment",
        Command::new(&found.program).args(["-m", "venv"]).arg(venv),
        &place.state("log/venv.log"),
    )?;
    for list in lists {
        install(place, &python, &format!("installing {list}"), list)?;
    }
    store::replace(&Real, &stamp, wanted.as_bytes())?;
    Ok(python)
}

/// A Python that can make the environment.
struct Python {
    program: String,
    version: String,
}

/// The first Python that is new enough: `RUST_FOR_AI_PYTHON`, else what is on the path.
fn find() -> std::result::Result<Python, String> {
    let named = std::env::var("RUST_FOR_AI_PYTHON").ok();
    let candidates: Vec<String> = match named {
        Some(program) => vec![program],
        // `py` is the launcher on Windows, where `python3` may be an offer to install one.
        None => ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "py"]
            .map(str::to_owned)
            .to_vec(),
    };
    let mut too_old = Vec::new();
    for program in &candidates {
        let asked = Command::new(program)
            .args(["-c", "import ensurepip, sys, venv; print('%d.%d.%d' % sys.version_info[:3])"])
            .output();
        let Ok(answer) = asked else { continue };
        let version = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        let mut parts = version.split('.').filter_map(|part| part.parse::<u32>().ok());
        match (parts.next(), parts.next()) {
            (Some(major), Some(minor)) if (major, minor) >= OLDEST => {
                return Ok(Python { program: program.clone(), version });
            }
            (Some(_), Some(_)) => too_old.push(format!("`{program}` is {version}")),
            _ => {}
        }
    }
    if too_old.is_empty() && candidates.iter().any(|program| answers(program)) {
        return Err(
            "expected Python's modules `venv` and `ensurepip`, found Python without them\n\n\
                    hint: on Debian and Ubuntu they are in the package python3-venv"
                .to_owned(),
        );
    }
    let found = if too_old.is_empty() { "found none".to_owned() } else { too_old.join(", ") };
    Err(format!(
        "expected Python {}.{} or later, {found}\n\nhint: install one, or name it in RUST_FOR_AI_PYTHON",
        OLDEST.0, OLDEST.1
    ))
}

/// Whether there is a Python of this name at all.
fn answers(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|answer| answer.status.success())
}

pub(super) fn diagnosis(_: &Place) -> Diagnosis {
    let found = find();
    Diagnosis {
        name: "python",
        there: found.is_ok(),
        found: match found {
            Ok(python) => format!("Python {} (`{}`)", python.version, python.program),
            Err(reason) => reason.lines().next().unwrap_or_default().to_owned(),
        },
        mend: "install Python 3.11 or later, with its module venv".to_owned(),
        cost: "some minutes",
    }
}

pub(super) fn packages(place: &Place) -> Diagnosis {
    let there = is_there(place);
    Diagnosis {
        name: "packages",
        there,
        found: match there {
            true => "JupyterLab in .venv, as pinned".to_owned(),
            false => "JupyterLab is not in .venv, or not as pinned".to_owned(),
        },
        mend: "cargo lab setup python".to_owned(),
        cost: "about a minute, 40 MB to download, 300 MB on disk",
    }
}

/// Replaces the old path by the new one in the environment's scripts. Each path in them goes on below
/// the checkout, so the slash keeps `a/book` apart from `a/book-2`.
///
/// On Windows programs stand in the place of scripts, and none is mended: `lab` starts `python -m …`, and needs
/// none of them.
pub(super) fn mend_paths(place: &Place, old: &str, new: &str) -> Result<()> {
    let scripts = match cfg!(windows) {
        true => place.join(".venv/Scripts"),
        false => place.join(".venv/bin"),
    };
    for entry in fs::read_dir(&scripts).with_context(|| scripts.display().to_string())? {
        let path = entry?.path();
        // The interpreter itself is a link or a binary, and no text.
        let is_link = path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        let Some(text) = fs::read_to_string(&path).ok().filter(|_| !is_link) else { continue };
        let mended = ['/', '\\'].iter().fold(text.clone(), |text, slash| {
            text.replace(&format!("{old}{slash}"), &format!("{new}{slash}"))
        });
        if mended != text {
            store::replace(&Real, &path, mended.as_bytes())?;
        }
    }
    Ok(())
}

#[cfg(all(test, unix))] // On Windows scripts are programs and stand elsewhere.
mod tests {
    use rust_for_ai::course::{bpe, frames};

    use super::*;

    #[test]
    fn the_packages_of_a_chapter_are_installed_when_its_list_changes_and_only_then() {
        let root =
            std::env::temp_dir().join(format!("rust-for-ai-packages-{}", std::process::id()));
        let list = root.join("lab/assets/requirements-frames.txt");
        fs::create_dir_all(root.join("lab/assets")).expect("a folder for lists");
        fs::create_dir_all(root.join(".venv")).expect("an environment");
        fs::write(&list, "as installed\n").expect("a list");
        fs::write(root.join(".venv/lab-requirements-frames.txt"), "as installed\n")
            .expect("a copy");
        let place = Place::at(&root);
        of_chapter(&place, &frames::CHAPTER).expect("nothing is to be done");
        of_chapter(&place, &bpe::CHAPTER).expect("there is no list");
        fs::write(&list, "another version\n").expect("a list");
        // There is no Python that could install it.
        of_chapter(&place, &frames::CHAPTER).expect_err("the list is another one");
        fs::remove_dir_all(root).expect("the folder is ours");
    }

    #[test]
    fn a_moved_environment_names_its_new_place_however_often_it_is_mended() {
        let root = std::env::temp_dir().join(format!("rust-for-ai-moved-{}", std::process::id()));
        let script = root.join(".venv/bin/jupyter");
        fs::create_dir_all(root.join(".venv/bin")).expect("a folder for scripts");
        fs::write(&script, "#!/a/book/.venv/bin/python\n# not /a/bookshelf\n").expect("a script");
        for _ in 0..2 {
            mend_paths(&Place::at(&root), "/a/book", "/a/book-2").expect("scripts can be mended");
            let mended = fs::read_to_string(&script).expect("the script");
            assert_eq!(mended, "#!/a/book-2/.venv/bin/python\n# not /a/bookshelf\n");
        }
        fs::remove_dir_all(root).expect("the folder is ours");
    }
}
