"""Runs a script in a process of its own, and tells whether it ended or is stuck, and where.

A deadlock takes its process with it, so it is looked at from outside. That a process is slow proves nothing;
a stuck one is *asleep*. Where Linux tells it (`/proc`), a script is stuck if it has said that it waits and then,
in ten looks one after the other, every thread of it slept and the main thread was not woken once. (A thread
that wants the GIL wakes up at times to ask for it again, so not every thread can be that still. In a script it
asks once a second and not every 5 milliseconds.) Elsewhere it is stuck if it has not ended after some seconds.

A signal then makes Python write down where each of its threads is, in C and without the GIL, and ends it.

    >>> run("print('hello')")
    Outcome(stuck=False, code=0, output='hello\\n', where='')
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

# What a script prints before the call that may never return.
WAITING = "attached, waiting"
LOOKS = 10
BETWEEN_LOOKS = 0.05
PROC = Path("/proc/self/task").exists()


class Outcome(NamedTuple):
    """How a script ended."""

    stuck: bool
    """Whether it waited for ever."""
    code: int | None
    """Its exit code, if it ended by itself."""
    output: str
    """What it printed, errors too."""
    where: str
    """The lines at which its threads wait, if it is stuck."""


def run(script: str, module: str | Path | None = None, patience: float = 60) -> Outcome:
    """Runs a script that may get stuck. `module` is the file of an extension module that it imports.

    Raises `TimeoutError` for a script that neither ends nor sleeps within `patience` seconds.
    """
    with tempfile.TemporaryDirectory() as place:
        file, said, dump = (Path(place) / name for name in ("script.py", "said", "dump"))
        file.write_text(script, encoding="utf-8")
        environment = dict(os.environ)
        if module is not None:
            environment["PYTHONPATH"] = str(Path(module).resolve().parent)
        with said.open("w") as output:
            command = [sys.executable, "-u", "-c", START, str(file), str(dump)]
            process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        try:
            code = watched(process, said, patience)
            if code is None:
                dumped(process)
        finally:
            process.kill()
            process.wait()
        where = lines_of(dump, script.splitlines()) if code is None and dump.exists() else ""
        return Outcome(code is None, code, said.read_text(encoding="utf-8"), where)


# `chain`: after the dump the signal does what it does by default, which is to end the process.
START = """
import faulthandler, runpy, signal, sys
if hasattr(faulthandler, "register"):
    faulthandler.register(signal.SIGUSR1, open(sys.argv[2], "w"), all_threads=True, chain=True)
sys.setswitchinterval(1)
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def ended(process: subprocess.Popen[bytes], within: float) -> bool:
    try:
        process.wait(timeout=within)
    except subprocess.TimeoutExpired:
        return False
    return True


def watched(process: subprocess.Popen[bytes], said: Path, patience: float) -> int | None:
    """The exit code, or `None` for a process that is stuck."""
    deadline = time.monotonic() + patience
    before, still = None, 0
    while time.monotonic() < deadline:
        if ended(process, BETWEEN_LOOKS):
            return process.returncode
        if WAITING not in said.read_text(encoding="utf-8"):
            continue
        now = main_thread_asleep(process.pid) if PROC else "no way to tell"
        still = still + 1 if now is not None and now == before else 0
        before = now
        if still == (LOOKS if PROC else 100):
            return None
    raise TimeoutError(f"after {patience} s it neither ended nor slept:\n{said.read_text(encoding='utf-8')}")


def main_thread_asleep(pid: int) -> str | None:
    """What the system has counted of the main thread, if all threads sleep."""
    try:
        states = {}
        for task in Path(f"/proc/{pid}/task").iterdir():
            status = (task / "status").read_text().splitlines()
            states[int(task.name)] = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    except OSError:
        # A thread ended just now.
        return None
    if pid not in states or any(not state["State"].startswith("S") for state in states.values()):
        return None
    main = states[pid]
    return f"woken {main['voluntary_ctxt_switches']}, {main['nonvoluntary_ctxt_switches']} times"


def dumped(process: subprocess.Popen[bytes]) -> None:
    """Has a stuck process write its stacks; it ends by the same signal."""
    if hasattr(signal, "SIGUSR1"):
        process.send_signal(signal.SIGUSR1)
        ended(process, 10)


def lines_of(dump: Path, script: list[str]) -> str:
    """The lines of the script that are in a dump, with their text."""
    numbers = re.findall(r'script\.py", line (\d+) in ', dump.read_text(encoding="utf-8"))
    lines = sorted({int(number) for number in numbers})
    return "\n".join(f"line {number}: {script[number - 1].strip()}" for number in lines)
