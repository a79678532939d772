# SPDX-License-Identifier: Apache-2.0
"""Commands and agents without their second of imports: a process that has them forks for each.

What runs is what the executable runs, the ``main`` of its module, in a process of its own with its own environment and
files. What a command imports besides, the next ones have already. A line of JSON on stdin asks, a line with the exit
code answers, or with the PID of what is not waited for.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn


@dataclass(frozen=True)
class Said:
    """What a command printed, and the code it ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Forked:
    """A process that was not waited for, as :class:`subprocess.Popen` has it; its exit code is known to nobody."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._process = os.pidfd_open(pid)

    def poll(self) -> object:
        """None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> object:
        """:raises subprocess.TimeoutExpired: it runs yet"""
        ended = self._ended(timeout)
        if ended is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return ended

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._process, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, within: float | None) -> object:
        return True if select.select([self._process], [], [], within)[0] else None

    def __del__(self) -> None:
        os.close(self._process)


class Forks:
    """Runs the ``main`` of ``modules``, which take the name of the program when they are imported."""

    def __init__(self, program: str, *modules: str) -> None:
        command = [sys.executable, "-P", __file__, program, *modules]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._turn = threading.Lock()
        # It ends with its stdin, however we end.
        atexit.register(self._process.communicate)

    def run(self, module: str, arguments: Sequence[str], environment: Mapping[str, str], stdin: str = "") -> Said:
        with tempfile.TemporaryDirectory(prefix="cm-") as directory:
            files = [Path(directory, name) for name in ("stdin", "stdout", "stderr", "imported")]
            for file, text in zip(files, (stdin, "", "", ""), strict=True):
                file.write_text(text)
            code = self._ask(module, arguments, environment, files, wait=True)
            return Said(code, files[1].read_text(), files[2].read_text())

    def start(
        self, module: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str] = os.environ
    ) -> Forked:
        """In a process group of its own; its output is appended to ``log``."""
        return Forked(self._ask(module, arguments, environment, [Path(os.devnull), log, log], wait=False))

    def _ask(
        self, module: str, arguments: Sequence[str], environment: Mapping[str, str], files: list[Path], *, wait: bool
    ) -> int:
        call = {
            "module": module,
            "arguments": list(arguments),
            "environment": dict(environment),
            "files": list(map(str, files)),
            "wait": wait,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(f"{json.dumps(call)}\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())


def serve(program: str, *modules: str) -> None:
    sys.argv = [program]
    sys.path.insert(0, str(Path(__file__).parents[1]))  # For modules of the tests.
    for module in modules:
        importlib.import_module(module)
    for line in sys.stdin:
        call = json.loads(line)
        _bury()
        # What is there already stays: no collector need look at it, nor have its pages copied for that.
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            if not call["wait"]:
                os.setpgid(0, 0)
            _run(call)
        if not call["wait"]:
            # Here too: whoever asked may send it a signal at once. And there, before it has children.
            os.setpgid(pid, pid)
        answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if call["wait"] else pid
        imported = [module for file in call["files"][3:] for module in Path(file).read_text().split()]
        print(answer, flush=True)
        # Whoever asked removes the files meanwhile.
        _learn(imported)


def _learn(imported: Iterable[str]) -> None:
    for module in imported:
        # Some are no files of their own.
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    if cliff := sys.modules.get("cliff.command"):
        # For the help of a command it reads the metadata of all that is installed, and remembers it.
        cliff._get_distributions_by_modules()


def _bury() -> None:
    """What was not waited for and has ended. Its PID is its own until the next one is asked for."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _run(call: dict[str, Any]) -> NoReturn:
    """Never comes back into the loop, whatever happens."""
    code, before = 70, set(sys.modules)
    try:
        os.environ.clear()
        os.environ.update(call["environment"])
        for number, name in enumerate(call["files"][:3]):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND if number else os.O_RDONLY, 0o600), number)
        sys.stdin = os.fdopen(0)
        code = sys.modules[call["module"]].main(call["arguments"])
    except SystemExit as error:
        code = _code(error.code)
    except BaseException:
        traceback.print_exc()
    finally:
        for file in call["files"][3:]:
            Path(file).write_text("\n".join(sys.modules.keys() - before))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _code(given: object) -> int:
    """As the interpreter makes one of what :func:`sys.exit` was given."""
    if given is None or isinstance(given, int):
        return given or 0
    print(given, file=sys.stderr)
    return 1


if __name__ == "__main__":
    serve(*sys.argv[1:])
