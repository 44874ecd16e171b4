//! The workbook's checks, for answers written in Python.
//!
//! A check takes a Rust function, so each is given a closure that calls the Python one. What can go wrong
//! on the way becomes part of the verdict and never an exception out of the check:
//!
//! | the Python function | the verdict |
//! |---|---|
//! | returns what is no answer, such as a list of `str` for ids | FAILING, with what came, what was expected and where |
//! | raises | FAILING, with the exception and the line of the learner's code |
//! | raises `NotImplementedError` | NOT STARTED; `NotImplementedError("bpe.merge")` names the stage to solve first |
//! | is stopped by Ctrl-C | none: `KeyboardInterrupt` goes through |
//!
//! The closure panics with [`Told`](rust_for_ai::check::Told), which the check catches; nothing is printed.
//! The GIL is released around the check and taken for each call: a check waits for other checks, and must not
//! hold what they need meanwhile.
//!
//! | file | what it does |
//! |---|---|
//! | `answer` | calls Python, and says what became of it |
//! | `convert` | Python's values to Rust's, with the place of what is wrong |
//! | `bpe`, `real_tokenizers`, `llama` | a closure a stage |
//! | `lend` | hands out what a check lends for one call: weights, a cache, an engine, a function |
//! | `work` | symbols that notice when they are looked at |
//! | `notation` | a call in Rust's notation, in Python's |

mod answer;
mod bpe;
mod convert;
mod lend;
mod llama;
mod notation;
mod real_tokenizers;
mod work;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use rust_for_ai::check::{Failure, Language, Origin, Outcome, Verdict, outcome_of_record};
use rust_for_ai::course;

use answer::Answer;

/// Adds what `rust_for_ai.check` is made of to the compiled module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyVerdict>()?;
    work::register(module)?;
    lend::register(module)?;
    module.add_function(wrap_pyfunction!(grade, module)?)?;
    module.add_function(wrap_pyfunction!(of_record, module)?)?;
    module.add_function(wrap_pyfunction!(stages, module)?)?;
    module.add_function(wrap_pyfunction!(wrong_calls, module)?)
}

/// Grades an answer with the check of a stage; `origin` says which tree it comes from.
#[pyfunction]
#[pyo3(name = "_grade")]
fn grade(py: Python<'_>, stage: &str, answer: Py<PyAny>, origin: &str) -> PyResult<PyVerdict> {
    if !answer.bind(py).is_callable() {
        let got = convert::describe(answer.bind(py));
        return Err(PyTypeError::new_err(format!("expected a function or a class, got {got}")));
    }
    let answer = Answer::new(answer);
    let escaped = answer.escaped();
    let verdict = py.detach(|| verdict(stage, answer));
    if let Some(error) = escaped.take() {
        return Err(error);
    }
    py.check_signals()?;
    let verdict =
        verdict.ok_or_else(|| PyValueError::new_err(format!("no check in Python: `{stage}`")))?;
    Ok(PyVerdict(in_python(verdict, tree(origin))))
}

/// The verdict that the record of a script means, on an answer of this tree.
#[pyfunction]
#[pyo3(name = "_verdict_of_record")]
fn of_record(stage: &str, record: &str, ended: &str, origin: &str) -> PyResult<PyVerdict> {
    let stage = course::stage(stage)
        .ok_or_else(|| PyValueError::new_err(format!("no stage `{stage}` in the syllabus")))?;
    let outcome = outcome_of_record(stage, record, ended);
    Ok(PyVerdict(Verdict { stage, outcome, origin: tree(origin), language: Language::Rust }))
}

fn tree(origin: &str) -> Origin {
    match origin {
        "exercises" => Origin::Exercises,
        "solutions" => Origin::Solutions,
        _ => Origin::Elsewhere,
    }
}

fn verdict(stage: &str, answer: Answer) -> Option<Verdict> {
    let (chapter, name) = stage.split_once('.')?;
    match chapter {
        "bpe" => bpe::check(name, answer),
        "real_tokenizers" => real_tokenizers::check(name, answer),
        "llama" => llama::check(name, answer),
        _ => None,
    }
}

/// The same verdict, its values and calls in Python's notation.
fn in_python(verdict: Verdict, origin: Origin) -> Verdict {
    let say = |rust: &str| notation::python(verdict.stage.id, rust);
    let outcome = match verdict.outcome {
        Outcome::Failing(failure) => Outcome::Failing(Box::new(Failure {
            call: say(&failure.call),
            expected: say(&failure.expected),
            // What an exception says is in Python already.
            got: match answer::is_told(&failure.got) {
                true => failure.got,
                false => say(&failure.got),
            },
            // Tokens stand in brackets there, and may hold anything.
            diff: failure.diff.iter().map(|line| notation::quoted(line)).collect(),
            ..*failure
        })),
        outcome => outcome,
    };
    Verdict { outcome, origin, language: Language::Python, ..verdict }
}

/// All stages of the workbook in order.
#[pyfunction]
#[pyo3(name = "_stages")]
fn stages() -> Vec<&'static str> {
    course::stages().map(|stage| stage.id).collect()
}

/// Every call that a verdict on a wrong answer shows, in Python's notation: for the test of the notation.
#[pyfunction]
#[pyo3(name = "_wrong_calls")]
fn wrong_calls(py: Python<'_>, chapter: &str) -> Vec<(&'static str, String, String)> {
    let verdicts = py.detach(|| match chapter {
        "bpe" => rust_for_ai::check::bpe::wrong_answers(),
        "real_tokenizers" => rust_for_ai::check::real_tokenizers::wrong_answers(),
        "llama" => rust_for_ai::check::llama::wrong_answers(),
        _ => Vec::new(),
    });
    let shown = |(_, verdict): (&str, Verdict)| match in_python(verdict, Origin::Elsewhere) {
        Verdict { stage, outcome: Outcome::Failing(failure), .. } => {
            Some((stage.id, failure.call, failure.expected))
        }
        _ => None,
    };
    verdicts.into_iter().filter_map(shown).collect()
}

/// What a check says of an answer.
///
/// A notebook shows it as a card, `print` as text. It is true if the answer passed.
#[pyclass(frozen, name = "Verdict", module = "rust_for_ai.check")]
struct PyVerdict(Verdict);

impl PyVerdict {
    fn failure(&self) -> Option<&Failure> {
        match &self.0.outcome {
            Outcome::Failing(failure) => Some(failure),
            _ => None,
        }
    }
}

#[pymethods]
impl PyVerdict {
    /// Whether all cases agree.
    #[getter]
    fn passed(&self) -> bool {
        matches!(self.0.outcome, Outcome::Passing { .. })
    }

    /// `"NOT STARTED"`, `"FAILING"` or `"PASSING"`.
    #[getter]
    fn state(&self) -> &'static str {
        self.0.state().as_str()
    }

    /// The stage's id, such as `"bpe.merge"`.
    #[getter]
    fn stage(&self) -> &'static str {
        self.0.stage.id
    }

    /// How many cases agree, if the answer passed.
    #[getter]
    fn cases(&self) -> Option<usize> {
        match self.0.outcome {
            Outcome::Passing { cases } => Some(cases),
            _ => None,
        }
    }

    /// The id of the stage to solve first, if the answer called one that is not written.
    #[getter]
    fn waits_for(&self) -> Option<&str> {
        match &self.0.outcome {
            Outcome::NotStarted { waits_for } => waits_for.as_deref(),
            _ => None,
        }
    }

    /// The number of the first case that differs, counted from 1.
    #[getter]
    fn case(&self) -> Option<usize> {
        self.failure().map(|failure| failure.case)
    }

    /// The call that differs.
    #[getter]
    fn call(&self) -> Option<&str> {
        self.failure().map(|failure| &*failure.call)
    }

    /// What a right answer gives for it.
    #[getter]
    fn expected(&self) -> Option<&str> {
        self.failure().map(|failure| &*failure.expected)
    }

    /// What this answer gave or did.
    #[getter]
    fn got(&self) -> Option<&str> {
        self.failure().map(|failure| &*failure.got)
    }

    /// The rule that is broken.
    #[getter]
    fn why(&self) -> Option<&str> {
        self.failure().map(|failure| &*failure.why)
    }

    /// The ids of the misconceptions that give what this answer gives.
    #[getter]
    fn misconceptions(&self) -> Vec<&'static str> {
        self.0.misconceptions().collect()
    }

    fn __bool__(&self) -> bool {
        self.passed()
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }

    fn _repr_html_(&self) -> String {
        self.0.to_html().as_str().to_owned()
    }

    /// The verdict as one line of JSON, with the keys that `cargo lab check --json` has for a stage.
    fn to_json(&self) -> String {
        self.0.to_json()
    }
}
