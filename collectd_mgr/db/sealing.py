# SPDX-License-Identifier: Apache-2.0
"""The encrypted columns: what users send may hold secrets, so it lies in the database as Fernet tokens only."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from collectd_mgr import exception

if TYPE_CHECKING:
    from oslo_config import cfg


def new_key() -> str:
    """A fresh key, for ``[secrets] fernet_keys`` or a line of ``key_file``."""
    return Fernet.generate_key().decode()


class Seal:
    """Encrypts with the first key and decrypts with any of them, so that keys can be rotated.

    :raises ValueError: when there is no key, or one that is none
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("[secrets] fernet_keys or key_file must name at least one Fernet key.")
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def close(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, token: str) -> str:
        """:raises CollectdMgrError: when none of the keys opens it"""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise exception.CollectdMgrError("No key in [secrets] opens what the database holds.") from error

    def opens(self, token: str) -> bool:
        """Whether one of the keys does."""
        with suppress(exception.CollectdMgrError):
            return bool(self.open(token))
        return False

    def rotate(self, token: str) -> str:
        """The same content under the newest key."""
        return self._fernet.rotate(token.encode()).decode()


def from_conf(conf: cfg.ConfigOpts) -> Seal:
    """The seal that ``[secrets]`` configures."""
    keys = list(conf.secrets.fernet_keys)
    if conf.secrets.key_file:
        keys += Path(conf.secrets.key_file).read_text(encoding="ascii").split()
    return Seal(keys)
