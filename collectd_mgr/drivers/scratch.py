# SPDX-License-Identifier: Apache-2.0
"""A collectd that starts with one plugin alone, reads it once, and ends: ``collectd -T``.

It has nothing of the running one: no output, no pid file, no socket, a directory of its own, and where the agent may
have that no other directory that it could change (:mod:`.namespace`). Only plugins for which the live-safety table
allows it may be run so.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from collectd_mgr import disk
from collectd_mgr.domain import complaints, config, grammar
from collectd_mgr.domain.grammar import Item
from collectd_mgr.drivers import namespace
from collectd_mgr.drivers.account import Account
from collectd_mgr.drivers.files import ROOT
from collectd_mgr.drivers.process import peak, with_config_below

LOG = logging.getLogger(__name__)

#: Seconds for the whole run. Reads may wait for a network; a configuration is read in milliseconds.
_PATIENCE = 20.0

#: Seconds for a whole configuration, all of whose plugins are read once; it was read long before that.
_WHOLE = 10.0

#: Bytes that a run may have in memory. Any plugin that is tried has a tenth of that, with collectd.
_MEMORY = 256 * 1024 * 1024

#: Seconds between two looks at a run.
_LOOK = 0.05

#: A line of a collectd that has read its configuration, and has begun.
_BEGAN = "Exiting normally."

#: collectd warns of a block for a plugin that is not loaded; so its log says where the configuration was over.
_END = "collectd_mgr_end_of_configuration"

#: Bytes that are read of what a run wrote.
_MUCH = 1 << 20

_LINE = re.compile(r"\[(?P<severity>error|warning|notice)\] (?P<text>.*)")
_NOT_INITIALISED = "Initialization of plugin"

#: A plugin would write a file, which in a namespace it may not: what it makes of that says nothing.
_READ_ONLY = os.strerror(errno.EROFS)

#: Lines about the scratch instance, not about the plugin: it has no output, ends at once, and reads at an interval of
#: its own, for which a busy machine may be too slow.
_OURS = (
    _END,
    "No write callback has been registered",
    " left after shutting down the write threads",
    "Not sleeping because the next interval is ",
    "which is above its read interval",
)


@dataclass(frozen=True)
class Outcome:
    """collectd's own lines. ``errors``: why it does not take the configuration; else it does.

    ``warnings`` are about that; ``passing`` is what it found when it began and read, the next time maybe not.
    """

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[str, ...]:
        """All but the errors, each once."""
        return tuple(dict.fromkeys((*self.warnings, *self.passing)))


class TooMuchMemory(Exception):
    """A run was given up before the machine had to suffer for it."""

    def __init__(self) -> None:
        super().__init__(f"collectd took more than {_MEMORY >> 20} MiB of memory with this configuration")


class Scratch:
    """Runs of ``binary`` with plugins of ``plugin_dir``, each in a directory of its own below ``place``.

    :param account: whom they run as: a configuration is not tried with more rights than it will have
    """

    def __init__(self, binary: str, plugin_dir: str, place: Path, account: Account = ROOT) -> None:
        self._account = account
        self._binary = binary
        self._plugin_dir = plugin_dir
        self._place = place

    def clear(self) -> None:
        """See :func:`clear`."""
        clear(self._place)

    def run(self, plugin: str, block: str, types: Iterable[Item] = ()) -> Outcome:
        """Configure, initialise and read ``plugin`` once. ``block``: its ``<Plugin>`` block, may be empty.

        :param types: the operator's ``TypesDB`` statements, for none collectd's own
        """
        try:
            return judge(*self._run(grammar.render((config.load_plugin(plugin),)) + block, _PATIENCE, types))
        except TooMuchMemory as error:
            return Outcome((str(error),))

    def refusal(self, statements: Iterable[Item]) -> tuple[str, ...]:
        """Why collectd does not start with these, in its own words; nothing where it does, or is not done in time, or
        takes more memory than a single plugin may.

        They must be harmless: see :mod:`collectd_mgr.domain.alone`.
        """
        # The end of the configuration is told by a plugin that is not there.
        text = grammar.render((*statements, *options({"AutoLoadPlugin": False})))
        try:
            status, log, output = self._run(text, _WHOLE)
        except TooMuchMemory:
            return ()
        if status is None or any(_BEGAN in line for line in log):
            return ()
        said = [line["text"] for line in _said(log) if line["severity"] == "error" and not _ours(line["text"])]
        return (*dict.fromkeys(said), *(line for line in output if line.strip()), *_death(status))

    def _run(self, text: str, patience: float, types: Iterable[Item] = ()) -> tuple[int | None, list[str], list[str]]:
        """The exit status, ``None`` when it had to be ended because it took too long; its log; its output.

        What is said of ``types`` comes before the log: it is about none of the rest.
        """
        self._account.pass_through(self._place)
        with tempfile.TemporaryDirectory(dir=self._place) as directory:
            place = Path(directory)
            own = grammar.render((*types, *alone(place, self._plugin_dir, "scratch")))
            disk.write(place / "collectd.conf", own + text + END_BLOCK, give=self._account.give)
            self._account.hand_over(place)
            status = self._execute(place, patience)
            kept_apart_by, output = namespace.told(lines(place / "output"))
            LOG.debug("A configuration was tried, kept apart by %s.", kept_apart_by)
            return status, lines(place / "log"), output

    def _execute(self, place: Path, patience: float) -> int | None:
        command = self._account.command(self._binary, "-T", "-f", "-C", str(place / "collectd.conf"))
        with started(place, command) as child:
            return wait(child, patience)


@contextmanager
def started(place: Path, command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """``command`` as a run in ``place``, with its output there; it, and what it has started, is ended in the end."""
    command = namespace.command(place, command)
    with (place / "output").open("wb") as output:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield child
        finally:
            # Programs that a plugin has started are in the same group.
            end_group(child.pid)
            child.wait()


def wait(child: subprocess.Popen[bytes], patience: float, enough: Callable[[], bool] = lambda: False) -> int | None:
    """The exit status of a run; ``None`` when it went on all the time, or until it was ``enough``.

    :raises TooMuchMemory: it is to be ended
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and not enough():
        with suppress(subprocess.TimeoutExpired):
            return child.wait(_LOOK)
        if peak(child.pid) > _MEMORY:
            raise TooMuchMemory
    return None


END_BLOCK = grammar.render((config.plugin_block(_END, [Item("End", (True,))]),))


def alone(place: Path, plugin_dir: str, hostname: str) -> tuple[Item, ...]:
    """What a collectd wants that shares nothing with another one: its own directory, and its log there."""
    own: dict[str, str | bool] = {
        "Hostname": hostname,
        "FQDNLookup": False,
        "BaseDir": str(place),
        "PIDFile": str(place / "pid"),
        "PluginDir": plugin_dir,
    }
    log: dict[str, str | bool] = {
        # Of the lines at info one is looked for.
        "LogLevel": "info",
        "File": str(place / "log"),
        "Timestamp": False,
        "PrintSeverity": True,
    }
    return (*options(own), config.load_plugin("logfile"), config.plugin_block("logfile", options(log)))


def judge(status: int | None, log: Iterable[str], output: Iterable[str]) -> Outcome:
    """The verdict on a run that ended with ``status`` (negative: by that signal) and left these lines.

    Errors of the configuration and of the initialisation reject it. A read that fails does not: what it
    wants to read from may not be there yet. Nor does what a plugin may only not write in a trial.
    """
    found = _said(log)
    ends = [place for place, line in enumerate(found) if _END in line["text"]]
    end = ends[0] if ends else len(found)
    errors = [line["text"] for line in found[:end] if _is_rejection(line)]
    errors += [line["text"] for line in found[end:] if line["text"].startswith(_NOT_INITIALISED)]
    errors += _death(status)
    if not ends and not errors:
        errors = [line for line in output if line.strip()] or ["collectd did not come to the end of the configuration"]
    if any(_READ_ONLY in line["text"] for line in found):
        # An option that is not taken has nothing to do with that.
        errors = [*filter(complaints.rejects, errors), *_death(status)]
    said, seen = (
        tuple(line["text"] for line in part if line["text"] not in errors and not _ours(line["text"]))
        for part in (found[:end], found[end:])
    )
    late = () if status is not None else (f"the first read did not end within {_PATIENCE:g} s",)
    return Outcome(tuple(errors), said, (*seen, *late))


def _said(log: Iterable[str]) -> list[dict[str, str]]:
    return [line.groupdict() for line in map(_LINE.search, log) if line]


def _death(status: int | None) -> list[str]:
    if status is None or status >= 0:
        return []
    return [f"collectd died of signal {-status} ({signal.Signals(-status).name})"]


def _is_rejection(line: Mapping[str, str]) -> bool:
    """Of a line of the configuration: a plugin may go on without an option, and only warn."""
    return line["severity"] == "error" or (line["severity"] == "warning" and complaints.rejects(line["text"]))


def lines(path: Path) -> list[str]:
    """What was written there; no link is followed, for it was collectd's user who could write."""
    with suppress(OSError), open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        return file.read(_MUCH).decode(errors="replace").splitlines()
    return []


def _ours(text: str) -> bool:
    return any(part in text for part in _OURS)


def options(values: dict[str, str | bool]) -> tuple[Item, ...]:
    return tuple(Item(name, (value,)) for name, value in values.items())


def clear(place: Path) -> None:
    """End and remove what runs below ``place`` of a killed agent have left. No run of this one may be under way.

    Such a process would go on for ever, and there may be secrets in its files.
    """
    for process in with_config_below(place):
        LOG.warning("A trial of an earlier agent still runs (pid %s): it is ended.", process.pid)
        end_group(process.pid)
    shutil.rmtree(place, ignore_errors=True)


def end_group(pid: int) -> None:
    """Kill the process group, if there is anything left of it."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
