# SPDX-License-Identifier: Apache-2.0
"""The options of ``<Module collectd_mgr>`` in collectd's configuration."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

#: Option to field, and what it is when the option is not given.
_OPTIONS = {"socket": "socket", "statedir": "state_dir"}


class BadOption(Exception):
    """An option that the extension does not have, or without its one string."""


@dataclass(frozen=True)
class Settings:
    """``Socket``: where to listen. ``StateDir``: the agent's directory, read once at the start."""

    socket: str = "/run/collectd_mgr/collectd.sock"
    state_dir: str = "/var/lib/collectd_mgr"

    @classmethod
    def read(cls, options: list[object]) -> Settings:
        """From collectd's Config nodes (``key``, ``values``).

        :raises BadOption: with a sentence for collectd's log
        """
        given: dict[str, str] = {}
        for option in options:
            key, values = str(getattr(option, "key", "")), list(getattr(option, "values", []))
            if key.lower() not in _OPTIONS or len(values) != 1 or not isinstance(values[0], str):
                raise BadOption(f"{key}: not an option of collectd_mgr, or not with one string")
            given[_OPTIONS[key.lower()]] = values[0]
        return cls(**given)

    def disabled(self) -> list[str]:
        """The plugins of the operator's that must not read: ``disabled.json`` in the state directory.

        The file is ``{"plugins": ["cpu", …]}``; none is an empty list.

        :raises ValueError: the file is there and is not that
        """
        try:
            with open(os.path.join(self.state_dir, "disabled.json"), encoding="utf-8") as file:
                plugins = json.load(file)["plugins"]
        except FileNotFoundError:
            return []
        except (KeyError, TypeError) as error:
            raise ValueError(f"disabled.json has no list of plugins: {error}") from error
        return [str(plugin) for plugin in plugins]
