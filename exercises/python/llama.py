"""Chapter `llama` in Python: a quantized Llama, from the bytes of its file to a chat, in the order of its stages.

The checks are those of the Rust chapter: `check.llama.rope(llama.rope)` in a notebook says PASSING, or where an
answer differs. Nothing but the standard library is needed, and it is slow: some twenty tokens a second of a model with
1.8 million weights. The stage `llama.candle_load` is a call of a library of Rust, so it is missing here.

A vector is a list of `float`. Python's have 64 bits and the check's have 32, so numbers may differ a little; each
check says by how much.
"""

import codecs
import math
import struct
from itertools import accumulate, count, takewhile
from typing import Any

from rust_for_ai.check.errors import Ends, Magic, Text, Type, Version
from rust_for_ai.check.llama import Cache, Contents, Encode, Engine, Limits, Show, Tensor, Value, Voice, Weights


class Reader:
    """Reads a file from `at` on. For `gguf`: write `take`, `number` and `text` first."""

    def __init__(self, file: bytes) -> None:
        self.file = file
        self.at = 0

    def take(self, length: int) -> bytes:
        """The next `length` bytes; then it stands behind them. Raises `Ends` where there are fewer."""
        raise NotImplementedError("llama.gguf")

    def number(self, form: str) -> Any:
        """A number, as `struct` names it: `"I"` is a u32, `"i"` an i32, `"Q"` a u64, `"f"` an f32."""
        raise NotImplementedError("llama.gguf")

    def text(self) -> str:
        """A length, then so many bytes of text."""
        raise NotImplementedError("llama.gguf")

    def value(self, kind: int) -> Value:
        """A value of a type. The elements of a list are values of the list's type."""
        numbers = {4: ("U32", "I"), 5: ("I32", "i"), 6: ("F32", "f")}
        if kind in numbers:
            name, form = numbers[kind]
            return (name, self.number(form))
        if kind == 7:
            return ("Bool", self.take(1) != b"\0")
        if kind == 8:
            return ("Text", self.text())
        if kind == 9:
            kind, length = self.number("I"), self.number("Q")
            return ("List", [self.value(kind) for _ in range(length)])
        raise Type(kind)


def gguf(file: bytes) -> Contents:
    """Stage `llama.gguf`: read the head of a model file.

    A GGUF file holds all of a model: its settings, its vocabulary, its weights. In front of the weights stands a
    head that says what there is and where:

        "GGUF"   version u32, 3   number of tensors u64   number of values u64
        each value:    key   type u32   value
        each tensor:   name   number of dimensions u32   each dimension u64   format u32   offset u64
        padding to a multiple of 32 bytes, then the weights

        a text (key, name, value):  its length in bytes u64, then its bytes in UTF-8
        types:  4 u32   5 i32   6 f32   7 bool, one byte   8 text   9 list: type u32, count u64, elements

    All numbers are little-endian. An offset counts from where the weights begin, behind the padding; `start`
    counts from the beginning of the file. A head that ends on a multiple of 32 has no padding. The result is
    `Contents(values, tensors)` with pairs of key and value and with `Tensor(name, dims, format, start)`.

        b"GGUF", 3, no tensors, one value, "k", 4, 42  ->  Contents([("k", ("U32", 42))], [])
        the same without its last byte                 ->  raises Ends(at=37)       where the number begins

    The file comes from a stranger, so each length in it may be a lie. The first problem in reading order is
    raised: `Magic()`, `Version(version)`, `Ends(at)`, `Text(at)` or `Type(type)`. Where the weights end is not
    asked here.
    """
    raise NotImplementedError("llama.gguf")


def dequantize(format: str, data: bytes) -> list[float] | None:
    """Stage `llama.dequantize`: from blocks of integers to numbers.

    A file spends 4.5 bits on a weight in place of 32: it cuts each row into blocks of 32 weights, and stores one
    scale a block and one small integer a weight. Three of these formats, all numbers little-endian:

        Q8_0   34 bytes   scale: f16    32 integers from -128 to 127, a byte each     weight = scale * q
        Q4_0   18 bytes   scale: f16    32 integers from 0 to 15, two a byte          weight = scale * (q - 8)
        Q4_1   20 bytes   scale: f16, min: f16    32 integers from 0 to 15            weight = scale * q + min

    Where two integers share a byte, byte `i` holds weight `i` in its lower half and weight `i + 16` in its upper
    half: all lower halves are the first 16 weights. A tensor is its blocks one after the other. `struct` calls an
    f16 `"e"`. In Rust you will take one apart by hand.

        dequantize("Q4_0", b"\\x00\\x38\\x9f...")   ->   [3.5, ..., 0.5, ...]
            the scale is 0.5; byte 0x9f has 15 below and 9 above: weight 0 is 7 * 0.5, weight 16 is 1 * 0.5
        dequantize("Q5_K", ...)                  ->   None

    The bytes are whole blocks. Any other format is `None`.
    """
    raise NotImplementedError("llama.dequantize")


def quantized_dot(row: list[tuple[float, bytes]], x: list[float]) -> float:
    """Stage `llama.quantized_dot`: multiply integers, and scale once a block.

    Nearly all work of a model is dot products of a row of weights with a vector. Weights are integers with a
    scale. So make integers of the vector, too, multiply integers, and bring in the scales once for 32 products:

        sum of (a * p[i]) * (b * q[i])   =   a * b * (sum of p[i] * q[i])      a, b: scales    p, q: integers

    The vector is cut into blocks of 32, too. The scale of such a block is the largest size of its numbers divided
    by 127, so that integers go from -127 to 127; each number becomes the integer *nearest* to itself divided by
    the scale. (A block of zeros has the scale 0; all its integers are 0.)

    The row is in Q4_0, already taken apart: for each block its scale and 16 bytes, where byte `i` holds the
    integers of weights `i` (lower half) and `i + 16` (upper half), each 8 more than it stands for.

        row: scale 0.5, all bytes 0x88 but the first, 0x9f   ->   integers 7, 0, ..., 0, 1 (at 16), 0, ...
        x:   254.0, 0, ..., 0, 100.9 (at 16), 0, ...         ->   scale 2, integers 127, 0, ..., 0, 50, 0, ...
        quantized_dot(row, x)  =  0.5 * 2 * (7 * 127 + 1 * 50)  =  939.0        exact is 939.45
    """
    raise NotImplementedError("llama.quantized_dot")


def rms_norm(x: list[float], weight: list[float], epsilon: float) -> list[float]:
    """Stage `llama.rms_norm`: scale a vector to size one.

    Sixty matrix products one after the other would let the numbers explode or vanish. So a Llama brings each
    vector back to size before each block: it divides by the *root of the mean of the squares*, and then
    multiplies each number by a weight that was learned.

        out[i] = x[i] / sqrt(mean of x[j] ** 2 + epsilon) * weight[i]

        rms_norm([1.0, 7.0], [1.0, 1.0], 0.0)   ->  [0.2, 1.4]      the mean of 1 and 49 is 25, its root 5
        rms_norm([1.0, 7.0], [3.0, 0.5], 0.0)   ->  [0.6, 0.7]
        rms_norm([0.0, 0.0], [1.0, 1.0], 1e-5)  ->  [0.0, 0.0]      epsilon is there for this

    `x` and `weight` have the same length, which is not 0; so has the result.
    """
    raise NotImplementedError("llama.rms_norm")


def rope(vector: list[float], position: int, freq_base: float) -> list[float]:
    """Stage `llama.rope`: turn pairs of numbers by their position.

    Attention compares vectors and does not see where they stand. So a Llama turns each query and key by an angle
    that grows with the position: then the product of two of them depends on how far apart they are. The numbers
    of one head form pairs of neighbours, (0, 1), (2, 3) and so on, and each pair is a point in a plane that turns
    about the origin, against the clock. The first pair turns by one radian a position, each later one slower.

        angle of pair i = position / freq_base ** (2 * i / d)        d: how many numbers the head has

        rope([1.0, 0.0], 0, 10000.0)           ->  [1.0, 0.0]              position 0 turns nothing
        rope([1.0, 0.0], 1, 10000.0)           ->  [0.540302, 0.841471]    by 1: its cosine, its sine
        rope([1.0, 0.0, 0.0, 2.0], 1, 100.0)   ->  [0.540302, 0.841471, -0.199667, 1.990008]
                                                   the second pair by 1 / 100 ** (2 / 4) = 0.1

    Turning (x, y) by an angle gives (x cos - y sin, x sin + y cos). The length of `vector` is even.
    """
    raise NotImplementedError("llama.rope")


def softmax(scores: list[float]) -> list[float]:
    """Shares that add up to 1, each as `exp` of its score. For `attention`, and later for `sampler`."""
    raise NotImplementedError("llama.attention")


def attention(
    query: list[float], keys: list[float], values: list[float], heads: int, kv_heads: int, position: int
) -> list[float]:
    """Stage `llama.attention`: mix values by how well their keys match.

    Each token asks with a *query* and looks at every token so far, itself included: how well does that one's
    *key* match? The matches become shares that add up to 1, and the answer is the mix of the tokens' *values* in
    these shares. This is done in several *heads*, each with its own part of the query.

        score[t]  = (query . key[t]) / sqrt(d)                  for each position t = 0 to position
        share[t]  = exp(score[t]) / sum of exp of all scores    softmax
        out       = sum of share[t] * value[t]                  d numbers a head

        attention([2.0], [0.0, 1.0], [10.0, 20.0], 1, 1, 0)  ->  [10.0]       position 0 sees itself alone
        attention([2.0], [0.0, 1.0], [10.0, 20.0], 1, 1, 1)  ->  [18.808]     shares 0.1192 and 0.8808

    - `query` holds the heads one after the other, so `d = len(query) // heads`. So does the result.
    - `keys` and `values` hold a row for each position, `kv_heads * d` numbers long: the heads of that position one
      after the other.
    - There may be fewer heads of keys than of queries. With 4 and 2, heads 0 and 1 share the first, and heads 2
      and 3 the second. `heads` is a multiple of `kv_heads`.
    - There may be rows after `position`: they are the future, and do not count.
    - `math.exp(710.0)` is an `OverflowError`. Shares stay the same if the largest score is taken from all first.
    """
    raise NotImplementedError("llama.attention")


class KvCache:
    """Stage `llama.kv_cache`: remember keys and values, and forget them again.

    A token's keys and values depend on the tokens before it and on nothing that follows. So they are computed
    once and kept: that is what makes the next token cheap. A chat also goes *back*: where a question is put
    differently, the cache forgets what came after the part that stayed.

        cache = KvCache(2)                          two layers
        cache.push(0, [1.0, 2.0], [5.0, 6.0])       position 0, in layer 0
        len(cache)                                  0: layer 1 has no row yet
        cache.push(1, [3.0, 4.0], [7.0, 8.0])
        len(cache)                                  1: the position is complete
        cache.push(0, [9.0, 9.0], [9.0, 9.0])       position 1, in layer 0
        cache.keys(0)                               [1.0, 2.0, 9.0, 9.0]
        cache.truncate(1)
        cache.keys(0)                               [1.0, 2.0]

    A row is a vector; all rows of all layers have the same length, which is known from the first push on.
    `truncate(length)` leaves each layer with no more than `length` *rows*. `fork` gives a second cache with the
    same rows: what is pushed to one is not seen in the other. In Rust the compiler sees to that; here you do.
    """

    def __init__(self, layers: int) -> None:
        raise NotImplementedError("llama.kv_cache")

    def __len__(self) -> int:
        raise NotImplementedError("llama.kv_cache")

    def push(self, layer: int, key: list[float], value: list[float]) -> None:
        raise NotImplementedError("llama.kv_cache")

    def keys(self, layer: int) -> list[float]:
        raise NotImplementedError("llama.kv_cache")

    def values(self, layer: int) -> list[float]:
        raise NotImplementedError("llama.kv_cache")

    def truncate(self, length: int) -> None:
        raise NotImplementedError("llama.kv_cache")

    def fork(self) -> "KvCache":
        raise NotImplementedError("llama.kv_cache")


def forward(weights: Weights, cache: Cache, ids: list[int]) -> list[float]:
    """Stage `llama.forward`: put the parts together: from ids to logits.

    A vector goes through the network, the *stream*. It begins as the embedding of the token. Each layer adds to
    it twice: what attention found in earlier tokens, then what the feed-forward block makes of it. Both read a
    normalised copy, and the stream itself is never normalised. After the last layer, a matrix turns the stream
    into a number for each id of the vocabulary: the *logits* of the next token.

        stream = embedding(id)
        in each layer, whose names begin with "blk.0." and so on:
            x       = rms_norm(stream, norm attn_norm)
            q, k, v = attn_q . x, attn_k . x, attn_v . x      rope turns each head of q and of k, and not v
            push k and v to the cache; the token sees itself
            stream += attn_output . attention(q, keys and values of the layer)
            x       = rms_norm(stream, norm ffn_norm)
            stream += ffn_down . (silu(ffn_gate . x) * (ffn_up . x))      * multiplies number by number
        logits = output . rms_norm(stream, norm output_norm)

        silu(x) = x / (1 + exp(-x))      silu(2.0) = 1.7616, silu(-2.0) = -0.2384

    - `weights.product("blk.0.attn_q", x)` is a matrix times a vector; `weights.norm("blk.0.attn_norm")` are the
      weights of a normalisation; `weights.shape()` has the rest: `layers`, `heads`, `kv_heads`, `epsilon`,
      `freq_base`.
    - A head has `len(q) // shape.heads` numbers. `rope` takes one head at a time.
    - The position of a token is `len(cache)` before its first push. The cache may hold earlier tokens:
      `forward(w, cache, [5, 6])`, then `forward(w, cache, [7])` gives what a fresh `[5, 6, 7]` gives.
    - There is at least one id. Only the logits after the last one are asked for.
    """
    raise NotImplementedError("llama.forward")


def sampler(
    logits: list[float], recent: list[int], penalty: float, top_k: int, top_p: float, temperature: float, u: float
) -> int:
    """Stage `llama.sampler`: draw the next token.

    Taking the highest logit each time gives dull text that runs in circles; drawing by the bare probabilities
    gives nonsense now and then, since ten thousand unlikely tokens together are likely. So a chat takes out the
    unlikely ones, and draws among the rest. In this order, which is llama.cpp's:

    1. **Repeat penalty.** Each token that is in `recent`, once, however often it is there: a logit above 0 is
       divided by `penalty`, another one multiplied by it. So both fall (`penalty` is 1 or more).
    2. **Top-k.** The `top_k` highest logits stay; of equal ones the lower ids. 0 keeps all.
    3. **Top-p.** Take the probabilities of what is left, by softmax. From the most probable token down (of equal
       ones the lower id first), keep tokens until their sum is `top_p` or more. The token that reaches it stays.
       1 keeps all.
    4. **Temperature.** Divide the logits of what is left by it, and take probabilities anew. Below 1 the likely
       tokens gain, above 1 the others. 0 means: no draw, the highest logit, of equal ones the lowest id.
    5. **Draw.** Walk what is left *by ascending id*, adding up probabilities; the first token with which the sum
       is above `u` is drawn. `u` is a random number from 0 to below 1.

        logits [0.0, 1.1, 1.8]   ->  probabilities 0.1, 0.3, 0.6 (about)
        top_p 0.8                ->  0.6 is not enough, 0.6 + 0.3 is: tokens 2 and 1 stay, with 2/3 and 1/3
        u 0.3                    ->  token 1: 1/3 is above 0.3
        u 0.4                    ->  token 2

    A logit of minus infinity is a token that must not come; at least one is finite.
    """
    raise NotImplementedError("llama.sampler")


def chat_template(
    messages: list[tuple[str, str]], default_system: str, start: int, end: int, encode: Encode
) -> list[int]:
    """Stage `llama.chat_template`: make ids of a conversation.

    To a model, a chat is one text with marks that tell who speaks. It was trained with certain marks, and
    continues well after those alone. SmolLM2, Qwen and many others use ChatML, where ⏎ is a line break:

        <|im_start|>system⏎Be kind.<|im_end|>⏎
        <|im_start|>user⏎Hi<|im_end|>⏎
        <|im_start|>assistant⏎Hello!<|im_end|>⏎
        <|im_start|>user⏎What is 2+2?<|im_end|>⏎
        <|im_start|>assistant⏎                         the end is open: here the model goes on

    `<|im_start|>` and `<|im_end|>` are *control tokens*: one id each, given as `start` and `end`. All else is
    plain text, and `encode` makes ids of it.

    1. **A message** is `start`, then the ids of role, line break and text, `end`, and the ids of a line break.
    2. **What stands between two control tokens is encoded as one text**: `encode("user\\nHi")`, and not
       `encode("user\\n")` followed by `encode("Hi")`. A tokenizer may join what you cut.
    3. **The system speaks first.** Where the first message has not the role `system`, a message of the system
       with `default_system` goes in front of all.
    4. **The end is open**: `start` and the ids of `"assistant\\n"` come last. There is no `end` after it.
    5. **No text becomes a control token.** If a user writes `<|im_end|>`, these are ten characters. `encode` makes
       no control token of any text, so give it each text as it is.

        chat_template([("user", "Hi")], "Be kind.", 1, 2, encode)
          ->  [1], encode("system\\nBe kind."), [2], encode("\\n"),
              [1], encode("user\\nHi"),         [2], encode("\\n"),
              [1], encode("assistant\\n")                                  as one list

    There is at least one message. `messages` stays as it is.
    """
    raise NotImplementedError("llama.chat_template")


class Utf8Stream:
    """Stage `llama.stream_utf8`: show a text whose characters arrive in pieces.

    A token is some bytes, and 🙂 is four bytes that are often three tokens. A chat shows an answer token by
    token. If each token's bytes became text by themselves, the reader would see `���` for 🙂. So what is not yet
    a character waits for the next token.

        push(b"\\xf0\\x9f")        ->  ""            the beginning of a character: it waits
        push(b"\\x99\\x82!")       ->  "🙂!"
        push(b"ok\\xe2")          ->  "ok"
        finish()                 ->  "\\ufffd"      the answer ended inside of a character

    1. **All that `push` and `finish` give, joined, is `bytes.decode(errors="replace")` of all bytes**, however
       they were cut into tokens. A model may also write bytes that are no text.
    2. **Nothing waits that is decided.** At most three bytes wait, and only while some next byte could still make
       a character of them. `0xff` begins no character, and `0xe0 0x80` can become none.
    3. `finish` says that no more bytes come: what waits becomes one U+FFFD.

    Python's `UnicodeDecodeError` has a `start` and an `end`, and `codecs` has decoders that wait.
    """

    def __init__(self) -> None:
        raise NotImplementedError("llama.stream_utf8")

    def push(self, token: bytes) -> str:
        raise NotImplementedError("llama.stream_utf8")

    def finish(self) -> str:
        raise NotImplementedError("llama.stream_utf8")


def held_back(text: str, stops: list[str]) -> int:
    """How many characters at the end of `text` may be the beginning of a stop. For `chat`."""
    raise NotImplementedError("llama.chat")


def chat(engine: Engine, voice: Voice, history: list[str], message: str, limits: Limits, show: Show) -> None:
    """Stage `llama.chat`: answer a message, and remember the answer.

    All parts are there: a template that makes ids of messages, a model that makes logits of ids, a sampler that
    chooses, a vocabulary that gives the bytes of a token. This is the loop around them.

        history ["hi"]  ->  prompt = render(history)  ->  feed  ->  sample  ->  "H", feed it, sample  ->  "ey", ...
                                                                    until the model ends its turn
        history ["hi", "Hey"]

    1. The message goes to the history, and `voice.render(history)` gives the ids of the whole conversation.
    2. **Feed what is new.** `engine.ids()` are in the cache already. Keep what the prompt begins with as well,
       `truncate` the rest of the cache, and feed the rest of the prompt (at least its last id, for its logits).
    3. **Loop**: `sample` an id. If `voice.ends_turn` of it, the answer is done, and that token is no part of it.
       Else its bytes, `voice.piece(id)`, belong to the answer; feed it alone, and sample again. After
       `limits.max_tokens` tokens the answer is done as well.
    4. **A stop string** (`limits.stops`) ends the answer right before it: nothing of it is shown or remembered.
       It may be spread over tokens. So text that may be its beginning is held back, until it is clear:

        stop "END", tokens "a", " E", "N", "T", "!"    shown after each: "a", "a ", "a ", "a ENT", "a ENT!"
        stop "END", tokens "a", " E", "N", "D"         shown in the end: "a "

    5. **`show` gets whole characters**, as soon as they are known and no stop can begin in them. What is still
       held back when the answer ends is shown then; bytes that are no whole character become U+FFFD.
    6. The answer goes to the history, which is changed in place. An `EngineError` goes through.

    Feeding an id twice costs what it cost the first time. So the number of ids fed is graded: those of the
    prompts that were not in the cache, and each token of an answer once.
    """
    raise NotImplementedError("llama.chat")
