# SPDX-License-Identifier: Apache-2.0
"""What a trial may do to files of the machine that nobody has told it of, or has kept it from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from collectd_mgr.drivers import namespace

#: A plugin that no trial has, for what it does to a path: it deletes what is there, and puts a socket in its place.
_TRY = """
import json, sys
from pathlib import Path
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.scratch import Scratch
from collectd_mgr.drivers.trial import Trial, Trials
from collectd_mgr.testing.suite.rigs import settings_in
directory, victim = map(Path, sys.argv[1:])
settings = settings_in(directory)
block = f'<Plugin unixsock>\\nSocketFile "{victim}"\\nDeleteSocket true\\n</Plugin>\\n'
outcome = Scratch(settings.binary, settings.plugin_dir, directory / "scratch").run("unixsock", block)
df = Trials(settings).run(Trial("df", PluginGoal(True, 10.0), "h"), 60.0)
print(json.dumps({"errors": outcome.errors, "isolation": df.isolation, "seen": [row["id"] for row in df.rows]}))
"""

#: What an agent may not do that has none of these rights, as the drop-in for its unit has it.
_WITHOUT = ("setpriv", "--bounding-set=-sys_admin", "--")


def trial(directory: Path, victim: Path, *under: str) -> dict[str, Any]:
    command = [*under, sys.executable, "-c", _TRY, str(directory), str(victim)]
    answer: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return answer


def test_a_path_that_nobody_knows_of_is_safe_in_a_namespace_alone(tmp_path: Path) -> None:
    victim = tmp_path / "live.sock"
    victim.write_text("of the running collectd")
    apart = trial(tmp_path, victim)
    assert victim.read_text() == "of the running collectd"
    assert (apart["isolation"], apart["errors"]) == (namespace.NAMESPACE, [])
    # It has a mount of its own, which is none that a collectd of this host would tell of.
    assert "h/df-root/df_complex-free" in apart["seen"]
    assert not [name for name in apart["seen"] if "-trials-" in name]
    beside = trial(tmp_path, victim, *_WITHOUT)
    assert (beside["isolation"], beside["errors"]) == (namespace.PATHS, [])
    assert not victim.is_file()
