# SPDX-License-Identifier: Apache-2.0
import pytest

from collectd_mgr import exception
from collectd_mgr.domain import safety


def test_unknown_plugin_is_refused_and_kept_out_of_scratch_runs() -> None:
    row = safety.lookup("my_own_plugin")
    assert (row.verdict, row.reason) == ("refused", "unknown")
    assert not safety.live_safe("my_own_plugin")
    assert not safety.scratch_allowed("my_own_plugin")
    assert row.sentence


def test_names_are_found_in_any_case() -> None:
    assert safety.lookup("CPU").plugin == "cpu"


@pytest.mark.parametrize("plugin", ["intel_rdt", "dpdkstat", "dpdkevents", "snmp_agent", "ipmi"])
def test_exclusive_plugins_never_run_twice(plugin: str) -> None:
    assert safety.exclusive(plugin)
    assert not safety.scratch_allowed(plugin)
    assert not safety.live_safe(plugin)


def test_write_plugins_are_refused_with_the_reason() -> None:
    row = safety.lookup("csv")
    assert (row.verdict, row.reason, row.kind) == ("refused", "write_callback", "write")
    assert "write callback" in row.sentence


def test_every_refusal_has_a_known_reason_and_every_live_plugin_none() -> None:
    for row in safety.table().values():
        assert row.live == (row.reason == ""), row.plugin
        assert row.live or row.sentence, row.plugin


def test_no_live_safe_plugin_can_register_what_a_disable_leaves_behind() -> None:
    harmless = {"config", "complex_config", "init", "read", "complex_read", "shutdown"}
    assert [row.plugin for row in safety.table().values() if row.live and set(row.callbacks) - harmless] == []


def test_a_plugin_only_reads_where_that_is_known() -> None:
    assert all(row.only_reads for row in safety.table().values() if row.live)
    assert all(safety.lookup(name).only_reads for name in ("snmp", "smart", "varnish", "nut"))


@pytest.mark.parametrize(
    "name", ["procevent", "unixsock", "snmp_agent", "uuid", "threshold", "ipmi", "postgresql", "csv", "python", "acme"]
)
def test_what_goes_on_without_its_reads_does_not_only_read(name: str) -> None:
    assert not safety.lookup(name).only_reads


@pytest.mark.parametrize("name", ["cpu", "write_http", "Curl_JSON", "my-plugin", "a" * 63])
def test_good_names(name: str) -> None:
    assert safety.check_name(name) == name


@pytest.mark.parametrize("name", ["", "../cpu", "cpu.so", "cpu\n", "1st", 'c"pu', "a" * 64, "cpü", "cpu cpu", "\0"])
def test_bad_names(name: str) -> None:
    with pytest.raises(exception.BadPluginName) as raised:
        safety.check_name(name)
    assert raised.value.code == "bad_plugin_name"
