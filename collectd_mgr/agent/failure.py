# SPDX-License-Identifier: Apache-2.0
"""What a driver that failed has left: a daemon that dies of it, or that is not what it was."""

from __future__ import annotations

from collectd_mgr import exception
from collectd_mgr.agent.desired import died
from collectd_mgr.agent.silence import wait_for
from collectd_mgr.domain.plan import Plan, Running
from collectd_mgr.drivers.ladder import Ladder

#: How long a daemon that stopped answering in an operation is watched for its end, in seconds.
_DYING = 2.0

#: What a driver finds out only when it is at it, and the next one may well be able to do.
NEXT_RUNG = (exception.Busy, exception.LiveOff, exception.LiveRefused, exception.NotCapable)

#: What is one plugin's, which they name; the last two where no other driver can do what live cannot.
OF_A_PLUGIN = (exception.PluginNotLoadable, exception.ConfigRejected, exception.LiveRefused, exception.Busy)

#: Nobody knows what was done.
UNANSWERED = (exception.DaemonUnreachable, exception.RequestTimeout)


def killed(ladder: Ladder, before: Running, error: Exception) -> bool:
    """Whether the daemon, which was ``before``, has died in the operation."""
    if isinstance(error, exception.DaemonDied):
        return True
    patience = _DYING if isinstance(error, UNANSWERED) else 0.0
    return wait_for(lambda: died(before.pid, before.since_boot, ladder.observe()), patience)


def maybe_done(error: Exception) -> bool:
    """Whether the last thing that was asked for may have been done, for all that is known."""
    return isinstance(error, UNANSWERED) and bool(error.kwargs.get("maybe_executed", True))


def epitaph(todo: Plan, error: Exception) -> str:
    """What is said of a daemon that died of ``todo``."""
    return f"collectd died in the live operation ({', '.join(map(str, todo))}): {error}"


def lacks_more(before: Plan, after: Plan) -> bool:
    """Whether there is more to be done ``after`` it than ``before``: not all that was done was taken back."""
    return any(change not in before.changes for change in after)
