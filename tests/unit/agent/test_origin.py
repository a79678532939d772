# SPDX-License-Identifier: Apache-2.0
"""What is the operator's and what is ours, in one configuration."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_mgr.agent import origin
from collectd_mgr.domain.filesystem import SURE
from collectd_mgr.domain.plan import Running


@pytest.fixture
def managed(tmp_path: Path) -> Path:
    """``conf/managed`` by its own name, and ``link`` by another."""
    managed = tmp_path / "conf" / "managed"
    managed.mkdir(parents=True)
    (managed / "collectd_mgr.conf").write_text("LoadPlugin memory\n")
    (tmp_path / "conf" / "more.conf").write_text("LoadPlugin df\n")
    (tmp_path / "link").symlink_to(managed)
    return managed


@pytest.mark.parametrize("include", ["conf/managed/*.conf", "link/*.conf", "conf/../conf//managed/", "link"])
@pytest.mark.parametrize("setting", ["conf/managed", "conf/managed/", "link"])
def test_what_is_managed_is_not_the_operators_by_whatever_path(
    tmp_path: Path, managed: Path, include: str, setting: str
) -> None:
    conf = tmp_path / "collectd.conf"
    conf.write_text(f'LoadPlugin cpu\nInclude "{tmp_path}/{include}"\nInclude "{tmp_path}/conf/more.conf"\n')
    assert set(origin.read(str(conf), f"{tmp_path}/{setting}").layer.plugins) == {"cpu", "df"}


def test_an_include_of_all_around_it_leaves_it_out_too(tmp_path: Path, managed: Path) -> None:
    conf = tmp_path / "collectd.conf"
    conf.write_text(f'Include "{tmp_path}/conf"\n')
    assert set(origin.read(str(conf), str(managed)).layer.plugins) == {"df"}


def test_whatever_has_become_of_what_is_managed_the_rest_is_read(tmp_path: Path, managed: Path) -> None:
    (managed / "collectd_mgr.conf").write_text("<Plugin never_closed>\n\0")
    conf = tmp_path / "collectd.conf"
    conf.write_text(f'LoadPlugin cpu\nInclude "{managed}/*.conf"\n')
    found = origin.read(str(conf), str(managed))
    assert (set(found.layer.plugins), found.warnings) == ({"cpu"}, ())


def test_whether_what_is_managed_is_included_is_known_of_who_was_started_since(tmp_path: Path, managed: Path) -> None:
    conf = tmp_path / "collectd.conf"
    bare, later = Running(7), Running(7, time.time() + 2 * SURE)
    conf.write_text(f'LoadPlugin cpu\nInclude "{tmp_path}/link"\n')
    found = origin.read(str(conf), str(managed))
    assert (found.has_ours(bare), found.has_ours(later), found.silence(later)) == (None, True, later.silence)
    conf.write_text("LoadPlugin cpu\n")
    found = origin.read(str(conf), str(managed))
    assert (found.has_ours(bare), found.silence(bare), found.has_ours(later)) == (None, bare.silence, False)
    assert found.silence(later) == (
        f"collectd runs (pid 7) without what is managed: {conf} does not include {managed}."
    )
    answers = replace(later, version="5.12.0")
    assert (found.has_ours(answers), found.silence(answers)) == (True, None)
    assert origin.read(str(tmp_path / "none"), str(managed)).has_ours(later) is None


def test_what_cannot_be_read_any_more_is_what_it_was(tmp_path: Path) -> None:
    conf = tmp_path / "collectd.conf"
    conf.write_text("LoadPlugin cpu\n")
    last = origin.read(str(conf), str(tmp_path / "managed"))
    conf.write_text("LoadPlugin cpu\n<Plugin never_closed>\n")
    found = origin.read(str(conf), str(tmp_path / "managed"), last)
    assert found.layer == last.layer
    assert "is not closed" in found.warnings[0]
    assert origin.read(str(conf), str(tmp_path / "managed")).layer.plugins == {}


def test_a_name_in_other_letters_is_the_same_plugin(tmp_path: Path) -> None:
    conf = tmp_path / "collectd.conf"
    conf.write_text("LoadPlugin SWAP\nLoadPlugin swap\n<Plugin Swap>\nReportBytes true\n</Plugin>\n")
    plugins = origin.read(str(conf), str(tmp_path / "managed")).layer.plugins
    assert {name: setting.config for name, setting in plugins.items()} == {"swap": {"ReportBytes": True}}
