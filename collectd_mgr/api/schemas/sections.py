# SPDX-License-Identifier: Apache-2.0
"""A named setting of a host, of any section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.fields import Schema
from collectd_mgr.api.schemas.operations import OPERATION

_WHY = {"expires_in": fields.EXPIRES_IN, "reason": fields.REASON, "generation": fields.SEEN}

LIST_QUERY = fields.paged()
UNSET_QUERY = fields.query(**fields.WHY)


@dataclass(frozen=True)
class Shapes:
    """Of the bodies of one section."""

    body: Schema
    one: Schema
    listed: Schema
    written: Schema

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
        return cls(
            fields.request({**properties, **_WHY}, required),
            fields.record({noun: shown}),
            fields.listed(section, shown),
            fields.record({"operation": OPERATION, noun: shown}),
        )
