# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/plugins/{plugin}/test`` and ``/v1/hosts/{host}/preview``: nothing is changed or stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectd_mgr.api import ignorelist, program, ring, samples, thresholds
from collectd_mgr.api.call import Call
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import preflight as schemas
from collectd_mgr.control import buffer
from collectd_mgr.control.preflight import Preflight
from collectd_mgr.domain import queue, safety, sections


class Test(Resource):
    @expose("collectd_mgr:plugins:test", "Try a plugin", body=schemas.TEST, answers={200: schemas.TESTED_ONE})
    def post(self, call: Call) -> Answer:
        plugin = safety.check_name(call.path["plugin"]).lower()
        tried = Preflight(call.control).test(call.host, plugin, call.body, call.request_id)
        # An agent of an earlier release says nothing of what kept the trial apart.
        rest = {"warnings": tried["warnings"], "isolation": tried.get("isolation")}
        return Answer({"test": {"plugin": plugin, "values": tried["rows"], **rest}})


class Preview(Resource):
    @expose("collectd_mgr:hosts:preview", "Say what would be", body=schemas.PREVIEW, answers={200: schemas.ONE})
    def post(self, call: Call) -> Answer:
        program.check_known(call)
        plugins = {safety.check_name(name).lower(): given for name, given in call.body.get("plugins", {}).items()}
        together = {kind.section: kind.check for kind in _KINDS}
        settings = {**_sections(call.body), **_buffer(call.body.get("buffer", {}))}
        another = program.asked(call.body)
        if another:
            settings[sections.PROGRAM] = another
        found = Preflight(call.control).preview(call.host, plugins, settings, call.request_id, together)
        return Answer({"preview": found})


#: Sections of which any settings can be looked at.
_KINDS = (ignorelist.KIND, ring.KIND, samples.KIND, thresholds.KIND)


def _sections(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        kind.section: {
            sections.check_name(name): None if setting is None else kind.of(setting, {})
            for name, setting in body[kind.section].items()
        }
        for kind in _KINDS
        if kind.section in body
    }


def _buffer(limits: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings of both sections that a buffer is of, as far as they are given."""
    normal = {**limits, **({"write_queue": queue.normal(limits["write_queue"])} if "write_queue" in limits else {})}
    given = ((*buffer.SETTINGS[key], value) for key, value in normal.items())
    return {section: {name: value} for section, name, value in given}
