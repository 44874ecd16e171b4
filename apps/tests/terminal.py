"""A person at a terminal: types lines and Ctrl-C, and reads what comes.

Usage: terminal.py CHAT MODEL FOLDER

The chat runs on a pseudo-terminal. Each step waits for the words that must come; what does not come in
time is a failure that shows all that was on the screen.
"""

import os
import pty
import select
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

CHAT, MODEL, FOLDER = sys.argv[1:]
# Far more than any step takes.
PATIENCE = 120
CTRL_C, CTRL_D = "\x03", "\x04"


class Person:
    """Sits in front of a chat."""

    def __init__(self, *options: str) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.environ["NO_COLOR"] = "1"
            os.execv(CHAT, [CHAT, "--model", MODEL, "--temperature", "0", *options])
        self.screen = ""

    def sees(self, words: str) -> str:
        """Waits for the words; what came until then. What comes later is for the next step."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.screen:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self.terminal], [], [], left)[0]
            try:
                read = os.read(self.terminal, 65536) if ready else b""
            except OSError:
                # Linux says so when the program has ended.
                read = b""
            if not read:
                sys.exit(f"expected `{words}`; on the screen:\n{self.screen}")
            self.screen += read.decode(errors="replace")
        before, _, self.screen = self.screen.partition(words)
        return before

    def types(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def asks(self, line: str) -> None:
        """At the prompt: a line, with the key that ends it."""
        self.sees("> ")
        self.types(line + "\r")

    def leaves(self, code: int) -> None:
        """Waits for the end; the rest of the output must not be left in the pipe."""
        deadline = time.monotonic() + PATIENCE
        try:
            while select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                self.screen += os.read(self.terminal, 65536).decode(errors="replace")
            os.kill(self.pid, signal.SIGKILL)
            sys.exit(f"expected the chat to end; on the screen:\n{self.screen}")
        except OSError:
            # Linux says so when the program has ended.
            pass
        got = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.terminal)
        if got != code:
            sys.exit(f"expected the exit code {code}, got {got}")


def a_conversation() -> None:
    person = Person()
    person.sees(Path(MODEL).name)
    person.sees("engine native")
    person.asks("What is the capital of France? Answer in one word.")
    person.sees("The capital of France is Paris.")
    person.asks("/stats")
    person.sees("tokens at")
    person.sees("of 2048 positions in use")
    person.asks("/sytem be kind")
    person.sees("did you mean /system?")
    person.asks("Tell me a very long story about a king and his many daughters.")
    # Three words of the story, then enough of it.
    person.sees("daughters.")
    for _ in range(3):
        person.sees(" ")
    person.types(CTRL_C)
    person.sees("[stopped]")
    person.asks("/stats")
    person.sees("of them reused")
    person.asks("What is 2+2?")
    person.sees("\n")
    person.asks("/system You are a pirate.")
    person.sees("begins anew, with this system prompt")
    person.asks("/system")
    person.sees("You are a pirate.\r\n")
    person.asks("/reset")
    person.sees("[the conversation begins anew]")
    person.sees("> ")
    person.types("half a line" + CTRL_C)
    person.sees("Ctrl-C again")
    person.asks("/help")
    person.sees("/system TEXT")
    person.sees("> ")
    person.types(CTRL_C)
    person.sees("Ctrl-C again")
    person.sees("> ")
    person.types(CTRL_C)
    person.leaves(0)


def ways_to_leave() -> None:
    person = Person()
    person.asks("/quit")
    person.leaves(0)
    person = Person()
    person.sees("> ")
    person.types(CTRL_D)
    person.leaves(0)


def a_history() -> None:
    history = Path(FOLDER) / "history"
    history.unlink(missing_ok=True)
    for line, answer in [("/reset", "begins anew"), ("/stats", "seed")]:
        person = Person("--history", str(history))
        person.asks(line)
        # The prompt is drawn anew with each key, so only one behind the answer is the next.
        person.sees(answer)
        person.sees("> ")
        person.types(CTRL_D)
        person.leaves(0)
        mode = stat.S_IMODE(history.stat().st_mode)
        if mode != 0o600 or line not in history.read_text():
            sys.exit(f"the history: mode {mode:o}, {history.read_text()!r}")
        # Somebody opens it to others; the next chat closes it.
        history.chmod(0o644)
    person = Person("--history", str(history))
    person.sees("> ")
    if stat.S_IMODE(history.stat().st_mode) != 0o600:
        sys.exit("the history is open to others")
    # The arrow key brings the last line back.
    person.types("\x1b[A\r")
    person.sees("seed")
    person.sees("> ")
    person.types(CTRL_D)
    person.leaves(0)


def a_question_in_a_script() -> None:
    """One question is interrupted."""
    question = "Tell me a very long story about a king and his many daughters."
    command = [CHAT, "--model", MODEL, "--temperature", "0", "--max-tokens", "2000", "--prompt", question]
    chat = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    begun = chat.stdout.read(1)
    chat.send_signal(signal.SIGINT)
    rest = chat.stdout.read()
    if chat.wait() != 130 or not begun or not rest.endswith(b"\n"):
        sys.exit(f"expected an interrupted answer and the exit code 130, got {chat.wait()}: {rest!r}")


a_conversation()
ways_to_leave()
a_history()
a_question_in_a_script()
