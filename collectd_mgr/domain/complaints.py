# SPDX-License-Identifier: Apache-2.0
"""What lines of collectd's log say of a plugin: each plugin has words of its own."""

from __future__ import annotations

import re

#: How a line says whom it is about, in small letters: ``NAME plugin: …``, ``NAME: …``, ``plugin `NAME' …`` and
#: ``the `NAME' plugin``; a read may be named after the plugin and an instance.
_ABOUT = re.compile(r"(?:the )?(\w[\w-]*)(?: plugin)?:|.*?plugin [`'\"]([\w-]+)[/'\"]|.*?[`'\"]([\w-]+)['\"] plugin")

#: The words in which plugins do not take an option or its value, and go on without it.
_REJECTION = re.compile(
    r"\b(?:invalid|unknown|unrecogni[sz]ed)\b|\bnot (?:allowed|understood|(?:a )?valid)\b|\bdid not register for\b"
    r"|\bfailed to handle\b",
    re.IGNORECASE,
)


def about(line: str) -> str:
    """The plugin that a line is about, in small letters; empty where it does not say."""
    found = _ABOUT.match(line.lower())
    return next(filter(None, found.groups()), "") if found else ""


def rejects(line: str) -> bool:
    """Whether a complaint about the configuration says that something in it is not taken."""
    return bool(_REJECTION.search(line))
