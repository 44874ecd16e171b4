"""Chapter `bpe` in Python: a byte-pair-encoding tokenizer, six stages in the order in which they are solved.

The checks are those of the Rust chapter: `check.bpe.merge(bpe.merge)` in a notebook says PASSING, or where an
answer differs. Each stage uses those before it. Nothing but the standard library is needed.
"""

from rust_for_ai.check.errors import UnknownToken


def bytes_of(text: str) -> list[int]:
    """Stage `bpe.bytes`: turn a text into the ids of its bytes.

    A model reads numbers. The smallest alphabet that covers every script, every emoji and every typo is the
    256 values of a byte: with it there is no unknown character, ever. Give the bytes of the text in UTF-8, in
    order, each as an `int`. Nothing is lost or added.

        bytes_of("hi")  ->  [104, 105]
        bytes_of("é")   ->  [195, 169]        one character, two bytes
        bytes_of("")    ->  []
    """
    raise NotImplementedError("bpe.bytes")


def pair_counts(ids: list[int]) -> dict[tuple[int, int], int]:
    """Stage `bpe.pair_counts`: count adjacent pairs.

    Byte-pair encoding gives a short name to what occurs often. So count first. Each id forms a pair with the
    one after it, which makes n - 1 pairs for n ids. Pairs overlap, and the order within a pair matters. A pair
    that never occurs has no entry.

        pair_counts([1, 2, 3, 1, 2])  ->  {(1, 2): 2, (2, 3): 1, (3, 1): 1}
        pair_counts([0, 0, 0])        ->  {(0, 0): 2}
        pair_counts([7])              ->  {}
    """
    raise NotImplementedError("bpe.pair_counts")


def best_pair(counts: dict[tuple[int, int], int]) -> tuple[int, int] | None:
    """Stage `bpe.best_pair`: choose the most frequent pair.

    Often several pairs are equally frequent. A `dict` has the order in which its keys came, so without a rule
    for ties the choice hangs on how the pairs were counted. The rule here: among equal counts the smallest pair
    wins, as Python compares tuples. A pair that occurs once may win, too.

        best_pair({(1, 2): 5, (7, 7): 9})  ->  (7, 7)
        best_pair({(3, 1): 4, (2, 9): 4})  ->  (2, 9)     a tie: 2 < 3
        best_pair({(2, 5): 4, (2, 3): 4})  ->  (2, 3)     a tie: 3 < 5
        best_pair({})                      ->  None
    """
    raise NotImplementedError("bpe.best_pair")


def merge(ids: list[int], pair: tuple[int, int], new: int) -> list[int]:
    """Stage `bpe.merge`: replace a pair by its new id.

    Every place where the pair stands is rewritten. Read from the left; an id that went into a merge cannot go
    into another one. Return a new list; the one that was given stays as it is. One step an id: `del ids[i]`
    would move all that follows, each time.

        merge([1, 2, 3, 1, 2], (1, 2), 256)  ->  [256, 3, 256]
        merge([0, 0, 0], (0, 0), 256)        ->  [256, 0]          not [0, 256], not [256, 256]
        merge([5], (5, 6), 256)              ->  [5]
    """
    raise NotImplementedError("bpe.merge")


def train(text: str, vocab_size: int) -> list[tuple[int, int]]:
    """Stage `bpe.train`: learn the merges of a text.

    Start with the bytes. Count the pairs, choose the best one, give it the next free id, merge it; then count
    afresh, since a merge changes the counts and makes new pairs. The ordered list of the chosen pairs is the
    tokenizer. Ids 0 to 255 are the bytes, so the first merge makes 256. Stop when the vocabulary has
    `vocab_size` tokens, bytes included, or when no pair is left.

        train("aaabdaaabac", 259)  ->  [(97, 97), (97, 98), (256, 257)]
                                       aa = 256  ab = 257  aaab = 258
    """
    raise NotImplementedError("bpe.train")


class Tokenizer:
    """Stage `bpe.encode_decode`: encode a text and decode it exactly.

    Encoding applies the merges to a new text in the order in which they were learned. Decoding looks up the
    bytes of each id, joins them, and reads the whole as UTF-8.

        t = Tokenizer([(104, 105), (256, 33)])     hi = 256, hi! = 257
        t.encode("hi hi!")         ->  [256, 32, 257]
        t.decode([257, 32, 256])   ->  "hi! hi"
        t.decode([256, 999])       ->  raises UnknownToken(position=1, id=999)
        t.decode([104, 195])       ->  raises UnicodeDecodeError, whose `start` is 1

    `position` is the index of the first unknown id, which is told first, even after broken UTF-8. A token may
    end inside a character, so read UTF-8 once, at the end: then Python's own error has the right `start`. A
    list takes a negative index, and no id is negative.
    """

    def __init__(self, merges: list[tuple[int, int]]) -> None:
        raise NotImplementedError("bpe.encode_decode")

    def encode(self, text: str) -> list[int]:
        raise NotImplementedError("bpe.encode_decode")

    def decode(self, ids: list[int]) -> str:
        raise NotImplementedError("bpe.encode_decode")
