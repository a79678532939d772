# SPDX-License-Identifier: Apache-2.0
"""What a setting would come to on a host. Nothing is stored: no generation, no operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from collectd_mgr.control import edits, plugins, sections
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.control.sections import Together
from collectd_mgr.domain import servants
from collectd_mgr.domain.sections import Settings
from collectd_mgr.domain.spec import HOST, Generation, Layer, PluginSetting

#: Seconds that an agent may take for trials, and for its answer.
_PATIENCE = 10.0
_TIMEOUT = 25.0

#: What agents of an earlier release do not say.
_UNSAID: Mapping[str, Any] = {"passed_over": {}, "gap": None, "counters_anew": [], "plugins": []}

#: The parts of a setting.
_PARTS = ("enabled", "interval", "config")


class Preflight:
    def __init__(self, control: HostControl) -> None:
        self._control = control

    def test(self, name: str, plugin: str, given: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        """What ``plugin`` would collect with what is ``given`` on top of what is desired; as the agent answers.

        :raises BadGrammar, BadConfig, HostNotFound, AgentUnreachable: and what the agent raises
        """
        host, desired = self._control.desired(name)
        # With what a lease has of it: that is desired, too.
        now = desired.plugins().get(plugin, PluginSetting())
        after = edits.set_plugin(plugin, replace(now, **_parts(plugin, given)))(desired)
        layer = Layer(HOST, {plugin: after.layer.plugins.get(plugin, PluginSetting())})
        return self._control.agents.plugin_test(host.name, plugin, layer, _PATIENCE, request_id, _TIMEOUT)

    def preview(
        self,
        name: str,
        changes: Mapping[str, Mapping[str, Any]],
        settings: Mapping[str, Settings],
        request_id: str,
        together: Mapping[str, Together],
    ) -> dict[str, Any]:
        """What the host would do with ``changes`` (plugin: parts of a setting); None for a part takes it away.

        :param settings: by section and name; None takes one away
        :param together: by section, what forbids to have settings beside the operator's own
        :raises BadGrammar, BadConfig, HostNotFound, AgentUnreachable: and what the agent raises
        :raises OwnedByHostConfig: a setting stands in the operator's own files; and what ``together`` raises
        :raises PluginOfSection: a plugin comes with a section of settings
        :raises SettingLeased: a lease holds other parts of a plugin: the change itself would be refused
        """
        host, desired = self._control.desired(name)
        for plugin, given in changes.items():
            if any(value is not None for value in given.values()):
                servants.check_settable(plugin)
            plugins.check_leased(desired, plugin, given)
        for section, check in together.items():
            sections.check_beside(host, desired, section, settings.get(section, {}), check)
        steps = [edits.patch_plugin(plugin, _parts(plugin, given)) for plugin, given in changes.items()]
        steps += [
            edits.set_setting(section, setting, value)
            for section, given in settings.items()
            for setting, value in given.items()
        ]
        after = edits.chain(steps)(desired)
        spec = after.spec(Generation(host.epoch, host.n + 1))
        found = self._control.agents.preview(host.name, spec, _PATIENCE, request_id, _TIMEOUT)
        return {**_UNSAID, **found}


def _parts(plugin: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, in the canonical form."""
    wanted = plugins.setting(plugin, given)
    return {part: getattr(wanted, part) for part in _PARTS if part in given}
