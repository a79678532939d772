# SPDX-License-Identifier: Apache-2.0
"""Classes that are chosen by name in the configuration, and may come from other packages: by stevedore."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import stevedore
from stevedore.exception import NoMatches

from collectd_mgr import exception


def load(
    namespace: str, names: Iterable[str], settings: object, option: str, error: type[exception.CollectdMgrError]
) -> list[Any]:
    """What the classes of these names make of ``settings``, in this order.

    :param option: where the names come from, as in ``driver {} of [agent] drivers``
    :raises error: with one sentence, when there is none of a name or it cannot be imported
    """
    return [_kind(namespace, name, option.format(repr(name)), error)(settings) for name in names]


def _kind(namespace: str, name: str, option: str, error: type[exception.CollectdMgrError]) -> Any:
    try:
        return stevedore.DriverManager(namespace, name).driver
    except NoMatches as cause:
        raise error(f"The {option} cannot be loaded: {cause}") from None
