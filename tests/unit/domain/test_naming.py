# SPDX-License-Identifier: Apache-2.0
"""What the metrics of a plugin are called."""

from __future__ import annotations

import pytest

from collectd_mgr.domain.grammar import parse
from collectd_mgr.domain.naming import Naming, naming, only_clients_give_others, starts


@pytest.mark.parametrize(
    ("plugin", "text", "plugins", "hosts"),
    [
        ("cpu", "", {"cpu"}, {"c1"}),
        ("filecount", '<Directory "/x">\n Plugin "mails"\n</Directory>', {"filecount", "mails"}, {"c1"}),
        ("filecount", '<Directory "/x">\n Plugin "my-files"\n</Directory>', {"filecount", "my"}, {"c1"}),
        ("memcached", '<Instance "a">\n Host "db1"\n</Instance>', {"memcached"}, {"c1", "db1"}),
        ("snmp", '<Host "router">\n Address "10.0.0.1"\n</Host>', {"snmp"}, {"c1", "router"}),
        ("virt", "", {"virt"}, None),
    ],
)
def test_names(plugin: str, text: str, plugins: set[str], hosts: set[str] | None) -> None:
    found = naming(plugin, parse(f"{text}\n"), "c1")
    assert found == Naming(frozenset(plugins), None if hosts is None else frozenset(hosts))


def test_without_the_name_of_the_host_any_may_be_meant() -> None:
    assert naming("cpu", (), "").hosts is None


def test_a_plugin_for_others_has_names_that_nobody_knows() -> None:
    assert not naming("exec", (), "c1").whole


def test_what_they_begin_with() -> None:
    items = parse('<Directory "/x">\n Plugin "my-files"\n</Directory>\n')
    assert set(starts("filecount", items, "c1")) == {
        *("c1/filecount/", "c1/filecount-", "c1/my-files/", "c1/my-files-"),
    }


def test_other_names_are_clients_where_no_plugin_may_have_them() -> None:
    assert only_clients_give_others({"cpu", "csv", "python", "unixsock"})
    assert not only_clients_give_others({"cpu", "mqtt"})
