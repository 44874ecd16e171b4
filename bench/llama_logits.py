"""Write what llama.cpp makes of models: ids, logits, losses.

Our own engine never makes a value that it is compared with. This script makes them, with PyPI's
`llama-cpp-python` in the version below, which builds llama.cpp from the source that it carries. From
the project's root:

    python3 -m venv target/llama_cpp
    target/llama_cpp/bin/pip install --no-binary llama-cpp-python llama-cpp-python==0.3.36 gguf==0.19.0
    target/llama_cpp/bin/python bench/llama_logits.py tiny
    target/llama_cpp/bin/python bench/llama_logits.py smol ~/.cache/rust-for-ai/models/FILE.gguf
    cargo run --release -p bench --bin synthetic_models -- target/synthetic
    target/llama_cpp/bin/python bench/llama_logits.py synthetic target/synthetic

With `--check` nothing is written; the file is compared with what llama.cpp makes now. Its kernels
differ from processor to processor, so logits may differ in the last bits: then their distance is
printed, and is an error from 0.05 on.

Each model runs twice:

* `run`: as people run it. Activations are quantized to 8 bits before each matrix product, keys and
  values are kept as F16.
* `exact`: the same weights, dequantized to F32 and written to a file of their own; keys and values
  as F32. What is left is rounding.

The distance of the two is what llama.cpp itself pays for speed, and so the measure of what may count
as right. One thread, no flash attention, all ids of a case in one batch.

A file is a length (u32), a header (JSON) of that length, padding to 4 bytes, and numbers, all
little-endian. For each case of the header, in order:

* `"kind": "logits"`: for both `run` and `exact`, for each id (from number `"from"` on, if it says so): the 64 largest logits, falling, as
  64 ids (u16) and 64 logits (f32); then the logarithm of the sum of the exponentials of all
  logits, their mean and their standard deviation (3 f32);
* `"kind": "losses"`: for both, for each id but the first of each window: its loss in nats (f32).

The header has the ids, and how they were made.
"""

import ctypes
import hashlib
import json
import struct
import sys
import tempfile
import zlib
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
from llama_cpp import llama_chat_format

VERSION = "0.3.36"
TOP = 64
WINDOW = 512
ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "data" / "golden" / "llama"


class Model:
    """A file in llama.cpp; `cache` is the type of keys and values."""

    def __init__(self, path, cache):
        self.path = path
        self.llama = llama_cpp.Llama(
            str(path), n_ctx=WINDOW, n_batch=WINDOW, n_ubatch=WINDOW, n_threads=1, n_threads_batch=1,
            logits_all=True, flash_attn=False, type_k=cache, type_v=cache, verbose=False,
        )

    def logits(self, ids):
        """For each of the ids, the logits of the next one."""
        self.llama.reset()
        self.llama.eval(ids)
        return np.array(self.llama.scores[: len(ids)], dtype=np.float32)

    def answer(self, ids, most):
        """Goes on with the largest logit, one id a step, to the end of the turn."""
        self.llama.reset()
        self.llama.eval(ids)
        answer = []
        while len(answer) < most:
            answer.append(int(np.argmax(self.llama.scores[self.llama.n_tokens - 1])))
            if answer[-1] == self.llama.token_eos():
                break
            self.llama.eval(answer[-1:])
        return answer

    def ids(self, text, special=False):
        return self.llama.tokenize(text.encode(), add_bos=False, special=special)

    def chat(self, question):
        """The prompt that the model's own template makes of a question."""
        text = lambda id: self.llama._model.token_get_text(id)
        formatter = llama_chat_format.Jinja2ChatFormatter(
            self.llama.metadata["tokenizer.chat_template"],
            eos_token=text(self.llama.token_eos()),
            bos_token=text(self.llama.token_bos()),
        )
        return formatter(messages=[{"role": "user", "content": question}]).prompt


def dequantized(path, folder):
    """The same model with each tensor as F32."""
    reader = gguf.GGUFReader(path)
    out = Path(folder) / "exact.gguf"
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(out, architecture)
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type"):
            continue
        kind = field.types[0]
        sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=sub)
    for tensor in reader.tensors:
        numbers = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        shape = [int(dim) for dim in reversed(tensor.shape)]
        writer.add_tensor(tensor.name, numbers.reshape(shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return out


def prompts(model, texts):
    for name, text, special in texts:
        yield {"kind": "logits", "name": name, "text": text, "ids": model.ids(text, special)}


def conversations(model, questions, most):
    for name, question in questions:
        prompt = model.chat(question)
        ids = model.ids(prompt, special=True)
        answer = model.answer(ids, most)
        yield {
            "kind": "logits", "name": name, "text": prompt, "ids": ids + answer, "prompt": len(ids),
            "answer": model.llama.detokenize(answer).decode(),
        }


def losses(model, name, file, start, length):
    text = (ROOT / file).read_bytes()[start : start + length].decode()
    ids = model.ids(text)
    return {
        "kind": "losses", "name": name, "ids": ids, "window": WINDOW if len(ids) > WINDOW else len(ids),
        "text": {"file": file, "start": start, "bytes": length},
    }


def tiny_cases(model):
    yield from prompts(model, [
        ("beginning", "<|endoftext|>In the beginning God created the heaven and the earth.", True),
        ("unlike", "Tensors, 42 of them; naïve “quotes” and\n\n  two lines: 東京 🙂", False),
        ("inside", "them that bless thee, and curse him that curseth thee: and in thee shall all "
         "families of the earth be blessed.\nSo Abram departed, as the LORD had spoken unto him; and "
         "Lot went with him: and Abram", False),
    ])
    yield from conversations(
        model, [("chat", "And God said, Let there be light: and there was light.")], 48)


def smol_cases(model):
    yield from conversations(model, [
        ("capital", "What is the capital of France? Answer in one word."),
        ("sum", "What is 2+2?"),
    ], 32)
    # Ten thousand bytes from the middle of the book, whole verses.
    book = (ROOT / "data/kjv.txt").read_bytes()
    start = book.index(b"\n", 2_000_000) + 1
    end = book.rindex(b"\n", start, start + 10_000) + 1
    yield losses(model, "book", "data/kjv.txt", start, end - start)


def synthetic_cases(model):
    vocabulary = model.llama.n_vocab()
    ids = [(position * position * 7 + position * 3 + 1) % vocabulary for position in range(96)]
    yield {"kind": "logits", "name": "squares", "ids": ids, "from": 84}


def numbers_of(case, model):
    """What the file holds of a case for one of the two runs."""
    out = bytearray()
    ids = case["ids"]
    if case["kind"] == "logits":
        for row in model.logits(ids)[case.get("from", 0) :].astype(np.float64):
            top = np.argsort(-row, kind="stable")[:TOP]
            top = np.resize(top, TOP) if len(top) < TOP else top
            sum_ = row.max() + np.log(np.exp(row - row.max()).sum())
            out += top.astype("<u2").tobytes() + row[top].astype("<f4").tobytes()
            out += struct.pack("<3f", sum_, row.mean(), row.std())
        return bytes(out)
    for first in range(0, len(ids), case["window"]):
        window = ids[first : first + case["window"]]
        rows = model.logits(window)[:-1].astype(np.float64)
        most = rows.max(axis=1)
        sums = most + np.log(np.exp(rows - most[:, None]).sum(axis=1))
        out += (sums - rows[np.arange(len(rows)), window[1:]]).astype("<f4").tobytes()
    return bytes(out)


def commit():
    """The commit of llama.cpp, as its library says it."""
    library = next(Path(llama_cpp.__file__).parent.glob("lib/*ggml-base*"))
    function = ctypes.CDLL(str(library)).ggml_commit
    function.restype = ctypes.c_char_p
    return function().decode().removesuffix("-dirty")


def golden(path, cases):
    """The cases of one model: for the header, and their numbers."""
    model = Model(path, llama_cpp.GGML_TYPE_F16)
    cases = list(cases(model))
    runs = [numbers_of(case, model) for case in cases]
    del model
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as folder:
        model = Model(dequantized(path, folder), llama_cpp.GGML_TYPE_F32)
        exact = [numbers_of(case, model) for case in cases]
        del model
    file = Path(path).read_bytes()
    of = {"model": Path(path).name, "sha256": hashlib.sha256(file).hexdigest(), "crc32": zlib.crc32(file)}
    for case in cases:
        case.update(of)
    return cases, b"".join(run + exact for run, exact in zip(runs, exact))


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    if llama_cpp.__version__ != VERSION:
        sys.exit(f"expected llama-cpp-python {VERSION}, got {llama_cpp.__version__}")
    (ROOT / "target").mkdir(exist_ok=True)
    match arguments:
        case ["tiny"]:
            models, cases = [ROOT / "data" / "tiny.gguf"], tiny_cases
        case ["smol", path]:
            models, cases = [Path(path)], smol_cases
        case ["synthetic", folder]:
            models, cases = sorted(Path(folder).glob("*.gguf")), synthetic_cases
        case _:
            sys.exit("expected `tiny`, `smol FILE` or `synthetic FOLDER`, and perhaps `--check`")
    made = [golden(path, cases) for path in models]
    header = {
        "made by": f"bench/llama_logits.py, llama-cpp-python {VERSION}, llama.cpp {commit()}",
        "processor": llama_cpp.llama_print_system_info().decode().strip(),
        "top": TOP,
        "cases": [case for cases, _ in made for case in cases],
    }
    numbers = b"".join(numbers for _, numbers in made)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    name = arguments[0] + ".bin"
    content = struct.pack("<I", len(text)) + text + numbers
    if "--check" not in sys.argv:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes, {len(header['cases'])} cases")
        return
    compare(name, (FOLDER / name).read_bytes(), header, content, len(text))


def compare(name, there, header, content, length):
    """Says how far two files are apart, of which one was made elsewhere."""
    old_length = struct.unpack("<I", there[:4])[0]
    old = json.loads(there[4 : 4 + old_length])
    if old["cases"] != header["cases"] or len(there) - old_length != len(content) - length:
        sys.exit(f"{name}: other ids, answers or models than llama.cpp makes now")
    if there[4 + old_length :] == content[4 + length :]:
        print(f"{name}: the same to the last bit")
        return
    size = TOP * 6 + 12
    old_numbers, numbers = there[4 + old_length :], content[4 + length :]
    place, most = 0, 0.0
    for case in header["cases"]:
        if case["kind"] == "losses":
            windows = -(-len(case["ids"]) // case["window"])
            count = 2 * (len(case["ids"]) - windows)
            a, b = (np.frombuffer(x, "<f4", count, place) for x in (old_numbers, numbers))
            most = max(most, float(np.abs(a - b).max()))
            place += 4 * count
            continue
        for _ in range(2 * (len(case["ids"]) - case.get("from", 0))):
            a, b = (np.frombuffer(x, "<f4", TOP + 3, place + TOP * 2) for x in (old_numbers, numbers))
            most = max(most, float(np.abs(a - b).max()))
            place += size
    print(f"{name}: at most {most:.5f} apart")
    if most > 0.05:
        sys.exit(f"{name}: further apart than rounding explains")


if __name__ == "__main__":
    main()
