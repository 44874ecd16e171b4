//! What is fetched once, for all checkouts, and only after a yes.
//!
//! Nothing big, and nothing under a licence of its own, is downloaded unasked. A person is told what it
//! would be, from whom, how large and under which licence, and then asked; a script says yes with a
//! flag, and where nobody can be asked, the error names that flag. One `lab` fetches while others wait;
//! who waited finds it there.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::run::{print, say};
use crate::store::Lock;

/// Something to be fetched.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// What a line about it begins with.
    pub name: &'a str,
    /// Where it is once it is there.
    pub path: PathBuf,
    /// Told before the question: what it is, from whom, how large, under which licence.
    pub about: String,
    /// The question, to be answered by yes or no.
    pub question: &'a str,
    /// The flag that answers yes.
    pub flag: &'a str,
    /// What the flag says: it follows "`--flag` says that you".
    pub says: &'a str,
}

/// Tells, asks, and fetches, unless it is there. `Ok(false)` if the answer is no.
///
/// `fetch` gets a folder for whatever it needs on the way, which may hold what an earlier run left.
///
/// # Errors
///
/// Nobody can be asked, or `fetch` fails.
pub fn once(
    wanted: &Wanted<'_>,
    agreed: bool,
    is_there: impl Fn(&Path) -> bool,
    fetch: impl FnOnce(&Path) -> Result<()>,
) -> Result<bool> {
    let Wanted { name, path, .. } = wanted;
    if is_there(path) {
        print(&format!("{name} is there: {}", path.display()));
        return Ok(true);
    }
    say(&wanted.about);
    if agreed {
        say(&format!("`{}` says that you {}", wanted.flag, wanted.says));
    } else if !ask(wanted)? {
        say("the answer is no; nothing was fetched");
        return Ok(false);
    }
    let folder = path.parent().context("a file has a folder")?;
    let _lock = Lock::wait_saying(
        &folder.join("fetch.lock"),
        &format!("another `cargo lab` is fetching it; waiting for it: {name}"),
    )?;
    if !is_there(path) {
        let scratch = folder.join("fetch");
        fs::create_dir_all(&scratch).with_context(|| scratch.display().to_string())?;
        fetch(&scratch)?;
        // What is left is only litter.
        let _ = fs::remove_dir_all(&scratch);
    }
    print(&format!("{name} is stored: {}", path.display()));
    Ok(true)
}

/// Whether the person at the terminal says yes.
fn ask(wanted: &Wanted<'_>) -> Result<bool> {
    if !io::stdin().is_terminal() {
        bail!(
            "nobody can be asked here, since the input is no terminal\n\n\
             hint: `{}` says that you {}",
            wanted.flag,
            wanted.says
        );
    }
    let mut err = io::stderr().lock();
    let _ = write!(err, "{} Type yes or no: ", wanted.question).and_then(|()| err.flush());
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).context("could not read the answer")?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}
