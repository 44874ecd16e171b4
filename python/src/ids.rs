//! Token ids between Python and Rust: lists, tuples, arrays, whatever iterates.
//!
//! A list is built of Python's own numbers. Most of the time that `encode` takes beside the encoding goes
//! into making them, so a tokenizer keeps one number an id ([`Numbers`]) and puts it into each list: then an
//! element costs a count and a store. Python does the same for numbers below 257.

use std::sync::OnceLock;

use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList, PyString};

use crate::errors;

/// Ids from an argument.
pub(crate) fn read(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
    if let Ok(list) = value.cast_exact::<PyList>() {
        let mut ids = Vec::with_capacity(list.len());
        for item in list.iter() {
            ids.push(one(name, ids.len(), &item)?);
        }
        return Ok(ids);
    }
    if value.is_instance_of::<PyString>() {
        return Err(errors::wrong_type(name, value, EXPECTED, "`encode` makes ids of a text"));
    }
    // To ask of anything whether it is an array would import NumPy.
    if value.hasattr("__array_interface__")? {
        if let Ok(array) = value.cast::<PyArray1<u32>>() {
            let array = array.try_readonly().map_err(|error| {
                errors::value(
                    format!("{name} cannot be read: {error}"),
                    "wait for who writes to it",
                )
            })?;
            return Ok(array.as_array().to_vec());
        }
        let list = value.call_method0("tolist")?;
        if list.is_instance_of::<PyList>() {
            return read(name, &list);
        }
    }
    let Ok(items) = value.try_iter() else {
        return Err(errors::wrong_type(name, value, EXPECTED, ""));
    };
    let mut ids = Vec::new();
    for item in items {
        ids.push(one(name, ids.len(), &item?)?);
    }
    Ok(ids)
}

const EXPECTED: &str = "a list of ids or an array of one dimension";

/// One id.
pub(crate) fn one(name: &str, at: usize, item: &Bound<'_, PyAny>) -> PyResult<u32> {
    item.extract::<u32>().map_err(|error| {
        if item.is_instance_of::<PyInt>() {
            let got = errors::shown(item);
            return errors::value(
                format!("{name}[{at}] is {got}, expected an id from 0 to {}", u32::MAX),
                "",
            );
        }
        if error.is_instance_of::<pyo3::exceptions::PyTypeError>(item.py()) {
            return errors::wrong_type(&format!("{name}[{at}]"), item, "an `int`", "");
        }
        // What an `__index__` of somebody else's raised.
        error
    })
}

/// Python's numbers for the ids of a vocabulary, made when they are first needed.
#[derive(Default)]
pub(crate) struct Numbers(OnceLock<Vec<Py<PyAny>>>);

/// Vocabularies beyond this size make numbers as they go: a table of all would take more than 100 MB.
const MOST: usize = 1 << 20;

impl Numbers {
    /// A list of ids of a vocabulary of `size`.
    pub(crate) fn list<'py>(
        &self,
        py: Python<'py>,
        ids: &[u32],
        size: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        // A table is worth its making only for who encodes much.
        if size > MOST || self.0.get().is_none() && ids.len() < 1_000 {
            return PyList::new(py, ids);
        }
        let table = match self.0.get() {
            Some(table) => table,
            None => {
                let table = (0..size as u32)
                    .map(|id| Ok(id.into_pyobject(py)?.into_any().unbind()))
                    .collect::<PyResult<Vec<Py<PyAny>>>>()?;
                // Two threads may have made one each; one of them stays.
                self.0.get_or_init(|| table)
            }
        };
        PyList::new(py, ids.iter().map(|&id| Number(table.get(id as usize), id)))
    }
}

/// A number of the table, or one that the table lacks.
struct Number<'t>(Option<&'t Py<PyAny>>, u32);

impl<'py> IntoPyObject<'py> for Number<'_> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    #[inline]
    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.0 {
            Some(number) => Ok(number.bind(py).clone()),
            None => Ok(self.1.into_pyobject(py)?.into_any()),
        }
    }
}
