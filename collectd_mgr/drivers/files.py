# SPDX-License-Identifier: Apache-2.0
"""The agent's own directory behind the operator's Include, and how its one file is replaced."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from collectd_mgr import disk
from collectd_mgr.drivers.account import Account

#: The agent's own user.
ROOT = Account()

#: The file that collectd reads. The others begin with a dot, which an Include of a directory passes over.
NAME = "collectd_mgr.conf"
_STAGED = ".collectd_mgr.conf.staged"
_PREVIOUS = ".collectd_mgr.conf.previous"


class ManagedFiles:
    """The managed file in ``directory``: whole at any moment, mode 0600 (secrets are in it in clear).

    :param account: whose files they are; the directory stays the agent's
    """

    def __init__(self, directory: str, account: Account = ROOT) -> None:
        self._directory = Path(directory)
        self._account = account
        #: Nobody knows what an agent before this one left.
        self._unsynced = True

    def prepare(self) -> None:
        """Have the directory. Safe to repeat."""
        self._account.show(self._directory)

    @property
    def path(self) -> Path:
        return self._directory / NAME

    def read(self) -> str | None:
        """The text that a daemon would start with, ``None`` before the first; what is no UTF-8 is not ours."""
        with suppress(FileNotFoundError):
            return self.path.read_text(encoding="utf-8", errors="replace")
        return None

    def stage(self, text: str) -> None:
        """Have ``text`` written, so that :meth:`commit` has nothing left that could fail for want of space."""
        self.prepare()
        self.discard()  # It may be another name of the one that is kept.
        disk.write(self._directory / _STAGED, text, durably=False, give=self._account.give)

    def staged(self) -> str | None:
        """What was staged and neither committed nor discarded."""
        with suppress(FileNotFoundError):
            return (self._directory / _STAGED).read_text(encoding="utf-8")
        return None

    def others(self) -> tuple[str, ...]:
        """What may become, or was, the managed file: a daemon may have been started with either."""
        with suppress(FileNotFoundError):
            return (self.staged() or "", (self._directory / _PREVIOUS).read_text(encoding="utf-8", errors="replace"))
        return (self.staged() or "",)

    def commit(self) -> None:
        """The staged text is the managed file now, in one step, on the disk; the one before it is kept beside it."""
        with suppress(FileNotFoundError):
            self._keep()
        disk.sync(self._directory / _STAGED)
        os.replace(self._directory / _STAGED, self.path)
        disk.sync(self._directory)

    def put(self) -> None:
        """As :meth:`commit`, but under its name on the disk only after the next :meth:`sync`, and none is kept.

        Until then a machine that fails may come up with the file of before. Never with an empty one: some file systems
        write a name before what is under it, so the text comes first.
        """
        disk.sync(self._directory / _STAGED)
        os.replace(self._directory / _STAGED, self.path)
        self._unsynced = True

    def sync(self) -> None:
        """Have the managed file on the disk. Safe to repeat."""
        if self._unsynced:
            with suppress(FileNotFoundError):
                disk.sync(self.path)
                disk.sync(self._directory)
            self._unsynced = False

    def discard(self) -> None:
        """Forget what was staged. Safe to repeat."""
        (self._directory / _STAGED).unlink(missing_ok=True)

    def restore(self, text: str | None) -> None:
        """Go back to ``text``, which :meth:`read` gave before; ``None`` takes the file away. Safe to repeat.

        Back to the one that is kept is possible on a disk that has filled up since.
        """
        if text is not None:
            if not self._stage_kept(text):
                self.stage(text)
            self.commit()
        elif self._directory.is_dir():
            (self._directory / NAME).unlink(missing_ok=True)
            disk.sync(self._directory)

    def _stage_kept(self, text: str) -> bool:
        """Whether the one that is kept is ``text``; it is staged then."""
        kept = self._directory / _PREVIOUS
        with suppress(FileNotFoundError), kept.open(encoding="utf-8", errors="replace") as file:
            if file.read() == text:
                self._account.give(file.fileno())  # collectd may have been another user's by then.
                self.discard()
                os.link(kept, self._directory / _STAGED)
                return True
        return False

    def _keep(self) -> None:
        spare = self._directory / (_PREVIOUS + ".new")
        spare.unlink(missing_ok=True)
        os.link(self._directory / NAME, spare)
        os.replace(spare, self._directory / _PREVIOUS)
