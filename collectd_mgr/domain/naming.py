# SPDX-License-Identifier: Apache-2.0
"""Which identifiers the metrics of a plugin bear, as far as its name and configuration say. Pure.

collectd does not note which plugin dispatched a value. What there is to go by is the identifier, and many plugins take
a part of that from their configuration: ``Plugin`` renames (filecount, tail, table, curl, dbi, …), ``Host`` names
another host (snmp, memcached, mysql, …).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from collectd_mgr.domain.grammar import Item

#: Their values are of hosts that no configuration names: guests, or whoever sends to them.
_ANY_HOST = frozenset({"gmond", "virt"})

#: Their values bear the names of other plugins, or whatever a program, a peer or a script says.
_ANY_NAME = frozenset(
    ("aggregation", "amqp", "amqp1", "exec", "grpc", "java", "lua", "mqtt", "network", "perl", "python", "unixsock")
)

#: These have values when somebody sends them something, and nobody need.
SPOKEN_TO = frozenset({"email", "gmond", "pinba", "statsd"})


def only_clients_give_others(plugins: Iterable[str]) -> bool:
    """Whether, in a daemon with these ``plugins``, metrics that are called like those of none of them are what clients
    of ``unixsock`` put in; of ``python`` there is our own module alone.
    """
    return not (_ANY_NAME - {"python", "unixsock"}).intersection(plugins)


@dataclass(frozen=True)
class Naming:
    """``plugins``: the first words of the second part of the identifiers, up to a dash; ``hosts``: the first parts.

    ``hosts`` is None where any host may be meant; ``whole`` says that no other identifiers are to be expected.
    """

    plugins: frozenset[str]
    hosts: frozenset[str] | None
    whole: bool = True


def naming(plugin: str, items: Iterable[Item], hostname: str) -> Naming:
    """Of a plugin that is configured by ``items``, in a daemon that calls its host ``hostname`` (empty: not known)."""
    found = tuple(items)
    known = bool(hostname) and plugin not in _ANY_HOST
    hosts = _hosts(found, hostname) if known else None
    return Naming(frozenset(map(first_word, _words(plugin, found))), hosts, plugin not in _ANY_NAME)


def _words(plugin: str, items: tuple[Item, ...]) -> frozenset[str]:
    return frozenset({plugin, *_texts(items, "plugin")})


def _hosts(items: tuple[Item, ...], hostname: str) -> frozenset[str]:
    return frozenset({hostname, *_texts(items, "host"), *_blocks(items, "host")})


def first_word(plugin: str) -> str:
    """Without the instance; a plugin that is renamed to ``my-files`` is ``my`` with an instance to every reader."""
    return plugin.partition("-")[0]


def starts(plugin: str, items: Iterable[Item], hostname: str) -> tuple[str, ...]:
    """What the identifiers begin with, as far as that is known for certain."""
    found = tuple(items)
    words, hosts = _words(plugin, found), _hosts(found, hostname)
    return tuple(f"{host}/{name}{end}" for host in hosts for name in words for end in "/-")


def _texts(items: Iterable[Item], key: str) -> Iterator[str]:
    """The values of every option ``key``, at any depth; blocks of that name do not count."""
    for item in items:
        if item.key.lower() == key and item.children is None:
            yield from (str(value) for value in item.values if value)
        yield from _texts(item.children or (), key)


def _blocks(items: Iterable[Item], key: str) -> Iterator[str]:
    """The arguments of every block ``key``, at any depth."""
    for item in items:
        if item.key.lower() == key and item.children is not None:
            yield from (str(value) for value in item.values if value)
        yield from _blocks(item.children or (), key)
