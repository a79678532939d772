# SPDX-License-Identifier: Apache-2.0
"""What a signature on a call to an agent covers, and when it counts. The key's part is rpc's business.

A signature stands in the context of a call, beside the request id::

    {"signature": {"host": "cn1.example.org", "issued": 1700000000.0, "expires": 1700000300.0,
                   "nonce": "…", "key": "0123456789abcdef", "value": "<base64>"}}

It is over the host, the method, all its arguments (the generation of a spec among them), the request id, both times,
the nonce and the id of the key: none of them can be changed, nor taken to another host.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import canonical

#: Where in the context of a call its signature stands.
CONTEXT = "signature"

#: So that a signature for this means nothing anywhere else.
_PURPOSE = b"collectd_mgr agent call 1\n"

#: Seconds that the clock of whoever signed may be ahead.
_AHEAD = 60.0


@dataclass(frozen=True)
class Claims:
    """Times are seconds since 1970; ``nonce`` is another one for each call."""

    host: str
    issued: float
    expires: float
    nonce: str
    key: str

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Claims:
        """:raises SignatureRefused: for what is none"""
        try:
            return cls(
                str(data["host"]), float(data["issued"]), float(data["expires"]), str(data["nonce"]), str(data["key"])
            )
        except (KeyError, OverflowError, TypeError, ValueError):
            raise refused("malformed", "Its signature is none.") from None

    def signed(self, method: str, arguments: Mapping[str, Any], request_id: str) -> bytes:
        """The bytes that the key signs. :raises ValueError: for arguments that JSON cannot hold"""
        content = hashlib.sha256(canonical.dumps(arguments).encode()).hexdigest()
        covered = {**self.to_dict(), "method": method, "arguments": content, "request_id": request_id}
        return _PURPOSE + canonical.dumps(covered).encode()

    def check(self, host: str, now: float) -> None:
        """:raises SignatureRefused: where it is for another host, or for another time than ``now``"""
        if self.host != host:
            raise refused("other_host", "It was signed for another host.")
        if not self.issued <= now + _AHEAD:
            raise refused("not_yet", "It was signed in the future: look at the clocks.")
        if not now < self.expires:
            raise refused("expired", "Its signature has expired: it is a replay, or the clocks differ.")


def refused(reason_code: str, sentence: str) -> exception.SignatureRefused:
    return exception.SignatureRefused(f"The host did not take the call. {sentence}", reason_code=reason_code)
