//! The engine `mine`: the answers in `exercises/llama/`, wherever they pass their checks.
//!
//! Each stage that a forward pass is made of is graded at the start, which takes some milliseconds. An
//! answer that passes is used; for any other, finished or not, the reference answer is, and the banner
//! says which is which. If `forward` passes, it calls the other answers itself, as it was written.

use std::sync::Arc;

use exercises::llama as yours;
use rust_for_ai::check::{State, Verdict, llama as check};
use rust_for_ai::llama::native::{Assembled, Forward, LoadError, Model, Parts};
use rust_for_ai::llama::parts::Cache;
use solutions::llama as reference;

/// The parts of a pass, and whose they are.
#[derive(Debug)]
pub struct Chosen {
    /// The parts.
    pub parts: Parts,
    /// Stages whose answers are the learner's, by name.
    pub yours: Vec<&'static str>,
    /// Stages in whose place the reference runs.
    pub reference: Vec<&'static str>,
}

impl Chosen {
    fn pick<T>(&mut self, verdict: &Verdict, yours: T, reference: T) -> T {
        let passes = verdict.state() == State::Passing;
        let list = if passes { &mut self.yours } else { &mut self.reference };
        list.push(verdict.stage.name());
        if passes { yours } else { reference }
    }

    /// One line for the banner.
    ///
    /// ```
    /// let chosen = apps::mine::chosen();
    /// assert!(chosen.banner().contains("rms_norm"));
    /// ```
    pub fn banner(&self) -> String {
        let list = |names: &[&str]| match names {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        format!(
            "your answers: {}; the reference, until yours pass: {}",
            list(&self.yours),
            list(&self.reference)
        )
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

/// Grades the learner's answers, and takes those that pass.
pub fn chosen() -> Chosen {
    let rest = of_reference();
    let mut chosen = Chosen { parts: rest, yours: Vec::new(), reference: Vec::new() };
    let verdict = check::rms_norm(yours::rms_norm);
    chosen.parts.rms_norm = chosen.pick(&verdict, yours::rms_norm, rest.rms_norm);
    let verdict = check::rope(yours::rope);
    chosen.parts.rope = chosen.pick(&verdict, yours::rope, rest.rope);
    let verdict = check::attention(yours::attention);
    chosen.parts.attention = chosen.pick(&verdict, yours::attention, rest.attention);
    let verdict = check::kv_cache(yours::KvCache::new);
    let cache: fn(usize) -> Box<dyn Cache> = |layers| Box::new(yours::KvCache::new(layers));
    chosen.parts.cache = chosen.pick(&verdict, cache, rest.cache);
    // The reference's pass would call the reference's functions; the engine's own calls those above.
    let verdict = check::forward(yours::forward);
    let forward: Forward = yours::forward;
    chosen.parts.forward = chosen.pick(&verdict, Some(forward), None);
    chosen
}

/// An engine of these parts, for up to `context` positions.
///
/// # Errors
///
/// The model turns its heads in a way that the stages do not teach.
pub fn engine(model: &Arc<Model>, parts: Parts, context: usize) -> Result<Assembled, LoadError> {
    Assembled::new(model, parts, context)
}
