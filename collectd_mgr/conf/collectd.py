# SPDX-License-Identifier: Apache-2.0
"""[collectd]: the daemon of the agent's host."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "collectd"

OPTS = [
    cfg.StrOpt(
        "daemon",
        default="systemd",
        choices=[
            ("systemd", "a unit of systemd; see unit"),
            ("child", "the agent starts collectd itself; it outlives the agent"),
            ("podman", "the agent starts collectd in containers; see image"),
            ("commands", "start_command and stop_command do: those of a container's manager, for example"),
            ("attached", "somebody else's: changed live, never restarted from here"),
        ],
        help="Who runs collectd.",
    ),
    cfg.StrOpt(
        "image",
        default="",
        help="For daemon = podman: the image that has collectd, as podman names it, or the absolute path of a root "
        "file system, as its --rootfs takes it (/srv/collectd:O). It has to be on the host: nothing is fetched.",
    ),
    cfg.StrOpt(
        "container",
        default="collectd",
        help="For daemon = podman: the name of the container; one that takes its place has more behind it.",
    ),
    cfg.StrOpt("podman", default="podman", help="For daemon = podman: the command, with options of podman's own."),
    cfg.StrOpt(
        "podman_options",
        default="--network host --volume /etc/collectd:/etc/collectd:ro",
        help="For daemon = podman: more options of 'podman run', as words without a shell: what else collectd is to "
        "see of the host. The agent adds what it needs itself, and the pids of the host; there is no restart policy.",
    ),
    cfg.StrOpt("unit", default="collectd.service", help="The unit, for daemon = systemd."),
    cfg.StrOpt(
        "start_command",
        default="",
        help="For daemon = commands: starts collectd, and ends when that is done. Words as a shell would read them, "
        "but without a shell. For example: podman start collectd",
    ),
    cfg.StrOpt(
        "stop_command",
        default="",
        help="For daemon = commands: ends collectd, by force at last, and ends when that is done, within stop_timeout. "
        "For example: podman stop collectd",
    ),
    cfg.StrOpt(
        "log_command",
        default="",
        help="For daemon = commands: prints what collectd has logged, for errors to tell. For example: podman logs "
        "--tail 100 collectd",
    ),
    cfg.StrOpt("binary", default="/usr/sbin/collectd", help="The program."),
    cfg.StrOpt("plugin_dir", default="/usr/lib/collectd", help="Where its plugins are."),
    cfg.StrOpt(
        "config_file", default="/etc/collectd/collectd.conf", help="The operator's configuration; read, never written."
    ),
    cfg.StrOpt(
        "managed_dir",
        default="/var/lib/collectd-mgr/collectd.conf.d",
        help="Where what comes from the service is written; the operator's file includes it.",
    ),
    cfg.StrOpt("socket", default="/run/collectd-mgr/collectd.sock", help="Between the agent and its extension."),
    cfg.BoolOpt(
        "self_metrics",
        default=True,
        help="Whether the lines for collectd.conf (--print-snippet) have the extension dispatch metrics of its own, as "
        "plugin collectd_mgr: operations, errors, their time, and the longest hold of the lock of collectd's cache.",
    ),
    cfg.StrOpt(
        "user",
        default="",
        help="The user that collectd runs as, if not root: with daemon = child it is started so, otherwise it is what "
        "the unit or whoever starts it says. This user can read what it needs of the agent's files, and no one else. "
        "By name, or, where it is one of a container's, by numbers: 42431 or 42431:42400.",
    ),
    cfg.StrOpt("pid_file", default="", help="For daemon = child; in the agent's state_dir if not set."),
    cfg.FloatOpt("start_timeout", default=30.0, min=0.1, help="Seconds that a start may take."),
    cfg.FloatOpt("stop_timeout", default=30.0, min=0.1, help="Seconds for an orderly end; then it is killed."),
    cfg.FloatOpt(
        "ready_timeout",
        default=60.0,
        min=0.1,
        help="Seconds in which a new collectd that is to take the place of the one that runs has to have read every "
        "plugin twice, for the driver replace. Plugins of longer intervals are named in the answer.",
    ),
    cfg.FloatOpt(
        "grace_timeout", default=5.0, min=0.1, help="Seconds that a live change waits for a read that is in flight."
    ),
]
