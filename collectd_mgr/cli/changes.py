# SPDX-License-Identifier: Apache-2.0
"""The commands that change hosts have this in common: a request and a row for each host."""

from __future__ import annotations

import abc
import argparse
from collections.abc import Sequence
from typing import Any, ClassVar

from osc_lib.command import command
from osc_lib.exceptions import CommandError

from collectd_mgr.cli import columns, trouble, units
from collectd_mgr.cli.client import Client, MayPass, NotThere, client_of
from collectd_mgr.cli.labels import label
from collectd_mgr.cli.reporting import Reporting
from collectd_mgr.cli.waiting import settled

#: What the API answers a change with; ``plugin`` only where the change is of a plugin.
Answer = dict[str, Any]

_ENDED_BADLY = ("failed", "refused", "unknown")
#: Bad only for somebody who waited for the end: what was asked for is not in effect.
_NOT_IN_EFFECT = ("pending", "applying", "queued", "superseded")


class Change(Reporting, command.Lister, metaclass=abc.ABCMeta):
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

    #: See :mod:`collectd_mgr.cli`.
    rules: ClassVar[tuple[str, ...]]

    @abc.abstractmethod
    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> Answer:
        """The answer of the API to the change of ``host``; ``body`` bears the reason and the generation."""

    def answers(self, client: Client, args: argparse.Namespace) -> list[Answer]:
        """One for each host, in the order in which they were named."""
        return [self._answer(client, host, args) for host in args.hosts]

    def outcome(self, client: Client, operation: dict[str, Any], args: argparse.Namespace) -> Answer:
        """What the answer has besides the operation, as it is when that has ended. :raises CommandError:"""
        return {}

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        if parsed_args.generation is not None and len(parsed_args.hosts or ()) != 1:
            raise CommandError("--generation is the generation of one host: name one host with it.")
        client = client_of(self)
        answers = self.answers(client, parsed_args)
        if parsed_args.wait:
            self._follow(client, answers, parsed_args)
        self._report([answer["operation"] for answer in answers], parsed_args.wait)
        return columns.table(answers, self.shown)

    def _answer(self, client: Client, host: str, args: argparse.Namespace) -> Answer:
        """An error of one host among several is a row; alone it is the error of the command."""
        try:
            return self.send(client, host, args, why(args))
        except CommandError as error:
            if len(args.hosts) == 1:
                raise
            # Who did not answer may have stored it.
            state = "unknown" if isinstance(error, MayPass) else "refused"
            return {"operation": {"host": host, "state": state, "error": {"detail": str(error)}}}

    def _follow(self, client: Client, answers: list[Answer], args: argparse.Namespace) -> None:
        """Put the final operations, and what came of them, in the place of the first answers."""
        sent = [answer for answer in answers if "id" in answer["operation"]]
        ended = settled(client, [answer["operation"] for answer in sent], args.timeout)
        for answer, operation in zip(sent, ended, strict=True):
            if operation != answer["operation"]:
                answer.clear()
                answer.update(self._found(client, operation, args), operation=operation)

    def _found(self, client: Client, operation: dict[str, Any], args: argparse.Namespace) -> Answer:
        """As :meth:`outcome`; nothing, where that cannot be told: the operation has its row all the same."""
        try:
            return self.outcome(client, operation, args)
        except NotThere:
            # It was taken back, or taken away.
            return {}
        except CommandError as error:
            self.log.warning("%s: what it has now cannot be told: %s", operation["host"], error)
            return {}

    def _report(self, operations: Sequence[dict[str, Any]], waited: bool) -> None:
        bad = [operation for operation in operations if ended_badly(operation, waited)]
        self.failed = bool(bad)
        for operation in bad:
            advised = advice(operation)
            if advised:
                self.log.error("%s: %s", operation["host"], advised)
        for operation in operations:
            for warning in operation.get("warnings") or ():
                self.log.warning("%s: %s", operation["host"], columns.plain(warning))


def ended_badly(operation: dict[str, Any], waited: bool) -> bool:
    """Whether a command that asked for it has failed, and ``waited`` for its end if it did."""
    return operation["state"] in (*_ENDED_BADLY, *(_NOT_IN_EFFECT if waited else ()))


def advice(operation: dict[str, Any]) -> str:
    """What to do about an operation that failed, where that is known."""
    error = operation.get("error") or {}
    return trouble.advice(error.get("code", ""), {**error.get("facts", {}), "host": operation["host"]})


def said(operation: dict[str, Any]) -> str:
    """How it is with an operation, in a sentence."""
    error = operation["error"]
    if error:
        return trouble.worded(error["detail"], advice(operation), f"[{error['code']}, operation {operation['id']}]")
    return f"The operation {operation['id']} is {operation['state']}."


def add_lease(parser: argparse.ArgumentParser, required: bool = False) -> None:
    """``--for``: :func:`why` has it as ``expires_in``."""
    parser.add_argument(
        "--for",
        dest="expires_in",
        required=required,
        metavar="<duration>",
        type=units.seconds,
        help="How long it is to hold, by the host's own clock; then the host goes back to what it had: "
        f"{units.DURATION}",
    )


def why(args: argparse.Namespace) -> dict[str, Any]:
    """Reason, generation and time to hold, as far as they were given: what a change may bear."""
    names = ("reason", "generation", "expires_in")
    return {name: getattr(args, name) for name in names if getattr(args, name, None) is not None}


def add_hosts(parser: argparse.ArgumentParser, or_labels: bool = False) -> None:
    """``--host``, once or more, as ``hosts``; and in its place, where ``or_labels``, ``--label`` as ``labels``."""
    group = parser.add_mutually_exclusive_group(required=True) if or_labels else parser
    group.add_argument(
        "--host",
        metavar="<host>",
        dest="hosts",
        action="append",
        required=not or_labels,
        help="Name of the host; give it again for further hosts",
    )
    if or_labels:
        group.add_argument(
            "--label",
            metavar="<key=value>",
            dest="labels",
            type=label,
            action="append",
            help="All hosts that have this label now; given again, hosts that have all of these labels",
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
        "--timeout", metavar="<duration>", type=units.seconds, default=300.0, help="How long --wait waits (default 300)"
    )
