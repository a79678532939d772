# SPDX-License-Identifier: Apache-2.0
"""What the signature of a host covers: of what it reports, and of what it answers. The key's part is rpc's business.

A report (a heartbeat, a status, notifications) has its signature in its context::

    {"signature": {"issued": 1700000000.0, "value": "<base64>"}}

It is over the kind of report, its whole content (the host and the number of the report among it) and the time.
A call asks for a signed answer by a word of its own (``asked`` in its context), and gets, in the place of the answer::

    {"answer": {"result": ...} or {"error": exception.to_dict()}, "value": "<base64>"}

That is over the host, the method, the word and the answer: it is of no use for another call.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

#: Where in the context of a report its signature stands, and in that of a call the word that its answer is to have.
CONTEXT = "signature"
ASKED = "asked"

#: So that a signature for one of them means nothing anywhere else.
_REPORT = b"collectd_mgr report 1\n"
_ANSWER = b"collectd_mgr answer 1\n"


def report(event: str, payload: Any, issued: float) -> bytes:
    """The bytes that the key signs. :raises TypeError: for what JSON cannot hold"""
    return _REPORT + _text([event, issued, _digest(payload)])


def answer(host: str, method: str, asked: str, content: Any) -> bytes:
    """As :func:`report`."""
    return _ANSWER + _text([host, method, asked, _digest(content)])


def _digest(content: Any) -> str:
    return hashlib.sha256(_text(content)).hexdigest()


def _text(value: Any) -> bytes:
    """Equal for equal values. A value of a metric may be NaN: that is text here, and compared as text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
