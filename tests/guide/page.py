# SPDX-License-Identifier: Apache-2.0
"""A page of the documentation, cut into steps: a command or a request, and what the page says comes of it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = "$ openstack collectd "
_REQUEST = re.compile(r"(GET|PUT|PATCH|POST|DELETE) (/\S+)$")
_BY = re.compile(r"\.\. as (\w+)$")
_STATUS = re.compile(r"HTTP (\d{3})$")

#: What stands for more of the same.
MORE = "…"


@dataclass
class Step:
    """Lines of a literal block, without their indentation. ``asked`` is what is sent, ``told`` what comes.

    ``by`` is who asks: as the last comment ``.. as SOMEBODY`` of the page says; empty before the first.
    """

    asked: list[str]
    told: list[str]
    by: str = ""

    @property
    def is_command(self) -> bool:
        return self.asked[0].startswith(COMMAND)

    @property
    def is_read(self) -> bool:
        """It changes nothing, so it may be asked again."""
        if self.is_command:
            return bool({"list", "show", "grid", "explain"} & set(self.arguments[:3]))
        return self.asked[0].startswith("GET ")

    @property
    def arguments(self) -> list[str]:
        """Of a command, behind ``openstack collectd``."""
        return shlex.split("\n".join(self.asked).replace("\\\n", " ").removeprefix(COMMAND))

    @property
    def request(self) -> tuple[str, str, Any]:
        """Method, address and JSON body."""
        method, address = self.asked[0].split()
        body = "\n".join(self.asked[1:])
        return method, address, json.loads(body) if body else None

    @property
    def status(self) -> int:
        return int(self.told[0].removeprefix("HTTP "))

    @property
    def answer(self) -> Any:
        """The JSON of the page, or None; what is left out is there as the key, or the item, :data:`MORE`."""
        text = "\n".join(self.told[1:])
        text = re.sub(rf"(?<=[{{,])\s*{MORE}(?=\s*}})", f' "{MORE}": null', text)
        return json.loads(re.sub(rf"(?<=,)\s*{MORE}(?=\s*])", f' "{MORE}"', text)) if text else None


class Page:
    """``steps`` in their order; what is changed in them is in :meth:`text`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._parts: list[str | Step] = list(_parts(path.read_text().splitlines()))

    @property
    def steps(self) -> list[Step]:
        return [part for part in self._parts if isinstance(part, Step)]

    def text(self) -> str:
        lines: list[str] = []
        for part in self._parts:
            lines += [part] if isinstance(part, str) else [f"    {line}" for line in (*part.asked, *part.told)]
        return "\n".join(line.rstrip() for line in lines) + "\n"


def _parts(lines: list[str]) -> Iterator[str | Step]:
    step: Step | None = None
    by = ""
    for line in lines:
        by = found[1] if (found := _BY.match(line)) else by
        inside = line.removeprefix("    ") if line.startswith("    ") else None
        begins = inside is not None and (inside.startswith(COMMAND) or _REQUEST.match(inside))
        if begins or inside is None:
            yield from _ended(step)
            step = None
        if inside is None or (step is None and not begins):
            yield line
        elif step is None:
            step = Step([inside], [], by)
        elif _is_asked(step, inside):
            step.asked.append(inside)
        else:
            step.told.append(inside)
    yield from _ended(step)


def _is_asked(step: Step, line: str) -> bool:
    if step.told:
        return False
    return step.asked[-1].endswith("\\") if step.is_command else not _STATUS.match(line)


def _ended(step: Step | None) -> Iterator[Step]:
    if step is not None:
        yield step
