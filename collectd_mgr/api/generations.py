# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/generations``: every spec that a host ever had, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from collectd_mgr import exception
from collectd_mgr.api import views
from collectd_mgr.api.call import Call
from collectd_mgr.api.operations import written_host
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import generations as schemas
from collectd_mgr.api.schemas import hosts as host_schemas
from collectd_mgr.api.schemas import operations
from collectd_mgr.control import difference, edits, history, plugins


def number(call: Call) -> int:
    """The generation in the address. :raises GenerationNotFound: for what is no number"""
    text = call.path["n"]
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise exception.GenerationNotFound(f"{text!r} is not the number of a generation.")
    return int(text)


class Revert(Resource):
    @expose(
        "collectd_mgr:generations:revert",
        "Set what an earlier generation set, as a new generation",
        body=operations.ACTION,
        answers={200: host_schemas.WRITTEN, 202: host_schemas.WRITTEN},
    )
    def post(self, call: Call) -> Answer:
        _, old, _ = history.generation(call.control.database, call.host, number(call))
        wanted = edits.desired_of(old)
        edit, check = edits.revert_to(wanted), plugins.check_revert(wanted)
        done = call.control.change(call.requester, call.host, edit, "revert", expected=call.expected, check=check)
        return written_host(call, done)


class Generation(Resource):
    children: ClassVar[Mapping[str, Resource]] = {"revert": Revert()}

    @expose("collectd_mgr:generations:get", "Show a generation", answers={200: schemas.ONE})
    def get(self, call: Call) -> Answer:
        row, spec, before = history.generation(call.control.database, call.host, number(call))
        names = str(before.generation.n), str(row.n)
        found = difference.between(edits.desired_of(before), edits.desired_of(spec), *names)
        whole = {"layers": views.layers(spec), "mode": spec.mode.to_dict() if spec.mode else None}
        return Answer({"generation": {**views.generation(row), **whole, **views.difference(found)}})


class Generations(Resource):
    item = ("n", Generation())

    @expose(
        "collectd_mgr:generations:list",
        "List the generations of a host, the latest first",
        query=schemas.QUERY,
        answers={200: schemas.LIST},
    )
    def get(self, call: Call) -> Answer:
        rows = history.generations_of(call.control.database, call.host, call.paging("n", "desc"))
        return Answer(views.page(call, "generations", rows, views.generation, "n"))
