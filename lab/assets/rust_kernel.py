"""Starts the Rust kernel; while that is still being built, a kernel that says how far it is.

The kernelspec names this file, so that a notebook opens at once on a fresh machine, and
`Kernel > Restart` finds the real kernel as soon as it is there. What the kernel needs is in the
environment that the kernelspec sets:

    RUST_FOR_AI_KERNEL     where the real kernel is, or will be
    RUST_FOR_AI_LOG        what its build prints
    RUST_FOR_AI_WARM       a file that is there once the notebooks' crates are downloaded
    RUST_FOR_AI_LIBRARIES  the folder of the standard library, which a cell's code is linked with when it runs

and, only while these crates are downloaded by the real kernel, RUST_FOR_AI_WARMING.

Usage: rust_kernel.py CONNECTION_FILE
"""

import os
import sys
from pathlib import Path

# `cargo install evcxr_jupyter --locked` compiles about as many.
CRATES = 273
# How much address space a notebook may take, compilers included.
MEMORY = 8 << 30
# A build that was stopped leaves its last words behind.
STUCK = " (if this does not move on, run `cargo lab setup kernel` in a terminal)"


def real_kernel() -> Path | None:
    """The real kernel, once it can be used."""
    path = Path(os.environ["RUST_FOR_AI_KERNEL"])
    warm = Path(os.environ["RUST_FOR_AI_WARM"]).is_file() or "RUST_FOR_AI_WARMING" in os.environ
    return path if path.is_file() and warm else None


def how_far() -> str:
    """The state of the build in a sentence."""
    if Path(os.environ["RUST_FOR_AI_KERNEL"]).is_file():
        return "it is built, and downloads the notebooks' crates, which takes half a minute" + STUCK
    try:
        log = Path(os.environ["RUST_FOR_AI_LOG"]).read_text(errors="replace")
    except OSError:
        return "its build has not begun; run `cargo lab setup kernel` in a terminal"
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    failed = [line for line in lines if line.startswith("error")]
    if failed:
        return f"its build failed: {failed[0]}; run `cargo lab setup kernel` in a terminal"
    done = sum(line.startswith("Compiling") for line in lines)
    return f"{min(99, 100 * done // CRATES)} percent of its {CRATES} crates are compiled" + STUCK


def limit_memory() -> None:
    """An answer that asks for more gets an error; without a limit it takes the machine down."""
    try:
        import resource

        # What a cell starts may lift it: AddressSanitizer sets aside far more than it uses.
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, most))
    except (ImportError, ValueError, OSError):
        # Windows has no such limit, and a lower one may be in force.
        pass


def find_libraries() -> None:
    """Tells the system where the standard library is, as cargo does for what it runs."""
    names = {"darwin": "DYLD_FALLBACK_LIBRARY_PATH", "win32": "PATH"}
    name = names.get(sys.platform, "LD_LIBRARY_PATH")
    folders = [os.environ.get("RUST_FOR_AI_LIBRARIES"), os.environ.get(name)]
    os.environ[name] = os.pathsep.join(folder for folder in folders if folder)


def start_real(kernel: Path, connection_file: str) -> None:
    limit_memory()
    find_libraries()
    # The kernel would rewrite a kernelspec called `rust` in the user's own folders; there is none here.
    os.environ["JUPYTER_PATH"] = str(Path(__file__).with_name("no-kernelspecs"))
    arguments = [str(kernel), "--control_file", connection_file]
    if os.name == "nt":
        import subprocess

        sys.exit(subprocess.call(arguments))
    os.execv(kernel, arguments)


def start_waiting(connection_file: str) -> None:
    from ipykernel.kernelapp import IPKernelApp
    from ipykernel.kernelbase import Kernel

    class WaitingKernel(Kernel):
        implementation = "rust_for_ai_waiting"
        implementation_version = "1"
        language_info = {"name": "rust", "mimetype": "text/rust", "file_extension": ".rs"}
        banner = "The Rust kernel is being built."

        async def do_execute(self, code, silent, store_history=True, *args, **kwargs):
            if real_kernel():
                text = "The Rust kernel is ready. Choose Kernel > Restart Kernel, then run the cell again."
            else:
                text = (
                    f"The Rust kernel is not ready yet: {how_far()}.\n\n"
                    "Meanwhile a first stage can be solved in an editor: open exercises/bpe/bytes.rs\n"
                    "and grade it in a terminal with `cargo lab check bpe.bytes`."
                )
            if not silent:
                self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": text})
            return {
                "status": "ok",
                "execution_count": self.execution_count,
                "payload": [],
                "user_expressions": {},
            }

    IPKernelApp.launch_instance(argv=["-f", connection_file], kernel_class=WaitingKernel)


if __name__ == "__main__":
    kernel = real_kernel()
    if kernel:
        start_real(kernel, sys.argv[1])
    else:
        start_waiting(sys.argv[1])
