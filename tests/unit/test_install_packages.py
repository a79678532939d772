# SPDX-License-Identifier: Apache-2.0
"""tools/install-packages, with an apt-get of the test: no daemon is started meanwhile; what was there comes back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "install-packages"

#: What a package's script would ask, and perhaps the end of who has called.
_APT = """\
[ "$1" = update ] || { sh "$POLICY"; echo $? >>"$ASKED"; }
[ -z "${KILLS:-}" ] || kill -KILL $PPID
"""


class Machine:
    """Where nothing is installed, and root asks."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        (directory / "sbin").mkdir()
        self.policy, self._asked = directory / "sbin" / "policy-rc.d", directory / "asked"
        self._script = directory / "install-packages"
        self._script.write_text(SCRIPT.read_text().replace("/usr/sbin/policy-rc.d", str(self.policy)))
        (directory / "list").write_text("collectd-core\n")
        for name, text in {"apt-get": _APT, "dpkg-query": ":", "id": "echo 0"}.items():
            self._program(name, text)

    def _program(self, name: str, text: str) -> None:
        path = self._directory / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def install(self, **environment: str) -> list[str]:
        """What the scripts of the packages were told, one after the other."""
        path = f"{self._directory / 'bin'}:{os.environ['PATH']}"
        environment |= {"PATH": path, "POLICY": str(self.policy), "ASKED": str(self._asked)}
        command = ["bash", str(self._script), str(self._directory / "list")]
        subprocess.run(command, env={**os.environ, **environment}, check=False, capture_output=True)
        return self._asked.read_text().split() if self._asked.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("own", ["#!/bin/sh\nexit 104\n", None], ids=["one", "none"])
@pytest.mark.parametrize("killed", [False, True])
def test_nothing_is_started_and_the_policy_of_the_machine_is_back(
    machine: Machine, own: str | None, killed: bool
) -> None:
    if own is not None:
        machine.policy.write_text(own)
    if killed:
        machine.install(KILLS="yes")
        assert "exit 101" in machine.policy.read_text()
    assert machine.install() == ["101"]
    assert (machine.policy.read_text() if machine.policy.exists() else None) == own
    assert list(machine.policy.parent.iterdir()) == ([] if own is None else [machine.policy])
