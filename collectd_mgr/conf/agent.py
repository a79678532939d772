# SPDX-License-Identifier: Apache-2.0
"""[agent]: the agent of one host."""

from __future__ import annotations

import socket

from oslo_config import cfg

from collectd_mgr.domain import drift, mode

GROUP = "agent"


def _name() -> str:
    """The FQDN; the bare host name where a hosts file makes that ``localhost``."""
    name = socket.getfqdn()
    return socket.gethostname() if name.partition(".")[0] == "localhost" else name


OPTS = [
    cfg.HostAddressOpt(
        "host",
        default=_name(),
        sample_default="<the fully qualified name of this host>",
        help="The name under which this host is known to the service; the same as in nova, as a rule.",
    ),
    cfg.StrOpt(
        "state_dir",
        default="/var/lib/collectd-mgr",
        help="Where the agent keeps its journal, its memory and the copy of the extension that collectd loads. "
        "It belongs to the agent alone; secrets of the configuration are in it.",
    ),
    cfg.ListOpt(
        "drivers",
        default=["live", "restart"],
        help="The drivers that may be used, the least disruptive first (entry points of collectd_mgr.drivers).",
    ),
    cfg.StrOpt(
        "mode",
        default=mode.OBSERVE,
        choices=[
            (mode.OFF, "hands off: only a heartbeat"),
            (mode.OBSERVE, "reads and reports, changes nothing"),
            (mode.MANAGE, "brings collectd to what the service wants"),
        ],
        help="The mode of this host as long as the service has not set another one.",
    ),
    cfg.StrOpt(
        "mode_file",
        default="/etc/collectd-mgr/mode",
        help="A file that overrides the mode at once and without the bus: one word, or lines like "
        "'mode = observe', 'live = false', 'reason = …'. It is read each time; take it away to end the override.",
    ),
    cfg.StrOpt(
        "allowlist_file",
        default="/etc/collectd-mgr/allowlist.toml",
        help="What this host lets the service do: plugins, files, URLs, intervals. It is read again when it changes. "
        "Without it the defaults hold, which refuse whatever runs programs; one that cannot be understood lets in "
        "nothing new. It must belong to root, or to the agent's user, and be writable by nobody else.",
    ),
    cfg.StrOpt(
        "trusted_keys_file",
        default="/etc/collectd-mgr/trusted-keys",
        help="The public keys of the control plane, one per line, as 'collectd-mgr-manage signing public' prints them. "
        "It is read again when it changes. Several keys count at once, so that keys can be rotated.",
    ),
    cfg.BoolOpt(
        "require_signature",
        default=False,
        help="Refuse every call that the control plane has not signed, or that is late, changed, repeated or for "
        "another host. A call that bears a signature is checked in any case.",
    ),
    cfg.FloatOpt(
        "heartbeat_interval", default=10.0, min=0.1, help="Seconds between two heartbeats, give or take 10 %."
    ),
    cfg.StrOpt(
        "on_drift",
        default=drift.MEND,
        choices=[
            (drift.MEND, "it is undone, in mode manage"),
            (drift.LEAVE, "it is told, and left until somebody asks for a change"),
        ],
        help="What becomes of what somebody else has done to the running daemon, or to the managed file. A restart, a "
        "second daemon and the operator's own files are told, and never undone.",
    ),
    cfg.FloatOpt("watch_interval", default=1.0, min=0.05, help="Seconds between two looks at the daemon."),
    cfg.FloatOpt(
        "probation",
        default=5.0,
        min=0.0,
        help="A daemon that dies within this many seconds after a change is taken to have died of it: the last good "
        "state is brought back and, after a live change, live changes are off on this host until somebody clears the "
        "quarantine. It is the least: a change is on probation for three intervals of the slowest plugin that it is "
        "about, or of collectd where it is about none, so that what fails in its second or third read is found out; "
        "but for 900 seconds at most, if no more are set here.",
    ),
]
