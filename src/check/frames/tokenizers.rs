//! Tokenizers for the cases, and how a wrong answer makes an expression of one.

use std::sync::{Arc, LazyLock};

use polars::prelude::*;

use crate::bpe::Encoding;
use crate::frames::Count;

/// Unpacked once, for all cases of all stages.
static CL100K: LazyLock<Encoding> = LazyLock::new(Encoding::cl100k);

/// A tokenizer that counts.
#[derive(Clone, Copy)]
pub(super) enum Tokenizer {
    Words,
    /// Three billion tokens for each text.
    Huge,
    Cl100k,
}

impl Tokenizer {
    pub(super) fn count(self) -> Count {
        match self {
            Self::Words => Arc::new(|text| text.split_whitespace().count()),
            Self::Huge => Arc::new(|_| 3_000_000_000),
            Self::Cl100k => Arc::new(|text| CL100K.count(text)),
        }
    }

    /// For a call that is shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Words => "/* counts words */",
            Self::Huge => "/* says 3,000,000,000 for each text */",
            Self::Cl100k => "/* counts tokens of cl100k */",
        }
    }
}

/// The numbers of tokens of a column of texts.
pub(super) fn expression(texts: Expr, count: Count) -> Expr {
    texts.map(
        move |texts| {
            let tokens = texts.str()?.iter().map(|text| text.map(|text| count(text) as u64));
            Ok(tokens.collect::<UInt64Chunked>().with_name(texts.name().clone()).into_column())
        },
        |_, text| Ok(Field::new(text.name().clone(), DataType::UInt64)),
    )
}
