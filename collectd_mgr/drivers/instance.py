# SPDX-License-Identifier: Apache-2.0
"""A second collectd beside the daemon, which is to take its place: what it is started with, and where it is found.

It has everything that the daemon's next start would have, in one file of its own; a socket of its own, until it moves
to the daemon's; and no output, until the daemon has ended. A process whose agent was killed finds its way from there
without one: see :mod:`collectd_mgr.extension.output`.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from collectd_mgr import disk, exception
from collectd_mgr.domain import beside, grammar, output
from collectd_mgr.domain.grammar import Item
from collectd_mgr.drivers.account import account
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.daemon import Daemon
from collectd_mgr.drivers.ending import held, killed
from collectd_mgr.drivers.observation import SILENCE
from collectd_mgr.drivers.parting import Parting
from collectd_mgr.drivers.process import Process, with_config_below
from collectd_mgr.wire.client import WireClient

LOG = logging.getLogger(__name__)

#: The directory, in the agent's own, of the files that such processes are started with.
INSTANCES = "instances"

#: Beside such a file: what its process is given when it is the daemon.
_LATE = ".late"

#: Seconds for a process that nobody wants to end in order, and for one that is alone to be found at the socket.
_END, _MOVE = 10.0, 10.0

#: How often that is tried with an output which is late.
_RELEASES = 2

#: What it may cost that the new one is ended when it was to write already.
_HOLE = "Some of what was sampled meanwhile may be missing: it was the new one's to write."


def socket(settings: DriverSettings) -> str:
    """Where the extension of a second instance listens, as long as it is the second."""
    return f"{settings.socket}.next"


def directory(settings: DriverSettings) -> Path:
    """Of the files that processes beside the daemon are started with."""
    return Path(settings.state_dir) / INSTANCES


def write_configuration(
    settings: DriverSettings, items: Sequence[Item], predecessor: Process, phases: Mapping[str, Sequence[float]]
) -> str:
    """Have the file of a new instance; its path.

    :param items: everything that a daemon of this configuration would read
    :param predecessor: the daemon
    :param phases: when each read is due in that: its interval and a time, in seconds
    """
    chain = output.operators_chain(items)
    told = (Item("Socket", (socket(settings),)), output.succeeds(predecessor.pid, settings.socket, chain, phases))
    user, place = account(settings.user), directory(settings)
    user.pass_through(place)
    _clear(settings)
    path = place / f"{secrets.token_hex(4)}.conf"
    now, late = beside.parted(items)
    disk.write(path.with_suffix(_LATE), grammar.render(late))
    disk.write(path, grammar.render(beside.with_alarms_last((*now, *output.held(told)))), give=user.give)
    return str(path)


def complete(settings: DriverSettings, config_file: str) -> tuple[str, ...]:
    """Give the daemon, which was started with that file, what it could not have while there were two. Safe to repeat.

    :returns: what it did not take, in sentences
    """
    items = grammar.parse(Path(config_file).with_suffix(_LATE).read_text(encoding="utf-8"))
    client, failed = WireClient(settings.socket, timeout=_END), []
    try:
        there = {name.lower() for name in client.call("status")["plugins"]}
        for plugin in dict.fromkeys(str(item.values[0]) for item in items):
            blocks = [item for item in items if item.key.lower() == "plugin" and item.values == (plugin,)]
            asked = {"plugin": plugin, "config_text": grammar.render(blocks), "first_load_allowed": True}
            if plugin.lower() not in there:
                client.call("plugin_enable", asked, timeout=2 * _END)
    except exception.CollectdMgrError as error:
        failed.append(f"The new collectd lacks something that there cannot be two of: {error.detail}")
    finally:
        client.close()
    return tuple(failed)


def settle(settings: DriverSettings, daemon: Daemon) -> tuple[str, ...]:
    """End what a killed agent left half done, so that there is one collectd. Safe to repeat.

    :returns: what was done, in sentences
    """
    if daemon.alone is not None:
        return ()
    # Where none was begun nobody who runs the daemon is asked: there may be nobody to ask.
    began = set(map(str, directory(settings).glob("*.conf")))
    if daemon.launcher is not None and began - daemon.launched().keys():
        daemon.launcher.clear()
    notes = _settled(settings, daemon) if began else []
    # Where nobody can say now which of them is the daemon, none is to write what another one may write.
    if not (began and _is_open(settings, daemon)):
        release(settings)
        tidy(settings, daemon)
    return tuple(notes)


def _is_open(settings: DriverSettings, daemon: Daemon) -> bool:
    """Whether some that were begun run, and which process is the daemon cannot be seen now."""
    return daemon.find() is None and bool(daemon.launched() or with_config_below(directory(settings)))


def _settled(settings: DriverSettings, daemon: Daemon) -> list[str]:
    notes = [_dismiss(settings, process) for process in daemon.relieved()]
    current = daemon.find()
    # Without the daemon: it may have been started beside another one itself, and ends where this one stays.
    for other in [process for process in daemon.launched().values() if process != current]:
        if current is not None:
            current, note = _one_of(settings, daemon, current, other)
            notes.append(note)
    files = [file for file, process in daemon.launched().items() if process == current]
    if current is not None and files:
        if daemon.adopt(current) and not notes:
            place = f"collectd {current.pid} goes on, which has taken the place of another one"
            notes.append(f"{place}: no agent had noted that yet.")
        _await_seat(settings, current)
        notes += complete(settings, files[0])
    return notes


def _dismiss(settings: DriverSettings, process: Process) -> str:
    cost = end(settings, process, f"collectd {process.pid}")
    note = f"The agent was killed when another one had taken the place of collectd {process.pid}, which was ended."
    return " ".join((note, *cost))


def _one_of(settings: DriverSettings, daemon: Daemon, current: Process, other: Process) -> tuple[Process, str]:
    """The one that stays: the new one where the old one is to write no more; the hand-over is ended then."""
    beginning = f"The agent was killed while collectd {other.pid} was to take the place of {current.pid}"
    old, new = (WireClient(path, timeout=_END) for path in (settings.socket, socket(settings)))
    try:
        lost = Parting(old, current.pid, new, other.pid).resume()
    finally:
        old.close()
        new.close()
    if lost is None or not _entrusted(daemon, other):
        other.end(_END)
        note = f"{beginning}: {other.pid} was ended, {current.pid} goes on."
        return current, note if lost is None else f"{note} {_HOLE}"
    cost = end(settings, current, f"collectd {current.pid}")
    return other, " ".join((f"{beginning}: it has; {current.pid} was ended.", *lost, *cost))


def end(settings: DriverSettings, process: Process, named: str) -> tuple[str, ...]:
    """End one that has written; what that has cost, in sentences. Where it cannot end, the second goes on without that.

    None of its threads comes back to the program when it was killed, whatever it waits for in the kernel.
    """
    if process.end(settings.stop_timeout):
        return ()
    if not process.alive():
        return (killed(named),)
    client = WireClient(socket(settings), timeout=_END)
    try:
        client.call("output_outlive", {"other": process.pid})
    finally:
        client.close()
    return (killed(named), held(f"collectd {process.pid}"))


def _entrusted(daemon: Daemon, process: Process) -> bool:
    try:
        daemon.entrust(process)
    except exception.CollectdMgrError as error:
        LOG.warning("collectd %s cannot be the daemon: %s", process.pid, error.detail)
        return False
    return True


def release(settings: DriverSettings) -> None:
    """Have the daemon write whatever it has, without a look at it. Safe to repeat; it is no harm if it fails."""
    client = WireClient(settings.socket, timeout=_END)
    try:
        gate = (client.call("status").get("output") or {}).get("gate")
        # What is late to be written goes faster when everything passes: by the second time it may be.
        for _ in range(_RELEASES):
            gate = gate and _freed(client)["gate"]
        if gate:
            LOG.warning("Each value of collectd's is looked at yet: it has not written what it has.")
    except SILENCE:
        return
    except exception.CollectdMgrError as error:
        LOG.warning("collectd's output goes through a gate yet: %s", error.detail)
    finally:
        client.close()


def _freed(client: WireClient) -> dict[str, Any]:
    """Free its output, when all that it has is written, or that is late. What it says of it then."""
    with suppress(exception.Busy):
        client.call("output_drain", timeout=2 * _END)
    return dict(client.call("output_free"))


def _await_seat(settings: DriverSettings, process: Process) -> None:
    client, deadline = WireClient(settings.socket, timeout=_END), time.monotonic() + _MOVE
    while time.monotonic() < deadline and process.alive():
        if client.listener() == process.pid:
            break
        time.sleep(0.02)


def _clear(settings: DriverSettings) -> None:
    """What an instance that came to nothing has left beside its socket is not for the next one."""
    place = Path(socket(settings))
    for path in place.parent.glob(f"{place.name}*"):
        path.unlink(missing_ok=True)


def tidy(settings: DriverSettings, daemon: Daemon) -> None:
    """There are secrets in the files: none is kept for longer than its process. Safe to repeat."""
    kept = daemon.launched()
    for path in directory(settings).glob("*"):
        if str(path.with_suffix(".conf")) not in kept:
            path.unlink(missing_ok=True)
