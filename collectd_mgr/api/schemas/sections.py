# SPDX-License-Identifier: Apache-2.0
"""A named setting of a host, of any section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.fields import Schema
from collectd_mgr.api.schemas.operations import OPERATION

_FOR_GOOD = {"reason": fields.REASON, "generation": fields.SEEN}
_WHY = {"expires_in": fields.EXPIRES_IN, **_FOR_GOOD}

#: Settings in one request.
_MOST = 1000

LIST_QUERY = fields.paged()
UNSET_QUERY = fields.query(**fields.WHY)


@dataclass(frozen=True)
class Shapes:
    """Of the bodies of one section."""

    body: Schema
    one: Schema
    listed: Schema
    written: Schema
    #: Of all settings at once.
    whole: Schema
    replaced: Schema

    @classmethod
    def of(cls, noun: str, section: str, properties: Mapping[str, Schema], required: tuple[str, ...]) -> Shapes:
        """:param properties: what a setting holds; ``required`` of it must be in a body"""
        setting = {"type": "object", "properties": dict(properties)}
        shown = fields.record(
            {
                "name": fields.STRING,
                "desired": {"anyOf": [setting, {"type": "null"}], "description": "What was set through this API."},
                "effective": {"anyOf": [setting, {"type": "null"}], "description": "What the host does."},
                "origin": {"enum": ["host", "managed"], "description": "host: the operator's own files have it."},
                "lease": fields.LEASE,
                "facts": {"type": "object", "description": "What the host says of it, for example what it matches."},
            },
            "Desired beside effective.",
        )
        every = {
            "type": "object",
            "additionalProperties": fields.request(properties, required),
            "maxProperties": _MOST,
            "description": "By name. Those that are not among them go, also what is there for a while.",
        }
        return cls(
            fields.request({**properties, **_WHY}, required),
            fields.record({noun: shown}),
            fields.listed(section, shown),
            fields.record({"operation": OPERATION, noun: shown}),
            fields.request({section: every, **_FOR_GOOD}, (section,)),
            fields.record({"operation": OPERATION, section: {"type": "array", "items": shown}}),
        )
