"""Tokenizers and quantized Llamas in Rust, and the checks of the workbook Rust for AI."""

from ._rust_for_ai import DEBUG_BUILD, HAS_LLAMA, __version__

__all__ = ["DEBUG_BUILD", "HAS_LLAMA", "__version__"]


def __getattr__(name: str) -> object:
    """Says of `Llama` how to get it, where the build has none."""
    if name == "Llama" and not HAS_LLAMA:
        raise ImportError(
            "this build of rust_for_ai has no `Llama`\n\nhint: build it with Candle, which takes some "
            "minutes: `maturin develop --release`, or `pip install .` in the project's folder",
            name=__name__,
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
