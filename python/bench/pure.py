"""Byte-pair encoding in pure Python: the well-known minimal algorithm, written for this comparison.

Cut the text by the pattern. Begin each piece with its bytes, and replace the pair whose joined bytes have the
lowest rank, until no pair is a token. No cache, no tricks: what one writes in an evening, and what "times faster
than Python" is measured against. It is not the best that Python can do: to look each piece up as a whole first
is one line more and several times as fast (`look_up=True`), since most words are tokens.
"""

import regex

Ranks = dict[bytes, int]


def merged(piece: bytes, ranks: Ranks) -> list[int]:
    """The ids of one piece."""
    parts = [piece[i : i + 1] for i in range(len(piece))]
    while len(parts) > 1:
        best, at = None, 0
        for i in range(len(parts) - 1):
            rank = ranks.get(parts[i] + parts[i + 1])
            if rank is not None and (best is None or rank < best):
                best, at = rank, i
        if best is None:
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return [ranks[part] for part in parts]


class Encoding:
    """A tokenizer of ranks and a pattern."""

    def __init__(self, ranks: Ranks, pattern: str, look_up: bool = False) -> None:
        self.ranks = ranks
        self.look_up = look_up
        self.pieces = regex.compile(pattern)

    def encode(self, text: str) -> list[int]:
        """The ids of a text; special tokens are ordinary text."""
        ids: list[int] = []
        for piece in self.pieces.findall(text):
            token = piece.encode()
            if self.look_up and token in self.ranks:
                ids.append(self.ranks[token])
            else:
                ids.extend(merged(token, self.ranks))
        return ids
