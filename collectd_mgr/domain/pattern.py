# SPDX-License-Identifier: Apache-2.0
"""Regular expressions as collectd's own: POSIX, extended, by libc.

Python's would hold the GIL for as long as a hostile expression takes, and with it every plugin in Python.
"""

from __future__ import annotations

import ctypes
import re

from collectd_mgr import exception

_EXTENDED_NO_SUBEXPRESSIONS = 1 | 8
_LONGEST = 256

# glibc takes exponential time for back references, and gigabytes for nested repetitions.
_DANGEROUS = re.compile(r"\\[0-9]|\{")


class Pattern:
    """One compiled expression; :meth:`matches` is true when it is found anywhere in the name.

    :raises BadRequest: not an expression, too long, or with ``{}`` or back references
    """

    def __init__(self, text: str) -> None:
        self._ready = False
        if len(text) > _LONGEST or "\0" in text or _DANGEROUS.search(text):
            raise exception.BadRequest(
                f"An expression has at most {_LONGEST} characters, no {{}} and no back references."
            )
        self._libc = ctypes.CDLL(None)
        self._compiled = ctypes.create_string_buffer(512)  # regex_t is 64 bytes in glibc.
        if self._libc.regcomp(self._compiled, text.encode(), _EXTENDED_NO_SUBEXPRESSIONS) != 0:
            raise exception.BadRequest(f"{text!r} is not an extended regular expression.")
        self._ready = True

    def matches(self, name: bytes) -> bool:
        return bool(self._libc.regexec(self._compiled, name, ctypes.c_size_t(0), None, 0) == 0)

    def __del__(self) -> None:
        if self._ready:
            self._libc.regfree(self._compiled)
