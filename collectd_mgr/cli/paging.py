# SPDX-License-Identifier: Apache-2.0
"""What lists of records have in common: how many rows, and in which order the service is to give them."""

from __future__ import annotations

import argparse
from typing import Any

from collectd_mgr.cli import units

_DIRECTIONS = ("asc", "desc")


def add_options(parser: argparse.ArgumentParser, *keys: str) -> None:
    """``--limit``, and ``--sort`` by one of ``keys``."""
    parser.add_argument("--limit", metavar="<n>", type=units.count, help="At most this many rows")
    parser.add_argument(
        "--sort",
        metavar="<key>[:<direction>]",
        type=_order(keys),
        default={},
        help=f"Which rows come first, before --limit counts: by {', '.join(keys)}; direction asc (the default) or desc",
    )


def _order(keys: tuple[str, ...]) -> Any:
    def parsed(text: str) -> dict[str, str]:
        key, _, direction = text.partition(":")
        if key not in keys or (direction or "asc") not in _DIRECTIONS:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(keys)}, with :asc or :desc behind it")
        return {"sort_key": key, "sort_dir": direction or "asc"}

    return parsed
