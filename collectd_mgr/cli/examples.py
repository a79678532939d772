# SPDX-License-Identifier: Apache-2.0
"""Examples at the end of a command's help, as they are typed."""

from __future__ import annotations

import argparse


def examples(parser: argparse.ArgumentParser, *lines: str) -> None:
    """Put ``openstack collectd`` before each line; the help and the manual show them unwrapped."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["Examples::", "", *(f"  openstack collectd {line}" for line in lines)])
