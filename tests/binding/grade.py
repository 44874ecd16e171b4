"""Grades the stages of chapter `binding`: calls the module that was built, and compares.

    grade.py STAGE FOLDER RECORD    grades `binding` in FOLDER, writes what happened to RECORD
    grade.py --wrong FOLDER         every wrong answer in FOLDER must fail and be recognised

What a line of RECORD means stands in `src/check/record.rs`. All stages stand in this one file, since a process of
Python that grades one starts faster without a package.
"""

import copy
import faulthandler
import itertools
import pickle
import signal
import sys
import threading
import time
import tracemalloc
from types import SimpleNamespace

FIELD, LINE = "\x1f", "\x1e"

# Over this a call never returns. What ends the process then does so in Rust as in Python.
DEADLINE = 8

MERGES = [(104, 105), (256, 33)]  # hi = 256, hi! = 257


class Outcome:
    """What a call gave: a value, or an exception."""

    def __init__(self, call):
        self.value = self.error = None
        try:
            self.value = call()
        except BaseException as error:  # A panic is no `Exception`.
            self.error = error

    @property
    def todo(self):
        """The stage of a `todo!()` that was reached."""
        words = str(self.error).removeprefix("not yet implemented: ")
        panic = type(self.error).__name__ == "PanicException"
        return words if panic and words != str(self.error) else None

    def raises(self, *kinds):
        return self.error is not None and type(self.error).__name__ in kinds

    def says(self, *words):
        return self.error is not None and all(word in str(self.error) for word in words)

    def __str__(self):
        if self.error is None:
            return shown(self.value)
        return f"{type(self.error).__name__}: {self.error}"


def shown(value):
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]} … ({len(text)} characters)"


class Case:
    """A call, what is expected of it, and what to believe of an answer that does otherwise.

    `right` says of an outcome whether it is right. `beliefs` maps words to whether the outcome is theirs.
    """

    def __init__(self, text, call, expected, right, why, beliefs=None):
        self.text, self.call, self.expected = text, call, expected
        self.right, self.why, self.beliefs = right, why, beliefs or {}


def gives(text, call, expected, why, beliefs=None):
    """A case whose outcome is a value of the same type, equal to `expected`."""

    def right(outcome):
        value = outcome.value
        return outcome.error is None and type(value) is type(expected) and value == expected

    return Case(text, call, shown(expected), right, why, beliefs)


def refuses(text, call, kind, why, words=(), beliefs=None):
    """A case whose outcome is an exception of this very type that says these words."""
    also = f" that says {' and '.join(repr(word) for word in words)}" if words else ""

    def right(outcome):
        return outcome.raises(kind) and outcome.says(*words)

    return Case(text, call, f"{kind}{also}", right, why, beliefs)


def value(expected):
    """Whether an outcome is this value."""
    return lambda outcome: outcome.error is None and outcome.value == expected


# --- the stages ------------------------------------------------------------------------------------


def function(m):
    text = 'encode("hi hi!", [(104, 105), (256, 33)]'
    yield gives(
        'encode("hi", [], limit=None)',
        lambda: m.encode("hi", [], limit=None),
        [104, 105],
        "`None` is no limit",
    )
    yield gives(
        f"{text})",
        lambda: m.encode("hi hi!", MERGES),
        [256, 32, 257],
        "`limit` may be left out",
        {"required_limit": lambda o: o.raises("TypeError") and o.says("limit")},
    )
    yield gives('encode("", [])', lambda: m.encode("", []), [], "no text, no ids")
    yield gives(
        'encode("é🎉", [])',
        lambda: m.encode("é🎉", []),
        list("é🎉".encode()),
        "without merges the ids are the bytes of UTF-8",
    )
    yield gives(
        f"{text}, limit=2)",
        lambda: m.encode("hi hi!", MERGES, limit=2),
        [256, 32],
        "`limit` cuts the ids, not the text",
        {"limit_of_text": value([256]), "ignores_limit": value([256, 32, 257])},
    )
    yield gives(
        'encode("hi", [], limit=0)', lambda: m.encode("hi", [], limit=0), [], "0 is a limit, too"
    )
    yield refuses(
        'encode("hi", [], 1)',
        lambda: m.encode("hi", [], 1),
        "TypeError",
        "`limit` is given by its name alone: a `*` stands before it in the signature",
        beliefs={"positional_limit": value([104])},
    )
    yield refuses(
        'encode(b"hi", [])', lambda: m.encode(b"hi", []), "TypeError", "bytes are no text"
    )
    yield refuses(
        'encode("hi", [(-1, 2)])',
        lambda: m.encode("hi", [(-1, 2)]),
        "OverflowError",
        "an id has no sign, and PyO3 says so before your code runs",
    )


def class_(m):
    make = "t = Tokenizer([(104, 105), (256, 33)]); "
    tokenizer = lambda: m.Tokenizer(MERGES)

    def broken():
        yield "hi"
        raise KeyError("the 2nd text")

    def count(call):
        t = tokenizer()
        call(t)
        return t.calls

    def again():
        t = tokenizer()
        return t.encode_all(" ".join(["hi"] * len(t.encode("hi!"))) for _ in range(2))

    yield gives(
        make + 't.encode("hi hi!")',
        lambda: tokenizer().encode("hi hi!"),
        [256, 32, 257],
        "the ids of stage `bpe.encode_decode`",
    )
    yield gives(make + "len(t)", lambda: len(tokenizer()), 258, "256 bytes and two merges")
    yield gives(
        make + "repr(t)",
        lambda: repr(tokenizer()),
        "Tokenizer(2 merges)",
        "what a person sees in a notebook",
    )
    yield gives(
        make + 't.encode_all(["hi", ""])',
        lambda: tokenizer().encode_all(["hi", ""]),
        [[256], []],
        "one list of ids a text",
    )
    yield gives(
        make + 't.encode_all(word for word in ["hi"])',
        lambda: tokenizer().encode_all(word for word in ["hi"]),
        [[256]],
        "a generator is an iterable: `try_iter` takes any, `Vec<String>` takes a sequence",
        {"list_only": lambda o: o.raises("TypeError")},
    )
    yield gives(
        make + 't.encode_all("hi" for each in 2 if t.encode("hi!"))',
        again,
        [[256], [256]],
        "while `encode_all` runs, the iterable calls `encode` of the same object",
        {"mutable": lambda o: o.raises("RuntimeError") and o.says("borrowed")},
    )
    yield refuses(
        make + 't.encode_all(iterable that gives "hi" and raises KeyError)',
        lambda: tokenizer().encode_all(broken()),
        "KeyError",
        "what the iterable raises reaches the caller unchanged",
        ["the 2nd text"],
        {"swallows": value([[256]])},
    )
    yield gives(make + "t.calls", lambda: tokenizer().calls, 0, "nothing was encoded yet")
    yield gives(
        make + 't.encode("hi"); t.encode_all(["a", "b"]); t.calls',
        lambda: count(lambda t: (t.encode("hi"), t.encode_all(["a", "b"]))),
        3,
        "each text counts, also those of `encode_all`",
        {"counts_batches": value(2)},
    )
    yield refuses(
        make + "t.calls = 0",
        lambda: setattr(tokenizer(), "calls", 0),
        "AttributeError",
        "a getter without a setter can only be read",
    )
    yield gives(
        "Tokenizer.__module__",
        lambda: m.Tokenizer.__module__,
        "binding",
        '`#[pyclass(module = "binding")]`; pickle looks there',
        {"elsewhere": value("builtins")},
    )

    def hammer():
        t = tokenizer()
        seen = []

        def work():
            try:
                for _ in range(300):
                    t.encode_all(word for word in ["hi", "hi!"])
            except BaseException as error:
                seen.append(f"{type(error).__name__}: {error}")

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (t.calls, seen[:1])

    yield gives(
        make + "four threads call t.encode_all 300 times each with 2 texts; t.calls, errors",
        hammer,
        (2400, []),
        "objects are shared between threads, and none of their calls is lost",
    )


def errors(m):
    tokenizer = m.Tokenizer(MERGES)
    decode = lambda ids: m.decode(tokenizer, ids)
    panic = {"panics": lambda o: o.raises("PanicException")}
    yield gives(
        "decode(t, [257, 32, 256])", lambda: decode([257, 32, 256]), "hi! hi", "the bytes, joined"
    )
    yield gives("decode(t, [])", lambda: decode([]), "", "no ids, no text")
    yield refuses(
        "decode(t, [256, 999])",
        lambda: decode([256, 999]),
        "ValueError",
        "an id that means nothing is a wrong value; the message names it and its position",
        ["999", "1"],
        panic
        | {
            "runtime_error": lambda o: o.raises("RuntimeError"),
            "no_place": lambda o: o.raises("ValueError"),
        },
    )

    def half(outcome):
        error = outcome.error
        return (
            outcome.raises("UnicodeDecodeError") and error.object == b"h\xc3" and error.start == 1
        )

    yield Case(
        "decode(t, [104, 195])",
        lambda: decode([104, 195]),
        'UnicodeDecodeError with object b"h\\xc3" and start 1',
        half,
        "bytes that are no text are refused as `bytes.decode` refuses them",
        panic | {"lossy": value("h\ufffd")},
    )
    yield refuses(
        "decode(t, [104, 195, 999])",
        lambda: decode([104, 195, 999]),
        "ValueError",
        "an unknown id is reported first, even after broken UTF-8",
        ["999", "2"],
    )
    yield refuses(
        "decode(t, [2**40])",
        lambda: decode([2**40]),
        "OverflowError",
        "PyO3 refuses what does not fit into `u32`",
    )
    yield refuses(
        'decode(t, ["hi"])', lambda: decode(["hi"]), "TypeError", "a text is no id"
    )


def beats(call):
    """Whether another thread of Python ran while `call` worked, for a tenth of a second; its result, too.

    A thread notes how much the process has worked, and sleeps half a millisecond each time. Where the lock is
    free the notes are close together while the work goes on. Where it is held they are far apart: work in one
    step, and again where arguments and results become Python's. How many notes there are says nothing: after the
    call the caller may wait for a processor, and the thread runs meanwhile; but then nothing has been worked.
    """
    for _ in range(4):
        notes, going = [], True

        def beat():
            while going:
                notes.append(time.process_time())
                time.sleep(0.0005)

        thread = threading.Thread(target=beat)
        thread.start()
        while not notes:
            time.sleep(0.001)
        result = call()
        going = False
        thread.join()
        steps = [later - earlier for earlier, later in itertools.pairwise(notes)]
        # Of at least three steps, which no lock that is held has.
        if sum(step for step in steps if step < 0.015) >= 0.04:
            return True, result
    return False, result


# `hi! ` = 258, twice that = 259, four times = 260, and so on: a long text has few ids, so that a call is the
# work of encoding and not of making lists.
MANY = MERGES + [(257, 32)] + [(id, id) for id in range(258, 270)]


def long_text(encode):
    """A text that takes a tenth of a second of processor time to encode."""
    text = "hi! " * 10_000
    while True:
        start = time.process_time()
        encode(text)
        took = time.process_time() - start
        if took >= 0.1:
            return text
        text *= 2 if took > 0.05 else 4


def release_gil(m):
    tokenizer = m.Tokenizer(MANY)
    encode = lambda text: m.encode_long(tokenizer, text)
    yield gives(
        'encode_long(t, "hi! hi! ")',
        lambda: encode("hi! hi! "),
        [259],
        "the ids of t.encode(text); here is a merge that reaches over a space",
        {"cut_at_spaces": value([258, 258])},
    )
    yield gives('encode_long(t, "")', lambda: encode(""), [], "no text, no ids")
    text = long_text(tokenizer.encode)
    ids = tokenizer.encode(text)
    yield Case(
        f"encode_long(t, a text of {len(text):,} bytes), while another thread counts",
        lambda: (lambda ran, got: (ran, got == ids))(*beats(lambda: encode(text))),
        "(True, True): the other thread ran, and the ids are right",
        value((True, True)),
        "the work stands inside of `py.detach(|| …)`, so that the lock is free while it goes on",
        {"holds": value((False, True)), "detaches_nothing": value((False, True))},
    )


def numpy_(m):
    import numpy

    tokenizer = m.Tokenizer(MERGES)

    def described(array):
        if not isinstance(array, numpy.ndarray):
            return type(array).__name__
        return (str(array.dtype), array.shape, array.tolist())

    yield gives(
        'a = encode_to_numpy(t, "hi hi!"); a.dtype, a.shape, a.tolist()',
        lambda: described(m.encode_to_numpy(tokenizer, "hi hi!")),
        ("uint32", (3,), [256, 32, 257]),
        "an array of `uint32`, as ids are",
        {"signed": value(("int64", (3,), [256, 32, 257]))},
    )
    yield gives(
        'a = encode_to_numpy(t, ""); a.dtype, a.shape, a.tolist()',
        lambda: described(m.encode_to_numpy(tokenizer, "")),
        ("uint32", (0,), []),
        "an empty array has a type, too",
    )

    many = 200_000

    def traced():
        text = "x" * many
        tracemalloc.start()
        array = m.encode_to_numpy(tokenizer, text)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return (len(array), most)

    yield Case(
        f"encode_to_numpy(t, {many:,} letters); its length, and what Python allocated meanwhile",
        traced,
        f"({many}, at most {6 * many}): 4 bytes an id",
        lambda o: o.error is None and o.value[0] == many and o.value[1] <= 6 * many,
        "the `Vec` is handed over whole; a list on the way has 8 bytes an id, and an object for each",
        {"by_list": lambda o: o.error is None and o.value[1] >= 8 * many},
    )
    array = numpy.array([1, 2, 1, 2**32 - 1], dtype="uint32")
    yield gives(
        "count(array([1, 2, 1, 4294967295], uint32), 1)",
        lambda: m.count(array, 1),
        2,
        "how often the id occurs",
    )
    yield gives(
        "count(array([1, 2, 1, 2], uint32)[::2], 1)",
        lambda: m.count(numpy.array([1, 2, 1, 2], dtype="uint32")[::2], 1),
        2,
        "an array need not lie in one piece: `as_array` reads any, `as_slice` refuses it",
        {"one_piece": lambda o: o.error is not None},
    )
    yield gives(
        "count(array([], uint32), 1)",
        lambda: m.count(numpy.array([], dtype="uint32"), 1),
        0,
        "nothing occurs nowhere",
    )
    yield refuses(
        "count([1, 2, 1], 1)",
        lambda: m.count([1, 2, 1], 1),
        "TypeError",
        "a list would be copied, number by number: `PyReadonlyArray1` takes arrays alone",
        beliefs={"by_sequence": value(2)},
    )
    yield refuses(
        "count(array([1], int64), 1)",
        lambda: m.count(numpy.array([1], dtype="int64"), 1),
        "TypeError",
        "other numbers would have to be copied",
    )


def batch(m):
    tokenizer = m.Tokenizer(MANY)
    encode = lambda texts, **named: m.encode_batch(tokenizer, texts, **named)
    alone = lambda texts: [tokenizer.encode(text) for text in texts]
    small = ["hi", "", "hi!", "é", "hi hi"]
    yield gives(
        'encode_batch(t, ["hi", "", "hi!", "é", "hi hi"])',
        lambda: encode(small),
        alone(small),
        "each text's ids, where the text stood",
        {
            "loses_rest": lambda o: o.error is None and len(o.value) < 5,
            "as_they_come": lambda o: o.error is None and sorted(o.value) == sorted(alone(small)),
        },
    )
    yield gives("encode_batch(t, [])", lambda: encode([]), [], "no texts, no ids")
    yield gives(
        'encode_batch(t, ["hi"], threads=8)',
        lambda: encode(["hi"], threads=8),
        alone(["hi"]),
        "more threads than texts",
    )
    yield refuses(
        'encode_batch(t, ["hi"], threads=0)',
        lambda: encode(["hi"], threads=0),
        "ValueError",
        "nobody would do the work",
    )
    yield refuses(
        'encode_batch(t, ["hi", 1])', lambda: encode(["hi", 1]), "TypeError", "1 is no text"
    )
    text = long_text(tokenizer.encode)
    long = [text, "hi", text[: len(text) // 2], "hi!"]
    expected = alone(long)

    def places():
        return [expected.index(ids) if ids in expected else None for ids in encode(long)]

    yield gives(
        "encode_batch(t, [long, short, half as long, short]); whose ids stand where",
        places,
        [0, 1, 2, 3],
        "the order of the texts, whichever thread is done first",
        {"as_they_come": lambda o: o.error is None and sorted(map(str, o.value)) == list("0123")},
    )
    yield Case(
        "encode_batch(t, long texts), while another thread counts",
        lambda: beats(lambda: encode(long))[0],
        "True: the other thread ran",
        value(True),
        "threads of Rust do not need the lock; give it back with `py.detach`",
        {"holds": value(False)},
    )

    def others():
        """The share of processor time that was not the caller's own."""
        all_, own = time.process_time(), time.thread_time()
        encode([text] * 4, threads=2)
        all_, own = time.process_time() - all_, time.thread_time() - own
        return round(1 - own / all_, 2)

    yield Case(
        "encode_batch(t, 4 long texts, threads=2); the share of the work that other threads did",
        others,
        "0.4 or more",
        lambda o: o.error is None and o.value >= 0.4,
        "two threads share the work: at most half of it is the caller's",
        {"one_thread": lambda o: o.error is None and o.value < 0.2},
    )


def measure(m):
    class Clock:
        """Time passes when somebody works, and not otherwise."""

        def __init__(self):
            self.now, self.log = 0.0, []

        def __call__(self):
            self.log.append("clock")
            return self.now

        def works(self, name, result, *seconds):
            left = list(seconds)

            def contender(text):
                self.log.append(name)
                # The first call is cold.
                self.now += left.pop(0) if left else 1.0
                return result(text) if callable(result) else result

            return contender

    def race(result_of_b, rounds, read):
        clock = Clock()
        a = clock.works("a", [1, 2], 9.0, 1.0, 2.0, 4.0)
        b = clock.works("b", result_of_b, 9.0, 3.0, 3.0, 5.0)
        times = m.race([("a", a), ("b", b)], "text", rounds, clock)
        return read(clock, times)

    def fails(text):
        raise KeyError("contender")

    def late():
        clock = Clock()
        calls = []

        def contender(text):
            calls.append(text)
            if len(calls) == 3:
                raise KeyError("contender")
            return 1

        return m.race([("a", contender)], "text", 5, clock)

    turns = ["a", "b", "a", "b", "a", "b"]
    yield gives(
        'race([("a", f), ("b", g)], "text", 2, clock); who was called, in order',
        lambda: race([1, 2], 2, lambda clock, _: [name for name in clock.log if name != "clock"]),
        turns,
        "once each to compare the results, then in turns, so that a busy minute hits each of them",
        {
            "in_blocks": value(["a", "b", "a", "a", "b", "b"]),
            "times_the_first": value(turns[:4]),
        },
    )
    yield gives(
        'race([("a", f), ("b", g)], "text", 3, clock)',
        lambda: race([1, 2], 3, lambda _, times: times),
        [("a", [1.0, 2.0, 4.0]), ("b", [3.0, 3.0, 5.0])],
        "each call after the first, timed by itself",
    )
    yield gives(
        "the same: what happened in the first round",
        lambda: race([1, 2], 1, lambda clock, _: clock.log[2:]),
        ["clock", "a", "clock", "clock", "b", "clock"],
        "the clock is read right before and right after, and at no other time",
    )
    yield refuses(
        'race([("a", f), ("b", g of another result)], "text", 2, clock)',
        lambda: race([1, 3], 2, lambda _, times: times),
        "ValueError",
        "who gives another result does other work: there is no race, and the message names who",
        ["b"],
        {"never_compares": lambda o: o.error is None},
    )
    yield refuses(
        "the same, with 0 rounds",
        lambda: race([1, 2], 0, lambda _, times: times),
        "ValueError",
        "no rounds, no times",
    )
    yield refuses(
        "the same, with a contender that raises KeyError",
        lambda: race(fails, 2, lambda _, times: times),
        "KeyError",
        "what a contender raises reaches the caller",
        ["contender"],
    )
    yield refuses(
        "the same, with one that raises KeyError in its third call",
        late,
        "KeyError",
        "a failure in the race is one, too",
        ["contender"],
        {"forgives": lambda o: o.error is None},
    )


def pickle_(m):
    tokenizer = m.Tokenizer(MERGES)
    tokenizer.encode("hi")
    # The class is found under its module's name, as in the process that gets the bytes.
    sys.modules["binding"] = SimpleNamespace(Tokenizer=m.Tokenizer)
    ids = [257, 32, 256]
    beliefs = {
        "nothing": value([104, 105, 33, 32, 104, 105]),
        "half": value([256, 33, 32, 256]),
        "not_a_tuple": lambda o: o.raises("TypeError") and o.says("tuple"),
    }
    yield gives(
        'pickle.loads(pickle.dumps(t)).encode("hi! hi")',
        lambda: pickle.loads(pickle.dumps(tokenizer)).encode("hi! hi"),
        ids,
        "the copy is made by Tokenizer(*t.__getnewargs__())",
        beliefs,
    )
    yield gives(
        'pickle.loads(pickle.dumps(t, protocol=2)).encode("hi! hi")',
        lambda: pickle.loads(pickle.dumps(tokenizer, protocol=2)).encode("hi! hi"),
        ids,
        "the oldest protocol that knows `__getnewargs__`",
    )
    yield gives(
        'copy.deepcopy(t).encode("hi! hi")',
        lambda: copy.deepcopy(tokenizer).encode("hi! hi"),
        ids,
        "copies are made in the same way",
    )
    yield gives(
        "pickle.loads(pickle.dumps(t)).calls",
        lambda: pickle.loads(pickle.dumps(tokenizer)).calls,
        0,
        "a copy has encoded nothing yet",
    )


STAGES = {
    "function": function,
    "class": class_,
    "errors": errors,
    "release_gil": release_gil,
    "numpy": numpy_,
    "batch": batch,
    "measure": measure,
    "pickle": pickle_,
}

# What one has to believe to write an answer, to follow "looks like".
BELIEFS = {
    "required_limit": "to PyO3 an `Option` must be given; `#[pyo3(signature = …)]` gives it a default",
    "positional_limit": "you left out the `*` that makes `limit` an argument by name",
    "limit_of_text": "you cut the text and not its ids",
    "ignores_limit": "you took `limit` and did not use it",
    "mutable": "`&mut self` is a lock that raises: the class must be `frozen`, and the count atomic",
    "list_only": "you took a `Vec<String>`, which a generator is not",
    "swallows": "you stopped at the first `Err` of the iterator and kept what you had",
    "counts_batches": "you counted calls of `encode_all`, not its texts",
    "elsewhere": "without `module = \"binding\"` the class says that it is of `builtins`",
    "panics": "`unwrap` panics, and a panic is no `Exception`",
    "runtime_error": "you made one exception of all errors; callers tell them apart by type",
    "no_place": "your message says that it failed, not where",
    "lossy": "`from_utf8_lossy` replaces what it cannot read, and nobody hears of it",
    "holds": "the call holds the GIL from its beginning to its end",
    "detaches_nothing": "`py.detach` around something else gives the lock back when the work is done",
    "cut_at_spaces": "you cut the text to give others a turn; merges reach over spaces",
    "by_list": "you made a list first: an object an id, and then numpy reads each",
    "signed": "you widened the ids to `i64`",
    "one_piece": "`as_slice` wants an array in one piece",
    "by_sequence": "a `Vec<u32>` takes any sequence, and copies it number by number",
    "one_thread": "one thread does all the work",
    "as_they_come": "results stand in the order in which threads were done",
    "loses_rest": "texts are lost where their number is no multiple of the threads'",
    "in_blocks": "you ran all rounds of one, then all of the next",
    "never_compares": "you called everybody once and did not look at the results",
    "times_the_first": "you timed the first call, which is cold, and compared nothing",
    "forgives": "you made a number of a failure",
    "nothing": "the copy is made without merges",
    "half": "some of the merges are missing in the copy",
    "not_a_tuple": "`__getnewargs__` gives a tuple of arguments, here with one in it: `(merges,)`",
}


def grade(stage, module, tell):
    """Puts the cases to the module until one differs; gives the last line of the record."""
    number = 0
    cases = STAGES[stage](module)
    while True:
        # Making a case may call the answers of earlier stages.
        made = Outcome(lambda: next(cases, None))
        if made.todo is not None:
            return ["waits", made.todo]
        if made.error is not None:
            call, expected, why = f"what case {number + 1} needs", "a value", "a case is made of it"
            return ["failed", str(number + 1), call, expected, str(made), why]
        case = made.value
        if case is None:
            return ["passed", str(number)]
        number += 1
        tell(["call", case.text])
        outcome = Outcome(case.call)
        if outcome.todo is not None and (number == 1 or outcome.todo != f"binding.{stage}"):
            return ["waits", outcome.todo]
        if case.right(outcome):
            continue
        looks = [word for word, matches in case.beliefs.items() if matches(outcome)]
        line = ["failed", str(number), case.text, case.expected, str(outcome), case.why]
        return line + [field for word in looks for field in (word, BELIEFS[word])]


def set_deadline():
    if hasattr(signal, "alarm"):
        signal.alarm(DEADLINE)
    else:  # Windows has no alarms; this is a thread in C, which needs no GIL.
        faulthandler.dump_traceback_later(DEADLINE, exit=True)


def one(stage, folder, record):
    set_deadline()
    sys.path.insert(0, folder)
    with open(record, "w", encoding="utf-8", errors="replace") as file:

        def tell(fields):
            if fields[0] == "call":
                # What is printed from here on belongs to this call.
                for stream in (sys.stdout, sys.stderr):
                    print(LINE, end="", file=stream, flush=True)
            line = FIELD.join(fields).replace("\n", LINE)
            file.write(line + "\n")
            file.flush()

        import binding

        tell(grade(stage, binding, tell))


def wrong(folder):
    sys.path.insert(0, folder)
    import binding_wrong

    failed = 0
    beliefs = [name for name in vars(binding_wrong) if "." in name]
    for stage in STAGES:
        those = [name.partition(".")[2] for name in beliefs if name.startswith(f"{stage}.")]
        if len(those) < 3:
            failed += 1
            print(f"binding.{stage} has the wrong answers {those}, expected three or more")
    right = vars(binding_wrong.right)
    for name in beliefs:
        stage, _, belief = name.partition(".")
        answers = SimpleNamespace(**(right | vars(getattr(binding_wrong, name))))
        got = grade(stage, answers, lambda _: None)
        if got[0] != "failed" or belief not in got[6::2]:
            failed += 1
            print(f"binding.{stage}: `{belief}` is not recognised: {got}")
    for stage in STAGES:
        got = grade(stage, SimpleNamespace(**right), lambda _: None)
        if got[0] != "passed":
            failed += 1
            print(f"binding.{stage}: the right answer does not pass: {got}")
    print(f"{len(beliefs)} wrong answers, {failed} of them or of the right ones not as they should be")
    return failed


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--wrong", folder]:
            sys.exit(1 if wrong(folder) else 0)
        case [stage, folder, record]:
            one(stage, folder, record)
        case _:
            sys.exit(__doc__)
