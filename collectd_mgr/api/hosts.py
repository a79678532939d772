# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from collectd_mgr.api import program, views
from collectd_mgr.api.buffer import Buffer
from collectd_mgr.api.call import Call
from collectd_mgr.api.clock import Clock
from collectd_mgr.api.config import Config
from collectd_mgr.api.explain import Explain
from collectd_mgr.api.generations import Generations
from collectd_mgr.api.ignorelist import Ignorelist
from collectd_mgr.api.metrics import Flush, Metrics, Values
from collectd_mgr.api.mutes import Mutes
from collectd_mgr.api.notifications import HostNotifications
from collectd_mgr.api.operations import written_host
from collectd_mgr.api.plugins import Plugins
from collectd_mgr.api.preflight import Preview
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.ring import Ring
from collectd_mgr.api.samples import Samples
from collectd_mgr.api.schemas import hosts as schemas
from collectd_mgr.api.schemas import operations
from collectd_mgr.api.thresholds import Thresholds
from collectd_mgr.control import edits, history
from collectd_mgr.control.edits import Edit
from collectd_mgr.control.hosts import unchecked
from collectd_mgr.control.storing import Also, Check
from collectd_mgr.db.hosts import Filters, describe
from collectd_mgr.domain import plan

_WRITTEN = {200: schemas.WRITTEN, 202: schemas.WRITTEN}


def _shown(call: Call) -> dict[str, Any]:
    host, desired = call.control.desired(call.host, labels=True)
    return views.host(call, host, desired, history.failed_attempt(call.control.database, host.name))


def _change(
    call: Call, edit: Edit, action: str, check: Check | None = None, also: Also | None = None, setting: str = ""
) -> Answer:
    done = call.control.change(
        call.requester, call.host, edit, action, expected=call.expected, check=check, also=also, setting=setting
    )
    return written_host(call, done)


def _anew(call: Call, edit: Edit, action: str, *changes: str) -> Answer:
    """collectd anew, and maybe another one; ``changes``: what no agent did at first."""
    program.check_known(call, *changes)
    asked = program.asked(call.body)
    another = [edits.set_program(wanted) for wanted in asked.values()]
    return _change(call, edits.chain([*another, edit]), action, setting="".join(asked))


class Reload(Resource):
    @expose("collectd_mgr:hosts:reload", "Read the operator's files again", body=operations.ACTION, answers=_WRITTEN)
    def post(self, call: Call) -> Answer:
        return _change(call, edits.reload_daemon, "reload")


class Restart(Resource):
    @expose("collectd_mgr:hosts:restart", "Restart collectd", body=schemas.ANEW, answers=_WRITTEN)
    def post(self, call: Call) -> Answer:
        return _anew(call, edits.restart_daemon, "restart")


class Replace(Resource):
    @expose("collectd_mgr:hosts:replace", "Replace collectd without a gap", body=schemas.ANEW, answers=_WRITTEN)
    def post(self, call: Call) -> Answer:
        return _anew(call, edits.replace_daemon, "replace", plan.REPLACE_DAEMON)


class Capabilities(Resource):
    @expose("collectd_mgr:capabilities:get", "Show what a host can do", answers={200: schemas.CAPABILITIES})
    def get(self, call: Call) -> Answer:
        nothing: dict[str, Any] = {"drivers": [], "plugins": [], "collectd_version": None, "agent_version": None}
        return Answer({**nothing, **call.control.capabilities(call.host)})


class Host(Resource):
    children: ClassVar[Mapping[str, Resource]] = {
        "plugins": Plugins(),
        "capabilities": Capabilities(),
        "metrics": Metrics(),
        "mutes": Mutes,
        "ring": Ring,
        "samples": Samples,
        "buffer": Buffer(),
        "notifications": HostNotifications(),
        "values": Values(),
        "explain": Explain(),
        "flush": Flush(),
        "clock": Clock(),
        "config": Config(),
        "generations": Generations(),
        "preview": Preview(),
        "thresholds": Thresholds,
        "ignorelist": Ignorelist,
        "reload": Reload(),
        "restart": Restart(),
        "replace": Replace(),
    }

    @expose("collectd_mgr:hosts:get", "Show a host", answers={200: schemas.ONE})
    def get(self, call: Call) -> Answer:
        return Answer({"host": _shown(call)})

    @expose(
        "collectd_mgr:hosts:update",
        "Set labels, description, mode; clear quarantine",
        body=schemas.PATCH,
        answers=_WRITTEN,
    )
    def patch(self, call: Call) -> Answer:
        said = call.words("description"), call.body.get("labels")
        edit = _edit(call)
        if edit is None:
            call.control.describe(call.host, *said, call.expected)
            return Answer({"operation": None, "host": _shown(call)})
        action = "mode" if "mode" in call.body else "clear_quarantine"
        return _change(call, edit, action, unchecked, lambda session, host: describe(session, host.id, *said))

    @expose("collectd_mgr:hosts:delete", "Forget a host that is gone", query=schemas.DELETE_QUERY, answers={204: None})
    def delete(self, call: Call) -> Answer:
        call.control.forget(call.host, bool(call.query.get("force")))
        return Answer(status=204)


class Hosts(Resource):
    item = ("host", Host())

    @expose("collectd_mgr:hosts:list", "List hosts", query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, call: Call) -> Answer:
        query = call.query
        labels = dict(label.split("=", 1) for label in query.get("label", ()))
        wanted = {name: query.get(name) for name in ("driver", "mode", "in_sync")}
        filters = Filters(labels, query.get("status"), **wanted, clocks=query.get("clock", ()))
        rows = call.control.listed(filters, call.paging("name"))
        return Answer(views.page(call, "hosts", rows, lambda row: views.host(call, row), "name"))


def _edit(call: Call) -> Edit | None:
    """What the body asks of the daemon's host; None when it only describes the record."""
    chosen: list[Edit] = []
    if "mode" in call.body:
        chosen.append(edits.set_mode(call.body["mode"]))
    if "quarantine" in call.body:
        chosen.append(edits.clear_quarantine)
    return edits.chain(chosen) if chosen else None
