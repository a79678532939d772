# SPDX-License-Identifier: Apache-2.0
"""Who may call where nobody is asked who they are: programs of this machine, and no page in its browser.

A page of anywhere can have a browser send simple requests to this machine, and with a name of its own that is made to
mean this machine it could read the answers as well. It can hide neither in ``Host`` and ``Origin``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from collectd_mgr import exception

Application = Callable[..., Iterable[bytes]]


class Loopback:
    """The middleware. ``names``: of this machine, beside ``localhost`` and the addresses of loopback."""

    def __init__(self, application: Application, names: Iterable[str]) -> None:
        self._application = application
        self._names = frozenset(name.lower().rstrip(".") for name in names)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """:raises ForeignCaller: ``Host`` or ``Origin`` is of another machine, or cannot be understood"""
        for header, prefix in (("Host", "//"), ("Origin", "")):
            value = environ.get(f"HTTP_{header.upper()}")
            if value is not None and not self._is_ours(prefix + value):
                raise exception.ForeignCaller(
                    f"Without Keystone the API answers only what this machine asks itself; {header} is another one.",
                    header=header,
                    value=value[:253],
                )
        return self._application(environ, start_response)

    def _is_ours(self, address: str) -> bool:
        try:
            name = (urlsplit(address).hostname or "").rstrip(".")
        except ValueError:
            return False
        return name in self._names or is_loopback(name)


def is_loopback(name: str) -> bool:
    """Whether it is ``localhost``, or written as an address of loopback."""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
