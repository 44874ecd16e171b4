"""Runs the workbook's notebooks, in Rust and in Python, in their real kernels, and warms the Rust kernel's build cache.

Usage:
    notebooks.py warm NOTEBOOK...
    notebooks.py run TREE NOTEBOOK...      TREE: solutions or exercises
    notebooks.py pulse
    notebooks.py broken

`broken` writes answers into `exercises/bpe/merge.rs` that end the kernel's process, and expects the
cell to name the call; `pulse` saves there too. Give both a copy of the checkout.

A run fails on an error output, on the text of a panic (the Rust kernel reports one as mere standard
error), and on verdicts that the tree does not deserve: against the solutions every verdict must be
PASSING, against fresh exercises every one must be NOT STARTED.
"""

import multiprocessing
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parents[2]
# What names the learner's tree in a notebook, and what names the reference answers.
TREES = {
    'path = "../../exercises"': 'package = "solutions", path = "../../solutions"',
    'answers("../../exercises/python/': 'answers("../../solutions/python/',
    'module("../../exercises/': 'module("../../solutions/',
}
# A cell that is a call of a check, such as `check::bpe::merge(bpe::merge)`.
# Of a module of one's own it is `binding.check("class")`.
CHECK = re.compile(r"^(check(::|\.)\w+(::|\.)\w+\(|\w+\.check\()", re.MULTILINE)
STATES = re.compile(r"NOT STARTED|FAILING|PASSING|PANICKED")
# A kernel that never answers its first request has been seen once in some forty starts.
ATTEMPTS = 3


class Turns:
    """Lets one notebook at a time load what it depends on, among those that run side by side.

    The cache of evcxr counts its hits in files; two kernels that use it at once trip over a half-written one.
    """

    def __init__(self, lock):
        self.lock = lock
        self.mine = False

    def before(self, cell, cell_index):
        if ":dep " in cell.source and not self.mine:
            self.lock.acquire()
            self.mine = True

    def done(self, **_):
        if self.mine:
            self.mine = False
            self.lock.release()


TURNS = Turns(multiprocessing.Lock())


def share(lock):
    """Gives a process of the pool the lock of all."""
    TURNS.lock = lock


def client(notebook, folder, allow_errors=False, timeout=300):
    return NotebookClient(
        notebook,
        kernel_name=notebook.metadata.kernelspec.name,
        timeout=timeout,
        startup_timeout=120,
        allow_errors=allow_errors,
        on_cell_execute=TURNS.before,
        on_cell_executed=TURNS.done,
        resources={"metadata": {"path": str(folder)}},
    )


def execute(notebook, folder, allow_errors=False, timeout=300):
    """Runs a notebook in a fresh kernel; a kernel that hangs while starting gets another try."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return client(notebook, folder, allow_errors, timeout).execute()
        except (RuntimeError, DeadKernelError) as error:
            starting = "Kernel didn't respond" in str(error) or isinstance(error, DeadKernelError)
            if not starting or attempt == ATTEMPTS:
                raise
            print(f"the kernel did not start (attempt {attempt} of {ATTEMPTS}); again", flush=True)


def text_of(output):
    """What an output shows, as text."""
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return "\n".join([output.ename, output.evalue, *output.traceback])
    return "\n".join(str(value) for value in output.data.values())


def faults(notebook, tree):
    """What in an executed notebook is not as it should be."""
    wanted = {"solutions": "PASSING", "exercises": "NOT STARTED"}[tree]
    found = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            text = text_of(output)
            if output.output_type == "error":
                found.append(f"cell {number} fails:\n{text}")
            elif "panicked at" in text:
                found.append(f"cell {number} panics:\n{text}")
            elif output.output_type == "stream" and output.name == "stderr":
                found.append(f"cell {number} complains:\n{text}")
        states = set(STATES.findall("\n".join(map(text_of, cell.outputs))))
        if states - {wanted}:
            found.append(f"cell {number} shows {', '.join(sorted(states))}, expected {wanted}")
        if CHECK.search(cell.source) and not states:
            found.append(f"cell {number} calls a check and shows no verdict")
    return found


def run_one(tree, path):
    """Runs one notebook; gives its name, its number of verdicts, what is wrong with it, and the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    if tree == "solutions":
        for cell in notebook.cells:
            if cell.cell_type == "code":
                for exercises, solutions in TREES.items():
                    cell.source = cell.source.replace(exercises, solutions)
    start = time.monotonic()
    try:
        execute(notebook, path.parent, allow_errors=True)
        found = faults(notebook, tree)
    except CellTimeoutError as error:
        found = [str(error)]
    finally:
        TURNS.done()
    shown = sum(bool(STATES.search(text_of(o))) for c in notebook.cells for o in c.get("outputs", []))
    if shown == 0:
        found.append("no cell shows a verdict, so nothing was compared")
    return f"{path.parent.name}/{path.name}", shown, found, time.monotonic() - start


def run(tree, paths):
    failed = 0
    # A cell waits for one compiler, which uses one core: two notebooks at once take little more than half the time.
    with ProcessPoolExecutor(max_workers=2, initializer=share, initargs=(multiprocessing.Lock(),)) as pool:
        for one in as_completed([pool.submit(run_one, tree, Path(path)) for path in paths]):
            name, shown, found, seconds = one.result()
            failed += bool(found)
            state = "FAILED" if found else "ok"
            print(f"{name} against {tree}: {state}, {shown} verdicts, {seconds:.0f} s", flush=True)
            for fault in found:
                print("  " + fault.replace("\n", "\n  "), flush=True)
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed else 0


def warm(paths):
    """Has the kernel download and compile what these notebooks depend on, once with the network on."""
    dependencies = set()
    for path in paths:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                dependencies.update(line for line in cell.source.splitlines() if line.startswith(":dep "))
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "rust", "display_name": "Rust", "language": "rust"}
    sources = [":offline 0", "\n".join(sorted(dependencies)) + "\n1 + 1"]
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    # Polars alone takes ten minutes where the processors are slow or busy.
    execute(notebook, ROOT / "notebooks" / "rust", timeout=3600)
    print(f"compiled {len(dependencies)} dependencies")
    return 0


def check_notebook():
    """Three cells: connect, a trivial one, and the check of `bpe.merge`."""
    dependency = '{ path = "../../exercises", default-features = false, features = ["bpe"] }'
    library = '{ path = "../..", default-features = false, features = ["bpe", "notebook"] }'
    connect = f":dep exercises = {dependency}\n:dep rust_for_ai = {library}\nuse exercises::bpe;\nuse rust_for_ai::check;"
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "rust", "display_name": "Rust", "language": "rust"}
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in (connect, "1 + 1", "check::bpe::merge(bpe::merge)")]
    return notebook


def pulse():
    """Times the first importing cell, a trivial cell, and a check after a save; prints medians."""
    answer = ROOT / "exercises" / "bpe" / "merge.rs"
    solved = (ROOT / "solutions" / "bpe" / "merge.rs").read_text()
    notebook = check_notebook()
    connect, check = notebook.cells[0].source, notebook.cells[2].source
    runner = client(notebook, ROOT / "notebooks" / "rust")
    seconds = {connect: [], "1 + 1": [], check: []}

    def timed(index):
        cell = notebook.cells[index]
        start = time.monotonic()
        runner.execute_cell(cell, index)
        seconds[cell.source].append(time.monotonic() - start)

    def say(label, times):
        times = sorted(times)
        middle = times[len(times) // 2]
        print(f"{label}: median of {len(times)} {middle:.2f} s ({times[0]:.2f} to {times[-1]:.2f})")

    start = time.monotonic()
    with runner.setup_kernel():
        say("kernel start", [time.monotonic() - start])
        timed(0)
        timed(2)
        for round in range(10):
            timed(1)
            answer.write_text(f"{solved}// save {round} in a notebook\n")
            timed(2)
    say("first importing cell", seconds[connect])
    say("trivial cell", seconds["1 + 1"])
    say("save to verdict in a notebook", seconds[check][1:])
    return 0


# Answers that take the kernel's process with them, and one that panics and does not.
BROKEN = {
    "a stack overflow": "fn f(n: u64) -> u64 { let a = [n; 100]; f(n + 1) + a[3] } vec![f(new.into()) as u32]",
    "process::exit": "std::process::exit(0)",
    "ten gigabytes": "let v: Vec<u8> = vec![1; 10 << 30]; vec![v[ids.len()].into()]",
    "an endless loop that is interrupted": "loop {}",
    "a panic": "vec![ids[ids.len()]]",
}


def broken():
    """A cell whose answer ends the process names the call, and works again once it is mended."""
    answer = ROOT / "exercises" / "bpe" / "merge.rs"
    stub = answer.read_text()
    notebook = check_notebook()
    connect, check = 0, 2
    runner = client(notebook, ROOT / "notebooks" / "rust", allow_errors=True)
    runner.timeout = 10
    runner.interrupt_on_timeout = True
    failed = 0

    def shown():
        for index in (connect, check):
            notebook.cells[index].outputs = []
            runner.execute_cell(notebook.cells[index], index)
        return "".join(map(text_of, notebook.cells[check].outputs))

    with runner.setup_kernel():
        for name, body in BROKEN.items():
            answer.write_text(stub.replace('todo!("bpe.merge")', body))
            text = shown()
            where = "exercises/bpe/merge.rs:" if name == "a panic" else "the answer ended the kernel's process"
            named = "FAILING" in text and "merge(&[], (0, 0), 2)" in text.replace("&amp;", "&") and where in text
            failed += not named
            print(f"{name}: {'the call is named' if named else 'FAILED, the cell shows: ' + text}", flush=True)
        answer.write_text(stub)
        text = shown()
        failed += "NOT STARTED" not in text
        print("mended: " + ("the kernel works again" if "NOT STARTED" in text else f"FAILED, {text}"))
    print(f"{len(BROKEN) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["warm", *paths] if paths:
            sys.exit(warm(paths))
        case ["broken"]:
            sys.exit(broken())
        case ["pulse"]:
            sys.exit(pulse())
        case ["run", ("solutions" | "exercises") as tree, *paths] if paths:
            sys.exit(run(tree, paths))
        case _:
            sys.exit(__doc__)
