# SPDX-License-Identifier: Apache-2.0
"""Statuses on their way into the records."""

from __future__ import annotations

from collectd_mgr.control.intake import masked
from collectd_mgr.domain.secrets import MASK
from collectd_mgr.domain.status import HostStatus, PluginStatus


def _status(**configs: object) -> HostStatus:
    return HostStatus(
        "cn1", 1, 1, plugins={name: PluginStatus(True, "observed", config=configs[name]) for name in configs}
    )


def test_what_is_stored_already_does_not_keep_a_new_secret_from_being_masked() -> None:
    before = masked(_status(mysql={"Password": "old"}, df={"FSType": "tmpfs"}))
    now = masked(_status(mysql={"Password": "new"}, df={"FSType": "tmpfs"}, ping={"Password": "x"}), before)
    configs = {name: plugin["config"] for name, plugin in now["plugins"].items()}
    assert configs == {"mysql": {"Password": MASK}, "df": {"FSType": "tmpfs"}, "ping": {"Password": MASK}}
