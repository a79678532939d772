# SPDX-License-Identifier: Apache-2.0
"""What a configuration makes collectd do."""

from __future__ import annotations

import pytest
from hypothesis import given

from collectd_mgr.domain.effective import Effective, effective
from collectd_mgr.domain.grammar import Item, parse
from collectd_mgr.domain.include import Located
from tests.unit.domain.grammar_corpus import documents, unhurried


def of(text: str) -> Effective:
    return effective(Located(item, "main") for item in parse(text))


def test_plugins_with_their_options() -> None:
    done = of(
        "LoadPlugin cpu\n"
        '<LoadPlugin "Df">\n Interval 60\n FlushInterval 10\n FlushTimeout 2.5\n Globals true\n</LoadPlugin>\n'
    )
    cpu, df = done.plugins["cpu"], done.plugins["df"]
    assert (cpu.name, cpu.interval, cpu.own_interval, cpu.globals, cpu.file) == ("cpu", 10, False, False, "main")
    assert (df.name, df.interval, df.own_interval, df.globals) == ("Df", 60, True, True)
    assert (df.flush_interval, df.flush_timeout) == (10, 2.5)
    assert list(done.plugins) == ["cpu", "df"]


def test_the_config_of_a_plugin_is_all_its_blocks_in_order() -> None:
    statements = [
        *[Located(item, "a") for item in parse("LoadPlugin df\n<Plugin df>\nA 1\n</Plugin>\n")],
        *[Located(item, "b") for item in parse("LoadPlugin cpu\n<plugin DF>\nB 1\nA 2\n</plugin>\n")],
    ]
    plugin = effective(statements).plugins["df"]
    assert plugin.items == (Item("A", (1,)), Item("B", (1,)), Item("A", (2,)))
    assert [block.file for block in plugin.blocks] == ["a", "b"]
    assert plugin.files == ("a", "b")


def test_the_interval_is_the_one_set_before_the_plugin() -> None:
    done = of("LoadPlugin a\nInterval 5\nLoadPlugin b\nInterval 20\nLoadPlugin c\n")
    assert [plugin.interval for plugin in done.plugins.values()] == [10, 5, 20]
    assert done.options["Interval"].value == done.interval == 20


@pytest.mark.parametrize("value", ["true", '"x"', "-1", "0", '"5 s"'])
def test_a_global_interval_of_nonsense_is_the_default(value: str) -> None:
    done = of(f"Interval {value}\nLoadPlugin a\n")
    assert done.plugins["a"].interval == done.interval == 10


def test_the_first_load_of_a_name_counts() -> None:
    done = of("LoadPlugin cpu\n<LoadPlugin CPU>\nInterval 1\n</LoadPlugin>\n")
    assert [(plugin.name, plugin.interval) for plugin in done.plugins.values()] == [("cpu", 10)]


def test_configuration_ahead_of_its_plugin_is_lost() -> None:
    done = of("<Plugin df>\nA 1\n</Plugin>\nLoadPlugin df\n")
    assert done.plugins["df"].items == ()
    assert len(done.warnings) == 1


def test_automatic_loading_begins_with_its_option() -> None:
    done = of("<Plugin a>\nA 1\n</Plugin>\nAutoLoadPlugin true\n<Plugin b>\nB 1\n</Plugin>\nPlugin c\n")
    assert list(done.plugins) == ["b", "c"]
    assert done.plugins["b"].items == (Item("B", (1,)),)
    assert of('autoloadplugin "Yes"\nPlugin c\n').plugins


def test_global_options_are_found_in_any_spelling_and_the_last_one_counts() -> None:
    done = of(
        'hostname "a"\nHOSTNAME "b"\nFQDNLookup false\nHostname "x" "y"\nNoSuch 1\n<Timeout 3>\nA 1\n</Timeout>\n'
    )
    assert {name: option.value for name, option in done.options.items()} == {"Hostname": "b", "FQDNLookup": False}
    assert len(done.warnings) == 1


def test_other_statements_are_kept() -> None:
    done = of(
        'TypesDB "a" "b"\nPluginDir "/x"\n<Chain "PreCache">\n<Rule>\nTarget "stop"\n</Rule>\n</Chain>\nChain "no"\n'
    )
    assert [each.item.values for each in done.types_db] == [("a", "b")]
    assert [each.item.values for each in done.plugin_dirs] == [("/x",)]
    assert [each.item.values for each in done.chains] == [("PreCache",)]


def test_the_old_name_of_virt() -> None:
    done = of("LoadPlugin libvirt\n<Plugin libvirt>\nA 1\n</Plugin>\nLoadPlugin virt\n")
    assert list(done.plugins) == ["virt"]
    assert done.plugins["virt"].items == (Item("A", (1,)),)


def test_python_and_perl_are_always_global() -> None:
    assert all(plugin.globals for plugin in of("LoadPlugin Python\nLoadPlugin perl\n").plugins.values())


@pytest.mark.parametrize("text", ["LoadPlugin 1\n", "LoadPlugin a b\n", "Plugin 1\n", "<Plugin>\nA 1\n</Plugin>\n"])
def test_statements_without_a_name_are_warnings(text: str) -> None:
    done = of(text)
    assert not done.plugins
    assert len(done.warnings) == 1


@pytest.mark.parametrize("option", ["Interval -1", 'Interval "1"', "Interval 1 2", "Other 1", "Interval true"])
def test_options_of_a_load_that_collectd_ignores(option: str) -> None:
    done = of(f"<LoadPlugin a>\n{option}\n</LoadPlugin>\n")
    assert (done.plugins["a"].interval, done.plugins["a"].own_interval) == (10, False)
    assert len(done.warnings) == 1


@given(documents)
@unhurried
def test_anything_that_can_be_written_has_an_effect_or_none(document: tuple[Item, ...]) -> None:
    assert effective([Located(item, "x") for item in document]).plugins is not None
