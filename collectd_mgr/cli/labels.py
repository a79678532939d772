# SPDX-License-Identifier: Apache-2.0
"""Labels of hosts, as they are typed."""

from __future__ import annotations

import argparse


def label(text: str) -> str:
    """``text`` if it is a label. :raises argparse.ArgumentTypeError: it is none"""
    key, equals, _ = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is no label: KEY=VALUE, for example rack=r12")
    return text
