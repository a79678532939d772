# SPDX-License-Identifier: Apache-2.0
"""The first broken link is named, whatever else is broken behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from collectd_mgr.domain.explain import LINKS, SILENT, Evidence, Explanation, explain
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.mode import Mode

METRIC = Identifier.parse("h1/load/load")
ROW = {"id": str(METRIC), "interval": 10.0, "last_update": 995.0}
INSTALLED = {"plugin": "load", "loadable": True, "why_not": None}
FINE = Evidence(
    METRIC, 1000.0, Mode("manage"), "h1", True, INSTALLED, wanted=True, enabled=True, row=ROW, metrics=1, chosen=True
)

#: Each link, and what breaks it; in order.
BROKEN: dict[str, dict[str, Any]] = {
    "mode": {"mode": Mode("off", set_by="file")},
    "daemon": {"running": False},
    "daemon_silent": {"silence": "collectd runs (pid 7) and does not answer."},
    "not_installed": {"installed": None, "row": None},
    "not_loadable": {"installed": {**INSTALLED, "loadable": False, "why_not": "libfoo.so.1"}, "row": None},
    "refused": {"refusal": "exec is denied here"},
    "failed": {"failure": "collectd rejected the configuration"},
    "observe": {"enabled": False, "mode": Mode("observe")},
    "not_enabled": {"enabled": False},
    "ignored": {"ignored_by": "no-veth"},
    "future": {"row": {**ROW, "last_update": 1200.0}},
    "read_failed": {"failing_until": 1040.0, "row": {**ROW, "last_update": 900.0}},
    "late": {"row": {**ROW, "last_update": 900.0}},
    "gone": {"row": None, "gone_since": 940.0},
    "another_host": {"row": None, "hostname": "h2"},
    "never_seen": {"row": None},
    "not_published": {"chosen": False},
    "publishing_off": {"publishes": False},
    "spooled": {"spooled": 12},
}


def test_every_link_is_tried() -> None:
    assert (SILENT, *BROKEN) == LINKS


@pytest.mark.parametrize("link", BROKEN)
def test_a_link_that_is_broken_alone(link: str) -> None:
    found = explain(replace(FINE, **BROKEN[link]))
    assert found.link == link
    assert found.sentence.endswith((".", "libfoo.so.1", "here", "configuration"))
    assert Explanation.from_dict(found.to_dict()) == found


def test_the_first_of_several_is_named() -> None:
    assert explain(replace(FINE, mode=Mode("off"), running=False, enabled=False)).link == "mode"
    assert explain(replace(FINE, enabled=False, ignored_by="x", row=None)).link == "not_enabled"
    assert explain(replace(FINE, ignored_by="x", failing_until=1040.0, row=None)).link == "ignored"


def test_a_read_that_fails_is_not_that_of_a_metric_that_comes() -> None:
    """Of two pages of ``curl``, one is down."""
    assert explain(replace(FINE, failing_until=1040.0)).link is None
    assert explain(replace(FINE, failing_until=1040.0, row=None)).link == "read_failed"


def test_what_nobody_chose_is_not_blamed_on_the_agent() -> None:
    assert explain(replace(FINE, publishes=False, chosen=False)).link == "not_published"
    assert explain(replace(FINE, publishes=False, chosen=None)).link is None


def test_nothing_is_broken() -> None:
    found = explain(FINE)
    assert (found.link, found.facts["row"]) == (None, ROW)
    assert "5.0 s old" in found.sentence


@pytest.mark.parametrize("link", ["gone", "never_seen"])
def test_a_chain_of_the_operators_may_be_to_blame(link: str) -> None:
    found = explain(replace(FINE, **BROKEN[link], chain="noise"))
    assert (found.link, found.facts["chain"]) == (link, "noise")
    assert found.sentence.endswith(". Or the chain noise of the operator's own files drops it.")
    assert "chain" not in explain(replace(FINE, **BROKEN[link])).sentence


def test_what_is_not_known_breaks_nothing() -> None:
    assert explain(replace(FINE, chosen=None)).link is None
    assert explain(replace(FINE, row={**ROW, "interval": None, "last_update": 1.0})).link is None


#: Of a program that ``exec`` runs, say: nothing on the host is called so.
FED = replace(FINE, installed=None, wanted=None, enabled=False, metrics=0)


def test_what_is_not_of_a_plugin_that_is_called_so() -> None:
    assert explain(FED).link is None
    assert explain(replace(FED, ignored_by="x")).link == "ignored"
    assert explain(replace(FED, row={**ROW, "last_update": 900.0})).link == "late"
    assert explain(replace(FED, row=None, gone_since=940.0)).link == "gone"
    assert explain(replace(FED, row=None)).link == "not_installed"


def test_values_of_another_host_come_without_the_plugin() -> None:
    fed = replace(FINE, hostname="h2", wanted=None, enabled=False)
    assert explain(fed).link is None
    assert explain(replace(fed, row=None, gone_since=940.0)).link == "gone"
    assert explain(replace(fed, row=None)).link == "not_enabled"


def test_a_guest_is_no_other_host() -> None:
    never = replace(FINE, metric=Identifier.parse("guest/virt/virt_cpu_total"), row=None)
    assert explain(never).link == "another_host"
    assert explain(replace(never, of_host=True)).link == "never_seen"
