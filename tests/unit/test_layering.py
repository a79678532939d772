# SPDX-License-Identifier: Apache-2.0
"""The layers of doc/source/contributor/layering.rst hold, and the checker that says so can fail."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

import pytest

from tests.layering import rules
from tests.layering.check import violations

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / rules.PACKAGE).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def test_every_file_keeps_to_the_layers() -> None:
    assert SOURCES
    found = [text for path in SOURCES for text in violations(path.relative_to(ROOT), path.read_text())]
    assert not found, "\n".join(found)


def test_every_package_is_a_layer() -> None:
    inside = {path.stem for path in (ROOT / rules.PACKAGE).iterdir() if path.is_dir() or path.suffix == ".py"}
    assert inside - {"__init__", "__pycache__"} <= set(rules.LAYERS)


def test_the_layers_have_no_circle() -> None:
    left = dict(rules.LAYERS)
    while left:
        lowest = {layer for layer, below in left.items() if not below & left.keys()}
        assert lowest, f"a circle among {sorted(left)}"
        left = {layer: below for layer, below in left.items() if layer not in lowest}


@pytest.mark.parametrize(
    ("path", "source", "said"),
    [
        ("domain/spec.py", "import oslo_log", "not in the standard library"),
        ("domain/spec.py", "def f():\n    import yaml", "not in the standard library"),
        ("domain/spec.py", "from collectd_mgr.db import models", "domain imports db"),
        ("exception.py", "import collectd_mgr.domain.spec", "exception imports domain"),
        ("api/hosts.py", "from collectd_mgr import conductor", "api imports conductor"),
        ("api/hosts.py", "from ..agent.mode import Mode", "api imports agent"),
        ("api/__init__.py", "from ..agent import mode", "api imports agent"),
        ("agent/applier.py", "import importlib\nimportlib.import_module('collectd_mgr.api.app')", "agent imports api"),
        ("control/hosts.py", "import sqlalchemy.orm", "control.hosts imports sqlalchemy"),
        ("control/hosts.py", "from oslo_config import cfg", "control.hosts imports oslo_config"),
        ("cli/host.py", "from collectd_mgr import exception", "cli imports exception"),
        ("drivers/live.py", "from collectd_mgr.testing import collectd", "drivers imports testing"),
        ("extension/daemon.py", "import collectd", "extension.daemon imports collectd"),
        ("testing/fixture.py", "import eventlet", "imports eventlet"),
        ("control/hosts.py", "from collectd_mgr.nowhere import thing", "'nowhere' is not a layer"),
        ("cmd/agent.py", "from oslo_config import cfg\ncfg.CONF()", "the global CONF"),
        ("cmd/agent.py", "from oslo_config.cfg import CONF", "the global CONF"),
        ("api/utils.py", "", "a drawer"),
        ("api/common/hosts.py", "", "a drawer"),
        ("api/hosts.py", "\n" * 301, "301 lines"),
        ("wire/framing.py", "match 1:\n    case 1: pass", "not Python 3.9"),
    ],
)
def test_a_violation_is_found(path: str, source: str, said: str) -> None:
    found = violations(PurePath(rules.PACKAGE, path), source)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("domain/spec.py", "import json\nfrom collectd_mgr import exception\nfrom . import plan"),
        ("extension/entry.py", "def main():\n    import collectd"),
        ("control/hosts.py", "if TYPE_CHECKING:\n    from oslo_config import cfg"),
        ("rpc/transport.py", "import oslo_messaging"),
        ("drivers/entry_points.py", "import stevedore"),
        ("testing/service.py", "from oslo_config import cfg\nfrom collectd_mgr.api import app"),
    ],
)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    assert violations(PurePath(rules.PACKAGE, path), source) == []


#: Written in two halves, so that this file keeps to its own rule.
CHEATS = re.compile(r"mock\.pat" + "ch|monkey" + r"patch|pytest\.(mark\.)?" + "(skip|xfail|importorskip)")


def test_no_test_patches_or_skips() -> None:
    found = [str(path.relative_to(ROOT)) for path in TESTS if CHEATS.search(path.read_text())]
    assert not found
