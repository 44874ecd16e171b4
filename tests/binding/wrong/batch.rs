//! Of `binding.batch`.

use std::sync::mpsc;
use std::thread;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rust_for_ai::bpe::Tokenize;
use solutions_binding::class::Tokenizer;

type Batch = PyResult<Vec<Vec<u32>>>;

fn some(threads: usize) -> PyResult<usize> {
    match threads {
        0 => Err(PyValueError::new_err("threads: expected 1 or more, got 0")),
        threads => Ok(threads),
    }
}

#[pyfunction]
#[pyo3(name = "encode_batch", signature = (tokenizer, texts, threads=2))]
pub(crate) fn one_thread(
    py: Python<'_>,
    tokenizer: &Tokenizer,
    texts: Vec<String>,
    threads: usize,
) -> Batch {
    some(threads)?;
    let tokenizer = tokenizer.inner();
    Ok(py.detach(|| texts.iter().map(|text| tokenizer.encode(text)).collect()))
}

#[pyfunction]
#[pyo3(name = "encode_batch", signature = (tokenizer, texts, threads=2))]
pub(crate) fn holds(tokenizer: &Tokenizer, texts: Vec<String>, threads: usize) -> Batch {
    let each = texts.len().div_ceil(some(threads)?).max(1);
    let tokenizer = tokenizer.inner();
    let mut all = vec![Vec::new(); texts.len()];
    thread::scope(|scope| {
        for (texts, all) in texts.chunks(each).zip(all.chunks_mut(each)) {
            scope.spawn(move || {
                for (text, ids) in texts.iter().zip(all) {
                    *ids = tokenizer.encode(text);
                }
            });
        }
    });
    Ok(all)
}

#[pyfunction]
#[pyo3(name = "encode_batch", signature = (tokenizer, texts, threads=2))]
pub(crate) fn as_they_come(
    py: Python<'_>,
    tokenizer: &Tokenizer,
    texts: Vec<String>,
    threads: usize,
) -> Batch {
    let each = texts.len().div_ceil(some(threads)?).max(1);
    let tokenizer = tokenizer.inner();
    Ok(py.detach(|| {
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            for texts in texts.chunks(each) {
                let sender = sender.clone();
                scope.spawn(move || {
                    for text in texts {
                        // The receiver outlives the threads.
                        let _ = sender.send(tokenizer.encode(text));
                    }
                });
            }
        });
        drop(sender);
        receiver.into_iter().collect()
    }))
}

#[pyfunction]
#[pyo3(name = "encode_batch", signature = (tokenizer, texts, threads=2))]
pub(crate) fn loses_rest(
    py: Python<'_>,
    tokenizer: &Tokenizer,
    texts: Vec<String>,
    threads: usize,
) -> Batch {
    let each = (texts.len() / some(threads)?).max(1);
    let tokenizer = tokenizer.inner();
    let work = |texts: &[String]| -> Vec<Vec<u32>> {
        texts.iter().map(|text| tokenizer.encode(text)).collect()
    };
    Ok(py.detach(|| {
        thread::scope(|scope| {
            let parts: Vec<_> = texts
                .chunks(each)
                .take(threads)
                .map(|part| scope.spawn(move || work(part)))
                .collect();
            parts.into_iter().filter_map(|part| part.join().ok()).flatten().collect()
        })
    }))
}
