"""What the workbook's notebooks in Python are made of: your answers, cells that may fail, and pictures.

>>> from rust_for_ai.notebook import Axis, lines
>>> picture = lines("the square grows faster", Axis("n", "items"), Axis("work", "steps"), {"n²": [(1, 1), (2, 4)]})
>>> "<svg" in picture._repr_html_()
True
"""

from __future__ import annotations

import linecache
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

from ._module import BuildError, Module, module
from ._rust_for_ai import _lines, _table, _tokens

__all__ = [
    "Answers",
    "Axis",
    "BuildError",
    "Html",
    "MissingPackage",
    "Module",
    "answers",
    "attempt",
    "bars",
    "given",
    "lines",
    "module",
    "needs",
    "table",
    "timeline",
    "tokens",
]


T = TypeVar("T")


class Html:
    """A piece of HTML, which a notebook shows as it is."""

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html

    def __add__(self, other: Html) -> Html:
        """One below the other."""
        return Html(self._html + other._html)


class Axis(NamedTuple):
    """What an axis measures, in which unit, and whether equal factors are equally far apart on it.

    What counts things, such as threads, is marked at whole numbers only.
    """

    name: str
    unit: str
    log: bool = False
    whole: bool = False


def lines(see: str, x: Axis, y: Axis, curves: Mapping[str, Iterable[tuple[float, float]]]) -> Html:
    """Curves over a pair of axes, below the sentence that says what to see."""
    drawn = [(name, list(points)) for name, points in curves.items()]
    return Html(_lines(see, x, y, drawn))


def table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> Html:
    """A table: headings, then rows of as many cells.

    >>> "<td" in table(["n", "square"], [[2, 4]])._repr_html_()
    True
    """
    return Html(_table(list(headings), [[str(cell) for cell in row] for row in rows]))


def timeline(see: str, rows: Iterable[tuple[str, float, Iterable[float]]], overdue: float) -> Html:
    """When another thread ran during some calls, below the sentence that says what to see.

    A row is a name, how long the call took, and when the other thread beat meanwhile, in milliseconds from the
    call's beginning. A beat is a white tick; dark is where none came for more than `overdue` milliseconds.

    >>> picture = timeline("it stood still for 7 ms", [("a call", 10.0, [1.0, 2.0, 9.0])], overdue=3)
    >>> picture._repr_html_().count("<title>7.0 ms</title>")
    1
    """
    drawn = [(name, took, sorted(beats)) for name, took, beats in rows]
    longest = max((took for _, took, _ in drawn), default=0.0) or 1.0
    left, width, row, top = 300, 520, 26, 28
    bottom, scale = top + row * len(drawn), width / longest

    def bar(y: float, begin: float, end: float, colour: str, within: str = "") -> str:
        place = f'x="{left + begin * scale:.1f}" width="{(end - begin) * scale:.1f}"'
        return f'<rect {place} y="{y}" height="18" fill="{colour}">{within}</rect>'

    def text(x: float, y: float, anchor: str, content: str) -> str:
        return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(content)}</text>'

    svg = []
    for x, colour, meaning in ((left, _FREE, "others ran"), (left + 110, _HELD, f"nobody else for more than {overdue:g} ms")):
        svg.append(f'<rect x="{x}" y="6" width="12" height="12" fill="{colour}"/>')
        svg.append(text(x + 17, 16, "start", meaning))
    for number, (name, took, beats) in enumerate(drawn):
        y = top + row * number
        svg += [text(left - 8, y + 14, "end", name), bar(y, 0, took, _FREE)]
        for begin, end in pairwise([0, *beats, took]):
            if end - begin > overdue:
                svg.append(bar(y, begin, end, _HELD, f"<title>{end - begin:.1f} ms</title>"))
        half = 0.5 / scale
        svg += [bar(y, beat - half, beat + half, "#fff") for beat in beats]
    # Round steps, of which eleven at most fit.
    powers = (factor * 10**power for power in range(-3, 9) for factor in (1, 2, 5))
    step = next(step for step in powers if longest / step <= 10)
    for tick in range(int(longest / step) + 1):
        svg.append(text(left + tick * step * scale, bottom + 14, "middle", f"{tick * step:g}"))
    svg.append(text(left + width / 2, bottom + 34, "middle", "time since the call began (ms)"))
    size = f'width="{left + width + 60}" height="{bottom + 46}"'
    return Html(
        f'<figure style="margin:6px 0"><figcaption>{escape(see)}</figcaption>'
        f'<div style="background:#fff;display:inline-block"><svg {size} font-family="sans-serif" '
        f'font-size="12" fill="#111">{"".join(svg)}</svg></div></figure>'
    )


_FREE, _HELD = "#7fd0b8", "#b34700"


def bars(see: str, axis: Axis, rows: Iterable[tuple[str, float, float, float]], marked: Collection[str] = ()) -> Html:
    """A bar a row, below the sentence that says what to see: a name, the value, and from where to where it varies.

    A whisker goes from the least to the greatest; where they equal the value there is none. On a linear axis bars
    begin at zero. On a logarithmic one, which needs positive values, they begin at 1, where a ratio is neither gain
    nor loss. Rows whose names are `marked` have another colour.

    >>> picture = bars("ours is faster", Axis("speed", "times", log=True), [("a", 10, 8, 12), ("b", 0.5, 0.5, 0.5)])
    >>> picture._repr_html_().count("<rect"), "speed (times, log scale)" in picture._repr_html_()
    (2, True)
    """
    drawn = list(rows)
    if not drawn:
        return Html(f"<figure style=\"margin:6px 0\"><figcaption>{escape(see)}</figcaption><i>no bars to draw</i></figure>")
    ends = [0.0 if not axis.log else 1.0, *(end for _, *values in drawn for end in values)]
    low, high = min(ends), max(ends)
    if not all(map(math.isfinite, ends)) or axis.log and low <= 0:
        raise ValueError(f"expected {'positive' if axis.log else 'finite'} values, got {ends}")
    ticks = _decades(low, high) if axis.log else _steps(low, high)
    scaled = math.log10 if axis.log else float
    # As wide as the longest name, at some six pixels a letter.
    left, width, row, top = 24 + 6 * max(len(name) for name, *_ in drawn), 430, 15, 8
    begin, span = scaled(ticks[0]), scaled(ticks[-1]) - scaled(ticks[0])
    bottom = top + row * len(drawn) + 4

    def place(value: float) -> float:
        return left + (scaled(value) - begin) / span * width

    def text(x: float, y: float, anchor: str, content: str) -> str:
        return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(content)}</text>'

    svg, origin = [], place(1.0 if axis.log else 0.0)
    for tick in ticks:
        x, colour = place(tick), "#888" if place(tick) == origin else "#ddd"
        svg.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="{colour}"/>')
        svg.append(text(x, bottom + 14, "middle", f"{tick:,g}"))
    for number, (name, value, least, most) in enumerate(drawn):
        y, end = top + 2 + row * number, place(value)
        colour = "#b34700" if name in marked else "#2f7ec0"
        svg.append(text(left - 8, y + 10, "end", name))
        svg.append(f'<rect x="{min(origin, end):.1f}" y="{y}" width="{abs(end - origin):.1f}" height="11" fill="{colour}"/>')
        if least < most:
            a, b, middle = place(least), place(most), y + 5.5
            path = f"M{a:.1f} {y + 2}V{y + 9}M{a:.1f} {middle}H{b:.1f}M{b:.1f} {y + 2}V{y + 9}"
            svg.append(f'<path d="{path}" stroke="#111" fill="none"/>')
        svg.append(text(max(end, place(most), origin) + 6, y + 10, "start", f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"))
    label = f"{axis.name} ({axis.unit}{', log scale' if axis.log else ''})"
    svg.append(text(left + width / 2, bottom + 32, "middle", label))
    size = f'width="{left + width + 60}" height="{bottom + 42}"'
    return Html(
        f'<figure style="margin:6px 0"><figcaption>{escape(see)}</figcaption>'
        f'<div style="background:#fff;display:inline-block"><svg {size} font-family="sans-serif" '
        f'font-size="11" fill="#111">{"".join(svg)}</svg></div></figure>'
    )


def _steps(low: float, high: float) -> list[float]:
    """Round numbers that enclose a range, eleven at most."""
    powers = (factor * 10.0**power for power in range(-9, 12) for factor in (1, 2, 5))
    step = next((step for step in powers if (high - low) / step <= 9), 1.0)
    return [round(number * step, 9) for number in range(math.floor(low / step), max(math.ceil(high / step), 1) + 1)]


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten that enclose a range, with 2 and 5 between them where there are few."""
    # A range that is one value gets some width.
    high = max(high, 1.01 * low)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    factors = (1, 2, 5) if last - first <= 4 else (1,)
    ticks = [factor * 10.0**power for power in range(first, last) for factor in factors] + [10.0**last]
    below, above = max(tick for tick in ticks if tick <= low), min(tick for tick in ticks if tick >= high)
    return [tick for tick in ticks if below <= tick <= above]


def tokens(title: str, tokens: Iterable[tuple[int, bytes]]) -> Html:
    """The tokens of a text, each on a coloured ground, given by id and bytes.

    What is cut inside of a character is shown as its bytes, on a dark ground.

    >>> "2 tokens, 3 bytes" in tokens("German", [(256, b"ei"), (195, b"\\xc3")])._repr_html_()
    True
    """
    return Html(_tokens(title, [(id, list(token)) for id, token in tokens]))


class Answers:
    """The answers of a file, as they are saved now.

    Each look at an attribute reads the file again if it was saved since, so an edit needs neither a restart
    nor a reload. A mistake in the file is an exception with its place.
    """

    def __init__(self, path: str | Path) -> None:
        self.__path = Path(path).resolve()
        self.__text: str | None = None
        self.__module = ModuleType(self.__path.stem)
        self.__now()

    def __now(self) -> ModuleType:
        text = self.__path.read_text(encoding="utf-8")
        if text != self.__text:
            module = ModuleType(self.__path.stem)
            module.__file__ = str(self.__path)
            linecache.checkcache(str(self.__path))
            exec(compile(text, str(self.__path), "exec"), module.__dict__)
            # Only once all of it ran: a file that is broken is tried anew at the next look.
            self.__text, self.__module = text, module
        return self.__module

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.__now(), name)

    def __dir__(self) -> list[str]:
        return [name for name in vars(self.__module) if not name.startswith("_")]

    def __repr__(self) -> str:
        return f"the answers in {self.__path}"


def answers(path: str | Path) -> Answers:
    """The answers of a file, such as `exercises/python/bpe.py`; see `Answers`."""
    return Answers(path)


@contextmanager
def attempt() -> Iterator[None]:
    """Runs a cell that needs your answers: where one is not written yet, a card says which.

    >>> with attempt():
    ...     raise NotImplementedError("bpe.merge")
    NOT STARTED: this cell needs bpe.merge; solve it, save, and run the cell again
    """
    try:
        yield
    except _Missing:
        _show(_NotStarted("what a cell above makes", "run that one first"))
    except NotImplementedError as error:
        _show(_NotStarted(str(error) or "a stage that is not written yet", _SOLVE, code=bool(str(error))))


def given(value: T | None) -> T:
    """What an earlier cell made, for a cell below `attempt`: `None` says that it did not get so far."""
    if value is None:
        raise _Missing
    return value


def needs(mend: str, *packages: str) -> None:
    """Ends a cell with one sentence, and with it a run of all cells, where a package is not installed.

    >>> needs("cargo lab setup --chapter frames", "json")
    >>> needs("cargo lab setup --chapter frames", "json", "no_such_package")
    Traceback (most recent call last):
    rust_for_ai.notebook.MissingPackage: not installed here: no_such_package; `cargo lab setup --chapter frames` installs it
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        them = "it" if len(missing) == 1 else "them"
        raise MissingPackage(f"not installed here: {', '.join(missing)}; `{mend}` installs {them}")


class MissingPackage(ImportError):
    """What a notebook imports is not there; a notebook shows the sentence and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


_SOLVE = "solve it, save, and run the cell again"


class _Missing(NotImplementedError):
    """What a cell needs was not made by the one above."""


class _NotStarted:
    def __init__(self, needs: str, advice: str, code: bool = False) -> None:
        self.needs = needs
        self.advice = advice
        self.code = code

    def __repr__(self) -> str:
        return f"NOT STARTED: this cell needs {self.needs}; {self.advice}"

    def _repr_html_(self) -> str:
        needs = f"<code>{escape(self.needs)}</code>" if self.code else escape(self.needs)
        return (
            '<div style="border-left:4px solid #8a6d00;padding:6px 12px;margin:4px 0;'
            'font-family:var(--jp-content-font-family,sans-serif)">'
            '<b style="color:#8a6d00">○ NOT STARTED</b> &nbsp;'
            f"this cell needs {needs}: {self.advice}</div>"
        )


def _show(card: _NotStarted) -> None:
    """Shows the card where there is a notebook, else its text."""
    try:
        ipython = import_module("IPython")
    except ImportError:
        print(card)
        return
    if ipython.get_ipython() is None:
        print(card)
    else:
        ipython.display.display(card)
