"""Tokenizers and quantized Llamas in Rust, and the checks of the workbook Rust for AI.

>>> from rust_for_ai import Tokenizer
>>> gpt4 = Tokenizer.from_name("cl100k_base")
>>> gpt4.encode("Hello, world!")
[9906, 11, 1917, 0]
"""

from typing import TYPE_CHECKING

from ._rust_for_ai import (
    DEBUG_BUILD,
    HAS_LLAMA,
    ArrowArray,
    PreTokenCounter,
    Tokenizer,
    __version__,
    train_from_counts,
)

if TYPE_CHECKING:
    from ._rust_for_ai import Llama as Llama

__all__ = [
    "DEBUG_BUILD",
    "HAS_LLAMA",
    "ArrowArray",
    "PreTokenCounter",
    "Tokenizer",
    "__version__",
    "train_from_counts",
]


def __getattr__(name: str) -> object:
    """Looks for `Llama` when it is asked for, and says how to get it where the build has none."""
    if name == "Llama":
        from . import _rust_for_ai

        if HAS_LLAMA:
            return _rust_for_ai.Llama
        raise ImportError(
            "this build of rust_for_ai has no `Llama`\n\nhint: build it with Candle, which takes some "
            "minutes: `maturin develop --release`, or `pip install .` in the project's folder",
            name=__name__,
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
