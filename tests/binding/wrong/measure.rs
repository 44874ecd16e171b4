//! Of `binding.measure`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

type Contenders<'py> = Vec<(String, Bound<'py, PyAny>)>;
type Times = PyResult<Vec<(String, Vec<f64>)>>;

fn compared(contenders: &Contenders<'_>, text: &str, rounds: usize) -> PyResult<()> {
    if rounds == 0 {
        return Err(PyValueError::new_err("rounds: expected 1 or more, got 0"));
    }
    let mut expected: Option<Bound<'_, PyAny>> = None;
    for (name, contender) in contenders {
        let got = contender.call1((text,))?;
        match &expected {
            Some(expected) if !got.eq(expected)? => {
                return Err(PyValueError::new_err(format!("`{name}` gives another result")));
            }
            Some(_) => {}
            None => expected = Some(got),
        }
    }
    Ok(())
}

fn timed(contender: &Bound<'_, PyAny>, text: &str, clock: &Bound<'_, PyAny>) -> PyResult<f64> {
    let start: f64 = clock.call0()?.extract()?;
    contender.call1((text,))?;
    let end: f64 = clock.call0()?.extract()?;
    Ok(end - start)
}

fn in_turns(
    contenders: Contenders<'_>,
    rounds: usize,
    time: impl Fn(&Bound<'_, PyAny>) -> PyResult<f64>,
) -> Times {
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for ((_, contender), times) in contenders.iter().zip(&mut times) {
            times.push(time(contender)?);
        }
    }
    Ok(contenders.into_iter().map(|(name, _)| name).zip(times).collect())
}

#[pyfunction]
#[pyo3(name = "race")]
pub(crate) fn in_blocks(
    contenders: Contenders<'_>,
    text: &str,
    rounds: usize,
    clock: &Bound<'_, PyAny>,
) -> Times {
    compared(&contenders, text, rounds)?;
    contenders
        .into_iter()
        .map(|(name, contender)| {
            let times =
                (0..rounds).map(|_| timed(&contender, text, clock)).collect::<PyResult<_>>()?;
            Ok((name, times))
        })
        .collect()
}

#[pyfunction]
#[pyo3(name = "race")]
pub(crate) fn never_compares(
    contenders: Contenders<'_>,
    text: &str,
    rounds: usize,
    clock: &Bound<'_, PyAny>,
) -> Times {
    if rounds == 0 {
        return Err(PyValueError::new_err("rounds: expected 1 or more, got 0"));
    }
    for (_, contender) in &contenders {
        contender.call1((text,))?;
    }
    in_turns(contenders, rounds, |contender| timed(contender, text, clock))
}

#[pyfunction]
#[pyo3(name = "race")]
pub(crate) fn times_the_first(
    contenders: Contenders<'_>,
    text: &str,
    rounds: usize,
    clock: &Bound<'_, PyAny>,
) -> Times {
    if rounds == 0 {
        return Err(PyValueError::new_err("rounds: expected 1 or more, got 0"));
    }
    in_turns(contenders, rounds, |contender| timed(contender, text, clock))
}

#[pyfunction]
#[pyo3(name = "race")]
pub(crate) fn forgives(
    contenders: Contenders<'_>,
    text: &str,
    rounds: usize,
    clock: &Bound<'_, PyAny>,
) -> Times {
    compared(&contenders, text, rounds)?;
    in_turns(contenders, rounds, |contender| Ok(timed(contender, text, clock).unwrap_or(f64::NAN)))
}
