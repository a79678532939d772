# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/plugins``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar

from collectd_mgr import exception
from collectd_mgr.api import views
from collectd_mgr.api.call import Call
from collectd_mgr.api.operations import written
from collectd_mgr.api.preflight import Test
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import operations
from collectd_mgr.api.schemas import plugins as schemas
from collectd_mgr.control import edits, plugins
from collectd_mgr.control.edits import Edit
from collectd_mgr.control.storing import Check
from collectd_mgr.domain import safety
from collectd_mgr.domain.spec import PluginSetting

_WRITTEN = {200: schemas.WRITTEN, 202: schemas.WRITTEN}


def name_of(call: Call) -> str:
    """The plugin in the address, in the letters that its file has. :raises BadPluginName:"""
    return safety.check_name(call.path["plugin"]).lower()


def _as_text(call: Call) -> bool:
    return bool(call.query.get("config_format") == "text")


def _view(call: Call) -> plugins.PluginView:
    return plugins.view(*call.control.desired(call.host), name_of(call), call.control.capabilities)


def _change(call: Call, edit: Edit, action: str, check: Check | None = None, parts: Collection[str] = ()) -> Answer:
    name = name_of(call)
    done = call.control.change(call.requester, call.host, edit, action, name, call.expected, check, parts=parts)
    shown = views.plugin(plugins.after(done.host, done.desired, name))
    return Answer({"operation": views.operation(call, done.operation), "plugin": shown}, written(done.operation))


def _leased(call: Call, wanted: PluginSetting) -> Edit | None:
    """The edit for a setting that is to hold for a while; ``None`` for one that is to stay.

    :raises NothingToHold:
    """
    if call.lease is None:
        return None
    if wanted == PluginSetting():
        raise exception.NothingToHold(f"Say what of {name_of(call)} is to hold: enabled, interval or config.")
    return edits.lease_plugin(name_of(call), wanted, call.lease)


class Restart(Resource):
    @expose("collectd_mgr:plugins:restart", "Restart a plugin", body=operations.ACTION, answers=_WRITTEN)
    def post(self, call: Call) -> Answer:
        _view(call)
        return _change(call, edits.restart_plugin(name_of(call)), "restart", plugins.check_restart(name_of(call)))


class Plugin(Resource):
    children: ClassVar[Mapping[str, Resource]] = {"restart": Restart(), "test": Test()}

    @expose("collectd_mgr:plugins:get", "Show a plugin", query=schemas.QUERY, answers={200: schemas.ONE})
    def get(self, call: Call) -> Answer:
        return Answer({"plugin": views.plugin(_view(call), _as_text(call))})

    @expose("collectd_mgr:plugins:set", "Set the whole of a plugin", body=schemas.WHOLE, answers=_WRITTEN)
    def put(self, call: Call) -> Answer:
        wanted = plugins.setting(name_of(call), call.body)
        edit = _leased(call, wanted) or edits.set_plugin(name_of(call), wanted)
        return _change(call, edit, "set", plugins.check_setting(name_of(call), wanted))

    @expose("collectd_mgr:plugins:update", "Set a part of a plugin", body=schemas.PART, answers=_WRITTEN)
    def patch(self, call: Call) -> Answer:
        given = {name: call.body[name] for name in ("enabled", "interval", "config") if name in call.body}
        wanted = plugins.setting(name_of(call), given)
        leased = _leased(call, wanted)
        if leased is not None:
            return _change(call, leased, "update", plugins.check_setting(name_of(call), wanted))
        if not given:
            raise exception.BadRequest("body: must have one of enabled, interval, config at least", field="body")
        patch = edits.patch_plugin(name_of(call), {name: getattr(wanted, name) for name in given})
        return _change(call, patch, "update", plugins.check_part(name_of(call), wanted, given), given)

    @expose("collectd_mgr:plugins:unset", "Take a setting away", query=schemas.UNSET_QUERY, answers=_WRITTEN)
    def delete(self, call: Call) -> Answer:
        return _change(call, edits.unset_plugin(name_of(call)), "unset", plugins.check_unset(name_of(call)))


class Plugins(Resource):
    item = ("plugin", Plugin())

    @expose("collectd_mgr:plugins:list", "List plugins", query=schemas.LIST_QUERY, answers={200: schemas.LIST})
    def get(self, call: Call) -> Answer:
        after = call.query.get("marker", "")
        rows = [view for view in plugins.views(*call.control.desired(call.host)) if view.name > after][: call.limit]
        return Answer(views.page(call, "plugins", rows, lambda view: views.plugin(view, _as_text(call)), "name"))
