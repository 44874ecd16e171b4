"""A hundred bad calls: each gives an exception that names the argument or the place, and says what was
expected. None ends the process, none is a panic."""

import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from rust_for_ai import ArrowArray, PreTokenCounter, Tokenizer, _rust_for_ai, train_from_counts

HUGE = 10**5_000


class Angry:
    """Raises whatever it is asked."""

    def __index__(self):
        raise ZeroDivisionError("no index here")

    def __iter__(self):
        raise ZeroDivisionError("no items here")

    def __fspath__(self):
        raise ZeroDivisionError("no path here")

    def __repr__(self):
        raise ZeroDivisionError("no text here")


class Lies:
    """Says that it speaks Arrow, and gives something else."""

    def __init__(self, answer):
        self.answer = answer

    def __arrow_c_array__(self, requested_schema=None):
        return self.answer


class Grows(list):
    """A list that grows while it is read."""

    def __iter__(self):
        for number in range(100_000):
            if number % 1_000 == 0:
                self.append(number)
            yield number % 50_000


g = Tokenizer.from_name("gpt2")
column = g.encode_batch_arrow(["a"])


def closed():
    file = io.StringIO("text")
    file.close()
    return file


def half_read():
    iterator = iter(["a", 5])
    return iterator


def used_twice():
    """A capsule whose content was taken already."""
    capsules = column.__arrow_c_array__()
    g.decode_batch(Lies(capsules))
    return Lies(capsules)


def file(text):
    def write(folder: Path) -> Path:
        path = folder / "file"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


HEAD = "rust_for_ai tokenizer 1\n"
# (the call, which may ask for an empty folder; the exception; words that its message has)
CALLS = [
    # Wrong types.
    (lambda: Tokenizer(), TypeError, "from_name"),
    (lambda: Tokenizer("gpt2"), TypeError, "from_name"),
    (lambda: g.encode(), TypeError, "text"),
    (lambda: g.encode(None), TypeError, "text is a `NoneType`, expected a `str`"),
    (lambda: g.encode(5), TypeError, "text is a `int`, expected a `str`"),
    (lambda: g.encode(b"bytes"), TypeError, "`.decode()`"),
    (lambda: g.encode(["a"]), TypeError, "encode_batch"),
    (lambda: g.encode(Angry()), TypeError, "text is a `Angry`"),
    (lambda: g.encode(np.array(["a"])), TypeError, "ndarray"),
    (lambda: g.encode("a", "all"), TypeError, "positional"),
    (lambda: g.encode("a", alowed_special="all"), TypeError, "alowed_special"),
    (lambda: g.encode_to_numpy(5), TypeError, "text is a `int`"),
    (lambda: g.encode_ordinary(5), TypeError, "text is a `int`"),
    (lambda: g.encode_with_offsets(b""), TypeError, "text is a `bytes`"),
    (lambda: g.count([]), TypeError, "text is a `list`"),
    (lambda: g.encode_batch("text"), TypeError, "`[text]`"),
    (lambda: g.encode_batch(b"text"), TypeError, "`.decode()`"),
    (lambda: g.encode_batch(5), TypeError, "texts is a `int`"),
    (lambda: g.encode_batch(None), TypeError, "texts is a `NoneType`"),
    (lambda: g.encode_batch(["a", None]), TypeError, "texts[1] is a `NoneType`"),
    (lambda: g.encode_batch(["a", ["b"]]), TypeError, "texts[1] is a `list`"),
    (lambda: g.encode_batch(half_read()), TypeError, "texts[1] is a `int`"),
    (lambda: g.encode_batch(Angry()), (TypeError, ZeroDivisionError), ""),
    (lambda: g.encode_batch(np.array([1, 2])), TypeError, "texts[0]"),
    (lambda: g.encode_batch({"a": 1}.values()), TypeError, "texts[0] is a `int`"),
    (lambda: g.encode_batch_arrow("text"), TypeError, "`[text]`"),
    (lambda: g.decode("text"), TypeError, "ids is a `str`"),
    (lambda: g.decode(5), TypeError, "ids is a `int`, expected a list of ids"),
    (lambda: g.decode(None), TypeError, "ids is a `NoneType`"),
    (lambda: g.decode(["a"]), TypeError, "ids[0] is a `str`, expected an `int`"),
    (lambda: g.decode([1, 2.5]), TypeError, "ids[1] is a `float`"),
    (lambda: g.decode([1, None]), TypeError, "ids[1] is a `NoneType`"),
    (lambda: g.decode([[1]]), TypeError, "ids[0] is a `list`"),
    (lambda: g.decode(np.array([1.5])), TypeError, "ids[0] is a `float`"),
    (lambda: g.decode(np.array([[1, 2]])), TypeError, "ids[0] is a `list`"),
    (lambda: g.decode(np.array(5)), TypeError, "ids"),
    (lambda: g.decode(Angry()), (TypeError, ZeroDivisionError), ""),
    (lambda: g.decode([Angry()]), ZeroDivisionError, "no index here"),
    (lambda: g.decode_bytes("text"), TypeError, "ids is a `str`"),
    (lambda: g.decode_batch([5]), TypeError, "batch[0] is a `int`"),
    (lambda: g.decode_batch(5), TypeError, "batch is a `int`"),
    (lambda: g.decode_batch(["ab"]), TypeError, "batch[0] is a `str`"),
    (lambda: g.token_bytes("a"), TypeError, "`str`"),
    (lambda: g.token_bytes(None), TypeError, "`NoneType`"),
    # Wrong values.
    (lambda: g.decode([-1]), ValueError, "ids[0] is -1, expected an id from 0 to 4294967295"),
    (lambda: g.decode([1, 2**32]), ValueError, "ids[1] is 4294967296"),
    (lambda: g.decode([HUGE]), ValueError, "ids[0] is too long to show"),
    (lambda: g.decode(np.array([-1])), ValueError, "ids[0] is -1"),
    (lambda: g.decode([50257]), KeyError, "unknown token id 50257 at position 0"),
    (lambda: g.decode([1, 2**32 - 1]), KeyError, "position 1"),
    (lambda: g.decode(np.array([7, 99_999], dtype=np.uint32)), KeyError, "99999 at position 1"),
    (lambda: g.decode_bytes([50257]), KeyError, "unknown token id 50257"),
    (lambda: g.decode_batch([[1], [1, 60_000]]), KeyError, "batch[1]: unknown token id 60000 at position 1"),
    (lambda: g.decode([447], errors="strict"), UnicodeDecodeError, "position 0-1"),
    (lambda: g.decode([447], errors="no such"), LookupError, "no such"),
    (lambda: g.decode([447], errors=5), TypeError, "errors"),
    (lambda: g.token_bytes(50257), KeyError, "unknown token id 50257"),
    (lambda: g.token_bytes(HUGE), ValueError, "expected an id"),
    (lambda: g.encode("a\ud800b"), UnicodeEncodeError, "position 1"),
    (lambda: g.encode("\udfff" * 10_000), UnicodeEncodeError, "surrogates"),
    (lambda: g.encode_batch(["a", "\ud800"]), UnicodeEncodeError, "surrogates"),
    (lambda: g.encode("a", allowed_special={"\ud800"}), UnicodeEncodeError, "surrogates"),
    (lambda: g.encode("é<|endoftext|>"), ValueError, "`<|endoftext|>` at character 1"),
    (lambda: g.encode_to_numpy("<|endoftext|>"), ValueError, "allowed_special={'<|endoftext|>'}"),
    (lambda: g.encode("x" * 500_000 + "<|endoftext|>"), ValueError, "at character 500000"),
    (lambda: g.encode_batch(["a", "<|endoftext|>"]), ValueError, "texts[1] has the special token"),
    (lambda: g.encode_batch_arrow(["<|endoftext|>"] * 3), ValueError, "texts[0] has"),
    (lambda: g.count("<|endoftext|>"), ValueError, "disallowed_special=()"),
    (lambda: g.encode("a", allowed_special="<|endoftext|>"), ValueError, "expected 'all' or a set"),
    (lambda: g.encode("a", allowed_special=5), TypeError, "allowed_special is a `int`"),
    (lambda: g.encode("a", allowed_special={5}), TypeError, "allowed_special[0] is a `int`"),
    (lambda: g.encode("a", disallowed_special="none"), ValueError, "disallowed_special is 'none'"),
    (lambda: g.encode("a", disallowed_special=True), TypeError, "disallowed_special is a `bool`"),
    (lambda: Tokenizer.from_name("gpt5"), ValueError, "expected 'gpt2' or 'cl100k_base'"),
    (lambda: Tokenizer.from_name(None), TypeError, "name is a `NoneType`"),
    (lambda: Tokenizer.from_name("\ud800"), UnicodeEncodeError, "surrogates"),
    # Files.
    (lambda: Tokenizer.from_file("no/such/file"), FileNotFoundError, "no/such/file"),
    (lambda: Tokenizer.from_gguf("no/such/file"), FileNotFoundError, "no/such/file"),
    (lambda: Tokenizer.from_tiktoken("no/such/file", pattern="gpt2"), FileNotFoundError, "no/such"),
    (lambda folder: Tokenizer.from_file(folder), OSError, "irectory"),
    (lambda folder: Tokenizer.from_gguf(folder), OSError, "irectory"),
    (lambda folder: g.save(folder), OSError, "irectory"),
    (lambda folder: g.save(folder / "no" / "such"), FileNotFoundError, "such"),
    (lambda: g.save(None), TypeError, "path is a `NoneType`"),
    (lambda: g.save("a\0b"), ValueError, "null character"),
    (lambda: Tokenizer.from_file(5), TypeError, "path is a `int`"),
    (lambda: Tokenizer.from_file(closed()), TypeError, "open files are not read from"),
    (lambda: Tokenizer.from_file(Angry()), (TypeError, ZeroDivisionError), ""),
    (lambda: Tokenizer.from_tiktoken("x"), TypeError, "pattern"),
    (lambda: Tokenizer.from_tiktoken("x", pattern="gpt3"), ValueError, "expected one of 'gpt2'"),
    (lambda: Tokenizer.from_tiktoken("x", pattern=None), TypeError, "pattern is a `NoneType`"),
    (lambda: Tokenizer.from_tiktoken("x", pattern="gpt2", special_tokens=["a"]), TypeError, "a `dict`"),
    (lambda: Tokenizer.from_tiktoken("x", pattern="gpt2", special_tokens={"a": -1}), ValueError, "is -1"),
    (lambda: Tokenizer.from_tiktoken("x", pattern="gpt2", special_tokens={5: 1}), TypeError, "a key of"),
    (lambda f: Tokenizer.from_file(file("")(f)), ValueError, "line 1: the file ends here"),
    (lambda f: Tokenizer.from_file(file("hello\n")(f)), ValueError, "line 1: expected `rust_for_ai"),
    (lambda f: Tokenizer.from_file(file("IQ== 0\nIg== 1\n")(f)), ValueError, "from_tiktoken"),
    (lambda f: Tokenizer.from_file(file(b"\xff\xfe")(f)), ValueError, "other bytes at 0"),
    (lambda f: Tokenizer.from_file(file(HEAD)(f)), ValueError, "line 2: the file ends here"),
    (lambda f: Tokenizer.from_file(file(HEAD + "pattern x\n")(f)), ValueError, "line 2: expected the name"),
    (lambda f: Tokenizer.from_file(file(HEAD + "pattern gpt2\nx y\n")(f)), ValueError, "line 3: expected"),
    (lambda f: Tokenizer.from_file(file(HEAD + "pattern gpt2\nspecial x y\n")(f)), ValueError, "line 3"),
    (lambda f: Tokenizer.from_file(file(HEAD + "pattern gpt2\nranks 1\nIQ== 5\n")(f)), ValueError, "line 4: expected the rank 0"),
    (lambda f: Tokenizer.from_file(file(HEAD + "merges 99999999999999\n1 2\n")(f)), ValueError, "line 4"),
    (lambda f: Tokenizer.from_file(file(HEAD + "merges 1\n1 700\n")(f)), ValueError, "merge 0 uses the id 700"),
    (lambda f: Tokenizer.from_file(file(HEAD + "merges x\n")(f)), ValueError, "line 2: expected a number"),
    (lambda f: Tokenizer.from_file(file(b"GGUF")(f)), ValueError, "expected"),
    (lambda f: Tokenizer.from_gguf(file(b"GGUF\x01\0\0\0")(f)), ValueError, "hint: convert the model anew"),
    (lambda f: Tokenizer.from_gguf(file("<html>")(f)), ValueError, "is this a GGUF file"),
    (lambda f: Tokenizer.from_gguf(file((ROOT / "data/tiny.gguf").read_bytes()[:9_000])(f)), ValueError, "file"),
    (lambda f: Tokenizer.from_tiktoken(file("IQ==\n")(f), pattern="gpt2"), ValueError, "line 1: expected a token"),
    # Learning.
    (lambda: Tokenizer.train("text", 300), TypeError, "`[text]`"),
    (lambda: Tokenizer.train(["text"], 255), ValueError, "vocab_size is 255, expected 256 or more"),
    (lambda: Tokenizer.train(["text"], -1), ValueError, "vocab_size is -1"),
    (lambda: Tokenizer.train(["text"], HUGE), ValueError, "vocab_size is too long to show"),
    (lambda: Tokenizer.train(["text"], "300"), TypeError, "vocab_size is a `str`"),
    (lambda: Tokenizer.train(["text"], 3.5), TypeError, "vocab_size is a `float`"),
    (lambda: Tokenizer.train(["text"], 300, pattern="x"), ValueError, "pattern is 'x'"),
    (lambda: Tokenizer.train(["a", "b"], 300, pattern=None), ValueError, "one text"),
    (lambda: Tokenizer.train(["a"], 300, special_tokens=["x", "x"]), ValueError, "each text once"),
    (lambda: Tokenizer.train(["a"], 300, special_tokens=[""]), ValueError, "no empty one"),
    (lambda: Tokenizer.train(["a"], 300, special_tokens="x"), TypeError, "`[text]`"),
    (lambda: PreTokenCounter("x"), ValueError, "pattern is 'x'"),
    (lambda: PreTokenCounter(5), TypeError, "pattern"),
    (lambda: PreTokenCounter().update(5), TypeError, "texts is a `int`"),
    (lambda: PreTokenCounter().update([5]), TypeError, "texts[0] is a `int`"),
    (lambda: PreTokenCounter().merge({}), TypeError, "expected a `PreTokenCounter`"),
    (lambda: PreTokenCounter().merge(PreTokenCounter("gpt2")), ValueError, "pattern"),
    (lambda: PreTokenCounter()[5], TypeError, "word is a `int`"),
    (lambda: hash(PreTokenCounter()), TypeError, "unhashable"),
    (lambda: train_from_counts(["a"], 300), TypeError, "Tokenizer.train"),
    (lambda: train_from_counts(PreTokenCounter(), 5), ValueError, "vocab_size is 5"),
    # Columns.
    (lambda: g.encode_batch(Lies(5)), TypeError, "two capsules"),
    (lambda: g.encode_batch(Lies((5, 6))), TypeError, "PyCapsule"),
    (lambda: g.encode_batch(Lies(column.__arrow_c_array__()[::-1])), ValueError, "PyCapsule"),
    (lambda: g.encode_batch(Lies(())), IndexError, "range"),
    (lambda: g.encode_batch(column), TypeError, "it has lists"),
    (lambda: g.decode_batch(used_twice()), TypeError, "Arrow format"),
    (lambda: ArrowArray(), TypeError, "ArrowArray"),
    # Pickles, and what never changes.
    (lambda: _rust_for_ai._restore_tokenizer(b"broken"), ValueError, "the pickle: line 1"),
    (lambda: _rust_for_ai._restore_tokenizer(5), TypeError, "state is a `int`"),
    (lambda: _rust_for_ai._restore_counter("gpt2", b"broken"), ValueError, "broken"),
    (lambda: _rust_for_ai._restore_counter("gpt2", b"\xff" * 16 + b"a"), ValueError, "broken"),
    (lambda: setattr(g, "n_vocab", 5), AttributeError, "n_vocab"),
    (lambda: setattr(g, "x", 5), AttributeError, "x"),
    (lambda: g < g, TypeError, "'<'"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_a_bad_call_says_what_to_do(number, tmp_path):
    call, kind, words = CALLS[number]
    with pytest.raises(kind) as caught:
        call(tmp_path) if call.__code__.co_argcount else call()
    assert isinstance(caught.value, Exception)
    assert words in str(caught.value), str(caught.value)
    assert "a mistake in rust_for_ai" not in str(caught.value)
    # It goes on working.
    assert g.encode("Hello, world!") == [15496, 11, 995, 0]


def test_there_are_a_hundred():
    assert len(CALLS) >= 100


def test_a_column_of_numbers_is_refused_by_its_format():
    pa = pytest.importorskip("pyarrow")
    numbers = pa.array([1, 2])
    with pytest.raises(TypeError, match="got the Arrow format `l`"):
        g.encode_batch(numbers)
    with pytest.raises(TypeError, match="in a dictionary"):
        g.encode_batch(pa.array(["a", "b"]).dictionary_encode())
    with pytest.raises(TypeError, match="of i"):
        g.decode_batch(pa.array([[1, 2]], pa.list_(pa.int32())))
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfe")]
    )
    with pytest.raises(ValueError, match=r"texts\[0\] is not UTF-8"):
        g.encode_batch(broken)


def test_a_list_that_grows_while_it_is_read():
    assert len(g.decode(Grows())) > 100_000


def test_a_surrogate_gets_a_note():
    with pytest.raises(UnicodeEncodeError) as caught:
        g.encode("\ud800")
    assert any("half a character" in note for note in caught.value.__notes__)


def test_pickles_of_other_versions_do_not_end_the_process():
    data = pickle.dumps(Tokenizer.train(["ab"], 257), 2)
    for cut in range(0, len(data), 97):
        try:
            pickle.loads(data[:cut])
        except Exception as error:
            assert "a mistake in rust_for_ai" not in str(error)


def test_without_llama_the_import_says_how_to_get_it():
    import rust_for_ai

    if rust_for_ai.HAS_LLAMA:
        pytest.skip("this build has it")
    with pytest.raises(ImportError, match="hint: build it with Candle"):
        from rust_for_ai import Llama  # noqa: F401
    with pytest.raises(AttributeError):
        rust_for_ai.no_such_thing


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_an_end_of_the_process_in_a_long_call_is_quiet():
    code = (
        "import threading\nfrom rust_for_ai import Tokenizer\ng = Tokenizer.from_name('cl100k_base')\n"
        "threading.Thread(target=lambda: g.count('ab' * 20_000_000), daemon=True).start()\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (out.returncode, out.stderr) == (0, "")
