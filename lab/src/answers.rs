//! Keep, reset and restore answers. No answer is ever gone: before a file changes, its content gets a
//! second name under `.lab/backups/`.

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use rust_for_ai::course::{self, Chapter, Stage};

use crate::place::Place;
use crate::store::{self, Disk, Lock};
use crate::stubs;

/// A file of answers.
#[derive(Debug, Clone, Copy)]
pub enum File<'s> {
    /// Of a stage, in Rust.
    Stage(&'s Stage),
    /// Of a chapter, in Python.
    Python(&'s Chapter),
}

impl<'s> From<&'s Stage> for File<'s> {
    fn from(stage: &'s Stage) -> Self {
        Self::Stage(stage)
    }
}

impl File<'_> {
    /// A word for it: `bpe.merge`, `python.bpe`. Kept answers lie in a folder of this name.
    pub fn id(&self) -> String {
        match self {
            Self::Stage(stage) => stage.id.to_owned(),
            Self::Python(chapter) => format!("python.{}", chapter.id),
        }
    }

    /// Its path from the root.
    pub fn path(&self) -> String {
        match self {
            Self::Stage(stage) => stage.exercise(),
            Self::Python(chapter) => format!("exercises/python/{}.py", chapter.id),
        }
    }

    /// The id as `cargo lab reset` and `cargo lab undo` take it.
    pub fn words(&self) -> String {
        match self {
            Self::Stage(stage) => stage.id.to_owned(),
            Self::Python(chapter) => format!("{} --python", chapter.id),
        }
    }

    fn ending(&self) -> &'static str {
        match self {
            Self::Stage(_) => "rs",
            Self::Python(_) => "py",
        }
    }

    fn stub(&self, place: &Place) -> Result<String> {
        match self {
            Self::Stage(stage) => stubs::of(place, stage),
            Self::Python(chapter) => stubs::of_python(place, chapter),
        }
    }
}

/// All files of answers.
pub fn files(place: &Place) -> Vec<File<'static>> {
    let python = course::CHAPTERS
        .iter()
        .copied()
        .filter(|chapter| place.join(format!("solutions/python/{}.py", chapter.id)).exists());
    course::stages().map(File::Stage).chain(python.map(File::Python)).collect()
}

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

/// Puts the stub in place of the answer, which is kept.
///
/// # Errors
///
/// A step failed; then the answer is still in place, or under its second name, or both.
pub fn reset<'s>(place: &Place, disk: &dyn Disk, file: impl Into<File<'s>>) -> Result<Reset> {
    let file = file.into();
    let _lock = Lock::wait(&place.state("lock"))?;
    let stub = file.stub(place)?;
    let path = place.join(file.path());
    match fs::read(&path) {
        Ok(now) if now == stub.as_bytes() => return Ok(Reset::Unchanged),
        Ok(_) => {}
        Err(_) if !path.exists() => {
            store::replace(disk, &path, stub.as_bytes())?;
            return Ok(Reset::Restored);
        }
        Err(error) => return Err(error).with_context(|| format!("`{}`", file.path())),
    }
    let copy = new_backup(place, file);
    store::keep(disk, &path, &copy)?;
    store::replace(disk, &path, stub.as_bytes())?;
    // What `cargo lab update` laid beside the answer stands in its place now.
    let beside = path.with_extension(format!("new.{}", file.ending()));
    if fs::read(&beside).is_ok_and(|laid| laid == stub.as_bytes()) {
        // If that fails, it lies there still.
        let _ = disk.remove(&beside);
    }
    Ok(Reset::Kept(copy))
}

/// Puts the newest kept answer back: of one file, or of the file that was reset last.
///
/// What the file holds now is kept before, so an undo can be undone.
///
/// # Errors
///
/// Nothing was kept that differs from the file, or a step failed.
pub fn undo(place: &Place, disk: &dyn Disk, asked: Option<File<'static>>) -> Result<File<'static>> {
    let _lock = Lock::wait(&place.state("lock"))?;
    let last = |file: &File<'_>| backups(place, *file).pop()?.file_stem().map(ToOwned::to_owned);
    let reset_last =
        || files(place).into_iter().filter(|file| last(file).is_some()).max_by_key(|it| last(it));
    let Some(file) = asked.or_else(reset_last) else {
        bail!("nothing to undo: no stage was reset since the last undo");
    };
    let path = place.join(file.path());
    let now = fs::read(&path).unwrap_or_default();
    let mut kept = backups(place, file);
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
        bail!("nothing to undo: no kept answer of {} differs from `{}`", file.id(), file.path());
    };
    if path.exists() && now != file.stub(place)?.as_bytes() {
        store::keep(disk, &path, &new_backup(place, file))?;
    }
    store::replace(disk, &path, &kept)?;
    // Undone once: under this name it stays, and no further undo takes it. If that fails, the answer is
    // back all the same.
    let _ = disk.rename(&from, &from.with_extension("undone"));
    Ok(file)
}

/// The kept answers of a file, oldest first.
pub fn backups<'s>(place: &Place, file: impl Into<File<'s>>) -> Vec<PathBuf> {
    let file = file.into();
    kept(place, &file, course::RENAMED)
}

/// Those of former ids of the stage are the stage's.
fn kept(place: &Place, file: &File<'_>, renamed: &str) -> Vec<PathBuf> {
    let id = file.id();
    let former = course::renames(renamed).map(|(former, _)| former);
    let former = former.filter(|former| course::follow(former, renamed) == id);
    let folders = former.chain([&*id]).map(|id| place.state("backups").join(id));
    let entries = folders.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == file.ending()));
    // The names are times, whatever the folder.
    paths.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
    paths
}

/// A name that sorts after all others: nanoseconds since 1970, of equal length until the year 2286;
/// one more than the newest where the clock was set back.
fn new_backup(place: &Place, file: File<'_>) -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let number = |path: PathBuf| path.file_stem()?.to_str()?.parse::<u128>().ok();
    let kept = files(place).into_iter().flat_map(|file| backups(place, file));
    let newest = kept.filter_map(number).max();
    let name = newest.map_or(now, |newest| now.max(newest + 1));
    place.state("backups").join(file.id()).join(format!("{name:019}.{}", file.ending()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_kept_under_a_former_id_is_found() {
        let name = format!("rust-for-ai-answers-{}", std::process::id());
        let place = Place::at(std::env::temp_dir().join(name));
        for (id, name) in [("bpe.merge", "1.rs"), ("bpe.glue", "2.rs"), ("bpe.bytes", "3.rs")] {
            let folder = place.state("backups").join(id);
            fs::create_dir_all(&folder).expect("a folder can be made");
            fs::write(folder.join(name), "").expect("a file can be written");
        }
        let stage = File::Stage(&course::bpe::MERGE);
        let paths = kept(&place, &stage, "bpe.glue bpe.merge");
        fs::remove_dir_all(place.root()).expect("it was made above");
        let ends: Vec<bool> = paths.iter().map(|path| path.ends_with("bpe.glue/2.rs")).collect();
        assert_eq!(ends, [false, true], "{paths:?}");
    }
}
