# SPDX-License-Identifier: Apache-2.0
"""The commands that ask several hosts, one after the other, have this in common: one that fails stops no other."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from osc_lib.command import command
from osc_lib.exceptions import CommandError

Row = dict[str, Any]


class EachHost(command.Command):
    """Exit code 1 when any host failed; the rows of the others are printed all the same."""

    failed = False

    def run(self, parsed_args: argparse.Namespace) -> int:
        return super().run(parsed_args) or int(self.failed)

    def each(self, hosts: Sequence[str], ask: Callable[[str], Iterable[Row]]) -> Iterator[Row]:
        """The rows of ``ask(host)``, each with its ``host``.

        :raises CommandError: of a host that is the only one; among several it is a line on stderr
        """
        for host in hosts:
            try:
                yield from ({"host": host, **row} for row in ask(host))
            except CommandError as error:
                if len(hosts) == 1:
                    raise
                self.failed = True
                self.log.error("%s: %s", host, error)
