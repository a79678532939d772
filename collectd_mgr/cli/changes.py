# SPDX-License-Identifier: Apache-2.0
"""The commands that change hosts have this in common: a request and a row for each host."""

from __future__ import annotations

import abc
import argparse
from collections.abc import Iterable
from typing import Any, ClassVar

from osc_lib.command import command
from osc_lib.exceptions import CommandError

from collectd_mgr.cli import columns, duration
from collectd_mgr.cli.client import Client, client_of
from collectd_mgr.cli.each import EachHost
from collectd_mgr.cli.waiting import settled

#: What the API answers a change with; ``plugin`` only where the change is of a plugin.
Answer = dict[str, Any]

_ENDED_BADLY = ("failed", "refused")
#: Bad only for somebody who waited for the end.
_OPEN = ("pending", "applying")


class Change(EachHost, command.Lister, metaclass=abc.ABCMeta):
    """One request for each of ``hosts``. Exit code 1 when any host failed; the rows are printed all the same."""

    shown: ClassVar[columns.Columns] = {
        "Host": "operation.host",
        "State": "operation.state",
        "Action": "operation.action",
        "Driver": "operation.driver",
        "Generation": "operation.generation.n",
        "Operation": "operation.id",
        "Error": "operation.error.detail",
    }

    @abc.abstractmethod
    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> Answer:
        """The answer of the API to the change of ``host``; ``body`` bears the reason and the generation."""

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        if parsed_args.generation is not None and len(parsed_args.hosts) > 1:
            raise CommandError("--generation is the generation of one host: name one host with it.")
        client = client_of(self)
        answers = [self._answer(client, host, parsed_args) for host in parsed_args.hosts]
        if parsed_args.wait:
            _follow(client, answers, parsed_args.timeout)
        self._report(answers, _ENDED_BADLY if not parsed_args.wait else (*_ENDED_BADLY, *_OPEN))
        return columns.table(answers, self.shown)

    def _answer(self, client: Client, host: str, args: argparse.Namespace) -> Answer:
        """An error of one host among several is a row; alone it is the error of the command."""
        try:
            return self.send(client, host, args, why(args))
        except CommandError as error:
            if len(args.hosts) == 1:
                raise
            return {"operation": {"host": host, "state": "refused", "error": {"detail": str(error)}}}

    def _report(self, answers: Iterable[Answer], bad: Iterable[str]) -> None:
        operations = [answer["operation"] for answer in answers]
        self.failed = any(operation["state"] in bad for operation in operations)
        for operation in operations:
            for warning in operation.get("warnings") or ():
                self.log.warning("%s: %s", operation["host"], warning)


def add_lease(parser: argparse.ArgumentParser) -> None:
    """``--for``: :func:`why` has it as ``expires_in``."""
    parser.add_argument(
        "--for",
        dest="expires_in",
        metavar="<duration>",
        type=duration.seconds,
        help="How long it is to hold, by the host's own clock: seconds, or for example 90s, 10m, 1h30m; then the host "
        "goes back to what it had",
    )


def why(args: argparse.Namespace) -> dict[str, Any]:
    """Reason, generation and time to hold, as far as they were given: what a change may bear."""
    names = ("reason", "generation", "expires_in")
    return {name: getattr(args, name) for name in names if getattr(args, name, None) is not None}


def _follow(client: Client, answers: list[Answer], timeout: float) -> None:
    """Put the final operations, and what the plugins do then, in the place of the first answers."""
    sent = [answer for answer in answers if "id" in answer["operation"]]
    for answer, operation in zip(sent, settled(client, [answer["operation"] for answer in sent], timeout), strict=True):
        if operation != answer["operation"] and "plugin" in answer:
            answer["plugin"] = client.plugin(operation["host"], operation["plugin"])
        answer["operation"] = operation


def add_hosts(parser: argparse.ArgumentParser) -> None:
    """``--host``, once or more, as ``hosts``."""
    parser.add_argument(
        "--host",
        metavar="<host>",
        dest="hosts",
        action="append",
        required=True,
        help="Name of the host; give it again for further hosts",
    )


def add_change_options(parser: argparse.ArgumentParser) -> None:
    """What every change takes: ``--reason``, ``--generation``, ``--wait`` and ``--timeout``."""
    parser.add_argument("--reason", metavar="<text>", help="Why: kept with the operation and the generation")
    parser.add_argument(
        "--generation",
        metavar="<n>",
        type=int,
        help="Change the host only if its spec is still at this generation",
    )
    parser.add_argument(
        "--wait", action="store_true", help="Wait until the operation has ended (with a bar on a terminal)"
    )
    parser.add_argument(
        "--timeout", metavar="<seconds>", type=float, default=300.0, help="How long --wait waits (default 300)"
    )
