# SPDX-License-Identifier: Apache-2.0
"""The samples that operators start from can be made, and name what there is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from collectd_mgr.api import policies
from collectd_mgr.conf import opts

ETC = Path(__file__).parents[3] / "etc" / "collectd-mgr"


def sample(module: str, generator: str, output: Path) -> str:
    command = [sys.executable, "-c", f"from {module} import *; {generator}"]
    options = ["--config-file", str(ETC / f"{output.suffix[1:]}-generator.conf"), "--output-file", str(output)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return output.read_text()


def test_the_configuration(tmp_path: Path) -> None:
    text = sample("oslo_config.generator", "main()", tmp_path / "sample.config")
    for group, options in opts.list_opts():
        assert f"\n[{group}]\n" in text
        assert [
            option.name for option in options if f"#{option.dest} =" not in text and option.default is not None
        ] == []
    assert "#transport_url =" in text
    assert "#max_request_body_size =" in text


def test_the_policy(tmp_path: Path) -> None:
    text = sample("oslo_policy.generator", "generate_sample()", tmp_path / "sample.policy")
    assert [rule.name for rule in policies.list_rules() if f'"{rule.name}":' not in text] == []
