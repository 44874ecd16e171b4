import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, Literal, Protocol, Self, SupportsIndex, TypeAlias, TypedDict, final

import numpy as np
import numpy.typing as npt

from .check.llama import Shape

__version__: Final[str]
HAS_LLAMA: Final[bool]
"""Whether this build runs models."""
DEBUG_BUILD: Final[bool]
"""Whether this build is without optimization; nothing that is measured with it means anything."""

_Path: TypeAlias = str | os.PathLike[str]
_Pattern: TypeAlias = Literal["gpt2", "cl100k", "o200k", "llama3", "smollm"]
_Specials: TypeAlias = Literal["all"] | Collection[str] | None
_Ids: TypeAlias = Iterable[SupportsIndex] | npt.NDArray[np.integer[Any]]

class _ArrowColumn(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

_Texts: TypeAlias = Iterable[str] | _ArrowColumn | _ArrowStream
_Batch: TypeAlias = Iterable[_Ids] | _ArrowColumn | _ArrowStream

class _Message(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str

@final
class Tokenizer:
    def __new__(cls, *args: object, **kwargs: object) -> Self: ...
    @staticmethod
    def from_name(name: str) -> Tokenizer: ...
    @staticmethod
    def from_file(path: _Path) -> Tokenizer: ...
    @staticmethod
    def from_tiktoken(
        path: _Path, *, pattern: _Pattern, special_tokens: Mapping[str, int] | None = None
    ) -> Tokenizer: ...
    @staticmethod
    def from_gguf(path: _Path) -> Tokenizer: ...
    @staticmethod
    def train(
        texts: _Texts,
        vocab_size: int,
        *,
        pattern: _Pattern | None = "cl100k",
        special_tokens: Iterable[str] | None = None,
    ) -> Tokenizer: ...
    def encode(
        self, text: str, *, allowed_special: _Specials = None, disallowed_special: _Specials = None
    ) -> list[int]: ...
    def encode_ordinary(self, text: str) -> list[int]: ...
    def encode_to_numpy(
        self, text: str, *, allowed_special: _Specials = None, disallowed_special: _Specials = None
    ) -> npt.NDArray[np.uint32]: ...
    def encode_with_offsets(
        self, text: str, *, allowed_special: _Specials = None, disallowed_special: _Specials = None
    ) -> tuple[list[int], list[tuple[int, int]]]: ...
    def count(
        self, text: str, *, allowed_special: _Specials = None, disallowed_special: _Specials = None
    ) -> int: ...
    def encode_batch(
        self,
        texts: _Texts,
        *,
        allowed_special: _Specials = None,
        disallowed_special: _Specials = None,
    ) -> list[list[int]]: ...
    def encode_batch_arrow(
        self,
        texts: _Texts,
        *,
        allowed_special: _Specials = None,
        disallowed_special: _Specials = None,
    ) -> ArrowArray: ...
    def decode(self, ids: _Ids, *, errors: str = "replace") -> str: ...
    def decode_bytes(self, ids: _Ids) -> bytes: ...
    def decode_batch(self, batch: _Batch, *, errors: str = "replace") -> list[str | None]: ...
    def token_bytes(self, id: SupportsIndex) -> bytes: ...
    def save(self, path: _Path) -> None: ...
    @property
    def n_vocab(self) -> int: ...
    @property
    def special_tokens(self) -> dict[str, int]: ...
    @property
    def pattern(self) -> _Pattern | None: ...
    @property
    def merges(self) -> list[tuple[int, int]] | None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: object) -> Self: ...
    def __reduce__(self) -> tuple[Any, tuple[str | bytes]]: ...

@final
class PreTokenCounter:
    def __new__(cls, pattern: _Pattern = "cl100k") -> Self: ...
    def update(self, texts: str | _Texts) -> None: ...
    def merge(self, other: PreTokenCounter) -> None: ...
    def to_arrow(self) -> ArrowArray: ...
    @property
    def pattern(self) -> _Pattern: ...
    def __getitem__(self, word: str, /) -> int: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: object) -> Self: ...
    def __reduce__(self) -> tuple[Any, tuple[str, bytes]]: ...

@final
class ArrowArray:
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...
    def __len__(self) -> int: ...

@final
class Llama:
    def __new__(cls, *args: object, **kwargs: object) -> Self: ...
    @staticmethod
    def load(
        path: _Path, *, template: Literal["chatml", "llama3", "llama2", "zephyr"] | None = None
    ) -> Llama: ...
    def generate(
        self,
        prompt: str | Iterable[_Message],
        *,
        max_tokens: int | None = None,
        temperature: float = 0.8,
        top_k: int = 40,
        top_p: float = 0.95,
        min_p: float = 0.05,
        repeat_penalty: float = 1.0,
        seed: int = 0,
        stop: str | Iterable[str] | None = None,
    ) -> str: ...
    def stream(
        self,
        prompt: str | Iterable[_Message],
        *,
        max_tokens: int | None = None,
        temperature: float = 0.8,
        top_k: int = 40,
        top_p: float = 0.95,
        min_p: float = 0.05,
        repeat_penalty: float = 1.0,
        seed: int = 0,
        stop: str | Iterable[str] | None = None,
    ) -> TextStream: ...
    def logits(self, ids: _Ids, *, every: bool = False) -> npt.NDArray[np.float32]: ...
    def prompt_ids(self, prompt: str | Iterable[_Message]) -> list[int]: ...
    @property
    def tokenizer(self) -> Tokenizer: ...
    @property
    def context(self) -> int: ...
    @property
    def n_vocab(self) -> int: ...

@final
class TextStream:
    def __iter__(self) -> Self: ...
    def __next__(self) -> str: ...
    @property
    def finish_reason(self) -> Literal["stop", "length"] | None: ...

def train_from_counts(
    counts: PreTokenCounter, vocab_size: int, *, special_tokens: Iterable[str] | None = None
) -> Tokenizer: ...
def _restore_tokenizer(state: str | bytes) -> Tokenizer: ...
def _restore_counter(pattern: str, words: bytes) -> PreTokenCounter: ...
def _native_seconds(tokenizer: Tokenizer, text: str) -> tuple[float, int]: ...
def _panic(in_a_thread: bool) -> None: ...

# --- `rust_for_ai.check` ----------------------------------------------------------------------------

@final
class Verdict:
    """What a check says of an answer.

    A notebook shows it as a card, `print` as text. It is true if the answer passed.
    """

    @property
    def passed(self) -> bool:
        """Whether all cases agree."""
    @property
    def state(self) -> Literal["NOT STARTED", "FAILING", "PASSING"]:
        """`"NOT STARTED"`, `"FAILING"` or `"PASSING"`."""
    @property
    def stage(self) -> str:
        """The stage's id, such as `"bpe.merge"`."""
    @property
    def cases(self) -> int | None:
        """How many cases agree, if the answer passed."""
    @property
    def waits_for(self) -> str | None:
        """The id of the stage to solve first, if the answer called one that is not written."""
    @property
    def case(self) -> int | None:
        """The number of the first case that differs, counted from 1."""
    @property
    def call(self) -> str | None:
        """The call that differs."""
    @property
    def expected(self) -> str | None:
        """What a right answer gives for it."""
    @property
    def got(self) -> str | None:
        """What this answer gave or did."""
    @property
    def why(self) -> str | None:
        """The rule that is broken."""
    @property
    def misconceptions(self) -> list[str]:
        """The ids of the misconceptions that give what this answer gives."""
    def __bool__(self) -> bool: ...
    def _repr_html_(self) -> str: ...
    def to_json(self) -> str:
        """The verdict as one line of JSON, with the keys that `cargo lab check --json` has for a stage."""

@final
class Symbol:
    """A token: a byte, or what a merge made. Comparing, ordering and hashing it are looks that are counted."""

    def __new__(cls, id: int) -> Symbol: ...
    @staticmethod
    def of(text: str) -> list[Symbol]:
        """The symbols of a text's bytes."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __lt__(self, other: Symbol, /) -> bool: ...
    def __le__(self, other: Symbol, /) -> bool: ...
    def __gt__(self, other: Symbol, /) -> bool: ...
    def __ge__(self, other: Symbol, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Merges:
    """Learned merges that can be asked one pair at a time; each question is a look."""

    def __new__(cls, merges: list[tuple[int, int]]) -> Merges: ...
    def get(self, left: Symbol, right: Symbol) -> Symbol | None:
        """What two neighbours merge to, if they do. The smaller symbol was learned earlier."""

class Spent(BaseException):
    """The looks that a check allows are spent. Not for you to catch."""

@final
class Rank:
    """The rank of a token: `rank(token)` is an `int`, or `None` if the bytes are no token."""

    def __call__(self, token: bytes) -> int | None: ...

@final
class Encode:
    """The ids of a text: `encode(text)` is a list of `int`."""

    def __call__(self, text: str) -> list[int]: ...

@final
class Weights:
    """The weights of a Llama, by the names of its tensors without `.weight`, such as `blk.0.attn_q`."""

    def shape(self) -> Shape:
        """The sizes of the model: `layers`, `heads`, `kv_heads`, `epsilon`, `freq_base`."""
    def embedding(self, id: int) -> list[float]:
        """The vector of a token."""
    def norm(self, name: str) -> list[float]:
        """The weights of a normalisation: `blk.0.attn_norm`, `blk.0.ffn_norm`, `output_norm`."""
    def product(self, name: str, x: list[float]) -> list[float]:
        """A matrix times a vector: `blk.0.attn_q` and so on, and `output`."""

@final
class Cache:
    """Keys and values of earlier positions, a row for each position in each layer."""

    def __len__(self) -> int: ...
    def push(self, layer: int, key: list[float], value: list[float]) -> None:
        """Appends a row to a layer."""
    def keys(self, layer: int) -> list[float]:
        """The keys of a layer, one row after the other."""
    def values(self, layer: int) -> list[float]:
        """The values of a layer, one row after the other."""
    def truncate(self, length: int) -> None:
        """Forgets the rows of position `length` and later ones."""

@final
class Engine:
    """A model that runs, and the ids of one conversation in its cache."""

    def context(self) -> int:
        """How many positions the cache can hold."""
    def ids(self) -> list[int]:
        """The ids that are in the cache."""
    def truncate(self, length: int) -> None:
        """Forgets all positions from `length` on."""
    def feed(self, ids: list[int]) -> list[float]:
        """Appends ids; gives the logits after the last of them."""

@final
class Voice:
    """A model's vocabulary, template and sampler."""

    def render(self, messages: list[str]) -> list[int]:
        """The ids of a whole conversation, ready for the answer."""
    def piece(self, id: int) -> bytes:
        """The bytes of a token."""
    def ends_turn(self, id: int) -> bool:
        """Whether the model ends its turn with this id."""
    def sample(self, logits: list[float]) -> int:
        """Chooses the next id."""

@final
class Show:
    """Shows text to the user: `show(text)`."""

    def __call__(self, text: str) -> None: ...

def _grade(stage: str, answer: object, origin: str) -> Verdict: ...
def _stages() -> list[str]: ...
def _verdict_of_record(stage: str, record: str, ended: str, origin: str) -> Verdict: ...
def _wrong_calls(chapter: str) -> list[tuple[str, str, str]]: ...

# --- `rust_for_ai.notebook` -------------------------------------------------------------------------

def _lines(
    see: str,
    x: tuple[str, str, bool, bool],
    y: tuple[str, str, bool, bool],
    curves: list[tuple[str, list[tuple[float, float]]]],
) -> str: ...
def _table(headings: list[str], rows: list[list[str]]) -> str: ...
def _tokens(title: str, tokens: list[tuple[int, list[int]]]) -> str: ...
def _recount(text: str, vocab_size: int) -> list[tuple[int, int]]: ...
def _quantized_dots(rows: list[list[tuple[float, bytes]]], x: list[float]) -> tuple[list[float], float]: ...
