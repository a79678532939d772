# SPDX-License-Identifier: Apache-2.0
"""Calls to agents signed by the control plane, Ed25519; :mod:`collectd_mgr.domain.signing` says what is covered.

A private key is a line of base64 (32 bytes), a public key is ``ed25519:`` and a line of base64. A key's id is the
beginning of the SHA-256 of its public half.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from collectd_mgr import exception
from collectd_mgr.domain import signing
from collectd_mgr.domain.signing import Claims, refused

if TYPE_CHECKING:
    from oslo_config import cfg

LOG = logging.getLogger(__name__)

_PREFIX = "ed25519:"

#: Calls that are kept in mind before it is worth looking for those that have expired.
_FEW = 1000


def new_key() -> str:
    """A fresh private key."""
    return base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def public_half(key: str) -> str:
    """What agents are to trust of a private key. :raises ValueError: for what is none"""
    return _PREFIX + base64.b64encode(_private(key).public_key().public_bytes_raw()).decode()


class Signer:
    """Signs with the first of its keys; the others are those that agents may still know alone.

    :param lifetime: seconds until a call that was not delivered means nothing any more
    """

    def __init__(self, keys: Sequence[str], lifetime: float, clock: Callable[[], float] = time.time) -> None:
        self._key = _private(keys[0])
        self._id = _id(self._key.public_key())
        self._lifetime = lifetime
        self._clock = clock

    def sign(self, host: str, method: str, arguments: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        """The signature of one call, for its context. :raises ValueError: for arguments that JSON cannot hold"""
        issued = self._clock()
        claims = Claims(host, issued, issued + self._lifetime, uuid.uuid4().hex, self._id)
        value = self._key.sign(claims.signed(method, arguments, request_id))
        return {**claims.to_dict(), "value": base64.b64encode(value).decode()}


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
    """

    def __init__(self, host: str, keys_file: str, required: bool, clock: Callable[[], float] = time.time) -> None:
        self._host = host
        self._required = required
        self._file = keys_file
        self._clock = clock
        self._version: tuple[int, int, int] | None = None
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._seen: dict[str, float] = {}
        self._full = _FEW
        self._lock = threading.Lock()
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
        """What was refused since the agent started, for the status."""
        return tuple(
            f"Calls that were refused for their signature ({reason}): {count}."
            for reason, count in sorted(self._refused.items())
        )

    def _verify(self, given: Any, request_id: str, method: str, arguments: Mapping[str, Any]) -> None:
        claims = Claims.from_dict(given if isinstance(given, Mapping) else {})
        key = self._trusted().get(claims.key)
        if key is None:
            raise refused("unknown_key", "The key that signed it is not trusted here.")
        try:
            value = base64.b64decode(str(given.get("value")), validate=True)
            key.verify(value, claims.signed(method, arguments, request_id))
        except (InvalidSignature, ValueError):
            raise refused("forged", "It is not what was signed.") from None
        claims.check(self._host, self._clock())
        self._once(claims)

    def _once(self, claims: Claims) -> None:
        with self._lock:
            if len(self._seen) >= self._full:
                now = self._clock()
                self._seen = {nonce: expires for nonce, expires in self._seen.items() if expires > now}
                self._full = max(_FEW, 2 * len(self._seen))
            if claims.nonce in self._seen:
                raise refused("replayed", "It was heard before.")
            self._seen[claims.nonce] = claims.expires

    def _trusted(self) -> dict[str, Ed25519PublicKey]:
        """The keys in force; a file that cannot be read leaves none."""
        try:
            found = os.stat(self._file)
            version = found.st_mtime_ns, found.st_size, found.st_ino
            if version != self._version:
                self._keys = _public(Path(self._file).read_text(encoding="utf-8"))
                self._version = version
        except (OSError, ValueError) as error:
            LOG.error("The keys that this host trusts cannot be read: %s: %s", self._file, error)
            self._keys, self._version = {}, None
        return self._keys


def _private(key: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("This is no private key; 'collectd-mgr-manage signing new' prints one.") from None


def _public(text: str) -> dict[str, Ed25519PublicKey]:
    """By id. :raises ValueError: for a line that is no key"""
    keys = [line.split()[0] for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not all(key.startswith(_PREFIX) for key in keys):
        raise ValueError(f"a line that does not begin with {_PREFIX}")
    found = [Ed25519PublicKey.from_public_bytes(base64.b64decode(key[len(_PREFIX) :], validate=True)) for key in keys]
    return {_id(key): key for key in found}


def _id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]
