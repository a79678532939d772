# SPDX-License-Identifier: Apache-2.0
"""Named settings of a host: the resources that thresholds, ignorelist and the like have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collectd_mgr import exception
from collectd_mgr.api import views
from collectd_mgr.api.call import Call
from collectd_mgr.api.operations import written
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import sections as schemas
from collectd_mgr.api.validation import Schema
from collectd_mgr.control import edits, sections
from collectd_mgr.control.sections import SettingView
from collectd_mgr.domain.sections import REPLACE, check_name


@dataclass(frozen=True)
class Kind:
    """What is special in a section.

    :param section: the key of lists and the part of the address, ``thresholds``
    :param noun: the key of one, ``threshold``
    :param properties: the schema of what a setting holds
    :param stamp: what a setting holds besides, of the request that makes it
    :param normal: a setting as the body has it → as it is stored. It raises BadSetting for what the schema cannot tell
    """

    section: str
    noun: str
    properties: dict[str, Schema]
    normal: Callable[[dict[str, Any]], dict[str, Any]]
    required: tuple[str, ...] = ()
    #: All settings of the host, and the operator's own, by name. It raises what forbids to have them together.
    check: Callable[[Mapping[str, Any], Mapping[str, Any]], None] = lambda settings, theirs: None
    stamp: Callable[[Call], dict[str, Any]] = lambda call: {}
    #: Whether all settings of a host can be set at once, too.
    at_once: bool = False

    def of(self, body: Mapping[str, Any], stamp: Mapping[str, Any]) -> dict[str, Any]:
        """The setting that a body asks for, as it is stored. :raises BadSetting:"""
        given = {key: body[key] for key in self.properties if body.get(key) is not None}
        return self.normal({**given, **stamp})

    def all_of(self, bodies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """The settings that these ask for, by name. :raises BadSetting: with the name of one that is none"""
        found = {}
        for name, body in bodies.items():
            try:
                found[check_name(name)] = self.of(body, {})
            except exception.BadSetting as error:
                raise exception.BadSetting(f"{name}: {error.detail}", **{**error.kwargs, "name": name}) from None
        return found


def name_of(call: Call) -> str:
    """The name in the address. :raises BadSetting: for one that is none"""
    return check_name(call.path["setting"])


def resource(kind: Kind) -> Resource:
    """The list of a section, with one address below it for each setting."""
    shape = schemas.Shapes.of(kind.noun, kind.section, kind.properties, kind.required)
    rule = f"collectd_mgr:{kind.section}"

    class Setting(Resource):
        @expose(f"{rule}:get", f"Show a {kind.noun}", answers={200: shape.one})
        def get(self, call: Call) -> Answer:
            view = sections.view(*call.control.desired(call.host), kind.section, name_of(call))
            return Answer({kind.noun: _shown(view)})

        @expose(f"{rule}:set", f"Set a {kind.noun}", body=shape.body, answers=dict.fromkeys((200, 202), shape.written))
        def put(self, call: Call) -> Answer:
            return _change(call, kind, "set", kind.of(call.body, kind.stamp(call)))

        @expose(
            f"{rule}:unset",
            f"Take a {kind.noun} away",
            query=schemas.UNSET_QUERY,
            answers=dict.fromkeys((200, 202), shape.written),
        )
        def delete(self, call: Call) -> Answer:
            return _change(call, kind, "unset", None)

    class Section(Resource):
        item = ("setting", Setting())

        @expose(f"{rule}:list", f"List the {kind.section}", query=schemas.LIST_QUERY, answers={200: shape.listed})
        def get(self, call: Call) -> Answer:
            after = call.query.get("marker", "")
            found = sections.views(*call.control.desired(call.host), kind.section)
            rows = [view for view in found if view.name > after][: call.limit]
            return Answer(views.page(call, kind.section, rows, _shown, "name"))

    class Whole(Section):
        @expose(
            f"{rule}:replace",
            f"Set all {kind.section} of a host at once",
            body=shape.whole,
            answers=dict.fromkeys((200, 202), shape.replaced),
        )
        def put(self, call: Call) -> Answer:
            return _replace(call, kind, kind.all_of(call.body[kind.section]))

    return Whole() if kind.at_once else Section()


def _change(call: Call, kind: Kind, verb: str, setting: Any) -> Answer:
    name, action = name_of(call), f"{kind.section}.{verb}"
    check = sections.checked(kind.section, name, setting, kind.check)
    edit = edits.set_setting(kind.section, name, setting)
    if call.lease and setting is not None:
        edit = edits.lease_setting(kind.section, name, setting, call.lease)
    change = call.control.change
    done = change(call.requester, call.host, edit, action, expected=call.expected, check=check, setting=name)
    shown = _shown(sections.after(done.host, done.desired, kind.section, name))
    return Answer({"operation": views.operation(call, done.operation), kind.noun: shown}, written(done.operation))


def _replace(call: Call, kind: Kind, settings: dict[str, Any]) -> Answer:
    check = sections.checked_whole(kind.section, settings, kind.check)
    edit, action = edits.set_section(kind.section, settings), f"{kind.section}.{REPLACE}"
    done = call.control.change(call.requester, call.host, edit, action, expected=call.expected, check=check)
    shown = [_shown(view) for view in sections.views(done.host, done.desired, kind.section)]
    return Answer({"operation": views.operation(call, done.operation), kind.section: shown}, written(done.operation))


def _shown(view: SettingView) -> dict[str, Any]:
    return {
        "name": view.name,
        "desired": view.desired,
        "effective": view.effective,
        "origin": view.origin,
        "lease": views.lease(view.lease),
        "facts": dict(view.facts),
    }
