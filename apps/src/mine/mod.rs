//! The engine `mine`: the answers in `exercises/llama/`, wherever they pass their checks.
//!
//! Each stage that a chat is made of is graded at the start, which takes some tenths of a second. An answer
//! that passes is used. For any other, finished or not, something else stands in, and the banner says which is
//! which: the reference answer for the parts of a pass, the program's own code for what is around the model,
//! since that knows more options. If `forward` passes, it calls the other answers itself, as it was written;
//! and `chat` makes characters of bytes itself.
//!
//! A check calls an answer, and an answer may loop, overflow the stack or abort. So each stage is graded in a
//! child process with a deadline, by the grader of `cargo test`: this program is started again, and
//! [`child`] is the first thing it calls. Such an answer counts as not solved, with a line that says so.
//!
//! Where a stage asks for less than the program can do, the answer is used for what it can do, and
//! [`Talk::remarks`] names the rest.

mod voice;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use exercises::llama as yours;
use grader::{Graded, Outcome, Tree};
use rust_for_ai::check::{State, llama as check};
use rust_for_ai::course::llama as stage;
use rust_for_ai::llama::native::{Assembled, LoadError, Model, Parts};
use solutions::llama as reference;

pub use voice::{Talk, Voiced};

/// How the answers are graded, by stage.
fn stages() -> [Graded; 9] {
    let graded = |stage, check| Graded { tree: Tree::Exercises, stage, check };
    [
        graded(&stage::RMS_NORM, || check::rms_norm(yours::rms_norm)),
        graded(&stage::ROPE, || check::rope(yours::rope)),
        graded(&stage::ATTENTION, || check::attention(yours::attention)),
        graded(&stage::KV_CACHE, || check::kv_cache(yours::KvCache::new)),
        graded(&stage::FORWARD, || check::forward(yours::forward)),
        graded(&stage::SAMPLER, || check::sampler(yours::sampler)),
        graded(&stage::CHAT_TEMPLATE, || check::chat_template(yours::chat_template)),
        graded(&stage::STREAM_UTF8, || check::stream_utf8(yours::Utf8Stream::new)),
        graded(&stage::CHAT, || check::chat(yours::chat)),
    ]
}

/// In a child process of [`grade`]: does what the parent asked for. `None` in a process that nobody asked.
pub fn child() -> Option<ExitCode> {
    grader::child(&stages())
}

/// Grades the learner's answers in child processes of `program`, whose `main` calls [`child`] first.
pub fn grade(program: &Path) -> Vec<Outcome> {
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let outcomes = grader::outcomes(&stages(), &|| Ok(Command::new(program)));
            // Who waits for it is in this scope.
            let _ = sender.send(outcomes);
        });
        match receiver.recv_timeout(Duration::from_secs(2)) {
            Ok(outcomes) => outcomes,
            Err(RecvTimeoutError::Disconnected) => Vec::new(),
            Err(RecvTimeoutError::Timeout) => {
                crate::chat::say(
                    "one of your answers takes long; the grader waits ten seconds at most",
                );
                receiver.recv().unwrap_or_default()
            }
        }
    })
}

/// What a chat is made of, and whose each part is.
#[derive(Debug)]
pub struct Chosen {
    /// The parts of a pass.
    pub parts: Parts,
    /// What is around the model; the learner's answers and nothing else.
    pub talk: Talk,
    /// Stages whose answers are the learner's, by name.
    pub yours: Vec<&'static str>,
    /// Stages in whose place something else runs.
    pub reference: Vec<&'static str>,
    /// Answers that ended the process that graded them: the stage's name, and how.
    pub died: Vec<(&'static str, String)>,
}

impl Chosen {
    /// Some lines for the banner.
    ///
    /// ```
    /// use apps::mine::chosen;
    ///
    /// let nothing_passes = chosen(&[]);
    /// assert!(nothing_passes.banner().starts_with("your answers: none; "));
    /// ```
    pub fn banner(&self) -> String {
        let list = |names: &[&str]| match names {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        let mut text = format!(
            "your answers: {}; the reference, until yours pass: {}",
            list(&self.yours),
            list(&self.reference)
        );
        for (name, how) in &self.died {
            text += &format!(
                "\nyour {name} counts as not solved: {how}; `cargo lab check llama.{name}` shows the call"
            );
        }
        text
    }
}

/// The reference answers, all of them.
pub fn of_reference() -> Parts {
    Parts {
        rms_norm: reference::rms_norm,
        rope: reference::rope,
        attention: reference::attention,
        cache: |layers| Box::new(reference::KvCache::new(layers)),
        forward: Some(reference::forward),
    }
}

/// Takes the answers that pass.
pub fn chosen(outcomes: &[Outcome]) -> Chosen {
    let rest = of_reference();
    let state = |id: &str| outcomes.iter().find(|outcome| outcome.stage.id == id);
    let passes = |stage: &'static rust_for_ai::course::Stage| {
        state(stage.id).is_some_and(|outcome| outcome.state == State::Passing)
    };
    let (mut mine, mut others) = (Vec::new(), Vec::new());
    for Graded { stage, .. } in stages() {
        let list = if passes(stage) { &mut mine } else { &mut others };
        list.push(stage.name());
    }
    let died = outcomes
        .iter()
        .filter_map(|outcome| outcome.died.as_ref().map(|how| (outcome.stage.name(), how.clone())));
    let parts = Parts {
        rms_norm: if passes(&stage::RMS_NORM) { yours::rms_norm } else { rest.rms_norm },
        rope: if passes(&stage::ROPE) { yours::rope } else { rest.rope },
        attention: if passes(&stage::ATTENTION) { yours::attention } else { rest.attention },
        cache: match passes(&stage::KV_CACHE) {
            true => |layers| Box::new(yours::KvCache::new(layers)),
            false => rest.cache,
        },
        // The reference's pass would call the reference's functions; the engine's own calls those above.
        forward: if passes(&stage::FORWARD) { Some(yours::forward) } else { None },
    };
    let talk = Talk {
        sampler: if passes(&stage::SAMPLER) { Some(yours::sampler) } else { None },
        chat_template: match passes(&stage::CHAT_TEMPLATE) {
            true => Some(yours::chat_template),
            false => None,
        },
        stream_utf8: match passes(&stage::STREAM_UTF8) {
            true => Some(|| Box::new(yours::Utf8Stream::new())),
            false => None,
        },
        chat: if passes(&stage::CHAT) { Some(yours::chat) } else { None },
    };
    Chosen { parts, talk, yours: mine, reference: others, died: died.collect() }
}

/// An engine of these parts, for up to `context` positions.
///
/// # Errors
///
/// The model turns its heads in a way that the stages do not teach.
pub fn engine(model: &Arc<Model>, parts: Parts, context: usize) -> Result<Assembled, LoadError> {
    Assembled::new(model, parts, context)
}
