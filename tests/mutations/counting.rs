//! The allocator of this program: the system's, with a count for each thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[global_allocator]
static COUNTING: Counting = Counting;

struct Counting;

thread_local! {
    /// Bytes that this thread holds; what another thread gave back counts below zero.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // Threads that end no longer count.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

fn size(layout: Layout) -> isize {
    // No allocation is larger than `isize::MAX`.
    layout.size() as isize
}

#[expect(unsafe_code, reason = "an allocator that counts is one that allocates")]
// SAFETY: every call goes to the system's allocator as it came, and counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(size(layout));
        // SAFETY: the caller's promises are those that are asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-size(layout));
        // SAFETY: as above; what comes back here came from the system's allocator.
        unsafe { System.dealloc(at, layout) }
    }
}

/// Runs `body`; how many bytes this thread held at most, beyond those it held before.
pub(super) fn peak<T>(body: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    MOST.set(before);
    let result = body();
    (result, MOST.get().abs_diff(before))
}
