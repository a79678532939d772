# SPDX-License-Identifier: Apache-2.0
"""What two collectds with the same configuration cannot both have, as the configuration tells. Pure.

While one takes the place of another both read, and the new one writes nothing. What is not known here to be harmless
then is in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectd_mgr.domain import counters, ignorelist, managed, safety, thresholds
from collectd_mgr.domain.alone import plugin_of
from collectd_mgr.domain.grammar import Item

#: What writes only what is dispatched, or raises only what others do: nothing, in an instance without output.
_OUTPUTS = "csv network amqp write_graphite write_http write_influxdb_udp write_log write_redis write_riemann"
_OTHERS = "write_sensu write_stackdriver write_tsdb logfile syslog log_logstash notify_email notify_nagios threshold"
_SILENT = frozenset(f"{_OUTPUTS} {_OTHERS} notify_desktop python uuid".split())

#: Plugins that read, and send notifications of what they find: both instances would.
_TELLS = frozenset(
    ["connectivity", "mcelog", "mdevents", "ovs_events", "pcie_errors", "procevent", "smart", "sysevent", "virt"]
)

#: Targets by which a chain before the cache does something: nothing keeps a second instance from that. Or it changes
#: values: that which is sent through once more, to see that all before it are written, would be another one.
_ACTS = {
    "write": "writes values",
    "notification": "sends notifications",
    **dict.fromkeys(("replace", "scale", "set"), "changes values"),
}

_REASONS = {
    # A new instance would have other numbers, or none for a while.
    **dict.fromkeys(counters.ALL, "it counts from its start, and would begin anew"),
    "aggregation": "it adds up values as they pass, and would begin anew",
    "exec": "its programs would run twice",
    "statsd": "it listens on one port",
    "write_prometheus": "it listens on one port",
    "email": "it listens on one socket",
    "pinba": "it listens on one port",
    "rrdtool": "a flush does not wait for its own queue, and a file takes no older sample after a newer one",
    "mqtt": "a broker ends the older of two connections of one client",
    "rrdcached": "a daemon of its own orders what it writes, and would get it from both",
}


#: What listens, reads and writes nothing, and can be loaded into a collectd that runs: the new one has it last.
LATE = frozenset({"unixsock"})


def parted(items: Iterable[Item]) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """What a second collectd is started with, and what it is given when the first one has ended."""
    items = tuple(items)
    late = tuple(item for item in items if plugin_of(item) in LATE)
    return tuple(item for item in items if item not in late), late


def with_alarms_last(items: Iterable[Item]) -> tuple[Item, ...]:
    """What raises alarms is configured after whatever is to keep it silent."""
    items = tuple(items)
    alarms = tuple(item for item in items if item.key.lower() == "plugin" and plugin_of(item) == thresholds.PLUGIN)
    return (*(item for item in items if item not in alarms), *alarms)


def obstacles(items: Iterable[Item]) -> tuple[str, ...]:
    """Why a second collectd with this configuration cannot run beside the first, a sentence each; none when it can.

    :param items: everything that it would be started with, what is included as well
    """
    items = tuple(items)
    plugins = dict.fromkeys(filter(None, map(plugin_of, items)))
    blocks = [item for item in items if item.key.lower() == "plugin" and item.values]
    found = [plugin_obstacle(plugin) for plugin in plugins]
    in_blocks = (sentence for item in blocks for sentence in _block_obstacles(item))
    return tuple(dict.fromkeys((*filter(None, found), *in_blocks, *_before_the_cache(items))))


def plugin_obstacle(plugin: str) -> str | None:
    """The same for one plugin, whatever its configuration."""
    name, row = plugin.lower(), safety.lookup(plugin)
    if row.exclusive:
        return f"{plugin}: {safety.REASONS['exclusive']}"
    if name in _TELLS:
        return f"There cannot be two of {plugin}: both would send its notifications."
    reads_alone = row.kind == "read" and row.scratch == "ok" and name not in counters.ALL
    if name in _SILENT | LATE or reads_alone or row.kind == "filter":
        return None
    why = _REASONS.get(name, "nobody has proved that two instances of it do not disturb each other")
    return f"There cannot be two of {plugin}: {why}."


def _block_obstacles(block: Item) -> Iterator[str]:
    name = str(block.values[0]).lower()
    for option in block.children or ():
        key = option.key.lower()
        if name == "network" and key == "listen":
            yield "There cannot be two of network: it listens on one port."
        if name == "amqp" and key == "subscribe":
            yield "There cannot be two of amqp: each would take messages from the other."
        if name == "mysql" and _switched_on(option.children or (), "slavenotifications"):
            yield "There cannot be two of mysql with SlaveNotifications: both would send them."
        if name == "python" and key == "import" and option.values != (managed.IMPORT,):
            yield f"There cannot be two of the Python module {option.values[0]}, as far as anybody knows."


def _switched_on(options: Iterable[Item], wanted: str) -> bool:
    return any(option.key.lower() == wanted and option.values == (True,) for option in options)


def _before_the_cache(items: Iterable[Item]) -> Iterator[str]:
    """Where values are written, or notifications sent, before the chain that holds what a second instance has."""
    chains: dict[str, list[Item]] = {}
    for item in items:
        if item.key.lower() == "chain":
            chains.setdefault(_named(item), []).append(item)
    first = ignorelist.operators_chain(items)
    left, seen = [] if first is None else [first.lower()], set[str]()
    while left:
        name = left.pop()
        targets = [] if name in seen else [each for chain in chains.get(name, ()) for each in _targets(chain)]
        seen.add(name)
        for target in targets:
            does = _ACTS.get(_named(target))
            if does:
                yield f"There cannot be two with the chain {name}: it {does} before the cache."
            left += [_named(option) for option in target.children or () if option.key.lower() == "chain"]


def _named(item: Item) -> str:
    """What a statement names first, as collectd compares it."""
    return str(item.values[0]).lower() if item.values else ""


def _targets(block: Item) -> Iterator[Item]:
    """Those of a chain, and of its rules."""
    for child in block.children or ():
        if child.key.lower() == "target":
            yield child
        elif child.key.lower() == "rule":
            yield from _targets(child)
