//! Somebody outside of the process, who can tell if an answer takes it down.
//!
//! A grader runs each stage in a child process and outlives it. A notebook cell has no such parent: a
//! stack overflow, a request for too much memory or a `process::exit` ends the kernel's own process,
//! and all that the cell then shows is a signal's number. So where the variable
//! `RUST_FOR_AI_WITNESS` names a program, a check starts it, tells it each call before making it, and
//! dismisses it in the end. If the process dies instead, the pipe breaks off, and the witness says on
//! the standard output that it inherited which call it was.
//!
//! ```text
//! bpe.merge
//! merge(&[], (0, 0), 2)
//! merge(&[], (0, 1), 2)
//! done
//! ```

use std::io::Write;
use std::process::{Child, Command, Stdio};

use crate::course::Stage;

/// The name of the variable with the program's path; it gets the argument `witness`.
pub const WITNESS: &str = "RUST_FOR_AI_WITNESS";

/// The last line of what a witness is told.
pub const DISMISSED: &str = "done";

/// A witness, or nobody where none is named or it does not come. Dismissed when dropped.
pub(crate) struct Witness(Option<Child>);

impl Witness {
    pub(crate) fn to(stage: &Stage) -> Self {
        let start = || {
            let program = std::env::var_os(WITNESS)?;
            Command::new(program).arg("witness").stdin(Stdio::piped()).spawn().ok()
        };
        let mut this = Self(start());
        this.tell(|| stage.id.to_owned());
        this
    }

    /// Tells of a call that is about to be made.
    pub(crate) fn tell(&mut self, call: impl FnOnce() -> String) {
        if let Some(pipe) = self.0.as_mut().and_then(|child| child.stdin.as_mut()) {
            // A witness that went away costs its testimony, no more.
            let _ = writeln!(pipe, "{}", call().replace('\n', " "));
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.tell(|| DISMISSED.to_owned());
        if let Some(mut child) = self.0.take() {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}
