# SPDX-License-Identifier: Apache-2.0
"""[clock]: the time service of the agent's host."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "clock"

OPTS = [
    cfg.ListOpt(
        "sources",
        default=["chrony", "ntpd", "timesyncd"],
        help="The time services to ask (entry points of collectd_mgr.time_sources); the first that answers is the "
        "host's.",
    ),
    cfg.BoolOpt(
        "allow_step",
        default=False,
        help="Whether the service may have the clock of this host set, rather than slewed. A clock that is set back "
        "has collectd, and much else, refuse values until the time is reached again.",
    ),
    cfg.StrOpt("chronyc", default="chronyc", help="The program with which chronyd is asked."),
    cfg.StrOpt("chrony_address", default="", help="Where chronyd is asked; chronyc's own default if not set."),
    cfg.StrOpt("ntpd_address", default="127.0.0.1", help="Where ntpd is asked (mode 6, as ntpq does)."),
    cfg.PortOpt("ntpd_port", default=123, help="The port of ntpd."),
    cfg.StrOpt(
        "ntpd_restart",
        default="systemctl restart ntpsec.service",
        help="The command that has ntpd ask its servers anew, for a sync.",
    ),
    cfg.StrOpt("busctl", default="busctl", help="The program with which systemd-timesyncd is asked over D-Bus."),
    cfg.StrOpt(
        "timesyncd_restart",
        default="systemctl restart systemd-timesyncd.service",
        help="The command that has timesyncd ask its server anew, for a sync.",
    ),
    cfg.FloatOpt("patience", default=2.0, min=0.1, help="Seconds that a time service may take for an answer."),
]
