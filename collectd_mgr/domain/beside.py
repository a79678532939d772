# SPDX-License-Identifier: Apache-2.0
"""What two collectds with the same configuration cannot both have, as the configuration tells. Pure.

While one takes the place of another both read, and the new one writes nothing. What is not known here to be harmless
then is in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectd_mgr.domain import managed, safety
from collectd_mgr.domain.grammar import Item

#: What writes only what is dispatched, or raises only what others do: nothing, in an instance without output.
_OUTPUTS = "csv network amqp write_graphite write_http write_influxdb_udp write_log write_redis write_riemann"
_OTHERS = "write_sensu write_stackdriver write_tsdb logfile syslog log_logstash notify_email notify_nagios threshold"
_SILENT = frozenset(f"{_OUTPUTS} {_OTHERS} notify_desktop python uuid".split())

#: Plugins that read, and tell of something themselves as well: both instances would.
_TELLS = frozenset(["connectivity", "mcelog", "ovs_events", "procevent", "sysevent"])

#: What counts since its start, so that a new instance would have other numbers, or none for a while.
_COUNTS = dict.fromkeys(("dns", "logparser", "tail", "tail_csv"), "it counts from its start, and would begin anew")

_REASONS = {
    **_COUNTS,
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
    late = tuple(item for item in items if _of(item) in LATE)
    return tuple(item for item in items if item not in late), late


def _of(item: Item) -> str | None:
    """The plugin that a statement loads or configures."""
    about = item.key.lower() in ("loadplugin", "plugin") and item.values
    return str(item.values[0]).lower() if about else None


def obstacles(items: Iterable[Item]) -> tuple[str, ...]:
    """Why a second collectd with this configuration cannot run beside the first, a sentence each; none when it can.

    :param items: everything that it would be started with, what is included as well
    """
    items = tuple(items)
    plugins = dict.fromkeys(filter(None, map(_of, items)))
    blocks = [item for item in items if item.key.lower() == "plugin" and item.values]
    found = [plugin_obstacle(plugin) for plugin in plugins]
    return (*filter(None, found), *(sentence for item in blocks for sentence in _block_obstacles(item)))


def plugin_obstacle(plugin: str) -> str | None:
    """The same for one plugin, whatever its configuration."""
    name, row = plugin.lower(), safety.lookup(plugin)
    if row.exclusive:
        return f"{plugin}: {safety.REASONS['exclusive']}"
    reads_alone = row.kind == "read" and row.scratch == "ok" and name not in _TELLS and name not in _COUNTS
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
        if name == "python" and key == "import" and option.values != (managed.IMPORT,):
            yield f"There cannot be two of the Python module {option.values[0]}, as far as anybody knows."
