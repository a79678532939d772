# SPDX-License-Identifier: Apache-2.0
"""[signing]: the control plane signs what it sends to agents, and knows the keys with which they sign."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "signing"

OPTS = [
    cfg.StrOpt(
        "key_file",
        help="A file with one private key per line, the newest first: it signs every call to an agent. Readable by the "
        "service only. 'collectd-mgr-manage signing new' prints a key, 'collectd-mgr-manage signing public' what the "
        "agents are to trust ([agent] trusted_keys_file). Calls are not signed where this is not set.",
    ),
    cfg.FloatOpt(
        "lifetime",
        default=300.0,
        min=1.0,
        help="Seconds for which a signature counts. Clocks of hosts may be off by as much; a call that is sent again "
        "is signed anew.",
    ),
    cfg.StrOpt(
        "host_keys_file",
        help="A file with a line for each key of a host: the host's name, and the public key, as 'collectd-mgr-agent "
        "--print-key' prints them there. What comes in the name of a host that is in it counts only if it is signed "
        "with one of its keys. It is read again when it changes. Who says what is not checked where this is not set.",
    ),
    cfg.BoolOpt(
        "require_host_keys",
        default=False,
        help="Believe nothing that comes in the name of a host that is not in host_keys_file. Without, such hosts are "
        "believed as they are, for as long as not all of them are in it.",
    ),
]
