# SPDX-License-Identifier: Apache-2.0
"""A plugin's configuration from the command line: ``--config KEY=VALUE`` or a file of collectd.conf text."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from osc_lib.exceptions import CommandError


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--config`` and ``--config-file``, of which one may be given."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--config",
        metavar="<KEY=VALUE>",
        action="append",
        help='An option of the plugin. The value is JSON where it can be (false, 10, "text", [1, 2], an object for a '
        "block), and text otherwise; a key given again is an option given again.",
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
    return _file(args.config_file) if args.config_file else None


def _options(pairs: Iterable[str]) -> dict[str, Any]:
    options: dict[str, list[Any]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise CommandError(f"--config takes KEY=VALUE, not {pair!r}.")
        options.setdefault(key, []).append(typed(value))
    return {key: values[0] if len(values) == 1 else values for key, values in options.items()}


def typed(text: str) -> Any:
    """``text`` as JSON where it is JSON; NaN and infinities are not."""
    try:
        return json.loads(text, parse_constant=_not_json)
    except ValueError:
        return text


def _not_json(name: str) -> Any:
    raise ValueError(name)


def _file(name: str) -> Any:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        return json.loads(text) if name.endswith(".json") else text
    except (OSError, ValueError) as error:
        raise CommandError(f"{name}: {error}") from error
