//! The other end of the library's `witness`: listens to a check in a notebook, and speaks up if
//! the kernel's process dies in the middle of it.

use std::io::{BufRead, stdin};
use std::time::Duration;

use rust_for_ai::notebook::DISMISSED;

use crate::run::print;

/// How long a witness stays after it has spoken. The kernel takes the process for dead once nobody
/// holds its standard output any more, ends the cell, and drops the lines that its other thread has
/// not passed on by then. On a busy machine these were most of them.
const STAY: Duration = Duration::from_millis(500);

/// Listens until the check is done or its process is gone.
pub fn listen() {
    let mut lines = stdin().lock().lines().map_while(Result::ok);
    let stage = lines.next().unwrap_or_default();
    let mut last = None;
    for line in lines {
        if line == DISMISSED {
            return;
        }
        last = Some(line);
    }
    if let Some(call) = last {
        print(&testimony(&stage, &call));
        std::thread::sleep(STAY);
    }
}

fn testimony(stage: &str, call: &str) -> String {
    format!(
        "✗ FAILING  {stage}: the answer ended the kernel's process\n\n  \
         call  {call}\n\n\
         likely a function that calls itself without end, a request for more memory than there is, or\n\
         `std::process::exit`; if you stopped the cell, a loop without end.\n\n\
         The kernel has forgotten its variables: fix the answer, save, and run the notebook from the top.\n\
         hint: `cargo lab check {stage}` grades such an answer without harm and says which of these it is"
    )
}
