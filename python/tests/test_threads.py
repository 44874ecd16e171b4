"""Threads, the GIL, Ctrl-C, pickles between processes, memory."""

import concurrent.futures
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

import rust_for_ai
from rust_for_ai import PreTokenCounter, Tokenizer


def test_threads_hammer_one_tokenizer(cl100k, nasty, book):
    """Short and long calls of every kind at once: each gives what it gives alone, and none fails."""
    texts = [*nasty[:200], book[:5_000], book[:300_000]]
    expected = [cl100k.encode(text) for text in texts]
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        order = random.Random(seed)
        try:
            for _ in range(150):
                at = order.randrange(len(texts))
                kind = order.randrange(6)
                if kind == 0:
                    assert cl100k.encode(texts[at]) == expected[at]
                elif kind == 1:
                    assert cl100k.encode_to_numpy(texts[at]).tolist() == expected[at]
                elif kind == 2:
                    assert cl100k.decode(expected[at]) == texts[at]
                elif kind == 3:
                    some = slice(at, at + 5)
                    assert cl100k.encode_batch(texts[some]) == expected[some]
                elif kind == 4:
                    assert cl100k.count(texts[at]) == len(expected[at])
                else:
                    assert cl100k == Tokenizer.from_name("cl100k_base") and hash(cl100k)
        except BaseException as failure:  # noqa: BLE001
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def test_threads_count_into_one_counter(book):
    verses = book.splitlines()[:2_000]
    counter, alone = PreTokenCounter(), PreTokenCounter()
    alone.update(verses)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(counter.update, verses))
    assert counter == alone

    def both(pair):
        a, b = pair
        for _ in range(50):
            assert (a == b) in (True, False)
            a.merge(PreTokenCounter())
            len(b)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(both, [(counter, alone), (alone, counter)] * 4))


def beats_during(call) -> tuple[int, float]:
    """How often a thread of Python moved while a call ran, and how long it ran, in seconds."""
    beats, going = 0, True

    def beat() -> None:
        nonlocal beats
        while going:
            time.sleep(0.001)
            beats += 1

    thread = threading.Thread(target=beat)
    thread.start()
    begin, before = time.perf_counter(), beats
    call()
    took, during = time.perf_counter() - begin, beats - before
    going = False
    thread.join()
    return during, took


def test_others_move_during_long_calls(cl100k, book, tmp_path):
    long = book * 4
    verses = book.splitlines()
    counter = PreTokenCounter()
    counter.update(verses)
    ids = cl100k.encode_to_numpy(long)
    whole = Tokenizer.train([book[:20_000]], 300, pattern=None)
    calls = {
        "encode_to_numpy": lambda: cl100k.encode_to_numpy(long),
        "count": lambda: cl100k.count(long),
        "batch": lambda: cl100k.encode_batch_arrow([book] * 4),
        "train": lambda: rust_for_ai.train_from_counts(counter, 3_000),
        "update": lambda: counter.update([book] * 4),
        "one sequence": lambda: whole.encode_to_numpy(book[:400_000]),
        "decode": lambda: cl100k.decode_bytes(ids),
        "one word": lambda: cl100k.count("a" * 3_000_000),
    }
    for name, call in calls.items():
        beats, took = beats_during(call)
        # A beat takes a millisecond and more; on a busy machine much more.
        assert beats >= took * 1_000 / 40, f"{name}: {beats} beats in {took:.3f} s"


def test_a_call_that_holds_the_gil_is_found():
    """The test above can fail: sorting is one step of Python's."""
    numbers = [(n * 7_919) % 1_000_003 for n in range(3_000_000)]
    beats, took = beats_during(numbers.sort)
    assert beats < took * 1_000 / 40


SIGINT = """
import os, signal, sys, threading, time
from rust_for_ai import Tokenizer, PreTokenCounter, train_from_counts
book = open(sys.argv[1]).read()
gpt4 = Tokenizer.from_name("cl100k_base")
counter = PreTokenCounter(); counter.update([book])
{setup}
sent = None
def interrupt():
    global sent
    time.sleep(0.3)
    sent = time.perf_counter()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    {call}
except KeyboardInterrupt:
    print("after", time.perf_counter() - sent)
    # It goes on working.
    assert gpt4.decode(gpt4.encode("still here")) == "still here"
else:
    print("finished")
"""

LONG_CALLS = {
    "encode": ("", "gpt4.encode(book * 100)"),
    "numpy": ("", "gpt4.encode_to_numpy(book * 100)"),
    "count": ("", "gpt4.count(book * 100)"),
    "batch": ("texts = [book] * 200", "gpt4.encode_batch_arrow(texts)"),
    "one word": ("", "gpt4.count('ab' * 30_000_000)"),
    "train": ("", "Tokenizer.train([book] * 30, 30_000)"),
    "train from counts": (
        "import random\nr = random.Random(0)\n"
        "counter.update([''.join(chr(r.randrange(0x4e00, 0x9fff)) for _ in range(2_000_000))])",
        "train_from_counts(counter, 100_000)",
    ),
    "update": ("", "counter.update([book] * 200)"),
    "one sequence": ("", "Tokenizer.train([book], 20_000, pattern=None)"),
}


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("name", LONG_CALLS)
def test_ctrl_c_stops_a_long_call(name):
    from conftest import ROOT

    setup, call = LONG_CALLS[name]
    code = SIGINT.replace("{setup}", setup).replace("{call}", call)
    run = [sys.executable, "-c", code, str(ROOT / "data/kjv.txt")]
    out = subprocess.run(run, capture_output=True, text=True, timeout=120)
    assert out.returncode == 0, out.stderr
    word, *seconds = out.stdout.split()
    assert word == "after", f"the call was not long enough: {out.stdout}"
    assert float(seconds[0]) < 0.5


def encode_elsewhere(job):
    tokenizer, text = job
    return tokenizer.encode(text)


def test_tokenizers_travel_to_other_processes(gpt2, nasty):
    small = Tokenizer.train([" ".join(nasty)], 500)
    jobs = [(tokenizer, text) for tokenizer in (gpt2, small) for text in nasty[::40]]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(encode_elsewhere, jobs) == [t.encode(text) for t, text in jobs]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_threads_of_its_own(gpt2, book):
    texts = book.splitlines()[:3_000]
    expected = gpt2.encode_batch(texts)
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        same = gpt2.encode_batch(texts) == expected and gpt2.encode(book[:500_000])
        counter = PreTokenCounter()
        counter.update(texts)
        os._exit(0 if same and len(counter) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert gpt2.encode_batch(texts) == expected


def resident() -> int:
    """Bytes that this process has in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux")
def test_memory_is_flat_over_a_million_calls(gpt2):
    text, ids = "Hello, world! <tag>", gpt2.encode("Hello, world!")
    array = gpt2.encode_to_numpy("Hello, world!")

    def some(times: int) -> None:
        for _ in range(times):
            gpt2.encode(text)
            gpt2.encode_to_numpy(text)
            gpt2.count(text, disallowed_special=())
            gpt2.decode(ids)
            gpt2.decode(array)
            gpt2.encode_with_offsets(text)
            try:
                gpt2.encode("<|endoftext|>")
            except ValueError:
                pass
            try:
                gpt2.decode([-1])
            except ValueError:
                pass

    some(5_000)
    before = resident()
    some(125_000)
    assert resident() - before < 4_000_000


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux")
def test_memory_is_flat_over_long_calls(cl100k, book):
    pa = pytest.importorskip("pyarrow")
    text = book[:400_000]
    column = pa.array(text.splitlines())

    def some(times: int) -> None:
        for _ in range(times):
            ids = cl100k.encode_to_numpy(text)
            cl100k.decode_bytes(ids)
            pa.array(cl100k.encode_batch_arrow(column))
            cl100k.encode(text)

    some(30)
    before = resident()
    some(150)
    assert resident() - before < 20_000_000


def test_a_panic_is_a_runtime_error():
    for in_a_thread in (False, True):
        with pytest.raises(RuntimeError, match="as asked(.|\n)*please report"):
            rust_for_ai._rust_for_ai._panic(in_a_thread)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_handler_that_raises_something_else_is_heard(cl100k, book):
    class Alarm(Exception):
        pass

    def handler(number, frame):
        # Re-entrance: the same tokenizer, from within a call of it.
        assert cl100k.encode("inside") == [42450]
        raise Alarm

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Alarm):
            for _ in range(100):
                cl100k.count(book * 20)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
