# SPDX-License-Identifier: Apache-2.0
"""What two collectds cannot both have is known from the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr.domain import beside, grammar, managed, safety

#: As an operator has it who wants some values written without a look at them.
WRITE = '<Target "write">\n    Plugin "csv"\n  </Target>'


def obstacles(text: str) -> tuple[str, ...]:
    return beside.obstacles(grammar.parse(text + "\n"))


@pytest.mark.parametrize(
    "text",
    [
        "LoadPlugin cpu",
        "LoadPlugin csv",
        'LoadPlugin network\n<Plugin network>\n  Server "192.0.2.1"\n</Plugin>',
        f'LoadPlugin python\n<Plugin python>\n  Import "{managed.IMPORT}"\n</Plugin>',
        "LoadPlugin match_regex",
        "Interval 10",
        '<Plugin amqp>\n  <Publish "a">\n  </Publish>\n</Plugin>',
        "<Plugin mysql>\n  <Database a>\n    SlaveNotifications false\n  </Database>\n</Plugin>",
        f'<Chain "PostCache">\n  {WRITE}\n</Chain>',
        f'<Chain "mine">\n  {WRITE}\n</Chain>\n<Chain "PreCache">\n  Target "return"\n</Chain>',
        '<Chain "PreCache">\n  <Target "jump">\n    Chain "precache"\n  </Target>\n</Chain>',
    ],
)
def test_what_may_be_there_twice(text: str) -> None:
    assert obstacles(text) == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('<Plugin Network>\n  listen "192.0.2.1"\n</Plugin>', "port"),
        ("LoadPlugin statsd", "port"),
        ("LoadPlugin write_prometheus", "port"),
        ("loadplugin Email", "socket"),
        ("LoadPlugin intel_rdt", "hardware"),
        ("<LoadPlugin exec>\n  Interval 1\n</LoadPlugin>", "twice"),
        ("LoadPlugin aggregation", "begin anew"),
        ("LoadPlugin mcelog", "notifications"),
        ("LoadPlugin virt", "notifications"),
        ('<Plugin amqp>\n  <Subscribe "a">\n  </Subscribe>\n</Plugin>', "messages"),
        ("<Plugin mysql>\n  <Database a>\n    SlaveNotifications true\n  </Database>\n</Plugin>", "SlaveNotifications"),
        (f'<Chain "precache">\n  {WRITE}\n</Chain>', "chain precache: it writes"),
        (
            '<Chain "a">\n  <Rule>\n    Target "notification"\n  </Rule>\n</Chain>\nPreCacheChain "A"',
            "chain a: it sends",
        ),
        (
            f'<Chain "b">\n  {WRITE}\n</Chain>\n<Chain "a">\n  <Rule>\n    <Target "jump">\n      Chain "B"\n'
            '    </Target>\n  </Rule>\n</Chain>\nPreCacheChain "a"',
            "chain b: it writes",
        ),
        ('<Chain "PreCache">\n  <Target "scale">\n    Factor 8\n  </Target>\n</Chain>', "chain precache: it changes"),
        ("LoadPlugin tail", "counts from its start"),
        ("LoadPlugin somebody_elses", "proved"),
        ('<Plugin python>\n  Import "mine"\n</Plugin>', "mine"),
    ],
)
def test_what_may_not(text: str, word: str) -> None:
    (sentence,) = obstacles(text)
    assert word in sentence


def test_what_listens_alone_comes_last() -> None:
    items = grammar.parse('LoadPlugin cpu\nloadplugin UnixSock\n<Plugin unixsock>\n  SocketFile "/s"\n</Plugin>\n')
    assert beside.obstacles(items) == ()
    assert beside.parted(items) == (items[:1], items[1:])


def test_every_exclusive_plugin_is_in_the_way() -> None:
    assert all(beside.plugin_obstacle(row.plugin) for row in safety.table().values() if row.exclusive)


def test_every_plugin_that_is_changed_live_may_be_there_twice() -> None:
    """Except where the table knows of a second instance that it would disturb the first; and one that counts."""
    live = [row for row in safety.table().values() if row.live and row.scratch == "ok"]
    assert [row.plugin for row in live if beside.plugin_obstacle(row.plugin)] == ["tail"]


def test_alarms_are_configured_behind_everything_that_is_to_keep_them_silent() -> None:
    text = 'LoadPlugin threshold\n<plugin "Threshold">\n  <Type "gauge">\n    FailureMax 5\n  </Type>\n</plugin>\n'
    load, alarms, other = grammar.parse(f"{text}<Plugin python>\n</Plugin>\n")
    assert beside.with_alarms_last((load, alarms, other)) == (load, other, alarms)


def test_the_page_for_operators_names_all_of_them() -> None:
    """But for what the table of plugins calls exclusive."""
    page = (Path(__file__).parents[3] / "doc/source/admin/replacement.rst").read_text(encoding="utf-8")
    refused = {name for name, row in safety.table().items() if beside.plugin_obstacle(name) and not row.exclusive}
    assert refused
    assert not {name for name in refused if f"``{name}``" not in page}
