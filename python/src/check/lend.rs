//! What a check lends to an answer for the time of one call, as objects of Python.
//!
//! A check hands out references: to weights, a cache, an engine, a function. An object of Python may be kept
//! for ever, so it holds none. It holds the number of the call that it belongs to, and finds the reference in
//! the thread for as long as that call lasts; later, it says so. `scoped-tls-hkt` keeps the references.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rust_for_ai::llama::engine::{Engine, EngineError};
use rust_for_ai::llama::parts::{Cache, Matrix, Norm, Voice, Weights};
use scoped_tls_hkt::scoped_thread_local;

use super::bpe::exception;
use super::work::message;

scoped_thread_local!(static RANK: for<'a> &'a (dyn Fn(&[u8]) -> Option<u32> + 'a));
scoped_thread_local!(static ENCODE: for<'a> &'a (dyn Fn(&str) -> Vec<u32> + 'a));
scoped_thread_local!(static WEIGHTS: for<'a> &'a (dyn Weights + 'a));
scoped_thread_local!(static mut CACHE: for<'a> &'a mut (dyn Cache + 'a));
scoped_thread_local!(static mut ENGINE: for<'a> &'a mut (dyn Engine + 'a));
scoped_thread_local!(static mut VOICE: for<'a> &'a mut (dyn Voice + 'a));
scoped_thread_local!(static mut SHOW: for<'a> &'a mut (dyn FnMut(&str) + 'a));

thread_local! {
    /// The number of the call that something is lent for; they count up, and 0 is none.
    static CALL: Cell<u64> = const { Cell::new(0) };
    static CALLS: Cell<u64> = const { Cell::new(0) };
    /// What the engine of this call refused; an exception knows its index.
    static REFUSED: RefCell<Vec<EngineError>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyRank>()?;
    module.add_class::<PyEncode>()?;
    module.add_class::<PyWeights>()?;
    module.add_class::<PyCache>()?;
    module.add_class::<PyEngine>()?;
    module.add_class::<PyVoice>()?;
    module.add_class::<PyShow>()
}

/// Runs `body` as the call with the next number.
fn numbered<T>(body: impl FnOnce(u64) -> T) -> T {
    /// Puts the former number back, also when `body` unwinds.
    struct Former(u64);
    impl Drop for Former {
        fn drop(&mut self) {
            CALL.set(self.0);
        }
    }
    let number = CALLS.get() + 1;
    CALLS.set(number);
    let _former = Former(CALL.replace(number));
    body(number)
}

/// Runs what may panic because of what the learner asked for; the panic becomes a `ValueError`.
pub(super) fn guarded<T>(body: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(body))
        .map_err(|payload| PyValueError::new_err(message(&*payload)))
}

/// Runs `body` if this is the call that an object belongs to.
fn during<T>(call: u64, what: &str, body: impl FnOnce() -> T) -> PyResult<T> {
    if CALL.get() != call {
        return Err(PyRuntimeError::new_err(format!(
            "`{what}` is lent for one call of your function, and that call is over, or on another thread"
        )));
    }
    guarded(body)
}

pub(super) fn rank<T>(rank: &dyn Fn(&[u8]) -> Option<u32>, body: impl FnOnce(PyRank) -> T) -> T {
    numbered(|call| RANK.set(rank, || body(PyRank(call))))
}

/// The rank of a token: `rank(token)` is an `int`, or `None` if the bytes are no token.
#[pyclass(frozen, name = "Rank", module = "rust_for_ai.check")]
pub(super) struct PyRank(u64);

#[pymethods]
impl PyRank {
    fn __call__(&self, token: &[u8]) -> PyResult<Option<u32>> {
        during(self.0, "rank", || RANK.with(|rank| rank(token)))
    }
}

pub(super) fn encode<T>(encode: &dyn Fn(&str) -> Vec<u32>, body: impl FnOnce(PyEncode) -> T) -> T {
    numbered(|call| ENCODE.set(encode, || body(PyEncode(call))))
}

/// The ids of a text: `encode(text)` is a list of `int`.
#[pyclass(frozen, name = "Encode", module = "rust_for_ai.check")]
pub(super) struct PyEncode(u64);

#[pymethods]
impl PyEncode {
    fn __call__(&self, text: &str) -> PyResult<Vec<u32>> {
        during(self.0, "encode", || ENCODE.with(|encode| encode(text)))
    }
}

pub(super) fn pass<T>(
    weights: &dyn Weights,
    cache: &mut dyn Cache,
    body: impl FnOnce(PyWeights, PyCache) -> T,
) -> T {
    let lent =
        |call| WEIGHTS.set(weights, || CACHE.set(cache, || body(PyWeights(call), PyCache(call))));
    numbered(lent)
}

/// The weights of a Llama, by the names of its tensors without `.weight`, such as `blk.0.attn_q`.
#[pyclass(frozen, name = "Weights", module = "rust_for_ai.check")]
pub(super) struct PyWeights(u64);

#[pymethods]
impl PyWeights {
    /// The sizes of the model: `layers`, `heads`, `kv_heads`, `epsilon`, `freq_base`.
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let shape = during(self.0, "weights", || WEIGHTS.with(|weights| weights.shape()))?;
        let sizes = (shape.layers, shape.heads, shape.kv_heads, shape.epsilon, shape.freq_base);
        py.import("rust_for_ai.check.llama")?.getattr("Shape")?.call1(sizes)
    }

    /// The vector of a token.
    fn embedding(&self, id: u32) -> PyResult<Vec<f32>> {
        during(self.0, "weights", || WEIGHTS.with(|weights| weights.embedding(id)))
    }

    /// The weights of a normalisation: `blk.0.attn_norm`, `blk.0.ffn_norm`, `output_norm`.
    fn norm(&self, name: &str) -> PyResult<Vec<f32>> {
        let norm = match tensor(name) {
            (Some(layer), "attn_norm") => Norm::Attn(layer),
            (Some(layer), "ffn_norm") => Norm::Ffn(layer),
            (None, "output_norm") => Norm::Output,
            _ => return Err(PyValueError::new_err(format!("the model has no norm `{name}`"))),
        };
        during(self.0, "weights", || WEIGHTS.with(|weights| weights.norm(norm).to_vec()))
    }

    /// A matrix times a vector: `blk.0.attn_q`, `attn_k`, `attn_v`, `attn_output`, `ffn_gate`, `ffn_up`,
    /// `ffn_down`, and `output`.
    #[expect(clippy::needless_pass_by_value, reason = "Python's list is read into one of ours")]
    fn product(&self, name: &str, x: Vec<f32>) -> PyResult<Vec<f32>> {
        let matrix = match tensor(name) {
            (Some(layer), "attn_q") => Matrix::AttnQ(layer),
            (Some(layer), "attn_k") => Matrix::AttnK(layer),
            (Some(layer), "attn_v") => Matrix::AttnV(layer),
            (Some(layer), "attn_output") => Matrix::AttnOutput(layer),
            (Some(layer), "ffn_gate") => Matrix::FfnGate(layer),
            (Some(layer), "ffn_up") => Matrix::FfnUp(layer),
            (Some(layer), "ffn_down") => Matrix::FfnDown(layer),
            (None, "output") => Matrix::Output,
            _ => return Err(PyValueError::new_err(format!("the model has no matrix `{name}`"))),
        };
        during(self.0, "weights", || WEIGHTS.with(|weights| weights.product(matrix, &x)))
    }
}

/// The layer and the rest of a tensor's name.
fn tensor(name: &str) -> (Option<usize>, &str) {
    let in_layer = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.'));
    match in_layer.map(|(layer, rest)| (layer.parse(), rest)) {
        Some((Ok(layer), rest)) => (Some(layer), rest),
        _ => (None, name),
    }
}

/// Keys and values of earlier positions, a row for each position in each layer.
#[pyclass(frozen, name = "Cache", module = "rust_for_ai.check")]
pub(super) struct PyCache(u64);

impl PyCache {
    fn with<T>(&self, body: impl FnOnce(&mut dyn Cache) -> T) -> PyResult<T> {
        during(self.0, "cache", || CACHE.with(|cache| body(cache)))
    }
}

#[pymethods]
impl PyCache {
    fn __len__(&self) -> PyResult<usize> {
        self.with(|cache| cache.len())
    }

    /// Appends a row to a layer.
    #[expect(clippy::needless_pass_by_value, reason = "Python's lists are read into ours")]
    fn push(&self, layer: usize, key: Vec<f32>, value: Vec<f32>) -> PyResult<()> {
        self.with(|cache| cache.push(layer, &key, &value))
    }

    /// The keys of a layer, one row after the other.
    fn keys(&self, layer: usize) -> PyResult<Vec<f32>> {
        self.with(|cache| cache.keys(layer).to_vec())
    }

    /// The values of a layer, one row after the other.
    fn values(&self, layer: usize) -> PyResult<Vec<f32>> {
        self.with(|cache| cache.values(layer).to_vec())
    }

    /// Forgets the rows of position `length` and later ones.
    fn truncate(&self, length: usize) -> PyResult<()> {
        self.with(|cache| cache.truncate(length))
    }
}

pub(super) fn chat<T>(
    engine: &mut dyn Engine,
    voice: &mut dyn Voice,
    show: &mut dyn FnMut(&str),
    body: impl FnOnce(PyEngine, PyVoice, PyShow) -> T,
) -> T {
    REFUSED.take();
    numbered(|call| {
        let body = || body(PyEngine(call), PyVoice(call), PyShow(call));
        ENGINE.set(engine, || VOICE.set(voice, || SHOW.set(show, body)))
    })
}

/// What an exception of an engine stands for.
pub(super) fn refused(py: Python<'_>, error: &PyErr) -> Option<EngineError> {
    let value = error.value(py);
    let is_ours = exception(py, "EngineError").and_then(|class| value.is_instance(&class));
    let index: usize = value.getattr("index").ok()?.extract().ok()?;
    let known = || REFUSED.with_borrow(|refused| refused.get(index).cloned());
    if is_ours.unwrap_or(false) { known() } else { None }
}

/// A model that runs, and the ids of one conversation in its cache.
#[pyclass(frozen, name = "Engine", module = "rust_for_ai.check")]
pub(super) struct PyEngine(u64);

impl PyEngine {
    fn with<T>(&self, body: impl FnOnce(&mut dyn Engine) -> T) -> PyResult<T> {
        during(self.0, "engine", || ENGINE.with(|engine| body(engine)))
    }

    fn tried<T>(
        &self,
        py: Python<'_>,
        body: impl FnOnce(&mut dyn Engine) -> Result<T, EngineError>,
    ) -> PyResult<T> {
        self.with(body)?.map_err(|refused| {
            let text = refused.to_string();
            let index = REFUSED.with_borrow_mut(|all| {
                all.push(refused);
                all.len() - 1
            });
            let made = exception(py, "EngineError").and_then(|class| class.call1((text, index)));
            made.map_or_else(|error| error, PyErr::from_value)
        })
    }
}

#[pymethods]
impl PyEngine {
    /// How many positions the cache can hold.
    fn context(&self) -> PyResult<usize> {
        self.with(|engine| engine.context())
    }

    /// The ids that are in the cache.
    fn ids(&self) -> PyResult<Vec<u32>> {
        self.with(|engine| engine.ids().to_vec())
    }

    /// Forgets all positions from `length` on.
    fn truncate(&self, py: Python<'_>, length: usize) -> PyResult<()> {
        self.tried(py, |engine| engine.truncate(length))
    }

    /// Appends ids; gives the logits after the last of them.
    #[expect(clippy::needless_pass_by_value, reason = "Python's list is read into one of ours")]
    fn feed(&self, py: Python<'_>, ids: Vec<u32>) -> PyResult<Vec<f32>> {
        self.tried(py, |engine| engine.feed(&ids).map(<[f32]>::to_vec))
    }
}

/// A model's vocabulary, template and sampler.
#[pyclass(frozen, name = "Voice", module = "rust_for_ai.check")]
pub(super) struct PyVoice(u64);

impl PyVoice {
    fn with<T>(&self, body: impl FnOnce(&mut dyn Voice) -> T) -> PyResult<T> {
        during(self.0, "voice", || VOICE.with(|voice| body(voice)))
    }
}

#[pymethods]
impl PyVoice {
    /// The ids of a whole conversation, ready for the answer.
    #[expect(clippy::needless_pass_by_value, reason = "Python's list is read into one of ours")]
    fn render(&self, messages: Vec<String>) -> PyResult<Vec<u32>> {
        self.with(|voice| voice.render(&messages))
    }

    /// The bytes of a token.
    fn piece<'py>(&self, py: Python<'py>, id: u32) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.with(|voice| voice.piece(id))?))
    }

    /// Whether the model ends its turn with this id.
    fn ends_turn(&self, id: u32) -> PyResult<bool> {
        self.with(|voice| voice.ends_turn(id))
    }

    /// Chooses the next id.
    #[expect(clippy::needless_pass_by_value, reason = "Python's list is read into one of ours")]
    fn sample(&self, logits: Vec<f32>) -> PyResult<u32> {
        self.with(|voice| voice.sample(&logits))
    }
}

/// Shows text to the user: `show(text)`.
#[pyclass(frozen, name = "Show", module = "rust_for_ai.check")]
pub(super) struct PyShow(u64);

#[pymethods]
impl PyShow {
    fn __call__(&self, text: &str) -> PyResult<()> {
        during(self.0, "show", || SHOW.with(|show| show(text)))
    }
}
