//! Grades chapter `binding`: a Python module, built by maturin and asked by `tests/binding/grade.py`.

use std::process::ExitCode;

use grader::python;
use rust_for_ai::course::binding::CHAPTER;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn main() -> ExitCode {
    python::grade_module(&CHAPTER, ROOT, || python::check(ROOT))
}
