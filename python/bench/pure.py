"""Byte-pair encoding in pure Python, three times, written for this comparison.

Cut the text by the pattern, begin each piece with its bytes, and merge until no pair is a token.

    `minimal`   the algorithm as it is taught: count the pairs in a `dict`, take the one of lowest rank, replace
                it everywhere, and begin anew. What one writes first, and what "times faster than Python" is
                measured against.
    `lean`      looks at each pair once a step and counts nothing. Twice as fast, for who has measured.
    `look_up`   as `lean`, and a piece that is a token as a whole is not merged at all: one line more, and
                several times as fast, since most words are tokens.
"""

import regex

Ranks = dict[bytes, int]


def minimal(piece: bytes, ranks: Ranks) -> list[int]:
    """The ids of one piece, by counting its pairs."""
    parts = [piece[i : i + 1] for i in range(len(piece))]
    while len(parts) > 1:
        counts: dict[tuple[bytes, bytes], int] = {}
        for pair in zip(parts, parts[1:]):
            counts[pair] = counts.get(pair, 0) + 1
        best = min(counts, key=lambda pair: ranks.get(pair[0] + pair[1], len(ranks)))
        token = best[0] + best[1]
        if token not in ranks:
            break
        merged, i = [], 0
        while i < len(parts):
            if i + 1 < len(parts) and (parts[i], parts[i + 1]) == best:
                merged.append(token)
                i += 2
            else:
                merged.append(parts[i])
                i += 1
        parts = merged
    return [ranks[part] for part in parts]


def lean(piece: bytes, ranks: Ranks) -> list[int]:
    """The ids of one piece, by one look at each pair a step."""
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

    def __init__(self, ranks: Ranks, pattern: str, how: str = "minimal") -> None:
        self.ranks = ranks
        self.merge = minimal if how == "minimal" else lean
        self.look_up = how == "look_up"
        self.pieces = regex.compile(pattern)

    def encode(self, text: str) -> list[int]:
        """The ids of a text; special tokens are ordinary text."""
        ids: list[int] = []
        for piece in self.pieces.findall(text):
            token = piece.encode()
            if self.look_up and token in self.ranks:
                ids.append(self.ranks[token])
            else:
                ids.extend(self.merge(token, self.ranks))
        return ids
