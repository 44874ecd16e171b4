//! Symbols that notice when they are looked at, for stages whose work is counted.
//!
//! [`Symbol`] counts on the thread of the check. The look beyond the budget panics, and a panic must not reach
//! Python: it becomes an exception that `except Exception` does not stop, and then the same panic again.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::create_exception;
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use rust_for_ai::check::work::{Merges, Symbol};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::convert::{FromPython, Wrong};

create_exception!(
    rust_for_ai.check.work,
    Spent,
    PyBaseException,
    "The looks that a check allows are spent. Not for you to catch."
);

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PySymbol>()?;
    module.add_class::<PyMerges>()?;
    module.add("Spent", module.py().get_type::<Spent>())
}

/// What to say of the exception, if it is a spent budget.
pub(super) fn spent(py: Python<'_>, error: &PyErr) -> Option<String> {
    error.is_instance_of::<Spent>(py).then(|| error.value(py).to_string())
}

/// Looks at symbols; a spent budget becomes an exception.
fn look<T>(body: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| Spent::new_err(message(&*payload)))
}

/// The text of a panic; of one that compares two numbers, what it says of them.
pub(super) fn message(payload: &(dyn Any + Send)) -> String {
    let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "a panic without a message",
    };
    match text.strip_prefix("assertion `left == right` failed: ") {
        Some(said) => said.lines().next().unwrap_or_default().to_owned(),
        None => text.to_owned(),
    }
}

/// A token: a byte, or what a merge made. Comparing, ordering and hashing it are looks that are counted.
///
/// >>> from rust_for_ai.check.work import Symbol
/// >>> Symbol(97) < Symbol(98)
/// True
#[pyclass(frozen, unsendable, name = "Symbol", module = "rust_for_ai.check.work")]
pub(super) struct PySymbol(Symbol);

#[pymethods]
impl PySymbol {
    #[new]
    fn new(id: u32) -> Self {
        Self(Symbol::new(id))
    }

    /// The symbols of a text's bytes.
    #[staticmethod]
    fn of(text: &str) -> Vec<Self> {
        to_python(&Symbol::of(text))
    }

    fn __richcmp__(&self, other: &Bound<'_, PyAny>, op: CompareOp) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented()) };
        let (left, right) = (self.0, other.borrow().0);
        let holds = look(|| match op {
            CompareOp::Eq => left == right,
            CompareOp::Ne => left != right,
            CompareOp::Lt => left < right,
            CompareOp::Le => left <= right,
            CompareOp::Gt => left > right,
            CompareOp::Ge => left >= right,
        })?;
        Ok(holds.into_pyobject(py)?.to_owned().into_any().unbind())
    }

    fn __hash__(&self) -> PyResult<u64> {
        let mut hasher = DefaultHasher::new();
        look(|| self.0.hash(&mut hasher))?;
        Ok(hasher.finish())
    }

    fn __repr__(&self) -> String {
        format!("Symbol({})", self.0)
    }
}

/// Learned merges that can be asked one pair at a time; each question is a look.
///
/// >>> from rust_for_ai.check.work import Merges, Symbol
/// >>> Merges([(97, 98)]).get(Symbol(97), Symbol(98))
/// Symbol(256)
#[pyclass(frozen, unsendable, name = "Merges", module = "rust_for_ai.check.work")]
pub(super) struct PyMerges(Merges);

impl PyMerges {
    pub(super) fn of(merges: &Merges) -> Self {
        Self(merges.clone())
    }
}

#[pymethods]
impl PyMerges {
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "Python's list is read into one of ours")]
    fn new(merges: Vec<(u32, u32)>) -> Self {
        Self(Merges::new(&merges))
    }

    /// What two neighbours merge to, if they do. The smaller symbol was learned earlier.
    fn get(&self, left: &PySymbol, right: &PySymbol) -> PyResult<Option<PySymbol>> {
        look(|| self.0.get(left.0, right.0).map(PySymbol))
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// Symbols on their way to Python.
pub(super) fn to_python(symbols: &[Symbol]) -> Vec<PySymbol> {
    symbols.iter().copied().map(PySymbol).collect()
}

impl FromPython for Symbol {
    fn expected() -> String {
        "Symbol".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        match value.cast::<PySymbol>() {
            Ok(symbol) => Ok(symbol.borrow().0),
            Err(_) => Err(Wrong::new(value, "a Symbol")),
        }
    }
}
