"""Train `data/sentencepiece.model` and write what SentencePiece itself makes of hard texts.

The workbook's production code and its checks never make a golden value. This script does, with the
library that made Llama-2's vocabulary: PyPI's `sentencepiece`, in the version below. From the
project's root:

    cargo run --release -p bench --bin nasty > target/nasty.json
    python3 -m venv target/sentencepiece
    target/sentencepiece/bin/pip install sentencepiece==0.2.3
    target/sentencepiece/bin/python bench/sentencepiece_model.py target/nasty.json
    target/sentencepiece/bin/python bench/sentencepiece_model.py target/nasty.json --check

Training is deterministic: one thread, no sampling, fixed options. With `--check` nothing is written,
and the two files are compared with what the script makes now.

The options are Llama-2's, but for the size: BPE, bytes for what is unknown, no normalization, a space
before the text, all white space kept, digits apart. One character in a hundred is left out of the
vocabulary, so that the multilingual sample needs both pieces and bytes.
"""

import io
import json
import pathlib
import sys

import sentencepiece

VERSION = "0.2.3"
TEXTS = ["data/kjv.txt", "data/multilingual.tsv"]
MODEL = pathlib.Path("data/sentencepiece.model")
GOLDEN = pathlib.Path("data/golden/sentencepiece.txt")
HEAD = f"# made by sentencepiece {VERSION} with data/sentencepiece.model: bench/sentencepiece_model.py\n"


def train() -> bytes:
    """The model file."""
    book, sample = (pathlib.Path(name).read_text(encoding="utf-8") for name in TEXTS)
    # The sample is short: counted once, none of its characters would become a piece.
    lines = book.splitlines() + 100 * sample.splitlines()
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        model_type="bpe",
        vocab_size=1_000,
        character_coverage=0.99,
        byte_fallback=True,
        normalization_rule_name="identity",
        add_dummy_prefix=True,
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        split_digits=True,
        num_threads=1,
        minloglevel=1,
    )
    return model.getvalue()


def golden(model: bytes, texts: list[str]) -> str:
    """A line a text: its ids. Each text must come back from them."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    lines = []
    for text in texts:
        ids = processor.encode(text)
        assert processor.decode(ids) == text, f"{text!r} does not come back"
        lines.append(" ".join(map(str, ids)))
    return HEAD + "\n".join(lines) + "\n"


def main() -> None:
    assert sentencepiece.__version__ == VERSION, f"expected sentencepiece {VERSION}"
    texts = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    model = train()
    made = {MODEL: model, GOLDEN: golden(model, texts).encode()}
    for path, content in made.items():
        if "--check" not in sys.argv:
            path.write_bytes(content)
        elif path.read_bytes() != content:
            sys.exit(f"{path} is not what this script makes; run without --check")


if __name__ == "__main__":
    main()
