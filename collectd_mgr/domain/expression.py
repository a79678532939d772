# SPDX-License-Identifier: Apache-2.0
"""Regular expressions as collectd's own plugins have them: POSIX, extended, compiled by libc.

Who asks here, on whatever host, gets the verdict and the matches of that host's libc; with glibc everywhere that
is what collectd says.
"""

from __future__ import annotations

import ctypes
import math
import re

from collectd_mgr import exception

LONGEST = 256

#: Repetitions multiply, and glibc takes memory for each: more copies than this are not allowed.
_COPIES = 256

_EXTENDED_WITHOUT_PLACES = 1 | 8
_REPETITION = re.compile(r"\{([0-9]*)(?:,([0-9]*))?\}")
_BACK_REFERENCE = re.compile(r"\\[0-9]")


class Expression:
    """Found anywhere in a text, unless it is anchored; :meth:`matches` tells.

    :raises BadSetting: with ``field`` and libc's own words
    """

    def __init__(self, text: str, field: str = "") -> None:
        self._ready = False
        _check(text, field)
        self._libc = ctypes.CDLL(None)
        self._compiled = ctypes.create_string_buffer(1024)  # regex_t is 64 bytes in glibc.
        status = self._libc.regcomp(self._compiled, _bytes(text), _EXTENDED_WITHOUT_PLACES)
        if status != 0:
            raise _bad(field, text, self._words(status))
        self._ready = True

    def matches(self, text: str) -> bool:
        return bool(self._libc.regexec(self._compiled, _bytes(text), ctypes.c_size_t(0), None, 0) == 0)

    def _words(self, status: int) -> str:
        said = ctypes.create_string_buffer(256)
        self._libc.regerror(status, self._compiled, said, ctypes.c_size_t(len(said)))
        return said.value.decode("utf-8", "replace")

    def __del__(self) -> None:
        if self._ready:
            self._libc.regfree(self._compiled)


def _check(text: str, field: str) -> None:
    """What libc would take, and choke on."""
    if len(_bytes(text)) > LONGEST or not text.isprintable():
        raise _bad(field, text, f"it must be printable, and of {LONGEST} bytes at most")
    if _BACK_REFERENCE.search(text):
        raise _bad(field, text, "back references can take for ever, and are not allowed")
    bounds = (max(int(low or 1), int(high or 1), 1) for low, high in _REPETITION.findall(text))
    if math.prod(bounds) > _COPIES:
        raise _bad(field, text, f"its repetitions come to more than {_COPIES} copies")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _bad(field: str, text: str, reason: str) -> exception.BadSetting:
    return exception.BadSetting(
        f"{field}: {text[:LONGEST]!r} is no regular expression for collectd: {reason}.", field=field, expression=text
    )
