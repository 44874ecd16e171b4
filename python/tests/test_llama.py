"""The class `Llama`, with the small model of data/. Left out where the build has none."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from conftest import ROOT

import rust_for_ai
from rust_for_ai import Tokenizer

if not rust_for_ai.HAS_LLAMA:
    pytest.skip("this build has no Llama", allow_module_level=True)

from rust_for_ai import Llama

PROMPT = "In the beginning God created the heaven"


@pytest.fixture(scope="module")
def model() -> Llama:
    return Llama.load(ROOT / "data/tiny.gguf")


def test_it_says_what_it_is(model):
    assert "Llama" in repr(model) and model.n_vocab == model.tokenizer.n_vocab == 1024
    assert model.tokenizer == Tokenizer.from_gguf(ROOT / "data/tiny.gguf")
    assert model.context >= 64


def test_logits_by_part_and_by_whole_agree(model):
    ids = model.prompt_ids(PROMPT)
    last, every = model.logits(ids), model.logits(np.array(ids, dtype=np.uint32), every=True)
    assert last.shape == (model.n_vocab,) and last.dtype == np.float32
    assert every.shape == (len(ids), model.n_vocab) and every.dtype == np.float32
    np.testing.assert_allclose(every[-1], last, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(every[2], model.logits(ids[:3]), rtol=1e-3, atol=1e-3)
    assert np.isfinite(every).all()


def test_the_most_probable_answer_is_that_of_the_logits(model):
    text = model.generate(PROMPT, max_tokens=12, temperature=0)
    ids = model.prompt_ids(PROMPT)
    made = []
    for _ in range(12):
        made.append(int(model.logits(ids + made).argmax()))
    expected = model.tokenizer.decode_bytes(model.prompt_ids(PROMPT) + made).decode(errors="replace")
    assert expected.endswith(text) and text


def test_a_stream_joins_to_the_answer(model):
    for settings in ({"temperature": 0}, {"seed": 7}, {"seed": 7, "top_k": 5, "repeat_penalty": 1.3}):
        parts = list(model.stream(PROMPT, max_tokens=30, **settings))
        text = model.generate(PROMPT, max_tokens=30, **settings)
        assert "".join(parts) == text and all(parts)
    assert model.generate(PROMPT, max_tokens=20, seed=1) != model.generate(PROMPT, max_tokens=20, seed=2)


def test_an_answer_ends_as_asked(model):
    whole = model.generate(PROMPT, max_tokens=40, temperature=0)
    word = whole.split()[3]
    stream = model.stream(PROMPT, max_tokens=40, temperature=0, stop=word)
    assert stream.finish_reason is None
    assert "".join(stream) == whole[: whole.index(word)] and stream.finish_reason == "stop"
    stream = model.stream(PROMPT, max_tokens=3, temperature=0)
    assert whole.startswith("".join(stream)) and stream.finish_reason == "length"
    assert list(stream) == [] and model.generate(PROMPT, max_tokens=0) == ""
    # To the end of the context.
    long = model.stream("the " * (model.context // 2), temperature=0)
    assert "".join(long) is not None and long.finish_reason in ("stop", "length")


def test_threads_generate_at_once(model):
    expected = [model.generate(PROMPT, max_tokens=20, seed=seed) for seed in range(4)]
    got: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=n: got.update({n: model.generate(PROMPT, max_tokens=20, seed=n)}))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [got[n] for n in range(4)] == expected


def test_others_move_while_it_generates(model):
    from test_threads import beats_during

    beats, took = beats_during(lambda: model.generate(PROMPT, max_tokens=200, temperature=0))
    assert beats >= took * 1_000 / 40


def test_ctrl_c_stops_an_answer():
    from test_threads import SIGINT

    setup = f"from rust_for_ai import Llama\nmodel = Llama.load({str(ROOT / 'data/tiny.gguf')!r})"
    for call in ("while True: model.generate('the', temperature=0)", "while True: list(model.stream('the'))"):
        code = SIGINT.replace("{setup}", setup).replace("{call}", call)
        run = [sys.executable, "-c", code, str(ROOT / "data/kjv.txt")]
        out = subprocess.run(run, capture_output=True, text=True, timeout=120)
        assert out.returncode == 0, out.stderr
        word, seconds = out.stdout.split()
        assert word == "after" and float(seconds) < 0.5


BAD = [
    (lambda m: Llama(), TypeError, "Llama.load"),
    (lambda m: Llama.load("no/such"), FileNotFoundError, "no/such"),
    (lambda m: Llama.load(5), TypeError, "path is a `int`"),
    (lambda m: Llama.load(ROOT), IsADirectoryError, "irectory"),
    (lambda m: Llama.load(ROOT / "data/kjv.txt"), ValueError, "GGUF"),
    (lambda m: Llama.load(ROOT / "data/tiny.gguf", template="x"), ValueError, "x"),
    (lambda m: m.generate(5), TypeError, "prompt is a `int`"),
    (lambda m: m.generate(["x"]), (TypeError, ValueError), ""),
    (lambda m: m.generate("\ud800"), UnicodeEncodeError, "surrogates"),
    (lambda m: m.generate("the " * 100_000), ValueError, "the context"),
    (lambda m: m.generate("x", max_tokens=-1), ValueError, "max_tokens is -1"),
    (lambda m: m.generate("x", max_tokens="5"), TypeError, "max_tokens is a `str`"),
    (lambda m: m.generate("x", temperature=-1), ValueError, "temperature is -1"),
    (lambda m: m.generate("x", temperature=float("nan")), ValueError, "temperature is NaN"),
    (lambda m: m.generate("x", temperature="hot"), TypeError, "temperature is a `str`"),
    (lambda m: m.generate("x", top_p=1.5), ValueError, "top-p is 1.5"),
    (lambda m: m.generate("x", top_k=-5), ValueError, "top_k is -5"),
    (lambda m: m.generate("x", seed=-1), ValueError, "seed is -1"),
    (lambda m: m.generate("x", stop=[""]), ValueError, ""),
    (lambda m: m.generate("x", stop=[5]), TypeError, "stop[0] is a `int`"),
    (lambda m: m.logits([]), ValueError, "no ids"),
    (lambda m: m.logits([5_000]), ValueError, "id 5000 at index 0"),
    (lambda m: m.logits([1] * 300 + [5_000]), ValueError, "index 300"),
    (lambda m: m.logits([1] * 100_000), ValueError, "context is full"),
    (lambda m: m.logits([1] * 100_000, every=True), ValueError, "context is full"),
    (lambda m: m.logits("text"), TypeError, "ids is a `str`"),
    (lambda m: m.logits([-1]), ValueError, "ids[0] is -1"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_a_bad_call_says_what_to_do(model, number):
    call, kind, words = BAD[number]
    with pytest.raises(kind) as caught:
        call(model)
    assert words in str(caught.value), str(caught.value)
    assert "a mistake in rust_for_ai" not in str(caught.value)


MESSAGES = [
    (5, TypeError, "prompt[0] is a `int`, expected a `dict`"),
    ({"role": "user"}, ValueError, "prompt[0] has no 'content'"),
    ({"role": "robot", "content": "x"}, ValueError, "prompt[0]['role'] is 'robot'"),
    ({"role": "user", "content": 5}, TypeError, "prompt[0]['content'] is a `int`"),
]


@pytest.mark.parametrize("message, kind, words", MESSAGES)
def test_messages_are_checked(message, kind, words):
    model = Llama.load(ROOT / "data/tiny.gguf", template="zephyr")
    with pytest.raises(kind) as caught:
        model.generate([message])
    assert words in str(caught.value)


def test_a_stream_belongs_to_one_thread_at_a_time(model):
    stream = model.stream(PROMPT, max_tokens=150, temperature=0)
    got, failures = [], []

    def read():
        try:
            got.extend(stream)
        except ValueError as error:
            failures.append(str(error))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("another thread" in failure for failure in failures)
    assert len("".join(got)) > 0
