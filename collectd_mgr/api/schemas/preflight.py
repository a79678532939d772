# SPDX-License-Identifier: Apache-2.0
"""What would be: a plugin that is tried, and a spec that is only looked at."""

from __future__ import annotations

from collections.abc import Mapping

from collectd_mgr.api.schemas import buffer, difference, fields, ignorelist, program, ring, samples, thresholds
from collectd_mgr.api.schemas.fields import Schema
from collectd_mgr.api.schemas.metrics import VALUE
from collectd_mgr.domain import metrics

_ROW = fields.record(
    {
        "id": {"type": "string", "description": "host/plugin-instance/type-instance"},
        "interval": {"type": "number", "description": "Seconds: of the plugin, not of the trial, which is faster."},
        "last_update": {"type": "number", "description": "Seconds since 1970, by the host's clock."},
        "values": {"type": "array", "items": VALUE},
    }
)

#: What is absent is as it is desired now.
TEST = fields.request({"interval": fields.INTERVAL, "config": fields.CONFIG})

TESTED = fields.record(
    {
        "plugin": fields.STRING,
        "values": {"type": "array", "items": _ROW},
        "warnings": {"type": "array", "items": fields.STRING, "description": "collectd's own lines."},
        "isolation": {
            "enum": ["namespace", "paths", None],
            "description": "What kept the trial from the files of the running collectd: a mount namespace in which it "
            "could write none, or that it was told of none of their paths; null from an agent of an earlier release.",
        },
    },
    "What the plugin would collect.",
)

_PART = fields.request({"enabled": {"type": ["boolean", "null"]}, "interval": fields.INTERVAL, "config": fields.CONFIG})


def _settings(properties: Mapping[str, Schema], *required: str) -> Schema:
    return {
        "type": "object",
        "additionalProperties": {"anyOf": [fields.request(properties, required), {"type": "null"}]},
        "maxProperties": 200,
        "description": "By name, as the bodies of PUT; null takes one away.",
    }


PREVIEW: Schema = {
    **fields.request(
        {
            "plugins": {
                "type": "object",
                "additionalProperties": _PART,
                "minProperties": 1,
                "maxProperties": 200,
                "description": "As the bodies of PATCH of these plugins.",
            },
            "thresholds": _settings(thresholds.PROPERTIES, "type"),
            "ignorelist": _settings(ignorelist.PROPERTIES),
            "samples": _settings(samples.PROPERTIES, "identifier"),
            "ring": _settings(ring.PROPERTIES, "identifier"),
            "buffer": fields.request({"write_queue": buffer.QUEUE, "spool": buffer.SPOOL}),
            **program.PROPERTIES,
        }
    ),
    **program.NOT_BOTH,
    "minProperties": 1,
}

_LOAD = fields.record(
    {
        "series": fields.NULLABLE_INTEGER,
        "interval": fields.NULLABLE_NUMBER,
        "basis": {"enum": ["scratch", "cache", "unknown"], "description": "How the number of series is known."},
        "samples_per_second": fields.NULLABLE_NUMBER,
    },
    "What a plugin collects; null where it is not known.",
)

_CHANGE = fields.record(
    {
        "change": fields.STRING,
        "plugin": fields.STRING,
        "class": {
            "enum": ["live", "new_daemon", "impossible"],
            "description": "In the running daemon, by another process, or by no driver of this host.",
        },
        "driver": fields.NULLABLE_STRING,
        "before": _LOAD,
        "after": _LOAD,
        "refusals": {"type": "object", "description": "Driver: why it cannot; for a change that none can make."},
        "warnings": {"type": "array", "items": fields.STRING},
    }
)

_SETTING = fields.record(
    {
        "section": fields.STRING,
        "name": fields.STRING,
        "change": {"enum": ["set", "unset"]},
        "class": {
            "enum": ["live", "new_daemon", "impossible", "agent"],
            "description": "As of changes; agent: its own business, collectd is not touched.",
        },
        "driver": fields.NULLABLE_STRING,
        "refusals": {"type": "object"},
        "before": _LOAD,
        "after": _LOAD,
        "matched": {
            "type": ["integer", "null"],
            "description": "Metrics in collectd's cache that a rule, threshold or choice falls on; else null.",
        },
        "metrics": {"type": "array", "items": fields.STRING, "description": "A hundred of those, at most."},
    },
    "Of a rule of the ignorelist, the loads are what is collected of the metrics that it drops; of samples and ring, "
    "what is published or kept of those that are chosen.",
)

_GAP = fields.record(
    {
        "seconds": {
            **fields.NULLABLE_NUMBER,
            "description": "In which nothing is read: what it took the last time on this host; null before the first.",
        },
        "plugins": {
            "type": "array",
            "items": fields.record(
                {
                    "plugin": fields.STRING,
                    "interval": fields.NUMBER,
                    "without_rate": {**fields.NULLABLE_NUMBER, "description": "Seconds until there is a rate again."},
                }
            ),
            "description": "Those that are read now, and would be afterwards.",
        },
        "states_lost": fields.record(
            {
                state: fields.record({"count": fields.INTEGER, "metrics": {"type": "array", "items": fields.STRING}})
                for state in metrics.JUDGED
            },
            "What thresholds have found begins anew: of how many metrics, and a hundred of them at most.",
        ),
    }
)

_PROBLEM = fields.record({"code": fields.STRING, "detail": fields.STRING, "facts": {"type": "object"}})

PREVIEWED = fields.record(
    {
        "changes": {"type": "array", "items": _CHANGE},
        "settings": {"type": "array", "items": _SETTING, "description": "What becomes of each named setting."},
        "driver": {"type": ["string", "null"], "description": "The one that would make all of the changes together."},
        "plugins": difference.PLUGINS,
        "restart": {"type": "boolean", "description": "collectd would be stopped and started."},
        "passed_over": {"type": "object", "description": "Less disruptive driver: why it is not the one."},
        "gap": {"anyOf": [_GAP, {"type": "null"}], "description": "Of a restart; null where there is none."},
        "counters_anew": {
            "type": "array",
            "items": fields.STRING,
            "description": "Plugins that count themselves, and would begin anew in another process.",
        },
        "series_added": {"type": ["number", "null"], "description": "null: a part of it is not known."},
        "samples_per_second_added": fields.NULLABLE_NUMBER,
        "problems": {"type": "array", "items": _PROBLEM, "description": "What would be refused, or fail."},
    },
    "What the host would do.",
)

ONE = fields.record({"preview": PREVIEWED})
TESTED_ONE = fields.record({"test": TESTED})
