# SPDX-License-Identifier: Apache-2.0
"""Commands as the agent's configuration has them."""

from __future__ import annotations

import shlex

from collectd_mgr import exception


def words(command: str) -> list[str]:
    """The words as a shell would read them; no shell does.

    :raises NoDriver: a quotation in it has no end
    """
    try:
        return shlex.split(command)
    except ValueError as error:
        raise exception.NoDriver(f"[collectd] has a command that cannot be read ({error}): {command}") from error
