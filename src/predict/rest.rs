//! Whether everything in this process waits.
//!
//! A check that holds one part of an answer back wants to know how far the others go by themselves: "wait a
//! second" is too long on a quiet machine and too short on a busy one. And an answer may wait for ever, for a
//! channel that nobody closes. Both are one question: does any thread still run?
//!
//! ```text
//! the answer, on a thread of its own     runs ──► waits for a slow writer          runs ──► waits for ever
//! this thread                            looks: all asleep, and none has run since  ──► lets the writer go on
//!                                        looks again: all asleep, nothing to let go ──► tells that it is stuck
//! ```
//!
//! Linux tells of each thread whether it sleeps and how often it was put to sleep. If all sleep, and none was
//! woken between two looks, then nothing in this process will wake one of them; only a clock or a device could,
//! which answers have no business with. So a few looks after one another decide, however busy the machine is.
//! Elsewhere a pause has to do.

use std::ffi::OsStr;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;
use std::{fs, io};

/// How long between two looks; long where they see nothing.
const LOOK: Duration = Duration::from_millis(if cfg!(target_os = "linux") { 3 } else { 50 });

/// After how many looks at rest something is let go; after how many more an answer is stuck.
const AT_REST: u32 = 3;
const STUCK: u32 = 30;

/// Runs `body` on a thread of its own until it ends.
///
/// Whenever all threads rest, `let_go` is called, which may let one of them go on; it says whether it did. If it did
/// not, and they go on resting, `None` is returned, and the thread is left behind, waiting for ever.
///
/// # Panics
///
/// If `body` does, with the same payload.
pub(crate) fn watched<T: Send + 'static>(
    body: impl FnOnce() -> T + Send + 'static,
    mut let_go: impl FnMut() -> bool,
) -> Option<T> {
    let (sender, receiver) = sync_channel(1);
    thread::spawn(move || {
        // Nobody listens any more if this took too long.
        let _ = sender.send(panic::catch_unwind(AssertUnwindSafe(body)));
    });
    let (mut resting, mut before) = (0, None);
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(Ok(result)) => return Some(result),
            Ok(Err(payload)) => panic::resume_unwind(payload),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
        // This thread runs, as it looks.
        let me = fs::read_link("/proc/thread-self").ok();
        let now = switches_if_asleep("self", me.as_ref().and_then(|path| path.file_name()));
        // Where nothing is to be seen, threads are taken to rest.
        let still = now.as_ref().map_or(cfg!(not(target_os = "linux")), |now| Some(*now) == before);
        resting = if still { resting + 1 } else { 0 };
        before = now.ok();
        if resting == AT_REST && let_go() {
            (resting, before) = (0, None);
        }
        if resting > STUCK {
            return None;
        }
    }
}

/// How often the threads of a process but for one were put to sleep so far, if all of them are asleep.
pub(super) fn switches_if_asleep(process: &str, but: Option<&OsStr>) -> io::Result<u64> {
    let awake = || io::Error::other("a thread runs");
    let mut switches = 0;
    // Elsewhere than on Linux this is an error, and the caller goes by a clock.
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let task = task?;
        if but == Some(&task.file_name()) {
            continue;
        }
        let status = fs::read_to_string(task.path().join("status"))?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
        if !field("State:").is_some_and(|state| state.trim_start().starts_with('S')) {
            return Err(awake());
        }
        for name in ["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"] {
            let count = field(name).and_then(|count| count.trim().parse::<u64>().ok());
            switches += count.ok_or_else(awake)?;
        }
    }
    Ok(switches)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Barrier};

    use super::*;

    /// Other tests run in other threads of this process, so each of these runs in a process of its own.
    fn alone(name: &str, body: impl FnOnce()) {
        const CHILD: &str = "RUST_FOR_AI_REST_CHILD";
        if std::env::var_os(CHILD).is_some() {
            return body();
        }
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("predict::rest::tests::{name}")])
            .env(CHILD, "")
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    }

    #[test]
    fn what_ends_is_returned_and_what_waits_for_ever_is_not() {
        alone("what_ends_is_returned_and_what_waits_for_ever_is_not", || {
            assert_eq!(watched(|| 7, || false), Some(7));
            let (sender, receiver) = channel::<u32>();
            assert_eq!(watched(move || receiver.recv(), || false), None);
            drop(sender);
            let work = || (0..3_000_000u64).fold(0, |sum, n| sum ^ n.wrapping_mul(n));
            assert_eq!(watched(work, || false), Some(work()), "busy is not stuck");
        });
    }

    #[test]
    fn what_rests_is_let_go_as_often_as_it_rests() {
        alone("what_rests_is_let_go_as_often_as_it_rests", || {
            let gate = Arc::new(Barrier::new(2));
            let theirs = Arc::clone(&gate);
            let mut rests = 0;
            let body = move || {
                (0..3).for_each(|_| {
                    theirs.wait();
                })
            };
            let let_go = || {
                rests += 1;
                gate.wait();
                true
            };
            assert_eq!(watched(body, let_go), Some(()));
            assert_eq!(rests, 3);
        });
    }
}
