# SPDX-License-Identifier: Apache-2.0
"""Commands without their second of imports: a process that has them forks for each command.

What runs is what the executable runs, the ``main`` of its module, in a process of its own with its own environment and
files. A line of JSON on stdin asks, a line with the exit code answers.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
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


class Forks:
    """Runs the ``main`` of ``modules``, which take the name of the program when they are imported."""

    def __init__(self, program: str, *modules: str) -> None:
        command = [sys.executable, "-P", __file__, program, *modules]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # It ends with its stdin, however we end.
        atexit.register(self._process.communicate)

    def run(self, module: str, arguments: Sequence[str], environment: Mapping[str, str], stdin: str = "") -> Said:
        with tempfile.TemporaryDirectory(prefix="cm-") as directory:
            files = [Path(directory, name) for name in ("stdin", "stdout", "stderr")]
            for file, text in zip(files, (stdin, "", ""), strict=True):
                file.write_text(text)
            call = {
                "module": module,
                "arguments": list(arguments),
                "environment": dict(environment),
                "files": list(map(str, files)),
            }
            code = self._ask(json.dumps(call))
            return Said(code, files[1].read_text(), files[2].read_text())

    def _ask(self, call: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{call}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def serve(program: str, *modules: str) -> None:
    sys.argv = [program]
    for module in modules:
        importlib.import_module(module)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _run(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _run(call: dict[str, Any]) -> NoReturn:
    """Never comes back into the loop, whatever happens."""
    code = 70
    try:
        os.environ.clear()
        os.environ.update(call["environment"])
        for number, name in enumerate(call["files"]):
            os.dup2(os.open(name, os.O_WRONLY if number else os.O_RDONLY), number)
        sys.stdin = os.fdopen(0)
        code = sys.modules[call["module"]].main(call["arguments"])
    except SystemExit as error:
        code = _code(error.code)
    except BaseException:
        traceback.print_exc()
    finally:
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
