"""The checks of chapter `real_tokenizers`: tokenizers that give the ids of GPT-2, GPT-4 and Llama-2.

The answers of `repair_…` stages begin with a bug that a public project shipped; the stage's essay tells what
a user saw. In Python each is a function like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ._grading import Verdict, grade
from .bpe import Tokenizer
from .work import Merges, Symbol

__all__ = [
    "Part",
    "Piece",
    "encode_fast",
    "load_tiktoken",
    "pretokenize_gpt2",
    "pretokenize_gpt4",
    "repair_after_special",
    "repair_byte_table",
    "repair_lookahead",
    "repair_lost_text",
    "repair_quadratic",
    "sentencepiece",
    "special_tokens",
    "train_incremental",
    "train_word_counts",
]

Split = Callable[[str], list[str]]
"""Cuts a text into pieces, which join to the text."""

Part = tuple[Literal["text", "special"], str]
"""A part of a text: ordinary, or a special token."""

Piece = tuple[str, float, Literal["normal", "unknown", "control"] | int]
"""A piece of a vocabulary: its text, its score, and its kind; the kind of a byte is its number."""


def pretokenize_gpt2(answer: Split, /) -> Verdict:
    """Grades a function from a text to its pieces under GPT-2's pattern."""
    return grade("real_tokenizers.pretokenize_gpt2", answer)


def pretokenize_gpt4(answer: Split, /) -> Verdict:
    """Grades a function from a text to its pieces under GPT-4's pattern."""
    return grade("real_tokenizers.pretokenize_gpt4", answer)


def load_tiktoken(load: Callable[[str, Split], Tokenizer], /) -> Verdict:
    """Grades a function from the text of a file of ranks and a splitter to a tokenizer.

    A broken file raises `errors.RanksError` with the line and one of the problems there.
    """
    return grade("real_tokenizers.load_tiktoken", load)


def special_tokens(answer: Callable[[str, list[str], list[str]], list[Part]], /) -> Verdict:
    """Grades a function from a text and the specials that are allowed and disallowed to its parts.

    A disallowed special raises `errors.SpecialError`, whose position is in bytes of UTF-8.
    """
    return grade("real_tokenizers.special_tokens", answer)


Train = Callable[[list[tuple[list[Symbol], int]], int], list[tuple[Symbol, Symbol]]]
"""Words with their counts and a vocabulary size to merges; the k-th makes `Symbol(256 + k)`."""


def train_word_counts(answer: Train, /) -> Verdict:
    """Grades a trainer that works on words with counts. Looks at symbols are counted."""
    return grade("real_tokenizers.train_word_counts", answer)


def train_incremental(answer: Train, /) -> Verdict:
    """Grades a trainer that keeps its counts up to date. Looks at symbols are counted."""
    return grade("real_tokenizers.train_incremental", answer)


def encode_fast(answer: Callable[[list[Symbol], Merges], list[Symbol]], /) -> Verdict:
    """Grades a function from a word and merges to the symbols that it becomes. Looks are counted."""
    return grade("real_tokenizers.encode_fast", answer)


def sentencepiece(new: Callable[[list[Piece]], Tokenizer], /) -> Verdict:
    """Grades a tokenizer, given by how it is made from pieces: most often its class."""
    return grade("real_tokenizers.sentencepiece", new)


def repair_lookahead(answer: Split, /) -> Verdict:
    """Grades a function from a text to its pieces."""
    return grade("real_tokenizers.repair_lookahead", answer)


def repair_byte_table(answer: Callable[[], list[str]], /) -> Verdict:
    """Grades a function that gives GPT-2's character of each byte."""
    return grade("real_tokenizers.repair_byte_table", answer)


def repair_quadratic(answer: Callable[[bytes, Callable[[bytes], int | None]], list[int]], /) -> Verdict:
    """Grades a function from a piece and the ranks of tokens to ids. Calls of `rank` are counted."""
    return grade("real_tokenizers.repair_quadratic", answer)


def repair_lost_text(answer: Callable[[str, int], list[str]], /) -> Verdict:
    """Grades a function from a text and a limit in bytes to pieces."""
    return grade("real_tokenizers.repair_lost_text", answer)


def repair_after_special(answer: Callable[[str, list[str]], list[str]], /) -> Verdict:
    """Grades a function from a text and the special tokens to the parts."""
    return grade("real_tokenizers.repair_after_special", answer)
