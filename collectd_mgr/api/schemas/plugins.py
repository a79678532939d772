# SPDX-License-Identifier: Apache-2.0
"""A plugin of a host."""

from __future__ import annotations

from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.operations import OPERATION

_SETTING = {"enabled": fields.ENABLED, "interval": fields.INTERVAL, "config": fields.CONFIG}
_WHY = {"expires_in": fields.EXPIRES_IN, "reason": fields.REASON, "generation": fields.SEEN}

#: PUT: the whole setting.
WHOLE = fields.request({**_SETTING, **_WHY}, required=("enabled",))

#: PATCH: what is absent stays as it is, null takes it away.
PART = fields.request({**_SETTING, "enabled": {"type": ["boolean", "null"]}, **_WHY})

_SHOWN = {"enabled": {"type": ["boolean", "null"]}, "interval": fields.NULLABLE_NUMBER, "config": fields.CONFIG}

_SEEN = "managed: that of the reads which have none of their own in the configuration; host: the shortest."
_EFFECTIVE = {**_SHOWN, "interval": {**fields.NULLABLE_NUMBER, "description": _SEEN}}

PLUGIN = fields.record(
    {
        "plugin": fields.STRING,
        "desired": {"anyOf": [fields.record(_SHOWN, "What was set through this API."), {"type": "null"}]},
        "effective": {"anyOf": [fields.record(_EFFECTIVE, "What the daemon does."), {"type": "null"}]},
        "origin": {"enum": ["host", "managed"], "description": "host: the operator's own files configure it."},
        "lease": fields.LEASE,
        "health": {
            "type": ["string", "null"],
            "description": "registered, observed, silent, stopping, failed, off; "
            "or unknown: collectd runs and does not answer, and what is said is from when it did.",
        },
        "last_value": fields.NULLABLE_TIME,
        "metrics": fields.INTEGER,
        "reason": fields.NULLABLE_STRING,
    },
    "Desired beside effective.",
)

ONE = fields.record({"plugin": PLUGIN})
LIST = fields.listed("plugins", PLUGIN)
WRITTEN = fields.record({"operation": OPERATION, "plugin": PLUGIN})

_FORM: fields.Schema = {"type": "string", "enum": ["json", "text"], "default": "json"}
QUERY = fields.query(config_format=_FORM)
LIST_QUERY = fields.paged(config_format=_FORM)
UNSET_QUERY = fields.query(**fields.WHY)
