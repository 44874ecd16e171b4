//! The class `PreTokenCounter`: the words of many documents with their counts, which add up over machines.
//!
//! Counts change, so they are behind a lock. The lock is held only while nothing of Python runs: documents
//! are counted beside it, and what they gave is added in one go. So a handler of Ctrl-C that counts, too,
//! waits for nobody, and an update that was interrupted has added nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use rayon::prelude::*;
use rust_for_ai::bpe::{CountsError, Pattern, WordCounts};

use crate::arrow::{ArrowArray, Buffer, Node};
use crate::errors;
use crate::long::{DETACH, Stop, detached, long, short, stopped};
use crate::pool::on_all_processors;
use crate::tokenizer::{self, Reduced, Texts, Tokenizer, pattern_name};

/// How often each piece of some documents occurs: all that training needs of them.
///
/// Counts add up, so documents can be counted on many machines, and `train_from_counts` learns from the sum
/// exactly what one machine would learn. Two rules: a document is counted whole, and nothing is left out before
/// the sum. Pickle it to send it.
///
/// >>> from rust_for_ai import PreTokenCounter, train_from_counts
/// >>> here, there = PreTokenCounter("cl100k"), PreTokenCounter("cl100k")
/// >>> here.update(["hug hug pug"])
/// >>> there.update(["pug hug"])
/// >>> here.merge(there)
/// >>> here
/// <rust_for_ai.PreTokenCounter 'cl100k': 4 distinct words>
/// >>> train_from_counts(here, 258).encode("hug")
/// [257]
#[pyclass(frozen, module = "rust_for_ai")]
pub(crate) struct PreTokenCounter {
    pattern: Pattern,
    counts: Mutex<WordCounts>,
}

/// Counts documents on all processors.
pub(crate) fn count(py: Python<'_>, pattern: Pattern, texts: Texts) -> PyResult<WordCounts> {
    let all = move |stop: &Stop| -> Result<WordCounts, Failure> {
        let width = texts.len().div_ceil(4 * tokenizer::threads()).max(1);
        let firsts: Vec<usize> = (0..texts.len()).step_by(width).collect();
        let part = |first: usize| {
            let mut counts = WordCounts::new(pattern);
            for index in first..(first + width).min(texts.len()) {
                if stop.asked() {
                    return Err(Failure::Stopped);
                }
                let text = texts.get(index).map_err(|what| Failure::Bad { index, what })?;
                counts.add(text.unwrap_or_default()).map_err(Failure::Sum)?;
            }
            Ok(counts)
        };
        let parts: Vec<_> = on_all_processors(|| firsts.into_par_iter().map(part).collect());
        parts.into_iter().try_fold(WordCounts::new(pattern), |mut sum, part| {
            sum.merge(&part?).map_err(Failure::Sum)?;
            Ok(sum)
        })
    };
    long(py, all)?.map_err(|failure| match failure {
        Failure::Stopped => stopped(),
        Failure::Bad { index, what } => errors::value(format!("texts[{index}] {what}"), ""),
        Failure::Sum(error) => errors::value(error, ""),
    })
}

enum Failure {
    Stopped,
    Bad { index: usize, what: &'static str },
    Sum(CountsError),
}

impl PreTokenCounter {
    /// Only while detached: see the file's essay.
    fn lock(&self) -> MutexGuard<'_, WordCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&WordCounts) -> T + Send,
    ) -> PyResult<T> {
        detached(py, || work(&self.lock()))
    }

    fn add(&self, py: Python<'_>, counts: &WordCounts) -> PyResult<()> {
        detached(py, || self.lock().merge(counts))?.map_err(|error| errors::value(error, ""))
    }
}

#[pymethods]
impl PreTokenCounter {
    #[new]
    #[pyo3(signature = (pattern = None), text_signature = "(pattern='cl100k')")]
    fn __new__(pattern: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let pattern = pattern.map_or(Ok(Pattern::Cl100k), |name| {
            tokenizer::pattern(&errors::text("pattern", name)?)
        })?;
        Ok(Self { pattern, counts: Mutex::new(WordCounts::new(pattern)) })
    }

    /// Counts documents: a text, a list or another iterable of texts, or an Arrow column of strings. Each text
    /// is a document and is counted whole.
    ///
    /// If it raises, nothing was counted.
    ///
    /// >>> counter = PreTokenCounter()
    /// >>> counter.update("to be or not to be")
    /// >>> counter[" be"]
    /// 2
    fn update(&self, py: Python<'_>, texts: &Bound<'_, PyAny>) -> PyResult<()> {
        let texts = match texts.cast::<PyString>() {
            Ok(_) => Texts::Python(vec![errors::text("texts", texts)?]),
            Err(_) => Texts::read("texts", texts)?,
        };
        let few = texts.bytes() < DETACH;
        let counts = if few {
            let mut counts = WordCounts::new(self.pattern);
            short(|| {
                (0..texts.len()).try_for_each(|index| match texts.get(index) {
                    Ok(text) => counts.add(text.unwrap_or_default()),
                    Err(_) => Ok(()),
                })
            })?
            .map_err(|error| errors::value(error, ""))?;
            counts
        } else {
            count(py, self.pattern, texts)?
        };
        self.add(py, &counts)
    }

    /// Adds what another counter of the same pattern has counted.
    ///
    /// Raises `ValueError` for another pattern.
    fn merge(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(other) = other.cast::<Self>() else {
            return Err(errors::wrong_type("other", other, "a `PreTokenCounter`", ""));
        };
        let theirs = other.get().read(py, WordCounts::clone)?;
        self.add(py, &theirs)
    }

    /// The words and their counts as an Arrow column of structs `{word: string, count: uint64}`, in the order
    /// of the words' bytes.
    ///
    /// >>> import pyarrow
    /// >>> counter = PreTokenCounter()
    /// >>> counter.update(["a b b"])
    /// >>> pyarrow.array(counter.to_arrow()).to_pylist()
    /// [{'word': ' b', 'count': 2}, {'word': 'a', 'count': 1}]
    fn to_arrow(&self, py: Python<'_>) -> PyResult<ArrowArray> {
        let node = self.read(py, |counts| {
            let words = counts.sorted();
            let (mut bytes, mut offsets, mut numbers) = (Vec::new(), vec![0_i32], Vec::new());
            for &(word, count) in &words {
                bytes.extend_from_slice(word.as_bytes());
                offsets.push(i32::try_from(bytes.len()).ok()?);
                numbers.push(count);
            }
            let child = |format, name, buffers| Node {
                format,
                name,
                length: words.len(),
                nulls: 0,
                buffers,
                children: Vec::new(),
            };
            let offsets = Buffer::I32(Arc::new(offsets));
            let texts = vec![Buffer::NoNulls, offsets, Buffer::Bytes(Arc::new(bytes))];
            let numbers = vec![Buffer::NoNulls, Buffer::U64(Arc::new(numbers))];
            let mut column = child(c"+s", c"", vec![Buffer::NoNulls]);
            column.children = vec![child(c"u", c"word", texts), child(c"L", c"count", numbers)];
            Some(column)
        })?;
        node.map(ArrowArray).ok_or_else(|| {
            errors::value(
                "the words have more than 2147483647 bytes, which one Arrow column holds",
                "",
            )
        })
    }

    /// How texts are cut.
    #[getter]
    fn pattern(&self) -> &'static str {
        pattern_name(self.pattern)
    }

    fn __getitem__(&self, py: Python<'_>, word: &Bound<'_, PyAny>) -> PyResult<u64> {
        let word = errors::text("word", word)?;
        self.read(py, |counts| counts.get(&word))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.read(py, WordCounts::len)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented()) };
        // One lock at a time, or two comparisons could wait for each other.
        let theirs = other.get().read(py, WordCounts::clone)?;
        let equal = self.read(py, |mine| *mine == theirs)?;
        Ok(equal.into_pyobject(py)?.to_owned().into_any().unbind())
    }

    fn __copy__(&self, py: Python<'_>) -> PyResult<Self> {
        let counts = self.read(py, WordCounts::clone)?;
        Ok(Self { pattern: self.pattern, counts: Mutex::new(counts) })
    }

    fn __deepcopy__(&self, py: Python<'_>, memo: &Bound<'_, PyAny>) -> PyResult<Self> {
        let _ = memo;
        self.__copy__(py)
    }

    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<Reduced<'py, (&'static str, Bound<'py, PyBytes>)>> {
        let bytes = self.read(py, |counts| {
            let mut bytes = Vec::new();
            for (word, count) in counts.sorted() {
                bytes.extend_from_slice(&count.to_le_bytes());
                bytes.extend_from_slice(&(word.len() as u64).to_le_bytes());
                bytes.extend_from_slice(word.as_bytes());
            }
            bytes
        })?;
        let restore = py.import("rust_for_ai._rust_for_ai")?.getattr("_restore_counter")?;
        Ok((restore, (pattern_name(self.pattern), PyBytes::new(py, &bytes))))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (pattern, words) = (pattern_name(self.pattern), self.__len__(py)?);
        Ok(format!("<rust_for_ai.PreTokenCounter '{pattern}': {words} distinct words>"))
    }
}

/// Learns a vocabulary from counts: what `Tokenizer.train` would learn from the documents, exactly.
///
/// `vocab_size` counts the 256 bytes; `special_tokens` get the ids behind the vocabulary.
///
/// >>> counter = PreTokenCounter()
/// >>> counter.update(["hug hug pug"])
/// >>> train_from_counts(counter, 258) == Tokenizer.train(["hug hug pug"], 258)
/// True
#[pyfunction]
#[pyo3(signature = (counts, vocab_size, *, special_tokens = None))]
pub(crate) fn train_from_counts(
    py: Python<'_>,
    counts: &Bound<'_, PyAny>,
    vocab_size: &Bound<'_, PyAny>,
    special_tokens: Option<&Bound<'_, PyAny>>,
) -> PyResult<Tokenizer> {
    let Ok(counts) = counts.cast::<PreTokenCounter>() else {
        let hint = "`Tokenizer.train` learns from texts";
        return Err(errors::wrong_type("counts", counts, "a `PreTokenCounter`", hint));
    };
    let size = tokenizer::vocab_size(vocab_size)?;
    let specials = tokenizer::special_texts(special_tokens)?;
    let counts = counts.get().read(py, WordCounts::clone)?;
    Tokenizer::from_counts(py, counts, size, specials)
}

/// What a pickle calls.
#[pyfunction]
pub(crate) fn _restore_counter(
    pattern: &str,
    words: &Bound<'_, PyBytes>,
) -> PyResult<PreTokenCounter> {
    let pattern = tokenizer::pattern(pattern)?;
    let mut counts = WordCounts::new(pattern);
    let mut rest = words.as_bytes();
    let broken = || errors::value("the pickle of a PreTokenCounter is broken", "");
    while !rest.is_empty() {
        let (count, more) = rest.split_first_chunk().ok_or_else(broken)?;
        let (length, more) = more.split_first_chunk().ok_or_else(broken)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| broken())?;
        let (word, more) = more.split_at_checked(length).ok_or_else(broken)?;
        let word = std::str::from_utf8(word).map_err(|_| broken())?;
        counts
            .add_word(word, u64::from_le_bytes(*count))
            .map_err(|error| errors::value(error, ""))?;
        rest = more;
    }
    Ok(PreTokenCounter { pattern, counts: Mutex::new(counts) })
}
