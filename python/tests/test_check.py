"""The checks from Python: right answers pass, wrong ones are recognised, broken ones get a verdict that says why."""

import functools
import importlib.util
import json
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy
import pytest

import check_answers
import rust_for_ai._rust_for_ai as compiled
from rust_for_ai import check

ROOT = Path(__file__).resolve().parents[2]


def tree(name, chapter="bpe"):
    """The module of a tree's answers to a chapter."""
    path = ROOT / name / "python" / f"{chapter}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_{chapter}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bpe = tree("solutions")
llama = tree("solutions", "llama")
ANSWERS = {"bpe": bpe, "real_tokenizers": check_answers, "llama": llama}

# Where an answer is a type, or has another name than its stage.
NAMES = {
    "bpe.bytes": bpe.bytes_of,
    "bpe.encode_decode": bpe.Tokenizer,
    "real_tokenizers.load_tiktoken": check_answers.Tiktoken.load,
    "real_tokenizers.sentencepiece": check_answers.SentencePiece,
    "llama.kv_cache": llama.KvCache,
    "llama.stream_utf8": llama.Utf8Stream,
}
CHAPTERS = ("bpe", "real_tokenizers", "llama")
STAGES = [id for id in compiled._stages() if id.split(".")[0] in CHAPTERS and id not in check.NOT_IN_PYTHON]


def function_of(stage):
    chapter, name = stage.split(".")
    return getattr(getattr(check, chapter), name)


def right_answer(stage):
    chapter, name = stage.split(".")
    return NAMES.get(stage) or getattr(ANSWERS[chapter], name)


def test_every_stage_has_a_check_or_a_reason():
    for id in compiled._stages():
        chapter, name = id.split(".")
        has = hasattr(check, chapter) and hasattr(getattr(check, chapter), name)
        assert has != (id in check.NOT_IN_PYTHON), f"{id}: a check in Python, or a reason in `NOT_IN_PYTHON`"
    assert set(check.NOT_IN_PYTHON) < set(compiled._stages())
    for chapter in CHAPTERS:
        module = getattr(check, chapter)
        for name in module.__all__:
            if f"{chapter}.{name}" in compiled._stages():
                assert (getattr(module, name).__doc__ or "").startswith("Grades "), f"{chapter}.{name}"


@pytest.mark.parametrize("stage", STAGES)
def test_right_answers_pass(stage):
    verdict = function_of(stage)(right_answer(stage))
    assert verdict.passed, verdict
    assert (verdict.state, verdict.stage) == ("PASSING", stage)
    assert verdict.cases > 5 and verdict.case is None and verdict.misconceptions == []


class Nothing:
    """Whatever a stage asks of an object, this gives `None`."""

    def __init__(self, *_): ...

    def __len__(self):
        return 0

    def encode(self, *_): ...

    def push(self, *_): ...

    def keys(self, *_): ...


@pytest.mark.parametrize("stage", STAGES)
def test_what_returns_nothing_fails_and_says_so(stage):
    verdict = function_of(stage)(Nothing if isinstance(right_answer(stage), type) else lambda *_: None)
    assert verdict.state == "FAILING"
    # `None` is a reply of two, and of a function that changes what it was given.
    if stage in ("bpe.best_pair", "llama.dequantize"):
        assert verdict.got == "None"
    elif stage == "llama.chat":
        assert verdict.got.startswith("history []")
    elif stage == "real_tokenizers.load_tiktoken":
        assert verdict.expected == "raises RanksError(line=1, problem=Malformed)"
    else:
        assert verdict.got.startswith("returned None (is a `return` missing?), expected "), verdict


# --- wrong answers ----------------------------------------------------------------------------------


def pairs(ids):
    return list(zip(ids, ids[1:]))


class Flawed(bpe.Tokenizer):
    """A tokenizer whose parts a subclass spoils."""


class Lossy(Flawed):
    def decode(self, ids):
        super().decode([id for id in ids if id >= len(self.vocabulary)])
        for position, id in enumerate(ids):
            if id >= len(self.vocabulary):
                raise check.errors.UnknownToken(position, id)
        return b"".join(self.vocabulary[id] for id in ids).decode(errors="replace")


class SkipsUnknown(Flawed):
    def decode(self, ids):
        return super().decode([id for id in ids if id < len(self.vocabulary)])


class FromOne(Flawed):
    def decode(self, ids):
        try:
            return super().decode(ids)
        except check.errors.UnknownToken as error:
            raise check.errors.UnknownToken(error.position + 1, error.id) from None


class BytesOnly(Flawed):
    def encode(self, text):
        return list(text.encode())


def first_only(ids, pair, new):
    for at, here in enumerate(pairs(ids)):
        if here == pair:
            return [*ids[:at], new, *ids[at + 2 :]]
    return ids


def forgets_the_last(ids, pair, new):
    out, i = [], 0
    while i + 1 < len(ids):
        here = (ids[i], ids[i + 1]) == pair
        out.append(new if here else ids[i])
        i += 2 if here else 1
    return out


def train_of(text, size, start=256, chars=False):
    ids, merges = ([ord(c) for c in text] if chars else list(text.encode())), []
    for new in range(start, start + max(0, size - 256)):
        if (pair := bpe.best_pair(bpe.pair_counts(ids))) is None:
            break
        ids = bpe.merge(ids, pair, new)
        merges.append(pair)
    return merges


class EmptyFork(llama.KvCache):
    def fork(self):
        return EmptyFork(len(self.layers))


class TokenByToken:
    def push(self, token):
        return token.decode(errors="replace")

    def finish(self):
        return ""


def added(form, numbers, data):
    """The numbers of Q4_0 without the 8 that goes off each integer."""
    if form != "Q4_0":
        return numbers
    scales = [struct.unpack("<e", data[at : at + 2])[0] for at in range(0, len(data), 18)]
    return [number + 8 * scales[at // 32] for at, number in enumerate(numbers)]


def scaled(query, heads):
    return [number * (len(query) // heads) ** 0.5 for number in query]


WRONG = [
    ("bpe.bytes", "chars", lambda text: [ord(c) for c in text]),
    ("bpe.bytes", "trimmed", lambda text: list(text.strip().encode())),
    ("bpe.bytes", "ascii_only", lambda text: list(text.encode("ascii", errors="ignore"))),
    ("bpe.pair_counts", "presence", lambda ids: dict.fromkeys(pairs(ids), 1)),
    ("bpe.pair_counts", "non_overlapping", lambda ids: Counter(zip(ids[::2], ids[1::2]))),
    ("bpe.pair_counts", "reversed", lambda ids: Counter((b, a) for a, b in pairs(ids))),
    ("bpe.best_pair", "no_tie_rule_either", lambda counts: max(counts, key=counts.get, default=None)),
    ("bpe.best_pair", "smallest_pair", lambda counts: min(counts, default=None)),
    ("bpe.best_pair", "largest_on_ties", lambda counts: max(counts, key=lambda pair: (counts[pair], pair), default=None)),
    ("bpe.merge", "first_only", first_only),
    ("bpe.merge", "drops_last", forgets_the_last),
    ("bpe.train", "ids_from_257", functools.partial(train_of, start=257)),
    ("bpe.train", "ids_from_zero", functools.partial(train_of, start=0)),
    ("bpe.train", "chars", functools.partial(train_of, chars=True)),
    ("bpe.encode_decode", "lossy", Lossy),
    ("bpe.encode_decode", "skips_unknown", SkipsUnknown),
    ("bpe.encode_decode", "position_from_one", FromOne),
    ("bpe.encode_decode", "bytes_only", BytesOnly),
    ("real_tokenizers.pretokenize_gpt2", "drops_spaces", str.split),
    ("real_tokenizers.special_tokens", "disallowed_is_text", lambda t, yes, no: check_answers.special_tokens(t, yes, [])),
    ("real_tokenizers.train_incremental", "recounts", check_answers.train_word_counts),
    ("real_tokenizers.repair_byte_table", "mended_by_offset", lambda: [chr(0x1AD) if b == 0xAD else c for b, c in enumerate(as_found())]),
    ("real_tokenizers.repair_byte_table", "as_found", lambda: as_found()),
    ("llama.rms_norm", "no_epsilon", lambda x, w, _: divided(x, w, 0.0)),
    ("llama.dequantize", "no_minus_8", lambda form, data: added(form, llama.dequantize(form, data), data)),
    ("llama.attention", "no_scale", lambda q, k, v, h, g, p: llama.attention(scaled(q, h), k, v, h, g, p)),
    ("llama.kv_cache", "empty_fork", EmptyFork),
    ("llama.stream_utf8", "token_by_token", TokenByToken),
    ("llama.rope", "halves", lambda v, p, b: interleaved(llama.rope(halved(v), p, b))),
]


def as_found():
    others = iter(range(0x100, 0x200))
    return [chr(b) if b >= 0xA1 or 0x21 <= b <= 0x7E else chr(next(others)) for b in range(256)]


def divided(x, weight, epsilon):
    root = (sum(n * n for n in x) / len(x) + epsilon) ** 0.5
    return [n / root * w if root else float("nan") for n, w in zip(x, weight)]


def halved(v):
    half = len(v) // 2
    return [n for both in zip(v[:half], v[half:]) for n in both]


def interleaved(v):
    return v[::2] + v[1::2]


@pytest.mark.parametrize(("stage", "misconception", "answer"), WRONG)
def test_wrong_answers_are_recognised(stage, misconception, answer):
    verdict = function_of(stage)(answer)
    assert verdict.state == "FAILING"
    assert misconception in verdict.misconceptions, verdict
    assert f"(misconception: {misconception})" in str(verdict)


# --- broken answers ---------------------------------------------------------------------------------


def raises(error):
    def answer(*_):
        raise error

    return answer


def dict_with(key, value):
    return lambda ids: {key: value}


BROKEN = [
    ("bpe.pair_counts", lambda ids: [1], "returned a list of int, expected dict[tuple[int, int], int]"),
    ("bpe.pair_counts", dict_with((1, 2), "3"), "at key (1, 2): got the str '3', expected an int from 0 on"),
    ("bpe.pair_counts", dict_with("ab", 1), "the key 'ab': got the str 'ab', expected tuple[int, int]"),
    ("bpe.pair_counts", dict_with((1, 2), -1), "at key (1, 2): got the int -1, expected an int from 0 on"),
    ("bpe.pair_counts", lambda ids: set(), "an object of the type set"),
    ("bpe.bytes", lambda text: text.encode(), "returned bytes, expected list[int]"),
    ("bpe.bytes", lambda text: (byte for byte in text.encode()), "a generator (`list(…)` makes a list of it)"),
    ("bpe.bytes", lambda text: map(int, []), "a map (`list(…)` makes a list of it)"),
    ("bpe.bytes", lambda text: [2**64], "at index 0: got the int 18446744073709551616, expected an int from 0 to 4294967295"),
    ("bpe.bytes", lambda text: [10**5000], "at index 0: got"),
    ("bpe.bytes", lambda text: [True], "at index 0: got the bool True"),
    ("bpe.bytes", lambda text: [1.0], "at index 0: got the float 1.0"),
    ("bpe.bytes", lambda text: [None], "at index 0: got None"),
    ("bpe.best_pair", lambda counts: (1, 2, 3), "returned a tuple of int, expected tuple[int, int]"),
    ("bpe.merge", lambda ids: ids, "raised TypeError: <lambda>() takes 1 positional argument but 3 were given"),
    ("bpe.merge", raises(ValueError("no")), "raised ValueError: no"),
    ("bpe.merge", raises(SystemExit(3)), "raised SystemExit: 3"),
    ("bpe.merge", raises(MemoryError()), "raised MemoryError"),
    ("bpe.merge", raises(GeneratorExit()), "raised GeneratorExit"),
    ("bpe.encode_decode", lambda merges: object(), "raised AttributeError: 'object' object has no attribute 'encode'"),
    ("bpe.encode_decode", object, "raised TypeError: object() takes no arguments"),
    ("bpe.encode_decode", type("T", (bpe.Tokenizer,), {"decode": lambda self, ids: "\ud800"}), "expected a str without lone surrogates"),
    ("real_tokenizers.special_tokens", lambda *_: [("word", "a")], "at index 0, at index 0: got the str 'word', expected \"text\" | \"special\""),
    ("real_tokenizers.train_word_counts", lambda *_: [(1, 2)], "at index 0, at index 0: got the int 1, expected a Symbol"),
    ("real_tokenizers.repair_byte_table", lambda: ["ab"] * 256, "at index 0: got the str 'ab', expected a str of one character"),
    ("llama.rms_norm", lambda x, w, e: ["1"], "at index 0: got the str '1', expected a float"),
    ("llama.gguf", lambda file: ([("k", ("Word", 1))], []), "expected a Value"),
    ("llama.forward", lambda weights, cache, ids: weights.product("blk.0.attn_q", [1.0]), "raised ValueError: AttnQ(0) takes 4 numbers, got 1"),
    ("llama.forward", lambda weights, cache, ids: weights.norm("nothing"), "raised ValueError: the model has no norm `nothing`"),
]


@pytest.mark.parametrize(("stage", "answer", "said"), BROKEN)
def test_broken_answers_fail_and_say_how(stage, answer, said, capfd):
    verdict = function_of(stage)(answer)
    assert verdict.state == "FAILING"
    assert said in verdict.got, verdict
    assert capfd.readouterr() == ("", ""), "a check prints nothing"


def test_an_exception_shows_the_learners_line():
    def inner(ids):
        return ids[len(ids)]  # the line

    verdict = check.bpe.merge(lambda ids, pair, new: inner(ids))
    assert "raised IndexError: list index out of range\nin " in verdict.got
    assert "in inner\n    return ids[len(ids)]  # the line" in verdict.got


def test_a_recursion_without_end_fails():
    def answer(text):
        return answer(text)

    verdict = check.bpe.bytes(answer)
    assert "raised RecursionError" in verdict.got and "return answer(text)" in verdict.got


def test_an_async_function_is_told_apart(recwarn):
    async def answer(text):
        return []

    assert "a coroutine (the function is `async`)" in check.bpe.bytes(answer).got
    assert not recwarn.list


def test_what_is_no_function_is_refused_at_once():
    for nothing in (None, 3, "merge", [1]):
        with pytest.raises(TypeError, match="expected a function or a class, got"):
            check.bpe.merge(nothing)
    with pytest.raises(ValueError, match=r"no check in Python: `bpe\.nothing`"):
        check.grade("bpe.nothing", len)


# --- not started ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_not_implemented_is_not_started(stage):
    verdict = function_of(stage)(raises(NotImplementedError()))
    assert (verdict.state, verdict.waits_for) == ("NOT STARTED", None)
    assert "replace `raise NotImplementedError`" in str(verdict)


def test_another_stage_is_named():
    verdict = check.bpe.train(raises(NotImplementedError("bpe.merge")))
    assert (verdict.state, verdict.waits_for) == ("NOT STARTED", "bpe.merge")
    assert "solve bpe.merge first" in str(verdict)
    assert check.bpe.train(raises(NotImplementedError("bpe.train"))).waits_for is None


def test_half_of_an_answer_fails():
    def answer(text):
        if text:
            raise NotImplementedError
        return []

    verdict = check.bpe.bytes(answer)
    assert verdict.state == "FAILING"
    assert "this part of the answer is not written yet" in verdict.got


def test_the_tree_of_a_file_is_known():
    exercises = tree("exercises")
    verdict = check.bpe.bytes(exercises.bytes_of)
    if verdict.state == "NOT STARTED":
        assert "open exercises/python/bpe.py" in str(verdict)
    assert "reference answer in solutions/python/bpe.py" in str(check.bpe.bytes(bpe.bytes_of))
    assert "reference answer in solutions/python/bpe.py" in str(check.bpe.encode_decode(bpe.Tokenizer))
    assert str(check.bpe.bytes(lambda text: list(text.encode()))).endswith("\nright")


def test_the_exercises_are_what_the_solutions_leave():
    for chapter in ("bpe", "llama"):
        names = [name for name, value in vars(ANSWERS[chapter]).items() if callable(value)]
        assert {"bpe": "merge", "llama": "forward"}[chapter] in names
        for name in names:
            assert hasattr(tree("exercises", chapter), name), f"{chapter}: {name}"


def test_the_product_in_rust_is_that_of_the_stage():
    numbers = random.Random(5)
    rows = [[(numbers.uniform(-1, 1), numbers.randbytes(16)) for _ in range(8)] for _ in range(20)]
    # The third block is zeros, whose scale is 0.
    x = [0.0 if 64 <= i < 96 else numbers.uniform(-9, 9) for i in range(256)]
    products, seconds = compiled._quantized_dots(rows, x)
    assert products == pytest.approx([llama.quantized_dot(row, x) for row in rows], rel=1e-4, abs=1e-2)
    assert 0 < seconds < 1 and compiled._quantized_dots([], x)[0] == []


# --- what goes through ------------------------------------------------------------------------------


def test_an_interrupt_goes_through():
    with pytest.raises(KeyboardInterrupt):
        check.bpe.merge(raises(KeyboardInterrupt()))
    # And nothing of it is left.
    assert check.bpe.merge(bpe.merge).passed


@pytest.mark.skipif(os.name == "nt", reason="signals are another thing there")
def test_ctrl_c_stops_a_loop():
    def answer(text):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            pass

    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        check.bpe.bytes(answer)


def test_a_spent_budget_cannot_be_caught():
    def greedy(word, merges):
        try:
            while True:
                if word:
                    hash(word[0])
                else:
                    return []
        except Exception:
            return []

    verdict = check.real_tokenizers.encode_fast(lambda word, merges: check_answers.encode_fast(word, merges) if len(word) < 100 else greedy(word, merges))
    assert verdict.state == "FAILING" and verdict.got.startswith("stopped: "), verdict


def test_what_is_lent_is_lent_for_a_call():
    kept = []

    def answer(weights, cache, ids):
        kept.append((weights, cache))
        kept[0][0].shape()
        return llama.forward(weights, cache, ids)

    verdict = check.llama.forward(answer)
    assert "raised RuntimeError: `weights` is lent for one call of your function" in verdict.got
    with pytest.raises(RuntimeError, match="lent for one call"):
        len(kept[0][1])


def test_an_engines_refusal_is_the_reply():
    def swallows(engine, voice, history, message, limits, show):
        try:
            llama.chat(engine, voice, history, message, limits, show)
        except check.errors.EngineError as error:
            assert "context" in str(error)

    verdict = check.llama.chat(swallows)
    assert verdict.expected.startswith("raises ContextFull"), verdict


# --- kinds of values --------------------------------------------------------------------------------


def test_tuples_and_arrays_are_as_good_as_lists():
    assert check.bpe.bytes(lambda text: tuple(text.encode())).passed
    assert check.bpe.bytes(lambda text: numpy.frombuffer(text.encode(), dtype=numpy.uint8)).passed
    assert check.llama.rms_norm(lambda x, w, e: numpy.array(llama.rms_norm(x, w, e), numpy.float32)).passed
    assert check.bpe.pair_counts(lambda ids: Counter(pairs(ids))).passed
    assert check.bpe.best_pair(lambda counts: (lambda pair: pair and list(pair))(bpe.best_pair(counts))).passed


def test_inputs_are_the_learners_own():
    def spoils(ids, pair, new):
        merged = bpe.merge(ids, pair, new)
        ids.clear()
        return merged

    assert check.bpe.merge(spoils).passed


# --- the verdict ------------------------------------------------------------------------------------


def test_a_verdict_is_frozen_and_says_the_same_in_four_ways():
    verdict = check.bpe.merge(first_only)
    with pytest.raises(AttributeError):
        verdict.state = "PASSING"
    assert not verdict and repr(verdict) == str(verdict)
    data = json.loads(verdict.to_json())
    assert data["stage"] == "bpe.merge" and data["state"] == "FAILING"
    assert (data["call"], data["expected"], data["got"]) == (verdict.call, verdict.expected, verdict.got)
    assert data["why"] == verdict.why and data["case"] == verdict.case
    html = verdict._repr_html_()
    assert "✗ FAILING" in html and "bpe.merge" in html and "first_only" in html
    assert bool(check.bpe.merge(bpe.merge)) is True


def test_values_read_as_python():
    assert check.bpe.encode_decode(SkipsUnknown).expected == "raises UnknownToken(position=0, id=259)"
    assert check.bpe.best_pair(lambda counts: None).expected == "(1, 0)"
    assert check.bpe.best_pair(lambda counts: None).call == "best_pair({(1, 0): 2})"
    broken = type("T", (bpe.Tokenizer,), {"decode": lambda self, ids: ""})
    assert check.bpe.encode_decode(broken).call.startswith("Tokenizer([(195, 169), (169, 97), (256, 97)]).decode(")


def test_threads_check_side_by_side():
    verdicts = []
    work = [threading.Thread(target=lambda: verdicts.append(check.bpe.train(bpe.train))) for _ in range(4)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(timeout=60)
    assert [verdict.passed for verdict in verdicts] == [True] * 4


def test_a_check_inside_of_an_answer():
    def answer(text):
        assert check.bpe.merge(bpe.merge).passed
        return list(text.encode())

    assert check.bpe.bytes(answer).passed


def test_no_panic_reaches_the_screen():
    code = "from rust_for_ai import check; print(check.bpe.bytes(lambda text: 1/0).state); check.bpe.merge(lambda *_: None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("FAILING\n", "")
