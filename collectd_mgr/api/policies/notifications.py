# SPDX-License-Identifier: Apache-2.0
"""Rules for notifications and mutes."""

from __future__ import annotations

from collectd_mgr.api.policies.base import OPERATE, READ, rule

_OF_HOST = "/v1/hosts/{host}/notifications"
_MUTES = "/v1/hosts/{host}/mutes"

RULES = (
    rule("collectd_mgr:notifications:list", READ, "List the notifications of all hosts.", "GET", "/v1/notifications"),
    rule("collectd_mgr:host_notifications:list", READ, "List the notifications of a host.", "GET", _OF_HOST),
    rule("collectd_mgr:host_notifications:create", OPERATE, "Put one in on a host.", "POST", _OF_HOST),
    rule("collectd_mgr:mutes:list", READ, "List the mutes of a host.", "GET", _MUTES),
    rule("collectd_mgr:mutes:get", READ, "Show a mute.", "GET", f"{_MUTES}/{{setting}}"),
    rule("collectd_mgr:mutes:set", OPERATE, "Mute notifications for a time.", "PUT", f"{_MUTES}/{{setting}}"),
    rule("collectd_mgr:mutes:set_by_label", OPERATE, "Mute all hosts with some labels.", "PUT", "/v1/mutes/{setting}"),
    rule("collectd_mgr:mutes:unset_by_label", OPERATE, "End such a mute.", "DELETE", "/v1/mutes/{setting}"),
    rule("collectd_mgr:mutes:unset", OPERATE, "End a mute.", "DELETE", f"{_MUTES}/{{setting}}"),
)
