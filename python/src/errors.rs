//! From our errors to Python's exceptions: the right class, the place, and what to do.
//!
//! | what is wrong | exception |
//! |---|---|
//! | an argument of the wrong type | `TypeError` with the argument's name, what it is and what was expected |
//! | an argument with a wrong value, a broken file | `ValueError` with the place in the text or the file |
//! | an id that the vocabulary lacks | `KeyError` |
//! | a text with a lone surrogate | `UnicodeEncodeError`, as Python's own, with a note |
//! | bytes that are no text | `UnicodeDecodeError`, Python's own |
//! | what the system refuses | `OSError` and what is below it, with the file's name |
//! | a mistake of ours | `RuntimeError` |
//!
//! Advice stands below the message, behind `hint:`.

use std::io;
use std::path::Path;

use pyo3::exceptions::{PyIsADirectoryError, PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

/// A message with advice.
pub(crate) fn hinted(message: impl std::fmt::Display, hint: &str) -> String {
    if hint.is_empty() { message.to_string() } else { format!("{message}\n\nhint: {hint}") }
}

/// A wrong value.
pub(crate) fn value(message: impl std::fmt::Display, hint: &str) -> PyErr {
    PyValueError::new_err(hinted(message, hint))
}

/// An argument of the wrong type.
pub(crate) fn wrong_type(name: &str, got: &Bound<'_, PyAny>, expected: &str, hint: &str) -> PyErr {
    let kind = got.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string());
    PyTypeError::new_err(hinted(format!("{name} is a `{kind}`, expected {expected}"), hint))
}

/// What the system says about a file, as the class of `OSError` that its number stands for.
pub(crate) fn system(path: &Path, error: &io::Error) -> PyErr {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(code) => {
            let text = text.split(" (os error").next().unwrap_or_default().to_owned();
            PyOSError::new_err((code, text, path.as_os_str().to_owned()))
        }
        None => PyOSError::new_err(format!("{}: {text}", path.display())),
    }
}

/// A value as Python shows it, if that is short enough to help.
pub(crate) fn shown(value: &Bound<'_, PyAny>) -> String {
    let text = value.repr().and_then(|text| text.extract::<String>());
    match text {
        Ok(text) if text.len() <= 60 => text,
        // Python refuses to write down a number of thousands of digits.
        _ => "too long to show".to_owned(),
    }
}

/// A count from an argument: not negative, and no larger than what a machine counts.
pub(crate) fn count(name: &str, value: &Bound<'_, PyAny>) -> PyResult<usize> {
    value.extract::<usize>().map_err(|_| match value.cast::<pyo3::types::PyInt>() {
        Ok(_) => self::value(
            format!("{name} is {}, expected a number from 0 to {}", shown(value), usize::MAX),
            "",
        ),
        Err(_) => wrong_type(name, value, "an `int`", ""),
    })
}

/// The name of a file: a `str` or an `os.PathLike`.
pub(crate) fn path(value: &Bound<'_, PyAny>) -> PyResult<std::path::PathBuf> {
    let path: std::path::PathBuf = value.extract().map_err(|_| {
        wrong_type("path", value, "a `str` or an `os.PathLike`", "open files are not read from")
    })?;
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(self::value("path has a null character, which no file's name has", ""));
    }
    Ok(path)
}

/// The name of a file that will be mapped. The system says of a folder that it is no device.
pub(crate) fn mapped(value: &Bound<'_, PyAny>) -> PyResult<std::path::PathBuf> {
    /// `EISDIR`, the same number on Linux, macOS and Windows.
    const IS_A_FOLDER: i32 = 21;
    let path = path(value)?;
    if path.is_dir() {
        let arguments = (IS_A_FOLDER, "Is a directory", path.into_os_string());
        return Err(PyIsADirectoryError::new_err(arguments));
    }
    Ok(path)
}

/// A number with a fraction.
#[cfg(feature = "llama")]
pub(crate) fn real(name: &str, value: &Bound<'_, PyAny>) -> PyResult<f32> {
    let number = value.extract::<f64>().map_err(|_| wrong_type(name, value, "a `float`", ""))?;
    Ok(number as f32)
}

/// A `str` as bytes of UTF-8. A lone surrogate has none.
pub(crate) fn text(name: &str, value: &Bound<'_, PyAny>) -> PyResult<pyo3::pybacked::PyBackedStr> {
    let Ok(text) = value.cast::<PyString>() else {
        let hint = if value.is_instance_of::<pyo3::types::PyBytes>() {
            "`.decode()` makes a `str` of bytes"
        } else if value.is_none() {
            ""
        } else {
            "for many texts there is `encode_batch`"
        };
        return Err(wrong_type(name, value, "a `str`", hint));
    };
    text.clone().try_into().inspect_err(|error: &PyErr| {
        let note = "hint: a lone surrogate is half a character and no text; \
                    `text.encode('utf-8', 'replace').decode()` puts `?` in its place";
        // Without the note the exception is right, too.
        let _ = error.add_note(value.py(), note);
    })
}
