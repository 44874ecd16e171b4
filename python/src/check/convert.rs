//! Python's values to Rust's, as the types of a stage ask for; with the place of what does not fit.
//!
//! As strict as a type annotation and as lenient as an interpreter: an `int` that does not fit, a `bool`,
//! a `str` for a number and a generator are refused; a tuple is as good as a list, and so is whatever has
//! `tolist`, such as an array of numpy.

use std::collections::HashMap;
use std::hash::Hash;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// A type that an answer may have to give.
pub(super) trait FromPython: Sized {
    /// As an annotation says it.
    fn expected() -> String;

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong>;
}

/// What does not fit, and where in the value it is.
pub(super) struct Wrong {
    /// The innermost step first.
    place: Vec<String>,
    /// Got and expected there.
    text: String,
}

impl Wrong {
    pub(super) fn new(value: &Bound<'_, PyAny>, expected: &str) -> Self {
        Self { place: Vec::new(), text: format!("{}, expected {expected}", describe(value)) }
    }

    fn at(mut self, step: String) -> Self {
        self.place.push(step);
        self
    }

    /// The whole story of a value: what it is, what was expected, and where the two part.
    pub(super) fn text(mut self, value: &Bound<'_, PyAny>, expected: &str) -> String {
        if self.place.is_empty() {
            return self.text;
        }
        self.place.reverse();
        format!(
            "{}, expected {expected}; {}: got {}",
            describe(value),
            self.place.join(", "),
            self.text
        )
    }
}

/// What a value is, in words: `the int -1`, `a list of str`, `a generator`.
pub(super) fn describe(value: &Bound<'_, PyAny>) -> String {
    const SHOWN: usize = 40;
    if value.is_none() {
        return "None (is a `return` missing?)".to_owned();
    }
    let kind = kind(value);
    let of = |items: Vec<String>| {
        let mut kinds: Vec<String> = Vec::new();
        for item in items {
            if !kinds.contains(&item) {
                kinds.push(item);
            }
        }
        kinds.join(" and ")
    };
    if value.is_instance_of::<PyInt>()
        || value.is_instance_of::<PyFloat>()
        || value.is_instance_of::<PyString>()
    {
        let shown = value.repr().map(|repr| repr.to_string()).unwrap_or_default();
        return match shown.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("the {kind} {}…", &shown[..end]),
            None => format!("the {kind} {shown}"),
        };
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let items = value.try_iter().into_iter().flatten().flatten().map(|item| self::kind(&item));
        return match of(items.collect()) {
            empty if empty.is_empty() => format!("an empty {kind}"),
            of => format!("a {kind} of {of}"),
        };
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        let items = dict
            .iter()
            .map(|(key, value)| format!("{} to {}", self::kind(&key), self::kind(&value)));
        return match of(items.collect()) {
            empty if empty.is_empty() => format!("an empty {kind}"),
            of => format!("a {kind} of {of}"),
        };
    }
    match &*kind {
        "generator" | "map" | "filter" | "zip" | "reversed" => {
            format!("a {kind} (`list(…)` makes a list of it)")
        }
        "coroutine" => "a coroutine (the function is `async`)".to_owned(),
        "bytes" | "bytearray" => kind,
        _ => format!("an object of the type {kind}"),
    }
}

fn kind(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string())
}

/// Ends a generator or coroutine that nobody will run, else Python complains about it later.
pub(super) fn close(value: &Bound<'_, PyAny>) -> PyResult<()> {
    if matches!(&*kind(value), "generator" | "coroutine") {
        value.call_method0("close")?;
    }
    Ok(())
}

/// An integer; `True` is none.
fn integer<'py, T>(value: &Bound<'py, PyAny>, expected: &str) -> Result<T, Wrong>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    let number = match value.is_instance_of::<PyBool>() {
        true => None,
        false => value.extract().ok(),
    };
    number.ok_or_else(|| Wrong::new(value, expected))
}

macro_rules! integers {
    ($($type:ty: $expected:expr;)*) => {
        $(impl FromPython for $type {
            fn expected() -> String {
                "int".to_owned()
            }

            fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
                integer(value, $expected)
            }
        })*
    };
}

integers! {
    u8: "an int from 0 to 255";
    u32: "an int from 0 to 4294967295";
    u64: "an int from 0 on";
    usize: "an int from 0 on";
    i32: "an int from -2147483648 to 2147483647";
}

impl FromPython for f32 {
    fn expected() -> String {
        "float".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        let number = match value.is_instance_of::<PyBool>() {
            true => None,
            false => value.extract::<f64>().ok(),
        };
        // A `float` of Python's has 64 bits; what a stage gives has 32.
        number.map(|number| number as f32).ok_or_else(|| Wrong::new(value, "a float"))
    }
}

impl FromPython for bool {
    fn expected() -> String {
        "bool".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        value.extract().map_err(|_| Wrong::new(value, "a bool"))
    }
}

impl FromPython for String {
    fn expected() -> String {
        "str".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        let expected = match value.is_instance_of::<PyString>() {
            true => "a str without lone surrogates",
            false => "a str",
        };
        value.extract().map_err(|_| Wrong::new(value, expected))
    }
}

impl FromPython for char {
    fn expected() -> String {
        "str".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        value.extract().map_err(|_| Wrong::new(value, "a str of one character"))
    }
}

/// Whatever comes.
pub(super) struct Anything;

impl FromPython for Anything {
    fn expected() -> String {
        "object".to_owned()
    }

    fn read(_: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        Ok(Self)
    }
}

impl<T: FromPython> FromPython for Option<T> {
    fn expected() -> String {
        format!("{} | None", T::expected())
    }

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        if value.is_none() { Ok(None) } else { T::read(value).map(Some) }
    }
}

impl<T: FromPython> FromPython for Vec<T> {
    fn expected() -> String {
        format!("list[{}]", T::expected())
    }

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        if let Some(list) = listed(value) {
            return Self::read(&list);
        }
        if !value.is_instance_of::<PyList>() && !value.is_instance_of::<PyTuple>() {
            return Err(Wrong::new(value, &Self::expected()));
        }
        let items = value.try_iter().map_err(|_| Wrong::new(value, &Self::expected()))?;
        let items = items.enumerate().map(|(index, item)| {
            let item = item.map_err(|_| Wrong::new(value, &Self::expected()))?;
            T::read(&item).map_err(|wrong| wrong.at(format!("at index {index}")))
        });
        items.collect()
    }
}

/// The list that an array makes of itself.
fn listed<'py>(value: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    let list = value.getattr("tolist").ok()?.call0().ok()?;
    list.is_instance_of::<PyList>().then_some(list)
}

impl<K: FromPython + Eq + Hash, V: FromPython> FromPython for HashMap<K, V> {
    fn expected() -> String {
        format!("dict[{}, {}]", K::expected(), V::expected())
    }

    fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
        let Ok(dict) = value.cast::<PyDict>() else {
            return Err(Wrong::new(value, &Self::expected()));
        };
        let pair = |(key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
            let shown = key.repr().map(|repr| repr.to_string()).unwrap_or_default();
            let read = K::read(&key).map_err(|wrong| wrong.at(format!("the key {shown}")))?;
            let value = V::read(&value).map_err(|wrong| wrong.at(format!("at key {shown}")))?;
            Ok((read, value))
        };
        dict.iter().map(pair).collect()
    }
}

/// The items of a tuple or list of a certain length.
fn items<'py>(
    value: &Bound<'py, PyAny>,
    count: usize,
    expected: &str,
) -> Result<Vec<Bound<'py, PyAny>>, Wrong> {
    let is_row = value.is_instance_of::<PyTuple>() || value.is_instance_of::<PyList>();
    let items: Option<Vec<_>> = value
        .try_iter()
        .ok()
        .filter(|_| is_row)
        .and_then(|items| items.collect::<PyResult<_>>().ok());
    items.filter(|items| items.len() == count).ok_or_else(|| Wrong::new(value, expected))
}

macro_rules! tuples {
    ($($count:literal: $($name:ident $index:tt)*;)*) => {
        $(impl<$($name: FromPython),*> FromPython for ($($name,)*) {
            fn expected() -> String {
                format!("tuple[{}]", [$($name::expected()),*].join(", "))
            }

            fn read(value: &Bound<'_, PyAny>) -> Result<Self, Wrong> {
                let items = items(value, $count, &Self::expected())?;
                Ok(($(
                    $name::read(&items[$index])
                        .map_err(|wrong| wrong.at(format!("at index {}", $index)))?,
                )*))
            }
        })*
    };
}

tuples! {
    2: A 0 B 1;
    4: A 0 B 1 C 2 D 3;
}
