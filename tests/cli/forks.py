# SPDX-License-Identifier: Apache-2.0
"""``openstack`` without its half second of imports: a process that has them forks for each command.

What runs is what the executable runs, ``openstackclient.shell.main``, in a process of its own with its own
environment and files. A line of JSON on stdin asks, a line with the exit code answers.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any, NoReturn


def serve() -> None:
    # The program takes its name from there when it is imported.
    sys.argv = ["openstack"]
    from openstackclient import shell  # noqa: F401

    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _run(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _run(call: dict[str, Any]) -> NoReturn:
    """Never comes back into the loop, whatever happens."""
    from openstackclient import shell

    code = 70
    try:
        os.environ.clear()
        os.environ.update(call["environment"])
        for number, name in enumerate(call["files"]):
            os.dup2(os.open(name, os.O_WRONLY if number else os.O_RDONLY), number)
        sys.stdin = os.fdopen(0)
        code = shell.main(call["arguments"])
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 2
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
