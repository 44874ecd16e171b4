"""Each trap springs, every time; each cure holds, also with eight threads."""

import itertools
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import pitfalls  # noqa: E402
import stuck  # noqa: E402

TEXTS = ["in the beginning", "", "was the word"]
BOOK = (Path(__file__).parents[2] / "data/kjv.txt").read_bytes()
# A Python without the lock has other traps.
gil = pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="this Python has no GIL")


def ids(texts: list[str], truncation: int) -> list[list[int]]:
    return [list(text.encode())[:truncation] for text in texts]


def during(call: Callable[[Any], Any], act: Callable[[], Any]) -> tuple[Any, Any]:
    """What a call gives that waits at a gate, and what `act` gives or raises while it waits there."""
    gate = pitfalls.Gate()
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(call, gate)
        gate.wait_for_arrival()
        acted: Any
        try:
            acted = act()
        except RuntimeError as error:
            acted = error
        gate.open()
        return under_way.result(), acted


# --- "Already borrowed" -----------------------------------------------------------------------------


def test_a_setter_is_refused_while_a_batch_is_detached() -> None:
    tokenizer = pitfalls.Tokenizer(5)
    batch, error = during(
        lambda gate: tokenizer.encode_batch(TEXTS, gate), lambda: tokenizer.set_truncation(2)
    )
    assert isinstance(error, RuntimeError) and str(error) == "Already borrowed"
    # The batch is none the worse for it, and the setter works afterwards.
    assert batch == ids(TEXTS, 5)
    tokenizer.set_truncation(2)
    assert tokenizer.encode_batch(TEXTS) == ids(TEXTS, 2)


def test_two_readers_are_not_refused() -> None:
    tokenizer = pitfalls.Tokenizer(5)
    batch, other = during(
        lambda gate: tokenizer.encode_batch(TEXTS, gate), lambda: tokenizer.encode(TEXTS[0])
    )
    assert (batch, other) == (ids(TEXTS, 5), ids(TEXTS, 5)[0])


def test_a_reader_is_refused_while_a_mutable_call_is_detached() -> None:
    tokenizer = pitfalls.Tokenizer(5)
    _, error = during(lambda gate: tokenizer.fit(TEXTS, gate), lambda: tokenizer.encode(TEXTS[0]))
    assert isinstance(error, RuntimeError) and str(error) == "Already mutably borrowed"
    assert tokenizer.encode("a" * 99) == ids(["a" * 99], 16)[0]


def test_a_frozen_class_refuses_nobody_and_one_call_sees_one_setting() -> None:
    tokenizer = pitfalls.FrozenTokenizer(5)
    batch, acted = during(
        lambda gate: tokenizer.encode_batch(TEXTS, gate),
        lambda: (tokenizer.set_truncation(2), tokenizer.encode_batch(TEXTS)),
    )
    assert acted == (None, ids(TEXTS, 2))
    assert batch == ids(TEXTS, 5)
    _, other = during(lambda gate: tokenizer.fit(TEXTS, gate), lambda: tokenizer.encode(TEXTS[0]))
    assert other == ids(TEXTS, 2)[0]
    assert tokenizer.encode("a" * 99) == ids(["a" * 99], 16)[0]


def test_eight_threads_hammer_the_frozen_class() -> None:
    """Whatever setting a batch got, all of it has that one."""
    tokenizer, settings, text = pitfalls.FrozenTokenizer(3), [3, 7, 11], "in the beginning was the word"
    allowed = [ids([text] * 5, truncation) for truncation in settings]
    start = threading.Barrier(8)

    def work(seed: int) -> set[int]:
        order, seen = random.Random(seed), set()
        start.wait()
        for _ in range(2_000):
            if order.random() < 0.3:
                tokenizer.set_truncation(order.choice(settings))
            else:
                seen.add(allowed.index(tokenizer.encode_batch([text] * 5)))
        return seen

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(work, range(8)))
    assert set.union(*seen) == {0, 1, 2}


# --- deadlocks --------------------------------------------------------------------------------------

SQUARES = """
import pitfalls
square = lambda n: n * n
print("attached, waiting")
print(pitfalls.MAP(square, [1, 2, 3]))
"""

TWO_LOCKS = """
import threading
import pitfalls
tokenizer, gate = pitfalls.CLASS(5), pitfalls.Gate()
thread = threading.Thread(target=lambda: print(tokenizer.encode_batch(["hi"], gate)))
thread.start()
gate.wait_for_arrival()
print("attached, waiting")
SETTER
thread.join()
print("joined")
"""


@gil
def test_workers_that_attach_wait_for_ever_for_an_attached_caller() -> None:
    outcome = stuck.run(SQUARES.replace("MAP", "map_attached"), pitfalls.__file__)
    assert outcome.stuck, outcome
    assert outcome.output == "attached, waiting\n"
    if stuck.PROC:
        assert outcome.where == "line 5: print(pitfalls.map_attached(square, [1, 2, 3]))"


def test_workers_that_attach_are_served_by_a_detached_caller() -> None:
    outcome = stuck.run(SQUARES.replace("MAP", "map_detached"), pitfalls.__file__)
    assert not outcome.stuck
    assert outcome.output == "attached, waiting\n[1, 4, 9]\n"


def test_eight_threads_call_python_from_workers() -> None:
    def work(seed: int) -> None:
        for size in range(50):
            items = [seed * n for n in range(size)]
            assert pitfalls.map_detached(lambda n: n + 1, items) == [n + 1 for n in items]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_the_first_item_that_fails_is_told_whichever_worker_was_faster() -> None:
    def picky(n: int) -> int:
        if n % 3 == 2:
            raise ValueError(n)
        return n

    for _ in range(50):
        with pytest.raises(ValueError, match="^2$"):
            pitfalls.map_detached(picky, list(range(40)))


@gil
def test_a_lock_that_is_held_while_the_gil_is_taken_is_a_deadlock() -> None:
    script = TWO_LOCKS.replace("CLASS", "LockedTokenizer")
    outcome = stuck.run(script.replace("SETTER", "tokenizer.set_truncation(1, gate)"), pitfalls.__file__)
    assert outcome.stuck, outcome
    assert outcome.output == "attached, waiting\n"
    if stuck.PROC:
        assert "line 9: tokenizer.set_truncation(1, gate)" in outcome.where


def test_a_lock_that_is_let_go_before_is_none() -> None:
    script = TWO_LOCKS.replace("CLASS", "FrozenTokenizer")
    setter = "tokenizer.set_truncation(1); gate.open()"
    outcome = stuck.run(script.replace("SETTER", setter), pitfalls.__file__)
    assert not outcome.stuck
    assert outcome.output == "attached, waiting\n[[104, 105]]\njoined\n"


# --- who may run meanwhile --------------------------------------------------------------------------


def naive(data: bytes) -> list[tuple[int, int]]:
    return sorted(Counter(256 * a + b for a, b in itertools.pairwise(data)).items())


@pytest.mark.parametrize("data", [b"", b"a", b"aab", bytes(range(256)) * 2, BOOK[:50_000]])
def test_pairs_are_counted(data: bytes) -> None:
    expected = naive(data)
    assert pitfalls.count_pairs_holding(data) == pitfalls.count_pairs_detached(data) == expected


class Moving:
    """A counter that a thread of Python moves as fast as it can."""

    def __enter__(self) -> Any:
        self.counter, self.going = pitfalls.Counter(), True
        self.thread = threading.Thread(target=self.move)
        self.thread.start()
        return self.counter

    def move(self) -> None:
        while self.going:
            self.counter.add()

    def __exit__(self, *error: object) -> None:
        self.going = False
        self.thread.join()


@gil
def test_nobody_moves_while_work_holds_the_gil() -> None:
    with Moving() as counter:
        for _ in range(5):
            assert pitfalls.repeat_holding(BOOK, counter, 1, 10) == (10, 0)


def test_others_move_while_work_is_detached() -> None:
    with Moving() as counter:
        for _ in range(5):
            # It ends as soon as it was seen; the limit would be reached after a minute or more.
            rounds, moved = pitfalls.repeat_detached(BOOK, counter, 100, 20_000)
            assert moved >= 100 and rounds < 20_000


# --- the one who watches ----------------------------------------------------------------------------


def test_a_script_that_fails_is_not_stuck() -> None:
    outcome = stuck.run("raise SystemExit(7)")
    assert (outcome.stuck, outcome.code) == (False, 7)


def test_a_deadlock_without_rust_is_seen() -> None:
    lock = "import threading\nlock = threading.Lock()\nlock.acquire()\nprint('attached, waiting')\nlock.acquire()"
    outcome = stuck.run(lock)
    assert outcome.stuck
    if stuck.PROC:
        assert outcome.where == "line 5: lock.acquire()"


@pytest.mark.skipif(not stuck.PROC, reason="elsewhere the two look alike")
@pytest.mark.parametrize("busy", ["pass", "time.sleep(0.01)"])
def test_a_loop_is_not_stuck(busy: str) -> None:
    with pytest.raises(TimeoutError, match="neither ended nor slept"):
        stuck.run(f"import time\nprint('attached, waiting')\nwhile True: {busy}", patience=2)
