# SPDX-License-Identifier: Apache-2.0
"""What a configuration makes collectd do: the plugins it loads, their config, the global options.

Order counts, as in collectd: a ``<Plugin>`` block ahead of its ``LoadPlugin`` is lost, an ``Interval`` holds for
the plugins that are loaded after it, the first ``LoadPlugin`` of a name is the one that counts.
Names are compared without regard to case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.include import Located
from collectd_mgr.domain.lexer import Value

DEFAULT_INTERVAL = 10.0

#: The global options of collectd 5.8 to 5.12, as they are spelled in its manual.
GLOBAL_OPTIONS = (
    "BaseDir",
    "PIDFile",
    "Hostname",
    "FQDNLookup",
    "Interval",
    "ReadThreads",
    "WriteThreads",
    "WriteQueueLimitHigh",
    "WriteQueueLimitLow",
    "Timeout",
    "AutoLoadPlugin",
    "CollectInternalStats",
    "PreCacheChain",
    "PostCacheChain",
    "MaxReadInterval",
)
_SPELLED = {option.lower(): option for option in GLOBAL_OPTIONS}
# These two are always loaded so that their symbols are there for others.
_ALWAYS_GLOBAL = ("perl", "python")


@dataclass(frozen=True)
class Option:
    """The value of a global option that counts, and the file that says so."""

    value: Value
    file: str


@dataclass(frozen=True)
class Plugin:
    """A plugin that the configuration loads.

    ``interval`` is in seconds, the plugin's own (``own_interval``) or the global one; ``flush_interval`` and
    ``flush_timeout`` are in seconds, too, None where not set; ``file`` is the file that loads it;
    ``blocks`` are its ``<Plugin>`` statements in order, each with its own file.
    """

    name: str
    file: str
    interval: float = DEFAULT_INTERVAL
    own_interval: bool = False
    flush_interval: float | None = None
    flush_timeout: float | None = None
    globals: bool = False
    blocks: tuple[Located, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """What is in its blocks, one after the other: the config that the plugin gets."""
        return tuple(item for block in self.blocks for item in block.item.children or ())

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that has a part in it, once, in order."""
        return tuple(dict.fromkeys([self.file, *(block.file for block in self.blocks)]))


@dataclass(frozen=True)
class Effective:
    """``plugins`` by name in lower case, in the order of loading; ``options`` by their spelling in the manual.

    ``interval`` is the global one in seconds, as it stands at the end; ``types_db``, ``plugin_dirs`` and ``chains``
    are the statements in order; ``warnings`` are sentences about what collectd ignores, or would not start with.
    """

    plugins: Mapping[str, Plugin]
    options: Mapping[str, Option]
    interval: float
    types_db: tuple[Located, ...]
    plugin_dirs: tuple[Located, ...]
    chains: tuple[Located, ...]
    warnings: tuple[str, ...]


def effective(statements: Iterable[Located]) -> Effective:
    """What collectd would do with these statements, if every plugin that they name can be loaded.

    Pure and total: what makes no sense is a warning.
    """
    daemon = _Daemon()
    for statement in statements:
        daemon.take(statement)
    return Effective(
        daemon.plugins,
        daemon.options,
        daemon.interval(),
        tuple(daemon.others["typesdb"]),
        tuple(daemon.others["plugindir"]),
        tuple(daemon.others["chain"]),
        tuple(daemon.warnings),
    )


@dataclass
class _Daemon:
    """collectd while it reads its configuration."""

    plugins: dict[str, Plugin] = field(default_factory=dict)
    options: dict[str, Option] = field(default_factory=dict)
    others: dict[str, list[Located]] = field(default_factory=lambda: {"typesdb": [], "plugindir": [], "chain": []})
    warnings: list[str] = field(default_factory=list)

    def take(self, statement: Located) -> None:
        """A block without children is a line to collectd; of the blocks it knows three."""
        key, block = statement.item.key.lower(), bool(statement.item.children)
        if key in ("loadplugin", "plugin"):
            self.about_plugin(key, statement)
        elif key in self.others and block == (key == "chain"):
            self.others[key].append(statement)
        elif key in _SPELLED and not block:
            self.option(_SPELLED[key], statement)

    def about_plugin(self, key: str, statement: Located) -> None:
        values = statement.item.values
        if not values or not isinstance(values[0], str) or (key == "loadplugin" and len(values) > 1):
            self.warn(statement, f"{statement.item.key} needs the name of a plugin")
        elif key == "plugin":
            self.configure(renamed(values[0]), statement)
        elif values[0].lower() not in self.plugins:
            self.load(renamed(values[0]), statement, statement.item.children or ())

    def configure(self, name: str, block: Located) -> None:
        if name.lower() not in self.plugins and _is_true(self.options.get("AutoLoadPlugin")):
            self.load(name, block, ())
        plugin = self.plugins.get(name.lower())
        if plugin is None:
            self.warn(block, f"there is configuration for {name}, which is not loaded (yet)")
        else:
            self.plugins[name.lower()] = replace(plugin, blocks=(*plugin.blocks, block))

    def load(self, name: str, statement: Located, options: Iterable[Item]) -> None:
        if name.lower() in self.plugins:
            return
        given: dict[str, float] = {}
        visible = name.lower() in _ALWAYS_GLOBAL
        for option in options:
            if option.key.lower() == "globals":
                visible = visible or _is_true(_only(option, statement.file))
            elif not self.time(given, option):
                self.warn(statement, f"{option.key} of {name} is ignored")
        self.plugins[name.lower()] = Plugin(
            name=name,
            file=statement.file,
            interval=given.get("interval") or self.interval(),
            own_interval=bool(given.get("interval")),
            flush_interval=given.get("flushinterval"),
            flush_timeout=given.get("flushtimeout"),
            globals=visible,
        )

    @staticmethod
    def time(given: dict[str, float], option: Item) -> bool:
        """Notes an option in seconds; False where collectd would not take it."""
        value = option.values[0] if len(option.values) == 1 else None
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
        if not number or option.key.lower() not in ("interval", "flushinterval", "flushtimeout"):
            return False
        given[option.key.lower()] = float(value)  # type: ignore[arg-type]
        return True

    def option(self, name: str, statement: Located) -> None:
        option = _only(statement.item, statement.file)
        if option is None:
            self.warn(statement, f"{name} needs exactly one value")
        else:
            self.options[name] = option

    def interval(self) -> float:
        """The global interval as it is so far; collectd falls back to its default on nonsense."""
        option = self.options.get("Interval")
        try:
            seconds = float(str(option.value)) if option else 0.0
        except ValueError:
            seconds = 0.0
        return seconds if seconds > 0 else DEFAULT_INTERVAL

    def warn(self, statement: Located, sentence: str) -> None:
        self.warnings.append(f"{statement.file}: {sentence}")


def _only(item: Item, file: str) -> Option | None:
    return Option(item.values[0], file) if len(item.values) == 1 else None


def _is_true(option: Option | None) -> bool:
    return option is not None and str(option.value).lower() in ("true", "yes", "on")


def renamed(name: str) -> str:
    """collectd still takes the old name of one plugin, in this spelling only."""
    return "virt" if name == "libvirt" else name
