# SPDX-License-Identifier: Apache-2.0
"""[secrets]: the keys of the encrypted columns."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "secrets"

OPTS = [
    cfg.ListOpt(
        "fernet_keys",
        default=[],
        secret=True,
        help="Fernet keys, the newest first: it encrypts, all of them decrypt. Rotate by putting a new one in front. "
        "'collectd-mgr-manage secrets new' prints one.",
    ),
    cfg.StrOpt(
        "key_file", help="A file with one Fernet key per line, beside 'fernet_keys', readable by the service only."
    ),
]
