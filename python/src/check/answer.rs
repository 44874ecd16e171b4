//! Call what a learner wrote in Python, and say what became of it.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::call::PyCallArgs;
use pyo3::exceptions::{PyKeyboardInterrupt, PyNotImplementedError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use rust_for_ai::check::Told;

use super::convert::FromPython;
use super::work;

/// A learner's function, class or object.
#[derive(Clone)]
pub(super) struct Answer {
    object: Arc<Py<PyAny>>,
    escaped: Escaped,
}

/// An exception that is not for the verdict: the caller of the check gets it.
#[derive(Clone, Default)]
pub(super) struct Escaped(Arc<Mutex<Option<PyErr>>>);

impl Escaped {
    pub(super) fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, error: PyErr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// How the text begins that tells of a value of the wrong type.
const RETURNED: &str = "returned ";
/// How the text begins that tells of an exception.
const RAISED: &str = "raised ";

/// Whether a text says what a Python function did, as against what it gave.
pub(super) fn is_told(text: &str) -> bool {
    text.starts_with(RETURNED) || text.starts_with(RAISED)
}

impl Answer {
    pub(super) fn new(object: Py<PyAny>) -> Self {
        Self { object: Arc::new(object), escaped: Escaped::default() }
    }

    pub(super) fn escaped(&self) -> Escaped {
        self.escaped.clone()
    }

    /// Another object of the same answer, such as a tokenizer that it made.
    fn part(&self, object: Py<PyAny>) -> Self {
        Self { object: Arc::new(object), escaped: self.escaped.clone() }
    }

    /// Calls it.
    pub(super) fn call<A, T>(&self, arguments: A) -> T
    where
        A: for<'py> PyCallArgs<'py>,
        T: FromPython,
    {
        self.attach(|py| self.read(&self.object.bind(py).call1(arguments)?))
    }

    /// Calls it to get an object with methods.
    pub(super) fn make<A>(&self, arguments: A) -> Self
    where
        A: for<'py> PyCallArgs<'py>,
    {
        self.attach(|py| Ok(Ok(self.part(self.object.call1(py, arguments)?))))
    }

    /// Calls it to get an object with methods; `refused` knows the exceptions that are a reply.
    pub(super) fn try_make<A, E>(
        &self,
        arguments: A,
        refused: impl FnOnce(Python<'_>, &PyErr) -> Option<E>,
    ) -> Result<Self, E>
    where
        A: for<'py> PyCallArgs<'py>,
    {
        self.attach(|py| match self.object.call1(py, arguments) {
            Ok(object) => Ok(Ok(Ok(self.part(object)))),
            Err(error) => refused(py, &error).map(|refused| Ok(Err(refused))).ok_or(error),
        })
    }

    /// Calls a method.
    pub(super) fn method<A, T>(&self, name: &str, arguments: A) -> T
    where
        A: for<'py> PyCallArgs<'py>,
        T: FromPython,
    {
        self.attach(|py| self.read(&self.called(py, name, arguments)?))
    }

    /// Calls a method to get another object with methods.
    pub(super) fn method_make(&self, name: &str) -> Self {
        self.attach(|py| Ok(Ok(self.part(self.called(py, name, ())?.unbind()))))
    }

    /// Calls a method; `refused` knows the exceptions that are a reply.
    pub(super) fn try_method<A, T, E>(
        &self,
        name: &str,
        arguments: A,
        refused: impl FnOnce(Python<'_>, &PyErr) -> Option<E>,
    ) -> Result<T, E>
    where
        A: for<'py> PyCallArgs<'py>,
        T: FromPython,
    {
        self.attach(|py| match self.called(py, name, arguments) {
            Ok(value) => Ok(self.read(&value)?.map(Ok)),
            Err(error) => refused(py, &error).map(|refused| Ok(Err(refused))).ok_or(error),
        })
    }

    /// Calls it and reads what it returned; `refused` knows the exceptions that are a reply.
    pub(super) fn try_call<A, T, E>(
        &self,
        arguments: A,
        refused: impl FnOnce(Python<'_>, &PyErr) -> Option<E>,
    ) -> Result<T, E>
    where
        A: for<'py> PyCallArgs<'py>,
        T: FromPython,
    {
        self.attach(|py| match self.object.bind(py).call1(arguments) {
            Ok(value) => Ok(self.read(&value)?.map(Ok)),
            Err(error) => refused(py, &error).map(|refused| Ok(Err(refused))).ok_or(error),
        })
    }

    /// What stands in a list of Python's that the answer was given to change.
    pub(super) fn read_list<T: FromPython>(&self, list: &Py<PyList>) -> Vec<T> {
        self.attach(|py| self.read(list.bind(py).as_any()))
    }

    /// Runs `body` with Python at hand. An exception, and a value of the wrong type, are told in a panic that
    /// the check catches.
    fn attach<T>(&self, body: impl FnOnce(Python<'_>) -> PyResult<Result<T, Told>>) -> T {
        let result = Python::attach(|py| match body(py) {
            Ok(result) => result,
            Err(error) => Err(self.told(py, error)),
        });
        // Python is let go before the panic travels.
        result.unwrap_or_else(Told::tell)
    }

    fn called<'py, A>(
        &self,
        py: Python<'py>,
        name: &str,
        arguments: A,
    ) -> PyResult<Bound<'py, PyAny>>
    where
        A: PyCallArgs<'py>,
    {
        self.object.bind(py).call_method1(PyString::intern(py, name), arguments)
    }

    fn read<T: FromPython>(&self, value: &Bound<'_, PyAny>) -> PyResult<Result<T, Told>> {
        match T::read(value) {
            Ok(value) => Ok(Ok(value)),
            Err(wrong) => {
                let text = wrong.text(value, &T::expected());
                super::convert::close(value)?;
                Ok(Err(Told(format!("{RETURNED}{text}"))))
            }
        }
    }

    /// What an exception becomes in a verdict.
    fn told(&self, py: Python<'_>, error: PyErr) -> Told {
        if error.is_instance_of::<PyKeyboardInterrupt>(py) {
            self.escaped.keep(error);
            return Told("interrupted".to_owned());
        }
        if error.is_instance_of::<PyNotImplementedError>(py) {
            // As `todo!` says it; the text is a stage's id where the stub raised it.
            let text = error.value(py).to_string();
            let rest = if text.is_empty() { text } else { format!(": {text}") };
            return Told(format!("not yet implemented{rest}"));
        }
        if let Some(text) = work::spent(py, &error) {
            return Told(text);
        }
        let text = py
            .import("rust_for_ai.check._told")
            .and_then(|module| {
                module.call_method1("raised", (error.value(py), error.traceback(py)))
            })
            .and_then(|text| text.extract::<String>());
        Told(RAISED.to_owned() + &text.unwrap_or_else(|_| error.to_string()))
    }
}
