"""What the tests share: the book, tokenizers of others without the network, and where things are."""

import base64
import gzip
import signal
from pathlib import Path

import pytest

import rust_for_ai
from rust_for_ai import Tokenizer

ROOT = Path(__file__).parents[2]

# What a shell starts in the background ignores Ctrl-C, and so would all tests of it and their children.
signal.signal(signal.SIGINT, signal.default_int_handler)

CL100K_SPECIALS = {
    "<|endoftext|>": 100257,
    "<|fim_prefix|>": 100258,
    "<|fim_middle|>": 100259,
    "<|fim_suffix|>": 100260,
    "<|endofprompt|>": 100276,
}
# The patterns as tiktoken has them.
GPT2_PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
CL100K_PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"""
    r"""|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)


def ranks(name: str) -> dict[bytes, int]:
    """A vocabulary of data/ as tiktoken wants it."""
    lines = gzip.decompress((ROOT / "data" / f"{name}.tiktoken.gz").read_bytes()).split()
    return {base64.b64decode(token): int(rank) for token, rank in zip(lines[::2], lines[1::2])}


@pytest.fixture(scope="session")
def book() -> str:
    return (ROOT / "data/kjv.txt").read_text()


@pytest.fixture(scope="session")
def nasty() -> list[str]:
    """Short texts that tokenizers are known to differ on."""
    letters = ["a", "B", "é", "水", "1", "'", "s", " ", "\n", "\r", "\u00a0", "👩‍👩‍👧", "\u0301", "ſ", "_", "\0"]
    pairs = [a + b for a in letters for b in letters]
    triples = [a + b + c for a in letters[::2] for b in letters for c in letters[1::2]]
    runs = [c * n for c in "a 1\n!é" for n in (2, 17, 300)]
    multilingual = (ROOT / "data/multilingual.tsv").read_text().splitlines()
    return ["", *letters, *pairs, *triples, *runs, *multilingual]


@pytest.fixture(scope="session")
def cl100k() -> Tokenizer:
    return Tokenizer.from_name("cl100k_base")


@pytest.fixture(scope="session")
def gpt2() -> Tokenizer:
    return Tokenizer.from_name("gpt2")


@pytest.fixture(scope="session")
def tiny() -> Path:
    """A small model's file."""
    return ROOT / "data/tiny.gguf"


@pytest.fixture(scope="session")
def tiktoken_cl100k() -> object:
    tiktoken = pytest.importorskip("tiktoken")
    return tiktoken.Encoding(
        "cl100k_base",
        pat_str=CL100K_PATTERN,
        mergeable_ranks=ranks("cl100k_base"),
        special_tokens=CL100K_SPECIALS,
    )


@pytest.fixture(scope="session")
def tiktoken_gpt2() -> object:
    tiktoken = pytest.importorskip("tiktoken")
    return tiktoken.Encoding(
        "gpt2",
        pat_str=GPT2_PATTERN,
        mergeable_ranks=ranks("r50k_base"),
        special_tokens={"<|endoftext|>": 50256},
    )


def pytest_report_header() -> str:
    kind = "debug" if rust_for_ai.DEBUG_BUILD else "release"
    models = "with" if rust_for_ai.HAS_LLAMA else "without"
    return f"rust_for_ai {rust_for_ai.__version__}, {kind} build {models} Llama"
