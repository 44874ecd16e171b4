"""The one call behind every check."""

from __future__ import annotations

from .._rust_for_ai import Verdict, _grade
from ._told import origin

__all__ = ["Verdict", "grade"]


def grade(stage: str, answer: object) -> Verdict:
    """Grades an answer with the check of a stage, by the stage's id."""
    return _grade(stage, answer, origin(answer))
