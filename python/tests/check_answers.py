"""Right answers in pure Python to the stages of `real_tokenizers`: what the checks must pass.

Each is as plain as its stage's essay. `solutions/python/` holds those of the chapters `bpe` and `llama`.
"""

import base64
import heapq
import itertools
import re
import unicodedata
from collections import defaultdict

from rust_for_ai.check import errors
from rust_for_ai.check.work import Symbol

# --- real_tokenizers --------------------------------------------------------------------------------


def is_space(c):
    # White space by Unicode; Python's own `isspace` takes four control characters more.
    return c.isspace() and not "\x1c" <= c <= "\x1f"


def is_letter(c):
    return unicodedata.category(c).startswith("L")


def is_number(c):
    return unicodedata.category(c).startswith("N")


def is_other(c):
    return not (is_space(c) or is_letter(c) or is_number(c))


def run(text, at, holds):
    while at < len(text) and holds(text[at]):
        at += 1
    return at


def space_run(text, at):
    """The end of a run of white space that leaves its last character to what follows."""
    end = run(text, at, is_space)
    return end if end == len(text) or end == at + 1 else end - 1


def pretokenize_gpt2(text):
    pieces, at = [], 0
    while at < len(text):
        contraction = re.compile("'(?:[sdmt]|ll|ve|re)").match(text, at)
        begin = at + (text[at] == " ")
        ends = [run(text, begin, holds) for holds in (is_letter, is_number, is_other)]
        longer = [end for end in ends if end > begin]
        if contraction:
            end = contraction.end()
        else:
            end = longer[0] if longer else space_run(text, at)
        pieces.append(text[at:end])
        at = end
    return pieces


def pretokenize_gpt4(text):
    pieces, at = [], 0
    while at < len(text):
        end = gpt4_piece(text, at)
        pieces.append(text[at:end])
        at = end
    return pieces


def gpt4_piece(text, at):
    contraction = re.compile("'(?:[sdmtſ]|ll|ve|re)", re.IGNORECASE).match(text, at)
    if contraction:
        return contraction.end()
    prefix = at + (text[at] not in "\r\n" and not is_letter(text[at]) and not is_number(text[at]))
    end = run(text, prefix, is_letter)
    if end > prefix:
        return end
    end = run(text, at, is_number)
    if end > at:
        return min(end, at + 3)
    begin = at + (text[at] == " ")
    end = run(text, begin, is_other)
    if end > begin:
        return run(text, end, lambda c: c in "\r\n")
    end = run(text, at, is_space)
    if end == len(text):
        return end
    last_newline = max(text.rfind("\n", at, end), text.rfind("\r", at, end))
    return last_newline + 1 if last_newline >= 0 else space_run(text, at)


class Tiktoken:
    def __init__(self, tokens, split):
        self.tokens = tokens
        self.ranks = {token: rank for rank, token in enumerate(tokens)}
        self.split = split

    @classmethod
    def load(cls, file, split):
        tokens, lines = [], {}
        ranks = set()
        # `splitlines` would split at more than line ends.
        rows = file.split("\n")
        if rows[-1] == "":
            rows.pop()
        for number, line in enumerate(rows, start=1):
            token, space, rank = line.partition(" ")
            if not space:
                raise errors.RanksError(number, errors.Malformed())
            try:
                token = base64.b64decode(token, validate=True)
            except ValueError:
                token = b""
            if not token:
                raise errors.RanksError(number, errors.BadToken())
            if not re.fullmatch("[0-9]+", rank) or int(rank) >= 2**32:
                raise errors.RanksError(number, errors.BadRank())
            rank = int(rank)
            if rank in ranks:
                raise errors.RanksError(number, errors.DuplicateRank(rank))
            if rank != len(tokens):
                raise errors.RanksError(number, errors.Gap(len(tokens), rank))
            if token in lines:
                raise errors.RanksError(number, errors.DuplicateToken(lines[token]))
            tokens.append(token)
            ranks.add(rank)
            lines[token] = number
        for byte in range(256):
            if bytes([byte]) not in lines:
                raise errors.RanksError(len(rows), errors.MissingByte(byte))
        return cls(tokens, split)

    def encode(self, text):
        return [id for piece in self.split(text) for id in self.piece(piece.encode())]

    def piece(self, piece):
        if piece in self.ranks:
            return [self.ranks[piece]]
        parts = [bytes([byte]) for byte in piece]
        while True:
            pairs = (self.ranks.get(a + b) for a, b in itertools.pairwise(parts))
            known = [(rank, at) for at, rank in enumerate(pairs) if rank is not None]
            if not known:
                return [self.ranks[part] for part in parts]
            rank, at = min(known)
            parts[at : at + 2] = [self.tokens[rank]]

    def decode(self, ids):
        return joined(self.tokens, ids).decode()


def joined(tokens, ids):
    for position, id in enumerate(ids):
        if id >= len(tokens):
            raise errors.UnknownToken(position, id)
    return b"".join(tokens[id] for id in ids)


def special_tokens(text, allowed, disallowed):
    def first(specials, at):
        longest_first = sorted(specials, key=len, reverse=True)
        pattern = "|".join(map(re.escape, longest_first))
        return re.compile(pattern).search(text, at) if pattern else None

    if found := first(disallowed, 0):
        raise errors.SpecialError(found.group(), len(text[: found.start()].encode()))
    parts, at = [], 0
    while found := first(allowed, at):
        parts += [("text", text[at : found.start()]), ("special", found.group())]
        at = found.end()
    parts.append(("text", text[at:]))
    return [part for part in parts if part[1]]


def merge(word, pair, new):
    merged, at = [], 0
    while at < len(word):
        here = at + 1 < len(word) and (word[at], word[at + 1]) == pair
        merged.append(new if here else word[at])
        at += 2 if here else 1
    return merged


def train_word_counts(words, vocab_size):
    words = [(list(word), count) for word, count in words]
    merges = []
    for new in range(256, vocab_size):
        counts = defaultdict(int)
        for word, count in words:
            for pair in itertools.pairwise(word):
                counts[pair] += count
        if not counts:
            break
        most = max(counts.values())
        best = min(pair for pair, count in counts.items() if count == most)
        words = [(merge(word, best, Symbol(new)), count) for word, count in words]
        merges.append(best)
    return merges


def train_incremental(words, vocab_size):
    words = [(list(word), count) for word, count in words]
    counts, holders = defaultdict(int), defaultdict(set)
    for index, (word, count) in enumerate(words):
        for pair in itertools.pairwise(word):
            counts[pair] += count
            holders[pair].add(index)
    heap = [(-count, pair) for pair, count in counts.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < vocab_size - 256:
        count, pair = heapq.heappop(heap)
        now = counts[pair]
        if -count != now:
            if 0 < now < -count:
                heapq.heappush(heap, (-now, pair))
            continue
        new = Symbol(256 + len(merges))
        merges.append(pair)
        grown = set()
        for index in holders.pop(pair):
            word, times = words[index]
            merged, at, read = [], 0, word
            while at < len(read):
                here = at + 1 < len(read) and (read[at], read[at + 1]) == pair
                if here:
                    counts[pair] -= times
                    if merged:
                        counts[merged[-1], read[at]] -= times
                        changed(counts, holders, grown, (merged[-1], new), times, index)
                    if at + 2 < len(read):
                        counts[read[at + 1], read[at + 2]] -= times
                        changed(counts, holders, grown, (new, read[at + 2]), times, index)
                merged.append(new if here else read[at])
                at += 2 if here else 1
            words[index] = (merged, times)
        for fresh in grown:
            # What a later merge in the same word took away again is no pair.
            if counts[fresh]:
                heapq.heappush(heap, (-counts[fresh], fresh))
    return merges


def changed(counts, holders, grown, pair, times, index):
    counts[pair] += times
    holders[pair].add(index)
    grown.add(pair)


def encode_fast(word, merges):
    parts = list(word)
    after = list(range(1, len(word) + 1))
    before = list(range(-1, len(word) - 1))

    def makes(place):
        right = after[place]
        if parts[place] is None or right >= len(parts) or parts[right] is None:
            return None
        return merges.get(parts[place], parts[right])

    heap = [(made, place) for place in range(len(word)) if (made := makes(place)) is not None]
    heapq.heapify(heap)
    while heap:
        new, place = heapq.heappop(heap)
        made = makes(place)
        if made is None or made != new:
            continue
        right = after[place]
        parts[place], parts[right] = new, None
        after[place] = after[right]
        if after[place] < len(parts):
            before[after[place]] = place
        for touched in (before[place], place):
            if touched >= 0 and (made := makes(touched)) is not None:
                heapq.heappush(heap, (made, touched))
    return [part for part in parts if part is not None]


class SentencePiece:
    def __init__(self, pieces):
        self.pieces = pieces
        self.normal = {text: (id, score) for id, (text, score, kind) in enumerate(pieces) if kind == "normal"}
        self.bytes = {kind: id for id, (_, _, kind) in enumerate(pieces) if isinstance(kind, int)}

    def encode(self, text):
        symbols = list((" " + text).replace(" ", "▁")) if text else []
        while True:
            joins = enumerate(a + b for a, b in itertools.pairwise(symbols))
            known = [(-self.normal[join][1], at) for at, join in joins if join in self.normal]
            if not known:
                break
            _, at = min(known)
            symbols[at : at + 2] = [symbols[at] + symbols[at + 1]]
        ids = []
        for symbol in symbols:
            ids += [self.normal[symbol][0]] if symbol in self.normal else [self.bytes[b] for b in symbol.encode()]
        return ids

    def decode(self, ids):
        for position, id in enumerate(ids):
            if id >= len(self.pieces):
                raise errors.UnknownToken(position, id)
        out, first = b"", True
        for id in ids:
            text, _, kind = self.pieces[id]
            if kind == "control":
                continue
            if kind == "unknown":
                out += " ⁇ ".encode()
            elif kind == "normal":
                out += text.removeprefix("▁" if first else "").replace("▁", " ").encode()
            else:
                out += bytes([kind])
            first = False
        return out.decode()


def repair_lookahead(text):
    pieces, at = [], 0
    while at < len(text):
        begin = at + (text[at] == " ")
        end = run(text, begin, lambda c: not is_space(c))
        if end == begin:
            white = run(text, at, is_space)
            newline = max(text.rfind("\n", at, white), text.rfind("\r", at, white))
            end = newline + 1 if newline >= 0 else space_run(text, at)
        pieces.append(text[at:end])
        at = end
    return pieces


def repair_byte_table():
    others = itertools.count(0x100)
    seen = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    return [chr(byte) if byte in seen else chr(next(others)) for byte in range(256)]


def repair_quadratic(piece, rank):
    borders = list(range(len(piece) + 1))

    def pair(k):
        return rank(piece[borders[k] : borders[k + 2]]) if 0 <= k < len(borders) - 2 else None

    ranks = [pair(k) for k in range(len(piece) - 1)]
    while known := [(r, k) for k, r in enumerate(ranks) if r is not None]:
        _, at = min(known)
        del borders[at + 1], ranks[at]
        for k in (at - 1, at):
            if 0 <= k < len(ranks):
                ranks[k] = pair(k)
    return [rank(piece[a:b]) for a, b in itertools.pairwise(borders)]


def repair_lost_text(text, limit):
    pieces = []
    for word in re.findall("[^ ]* |[^ ]+", text):
        part = ""
        for c in word:
            if part and len((part + c).encode()) > limit:
                pieces.append(part)
                part = ""
            part += c
        pieces.append(part)
    return pieces


def repair_after_special(text, specials):
    parts = re.split("(" + "|".join(map(re.escape, specials)) + ")", text)
    shown = [part if k % 2 else ("▁" if k == 0 and part else "") + part.replace(" ", "▁") for k, part in enumerate(parts)]
    return [part for part in shown if part]
