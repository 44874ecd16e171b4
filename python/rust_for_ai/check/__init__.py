"""The checks of the workbook, for answers that are written in Python.

Each stage has a function of its own, which takes an answer and returns a `Verdict`:

>>> from rust_for_ai import check
>>> verdict = check.bpe.merge(lambda ids, pair, new: ids)
>>> verdict.passed, verdict.state, verdict.call
(False, 'FAILING', 'merge([0, 0], (0, 0), 2)')
>>> verdict.expected, verdict.got
('[2]', '[0, 0]')

The check is the one that grades answers in Rust. An answer is a function with the arguments and the result
that the stage's essay names, as Python has them: a `Vec<u32>` is a list of `int`, a `HashMap` a `dict`, an
`Option` may be `None`, bytes are `bytes`. Where the stage asks for a type, give a class with methods of the
same names. Where an error is returned, raise one of `rust_for_ai.check.errors`.

Whatever an answer does becomes part of the verdict. `NotImplementedError` means NOT STARTED; any other
exception, and a value of the wrong type, is a failure that says where. Ctrl-C alone goes through.
"""

from __future__ import annotations

from . import bpe, errors, llama, real_tokenizers, work
from ._grading import Verdict, grade

__all__ = ["NOT_IN_PYTHON", "Verdict", "bpe", "errors", "grade", "llama", "real_tokenizers", "work"]

NOT_IN_PYTHON: dict[str, str] = {
    "ownership.moves": "what is predicted are programs in Rust",
    "ownership.borrows": "what is predicted are programs in Rust",
    "ownership.lifetimes": "what is predicted are programs in Rust",
    "ownership.results": "what is predicted are programs in Rust",
    "ownership.memory_safety": "what is predicted are programs in Rust",
    "binding.function": "the answer is a module in Rust: `rust_for_ai.notebook.module`, then `.check(\"function\")`",
    "binding.class": "the answer is a module in Rust: `rust_for_ai.notebook.module`, then `.check(\"class\")`",
    "binding.errors": "the answer is a module in Rust: `rust_for_ai.notebook.module`, then `.check(\"errors\")`",
    "binding.release_gil": "the answer is a module in Rust: `rust_for_ai.notebook.module`, then `.check(\"release_gil\")`",
    "binding.numpy": "the answer is a module in Rust: `rust_for_ai.notebook.module`, then `.check(\"numpy\")`",
    "binding.batch": "the answer is a module in Rust: `rust_for_ai.notebook.module`, then `.check(\"batch\")`",
    "binding.measure": "the answer is a module in Rust: `rust_for_ai.notebook.module`, then `.check(\"measure\")`",
    "binding.pickle": "the answer is a module in Rust: `rust_for_ai.notebook.module`, then `.check(\"pickle\")`",
    "sharing.cell": "it is about types of Rust that change behind a shared reference",
    "sharing.refcell_cache": "it is about borrows that Rust checks while the program runs",
    "sharing.predict": "what is predicted are programs in Rust",
    "sharing.mutex_cache": "it is about locks and threads of Rust",
    "sharing.poisoning": "it is about locks of Rust, which remember a panic",
    "sharing.once_lock": "it is about locks and threads of Rust",
    "sharing.sharded": "it is about locks and threads of Rust",
    "sharing.loom": "the answer is built of atomics, which Python has not, and graded by a model checker for Rust",
    "parallel.par_iter": "it is about threads of Rust and what may cross them",
    "parallel.fold_reduce": "it is about threads of Rust, and accumulators that they do not share",
    "parallel.ordered_batch": "it is about threads of Rust, and results that do not depend on them",
    "parallel.grain_size": "it is about tasks of Rust's threads, and what each of them costs",
    "parallel.pipeline": "it is about threads and channels, and who owns their ends",
    "parallel.thread_pools": "it is about Rayon's pools and Rust's async runtime",
    "parallel.data_race": "it is about Rust's compiler and its atomics",
    "llama.candle_load": "the answer is a call of Candle, a library of Rust",
    "frames.scan": "the answer is a plan of Polars for Rust, and Python's Polars is another build",
    "frames.tokens_per_byte": "the answer is a plan of Polars for Rust, and Python's Polars is another build",
    "frames.pushdown": "the answer is a plan of Polars for Rust, and Python's Polars is another build",
    "frames.dedup": "the answer is a plan of Polars for Rust, and Python's Polars is another build",
}
"""The stages without a check here, each with the reason."""
