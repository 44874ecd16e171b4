"""A Python module that the learner writes in Rust: built, loaded and graded from a notebook."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

from ._rust_for_ai import Verdict, _verdict_of_record

__all__ = ["BuildError", "Module", "module"]


class BuildError(Exception):
    """The module does not compile; the text is the compiler's."""

    def _render_traceback_(self) -> list[str]:
        # What a notebook shows: the path through this file explains nothing.
        return ["the module does not compile", "", *str(self).splitlines()]


class Module:
    """A module in Rust, as it is saved now.

    Each look at an attribute builds the module again if a file of it was saved since, and loads it. A build
    takes seconds; the text of the compiler is a `BuildError`. There is no need to restart the kernel: each
    build is loaded beside the last one. What was made before belongs to the old one, and says so by its type.
    """

    def __init__(self, path: str | Path) -> None:
        self.__folder = Path(path).resolve()
        self.__root = self.__folder.parents[1]
        self.__print: str | None = None
        self.__file: Path | None = None
        self.__module: ModuleType | None = None
        self.__verdicts: dict[str, Verdict] = {}

    def __repr__(self) -> str:
        return f"the module in {self.__folder}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        self.build()
        if self.__module is None:
            self.__module = self.__load()
        return getattr(self.__module, name)

    def build(self) -> Path:
        """Builds the module if it was saved since, in release; gives the file that Python loads."""
        digest = hashlib.sha256()
        # The answers of other chapters are its dependency.
        for file in sorted(self.__folder.parent.rglob("*.rs")):
            digest.update(file.read_bytes())
        if self.__file is None or digest.hexdigest() != self.__print:
            before = self.__module
            self.__file, self.__module, self.__verdicts = self.__make(digest.hexdigest()[:12]), None, {}
            self.__print = digest.hexdigest()
            if before is not None:
                print(f"{self.__folder.name} was built again; objects made before are of the old build")
        return self.__file

    def check(self, stage: str) -> Verdict:
        """Grades a stage of its chapter, such as `"class"`, in a process of its own.

        So an endless loop, an abort or a crash ends that process, and the verdict names the call.
        """
        name, tree = self.__folder.name, self.__folder.parent.name
        folder = self.build().parent
        if stage not in self.__verdicts:
            with tempfile.TemporaryDirectory() as place:
                record = Path(place) / "record"
                script = self.__root / "tests" / name / "grade.py"
                environment = os.environ | {"RUST_BACKTRACE": "0"}
                call = [sys.executable, str(script), stage, str(folder), str(record)]
                done = subprocess.run(call, capture_output=True, text=True, env=environment)
                ended = f"exit code {done.returncode}\n{done.stderr[-2000:]}".strip()
                text = record.read_text(encoding="utf-8") if record.exists() else ""
            self.__verdicts[stage] = _verdict_of_record(f"{name}.{stage}", text, ended, tree)
        return self.__verdicts[stage]

    def needs(self, *stages: str) -> None:
        """Raises `NotImplementedError` with the first of these stages that does not pass.

        For cells that use what these stages make: a `todo!()` that is reached is a panic.
        """
        for stage in stages:
            if not self.check(stage).passed:
                raise NotImplementedError(f"{self.__folder.name}.{stage}")

    def __make(self, number: str) -> Path:
        name, target = self.__folder.name, self.__root / "target" / self.__folder.name
        place = target / "notebook" / self.__folder.parent.name / number
        with tempfile.TemporaryDirectory() as wheels:
            maturin = [sys.executable, "-m", "maturin", "build", "--release", "--quiet"]
            manifest = ["--manifest-path", str(self.__folder / "Cargo.toml")]
            places = ["--target-dir", str(target), "--out", wheels]
            built = subprocess.run(
                [*maturin, *manifest, *places], cwd=self.__root, capture_output=True, text=True
            )
            if built.returncode != 0:
                raise BuildError(built.stderr.strip())
            for wheel in Path(wheels).iterdir():
                zipfile.ZipFile(wheel).extractall(place)
        # Earlier builds, but for what a system does not let go while it is loaded.
        for old in place.parent.iterdir():
            if old != place:
                shutil.rmtree(old, ignore_errors=True)
        endings = importlib.machinery.EXTENSION_SUFFIXES
        for file in sorted(place.rglob(f"{name}.*")):
            if any(file.name == name + ending for ending in endings):
                return file
        raise BuildError(f"the wheel has no module `{name}`: {sorted(map(str, place.rglob('*')))}")

    def __load(self) -> ModuleType:
        name = self.__folder.name
        specification = importlib.util.spec_from_file_location(name, self.build())
        if specification is None or specification.loader is None:
            raise BuildError(f"Python cannot load `{self.__file}`")
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        # Where pickle looks for a class.
        sys.modules[name] = module
        return module


def module(path: str | Path) -> Module:
    """The module in a folder, such as `exercises/binding`; see `Module`."""
    return Module(path)
