# SPDX-License-Identifier: Apache-2.0
"""Keys for signatures on the bus: Ed25519.

A private key is a line of base64 (32 bytes), a public key is ``ed25519:`` and a line of base64. A key's id is the
beginning of the SHA-256 of its public half.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

T = TypeVar("T")

_PREFIX = "ed25519:"


def new() -> str:
    """A fresh private key."""
    return base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def public_half(key: str) -> str:
    """What the other side is to trust of a private key. :raises ValueError: for what is none"""
    return _PREFIX + base64.b64encode(private(key).public_key().public_bytes_raw()).decode()


def private(key: str) -> Ed25519PrivateKey:
    """:raises ValueError: for what is none"""
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("This is no private key; 'collectd-mgr-manage signing new' prints one.") from None


def public(key: str) -> Ed25519PublicKey:
    """:raises ValueError: for what is none"""
    if not key.startswith(_PREFIX):
        raise ValueError(f"a key that does not begin with {_PREFIX}")
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(key[len(_PREFIX) :], validate=True))


def identifier(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def signature(key: Ed25519PrivateKey, content: bytes) -> str:
    return base64.b64encode(key.sign(content)).decode()


def signed(key: Ed25519PublicKey, given: Mapping[str, Any], content: bytes) -> bool:
    """Whether the ``value`` of what came with ``content`` is a signature of it by ``key``."""
    try:
        key.verify(base64.b64decode(str(given.get("value")), validate=True), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def words(text: str) -> list[list[str]]:
    """The lines of a file of keys, each by its words, without comments and empty ones."""
    return [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


class Watched(Generic[T]):
    """What a file says, read again when it has changed. May be asked by any thread."""

    def __init__(self, path: str, understand: Callable[[str], T]) -> None:
        self._path = path
        self._understand = understand
        self._known: tuple[tuple[int, int, int], T] | None = None

    def read(self) -> T:
        """:raises OSError: it cannot be read :raises ValueError: it cannot be understood"""
        found = os.stat(self._path)
        version = found.st_mtime_ns, found.st_size, found.st_ino
        known = self._known
        if known is None or known[0] != version:
            known = self._known = (version, self._understand(Path(self._path).read_text(encoding="utf-8")))
        return known[1]
