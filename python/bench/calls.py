"""What it costs to cross the border between Python and Rust: python python/bench/calls.py

By call: a function of Python that does nothing, beside a getter and two short calls into Rust. By id: the
book's ids as a list of Python's numbers and as an array, out of Rust and into it. The contestants take turns;
printed are medians over the rounds with the quartiles, in nanoseconds. A build without optimization is refused.

    --rounds N    how many rounds (default 15)
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import rust_for_ai
from rust_for_ai import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
CALLS = 100_000


def nothing() -> None:
    pass


def per_call(call: Callable[[], object]) -> float:
    """Nanoseconds of one of many calls, without those of the loop around it."""
    many = range(CALLS)
    begin = time.perf_counter_ns()
    for _ in many:
        pass
    empty = time.perf_counter_ns()
    for _ in many:
        call()
    end = time.perf_counter_ns()
    return ((end - empty) - (empty - begin)) / CALLS


def once(call: Callable[[], object]) -> float:
    begin = time.perf_counter_ns()
    call()
    return time.perf_counter_ns() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    if options.rounds < 2:
        sys.exit("--rounds is at least 2")
    if rust_for_ai.DEBUG_BUILD:
        sys.exit("this is a build without optimization\n\nhint: `maturin develop --release`")

    gpt4 = Tokenizer.from_name("cl100k_base")
    book = (ROOT / "data/kjv.txt").read_text()
    ids, array = gpt4.encode(book), gpt4.encode_to_numpy(book)
    if ids != array.tolist() or gpt4.decode(ids) != gpt4.decode(array):
        sys.exit("the list and the array differ; nothing was timed")

    calls: dict[str, Callable[[], object]] = {
        "a function of Python that does nothing": nothing,
        "len() of a list": lambda: len(ids),
        "count(''): the way there and back": lambda: gpt4.count(""),
        "count(' hello'): one word": lambda: gpt4.count(" hello"),
    }
    whole: dict[str, Callable[[], object]] = {
        "out as a list": lambda: gpt4.encode(book),
        "out as an array": lambda: gpt4.encode_to_numpy(book),
        "in from a list": lambda: gpt4.decode_bytes(ids),
        "in from an array": lambda: gpt4.decode_bytes(array),
    }
    found: dict[str, list[float]] = {name: [] for name in [*calls, *whole, "out", "in"]}
    for _ in range(options.rounds):
        for name, call in calls.items():
            found[name].append(per_call(call))
        for name, call in whole.items():
            found[name].append(once(call) / len(ids))
        for way in ("out", "in"):
            objects, memory = (name for name in whole if name.startswith(way))
            found[way].append(found[objects][-1] - found[memory][-1])

    def line(name: str, label: str) -> None:
        low, median, high = statistics.quantiles(found[name], n=4)
        print(f"{label:42} {median:8.1f}   {low:.1f} to {high:.1f}")

    print(f"{options.rounds} rounds; {len(ids)} ids; nanoseconds, with quartiles\n\nby call")
    for name in calls:
        line(name, name)
    print("\nby id")
    for name in whole:
        line(name, name)
    line("out", "a list out costs more than an array, by")
    line("in", "a list in costs more than an array, by")


if __name__ == "__main__":
    main()
