"""The checks of chapter `bpe`: a byte-pair-encoding tokenizer, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ._grading import Verdict, grade

__all__ = ["Tokenizer", "best_pair", "bytes", "encode_decode", "merge", "pair_counts", "train"]

Pair = tuple[int, int]


class Tokenizer(Protocol):
    """What a tokenizer can do."""

    def encode(self, text: str, /) -> list[int]:
        """The ids of a text."""

    def decode(self, ids: list[int], /) -> str:
        """The text of some ids.

        Raises `errors.UnknownToken` for the first id outside the vocabulary; then `UnicodeDecodeError` where
        the joined bytes are no text.
        """


def bytes(answer: Callable[[str], list[int]], /) -> Verdict:
    """Grades a function from a text to the ids of its bytes.

    >>> bytes(lambda text: list(text.encode())).passed
    True
    """
    return grade("bpe.bytes", answer)


def pair_counts(answer: Callable[[list[int]], dict[Pair, int]], /) -> Verdict:
    """Grades a function from ids to the counts of adjacent pairs.

    >>> from collections import Counter
    >>> pair_counts(lambda ids: Counter(zip(ids, ids[1:]))).passed
    True
    """
    return grade("bpe.pair_counts", answer)


def best_pair(answer: Callable[[dict[Pair, int]], Pair | None], /) -> Verdict:
    """Grades a function from pair counts to the pair to merge, the smallest on a tie, or `None`.

    >>> best_pair(lambda counts: min(counts, key=lambda pair: (-counts[pair], pair), default=None)).passed
    True
    """
    return grade("bpe.best_pair", answer)


def merge(answer: Callable[[list[int], Pair, int], list[int]], /) -> Verdict:
    """Grades a function from ids, a pair and its new id to the merged ids.

    >>> merge(lambda ids, pair, new: ids).misconceptions
    []
    """
    return grade("bpe.merge", answer)


def train(answer: Callable[[str, int], list[Pair]], /) -> Verdict:
    """Grades a function from a text and a vocabulary size to the merges, the first learned first.

    >>> train(lambda text, vocab_size: []).call
    'train("aa", 257)'
    """
    return grade("bpe.train", answer)


def encode_decode(new: Callable[[list[Pair]], Tokenizer], /) -> Verdict:
    """Grades a tokenizer, given by how it is made from merges: most often its class.

    >>> class Nothing:
    ...     def __init__(self, merges): ...
    ...     def encode(self, text): return []
    >>> encode_decode(Nothing).state
    'FAILING'
    """
    return grade("bpe.encode_decode", new)
