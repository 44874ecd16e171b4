"""The exceptions by which an answer says no.

Where a stage of the workbook returns an error, its Python counterpart raises one of these. What decoding
refuses because its bytes are no UTF-8 is Python's own `UnicodeDecodeError`.

>>> str(UnknownToken(position=1, id=999))
'unknown token 999 at index 1'
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BadRank",
    "BadToken",
    "DuplicateRank",
    "DuplicateToken",
    "Ends",
    "EngineError",
    "Flaw",
    "Gap",
    "Magic",
    "Malformed",
    "MissingByte",
    "RanksError",
    "SpecialError",
    "Text",
    "Type",
    "UnknownToken",
    "Version",
]


class UnknownToken(LookupError):
    """An id that the vocabulary does not have, and the index of the first such id."""

    def __init__(self, position: int, id: int) -> None:
        super().__init__(f"unknown token {id} at index {position}")
        self.position = position
        self.id = id


class SpecialError(ValueError):
    """A special token stands in a text where it may not; its position is in bytes."""

    def __init__(self, token: str, position: int) -> None:
        super().__init__(f"the text has the special token {token!r} at byte {position}")
        self.token = token
        self.position = position


@dataclass(frozen=True)
class Malformed:
    """No space, which ends the token and begins the rank."""


@dataclass(frozen=True)
class BadToken:
    """The token is not base64, or is empty."""


@dataclass(frozen=True)
class BadRank:
    """The rank is not a number from 0 to 4,294,967,295."""


@dataclass(frozen=True)
class DuplicateRank:
    """A rank that an earlier line has."""

    rank: int


@dataclass(frozen=True)
class Gap:
    """A rank too high: ranks count up from 0, one a line."""

    expected: int
    rank: int


@dataclass(frozen=True)
class DuplicateToken:
    """A token that an earlier line has; `first` is that line."""

    first: int


@dataclass(frozen=True)
class MissingByte:
    """After the last line a byte is still no token."""

    byte: int


Problem = Malformed | BadToken | BadRank | DuplicateRank | Gap | DuplicateToken | MissingByte


class RanksError(ValueError):
    """Why a file of ranks is not a vocabulary: the line, counted from 1, and what is wrong with it."""

    def __init__(self, line: int, problem: Problem) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


class Flaw(ValueError):
    """Why bytes are not a GGUF file; raise one of `Magic`, `Version`, `Ends`, `Text` and `Type`."""


class Magic(Flaw):
    """The first four bytes are not `GGUF`."""


class Version(Flaw):
    """The version is not 3."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the version is {version}, expected 3")
        self.version = version


class Ends(Flaw):
    """The file ends within a number or a text, whose first byte is at `at`."""

    def __init__(self, at: int) -> None:
        super().__init__(f"the file ends within what begins at byte {at}")
        self.at = at


class Text(Flaw):
    """A text, whose first byte is at `at`, is not UTF-8."""

    def __init__(self, at: int) -> None:
        super().__init__(f"the text at byte {at} is not UTF-8")
        self.at = at


class Type(Flaw):
    """A value has a type that no file here has."""

    def __init__(self, type: int) -> None:
        super().__init__(f"a value has the type {type}")
        self.type = type


class EngineError(RuntimeError):
    """What the engine of stage `llama.chat` refuses. Let it through."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index
