//! Values of the metadata, and how to ask for one of a type.
//!
//! A file says of each value which type it has. Writers differ in whether a count is a `u32` or an `i32`,
//! so whoever asks for an integer gets it from any integer type that holds a number in range. A list is
//! asked for by its exact type.

use super::error::GgufError;

/// A value of the metadata.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is named as the type that it holds")]
pub enum Value {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    U64(u64),
    I64(i64),
    F32(f32),
    F64(f64),
    Bool(bool),
    String(String),
    U8s(Vec<u8>),
    I8s(Vec<i8>),
    U16s(Vec<u16>),
    I16s(Vec<i16>),
    U32s(Vec<u32>),
    I32s(Vec<i32>),
    U64s(Vec<u64>),
    I64s(Vec<i64>),
    F32s(Vec<f32>),
    F64s(Vec<f64>),
    Bools(Vec<bool>),
    Strings(Vec<String>),
}

impl Value {
    /// The value as an integer, if it is one.
    fn integer(&self) -> Option<i128> {
        Some(match *self {
            Self::U8(x) => x.into(),
            Self::I8(x) => x.into(),
            Self::U16(x) => x.into(),
            Self::I16(x) => x.into(),
            Self::U32(x) => x.into(),
            Self::I32(x) => x.into(),
            Self::U64(x) => x.into(),
            Self::I64(x) => x.into(),
            _ => return None,
        })
    }

    /// The type with the value, or with the number of elements.
    ///
    /// ```
    /// # use rust_for_ai::llama::gguf::Value;
    /// assert_eq!(Value::U32(4).show(), "4 (u32)");
    /// assert_eq!(Value::F32s(vec![0.5; 9]).show(), "9 elements of type f32");
    /// ```
    pub fn show(&self) -> String {
        let list = |length: usize, name: &str| format!("{length} elements of type {name}");
        match self {
            Self::U8(x) => format!("{x} (u8)"),
            Self::I8(x) => format!("{x} (i8)"),
            Self::U16(x) => format!("{x} (u16)"),
            Self::I16(x) => format!("{x} (i16)"),
            Self::U32(x) => format!("{x} (u32)"),
            Self::I32(x) => format!("{x} (i32)"),
            Self::U64(x) => format!("{x} (u64)"),
            Self::I64(x) => format!("{x} (i64)"),
            Self::F32(x) => format!("{x} (f32)"),
            Self::F64(x) => format!("{x} (f64)"),
            Self::Bool(x) => format!("{x} (bool)"),
            Self::String(text) if text.chars().nth(40).is_some() => {
                let start: String = text.chars().take(40).collect();
                format!("\"{}…\" (string of {} bytes)", start.escape_debug(), text.len())
            }
            Self::String(text) => format!("{text:?} (string)"),
            Self::U8s(list_) => list(list_.len(), "u8"),
            Self::I8s(list_) => list(list_.len(), "i8"),
            Self::U16s(list_) => list(list_.len(), "u16"),
            Self::I16s(list_) => list(list_.len(), "i16"),
            Self::U32s(list_) => list(list_.len(), "u32"),
            Self::I32s(list_) => list(list_.len(), "i32"),
            Self::U64s(list_) => list(list_.len(), "u64"),
            Self::I64s(list_) => list(list_.len(), "i64"),
            Self::F32s(list_) => list(list_.len(), "f32"),
            Self::F64s(list_) => list(list_.len(), "f64"),
            Self::Bools(list_) => list(list_.len(), "bool"),
            Self::Strings(list_) => list(list_.len(), "string"),
        }
    }
}

/// A type that a value can be asked for as.
pub(super) trait Wanted<'a>: Sized {
    /// What an error says was expected.
    const NAME: &'static str;

    /// The value, if it is of this type and in range.
    fn in_value(value: &'a Value) -> Option<Self>;

    /// The value of a key.
    fn of(key: &str, value: &'a Value) -> Result<Self, GgufError> {
        Self::in_value(value).ok_or_else(|| GgufError::WrongType {
            key: key.to_owned(),
            expected: Self::NAME,
            got: value.show(),
        })
    }
}

macro_rules! wanted {
    ($($type:ty, $name:literal, $pattern:pat => $result:expr;)*) => {
        $(impl<'a> Wanted<'a> for $type {
            const NAME: &'static str = $name;

            fn in_value(value: &'a Value) -> Option<Self> {
                match value {
                    $pattern => Some($result),
                    _ => None,
                }
            }
        })*
    };
}

wanted! {
    f32, "a number of type f32", Value::F32(x) => *x;
    bool, "a bool", Value::Bool(x) => *x;
    &'a str, "a string", Value::String(text) => text;
    &'a [String], "a list of strings", Value::Strings(list) => list;
    &'a [f32], "a list of f32", Value::F32s(list) => list;
    &'a [i32], "a list of i32", Value::I32s(list) => list;
}

macro_rules! wanted_integer {
    ($($type:ty, $name:literal;)*) => {
        $(impl<'a> Wanted<'a> for $type {
            const NAME: &'static str = $name;

            fn in_value(value: &'a Value) -> Option<Self> {
                value.integer()?.try_into().ok()
            }
        })*
    };
}

wanted_integer! {
    u32, "an integer from 0 to 4294967295";
    u64, "an integer from 0 to 18446744073709551615";
}

macro_rules! into_value {
    ($($type:ty => $variant:ident;)*) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        })*
    };
}

into_value! {
    u32 => U32;
    i32 => I32;
    u64 => U64;
    f32 => F32;
    bool => Bool;
    String => String;
    Vec<f32> => F32s;
    Vec<i32> => I32s;
    Vec<u32> => U32s;
    Vec<String> => Strings;
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}
