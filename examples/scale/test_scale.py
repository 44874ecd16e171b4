"""What makes `train.py` exact, and what breaks it: each short cut gives another tokenizer."""

import itertools
import random
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import daft  # noqa: E402
import train  # noqa: E402

from rust_for_ai import PreTokenCounter, Tokenizer, train_from_counts  # noqa: E402

SIZE = 2000
DOCUMENTS = train.documents()


def count(texts: Iterable[str]) -> PreTokenCounter:
    counter = PreTokenCounter()
    counter.update(texts)
    return counter


def added(counters: Iterable[PreTokenCounter]) -> PreTokenCounter:
    total = PreTokenCounter()
    for counter in counters:
        total.merge(counter)
    return total


def merges(tokenizer: Tokenizer) -> list[bytes]:
    """What was learned, in the order in which it was; as bytes, which mean the same in another tokenizer."""
    return [tokenizer.token_bytes(id) for id in range(256, tokenizer.n_vocab)]


ONE = train_from_counts(count(DOCUMENTS), SIZE)
IDS = ONE.encode_batch(DOCUMENTS)


def parts(number: int) -> list[list[str]]:
    return [DOCUMENTS[first::number] for first in range(number)]


def is_the_same(tokenizer: Tokenizer, files: Path) -> None:
    assert tokenizer.merges == ONE.merges
    assert tokenizer == ONE
    table = pq.read_table(files).sort_by("id")
    assert table["id"].to_pylist() == list(range(len(DOCUMENTS)))
    assert table["ids"].to_pylist() == IDS


def test_one_process_is_the_plain_way():
    assert ONE == Tokenizer.train(DOCUMENTS, SIZE)
    # The corpus is large enough to learn that many, and not all of it is English.
    assert len(merges(ONE)) == SIZE - 256
    assert not all(text.isascii() for text in DOCUMENTS)


@pytest.mark.parametrize("partitions", [1, 2, 7, 50])
def test_daft_learns_and_gives_what_one_process_does(tmp_path, partitions):
    train.write(DOCUMENTS, tmp_path / "corpus", partitions)
    corpus = daft.read_parquet(str(tmp_path / "corpus/*.parquet"))
    counter = train.counted(corpus)
    assert counter == count(DOCUMENTS)
    tokenizer = train_from_counts(counter, SIZE)
    train.tokenised(corpus, tokenizer).write_parquet(str(tmp_path / "ids"))
    is_the_same(tokenizer, tmp_path / "ids")


@pytest.mark.parametrize("partitions", [1, 3])
def test_partitions_of_any_lengths_in_any_order_do(tmp_path, partitions):
    """One document, none, and many in a file; shuffled."""
    order = list(range(len(DOCUMENTS)))
    random.Random(partitions).shuffle(order)
    cuts = [0, 1, 1, *sorted(random.Random(7).sample(range(2, len(order)), partitions)), len(order)]
    for number, (first, end) in enumerate(itertools.pairwise(cuts)):
        ids = order[first:end]
        texts = pa.array([DOCUMENTS[id] for id in ids], pa.string())
        table = pa.table({"id": pa.array(ids, pa.int64()), "text": texts})
        (tmp_path / "corpus").mkdir(exist_ok=True)
        pq.write_table(table, tmp_path / "corpus" / f"{number}.parquet")
    corpus = daft.read_parquet(str(tmp_path / "corpus/*.parquet"))
    tokenizer = train_from_counts(train.counted(corpus), SIZE)
    train.tokenised(corpus, tokenizer).write_parquet(str(tmp_path / "ids"))
    is_the_same(tokenizer, tmp_path / "ids")


@pytest.mark.parametrize("runner", ["native", "ray"])
def test_the_script_does_on_one_machine_and_on_a_cluster(tmp_path, runner):
    if runner == "ray":
        pytest.importorskip("ray")
    script = [sys.executable, str(Path(train.__file__)), "--runner", runner, "--partitions", "3"]
    script += ["--vocab-size", str(SIZE), "--output", str(tmp_path)]
    out = subprocess.run(script, capture_output=True, text=True, cwd=tmp_path, timeout=240)
    assert out.returncode == 0, out.stdout + out.stderr
    is_the_same(Tokenizer.from_file(tmp_path / "bpe.tokenizer"), tmp_path / "ids")


# The rule's three parts, each left out. Each of these has been a way to "scale" a tokenizer's training.


def test_whole_documents_add_up_in_any_order():
    for number in (2, 7, 50):
        counters = [count(part) for part in parts(number)]
        assert added(counters) == added(reversed(counters)) == count(DOCUMENTS)


def test_documents_that_are_cut_in_the_middle_give_another_tokenizer():
    """At a byte, as blocks of a file are: a word over the cut is two other words, on every cut."""
    data = "".join(DOCUMENTS).encode()
    whole = count(["".join(DOCUMENTS)])
    width = len(data) // 500
    blocks = [data[first : first + width].decode(errors="ignore") for first in range(0, len(data), width)]
    cut = count(blocks)
    assert cut != whole
    assert merges(train_from_counts(cut, SIZE)) != merges(train_from_counts(whole, SIZE))


def test_a_cut_between_words_is_not_enough():
    """What follows decides where a run of spaces ends: the last one belongs to the next word."""
    assert added([count(["two "]), count([" spaces"])]) == count(["two  spaces"])
    assert added([count(["two  "]), count(["spaces"])]) != count(["two  spaces"])


def pruned(counter: PreTokenCounter, words: Sequence[str], least: int) -> PreTokenCounter:
    """The words of at least so many occurrences; a word by itself is one word."""
    found = [(word, counter[word]) for word in words]
    return count(word for word, times in found if times >= least for _ in range(times))


def test_counts_that_are_pruned_per_partition_give_another_tokenizer():
    counters = [count(part) for part in parts(7)]
    words = [pa.array(counter.to_arrow()).field(0).to_pylist() for counter in counters]
    texts = [[word if isinstance(word, str) else word.decode() for word in part] for part in words]
    # With nothing to prune this is the identity, so that what follows is not its own fault.
    same = [pruned(counter, part, 1) for counter, part in zip(counters, texts)]
    assert added(same) == count(DOCUMENTS)
    few = added(pruned(counter, part, 5) for counter, part in zip(counters, texts))
    learned = merges(train_from_counts(few, SIZE))
    assert learned != merges(ONE)
    # Not only at the end, where everything is rare.
    first = next(place for place, two in enumerate(zip(learned, merges(ONE))) if two[0] != two[1])
    assert first < len(learned) // 2


def test_merges_that_are_learned_per_partition_and_joined_are_another_tokenizer():
    """By rank, as votes: what is frequent in each partition comes first."""
    learned = [merges(train_from_counts(count(part), SIZE)) for part in parts(3)]
    by_rank = itertools.chain.from_iterable(zip(*learned))
    joined = list(dict.fromkeys(by_rank))[: SIZE - 256]
    assert joined != merges(ONE)
    assert set(joined) != set(merges(ONE))


def test_ids_of_documents_that_are_cut_are_others():
    """The same rule for tokenising: a document is encoded whole."""
    text = "unbelievable"
    cut = ONE.encode(text[:4]) + ONE.encode(text[4:])
    assert cut != ONE.encode(text)
    assert ONE.decode(cut) == text
