"""Trains a tokenizer on documents in many files, and tokenises them: python examples/scale/train.py

One script on one machine and on many. Daft (https://github.com/Eventual-Inc/Daft) reads Parquet, hands columns to
Python and adds up; `--runner native` runs that here, `--runner ray` on Ray, with the same plan. The result is exact:
the tokenizer and every id are those of one process that has read everything (README.md says why).

    count     `PreTokenCounter.update` on whole documents, wherever they lie
    add up    `PreTokenCounter.merge`, in any order
    learn     `train_from_counts`, once, from a table of words: the text is not needed again
    tokenise  `Tokenizer.encode_batch_arrow`, a column of texts in, a column of lists of ids out

    --runner native|ray   where to run (default native)
    --address ADDRESS     of a Ray cluster that is there already (default: a small one on this machine)
    --corpus FOLDER       Parquet files with the columns `id` and `text` (default: the workbook's texts, cut up)
    --partitions N        how many files the default corpus has (default 4)
    --vocab-size N        (default 2000)
    --output FOLDER       gets `bpe.tokenizer` and `ids/*.parquet` (default results/scale)
"""

import argparse
import atexit
import os
import pickle
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

# Neither engine reports to its makers who uses it, and the engine has the processors already, so that a
# tokenizer on each of them needs no threads of its own. Workers on Ray are told the same.
QUIET = {
    "DAFT_ANALYTICS_ENABLED": "0",
    "DAFT_PROGRESS_BAR": "0",
    "DO_NOT_TRACK": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAYON_NUM_THREADS": "1",
    "SCARF_NO_ANALYTICS": "true",
}
os.environ.update(QUIET)
# What is right for a toy on one machine, unless somebody has decided otherwise.
os.environ.setdefault("RAY_DISABLE_DASHBOARD", "1")

import daft  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from daft import DataFrame, DataType, Series  # noqa: E402

from rust_for_ai import PreTokenCounter, Tokenizer, train_from_counts  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
# A page of the book.
LINES = 40


def documents() -> list[str]:
    """The book, a page a document, and the multilingual sample, a line a document."""
    lines = (ROOT / "data/kjv.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    pages = ["".join(lines[first : first + LINES]) for first in range(0, len(lines), LINES)]
    rows = (ROOT / "data/multilingual.tsv").read_text(encoding="utf-8").splitlines()
    return pages + [row.split("\t", 1)[1] for row in rows]


def write(texts: list[str], folder: Path, partitions: int) -> None:
    """Whole documents, in files; the n-th goes to file n modulo their number."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in range(partitions):
        ids = range(part, len(texts), partitions)
        table = pa.table({"id": pa.array(ids, pa.int64()), "text": [texts[id] for id in ids]})
        pq.write_table(table, folder / f"part-{part:03}.parquet")


@daft.udaf(return_dtype=DataType.binary(), state=DataType.binary())
class Counts:
    """How often each word is there, as an aggregation; its state is the bytes of a counter."""

    def aggregate(self, texts: Series) -> bytes:
        counter = PreTokenCounter()
        counter.update(texts.to_arrow())
        return pickle.dumps(counter)

    def combine(self, states: Series) -> bytes:
        total = PreTokenCounter()
        for state in states.to_pylist():
            total.merge(pickle.loads(state))
        return pickle.dumps(total)

    def finalize(self, state: bytes) -> bytes:
        return state


def counted(corpus: DataFrame) -> PreTokenCounter:
    """The words of all documents, counted where the documents are."""
    row = corpus.agg(Counts()(corpus["text"]).alias("counts")).to_pydict()
    counter = pickle.loads(row["counts"][0])
    assert isinstance(counter, PreTokenCounter)
    return counter


def tokenised(corpus: DataFrame, tokenizer: Tokenizer) -> DataFrame:
    """The documents' ids; nothing has been computed yet."""

    @daft.func.batch(return_dtype=DataType.list(DataType.uint32()))
    def ids(texts: Series) -> Series:
        return Series.from_arrow(pa.array(tokenizer.encode_batch_arrow(texts.to_arrow())))

    return corpus.select(corpus["id"], ids(corpus["text"]).alias("ids"))


def start(runner: str, address: str | None) -> None:
    """Says where everything after this runs."""
    if runner == "native":
        daft.set_runner_native()
        return
    if address is None:
        # Other users of this machine are not let in. Without a token Ray writes one into the home folder; it
        # reads both while it is imported.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        # Nothing listens to other machines. Without this word, whose name is of other systems, Ray takes the
        # address by which they see this one.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    import ray

    environment = {"env_vars": QUIET}
    if address is None:
        # A cluster of one machine: two processors, no web page, and nothing is left behind.
        files = tempfile.mkdtemp(prefix="ray-")
        atexit.register(shutil.rmtree, files, ignore_errors=True)
        atexit.register(ray.shutdown)
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            object_store_memory=200_000_000,
            runtime_env=environment,
            _node_ip_address="127.0.0.1",
            _temp_dir=files,
        )
    else:
        ray.init(address=address, runtime_env=environment)
    daft.set_runner_ray(noop_if_initialized=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runner", choices=["native", "ray"], default="native")
    parser.add_argument("--address")
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--vocab-size", type=int, default=2000)
    parser.add_argument("--output", type=Path, default=ROOT / "results/scale")
    options = parser.parse_args()
    if options.partitions < 1:
        sys.exit("--partitions is at least 1")
    folder = options.corpus
    options.output.mkdir(parents=True, exist_ok=True)
    if folder is None:
        folder = options.output / "corpus"
        shutil.rmtree(folder, ignore_errors=True)
        write(documents(), folder, options.partitions)

    begin = time.perf_counter()

    def tell(what: str) -> None:
        print(f"{time.perf_counter() - begin:6.1f} s  {what}", flush=True)

    start(options.runner, options.address)
    tell(f"runner {options.runner}")
    corpus = daft.read_parquet(str(folder / "*.parquet"))
    counter = counted(corpus)
    tell(f"{len(counter)} different words counted")
    tokenizer = train_from_counts(counter, options.vocab_size)
    tokenizer.save(options.output / "bpe.tokenizer")
    tell(f"{tokenizer.n_vocab} tokens learned")
    ids = options.output / "ids"
    shutil.rmtree(ids, ignore_errors=True)
    tokenised(corpus, tokenizer).write_parquet(str(ids))
    rows = pq.read_table(ids)
    total = sum(len(row) for row in rows["ids"])
    tell(f"{total} ids of {rows.num_rows} documents in {ids}")


if __name__ == "__main__":
    main()
