//! Chapter `binding`: the tokenizer of chapter `bpe`, shipped to Python.

use super::{Chapter, Level, Reading, Stage};

/// The chapter.
pub const CHAPTER: Chapter = Chapter {
    id: "binding",
    title: "Ship it to Python",
    ends_with: "your wheel, raced against pure Python, tiktoken and tokenizers, in one plot",
    notebook: "notebooks/python/25_binding.ipynb",
    stages: &[&FUNCTION, &CLASS, &ERRORS, &RELEASE_GIL, &NUMPY, &BATCH, &MEASURE, &PICKLE],
};

const GUIDE: &str = "https://pyo3.rs/v0.30.1/";

/// A Rust function that Python calls.
pub const FUNCTION: Stage = Stage {
    id: "binding.function",
    title: "call a Rust function from Python",
    rust: "an attribute macro writes code around your function; types say how arguments are converted",
    ai: "what crosses the border is copied or borrowed, and that is most of what a short call costs",
    minutes: 20,
    level: Level::Core,
    version: 1,
    uses: &["bpe.encode_decode"],
    hints: [
        "PyO3 reads the types of your arguments and writes the conversions; what Python may leave out or \
         must name is Python's signature, which Rust has no words for",
        "give `#[pyo3(signature = (…))]` beside `#[pyfunction]`: the arguments in Python's notation, with a \
         `*` before those that are given by name; then encode, and cut the ids",
        "#[pyo3(signature = (text, merges, *, limit=None))]\nlet mut ids = Tokenizer::new(&merges).encode(text);\nids.truncate(/* the limit, or the largest number there is */);",
    ],
    reading: &[
        Reading { title: "PyO3 user guide: Python functions, and their signatures", at: GUIDE },
        Reading {
            title: "Python: PEP 3102, keyword-only arguments",
            at: "https://peps.python.org/pep-3102/",
        },
    ],
    questions: &[
        "Explain how PyO3 allows calling Rust from Python.",
        "What crosses the border between Python and Rust in such a call, and what does it cost?",
    ],
    solved: &[],
};

/// A class that is shared without `&mut`.
pub const CLASS: Stage = Stage {
    id: "binding.class",
    title: "make a class whose objects live in Rust",
    rust: "interior mutability: a frozen class gives out `&self`, and an atomic number counts",
    ai: "a tokenizer is loaded once and shared by every request of a server",
    minutes: 35,
    level: Level::Core,
    version: 1,
    uses: &["bpe.encode_decode"],
    hints: [
        "Python shares objects freely, so a method never knows whether another one runs; `&mut self` is \
         checked when the program runs, as `RefCell` does it, and raises where it fails",
        "write `frozen` into `#[pyclass(…)]`, keep the count in an `AtomicUsize`, and walk over the iterable \
         with `try_iter`, each item an `Ok` to extract or an `Err` to pass on",
        "#[pyclass(frozen, module = \"binding\")]\ntexts.try_iter()?.map(|text| Ok(self.encode(text?.extract()?))).collect()",
    ],
    reading: &[
        Reading {
            title: "PyO3 user guide: Python classes, frozen ones, and thread safety",
            at: GUIDE,
        },
        Reading {
            title: "The Rust Programming Language, chapter 15.5: RefCell and interior mutability",
            at: "https://doc.rust-lang.org/book/ch15-05-interior-mutability.html",
        },
    ],
    questions: &[
        "Where does \"Already borrowed\" come from, and how is it designed away?",
        "What does the GIL protect of an object in Rust, and what not?",
    ],
    solved: &[],
};

/// Errors as exceptions.
pub const ERRORS: Stage = Stage {
    id: "binding.errors",
    title: "turn errors into the right exceptions",
    rust: "`Result` and `?` over a border; a panic is for bugs",
    ai: "a service catches `Exception`: what is not one takes it down",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &["binding.class"],
    hints: [
        "an exception has a type for programs and a message for people; callers choose by the type, so an \
         unknown id and broken UTF-8 are different exceptions",
        "match on the `DecodeError`: UTF-8 is refused by `String::from_utf8` with `?`, since PyO3 knows that \
         error; anything else is a `PyValueError` with the error's own text",
        "Err(DecodeError::InvalidUtf8 { .. }) => Ok(String::from_utf8(/* bytes of the ids */)?),\nErr(error) => Err(PyValueError::new_err(/* its text */)),",
    ],
    reading: &[
        Reading { title: "PyO3 user guide: error handling", at: GUIDE },
        Reading {
            title: "Python: built-in exceptions",
            at: "https://docs.python.org/3/library/exceptions.html",
        },
    ],
    questions: &[
        "What becomes of a panic when Python called the function?",
        "When does a library panic, and when does it return an error?",
    ],
    solved: &[],
};

/// The lock given back.
pub const RELEASE_GIL: Stage = Stage {
    id: "binding.release_gil",
    title: "let other Python threads run meanwhile",
    rust: "a closure that the compiler checks: nothing of Python may enter",
    ai: "a server that tokenizes a book under the GIL answers nobody meanwhile",
    minutes: 20,
    level: Level::Core,
    version: 1,
    uses: &["binding.class"],
    hints: [
        "the GIL is a lock that your call holds from beginning to end; Rust does not need it while it \
         touches no Python object",
        "take what you need out of Python's objects first (here a reference into a frozen class), then do \
         the work in `py.detach`",
        "let tokenizer = tokenizer.inner();\npy.detach(|| /* the work */)",
    ],
    reading: &[
        Reading { title: "PyO3 user guide: parallelism and `Python::detach`", at: GUIDE },
        Reading {
            title: "Python: the global interpreter lock",
            at: "https://docs.python.org/3/glossary.html#term-global-interpreter-lock",
        },
    ],
    questions: &[
        "How does Rust handle concurrency differently from Python?",
        "Which calls should keep the GIL?",
    ],
    solved: &[],
};

/// Arrays without copies.
pub const NUMPY: Stage = Stage {
    id: "binding.numpy",
    title: "hand over a million ids as an array",
    rust: "ownership moves over the border: the `Vec` becomes the array's memory",
    ai: "training reads ids as arrays; a list of a million has a million pointers",
    minutes: 25,
    level: Level::Core,
    version: 1,
    uses: &["binding.class"],
    hints: [
        "an array is a pointer, a type and steps; if the numbers lie in memory as NumPy wants them, handing \
         over is a matter of the pointer",
        "`into_pyarray` moves a `Vec` into an array; `PyReadonlyArray1` lends one, whose view `as_array` also \
         walks over steps",
        "tokenizer.inner().encode(text).into_pyarray(py)\nids.as_array().iter().filter(/* … */).count()",
    ],
    reading: &[
        Reading {
            title: "The crate numpy: `IntoPyArray`, `PyReadonlyArray`",
            at: "https://docs.rs/numpy/0.30.0/numpy/",
        },
        Reading {
            title: "NumPy: the N-dimensional array, its memory layout and strides",
            at: "https://numpy.org/doc/stable/reference/arrays.ndarray.html",
        },
    ],
    questions: &[
        "What does \"zero-copy\" mean here, and what is still copied?",
        "Who frees the memory of the array, and when?",
    ],
    solved: &[],
};

/// Many texts on many processors.
pub const BATCH: Stage = Stage {
    id: "binding.batch",
    title: "encode a batch on all processors",
    rust: "scoped threads borrow the texts; `chunks_mut` gives each thread its part of the results",
    ai: "preparing a corpus is many texts at once, and the order of results matters",
    minutes: 35,
    level: Level::Core,
    version: 1,
    uses: &["binding.class", "binding.release_gil"],
    hints: [
        "one crossing for the whole batch, one `detach`, and no lock between threads: each writes where no \
         other one does",
        "cut texts and results into pieces of the same length, zip them, and spawn a thread a pair in \
         `thread::scope`; pieces are rounded up, so that none is left over",
        "for (texts, all) in texts.chunks(some).zip(all.chunks_mut(some)) {\n    scope.spawn(move || /* fill `all` */);\n}",
    ],
    reading: &[
        Reading {
            title: "std::thread::scope",
            at: "https://doc.rust-lang.org/std/thread/fn.scope.html",
        },
        Reading { title: "PyO3 user guide: parallelism", at: GUIDE },
    ],
    questions: &[
        "Why do threads help here, and not in pure Python?",
        "When are processes the better answer in Python?",
    ],
    solved: &[],
};

/// A race that means something.
pub const MEASURE: Stage = Stage {
    id: "binding.measure",
    title: "race it, honestly",
    rust: "calling back into Python: `Bound<PyAny>`, `call1`, `extract`",
    ai: "a speed-up means something between equal results, in turns, on a warm machine",
    minutes: 30,
    level: Level::Core,
    version: 1,
    uses: &[],
    hints: [
        "a machine has slow minutes, caches and clocks; a figure is worth as much as what was done against \
         them",
        "call each once and compare the results with `eq`; then rounds outside, contenders inside, and the \
         clock before and after each call",
        "for _ in 0..rounds {\n    for (/* contender and its times */) {\n        let start: f64 = clock.call0()?.extract()?;\n        /* … */\n    }\n}",
    ],
    reading: &[
        Reading { title: "PyO3 user guide: calling Python from Rust", at: GUIDE },
        Reading {
            title: "Mytkowicz and others: Producing Wrong Data Without Doing Anything Obviously Wrong (2009)",
            at: "https://doi.org/10.1145/1508244.1508275",
        },
    ],
    questions: &[
        "Somebody claims that a rewrite in Rust is a hundred times faster. What do you ask?",
        "Why take turns, and not one after the other?",
    ],
    solved: &[],
};

/// An object that travels.
pub const PICKLE: Stage = Stage {
    id: "binding.pickle",
    title: "send an object to another process",
    rust: "what a value is made of, apart from where it lives",
    ai: "Ray, Dask and Spark pickle what their workers need",
    minutes: 15,
    level: Level::Stretch,
    version: 1,
    uses: &["binding.class"],
    hints: [
        "pickle asks an object how to make an equal one; the merges say it all",
        "`__getnewargs__` gives the arguments of `Tokenizer(…)`: a tuple, also where there is one of them",
        "(/* the merges as a `Vec` */,)",
    ],
    reading: &[Reading {
        title: "Python: pickling class instances, `__getnewargs__`",
        at: "https://docs.python.org/3/library/pickle.html#object.__getnewargs__",
    }],
    questions: &["What must never be pickled, and from whom must nothing be unpickled?"],
    solved: &[],
};
