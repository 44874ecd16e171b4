"""What the package says about itself: documentation that runs, stubs that are true, an import that is quick."""

import doctest
import inspect
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import rust_for_ai
from rust_for_ai import _rust_for_ai

PUBLIC = [getattr(rust_for_ai, name) for name in rust_for_ai.__all__]


def documented():
    """All that has a documentation: the package, functions, classes, and what is in them."""
    yield "rust_for_ai", rust_for_ai
    things = [thing for thing in PUBLIC if callable(thing)]
    if rust_for_ai.HAS_LLAMA:
        things += [_rust_for_ai.Llama, _rust_for_ai.TextStream]
    for thing in things:
        yield thing.__name__, thing
        if isinstance(thing, type):
            for name, member in vars(thing).items():
                if not name.startswith("_"):
                    # A static method has its documentation behind it.
                    yield f"{thing.__name__}.{name}", getattr(member, "__func__", member)


@pytest.mark.parametrize("name", [name for name, _ in documented()])
def test_examples_in_the_documentation_run(name):
    thing = dict(documented())[name]
    doc = inspect.getdoc(thing)
    assert doc and doc[0].isupper(), f"{name} has no documentation"
    test = doctest.DocTestParser().get_doctest(doc, dict(vars(rust_for_ai)), name, None, 0)
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert result.failed == 0


def test_most_things_have_an_example():
    without = [name for name, thing in documented() if ">>>" not in (inspect.getdoc(thing) or "")]
    models = ("Llama.", "TextStream", "ArrowArray", "Tokenizer.from_gguf", "Tokenizer.save")
    others = ("PreTokenCounter.merge", "PreTokenCounter.pattern")
    assert [name for name in without if not name.startswith(models + others)] == []


def test_functions_show_their_arguments():
    signature = str(inspect.signature(rust_for_ai.Tokenizer.encode))
    assert signature == "(self, /, text, *, allowed_special=None, disallowed_special=None)"
    for name, thing in documented():
        if inspect.isroutine(thing):
            assert inspect.signature(thing) is not None, name


USE = '''
from pathlib import Path
import numpy as np
import numpy.typing as npt
from rust_for_ai import ArrowArray, PreTokenCounter, Tokenizer, train_from_counts

tokenizer: Tokenizer = Tokenizer.from_name("cl100k_base")
ids: list[int] = tokenizer.encode("text", allowed_special={"<|endoftext|>"}, disallowed_special=())
array: npt.NDArray[np.uint32] = tokenizer.encode_to_numpy("text", allowed_special="all")
text: str = tokenizer.decode(ids) + tokenizer.decode(array) + tokenizer.decode(iter(ids), errors="strict")
lists: list[list[int]] = tokenizer.encode_batch(["a", "b"]) + tokenizer.encode_batch(x for x in "ab")
column: ArrowArray = tokenizer.encode_batch_arrow(["a"])
texts: list[str | None] = tokenizer.decode_batch(column) + tokenizer.decode_batch([[1], (2, 3), array])
data: bytes = tokenizer.decode_bytes(array) + tokenizer.token_bytes(5)
ids_and_offsets: tuple[list[int], list[tuple[int, int]]] = tokenizer.encode_with_offsets("a")
other = Tokenizer.from_tiktoken(Path("x"), pattern="gpt2", special_tokens={"a": 1})
other.save("y")
counter = PreTokenCounter("gpt2")
counter.update("a")
counter.update(["a"])
counter.merge(counter)
learned: Tokenizer = train_from_counts(counter, 300, special_tokens=["x"])
number: int = len(counter) + counter["a"] + learned.n_vocab + hash(learned) + learned.special_tokens["x"]
tokenizer.encode(b"bytes")  # expect: arg-type
tokenizer.encode("text", allowed_special=5)  # expect: arg-type
tokenizer.decode("text")  # expect: arg-type
Tokenizer.from_tiktoken("x", pattern="gpt5")  # expect: arg-type
counter.merge(tokenizer)  # expect: arg-type
tokenizer.n_vocab = 5  # expect: misc
'''


def test_the_types_are_what_a_checker_takes(tmp_path):
    pytest.importorskip("mypy")
    path = tmp_path / "use.py"
    path.write_text(USE)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(path)]
    out = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout
    expected = {n for n, line in enumerate(USE.splitlines(), 1) if "# expect:" in line}
    errors = [line for line in out.splitlines() if ": error:" in line]
    assert {int(line.split(":")[1]) for line in errors} == expected, out
    for line in errors:
        word = USE.splitlines()[int(line.split(":")[1]) - 1].split("expect: ")[1]
        assert f"[{word}]" in line, line


def test_the_stubs_are_those_of_the_module(tmp_path):
    pytest.importorskip("mypy")
    # PyO3 lists what is there; the stub does not.
    names = [r"rust_for_ai\._rust_for_ai\.__all__"]
    if not rust_for_ai.HAS_LLAMA:
        names += [r"rust_for_ai\._rust_for_ai\.(Llama|TextStream).*", r"rust_for_ai\.Llama.*"]
    allowed = tmp_path / "allowed"
    allowed.write_text("\n".join(names))
    command = [sys.executable, "-m", "mypy.stubtest", "rust_for_ai", "--allowlist", str(allowed)]
    command += ["--ignore-unused-allowlist"]
    out = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert out.returncode == 0, out.stdout + out.stderr


def test_the_stubs_are_in_the_package():
    folder = Path(rust_for_ai.__file__).parent
    assert (folder / "py.typed").exists() and (folder / "_rust_for_ai.pyi").exists()


def test_the_import_is_quick_and_brings_nothing_along():
    code = (
        "import sys, time\nbegin = time.perf_counter()\nimport rust_for_ai\n"
        "print(time.perf_counter() - begin, 'numpy' in sys.modules)"
    )
    times = []
    for _ in range(7):
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        seconds, numpy = out.stdout.split()
        assert numpy == "False", "importing the package imports NumPy"
        times.append(float(seconds))
    assert min(times) < 0.06 and statistics.median(times) < 0.12, times
