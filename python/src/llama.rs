//! The class `Llama`: a model of a GGUF file that runs on the processor.
//!
//! The class is frozen and holds weights, which never change. What changes is one generation, and each has
//! its own: positions, generator of random numbers, text that is not whole yet ([`Run`]). So threads may
//! generate with one model at once. A run that has ended leaves its positions behind, and the next one
//! feeds only what differs from them: a conversation is not read anew each turn. This changes the time and,
//! up to rounding, not the answer.
//!
//! One step of a stream is a call of its own, whose run moves into the worker's thread and back. While it is
//! away, a second caller gets the error that Python's own generators raise.
//!
//! Long, since a class is one block of methods, and its two ways to generate name the same twelve settings: PyO3
//! reads a signature from the function that it stands at.

use std::sync::{Arc, Mutex, PoisonError};

use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use rust_for_ai::llama::engine::{Engine, EngineError};
use rust_for_ai::llama::gguf::{File, OpenError};
use rust_for_ai::llama::native::{LoadError, Model, Session};
use rust_for_ai::llama::sampler::{Sampler, Settings};
use rust_for_ai::llama::stream::{Stops, Utf8};
use rust_for_ai::llama::template::{Message, Role, Template};
use rust_for_ai::llama::tokenizer::Tokenizer as ModelTokenizer;

use crate::errors;
use crate::ids;
use crate::long::{Stop, long, stopped};
use crate::tokenizer::{Content, Texts, Tokenizer};

/// Ids of a prompt that are fed at once.
const CHUNK: usize = 256;

/// A quantized Llama that runs on the processor.
///
/// Make one with `Llama.load(path)`. It never changes, and threads may share it. Long calls let other
/// threads run, and Ctrl-C stops them.
///
/// >>> from rust_for_ai import Llama                                            # doctest: +SKIP
/// >>> model = Llama.load("model.gguf")                                         # doctest: +SKIP
/// >>> model.generate([{"role": "user", "content": "Hi!"}], max_tokens=20)       # doctest: +SKIP
/// 'Hello! How can I help you today?'
#[pyclass(frozen, module = "rust_for_ai")]
pub(crate) struct Llama {
    loaded: Arc<Loaded>,
}

struct Loaded {
    model: Arc<Model>,
    tokenizer: ModelTokenizer,
    /// As Python's class.
    content: Arc<Content>,
    /// Or why there is none.
    template: Result<Template, String>,
    /// Positions that the last run has left.
    idle: Mutex<Option<Session>>,
}

/// What a generation asks for.
struct Wish {
    prompt: Vec<u32>,
    most: Option<usize>,
    settings: Settings,
    stops: Stops,
}

/// A generation.
struct Run {
    loaded: Arc<Loaded>,
    /// There until this is dropped.
    session: Option<Session>,
    sampler: Sampler,
    utf8: Utf8,
    stops: Stops,
    /// What is to be fed.
    ahead: Vec<u32>,
    logits: Vec<f32>,
    history: Vec<u32>,
    /// How many ids may still come.
    left: usize,
    finish: Option<&'static str>,
}

/// Why a run cannot go on.
enum Failure {
    Stopped,
    Engine(EngineError),
    Choice(String),
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Stopped => stopped(),
            Failure::Engine(EngineError::Backend(message)) => PyRuntimeError::new_err(message),
            Failure::Engine(error) => PyValueError::new_err(error.to_string()),
            Failure::Choice(message) => PyRuntimeError::new_err(message),
        }
    }
}

impl Run {
    fn new(loaded: &Arc<Loaded>, wish: Wish, sampler: Sampler) -> Self {
        let idle = loaded.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        Self {
            session: Some(idle.unwrap_or_else(|| Session::new(&loaded.model))),
            loaded: Arc::clone(loaded),
            sampler,
            utf8: Utf8::default(),
            stops: wish.stops,
            history: wish.prompt.clone(),
            ahead: wish.prompt,
            logits: Vec::new(),
            left: wish.most.unwrap_or(usize::MAX),
            finish: None,
        }
    }

    /// Feeds what is ahead, and keeps the logits after it.
    fn feed(&mut self, stop: &Stop) -> Result<(), Failure> {
        let Some(session) = &mut self.session else { return Err(Failure::Stopped) };
        if self.logits.is_empty() {
            // What the session holds from an earlier run, as far as it is the same; one id is always fed.
            let common = self.ahead.iter().zip(session.ids()).take_while(|(a, b)| a == b).count();
            let common = common.min(self.ahead.len().saturating_sub(1));
            session.truncate(common)?;
            self.ahead.drain(..common);
        }
        for chunk in self.ahead.chunks(CHUNK) {
            if stop.asked() {
                return Err(Failure::Stopped);
            }
            let logits = session.feed(chunk)?;
            self.logits.clear();
            self.logits.extend_from_slice(logits);
        }
        self.ahead.clear();
        Ok(())
    }

    /// The next part of the text that is whole; `None` at the end.
    fn next(&mut self, stop: &Stop) -> Result<Option<String>, Failure> {
        let mut text = String::new();
        while self.finish.is_none() && text.is_empty() {
            text = self.one(stop)?;
        }
        Ok((!text.is_empty()).then_some(text))
    }

    /// What one id adds.
    fn one(&mut self, stop: &Stop) -> Result<String, Failure> {
        // Not what the session holds: that may be of an earlier run, until the first feed.
        if self.left == 0 || self.history.len() > self.loaded.model.config().context {
            return Ok(self.end("length"));
        }
        self.feed(stop)?;
        let id = self
            .sampler
            .sample(&self.logits, &self.history)
            .map_err(|error| Failure::Choice(error.to_string()))?;
        if self.loaded.tokenizer.ends_turn(id) {
            return Ok(self.end("stop"));
        }
        self.left -= 1;
        self.history.push(id);
        self.ahead.push(id);
        let text = self.utf8.push(self.loaded.tokenizer.piece(id));
        let text = self.stops.push(&text);
        if self.stops.stopped().is_some() {
            self.finish = Some("stop");
        }
        Ok(text)
    }

    /// Nothing comes any more: what was held back is text after all.
    fn end(&mut self, why: &'static str) -> String {
        self.finish = Some(why);
        let rest = self.utf8.finish();
        let mut text = self.stops.push(&rest);
        if self.stops.stopped().is_none() {
            text += &self.stops.finish();
        }
        text
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            *self.loaded.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        }
    }
}

impl Llama {
    /// The ids of a prompt: a text as it stands, or a conversation in the model's own template.
    fn prompt(&self, prompt: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
        let tokenizer = &self.loaded.tokenizer;
        if prompt.is_instance_of::<PyString>() {
            let text = errors::text("prompt", prompt)?;
            let mut ids: Vec<u32> =
                tokenizer.bos().filter(|_| tokenizer.adds_bos()).into_iter().collect();
            ids.extend(tokenizer.encode(&text));
            return Ok(ids);
        }
        let template = self
            .loaded
            .template
            .as_ref()
            .map_err(|why| errors::value(
                why,
                "`Llama.load(path, template='chatml')` names one; a prompt that is a `str` needs none",
            ))?;
        let expected = "a `str` or a list of messages";
        let hint = "a message is `{'role': 'user', 'content': '…'}`";
        let items =
            prompt.try_iter().map_err(|_| errors::wrong_type("prompt", prompt, expected, hint))?;
        let mut messages = Vec::new();
        for (at, item) in items.enumerate() {
            let item = item?;
            let Ok(message) = item.cast::<PyDict>() else {
                return Err(errors::wrong_type(&format!("prompt[{at}]"), &item, "a `dict`", hint));
            };
            let field = |key: &str| {
                let value = message
                    .get_item(key)?
                    .ok_or_else(|| errors::value(format!("prompt[{at}] has no '{key}'"), hint))?;
                errors::text(&format!("prompt[{at}]['{key}']"), &value)
            };
            let role = match &*field("role")? {
                "system" => Role::System,
                "user" => Role::User,
                "assistant" => Role::Assistant,
                other => {
                    return Err(errors::value(
                        format!(
                            "prompt[{at}]['role'] is '{other}', expected 'system', 'user' or 'assistant'"
                        ),
                        "",
                    ));
                }
            };
            messages.push(Message::new(role, &*field("content")?));
        }
        template.render(tokenizer, &messages).map_err(|error| errors::value(error, ""))
    }

    #[expect(clippy::too_many_arguments, reason = "Python's callers name them")]
    fn run(
        &self,
        prompt: &Bound<'_, PyAny>,
        max_tokens: Option<&Bound<'_, PyAny>>,
        temperature: Option<&Bound<'_, PyAny>>,
        top_k: Option<&Bound<'_, PyAny>>,
        top_p: Option<&Bound<'_, PyAny>>,
        min_p: Option<&Bound<'_, PyAny>>,
        repeat_penalty: Option<&Bound<'_, PyAny>>,
        seed: Option<&Bound<'_, PyAny>>,
        stop: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Run> {
        let prompt = self.prompt(prompt)?;
        let context = self.loaded.model.config().context;
        if prompt.is_empty() {
            return Err(errors::value("prompt has no ids, expected one or more", ""));
        }
        if prompt.len() > context {
            let message = format!(
                "the prompt has {} ids, expected at most {context}, the context",
                prompt.len()
            );
            return Err(errors::value(message, "leave out the oldest messages"));
        }
        let stops = match stop {
            None => Vec::new(),
            Some(text) if text.is_instance_of::<PyString>() => {
                vec![errors::text("stop", text)?.to_string()]
            }
            Some(texts) => match Texts::read("stop", texts)? {
                Texts::Python(texts) => texts.iter().map(|text| text.to_string()).collect(),
                Texts::Arrow(_) => {
                    return Err(errors::wrong_type("stop", texts, "a list of texts", ""));
                }
            },
        };
        let usual = Settings::default();
        let real = |name: &str, value: Option<&Bound<'_, PyAny>>, usual: f32| {
            value.map_or(Ok(usual), |value| errors::real(name, value))
        };
        let wish = Wish {
            prompt,
            most: max_tokens.map(|most| errors::count("max_tokens", most)).transpose()?,
            settings: Settings {
                temperature: real("temperature", temperature, usual.temperature)?,
                top_k: top_k.map_or(Ok(40), |top_k| errors::count("top_k", top_k))?,
                top_p: real("top_p", top_p, usual.top_p)?,
                min_p: real("min_p", min_p, usual.min_p)?,
                repeat_penalty: real("repeat_penalty", repeat_penalty, usual.repeat_penalty)?,
                seed: seed.map_or(Ok(0), |seed| errors::count("seed", seed))? as u64,
                ..usual
            },
            stops: Stops::new(stops).map_err(|error| errors::value(error, ""))?,
        };
        let sampler = Sampler::new(wish.settings).map_err(|error| errors::value(error, ""))?;
        Ok(Run::new(&self.loaded, wish, sampler))
    }
}

#[pymethods]
impl Llama {
    #[new]
    #[pyo3(signature = (*args, **kwargs))]
    fn __new__(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let _ = (args, kwargs);
        let message = "a Llama is not made by calling the class";
        Err(PyTypeError::new_err(errors::hinted(message, "`Llama.load('model.gguf')`")))
    }

    /// Maps a model's file and prepares its weights.
    ///
    /// `template` says how messages are written down, where the file does not or is wrong: `"chatml"`,
    /// `"llama3"`, `"llama2"` or `"zephyr"`.
    ///
    /// Raises `OSError` where the file cannot be read, `ValueError` with what is wrong with it or not supported.
    #[staticmethod]
    #[pyo3(signature = (path, *, template = None))]
    fn load(
        py: Python<'_>,
        path: &Bound<'_, PyAny>,
        template: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let path = errors::mapped(path)?;
        let style = template.map(|name| errors::text("template", name)).transpose()?;
        let style = style.map(|name| name.parse::<Template>()).transpose();
        let style = style.map_err(|error| errors::value(error, ""))?;
        let loaded = long(py, move |_| -> Result<Loaded, Unloaded> {
            let file = Arc::new(File::open(&path)?);
            let said = |error: &dyn std::fmt::Display| {
                Unloaded::Broken(format!("{}: {error}", path.display()))
            };
            let gguf = file.gguf();
            let own = Template::recognise(gguf).map_err(|error| error.to_string());
            let template = match (style, own) {
                // The file's own has its default system prompt, too.
                (Some(asked), Ok(own)) if own.style == asked.style => Ok(own),
                (Some(asked), _) => Ok(asked),
                (None, own) => own,
            };
            Ok(Loaded {
                tokenizer: ModelTokenizer::from_gguf(gguf).map_err(|error| said(&error))?,
                content: Arc::new(Content::gguf(gguf).map_err(|error| said(&error))?),
                template,
                model: Arc::new(Model::load(&file).map_err(|error| match error {
                    LoadError::Open(error) => Unloaded::from(error),
                    error => said(&error),
                })?),
                idle: Mutex::default(),
            })
        })?;
        match loaded {
            Ok(loaded) => Ok(Self { loaded: Arc::new(loaded) }),
            Err(Unloaded::System(path, error)) => Err(errors::system(&path, &error)),
            Err(Unloaded::Broken(message)) => Err(PyValueError::new_err(message)),
        }
    }

    /// The model's answer.
    ///
    /// `prompt` is a text, which the model goes on with as it stands, or a list of messages
    /// `{"role": "user", "content": "…"}`, which the model's own template writes down. The answer ends where the
    /// model ends it, before the first of the texts in `stop`, or after `max_tokens` ids; without `max_tokens` at
    /// the end of the context. A `temperature` of 0 takes the most probable id each time; else the same `seed`
    /// gives the same answer.
    ///
    /// Raises `ValueError` for a prompt that does not fit and for settings out of range.
    #[pyo3(
        signature = (prompt, *, max_tokens = None, temperature = None, top_k = None, top_p = None, min_p = None,
            repeat_penalty = None, seed = None, stop = None),
        text_signature = "($self, prompt, *, max_tokens=None, temperature=0.8, top_k=40, top_p=0.95, min_p=0.05, \
            repeat_penalty=1.0, seed=0, stop=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "Python's callers name them")]
    fn generate(
        &self,
        py: Python<'_>,
        prompt: &Bound<'_, PyAny>,
        max_tokens: Option<&Bound<'_, PyAny>>,
        temperature: Option<&Bound<'_, PyAny>>,
        top_k: Option<&Bound<'_, PyAny>>,
        top_p: Option<&Bound<'_, PyAny>>,
        min_p: Option<&Bound<'_, PyAny>>,
        repeat_penalty: Option<&Bound<'_, PyAny>>,
        seed: Option<&Bound<'_, PyAny>>,
        stop: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let mut run = self.run(
            prompt,
            max_tokens,
            temperature,
            top_k,
            top_p,
            min_p,
            repeat_penalty,
            seed,
            stop,
        )?;
        let text = long(py, move |stop| {
            let mut text = String::new();
            while let Some(more) = run.next(stop)? {
                text += &more;
            }
            Ok::<_, Failure>(text)
        })??;
        Ok(text)
    }

    /// The model's answer as it is made: an iterator of texts, each one or more whole characters.
    ///
    /// Arguments and errors are those of `generate`. When it has ended, `finish_reason` of the iterator is
    /// `"stop"` or `"length"`.
    #[pyo3(
        signature = (prompt, *, max_tokens = None, temperature = None, top_k = None, top_p = None, min_p = None,
            repeat_penalty = None, seed = None, stop = None),
        text_signature = "($self, prompt, *, max_tokens=None, temperature=0.8, top_k=40, top_p=0.95, min_p=0.05, \
            repeat_penalty=1.0, seed=0, stop=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "Python's callers name them")]
    fn stream(
        &self,
        prompt: &Bound<'_, PyAny>,
        max_tokens: Option<&Bound<'_, PyAny>>,
        temperature: Option<&Bound<'_, PyAny>>,
        top_k: Option<&Bound<'_, PyAny>>,
        top_p: Option<&Bound<'_, PyAny>>,
        min_p: Option<&Bound<'_, PyAny>>,
        repeat_penalty: Option<&Bound<'_, PyAny>>,
        seed: Option<&Bound<'_, PyAny>>,
        stop: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<TextStream> {
        let run = self.run(
            prompt,
            max_tokens,
            temperature,
            top_k,
            top_p,
            min_p,
            repeat_penalty,
            seed,
            stop,
        )?;
        Ok(TextStream(Mutex::new(State::Waiting(Box::new(run)))))
    }

    /// The logits after some ids: shape `(n_vocab,)`, dtype `float32`; with `every=True` after each of them, shape
    /// `(len(ids), n_vocab)`.
    ///
    /// Raises `ValueError` for no ids, for ids that the model lacks, and for more than the context holds.
    #[pyo3(signature = (ids, *, every = false))]
    fn logits<'py>(
        &self,
        py: Python<'py>,
        ids: &Bound<'py, PyAny>,
        every: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ids = ids::read("ids", ids)?;
        let model = Arc::clone(&self.loaded.model);
        let rows = ids.len();
        let logits = long(py, move |stop| {
            let mut session = Session::new(&model);
            if every {
                return Ok(session.feed_all(&ids)?);
            }
            if ids.is_empty() || ids.len() > session.context() {
                return Ok(session.feed(&ids)?.to_vec());
            }
            let mut logits = Vec::new();
            for (at, chunk) in ids.chunks(CHUNK).enumerate() {
                if stop.asked() {
                    return Err(Failure::Stopped);
                }
                let fed = session.feed(chunk).map_err(|error| match error {
                    EngineError::UnknownId { id, index, vocabulary } => {
                        EngineError::UnknownId { id, index: index + at * CHUNK, vocabulary }
                    }
                    error => error,
                })?;
                logits.clear();
                logits.extend_from_slice(fed);
            }
            Ok::<_, Failure>(logits)
        })??;
        numpy::get_array_module(py)?;
        let columns = logits.len() / rows.max(1);
        let array = logits.into_pyarray(py);
        Ok(if every { array.reshape([rows, columns])?.into_any() } else { array.into_any() })
    }

    /// The ids that a prompt becomes, as `generate` feeds them.
    fn prompt_ids(&self, prompt: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
        self.prompt(prompt)
    }

    /// The tokenizer of the model's file.
    #[getter]
    fn tokenizer(&self) -> Tokenizer {
        Tokenizer::shared(&self.loaded.content)
    }

    /// How many positions a prompt and its answer may have.
    #[getter]
    fn context(&self) -> usize {
        self.loaded.model.config().context
    }

    /// How many logits there are.
    #[getter]
    fn n_vocab(&self) -> usize {
        self.loaded.model.config().vocabulary
    }

    fn __repr__(&self) -> String {
        let config = self.loaded.model.config();
        format!(
            "<rust_for_ai.Llama: {} layers of width {}, {} ids, context {}>",
            config.layers, config.width, config.vocabulary, config.context
        )
    }
}

enum Unloaded {
    System(std::path::PathBuf, std::io::Error),
    Broken(String),
}

impl From<OpenError> for Unloaded {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::System { path, error } => Self::System(path, error),
            error => Self::Broken(errors::hinted(&error, error.hint().unwrap_or_default())),
        }
    }
}

/// A model's answer as it is made; from `Llama.stream`.
#[pyclass(frozen, module = "rust_for_ai")]
pub(crate) struct TextStream(Mutex<State>);

enum State {
    Waiting(Box<Run>),
    /// A thread is at it.
    Busy,
    /// With the reason, where it did not end with an exception.
    Ended(Option<&'static str>),
}

impl TextStream {
    fn set(&self, state: State) -> State {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut place, state)
    }
}

#[pymethods]
impl TextStream {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let mut run = match self.set(State::Busy) {
            State::Waiting(run) => run,
            State::Busy => {
                return Err(errors::value(
                    "the stream is being read by another thread",
                    "give each thread a stream of its own",
                ));
            }
            State::Ended(why) => {
                self.set(State::Ended(why));
                return Ok(None);
            }
        };
        let result = long(py, move |stop| {
            let text = run.next(stop);
            (run, text)
        });
        match result {
            Ok((run, Ok(text))) => {
                self.set(match run.finish {
                    Some(why) if text.is_none() => State::Ended(Some(why)),
                    _ => State::Waiting(run),
                });
                Ok(text)
            }
            Ok((_, Err(failure))) => {
                self.set(State::Ended(None));
                Err(failure.into())
            }
            Err(error) => {
                self.set(State::Ended(None));
                Err(error)
            }
        }
    }

    /// Why the answer has ended: `"stop"` or `"length"`; `None` before, and after an exception.
    #[getter]
    fn finish_reason(&self) -> Option<&'static str> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Ended(why) => *why,
            State::Waiting(_) | State::Busy => None,
        }
    }
}
