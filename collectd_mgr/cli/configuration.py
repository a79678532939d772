# SPDX-License-Identifier: Apache-2.0
"""A plugin's configuration from the command line: ``--config KEY=VALUE`` or a file of collectd.conf text."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from osc_lib.exceptions import CommandError

from collectd_mgr.domain import strict


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--config`` and ``--config-file``, of which one may be given."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--config",
        metavar="<KEY=VALUE>",
        action="append",
        help='An option of the plugin. The value is JSON where it can be (false, 10, "text", [1, 2], an object for a '
        "block), and text otherwise; a key given again is an option given again. All of these together are the whole "
        "configuration: what it was before goes.",
    )
    group.add_argument(
        "--config-file",
        metavar="<file>",
        help="The whole configuration: what stands between <Plugin> and </Plugin> in collectd.conf, or JSON in a file "
        "whose name ends in .json; - is the standard input, as collectd.conf.",
    )


def configuration(args: argparse.Namespace) -> Any:
    """The ``config`` of a request: text, JSON, or ``None`` when no option was given.

    :raises CommandError: when a pair has no key, or the file cannot be read
    """
    if args.config:
        return _options(args.config)
    return None if args.config_file is None else _file(args.config_file)


def _options(pairs: Iterable[str]) -> dict[str, Any]:
    options: dict[str, list[Any]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise CommandError(f"--config takes KEY=VALUE, not {pair!r}.")
        options.setdefault(key, []).append(typed(value))
    return {key: values[0] if len(values) == 1 else values for key, values in options.items()}


def typed(text: str) -> Any:
    """``text`` as JSON where it is JSON; NaN and infinities are not.

    :raises CommandError: where a name stands twice in an object, or what begins as an object is none
    """
    try:
        return strict.loads(text)
    except strict.Twice as error:
        raise CommandError(f"{text}: {error}") from None
    except (ValueError, RecursionError) as error:
        if text.startswith("{"):
            raise CommandError(f'{text}: it begins as a JSON object and is none ({error}); "quote" a text.') from None
        return text


def json_file(name: str) -> Any:
    """What a file holds, or with ``-`` the standard input, as JSON. :raises CommandError: it cannot be read"""
    return _read(name, strict.loads)


def _file(name: str) -> Any:
    return _read(name, strict.loads if name.endswith(".json") else str)


def _read(name: str, understood: Callable[[str], Any]) -> Any:
    try:
        return understood(sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"{name}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """The name of the file stands before it already."""
    return (isinstance(error, OSError) and error.strerror) or str(error)
