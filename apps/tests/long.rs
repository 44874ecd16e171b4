//! A chat of 200 turns takes no more than its context: positions, the cache's bytes, what is remembered,
//! and the memory of the process.
//!
//! The only test of its program, so that the memory is that of this chat alone. It is measured twice. The
//! system says what is resident, but a small leak hides in room that was given back before and is used
//! again. So an allocator counts what is held, and there a leak of some bytes a turn shows.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::ControlFlow::Continue;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rust_for_ai::llama::chat::{Conversation, Event, Limits, Standard};
use rust_for_ai::llama::gguf::File;
use rust_for_ai::llama::sampler::{Sampler, Settings};
use rust_for_ai::llama::template::{Role, Template};
use rust_for_ai::llama::tokenizer::Tokenizer;
use rust_for_ai::llama::{Engine, EngineError, Model, Session};

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/tiny.gguf");
const CONTEXT: usize = 160;
const TURNS: usize = 200;

/// What may be resident after the last turn beyond what was after the fiftieth. The logits of an id are
/// 4 KiB, and some 4,000 ids are chosen in between.
const RESIDENT: u64 = 1 << 20;

/// What may be held then beyond what was held before. The messages that are remembered differ in length.
const HELD: usize = 4 << 10;

/// The engine under test, and the most that it held after any call.
struct Watched<'a> {
    session: Session,
    logits: Vec<f32>,
    positions: &'a Cell<usize>,
    bytes: &'a Cell<usize>,
}

impl Engine for Watched<'_> {
    fn name(&self) -> &str {
        self.session.name()
    }

    fn context(&self) -> usize {
        self.session.context()
    }

    fn ids(&self) -> &[u32] {
        self.session.ids()
    }

    fn truncate(&mut self, len: usize) -> Result<(), EngineError> {
        self.session.truncate(len)
    }

    fn feed(&mut self, ids: &[u32]) -> Result<&[f32], EngineError> {
        let logits = self.session.feed(ids)?;
        self.logits.clear();
        self.logits.extend_from_slice(logits);
        self.positions.set(self.positions.get().max(self.session.ids().len()));
        self.bytes.set(self.bytes.get().max(self.session.cache_bytes()));
        Ok(&self.logits)
    }
}

/// The system's allocator, with a count of the bytes that all threads hold.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

static HOLDS: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator that counts is one that allocates")]
// SAFETY: every call goes to the system's allocator as it came, and counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HOLDS.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those that are asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HOLDS.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above; what comes back here came from the system's allocator.
        unsafe { System.dealloc(at, layout) }
    }
}

/// Bytes of memory that no file stands behind; `None` where the system does not say.
fn anonymous() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes << 10)
}

#[test]
fn two_hundred_turns_take_what_the_context_takes() {
    let file = Arc::new(File::open(TINY).expect("the tiny model is committed"));
    let tokenizer = Tokenizer::from_gguf(file.gguf()).expect("it has a tokenizer");
    let template = Template::recognise(file.gguf()).expect("it has a template");
    let model = Arc::new(Model::load(&file).expect("it is a Llama"));
    let settings = Settings { temperature: 1.0, seed: 7, ..Settings::default() };
    let sampler = Sampler::new(settings).expect("they are valid");
    let mut voice = Standard { tokenizer: &tokenizer, template, sampler };

    // What the cache of a full context takes, by the engine's own count.
    let mut full = Session::with_context(&model, CONTEXT);
    full.feed(&[1021; CONTEXT]).expect("it fits");
    let most = full.cache_bytes();
    drop(full);

    let (positions, bytes) = (Cell::new(0), Cell::new(0));
    let session = Session::with_context(&model, CONTEXT);
    let mut engine = Watched { session, logits: Vec::new(), positions: &positions, bytes: &bytes };
    let limits = Limits { max_tokens: Some(24), ..Limits::default() };
    let mut chat = Conversation::new(&mut engine, &mut voice, limits);
    chat.restart(Some("You know the book."));
    let (mut dropped, mut early) = (0, (0, None));
    for turn in 1..=TURNS {
        let question = format!("And what came to pass on day {turn}?");
        let answer = chat.answer(&question, &mut |event| {
            dropped += if let Event::Dropped { turns, .. } = event { turns } else { 0 };
            Continue(())
        });
        answer.expect("each question fits");
        let (used, context) = chat.positions();
        assert!(used <= CONTEXT && context == CONTEXT, "{used} of {context} after turn {turn}");
        assert!(chat.messages().len() < 20, "{} messages are kept", chat.messages().len());
        assert_eq!(chat.messages()[0].role, Role::System);
        if turn == 50 {
            early = (HOLDS.load(Ordering::Relaxed), anonymous());
        }
    }
    let late = (HOLDS.load(Ordering::Relaxed), anonymous());
    assert_eq!(chat.totals().answers, TURNS);
    assert!(dropped > TURNS / 2, "the context was full again and again: {dropped} were dropped");
    assert!(positions.get() <= CONTEXT, "{} of {CONTEXT} positions at once", positions.get());
    assert!(bytes.get() <= most, "{} bytes of keys and values, of {most}", bytes.get());
    // Both are nearly reached, else this would test little.
    assert!(positions.get() > CONTEXT * 3 / 4 && bytes.get() > most * 3 / 4);
    let grown = late.0.saturating_sub(early.0);
    assert!(grown <= HELD, "{grown} bytes more are held after turn {TURNS} than after turn 50");
    if let (Some(early), Some(late)) = (early.1, late.1) {
        let grown = late.saturating_sub(early);
        assert!(grown <= RESIDENT, "{grown} bytes more are resident than after turn 50");
    }
    assert_eq!(early.1.is_some(), cfg!(target_os = "linux"), "Linux says what a process takes");
}
