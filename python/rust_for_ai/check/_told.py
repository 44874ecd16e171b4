"""What a verdict says of an exception: its type, its message, and the learner's line that it came from."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
import traceback
from types import TracebackType

_FOREIGN = tuple(
    os.path.normcase(folder) + os.sep
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), os.path.dirname(os.path.dirname(__file__))}
    if folder
)


def raised(error: BaseException, trace: TracebackType | None) -> str:
    """`IndexError: list index out of range`, then the file and the line."""
    head = traceback.format_exception_only(error)[-1].strip() or type(error).__name__
    frames = traceback.extract_tb(trace)
    own = [frame for frame in frames if not _is_foreign(frame.filename)]
    if isinstance(error, SyntaxError) or not (own or frames):
        return head
    frame = (own or list(frames))[-1]
    text = f"{head}\nin {_place(frame.filename)}, line {frame.lineno}, in {frame.name}"
    line = linecache.getline(frame.filename, frame.lineno or 0).strip()
    return f"{text}\n    {line}" if line else text


def _is_foreign(filename: str) -> bool:
    return os.path.normcase(os.path.abspath(filename)).startswith(_FOREIGN) or filename.startswith("<frozen")


def _place(filename: str) -> str:
    """A file as the learner knows it: from the tree on, or a cell of a notebook."""
    parts = filename.replace(os.sep, "/")
    if "ipykernel_" in parts or filename.startswith("<ipython-input"):
        return "a cell of this notebook"
    for tree in ("/exercises/", "/solutions/"):
        if tree in parts:
            return parts[parts.rindex(tree) + 1 :]
    return filename


def origin(answer: object) -> str:
    """Which tree a function or class comes from: `exercises`, `solutions` or `elsewhere`."""
    while (inner := getattr(answer, "__wrapped__", None) or getattr(answer, "func", None)) is not None:
        answer = inner
    code = getattr(answer, "__code__", None) or getattr(getattr(answer, "__func__", None), "__code__", None)
    if code is not None:
        filename = code.co_filename
    else:
        module = sys.modules.get(getattr(answer, "__module__", None) or "")
        methods = [getattr(value, "__code__", None) for value in vars(answer).values()] if isinstance(answer, type) else []
        files = [method.co_filename for method in methods if method is not None]
        filename = files[0] if files else getattr(module, "__file__", None) or ""
    parts = filename.replace(os.sep, "/")
    for tree in ("exercises", "solutions"):
        if f"/{tree}/python/" in parts:
            return tree
    return "elsewhere"
