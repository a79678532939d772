# SPDX-License-Identifier: Apache-2.0
"""[signing]: the control plane signs what it sends to agents."""

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
]
