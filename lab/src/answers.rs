//! Keep, reset and restore answers. No answer is ever gone: before a file changes, its content gets a
//! second name under `.lab/backups/`.

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use rust_for_ai::course::{self, Stage};

use crate::place::Place;
use crate::store::{self, Disk, Lock};
use crate::stubs;

/// What a reset did.
#[derive(Debug, PartialEq, Eq)]
pub enum Reset {
    /// The file was its stub already.
    Unchanged,
    /// There was no file; the stub is there now.
    Restored,
    /// The answer is kept in this file.
    Kept(PathBuf),
}

/// Puts the stub of a stage in place of the answer, which is kept.
///
/// # Errors
///
/// A step failed; then the answer is still in place, or under its second name, or both.
pub fn reset(place: &Place, disk: &dyn Disk, stage: &Stage) -> Result<Reset> {
    let _lock = Lock::wait(&place.state("lock"))?;
    let stub = stubs::of(place, stage)?;
    let path = place.exercise(stage);
    match fs::read(&path) {
        Ok(now) if now == stub.as_bytes() => return Ok(Reset::Unchanged),
        Ok(_) => {}
        Err(_) if !path.exists() => {
            store::replace(disk, &path, stub.as_bytes())?;
            return Ok(Reset::Restored);
        }
        Err(error) => return Err(error).with_context(|| format!("`{}`", stage.exercise())),
    }
    let copy = new_backup(place, stage);
    store::keep(disk, &path, &copy)?;
    store::replace(disk, &path, stub.as_bytes())?;
    Ok(Reset::Kept(copy))
}

/// Puts the newest kept answer back: of one stage, or of the stage that was reset last.
///
/// What the file holds now is kept before, so an undo can be undone.
///
/// # Errors
///
/// Nothing was kept that differs from the file, or a step failed.
pub fn undo(
    place: &Place,
    disk: &dyn Disk,
    asked: Option<&'static Stage>,
) -> Result<&'static Stage> {
    let _lock = Lock::wait(&place.state("lock"))?;
    let last = |stage: &Stage| backups(place, stage).pop()?.file_name().map(ToOwned::to_owned);
    let reset_last =
        || course::stages().filter(|stage| last(stage).is_some()).max_by_key(|s| last(s));
    let Some(stage) = asked.or_else(reset_last) else {
        bail!("nothing to undo: no stage was reset since the last undo");
    };
    let now = fs::read(place.exercise(stage)).unwrap_or_default();
    let mut kept = backups(place, stage);
    // Named without a stage, only the last reset is undone, and only once: what lies further back
    // would surprise.
    kept.drain(..if asked.is_none() { kept.len().saturating_sub(1) } else { 0 });
    let mut differing = None;
    for path in kept.iter().rev() {
        let answer = fs::read(path).with_context(|| path.display().to_string())?;
        if answer != now {
            differing = Some((path.clone(), answer));
            break;
        }
    }
    let Some((from, kept)) = differing else {
        bail!(
            "nothing to undo: no kept answer of {} differs from `{}`",
            stage.id,
            stage.exercise()
        );
    };
    let path = place.exercise(stage);
    if path.exists() && now != stubs::of(place, stage)?.as_bytes() {
        store::keep(disk, &path, &new_backup(place, stage))?;
    }
    store::replace(disk, &path, &kept)?;
    // Undone once: under this name it stays, and no further undo takes it. If that fails, the answer is
    // back all the same.
    let _ = disk.rename(&from, &from.with_extension("undone"));
    Ok(stage)
}

/// The kept answers of a stage, oldest first.
pub fn backups(place: &Place, stage: &Stage) -> Vec<PathBuf> {
    let folder = place.state("backups").join(stage.id);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.sort();
    paths
}

/// A name that sorts after all others: nanoseconds since 1970, of equal length until the year 2286;
/// one more than the newest where the clock was set back.
fn new_backup(place: &Place, stage: &Stage) -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let number = |path: PathBuf| path.file_stem()?.to_str()?.parse::<u128>().ok();
    let newest = course::stages().flat_map(|stage| backups(place, stage)).filter_map(number).max();
    let name = newest.map_or(now, |newest| now.max(newest + 1));
    place.state("backups").join(stage.id).join(format!("{name:019}.rs"))
}
