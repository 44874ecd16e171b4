"""Ids, texts, special tokens, offsets, files, columns: what a tokenizer promises."""

import array
import copy
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import CL100K_PATTERN, CL100K_SPECIALS, ROOT, ranks

from rust_for_ai import PreTokenCounter, Tokenizer, train_from_counts


def kinds(tmp_path: Path) -> list[Tokenizer]:
    """A tokenizer of each kind."""
    text = (ROOT / "data/golden/bpe_text.txt").read_text()
    return [
        Tokenizer.from_name("gpt2"),
        Tokenizer.from_name("cl100k_base"),
        Tokenizer.train([text], 400, special_tokens=["<|a\nb\\|>", "<|end|>"]),
        Tokenizer.train([text], 300, pattern=None),
        Tokenizer.from_gguf(ROOT / "data/tiny.gguf"),
    ]


# --- the same ids as others ------------------------------------------------------------------------


def test_ids_are_tiktokens(nasty, book, cl100k, gpt2, tiktoken_cl100k, tiktoken_gpt2):
    for ours, theirs in [(cl100k, tiktoken_cl100k), (gpt2, tiktoken_gpt2)]:
        for text in nasty:
            assert ours.encode(text) == theirs.encode(text), repr(text)
            assert ours.count(text) == len(theirs.encode(text)), repr(text)
        assert ours.encode(book) == theirs.encode(book)
        assert ours.n_vocab == theirs.n_vocab
        assert set(ours.special_tokens) == theirs.special_tokens_set


def test_special_tokens_are_as_in_tiktoken(cl100k, tiktoken_cl100k):
    end, prefix = "<|endoftext|>", "<|fim_prefix|>"
    texts = ["", end, f"a{end}b", f"{end}{end}", f"{prefix} x {end}\n\n{prefix}", "<|endoftext|", "<|no|>"]
    rules = [
        {},
        {"allowed_special": "all"},
        {"allowed_special": {end}},
        {"allowed_special": {end}, "disallowed_special": {prefix}},
        {"allowed_special": {end}, "disallowed_special": ()},
        {"disallowed_special": ()},
        {"disallowed_special": {"x"}},
        {"allowed_special": "all", "disallowed_special": {end}},
    ]
    compared = 0
    for text in texts:
        for rule in rules:
            try:
                expected = tiktoken_cl100k.encode(text, **rule)
            except ValueError:
                with pytest.raises(ValueError, match="has the special token `"):
                    cl100k.encode(text, **rule)
                continue
            assert cl100k.encode(text, **rule) == expected, (text, rule)
            assert cl100k.decode(expected) == tiktoken_cl100k.decode(expected)
            compared += 1
    assert compared > 30


def test_ids_are_those_of_tokenizers(nasty):
    """Hugging Face's library with the same merges, for a vocabulary that we learned."""
    hf = pytest.importorskip("tokenizers")
    text = (ROOT / "data/golden/bpe_text.txt").read_text()
    ours = Tokenizer.train([text], 700, pattern="gpt2")
    visible = {byte: char for char, byte in unicode_bytes().items()}
    shown = lambda token: "".join(visible[byte] for byte in token)
    tokens = [ours.token_bytes(id) for id in range(ours.n_vocab)]
    vocabulary = {shown(token): id for id, token in enumerate(tokens)}
    # The pair that a token was made of is what its bytes are, by the merges before it.
    merges = []
    for id in range(256, len(tokens)):
        parts = [bytes([byte]) for byte in tokens[id]]
        known = {token: rank for rank, token in enumerate(tokens[:id])}
        while len(parts) > 2:
            rank, at = min((known.get(a + b, id), i) for i, (a, b) in enumerate(zip(parts, parts[1:])))
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        merges.append((shown(parts[0]), shown(parts[1])))
    theirs = hf.Tokenizer(hf.models.BPE(vocabulary, merges))
    theirs.pre_tokenizer = hf.pre_tokenizers.ByteLevel(add_prefix_space=False)
    theirs.decoder = hf.decoders.ByteLevel()
    for sample in [*nasty, text]:
        got = theirs.encode(sample)
        assert ours.encode(sample) == got.ids, repr(sample)
        # Where a token stands, too; theirs leave out the space in front of a word, as HF does by default.
        if "\n" not in sample and " " not in sample and sample.isascii():
            assert ours.encode_with_offsets(sample)[1] == got.offsets, repr(sample)


def unicode_bytes() -> dict[str, int]:
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in kept]
    return {chr(b): b for b in kept} | {chr(256 + n): b for n, b in enumerate(rest)}


def test_a_trained_vocabulary_is_that_of_a_naive_trainer():
    text = "the cat sat on the mat; the cats sat, hugging the pug that hugs a mug " * 3
    ours = Tokenizer.train([text], 330, pattern="gpt2")
    words = PreTokenCounter("gpt2")
    words.update(text)
    pieces = [(list(w["word"].encode()), w["count"]) for w in arrow_list(words)]
    for new in range(256, ours.n_vocab):
        counts: dict[tuple[int, int], int] = {}
        for word, count in pieces:
            for pair in zip(word, word[1:]):
                counts[pair] = counts.get(pair, 0) + count
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        assert ours.token_bytes(new) == ours.token_bytes(pair[0]) + ours.token_bytes(pair[1])
        for word, _ in pieces:
            at = 0
            while at + 1 < len(word):
                if (word[at], word[at + 1]) == pair:
                    word[at : at + 2] = [new]
                at += 1


def arrow_list(counter: PreTokenCounter) -> list[dict[str, object]]:
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.array(counter.to_arrow()).to_pylist()


# --- every way to encode gives the same -------------------------------------------------------------


def test_all_ways_to_encode_agree(tmp_path, nasty):
    for tokenizer in kinds(tmp_path):
        expected = [tokenizer.encode(text) for text in nasty]
        assert tokenizer.encode_batch(nasty) == expected
        assert tokenizer.encode_batch(iter(nasty)) == expected
        assert tokenizer.encode_batch(tuple(nasty)) == expected
        for text, ids in zip(nasty, expected):
            array = tokenizer.encode_to_numpy(text)
            assert array.dtype == np.uint32 and array.shape == (len(ids),)
            assert array.tolist() == ids
            assert tokenizer.count(text) == len(ids)
            assert tokenizer.encode_ordinary(text) == ids
            assert tokenizer.encode_with_offsets(text)[0] == ids


def test_texts_of_any_length_agree(cl100k, book):
    """Short, without the GIL, in a thread of their own, in several slices."""
    for end in [0, 1, 2_000, 2_047, 2_048, 2_049, 100_000, 262_143, 262_144, 262_145, (1 << 20) - 1, 1 << 20, 3_000_000]:
        text = book[:end]
        ids = cl100k.encode(text)
        assert ids == cl100k.encode_to_numpy(text).tolist()
        assert len(ids) == cl100k.count(text)
        assert cl100k.decode(ids) == text
    parts = book.splitlines(keepends=True)
    assert cl100k.decode([id for ids in cl100k.encode_batch(parts) for id in ids]) == book


def test_long_texts_keep_their_special_tokens(cl100k, tiktoken_cl100k, book):
    text = "<|endoftext|>".join([book[:700_000], book[700_000:2_000_000], "", book[2_000_000:]])
    ids = cl100k.encode(text, allowed_special="all")
    assert ids == tiktoken_cl100k.encode(text, allowed_special="all")
    with pytest.raises(ValueError, match="at character 700000"):
        cl100k.encode(text)


# --- back to text -----------------------------------------------------------------------------------


def test_decoding_gives_the_text_back(tmp_path, nasty):
    for tokenizer in kinds(tmp_path):
        lossless = "tiny" not in repr(tokenizer) and "gguf" not in repr(tokenizer)
        for text in nasty:
            ids = tokenizer.encode(text, allowed_special="all")
            if lossless:
                assert tokenizer.decode(ids, errors="strict") == text, repr(text)
                assert tokenizer.decode_bytes(ids) == text.encode()
                assert b"".join(tokenizer.token_bytes(id) for id in ids) == text.encode()
        if lossless:
            assert tokenizer.decode_batch(tokenizer.encode_batch(nasty)) == nasty


def test_ids_may_be_any_integers(gpt2):
    ids = [15496, 11, 995, 0]
    same = [
        tuple(ids),
        iter(ids),
        np.array(ids, dtype=np.uint32),
        np.array(ids, dtype=np.int64),
        np.array(ids * 2, dtype=np.uint32)[::2].copy()[:0].tolist() + ids,
        np.array([i for id in ids for i in (id, 0)], dtype=np.uint32)[::2],
        array.array("I", ids),
        [np.int32(id) for id in ids],
        {id: None for id in ids},
    ]
    for it in same:
        assert gpt2.decode(it) == "Hello, world!"
    assert gpt2.decode([]) == "" and gpt2.decode(np.array([], dtype=np.uint32)) == ""


def test_cut_characters(gpt2):
    assert gpt2.decode([447]) == "\ufffd"
    assert gpt2.decode([447], errors="ignore") == ""
    with pytest.raises(UnicodeDecodeError) as caught:
        gpt2.decode([15496, 447], errors="strict")
    assert (caught.value.start, caught.value.object) == (5, b"Hello\xe2\x80")


# --- offsets ----------------------------------------------------------------------------------------


def test_offsets_hold_the_tokens_bytes(tmp_path, nasty):
    for tokenizer in kinds(tmp_path):
        if "gguf" in repr(tokenizer):
            continue
        for text in nasty:
            ids, offsets = tokenizer.encode_with_offsets(text)
            reached = 0
            for id, (start, end) in zip(ids, offsets, strict=True):
                token = tokenizer.token_bytes(id)
                assert 0 <= start < end <= len(text)
                assert start in (reached, reached - 1), "no gap, and an overlap of one character at most"
                assert token in text[start:end].encode()
                assert len(text[start:end].encode()) - len(token) < 8
                reached = end
            assert reached == len(text)


def test_offsets_of_special_tokens(gpt2):
    ids, offsets = gpt2.encode_with_offsets("é<|endoftext|>a", allowed_special="all")
    assert [("é<|endoftext|>a")[a:b] for a, b in offsets][-2:] == ["<|endoftext|>", "a"]


# --- files and copies -------------------------------------------------------------------------------


def test_saved_copied_and_pickled_tokenizers_are_equal(tmp_path, nasty):
    all_kinds = kinds(tmp_path)
    for number, tokenizer in enumerate(all_kinds):
        path = tmp_path / f"{number}.tokenizer"
        tokenizer.save(path)
        copies = [
            Tokenizer.from_file(path),
            Tokenizer.from_file(str(path)),
            copy.copy(tokenizer),
            copy.deepcopy(tokenizer),
            *(pickle.loads(pickle.dumps(tokenizer, protocol)) for protocol in range(2, 6)),
        ]
        for it in copies:
            assert it == tokenizer and hash(it) == hash(tokenizer) and not it != tokenizer
            assert it.special_tokens == tokenizer.special_tokens
            assert [it.encode(t) for t in nasty[:200]] == [tokenizer.encode(t) for t in nasty[:200]]
        again = tmp_path / "again"
        Tokenizer.from_file(path).save(again)
        assert again.read_bytes() == path.read_bytes()
        for other in all_kinds[:number]:
            assert other != tokenizer
    assert len(set(all_kinds) | set(kinds(tmp_path))) == len(all_kinds)
    assert all_kinds[0] != "gpt2" and all_kinds[0] != None  # noqa: E711


def test_the_hash_is_the_same_in_every_process(gpt2):
    code = "from rust_for_ai import Tokenizer; print(hash(Tokenizer.from_name('gpt2')))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(out.stdout) == hash(gpt2)


def test_files_of_tiktoken(tmp_path, cl100k, nasty):
    import gzip

    path = tmp_path / "cl100k_base.tiktoken"
    path.write_bytes(gzip.decompress((ROOT / "data/cl100k_base.tiktoken.gz").read_bytes()))
    same = Tokenizer.from_tiktoken(path, pattern="cl100k", special_tokens=CL100K_SPECIALS)
    assert same == cl100k and same.pattern == "cl100k"
    assert Tokenizer.from_tiktoken(path, pattern="o200k") != cl100k


def test_gguf_files(tiny):
    tokenizer = Tokenizer.from_gguf(tiny)
    assert tokenizer == Tokenizer.from_file(tiny)
    assert tokenizer.special_tokens
    text = "In the beginning God created the heaven and the earth."
    assert tokenizer.decode(tokenizer.encode(text)) == text
    special = next(iter(tokenizer.special_tokens))
    ids = tokenizer.encode(f"a{special}b", allowed_special="all")
    assert tokenizer.special_tokens[special] in ids
    assert tokenizer.decode(ids) == f"a{special}b"
    with pytest.raises(ValueError, match="special token"):
        tokenizer.encode(special)


# --- columns ----------------------------------------------------------------------------------------


def columns(texts):
    """The same texts as columns of every layout."""
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    yield pa.array(texts, pa.string())
    yield pa.array(texts, pa.large_string())
    yield pa.array(texts, pa.string_view())
    yield pa.chunked_array([pa.array(texts[:3], pa.string()), pa.array([], pa.string()), pa.array(texts[3:], pa.string())])
    yield pl.Series(texts, dtype=pl.String)
    yield pa.array([None, "x", *texts, "y"], pa.string())[2:-1]
    yield pa.array([None, "x", *texts, "y"], pa.string_view())[2:-1]
    yield pl.concat([pl.Series(texts[:5], dtype=pl.String), pl.Series(texts[5:], dtype=pl.String)], rechunk=False)


def test_columns_in_and_out(gpt2, nasty):
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    texts = [None, *nasty[:300], None, "a text that is longer than twelve bytes"]
    expected = [None if text is None else gpt2.encode(text) for text in texts]
    for column in columns(texts):
        made = gpt2.encode_batch_arrow(column)
        assert len(made) == len(texts)
        got = pa.array(made)
        assert got.type == pa.list_(pa.uint32())
        got.validate(full=True)
        assert got.to_pylist() == expected
        assert pl.Series(made).to_list() == expected
        assert gpt2.encode_batch(column) == [ids or [] for ids in expected]
        for lists in (got, got.cast(pa.large_list(pa.uint32())), pl.Series(made), made):
            assert gpt2.decode_batch(lists) == texts
        assert gpt2.decode_batch(got[2:]) == texts[2:]
    for empty in (pa.array([], pa.string()), pl.Series([], dtype=pl.String), []):
        assert pa.array(gpt2.encode_batch_arrow(empty)).to_pylist() == []
    assert pa.array(gpt2.encode_batch_arrow(["a", "b"])).null_count == 0


def test_a_column_outlives_what_made_it(gpt2):
    pa = pytest.importorskip("pyarrow")
    column = pa.array(gpt2.encode_batch_arrow(["hello world"] * 1_000))
    other = pa.array(gpt2.encode_batch_arrow(["x"] * 100_000))
    assert column.to_pylist() == [gpt2.encode("hello world")] * 1_000
    del other


# --- counts -----------------------------------------------------------------------------------------


def test_counts_add_up_to_what_one_machine_learns(book):
    verses = book.splitlines(keepends=True)[:6_000]
    whole = Tokenizer.train(verses, 600, special_tokens=["<|end|>"])
    parts = []
    for number in range(5):
        counter = PreTokenCounter()
        counter.update(verses[number::5])
        parts.append(pickle.loads(pickle.dumps(counter)))
    total = PreTokenCounter()
    for counter in reversed(parts):
        total.merge(counter)
    once = PreTokenCounter()
    for verse in verses:
        once.update(verse)
    assert total == once and len(total) == len(once) > 1_000
    assert copy.deepcopy(total) == total and copy.copy(total) == total
    assert train_from_counts(total, 600, special_tokens=["<|end|>"]) == whole
    total.merge(total)
    assert total != once and total[" the"] == 2 * once[" the"]


def test_counts_as_a_column(book):
    pa = pytest.importorskip("pyarrow")
    counter = PreTokenCounter("gpt2")
    counter.update(pa.array(book.splitlines()[:100]))
    column = pa.array(counter.to_arrow())
    column.validate(full=True)
    words = {row["word"]: row["count"] for row in column.to_pylist()}
    assert len(words) == len(counter) and words[" the"] == counter[" the"] > 100
    assert list(words) == sorted(words, key=str.encode)
    assert counter["no such word"] == 0


def test_a_failed_update_counts_nothing():
    counter = PreTokenCounter()
    with pytest.raises(TypeError, match=r"texts\[2\] is a `int`"):
        counter.update(["a", "b", 3])
    assert len(counter) == 0


def test_ranks_of_the_package_are_whole(cl100k):
    for token, rank in ranks("cl100k_base").items():
        assert cl100k.token_bytes(rank) == token
    assert CL100K_PATTERN
