//! Ctrl-C: the first stops the answer, and one that is not heard ends the program.
//!
//! The system tells a thread of its own, which sets a flag; the answer looks at it after each token. A
//! long prompt is read in chunks, so even there it takes a moment at most. A third Ctrl-C that finds
//! the flag still up ends the program at once.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

static PRESSED: AtomicU32 = AtomicU32::new(0);

/// What a shell says of a program that Ctrl-C ended.
pub(super) const CODE: u8 = 130;

/// Begins to listen.
pub(super) fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        if PRESSED.fetch_add(1, Ordering::SeqCst) >= 2 {
            std::process::exit(CODE.into());
        }
    })
    .context("could not listen to Ctrl-C")
}

/// Whether Ctrl-C was pressed since the last [`forget`].
pub(super) fn pressed() -> bool {
    PRESSED.load(Ordering::SeqCst) > 0
}

/// Takes the flag down.
pub(super) fn forget() {
    PRESSED.store(0, Ordering::SeqCst);
}
