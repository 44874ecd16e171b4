"""A race of tokenizers on the book, with GPT-4's vocabulary: python python/bench/race.py

Equality first: all give the same ids for the whole book, or nothing is timed. Then the book is cut into parts.
Each round takes a part that nobody has seen before, and all contestants encode it, one after the other, in
an order that is shuffled anew, on one thread. So load from elsewhere and what the processor remembers meet
all alike. Printed are medians over the rounds with the quartiles, in megabytes a second, and ratios as medians
of the rounds' own ratios. A build without optimization is refused.

    --rounds N    how many parts (default 16)
    --without X   leave out a contestant (`pure` takes nearly all of the time)
    --save PATH   write all numbers as JSON
    --bars        exit with 1 if a bar is missed
    --equality    compare the ids, and time nothing
"""

import argparse
import hashlib
import json
import os
import platform
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import rust_for_ai
from rust_for_ai import Tokenizer, _rust_for_ai

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))
from conftest import CL100K_PATTERN, CL100K_SPECIALS, ROOT, ranks  # noqa: E402

# (what, of whom, at least so many times, whom)
BARS = [
    ("list", 3, "tiktoken"),
    ("list", 100, "pure"),
    # For honesty and without a bar.
    ("list", 0, "pure, lean"),
    ("list", 0, "pure, with look-up"),
    ("numpy", 0.9, "native"),
]
TWO_THREADS = 1.7
# What two threads must gain for hashes of the standard library, or the machine has no two processors to
# give, and a round says nothing about us.
CONTROL = 1.8


def own() -> Tokenizer:
    """GPT-4's vocabulary in tables and caches of its own, which no other contestant has warmed."""
    return _rust_for_ai._restore_tokenizer(SAVED)


def saved() -> bytes:
    lines = [
        "rust_for_ai tokenizer 1\npattern cl100k\n",
        *(f"special {id} {token}\n" for token, id in CL100K_SPECIALS.items()),
        "ranks 100256\n",
    ]
    import gzip

    file = gzip.decompress((ROOT / "data/cl100k_base.tiktoken.gz").read_bytes())
    return "".join(lines).encode() + file


SAVED = saved()


def contestants(without: list[str]) -> dict[str, Callable[[str], object]]:
    """What encodes a text, by name."""
    vocabulary = ranks("cl100k_base")
    for_lists, for_arrays, for_native = own(), own(), own()
    found: dict[str, Callable[[str], object]] = {
        "native": lambda text: _rust_for_ai._native_seconds(for_native, text),
        "numpy": for_arrays.encode_to_numpy,
        "list": for_lists.encode,
    }
    if "tiktoken" not in without:
        import tiktoken

        theirs = tiktoken.Encoding(
            "cl100k_base",
            pat_str=CL100K_PATTERN,
            mergeable_ranks=vocabulary,
            special_tokens=CL100K_SPECIALS,
        )
        found["tiktoken"] = theirs.encode
    if "pure" not in without:
        import pure

        found["pure"] = pure.Encoding(vocabulary, CL100K_PATTERN).encode
        found["pure, lean"] = pure.Encoding(vocabulary, CL100K_PATTERN, "lean").encode
        found["pure, with look-up"] = pure.Encoding(vocabulary, CL100K_PATTERN, "look_up").encode
    return found


def seconds(encode: Callable[[str], object], text: str) -> float:
    begin = time.perf_counter()
    result = encode(text)
    took = time.perf_counter() - begin
    # The native call has a clock of its own, so that nothing of Python's is in it.
    return result[0] if isinstance(result, tuple) else took


def equality(all_of_them: dict[str, Callable[[str], object]], text: str) -> int:
    expected = Tokenizer.from_name("cl100k_base").encode(text)
    for name, encode in all_of_them.items():
        result = encode(text)
        if isinstance(result, tuple):
            same = result[1] == len(expected)
        else:
            same = list(result) == expected  # type: ignore[call-overload]
        if not same:
            sys.exit(f"{name} gives other ids; nothing was timed")
    return len(expected)


def gained(way: Callable[[str], object], halves: list[str]) -> float:
    """How many times the throughput of one thread two threads have."""
    begin = time.perf_counter()
    for part in halves:
        way(part)
    one = time.perf_counter() - begin
    threads = [threading.Thread(target=way, args=(part,)) for part in halves]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return one / (time.perf_counter() - begin)


def two_threads(text: str, rounds: int) -> dict[str, list[float]]:
    """What two threads gain, in rounds in which the machine had two processors, before and after."""
    half = len(text) // 2
    halves = [text[:half], text[half:]]
    tokenizer = own()
    data = {half: half.encode() for half in halves}
    control = lambda half: [hashlib.sha256(data[half]).digest() for _ in range(6)]  # noqa: E731
    ways = {"numpy": tokenizer.encode_to_numpy, "count": tokenizer.count, "list": tokenizer.encode}
    found: dict[str, list[float]] = {"control": [], **{name: [] for name in ways}}
    for _ in range(rounds):
        before = gained(control, halves)
        for name, way in ways.items():
            gain = gained(way, halves)
            after = gained(control, halves)
            found["control"].append(after)
            if min(before, after) >= CONTROL:
                found[name].append(gain)
            before = after
    return found


def spread(values: list[float]) -> tuple[float, float, float]:
    """The median between the quartiles."""
    low, median, high = statistics.quantiles(values, n=4)
    return low, median, high


def machine() -> dict[str, str]:
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        for line in open("/proc/cpuinfo"):
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    said = {"processor": model, "processors": str(os.cpu_count()), "python": platform.python_version()}
    for name in ("rust_for_ai", "tiktoken", "numpy", "regex"):
        try:
            said[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--without", action="append", default=[], choices=["pure", "tiktoken"])
    parser.add_argument("--save", type=Path)
    parser.add_argument("--bars", action="store_true")
    parser.add_argument("--equality", action="store_true")
    options = parser.parse_args()
    if options.rounds < 2:
        sys.exit("--rounds is at least 2")
    if rust_for_ai.DEBUG_BUILD:
        sys.exit("this is a build without optimization\n\nhint: `maturin develop --release`")

    book = (ROOT / "data/kjv.txt").read_text()
    count = equality(contestants(options.without), book)
    print(f"all give the same {count} ids for the book of {len(book.encode())} bytes\n")
    if options.equality:
        return

    # New ones: those above have seen the book.
    racers = contestants(options.without)
    width = -(-len(book) // options.rounds)
    speeds: dict[str, list[float]] = {name: [] for name in racers}
    order = random.Random(0)
    for first in range(0, len(book), width):
        part = book[first : first + width]
        names = list(racers)
        order.shuffle(names)
        for name in names:
            speeds[name].append(len(part.encode()) / seconds(racers[name], part) / 1e6)

    said = machine()
    print(", ".join(f"{key} {value}" for key, value in said.items()))
    print(f"one thread, {options.rounds} rounds, each a fresh part of {width} characters\n")
    print("                      MB/s   quartiles")
    for name, values in speeds.items():
        low, median, high = spread(values)
        print(f"{name:18} {median:7.2f}   {low:.2f} to {high:.2f}")
    print()

    missed = []

    def bar(what: str, values: list[float], least: float) -> None:
        low, median, high = spread(values)
        word = f"bar {least}: " + ("met" if median >= least else "MISSED") if least else "no bar"
        print(f"{what:30} {median:7.2f} times ({low:.2f} to {high:.2f}), {word}")
        if median < least:
            missed.append(what)

    for who, least, whom in BARS:
        if who in speeds and whom in speeds:
            bar(f"{who} over {whom}", [a / b for a, b in zip(speeds[who], speeds[whom])], least)
    threads = two_threads(book * 2, max(options.rounds, 5))
    low, median, high = spread(threads["control"])
    print(f"{'two threads, hashes':30} {median:7.2f} times ({low:.2f} to {high:.2f}): what the machine gives")
    for name, values in threads.items():
        if name == "control":
            continue
        if len(values) < 5:
            # Neither met nor missed.
            print(f"two threads, {name}: no measure, the machine had two processors in {len(values)} rounds")
        else:
            # The list is built under the GIL.
            bar(f"two threads, {name}", values, 0 if name == "list" else TWO_THREADS)
    if options.save:
        options.save.parent.mkdir(parents=True, exist_ok=True)
        options.save.write_text(json.dumps({"machine": said, "speeds": speeds, "threads": threads}, indent=1))
    if missed and options.bars:
        sys.exit(1)


if __name__ == "__main__":
    main()
