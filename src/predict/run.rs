//! Compile a program, run it, and see what becomes of it.
//!
//! Both happen in child processes, in a folder of their own that goes again. The program's streams are read
//! by threads, so that it never waits for a reader.
//!
//! That a program waits for ever is seen by its threads: in sixteen looks after one another every one of them is
//! asleep, and none was woken in between. Our programs ask no clock, so nothing will wake one later
//! (`rest.rs` says the same of a check's own threads). A busy machine does no harm, since a thread that wants the
//! processor and does not get it is not asleep. Where that cannot be seen, and for a program that is busy without
//! end, a deadline has to do.
//!
//! Linking is most of what a compilation costs. So the standard library is linked when the program starts, where
//! its place can be written into the program.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{env, fs};

use super::{Prediction, Seen, Unseen, rest};

/// How long between two looks at a running program.
const LOOK: Duration = Duration::from_millis(5);

/// In how many looks after one another a program must rest to count as one that waits for ever.
const RESTING: u32 = 16;

/// When a program that does not rest is ended: a hundred times what ours take.
const DEADLINE: Duration = Duration::from_secs(4);

/// The edition that the workbook teaches.
const EDITION: &str = "2024";

/// Compiles and runs a program.
pub(super) fn watch(name: &str, whole: &str) -> Result<Seen, Unseen> {
    let folder = Folder::new().map_err(|error| {
        Unseen(format!("no folder for program `{name}` in {}: {error}", env::temp_dir().display()))
    })?;
    match compile(&folder.0, whole) {
        Ok(Compiled::Program(path)) => run(name, &path),
        Ok(Compiled::Refused(said)) => refused(name, said),
        Err(error) => {
            Err(Unseen(format!("could not compile program `{name}` with `rustc`: {error}")))
        }
    }
}

enum Compiled {
    Program(PathBuf),
    /// What the compiler said.
    Refused(String),
}

fn compile(folder: &Path, whole: &str) -> io::Result<Compiled> {
    // Windows runs what is called so.
    let binary = folder.join(if cfg!(windows) { "program.exe" } else { "program" });
    fs::write(folder.join("program.rs"), whole)?;
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let done = Command::new(compiler)
        // Which compiler that is may depend on the folder.
        .current_dir(root().unwrap_or(folder))
        .args(["--edition", EDITION, "-A", "warnings", "-C", "debuginfo=0", "--crate-name"])
        // Windows looks for libraries beside the program and nowhere that could be written into it.
        .args(if cfg!(unix) {
            &["program", "-C", "prefer-dynamic", "-C", "rpath"][..]
        } else {
            &["program"]
        })
        .arg("-o")
        .arg(&binary)
        .arg(folder.join("program.rs"))
        .stdin(Stdio::null())
        .output()?;
    if done.status.success() {
        return Ok(Compiled::Program(binary));
    }
    // The path of the folder says nothing, and is another one each time.
    let said = String::from_utf8_lossy(&done.stderr)
        .replace(&format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR), "");
    Ok(Compiled::Refused(said))
}

/// The workbook's folder, as long as it is where it was when this was compiled.
fn root() -> Option<&'static Path> {
    Some(Path::new(env!("CARGO_MANIFEST_DIR"))).filter(|root| root.is_dir())
}

/// Exactly one code is what a learner can predict.
fn refused(name: &str, said: String) -> Result<Seen, Unseen> {
    let mut codes: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("error["))
        .filter_map(|rest| rest.split(']').next())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    match codes[..] {
        [code] => {
            let code = code.to_owned().leak();
            Ok(Seen { fate: Prediction::DoesNotCompile(code), said })
        }
        [] => Err(Unseen(format!("the compiler refuses program `{name}` without a code:\n{said}"))),
        _ => {
            let codes = codes.join(", ");
            Err(Unseen(format!("program `{name}` has errors of several codes, {codes}:\n{said}")))
        }
    }
}

fn run(name: &str, binary: &Path) -> Result<Seen, Unseen> {
    let unseen = |error: io::Error| Unseen(format!("could not run program `{name}`: {error}"));
    let mut child = Command::new(binary)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(unseen)?;
    let (stdout, stderr) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let status = wait(&mut child).map_err(unseen)?;
    let (stdout, stderr) = (stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default());
    let said = [trimmed(&stdout), trimmed(&stderr)].join("\n").trim().to_owned();
    let fate = match status {
        None => Prediction::Blocks,
        Some(status) if status.success() => Prediction::Prints(trimmed(&stdout).leak()),
        Some(status) if status.code() == Some(101) => match stderr.contains("PoisonError") {
            true => Prediction::Poisoned,
            false => Prediction::Panics,
        },
        Some(status) if is_abort(status) => Prediction::Aborts,
        Some(status) => {
            return Err(Unseen(format!("program `{name}` ended with {status}\n{said}")));
        }
    };
    Ok(Seen { fate, said })
}

/// On Unix an abort is a signal.
#[cfg(unix)]
fn is_abort(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal().is_some()
}

/// Windows has no signals; these are the codes of `abort` and of a stack that overflowed.
#[cfg(not(unix))]
fn is_abort(status: ExitStatus) -> bool {
    matches!(status.code().map(i32::cast_unsigned), Some(0xC000_0409 | 0xC000_00FD))
}

/// Without white space at the end of each line and of the text.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error counts.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits until the program ends by itself, and gives its status, or until it has to be ended.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    let (mut resting, mut before) = (0, None);
    while resting < RESTING && start.elapsed() < DEADLINE {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(LOOK);
        let now = rest::switches_if_asleep(&child.id().to_string(), None).ok();
        resting = if now.is_some() && now == before { resting + 1 } else { 0 };
        before = now;
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// A folder that goes with this value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("rust-for-ai-program-{}-{number}", std::process::id());
            let path = env::temp_dir().join(name);
            match fs::create_dir(&path) {
                // Left behind by another process of this number, perhaps somebody else's.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1_000 => {}
                done => return done.map(|()| Self(path)),
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing depends on it.
        let _ = fs::remove_dir_all(&self.0);
    }
}
