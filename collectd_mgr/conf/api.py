# SPDX-License-Identifier: Apache-2.0
"""[api]: the REST service."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "api"

OPTS = [
    cfg.StrOpt(
        "auth_strategy",
        default="keystone",
        choices=[
            ("keystone", "a token of Keystone in X-Auth-Token, checked by keystonemiddleware"),
            ("none", "everybody is an administrator: for one machine, on loopback only"),
        ],
        help="Who may call.",
    ),
    cfg.ListOpt(
        "local_names",
        default=[],
        help="With auth_strategy none: names of this machine by which programs on it call the API, beside localhost "
        "and the addresses of loopback. What comes under another name, or from a page of another, is refused.",
    ),
    cfg.FloatOpt(
        "wait",
        default=5.0,
        min=0.0,
        help="How long a write waits for the host, in seconds; then it is answered with 202 and goes on by itself.",
    ),
    cfg.FloatOpt("read_timeout", default=10.0, min=0.1, help="How long a read from a host may take, in seconds."),
    cfg.IntOpt("max_limit", default=1000, min=1, help="The most rows in one page of a list."),
    cfg.IntOpt(
        "max_metrics",
        default=10_000,
        min=1,
        max=100_000,
        help="The most metrics in one page of a list of metrics or values: about 200 bytes each, from one host.",
    ),
    cfg.ListOpt(
        "operator_projects",
        default=[],
        help="Ids of the projects whose managers may write and whose readers may read. Hosts are infrastructure: "
        "a role in any other project gives no access.",
    ),
]
