# SPDX-License-Identifier: Apache-2.0
"""Calls to agents signed by the control plane, Ed25519; :mod:`collectd_mgr.domain.signing` says what is covered."""

from __future__ import annotations

import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from collectd_mgr import exception
from collectd_mgr.domain import signing
from collectd_mgr.domain.signing import Claims, refused
from collectd_mgr.rpc import keys as keys_of
from collectd_mgr.rpc.heard import Heard
from collectd_mgr.rpc.keys import Watched

if TYPE_CHECKING:
    from oslo_config import cfg

LOG = logging.getLogger(__name__)

#: What does something and has no generation that would tell a second time: heard once, it stays so whatever happens.
_ACTS = frozenset({"flush", "notify", "publish", "clock_sync", "plugin_test"})


class Signer:
    """Signs with the first of its keys; the others are those that agents may still know alone.

    :param lifetime: seconds until a call that was not delivered means nothing any more
    """

    def __init__(self, keys: Sequence[str], lifetime: float, clock: Callable[[], float] = time.time) -> None:
        self._key = keys_of.private(keys[0])
        self._id = keys_of.identifier(self._key.public_key())
        self._lifetime = lifetime
        self._clock = clock

    def sign(self, host: str, method: str, arguments: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        """The signature of one call, for its context. :raises ValueError: for arguments that JSON cannot hold"""
        issued = self._clock()
        claims = Claims(host, issued, issued + self._lifetime, uuid.uuid4().hex, self._id)
        value = keys_of.signature(self._key, claims.signed(method, arguments, request_id))
        return {**claims.to_dict(), "value": value}


def signer(conf: cfg.ConfigOpts) -> Signer | None:
    """The signer that ``[signing]`` configures; None where calls are not signed. :raises ValueError: for a bad key"""
    if not conf.signing.key_file:
        return None
    keys = Path(conf.signing.key_file).read_text(encoding="ascii").split()
    if not keys:
        raise ValueError(f"{conf.signing.key_file} holds no key; 'collectd-mgr-manage signing new' prints one.")
    return Signer(keys, conf.signing.lifetime)


class Verifier:
    """The other side, for one host. May be asked by any thread.

    :param keys_file: public keys, one per line, what follows one being a comment; read again when it changes
    :param required: whether a call without a signature is refused; one that has one must be right in any case
    :param heard: which calls came before; in memory alone where there is none
    """

    def __init__(
        self,
        host: str,
        keys_file: str,
        required: bool,
        clock: Callable[[], float] = time.time,
        heard: Heard | None = None,
    ) -> None:
        self._host = host
        self._required = required
        self._file = Watched(keys_file, _trusted)
        self._clock = clock
        self._heard = heard or Heard(clock=clock)
        self._refused: Counter[str] = Counter()

    def check(self, context: Mapping[str, Any], method: str, arguments: Mapping[str, Any]) -> None:
        """:raises SignatureRefused: unless the control plane signed this very call, for this host, just now, once"""
        try:
            given = context.get(signing.CONTEXT)
            if given is not None:
                self._verify(given, str(context.get("request_id", "")), method, arguments)
            elif self._required:
                raise refused("unsigned", "It is not signed.")
        except exception.SignatureRefused as error:
            reason = str(error.kwargs["reason_code"])
            self._refused[reason] += 1
            LOG.warning("A call of %s was refused (%s, %s so far).", method, reason, self._refused[reason])
            raise

    def sentences(self) -> tuple[str, ...]:
        """What was refused since the agent started, for the status; nothing of it looks like a secret."""
        return tuple(f"Calls that were refused: {count} ({reason})." for reason, count in sorted(self._refused.items()))

    def _verify(self, given: Any, request_id: str, method: str, arguments: Mapping[str, Any]) -> None:
        claims = Claims.from_dict(given if isinstance(given, Mapping) else {})
        key = self._trusted().get(claims.key)
        if key is None:
            raise refused("unknown_key", "The key that signed it is not trusted here.")
        if not keys_of.signed(key, given, _content(claims, method, arguments, request_id)):
            raise refused("forged", "It is not what was signed.")
        claims.check(self._host, self._clock())
        if not self._heard.first(claims.nonce, claims.expires, lasting=method in _ACTS):
            raise refused("replayed", "It was heard before.")

    def _trusted(self) -> Mapping[str, Ed25519PublicKey]:
        """The keys in force; a file that cannot be read leaves none."""
        try:
            return self._file.read()
        except (OSError, ValueError) as error:
            LOG.error("The keys that this host trusts cannot be read: %s", error)
            return {}


def _content(claims: Claims, method: str, arguments: Mapping[str, Any], request_id: str) -> bytes:
    try:
        return claims.signed(method, arguments, request_id)
    except ValueError:
        raise refused("forged", "What JSON cannot hold was never signed.") from None


def _trusted(text: str) -> dict[str, Ed25519PublicKey]:
    """By id. :raises ValueError: for a line that is no key"""
    found = [keys_of.public(line[0]) for line in keys_of.words(text)]
    return {keys_of.identifier(key): key for key in found}
