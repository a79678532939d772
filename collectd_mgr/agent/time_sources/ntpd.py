# SPDX-License-Identifier: Apache-2.0
"""ntpd, of NTPsec or the reference implementation: NTP's mode 6 (RFC 9327), as ntpq speaks it."""

from __future__ import annotations

import re
import shlex
import socket
import struct
import time
from typing import ClassVar

from collectd_mgr.agent.time_sources.base import Silent, TimeSettings, TimeSource, asked
from collectd_mgr.domain.clock import TimeReport

_WANTED = "leap,stratum,refid,reftime,offset,rootdelay,rootdisp"

#: Version 2, mode 6; read variables; sequence, status, association (0: the system), offset, count.
_HEADER = struct.Struct(">BBHHHHH")
_VERSION_AND_MODE = 2 << 3 | 6
_READ_VARIABLES = 2
_RESPONSE, _ERROR, _MORE = 0x80, 0x40, 0x20

#: NTP's seconds begin with 1900.
_EPOCH = 2_208_988_800

_VARIABLE = re.compile(r'\s*(\w+)=("[^"]*"|[^,]*)(?:,|$)')

#: The leap indicator of a clock that follows nothing, and the stratum.
_ALARM, _NONE = "3", 16


class Ntpd(TimeSource):
    name: ClassVar[str] = "ntpd"

    def __init__(self, settings: TimeSettings) -> None:
        self._address = (settings.ntpd_address, settings.ntpd_port)
        self._restart = shlex.split(settings.ntpd_restart)
        self._patience = settings.patience

    def read(self) -> TimeReport:
        try:
            return report(_variables(self._asked().decode("ascii", "replace")))
        except (OSError, ValueError, struct.error) as error:
            raise Silent(f"no answer of ntpd at {self._address[0]}:{self._address[1]}: {error}") from None

    def correct(self, step: bool) -> str:
        """A restart: ntpd asks its servers at once then, and nothing else makes it (mode 6 would want a key).

        It may set the clock then: how far it is off is what it is to find out, and from where on it sets it (0.128 s,
        ``tinker step``, ``-g``) it does not tell.
        """
        return asked(self._restart, 10 * self._patience)

    def _asked(self) -> bytes:
        """The answer's text, put together from its packets."""
        question = _WANTED.encode()
        packet = _HEADER.pack(_VERSION_AND_MODE, _READ_VARIABLES, 1, 0, 0, 0, len(question)) + question
        deadline = time.monotonic() + self._patience
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
            # Connected, so that a port that nobody listens on is known at once.
            connection.connect(self._address)
            connection.send(packet)
            return _collected(connection, deadline)


def _collected(connection: socket.socket, deadline: float) -> bytes:
    parts: dict[int, bytes] = {}
    end: int | None = None
    while end is None or sum(map(len, parts.values())) < end:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        offset, data, more = _unpacked(connection.recv(4096))
        parts[offset] = data
        end = end if more else offset + len(data)
    return b"".join(parts[offset] for offset in sorted(parts))


def _unpacked(packet: bytes) -> tuple[int, bytes, bool]:
    """Where a packet's text belongs, the text, and whether another one follows."""
    first, kind, sequence, status, _association, offset, count = _HEADER.unpack_from(packet)
    if first & 7 != 6 or not kind & _RESPONSE or sequence != 1:
        raise ValueError("it does not answer as ntpd does")
    if kind & _ERROR:
        raise ValueError(f"it refuses to tell (error {status >> 8})")
    return offset, packet[_HEADER.size : _HEADER.size + count], bool(kind & _MORE)


def _variables(text: str) -> dict[str, str]:
    return {name: value.strip().strip('"') for name, value in _VARIABLE.findall(text.replace("\r\n", " "))}


def report(variables: dict[str, str]) -> TimeReport:
    """The system variables as a report. :raises ValueError: one that is needed is missing, or no number"""
    missing = {"leap", "stratum"} - variables.keys()
    if missing:
        raise ValueError(f"it does not say its {', '.join(sorted(missing))}")
    stratum = int(variables["stratum"])
    if variables["leap"] in (_ALARM, "11") or not 0 < stratum < _NONE:
        return TimeReport("ntpd", False, sync_steps=True)
    # In milliseconds, and what is to be added to the clock: ahead is what is to be taken off.
    offset = -float(variables["offset"]) / 1000
    error = float(variables["rootdelay"]) / 2000 + float(variables["rootdisp"]) / 1000
    reference, updated = variables.get("refid"), _time(variables.get("reftime", ""))
    return TimeReport("ntpd", True, reference, stratum, offset, error, updated, sync_steps=True)


def _time(text: str) -> float | None:
    """An NTP time, ``0xSECONDS.FRACTION`` in hexadecimal digits, as seconds since 1970; None for none."""
    seconds, _, fraction = text.split(" ")[0].removeprefix("0x").partition(".")
    if not seconds or not int(seconds, 16):
        return None
    return int(seconds, 16) - _EPOCH + int(fraction or "0", 16) / 2**32
