//! Chapter `llama`: each check with a closure that calls Python. `candle_load` grades an answer that is Rust by
//! its nature, and has no counterpart here.

use std::cell::OnceCell;

use pyo3::prelude::*;
use pyo3::types::PyList;
use rust_for_ai::check::llama::file::{Contents, Flaw, Tensor, Value};
use rust_for_ai::check::{Verdict, llama};
use rust_for_ai::llama::parts::{Cache, TextStream};

use super::answer::Answer;
use super::bpe::exception;
use super::convert::{Anything, FromPython, Wrong};
use super::lend;

pub(super) fn check(name: &str, answer: Answer) -> Option<Verdict> {
    Some(match name {
        "gguf" => llama::gguf(move |file| {
            let contents: Parsed =
                answer.try_call((file,), |py, error| flaw(py, error).ok().flatten())?;
            Ok(contents.0)
        }),
        "dequantize" => llama::dequantize(move |format, bytes| answer.call((format, bytes))),
        "quantized_dot" => llama::quantized_dot(move |row, x| {
            let row: Vec<(f32, &[u8])> =
                row.iter().map(|(scale, bytes)| (*scale, &bytes[..])).collect();
            answer.call((row, x))
        }),
        "rms_norm" => llama::rms_norm(move |x, weight, epsilon| answer.call((x, weight, epsilon))),
        "rope" => llama::rope(move |vector, position, base| answer.call((vector, position, base))),
        "attention" => llama::attention(move |query, keys, values, heads, kv_heads, position| {
            answer.call((query, keys, values, heads, kv_heads, position))
        }),
        "kv_cache" => llama::kv_cache(move |layers| KvCache::new(answer.make((layers,)))),
        "forward" => llama::forward(move |weights, cache, ids| {
            lend::pass(weights, cache, |weights, cache| answer.call((weights, cache, ids)))
        }),
        "sampler" => {
            llama::sampler(move |logits, recent, penalty, top_k, top_p, temperature, u| {
                answer.call((logits, recent, penalty, top_k, top_p, temperature, u))
            })
        }
        "chat_template" => llama::chat_template(move |messages, default, start, end, encode| {
            lend::encode(encode, |encode| {
                answer.call((messages.to_vec(), default, start, end, encode))
            })
        }),
        "stream_utf8" => llama::stream_utf8(move || Stream(answer.make(()))),
        "chat" => llama::chat(move |engine, voice, history, message, limits, show| {
            lend::chat(engine, voice, show, |engine, voice, show| {
                let list = Python::attach(|py| PyList::new(py, &*history).map(Bound::unbind))
                    .expect("a list of texts can be made");
                let limits = Limits { max_tokens: limits.max_tokens, stops: limits.stops.clone() };
                let reply: Result<Anything, _> = answer.try_call(
                    (engine, voice, Python::attach(|py| list.clone_ref(py)), message, limits, show),
                    lend::refused,
                );
                *history = answer.read_list(&list);
                reply.map(|_| ())
            })
        }),
        _ => return None,
    })
}

/// Where an answer ends at the latest, on its way to Python.
struct Limits {
    max_tokens: usize,
    stops: Vec<String>,
}

impl<'py> IntoPyObject<'py> for Limits {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let class = py.import("rust_for_ai.check.llama")?.getattr("Limits")?;
        class.call1((self.max_tokens, self.stops))
    }
}

/// An object with the methods `push` and `finish`.
struct Stream(Answer);

impl TextStream for Stream {
    fn push(&mut self, bytes: &[u8]) -> String {
        self.0.method("push", (bytes,))
    }

    fn finish(&mut self) -> String {
        self.0.method("finish", ())
    }
}

/// An object with the methods of a cache. Rows are lent out of what Python returned, which is kept with it.
struct KvCache {
    object: Answer,
    kept: Kept,
}

/// A chain of lists: what stands in it stays where it is.
#[derive(Default)]
struct Kept(OnceCell<(Vec<f32>, Box<Kept>)>);

impl Kept {
    fn keep(&self, row: Vec<f32>) -> &[f32] {
        let mut link = self;
        while let Some((_, next)) = link.0.get() {
            link = next;
        }
        &link.0.get_or_init(|| (row, Box::default())).0
    }
}

impl KvCache {
    fn new(object: Answer) -> Self {
        Self { object, kept: Kept::default() }
    }
}

impl Cache for KvCache {
    fn len(&self) -> usize {
        self.object.method("__len__", ())
    }

    fn push(&mut self, layer: usize, key: &[f32], value: &[f32]) {
        let Anything = self.object.method("push", (layer, key, value));
    }

    fn keys(&self, layer: usize) -> &[f32] {
        self.kept.keep(self.object.method("keys", (layer,)))
    }

    fn values(&self, layer: usize) -> &[f32] {
        self.kept.keep(self.object.method("values", (layer,)))
    }

    fn truncate(&mut self, len: usize) {
        let Anything = self.object.method("truncate", (len,));
    }

    fn fork(&self) -> Self {
        Self::new(self.object.method_make("fork"))
    }
}

/// What a file holds: keys with their values, then tensors.
struct Parsed(Contents);

impl FromPython for Parsed {
    fn expected() -> String {
        format!(
            "tuple[list[tuple[str, Value]], {}]",
            Vec::<(String, Vec<u64>, u32, u64)>::expected()
        )
    }

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        type Row = (String, Vec<u64>, u32, u64);
        let (values, tensors): (Vec<(String, Value)>, Vec<Row>) = FromPython::read(value)?;
        let tensor = |(name, dims, format, start)| Tensor { name, dims, format, start };
        Ok(Self(Contents { values, tensors: tensors.into_iter().map(tensor).collect() }))
    }
}

impl FromPython for Value {
    fn expected() -> String {
        "Value".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        const KINDS: &str = "a Value: a tuple of \"U32\", \"I32\", \"F32\", \"Bool\", \"Text\" or \"List\" and the value";
        let parts: Option<(String, Bound<'_, PyAny>)> = value.extract().ok();
        let (kind, inner) = parts.ok_or_else(|| Wrong::new(value, KINDS))?;
        Ok(match &*kind {
            "U32" => Self::U32(FromPython::read(&inner)?),
            "I32" => Self::I32(FromPython::read(&inner)?),
            "F32" => Self::F32(FromPython::read(&inner)?),
            "Bool" => Self::Bool(FromPython::read(&inner)?),
            "Text" => Self::Text(FromPython::read(&inner)?),
            "List" => Self::List(FromPython::read(&inner)?),
            _ => return Err(Wrong::new(value, KINDS)),
        })
    }
}

/// The flaw of a file that an exception stands for.
fn flaw(py: Python<'_>, error: &PyErr) -> PyResult<Option<Flaw>> {
    let value = error.value(py);
    if !value.is_instance(&exception(py, "Flaw")?)? {
        return Ok(None);
    }
    let name = value.get_type().name()?.to_string();
    Ok(Some(match &*name {
        "Magic" => Flaw::Magic,
        "Version" => Flaw::Version(value.getattr("version")?.extract()?),
        "Ends" => Flaw::Ends { at: value.getattr("at")?.extract()? },
        "Text" => Flaw::Text { at: value.getattr("at")?.extract()? },
        "Type" => Flaw::Type(value.getattr("type")?.extract()?),
        _ => return Ok(None),
    }))
}
