# SPDX-License-Identifier: Apache-2.0
"""Which collectd a host is to run, as options of a command."""

from __future__ import annotations

import argparse
from typing import Any


def add_options(parser: argparse.ArgumentParser) -> None:
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--binary", metavar="<path>", help="From now on run this collectd, by its path on the host")
    chosen.add_argument(
        "--image", metavar="<image>", help="From now on run the collectd of this image, where it runs in a container"
    )
    chosen.add_argument(
        "--as-configured", action="store_true", help="From now on run the collectd that the host is configured for"
    )


def asked(args: argparse.Namespace) -> dict[str, Any]:
    """What is asked for, as the API takes it: a null of either kind is the configured one."""
    named = {kind: getattr(args, kind) for kind in ("binary", "image") if getattr(args, kind) is not None}
    return {"binary": None} if args.as_configured else named
