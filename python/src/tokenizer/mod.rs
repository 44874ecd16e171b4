//! The class `Tokenizer`.
//!
//! It is *frozen*: nothing of it ever changes, so it needs no lock, threads share it, and no call meets
//! another one's borrow. What encoding writes to is the library's business ([`Encoding`] lends it out).
//!
//! Each method does three things: arguments to Rust, with errors that name the argument; the work, where
//! the text's length says ([`crate::long`]); the result to Python.
//!
//! Long, since Python's class is one block of methods, and half of its lines are the docstrings that Python shows.

mod content;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;

use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::{PyKeyError, PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyDict, PyList, PyMapping, PyString, PyTuple};
use rayon::prelude::*;
use rust_for_ai::bpe::{Encoding, Finder, Pattern, WordCounts, train, train_words_while};
use rust_for_ai::llama::gguf::{File, OpenError};

pub(crate) use content::{Content, PATTERNS, pattern_name};
use content::{Failure, Rule, Which};

use crate::arrow::{ArrowArray, Buffer, Column, Node};
use crate::errors;
use crate::ids;
use crate::long::{DETACH, LONG, Stop, detached, long, short, stopped};
use crate::pool::on_all_processors;

/// A tokenizer: text to token ids and back.
///
/// Make one with `from_name`, `from_file`, `from_tiktoken`, `from_gguf` or `train`; building takes some
/// time, so keep it. It never changes: threads may share it, it can be pickled, copied and compared, and is
/// equal to another one of the same content.
///
/// Long calls let other threads run, and Ctrl-C stops them.
///
/// >>> from rust_for_ai import Tokenizer
/// >>> gpt4 = Tokenizer.from_name("cl100k_base")
/// >>> gpt4.encode("The tokenizer's 3rd verse")
/// [791, 47058, 596, 220, 18, 6634, 33487]
/// >>> gpt4.decode([791, 47058])
/// 'The tokenizer'
#[pyclass(frozen, module = "rust_for_ai")]
pub(crate) struct Tokenizer {
    content: Arc<Content>,
}

/// Where ids stand in a text: each from a character to another.
type Offsets = Vec<(usize, usize)>;

/// An argument that says which special tokens.
type Special<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

impl Tokenizer {
    fn new(content: Content) -> Self {
        Self { content: Arc::new(content) }
    }

    /// One that something else has, too.
    #[cfg(feature = "llama")]
    pub(crate) fn shared(content: &Arc<Content>) -> Self {
        Self { content: Arc::clone(content) }
    }

    /// One of the vocabularies that every build has, made once a process.
    fn named(py: Python<'_>, name: &str) -> PyResult<Self> {
        static GPT2: OnceLock<Arc<Content>> = OnceLock::new();
        static CL100K: OnceLock<Arc<Content>> = OnceLock::new();
        type Make = fn() -> Encoding;
        let (cell, make, name): (_, Make, _) = match name {
            "gpt2" | "r50k_base" => (&GPT2, Encoding::gpt2, "gpt2"),
            "cl100k_base" | "cl100k" => (&CL100K, Encoding::cl100k, "cl100k_base"),
            _ => {
                return Err(errors::value(
                    format!("name is '{name}', expected 'gpt2' or 'cl100k_base'"),
                    "other vocabularies are read from files: `from_tiktoken`, `from_gguf`",
                ));
            }
        };
        let content = match cell.get() {
            Some(content) => Arc::clone(content),
            None => detached(py, || {
                Arc::clone(cell.get_or_init(|| Arc::new(Content::ranks(make(), Some(name)))))
            })?,
        };
        Ok(Self { content })
    }

    /// Which special tokens of an argument: `'all'`, or an iterable of texts.
    fn which(name: &str, argument: &Bound<'_, PyAny>) -> PyResult<Option<Vec<String>>> {
        if let Ok(text) = argument.cast::<PyString>() {
            if text.to_string_lossy() == "all" {
                return Ok(None);
            }
            return Err(errors::value(
                format!("{name} is {}, expected 'all' or a set of texts", errors::shown(argument)),
                "a set of one text is `{'…'}`",
            ));
        }
        let items = argument.try_iter().map_err(|_| {
            errors::wrong_type(name, argument, "'all' or a set of texts", "none is `()`")
        })?;
        let texts = items
            .enumerate()
            .map(|(at, item)| Ok(errors::text(&format!("{name}[{at}]"), &item?)?.to_string()));
        texts.collect::<PyResult<Vec<String>>>().map(Some)
    }

    /// What tiktoken's two arguments mean.
    fn rule(&self, allowed: Special<'_, '_>, disallowed: Special<'_, '_>) -> PyResult<Rule> {
        let read = |name, argument: Special<'_, '_>, default| match argument {
            Some(argument) => Self::which(name, argument),
            None => Ok(default),
        };
        let allowed = read("allowed_special", allowed, Some(Vec::new()))?;
        let disallowed = read("disallowed_special", disallowed, None)?;
        let specials = self.content.specials();
        let find = |keep: &dyn Fn(&str) -> bool| {
            let kept = specials.iter().filter(|(token, _)| keep(token));
            Which::These(Box::new(Finder::new(kept.map(|(token, id)| (token.as_str(), *id)))))
        };
        let refused = match (&disallowed, &allowed) {
            (None, None) => Which::None,
            (None, Some(allowed)) if allowed.is_empty() => Which::All,
            (None, Some(allowed)) => find(&|token| !allowed.iter().any(|it| it == token)),
            (Some(texts), _) if texts.is_empty() => Which::None,
            (Some(texts), _) => {
                Which::These(Box::new(Finder::new(texts.iter().map(|text| (text.as_str(), 0)))))
            }
        };
        let allowed = match allowed {
            None => Which::All,
            Some(allowed) if allowed.is_empty() => Which::None,
            Some(allowed) => find(&|token| allowed.iter().any(|it| it == token)),
        };
        Ok(Rule { refused, allowed })
    }

    /// Does something with a text, where its length says.
    fn on_text<T: Send + 'static>(
        &self,
        py: Python<'_>,
        text: PyBackedStr,
        rule: Rule,
        work: fn(&Content, &str, &Rule, &Stop) -> Result<T, Failure>,
    ) -> PyResult<T> {
        let content = &self.content;
        let result = if text.len() < DETACH {
            short(|| work(content, &text, &rule, &Stop::default()))
        } else if text.len() < content.long() {
            detached(py, || work(content, &text, &rule, &Stop::default()))
        } else {
            let content = Arc::clone(content);
            long(py, move |stop| work(&content, &text, &rule, stop))
        };
        result?.map_err(|failure| failed(None, failure))
    }

    fn unknown(ids: &[u32], position: usize) -> PyErr {
        let id = ids.get(position).copied().unwrap_or_default();
        PyKeyError::new_err(format!("unknown token id {id} at position {position}"))
    }

    /// The ids of many texts, a part of them each: how many ids each has (`None` for a null), and all of
    /// them. On all processors.
    fn batch(
        content: &Content,
        texts: &Texts,
        rule: &Rule,
        stop: &Stop,
    ) -> Result<Vec<Part>, (usize, BatchFailure)> {
        // Large enough to be worth a task, small enough that all processors end together.
        let width = (texts.len() / (8 * threads())).clamp(1, 1_024);
        let part = |first: usize| {
            let mut part = Part::default();
            for index in first..(first + width).min(texts.len()) {
                let text = match texts.get(index) {
                    Ok(Some(text)) => text,
                    Ok(None) => {
                        part.lengths.push(None);
                        continue;
                    }
                    Err(what) => return Err((index, BatchFailure::Bad(what))),
                };
                let before = part.ids.len();
                content
                    .encode(text, rule, stop, &mut part.ids, &mut |_| ())
                    .map_err(|failure| (index, BatchFailure::Text(failure)))?;
                part.lengths.push(Some(part.ids.len() - before));
            }
            Ok(part)
        };
        let firsts: Vec<usize> = (0..texts.len()).step_by(width).collect();
        let parts: Vec<_> = on_all_processors(|| firsts.into_par_iter().map(part).collect());
        // The first error in the order of the texts, on however many processors.
        parts.into_iter().collect()
    }

    fn encode_parts(
        &self,
        py: Python<'_>,
        texts: Texts,
        allowed: Special<'_, '_>,
        disallowed: Special<'_, '_>,
    ) -> PyResult<Vec<Part>> {
        let rule = self.rule(allowed, disallowed)?;
        let bytes = texts.bytes();
        let content = Arc::clone(&self.content);
        let parts = if bytes < DETACH {
            detached(py, || Self::batch(&content, &texts, &rule, &Stop::default()))?
        } else {
            long(py, move |stop| Self::batch(&content, &texts, &rule, stop))?
        };
        parts.map_err(|(index, failure)| match failure {
            BatchFailure::Text(failure) => failed(Some(index), failure),
            BatchFailure::Bad(what) => errors::value(format!("texts[{index}] {what}"), ""),
        })
    }

    fn learned(
        merges: &[(u32, u32)],
        pattern: Pattern,
        specials: &[String],
    ) -> Result<Content, String> {
        let tokenizer = rust_for_ai::bpe::Tokenizer::from_merges(merges)
            .map_err(|error| format!("the merges: {error}"))?;
        let first = tokenizer.vocab_size() as u32;
        let specials: Vec<(&str, u32)> = specials.iter().map(String::as_str).zip(first..).collect();
        Encoding::from_merges(&tokenizer, pattern, &specials)
            .map(|encoding| Content::ranks(encoding, None))
            .map_err(|error| error.problem_only())
    }

    /// Learns from counts.
    pub(crate) fn from_counts(
        py: Python<'_>,
        counts: WordCounts,
        vocab_size: usize,
        specials: Vec<String>,
    ) -> PyResult<Self> {
        let made = long(py, move |stop| {
            let merges = train_words_while(&counts, vocab_size, &mut || !stop.asked());
            merges.map(|merges| Self::learned(&merges, counts.pattern(), &specials))
        })?;
        let content = made.ok_or_else(stopped)?.map_err(|error| errors::value(error, ""))?;
        Ok(Self::new(content))
    }
}

/// An argument whose default is not `None`, which means something.
enum Either<'py> {
    Default,
    Given(Bound<'py, PyAny>),
}

impl<'py> FromPyObject<'_, 'py> for Either<'py> {
    type Error = PyErr;

    fn extract(argument: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::Given(argument.to_owned()))
    }
}

/// A message without the line of a file that there is none of.
trait ProblemOnly {
    fn problem_only(&self) -> String;
}

impl ProblemOnly for rust_for_ai::bpe::RanksError {
    fn problem_only(&self) -> String {
        let text = self.to_string();
        text.split_once(": ").map_or(text.clone(), |(_, problem)| problem.to_owned())
    }
}

/// What a pickle is made of: a function, and its arguments.
pub(crate) type Reduced<'py, A> = (Bound<'py, PyAny>, A);

/// How many threads can run at once.
pub(crate) fn threads() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// The ids of some texts of a batch.
#[derive(Default)]
struct Part {
    lengths: Vec<Option<usize>>,
    ids: Vec<u32>,
}

enum BatchFailure {
    Text(Failure),
    Bad(&'static str),
}

/// Many texts: Python's own, or a column of another library.
pub(crate) enum Texts {
    Python(Vec<PyBackedStr>),
    Arrow(Column),
}

impl Texts {
    /// From a list or another iterable of texts, or a column.
    pub(crate) fn read(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let expected = "a list of texts or an Arrow column of strings";
        if value.is_instance_of::<PyString>() {
            return Err(errors::wrong_type(
                name,
                value,
                expected,
                "a list of one text is `[text]`",
            ));
        }
        if value.is_instance_of::<PyBytes>() {
            return Err(errors::wrong_type(
                name,
                value,
                expected,
                "`.decode()` makes a text of bytes",
            ));
        }
        let item =
            |at: usize, item: &Bound<'_, PyAny>| errors::text(&format!("{name}[{at}]"), item);
        if let Ok(list) = value.cast::<PyList>() {
            let mut texts = Vec::with_capacity(list.len());
            for (at, it) in list.iter().enumerate() {
                // The usual case writes down no name.
                texts.push(
                    match it.cast_exact::<PyString>().ok().map(|it| it.clone().try_into()) {
                        Some(Ok(text)) => text,
                        _ => item(at, &it)?,
                    },
                );
            }
            return Ok(Self::Python(texts));
        }
        if let Some(column) = Column::import(name, value)? {
            if !column.has_texts() {
                return Err(errors::wrong_type(name, value, expected, "it has lists"));
            }
            return Ok(Self::Arrow(column));
        }
        let items = value.try_iter().map_err(|_| errors::wrong_type(name, value, expected, ""))?;
        let texts = items.enumerate().map(|(at, it)| item(at, &it?));
        Ok(Self::Python(texts.collect::<PyResult<_>>()?))
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Python(texts) => texts.len(),
            Self::Arrow(column) => column.len(),
        }
    }

    /// A text; `None` for a null. Else what is wrong with it.
    pub(crate) fn get(&self, index: usize) -> Result<Option<&str>, &'static str> {
        match self {
            Self::Python(texts) => Ok(texts.get(index).map(|text| &**text)),
            Self::Arrow(column) => column.text(index).map_err(|bad| bad.what),
        }
    }

    /// How long the work will be, roughly.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Python(texts) => texts.iter().map(|text| text.len() + 16).sum(),
            Self::Arrow(_) => usize::MAX,
        }
    }
}

/// What a text without ids becomes; in a batch with its index.
fn failed(index: Option<usize>, failure: Failure) -> PyErr {
    match failure {
        Failure::Stopped => stopped(),
        Failure::Special { token, position } => {
            let what = index.map_or("the text".to_owned(), |index| format!("texts[{index}]"));
            let quoted = token.replace('\'', "\\'");
            errors::value(
                format!("{what} has the special token `{token}` at character {position}"),
                &format!(
                    "allowed_special={{'{quoted}'}} makes it the token, disallowed_special=() ordinary text"
                ),
            )
        }
    }
}

/// What to do with bytes that are no text: `errors` of `bytes.decode`.
fn on_broken(errors: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    errors
        .map_or(Ok("replace".to_owned()), |errors| Ok(errors::text("errors", errors)?.to_string()))
}

/// A pattern by its name.
pub(crate) fn pattern(name: &str) -> PyResult<Pattern> {
    let known = PATTERNS.iter().find(|&&(known, _)| known == name);
    known.map(|&(_, pattern)| pattern).ok_or_else(|| {
        let names: Vec<String> = PATTERNS.iter().map(|(name, _)| format!("'{name}'")).collect();
        errors::value(format!("pattern is '{name}', expected one of {}", names.join(", ")), "")
    })
}

/// The size of a vocabulary to learn.
pub(crate) fn vocab_size(value: &Bound<'_, PyAny>) -> PyResult<usize> {
    let size = errors::count("vocab_size", value)?;
    if size < 256 {
        let hint = "the 256 bytes are tokens, so that every text has ids";
        return Err(errors::value(format!("vocab_size is {size}, expected 256 or more"), hint));
    }
    Ok(size)
}

/// The special tokens of a vocabulary to learn.
pub(crate) fn special_texts(value: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<String>> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let Texts::Python(texts) = Texts::read("special_tokens", value)? else {
        return Err(errors::wrong_type("special_tokens", value, "a list of texts", ""));
    };
    let texts: Vec<String> = texts.iter().map(|text| text.to_string()).collect();
    let mut seen = HashSet::new();
    for text in &texts {
        if text.is_empty() || !seen.insert(text) {
            let message =
                format!("special_tokens has `{text}`, expected each text once, and no empty one");
            return Err(errors::value(message, ""));
        }
    }
    Ok(texts)
}

/// Reads a file, and says where it is wrong.
fn from_path(
    py: Python<'_>,
    path: PathBuf,
    read: impl FnOnce(Vec<u8>) -> Result<Content, String> + Send + 'static,
) -> PyResult<Tokenizer> {
    let (path, content) = long(py, move |_| {
        let content = std::fs::read(&path).map(read);
        (path, content)
    })?;
    let content = content
        .map_err(|error| errors::system(&path, &error))?
        .map_err(|error| errors::value(format!("{}: {error}", path.display()), ""))?;
    Ok(Tokenizer::new(content))
}

#[pymethods]
impl Tokenizer {
    #[new]
    #[pyo3(signature = (*args, **kwargs))]
    fn __new__(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let _ = (args, kwargs);
        Err(PyTypeError::new_err(errors::hinted(
            "a Tokenizer is not made by calling the class",
            "`Tokenizer.from_name('cl100k_base')`, `.from_file(path)`, `.train(texts, 5000)`",
        )))
    }

    /// A vocabulary that comes with the package: `"gpt2"` (also `"r50k_base"`) or `"cl100k_base"`.
    ///
    /// Made once a process; later calls give the same at once. Nothing is downloaded.
    ///
    /// Raises `ValueError` for another name.
    ///
    /// >>> Tokenizer.from_name("gpt2").encode("Hello, world!")
    /// [15496, 11, 995, 0]
    #[staticmethod]
    fn from_name(py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::named(py, &errors::text("name", name)?)
    }

    /// A tokenizer that `save` wrote, or that of a GGUF file.
    ///
    /// Raises `OSError` where the file cannot be read, `ValueError` with the place where it is broken.
    ///
    /// >>> import os, tempfile
    /// >>> path = os.path.join(tempfile.mkdtemp(), "small.tokenizer")
    /// >>> small = Tokenizer.train(["hug hug pug"], 258)
    /// >>> small.save(path)
    /// >>> Tokenizer.from_file(path) == small
    /// True
    #[staticmethod]
    fn from_file(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<Self> {
        let path = errors::path(path)?;
        let mut magic = [0; 4];
        let is_gguf = std::fs::File::open(&path)
            .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut magic))
            .is_ok_and(|()| magic == *b"GGUF");
        if is_gguf {
            return Self::open_gguf(py, path);
        }
        from_path(py, path, |bytes| {
            Content::read(&bytes).map_err(|error| {
                let ranks = bytes.split(|&byte| byte == b'\n').next().is_some_and(|line| {
                    line.len() < 100 && line.ends_with(b" 0") && !line.contains(&b'\r')
                });
                let hint = if ranks { "a file of ranks is for `from_tiktoken`" } else { "" };
                errors::hinted(error, hint)
            })
        })
    }

    /// A tokenizer from a file of ranks, as tiktoken has them: a token in base64 and its rank a line.
    ///
    /// `pattern` says how texts are cut: `"gpt2"`, `"cl100k"`, `"o200k"`, `"llama3"` or `"smollm"`.
    /// `special_tokens` are texts with their ids.
    ///
    /// Raises `OSError` where the file cannot be read, `ValueError` with the line that is wrong.
    ///
    /// >>> import os, tempfile
    /// >>> path = os.path.join(tempfile.mkdtemp(), "broken.tiktoken")
    /// >>> with open(path, "w") as file: _ = file.write("IQ== 0\nIg== 2\n")
    /// >>> Tokenizer.from_tiktoken(path, pattern="gpt2")
    /// Traceback (most recent call last):
    ///     ...
    /// ValueError: ...: line 2: expected the rank 1, got 2
    #[staticmethod]
    #[pyo3(signature = (path, *, pattern, special_tokens = None))]
    fn from_tiktoken(
        py: Python<'_>,
        path: &Bound<'_, PyAny>,
        pattern: &Bound<'_, PyAny>,
        special_tokens: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let path = errors::path(path)?;
        let pattern = self::pattern(&errors::text("pattern", pattern)?)?;
        let mut specials: Vec<(String, u32)> = Vec::new();
        if let Some(value) = special_tokens {
            let map = value.cast::<PyMapping>().map_err(|_| {
                let hint = "such as `{'<|endoftext|>': 50256}`";
                errors::wrong_type("special_tokens", value, "a `dict` of texts and ids", hint)
            })?;
            for pair in map.items()?.iter() {
                let (text, id): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
                let text = errors::text("a key of special_tokens", &text)?.to_string();
                specials.push((text, ids::one("special_tokens", specials.len(), &id)?));
            }
        }
        from_path(py, path, move |bytes| {
            let ranks = std::str::from_utf8(&bytes).map_err(|error| {
                format!("expected a text, got other bytes at {}", error.valid_up_to())
            })?;
            let specials: Vec<(&str, u32)> =
                specials.iter().map(|(text, id)| (text.as_str(), *id)).collect();
            Encoding::from_tiktoken(ranks, pattern, &specials)
                .map(|encoding| Content::ranks(encoding, None))
                .map_err(|error| error.to_string())
        })
    }

    /// The tokenizer of a model's file, as llama.cpp has them. The weights are not read.
    ///
    /// Control tokens of the file are special tokens here. Raises `OSError` where the file cannot be read,
    /// `ValueError` with what is wrong with it or not supported.
    #[staticmethod]
    fn from_gguf(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::open_gguf(py, errors::mapped(path)?)
    }

    /// Learns a vocabulary from texts: the merges of byte-pair encoding, exactly.
    ///
    /// `texts` is a list or another iterable of texts, or an Arrow column; each is a document.
    /// `vocab_size` counts the 256 bytes; it is less in the end where the texts teach no more. `pattern` cuts
    /// the texts, as in `from_tiktoken`; with `None` a text is one sequence, and there must be one text.
    /// `special_tokens` get the ids behind the vocabulary.
    ///
    /// >>> small = Tokenizer.train(["hug hug pug"], 258, special_tokens=["<|end|>"])
    /// >>> small.encode("hug bug<|end|>", allowed_special="all")
    /// [257, 32, 98, 256, 258]
    #[staticmethod]
    #[pyo3(
        signature = (texts, vocab_size, *, pattern = Some(Either::Default), special_tokens = None),
        text_signature = "(texts, vocab_size, *, pattern='cl100k', special_tokens=None)"
    )]
    fn train(
        py: Python<'_>,
        texts: &Bound<'_, PyAny>,
        vocab_size: &Bound<'_, PyAny>,
        pattern: Option<Either<'_>>,
        special_tokens: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let pattern = match pattern {
            None => None,
            Some(Either::Default) => Some(Pattern::Cl100k),
            Some(Either::Given(name)) => Some(self::pattern(&errors::text("pattern", &name)?)?),
        };
        let size = self::vocab_size(vocab_size)?;
        let specials = special_texts(special_tokens)?;
        let texts = Texts::read("texts", texts)?;
        if let Some(pattern) = pattern {
            let counts = crate::counts::count(py, pattern, texts)?;
            return Self::from_counts(py, counts, size, specials);
        }
        if texts.len() != 1 || !specials.is_empty() {
            return Err(errors::value(
                format!(
                    "pattern=None takes one text and no special tokens, got {} and {}",
                    texts.len(),
                    specials.len()
                ),
                "with a pattern there may be many",
            ));
        }
        let merges =
            long(py, move |_| texts.get(0).map(|text| train(text.unwrap_or_default(), size)))?;
        let merges = merges.map_err(|what| errors::value(format!("texts[0] {what}"), ""))?;
        let tokenizer = rust_for_ai::bpe::Tokenizer::from_merges(&merges)
            .map_err(|error| errors::value(error, "a smaller vocab_size makes shorter tokens"))?;
        Ok(Self::new(Content::whole(tokenizer)))
    }

    /// The ids of a text.
    ///
    /// Special tokens in the text are an error, as in tiktoken, since a text of unknown origin could end the
    /// document or the turn with them. `allowed_special` (`"all"` or a set) makes them tokens;
    /// `disallowed_special=()` makes them ordinary text.
    ///
    /// Raises `ValueError` with the special token and its place, `UnicodeEncodeError` for lone surrogates.
    ///
    /// >>> gpt2 = Tokenizer.from_name("gpt2")
    /// >>> gpt2.encode("Hi<|endoftext|>", allowed_special={"<|endoftext|>"})
    /// [17250, 50256]
    /// >>> gpt2.encode("<|endoftext|>", disallowed_special=())
    /// [27, 91, 437, 1659, 5239, 91, 29]
    #[pyo3(signature = (text, *, allowed_special = None, disallowed_special = None))]
    fn encode<'py>(
        &self,
        py: Python<'py>,
        text: &Bound<'py, PyAny>,
        allowed_special: Special<'_, '_>,
        disallowed_special: Special<'_, '_>,
    ) -> PyResult<Bound<'py, PyList>> {
        let rule = self.rule(allowed_special, disallowed_special)?;
        let ids = self.on_text(py, errors::text("text", text)?, rule, Content::ids)?;
        self.content.numbers.list(py, &ids, self.content.size())
    }

    /// The ids of a text in which special tokens are ordinary text.
    ///
    /// >>> Tokenizer.from_name("gpt2").encode_ordinary("<|endoftext|>")
    /// [27, 91, 437, 1659, 5239, 91, 29]
    fn encode_ordinary<'py>(
        &self,
        py: Python<'py>,
        text: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        let text = errors::text("text", text)?;
        let ids = self.on_text(py, text, Rule::default(), Content::ids)?;
        self.content.numbers.list(py, &ids, self.content.size())
    }

    /// The ids of a text as an array: shape `(n,)`, dtype `uint32`. The array takes over the memory that the
    /// ids were written to; nothing is copied.
    ///
    /// Arguments and errors are those of `encode`.
    ///
    /// >>> Tokenizer.from_name("gpt2").encode_to_numpy("Hello, world!")
    /// array([15496,    11,   995,     0], dtype=uint32)
    #[pyo3(signature = (text, *, allowed_special = None, disallowed_special = None))]
    fn encode_to_numpy<'py>(
        &self,
        py: Python<'py>,
        text: &Bound<'py, PyAny>,
        allowed_special: Special<'_, '_>,
        disallowed_special: Special<'_, '_>,
    ) -> PyResult<Bound<'py, PyArray1<u32>>> {
        let rule = self.rule(allowed_special, disallowed_special)?;
        let ids = self.on_text(py, errors::text("text", text)?, rule, Content::ids)?;
        // The interface to NumPy is of C, and must be there before the array is.
        numpy::get_array_module(py)?;
        Ok(ids.into_pyarray(py))
    }

    /// The ids of a text, and where each stands: `(ids, offsets)`.
    ///
    /// An offset is `(start, end)` in characters: `text[start:end]` has the token's bytes. Tokens that share a
    /// character overlap there. Arguments and errors are those of `encode`.
    ///
    /// >>> Tokenizer.from_name("gpt2").encode_with_offsets("né 5")
    /// ([77, 2634, 642], [(0, 1), (1, 2), (2, 4)])
    #[pyo3(signature = (text, *, allowed_special = None, disallowed_special = None))]
    fn encode_with_offsets<'py>(
        &self,
        py: Python<'py>,
        text: &Bound<'py, PyAny>,
        allowed_special: Special<'_, '_>,
        disallowed_special: Special<'_, '_>,
    ) -> PyResult<(Bound<'py, PyList>, Offsets)> {
        let rule = self.rule(allowed_special, disallowed_special)?;
        let work = |content: &Content, text: &str, rule: &Rule, stop: &Stop| {
            let ids = content.ids(text, rule, stop)?;
            let offsets = content.offsets(text, &ids);
            Ok((ids, offsets))
        };
        let (ids, offsets) = self.on_text(py, errors::text("text", text)?, rule, work)?;
        Ok((self.content.numbers.list(py, &ids, self.content.size())?, offsets))
    }

    /// How many ids a text has: `len(encode(text))`, without a list.
    ///
    /// Arguments and errors are those of `encode`.
    ///
    /// >>> Tokenizer.from_name("gpt2").count("Hello, world!")
    /// 4
    #[pyo3(signature = (text, *, allowed_special = None, disallowed_special = None))]
    fn count(
        &self,
        py: Python<'_>,
        text: &Bound<'_, PyAny>,
        allowed_special: Special<'_, '_>,
        disallowed_special: Special<'_, '_>,
    ) -> PyResult<usize> {
        let rule = self.rule(allowed_special, disallowed_special)?;
        self.on_text(py, errors::text("text", text)?, rule, Content::count)
    }

    /// The ids of many texts, on all processors, in the order of the texts.
    ///
    /// `texts` is a list or another iterable of texts, or an Arrow column of strings (whose nulls have no
    /// ids here). Errors are those of `encode`, with the index of the text.
    ///
    /// >>> Tokenizer.from_name("gpt2").encode_batch(["Hello", "", " world"])
    /// [[15496], [], [995]]
    #[pyo3(signature = (texts, *, allowed_special = None, disallowed_special = None))]
    fn encode_batch<'py>(
        &self,
        py: Python<'py>,
        texts: &Bound<'py, PyAny>,
        allowed_special: Special<'_, '_>,
        disallowed_special: Special<'_, '_>,
    ) -> PyResult<Bound<'py, PyList>> {
        let texts = Texts::read("texts", texts)?;
        let parts = self.encode_parts(py, texts, allowed_special, disallowed_special)?;
        let lists = PyList::empty(py);
        for part in parts {
            let mut at = 0;
            for length in part.lengths {
                let ids = &part.ids[at..at + length.unwrap_or(0)];
                lists.append(self.content.numbers.list(py, ids, self.content.size())?)?;
                at += ids.len();
            }
        }
        Ok(lists)
    }

    /// The ids of many texts as an Arrow column of lists of `uint32`, for pyarrow, polars and others.
    ///
    /// Arguments and errors are those of `encode_batch`; a null has a null. More than 2,147,483,647 ids in all
    /// are an `OverflowError`: encode parts of the texts then.
    ///
    /// >>> ids = Tokenizer.from_name("gpt2").encode_batch_arrow(["Hello", "", " world"])
    /// >>> import pyarrow
    /// >>> pyarrow.array(ids).to_pylist()
    /// [[15496], [], [995]]
    #[pyo3(signature = (texts, *, allowed_special = None, disallowed_special = None))]
    fn encode_batch_arrow(
        &self,
        py: Python<'_>,
        texts: &Bound<'_, PyAny>,
        allowed_special: Special<'_, '_>,
        disallowed_special: Special<'_, '_>,
    ) -> PyResult<ArrowArray> {
        let texts = Texts::read("texts", texts)?;
        let parts = self.encode_parts(py, texts, allowed_special, disallowed_special)?;
        let node = long(py, move |_| column(parts))?;
        node.map(ArrowArray).ok_or_else(|| {
            let message = "the ids are more than 2147483647, which one Arrow list column holds";
            PyOverflowError::new_err(errors::hinted(message, "encode parts of the texts"))
        })
    }

    /// The text of some ids: a list, an array, or whatever iterates.
    ///
    /// Ids that were cut inside of a character are no text. `errors` says what then, as in `bytes.decode`:
    /// `"replace"` puts U+FFFD there, `"strict"` raises `UnicodeDecodeError`.
    ///
    /// Raises `KeyError` for an id that the vocabulary lacks.
    ///
    /// >>> gpt2 = Tokenizer.from_name("gpt2")
    /// >>> gpt2.decode([17250, 50256])
    /// 'Hi<|endoftext|>'
    /// >>> gpt2.decode([447])
    /// '�'
    #[pyo3(signature = (ids, *, errors = None), text_signature = "($self, ids, *, errors='replace')")]
    fn decode<'py>(
        &self,
        py: Python<'py>,
        ids: &Bound<'py, PyAny>,
        errors: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let errors = on_broken(errors)?;
        let bytes = self.bytes_of(py, ids::read("ids", ids)?)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(PyString::new(py, text).into_any()),
            Err(_) => PyBytes::new(py, &bytes).call_method1("decode", ("utf-8", &*errors)),
        }
    }

    /// The bytes of some ids, which need not be a whole text.
    ///
    /// Raises `KeyError` for an id that the vocabulary lacks.
    ///
    /// >>> Tokenizer.from_name("gpt2").decode_bytes([447])
    /// b'\xe2\x80'
    fn decode_bytes<'py>(
        &self,
        py: Python<'py>,
        ids: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.bytes_of(py, ids::read("ids", ids)?)?))
    }

    /// The texts of many lists of ids, or of an Arrow column of lists of `uint32`; a null is `None`.
    ///
    /// Errors are those of `decode`, with the index of the list.
    ///
    /// >>> Tokenizer.from_name("gpt2").decode_batch([[15496], [], [995]])
    /// ['Hello', '', ' world']
    #[pyo3(signature = (batch, *, errors = None), text_signature = "($self, batch, *, errors='replace')")]
    fn decode_batch<'py>(
        &self,
        py: Python<'py>,
        batch: &Bound<'py, PyAny>,
        errors: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let on_broken = on_broken(errors)?;
        let expected = "a list of lists of ids or an Arrow column of such";
        let texts = PyList::empty(py);
        let add = |index: usize, ids: &[u32]| {
            let bytes = self.content.decode(ids).map_err(|position| {
                let id = ids.get(position).copied().unwrap_or_default();
                PyKeyError::new_err(format!(
                    "batch[{index}]: unknown token id {id} at position {position}"
                ))
            })?;
            match std::str::from_utf8(&bytes) {
                Ok(text) => texts.append(text),
                Err(_) => texts.append(
                    PyBytes::new(py, &bytes).call_method1("decode", ("utf-8", &*on_broken))?,
                ),
            }
        };
        let is_list = batch.is_instance_of::<PyList>();
        if let Some(column) = if is_list { None } else { Column::import("batch", batch)? } {
            if column.len() > 0 && column.has_texts() {
                return Err(errors::wrong_type("batch", batch, expected, "it has texts"));
            }
            for index in 0..column.len() {
                if index % 1_000 == 0 {
                    py.check_signals()?;
                }
                match column.list(index) {
                    Ok(Some(ids)) => add(index, ids)?,
                    Ok(None) => texts.append(py.None())?,
                    Err(bad) => {
                        return Err(errors::value(
                            format!("batch[{}] {}", bad.index, bad.what),
                            "",
                        ));
                    }
                }
            }
            return Ok(texts);
        }
        let lists =
            batch.try_iter().map_err(|_| errors::wrong_type("batch", batch, expected, ""))?;
        for (index, list) in lists.enumerate() {
            if index % 1_000 == 0 {
                py.check_signals()?;
            }
            add(index, &ids::read(&format!("batch[{index}]"), &list?)?)?;
        }
        Ok(texts)
    }

    /// The bytes of one token.
    ///
    /// Raises `KeyError` for an id that the vocabulary lacks.
    ///
    /// >>> Tokenizer.from_name("gpt2").token_bytes(995)
    /// b' world'
    fn token_bytes<'py>(
        &self,
        py: Python<'py>,
        id: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let id = ids::one("id", 0, id)?;
        let token = self.content.token(id);
        let unknown = || PyKeyError::new_err(format!("unknown token id {id}"));
        Ok(PyBytes::new(py, token.ok_or_else(unknown)?))
    }

    /// Writes the tokenizer into a file, for `from_file`. One of a GGUF file becomes a GGUF file without
    /// weights.
    ///
    /// Raises `OSError` where it cannot be written.
    fn save(&self, py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<()> {
        let path = errors::path(path)?;
        let content = Arc::clone(&self.content);
        let (path, written) = long(py, move |_| {
            let written = std::fs::write(&path, content.bytes());
            (path, written)
        })?;
        written.map_err(|error| errors::system(&path, &error))
    }

    /// One more than the highest id: how many logits a model has for it.
    ///
    /// >>> Tokenizer.from_name("gpt2").n_vocab
    /// 50257
    #[getter]
    fn n_vocab(&self) -> usize {
        self.content.size()
    }

    /// The special tokens with their ids.
    ///
    /// >>> Tokenizer.from_name("gpt2").special_tokens
    /// {'<|endoftext|>': 50256}
    #[getter]
    fn special_tokens<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let specials = PyDict::new(py);
        for (token, id) in self.content.specials() {
            specials.set_item(token, id)?;
        }
        Ok(specials)
    }

    /// How texts are cut, as in `from_tiktoken`; `None` where they are not, or by a model's own rules.
    ///
    /// >>> Tokenizer.from_name("gpt2").pattern
    /// 'gpt2'
    #[getter]
    fn pattern(&self) -> Option<&'static str> {
        self.content.pattern()
    }

    /// The merges as pairs of ids, the first learned first, of a tokenizer that takes a text as one sequence
    /// (`pattern=None`); `None` for others, whose files say in which order tokens merge and not of which two.
    ///
    /// >>> Tokenizer.train(["aaab"], 258, pattern=None).merges
    /// [(97, 97), (97, 98)]
    #[getter]
    fn merges(&self) -> Option<Vec<(u32, u32)>> {
        self.content.merges().map(<[_]>::to_vec)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented()) };
        let (mine, theirs) = (&self.content, &other.get().content);
        let equal = Arc::ptr_eq(mine, theirs) || detached(py, || mine == theirs)?;
        Ok(equal.into_pyobject(py)?.to_owned().into_any().unbind())
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<u64> {
        detached(py, || self.content.hash())
    }

    fn __copy__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: PyRef<'py, Self>, memo: &Bound<'py, PyAny>) -> PyRef<'py, Self> {
        // It never changes, so it is its own copy, as a `str` is.
        let _ = memo;
        slf
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py, (Bound<'py, PyAny>,)>> {
        let restore = py.import("rust_for_ai._rust_for_ai")?.getattr("_restore_tokenizer")?;
        let state = match self.content.name() {
            Some(name) => PyString::new(py, name).into_any(),
            None => {
                let content = Arc::clone(&self.content);
                detached(py, || content.bytes().len())?;
                PyBytes::new(py, self.content.bytes()).into_any()
            }
        };
        Ok((restore, (state,)))
    }

    fn __repr__(&self) -> String {
        let (kind, size) = (self.content.kind(), self.content.size());
        match (self.content.name(), self.content.pattern()) {
            (Some(name), _) => format!("<rust_for_ai.Tokenizer '{name}': {size} ids>"),
            (None, Some(pattern)) => {
                format!("<rust_for_ai.Tokenizer of {kind}, pattern '{pattern}': {size} ids>")
            }
            (None, None) => format!("<rust_for_ai.Tokenizer of {kind}: {size} ids>"),
        }
    }
}

impl Tokenizer {
    fn bytes_of(&self, py: Python<'_>, ids: Vec<u32>) -> PyResult<Vec<u8>> {
        let content = &self.content;
        let (ids, bytes) = if ids.len() < LONG {
            let bytes = detached(py, || content.decode(&ids))?;
            (ids, bytes)
        } else {
            let content = Arc::clone(content);
            long(py, move |_| {
                let bytes = content.decode(&ids);
                (ids, bytes)
            })?
        };
        bytes.map_err(|position| Self::unknown(&ids, position))
    }

    fn open_gguf(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let content = long(py, move |_| match File::open(&path) {
            Ok(file) => Ok(Content::gguf(file.gguf()).map_err(|error| (path, error))),
            Err(error) => Err(error),
        })?;
        match content {
            Ok(Ok(content)) => Ok(Self::new(content)),
            Ok(Err((path, error))) => {
                Err(errors::value(format!("{}: {error}", path.display()), ""))
            }
            Err(OpenError::System { path, error }) => Err(errors::system(&path, &error)),
            Err(error) => Err(errors::value(&error, error.hint().unwrap_or_default())),
        }
    }
}

/// Lists of ids as an Arrow column; `None` where offsets of 32 bits do not suffice.
fn column(parts: Vec<Part>) -> Option<Node> {
    let total: usize = parts.iter().map(|part| part.ids.len()).sum();
    i32::try_from(total).ok()?;
    let length = parts.iter().map(|part| part.lengths.len()).sum();
    let mut ids = Vec::with_capacity(total);
    let mut offsets = Vec::with_capacity(length + 1);
    let mut valid = vec![0_u8; usize::div_ceil(length, 8)];
    let (mut end, mut nulls, mut index) = (0_usize, 0, 0);
    offsets.push(0);
    for part in parts {
        for length in part.lengths {
            match length {
                Some(_) => valid[index / 8] |= 1 << (index % 8),
                None => nulls += 1,
            }
            index += 1;
            end += length.unwrap_or(0);
            offsets.push(i32::try_from(end).ok()?);
        }
        ids.extend_from_slice(&part.ids);
    }
    let nullable = if nulls > 0 { Buffer::Bytes(Arc::new(valid)) } else { Buffer::NoNulls };
    let items = Node {
        format: c"I",
        name: c"item",
        length: total,
        nulls: 0,
        buffers: vec![Buffer::NoNulls, Buffer::U32(Arc::new(ids))],
        children: Vec::new(),
    };
    let buffers = vec![nullable, Buffer::I32(Arc::new(offsets))];
    Some(Node { format: c"+l", name: c"", length, nulls, buffers, children: vec![items] })
}

/// What a pickle calls: with a name, or with the bytes of a file.
#[pyfunction]
pub(crate) fn _restore_tokenizer(py: Python<'_>, state: &Bound<'_, PyAny>) -> PyResult<Tokenizer> {
    if let Ok(bytes) = state.cast::<PyBytes>() {
        let bytes = bytes.as_bytes().to_vec();
        let content = long(py, move |_| Content::read(&bytes))?;
        return content
            .map(Tokenizer::new)
            .map_err(|error| errors::value(format!("the pickle: {error}"), ""));
    }
    Tokenizer::named(py, &errors::text("state", state)?)
}

/// How many seconds the library takes for a text by itself, and how many ids that gave: for races.
#[pyfunction]
pub(crate) fn _native_seconds(
    py: Python<'_>,
    tokenizer: &Bound<'_, Tokenizer>,
    text: &Bound<'_, PyAny>,
) -> PyResult<(f64, usize)> {
    let text = errors::text("text", text)?;
    let content = &tokenizer.get().content;
    detached(py, || {
        let begin = std::time::Instant::now();
        let ids = content.native(&text);
        (begin.elapsed().as_secs_f64(), ids.len())
    })
}
