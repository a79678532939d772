# SPDX-License-Identifier: Apache-2.0
"""Commands that print what they have even where something failed, and then end with 1."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from osc_lib.command import command
from osc_lib.exceptions import CommandError

Row = dict[str, Any]


class Reporting(command.Command):
    """Exit code 1 where ``failed`` was set; what there is to show is printed all the same."""

    failed = False

    def run(self, parsed_args: argparse.Namespace) -> int:
        return super().run(parsed_args) or int(self.failed)

    def each(self, hosts: Sequence[str], ask: Callable[[str], Iterable[Row]]) -> Iterator[Row]:
        """The rows of ``ask(host)``, each with its ``host``; a host that fails stops no other.

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
