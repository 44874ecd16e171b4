//! The child: grades one stage under limits and leaves a record of how far it came.
//!
//! The record is a file that the parent names. Before each call the child overwrites it with the
//! number of the case and the call; at the end it holds the verdict. Whatever ends the child, the
//! parent reads the last of these. The parent takes for a verdict what begins with a word that it wrote to
//! the child's standard input, so an answer that writes a verdict of its own and ends the process gets none
//! for it. At the same moments the child puts a mark into what it prints, by
//! which the parent finds what the answer printed in its last call.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::ExitCode;

use rust_for_ai::check::{Verdict, observe};

use crate::Graded;

/// The variables by which the parent tells the child what to grade and where to write.
pub(crate) const STAGE: &str = "RUST_FOR_AI_CHILD_STAGE";
pub(crate) const RECORD: &str = "RUST_FOR_AI_CHILD_RECORD";

/// Stands in both output streams where a call begins: the record separator of ASCII.
pub(crate) const MARK: char = '\x1e';

/// The first word of a record of a call. That of a verdict is known to parent and child alone.
pub(crate) const CALLING: &str = "calling";

/// How much address space an answer may take. A right one needs far less.
pub(crate) const MEMORY: u64 = 2 << 30;

/// Grades the stage that the parent asked for; `None` in a process that nobody asked.
pub(crate) fn run_if_asked(stages: &[Graded]) -> Option<ExitCode> {
    let name = std::env::var(STAGE).ok()?;
    let path = std::env::var_os(RECORD)?;
    let graded = stages.iter().find(|graded| graded.name() == name)?;
    Some(match run(graded, Path::new(&path)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

fn run(graded: &Graded, path: &Path) -> io::Result<()> {
    limit();
    let mut secret = String::new();
    io::stdin().read_to_string(&mut secret)?;
    let record = File::create(path)?;
    let mut calls = record.try_clone()?;
    let mut case = 0;
    let verdict = observe(
        move |call| {
            case += 1;
            // A record that cannot be written costs the name of the call, no more.
            let _ = write(&mut calls, CALLING, &format!("{case}\n{call}"));
            mark(io::stdout()).and_then(|()| mark(io::stderr())).unwrap_or_default();
        },
        graded.check,
    );
    let mut record = record;
    write(&mut record, &secret, &encode(&verdict))
}

/// Ends what was printed so far; flushed, since the call may end the process.
fn mark(mut stream: impl Write) -> io::Result<()> {
    stream.write_all(&[MARK as u8])?;
    stream.flush()
}

/// State, JSON and text, a line each; the text may have many.
fn encode(verdict: &Verdict) -> String {
    format!("{}\n{}\n{verdict}", verdict.state().as_str(), verdict.to_json())
}

/// The length goes first, so that what an earlier, longer record left behind is not read.
fn write(record: &mut File, word: &str, text: &str) -> io::Result<()> {
    record.seek(SeekFrom::Start(0))?;
    record.write_all(format!("{word} {}\n{text}", text.len()).as_bytes())
}

/// The word and the text of a record.
pub(crate) fn read(record: &str) -> Option<(&str, &str)> {
    let (head, rest) = record.split_once('\n')?;
    let (word, length) = head.split_once(' ')?;
    Some((word, rest.get(..length.parse().ok()?)?))
}

#[cfg(unix)]
fn limit() {
    // Where a limit cannot be set, the deadline still holds.
    let _ = rlimit::setrlimit(rlimit::Resource::AS, MEMORY, MEMORY);
    let _ = rlimit::setrlimit(rlimit::Resource::CORE, 0, 0);
}

/// Windows limits jobs and not processes, which takes `unsafe` code; the deadline has to do.
#[cfg(not(unix))]
fn limit() {}
