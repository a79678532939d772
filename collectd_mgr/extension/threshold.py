# SPDX-License-Identifier: Apache-2.0
"""collectd's structure for one threshold, ``threshold_t`` of utils_threshold.h: the same from 5.9 to 5.13."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from collectd_mgr.domain import thresholds
from collectd_mgr.domain.thresholds import BOUNDS, TEXTS
from collectd_mgr.extension.memory import Memory, Unreadable

# Six texts, five doubles, flags, hits, next.
RECORD = struct.Struct("128s128s128s128s128s128sdddddIiQ")

#: Bytes that libc gives away with one where they would be too few for anybody else: one that were larger by them would
#: not be told from that, and finds nothing but zeros in ours.
ROOM = 16

#: The bits of the flags.
FLAGS = {"invert": 0x01, "persist": 0x02, "percentage": 0x04, "interesting": 0x08, "persist_ok": 0x10}

#: More thresholds under one key are none: a type has not so many data sources.
_LONGEST = 1000


@dataclass(frozen=True)
class Record:
    """One threshold as it lies in memory, without its ``next``. Equal ones judge alike."""

    content: bytes

    @property
    def setting(self) -> dict[str, Any]:
        """As the domain has it, in its normal form."""
        fields = RECORD.unpack(self.content + bytes(8))
        found: dict[str, Any] = {name: _text(field) for name, field in zip(TEXTS, fields)}
        bounds = dict(zip((*BOUNDS, "hysteresis"), fields[6:11]))
        found |= {name: bound for name, bound in bounds.items() if not math.isnan(bound)}
        found |= {name: bool(fields[11] & bit) for name, bit in FLAGS.items()}
        return {**found, "hits": fields[12]}

    @property
    def interesting(self) -> bool:
        return bool(RECORD.unpack(self.content + bytes(8))[11] & FLAGS["interesting"])

    def quiet(self) -> Record:
        """The same, without an alarm when values are missing."""
        fields = list(RECORD.unpack(self.content + bytes(8)))
        fields[11] &= ~FLAGS["interesting"]
        return replace(self, content=RECORD.pack(*fields)[:-8])

    def with_next(self, address: int) -> bytes:
        """As collectd is given it, with :data:`ROOM` behind it."""
        return self.content + struct.pack("Q", address) + bytes(ROOM)


def record(setting: Mapping[str, Any]) -> Record:
    """The record of a setting in its normal form, as collectd makes it from its configuration."""
    texts = [setting.get(name, "").encode("utf-8", "surrogateescape") for name in TEXTS]
    bounds = [setting.get(name, math.nan) for name in BOUNDS]
    given = {"interesting": True, **setting}
    flags = sum(bit for name, bit in FLAGS.items() if given.get(name, False))
    packed = RECORD.pack(*texts, *bounds, setting.get("hysteresis", 0.0), flags, setting.get("hits", 0), 0)
    return Record(packed[:-8])


def read(memory: Memory, address: int) -> list[Record]:
    """The list of thresholds that begins at ``address``.

    :raises Unreadable: there is none
    """
    return list(_chain(memory, address))


def _chain(memory: Memory, address: int) -> Iterator[Record]:
    for _ in range(_LONGEST):
        content = memory.read(address, RECORD.size)
        fields = RECORD.unpack(content)
        if fields[11] & ~sum(FLAGS.values()) or any(b"\0" not in text for text in fields[:6]):
            raise Unreadable(hex(address))
        yield Record(_clean(fields))
        address = fields[-1]
        if not address:
            return
    raise Unreadable(hex(address))


def _clean(fields: tuple[Any, ...]) -> bytes:
    """Without what lies behind the end of a text, and with one kind of NaN."""
    texts = [text.partition(b"\0")[0] for text in fields[:6]]
    numbers = [math.nan if math.isnan(number) else number for number in fields[6:11]]
    return RECORD.pack(*texts, *numbers, *fields[11:13], 0)[:-8]


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def key(first: Record) -> str:
    """Where collectd files a list that begins with it."""
    return thresholds.key(first.setting)
