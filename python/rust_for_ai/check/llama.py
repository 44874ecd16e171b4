"""The checks of chapter `llama`: a Llama on the CPU, from the bytes of its file to a chat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from .._rust_for_ai import Cache, Encode, Engine, Show, Voice, Weights
from ._grading import Verdict, grade

__all__ = [
    "Cache",
    "Contents",
    "Encode",
    "Engine",
    "KvCache",
    "Limits",
    "Shape",
    "Show",
    "Tensor",
    "Utf8Stream",
    "Value",
    "Voice",
    "Weights",
    "attention",
    "chat",
    "chat_template",
    "dequantize",
    "forward",
    "gguf",
    "kv_cache",
    "quantized_dot",
    "rms_norm",
    "rope",
    "sampler",
    "stream_utf8",
]

Value = tuple[str, Any]
"""The value of a key: `"U32"`, `"I32"`, `"F32"`, `"Bool"`, `"Text"` or `"List"`, and the value itself."""


class Tensor(NamedTuple):
    """Where the numbers of a tensor lie, and how."""

    name: str
    dims: list[int]
    format: int
    start: int


class Contents(NamedTuple):
    """A small GGUF file, read: keys with their values, then tensors, in the order of the file."""

    values: list[tuple[str, Value]]
    tensors: list[Tensor]


class Shape(NamedTuple):
    """The numbers that describe a Llama."""

    layers: int
    heads: int
    kv_heads: int
    epsilon: float
    freq_base: float


class Limits(NamedTuple):
    """Where an answer ends at the latest."""

    max_tokens: int
    stops: list[str]


class KvCache(Protocol):
    """Rows of keys and values that can be taken back."""

    def __len__(self) -> int:
        """How many positions every layer holds."""

    def push(self, layer: int, key: list[float], value: list[float], /) -> None:
        """Appends a row to a layer."""

    def keys(self, layer: int, /) -> list[float]:
        """The keys of a layer, one row after the other."""

    def values(self, layer: int, /) -> list[float]:
        """The values of a layer, one row after the other."""

    def truncate(self, length: int, /) -> None:
        """Forgets the rows of position `length` and later ones, in every layer."""

    def fork(self) -> KvCache:
        """A second cache with the same rows."""


class Utf8Stream(Protocol):
    """Bytes of tokens in, text out."""

    def push(self, token: bytes, /) -> str:
        """Takes the bytes of a token; gives all that is decided by now."""

    def finish(self) -> str:
        """No more bytes come."""


def gguf(answer: Callable[[bytes], tuple[list[tuple[str, Value]], list[Tensor]]], /) -> Verdict:
    """Grades a function from the bytes of a file to its `Contents`; a broken file raises an `errors.Flaw`."""
    return grade("llama.gguf", answer)


def dequantize(answer: Callable[[str, bytes], list[float] | None], /) -> Verdict:
    """Grades a function from the name of a format and bytes to numbers."""
    return grade("llama.dequantize", answer)


def quantized_dot(answer: Callable[[list[tuple[float, bytes]], list[float]], float], /) -> Verdict:
    """Grades a function from a row in Q4_0 (scale and 16 bytes a block) and a vector to their product."""
    return grade("llama.quantized_dot", answer)


def rms_norm(answer: Callable[[list[float], list[float], float], list[float]], /) -> Verdict:
    """Grades a function from a vector, weights and epsilon to the scaled vector.

    >>> def rms_norm_of(x, weight, epsilon):
    ...     root = (sum(number * number for number in x) / len(x) + epsilon) ** 0.5
    ...     return [number / root * factor for number, factor in zip(x, weight)]
    >>> rms_norm(rms_norm_of).passed
    True
    """
    return grade("llama.rms_norm", answer)


def rope(answer: Callable[[list[float], int, float], list[float]], /) -> Verdict:
    """Grades a function from the vector of a head, a position and the base of the frequencies to the
    turned vector."""
    return grade("llama.rope", answer)


Attend = Callable[[list[float], list[float], list[float], int, int, int], list[float]]


def attention(answer: Attend, /) -> Verdict:
    """Grades a function from a query, keys, values, the numbers of heads of both and a position to the mixed
    values."""
    return grade("llama.attention", answer)


def kv_cache(new: Callable[[int], KvCache], /) -> Verdict:
    """Grades a cache, given by how it is made for a number of layers: most often its class."""
    return grade("llama.kv_cache", new)


def forward(answer: Callable[[Weights, Cache, list[int]], list[float]], /) -> Verdict:
    """Grades a function from weights, a cache and ids to the logits after the last id.

    `weights` and `cache` are lent for one call: their methods are at hand until the function returns.
    """
    return grade("llama.forward", answer)


def sampler(answer: Callable[[list[float], list[int], float, int, float, float, float], int], /) -> Verdict:
    """Grades a function from logits, recent tokens, penalty, top_k, top_p, temperature and a random number to
    the token drawn."""
    return grade("llama.sampler", answer)


def chat_template(answer: Callable[[list[tuple[str, str]], str, int, int, Encode], list[int]], /) -> Verdict:
    """Grades a function from messages (role and text), a default for the system, the control tokens of start
    and end, and an encoder to ids."""
    return grade("llama.chat_template", answer)


def stream_utf8(new: Callable[[], Utf8Stream], /) -> Verdict:
    """Grades a stream, given by how it is made: most often its class."""
    return grade("llama.stream_utf8", new)


def chat(answer: Callable[[Engine, Voice, list[str], str, Limits, Show], None], /) -> Verdict:
    """Grades a function from an engine, a voice, a history, a message, limits and a place to show text to a
    longer history, which is changed in place. An `errors.EngineError` is let through."""
    return grade("llama.chat", answer)
