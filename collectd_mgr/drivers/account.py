# SPDX-License-Identifier: Apache-2.0
"""The user that collectd runs as, where that is not the agent's own, and what it may see of the agent's files.

Directories of the agent stay root's, so that nothing in them can be put there by collectd: its group may pass
through, or list them. A file with secrets belongs to the user alone, for a group may have other members.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from collectd_mgr import exception


@dataclass(frozen=True)
class Account:
    """``user`` with its first group; the default is whoever runs the agent, from whom nothing need be kept."""

    user: str = ""
    uid: int = -1
    gid: int = -1

    @property
    def users(self) -> frozenset[int]:
        """Who may start a collectd of this configuration: anybody else can start one that looks so."""
        return frozenset({0, os.geteuid(), self.uid if self.user else 0})

    def command(self, *command: str) -> list[str]:
        """``command`` as this user; the process has the same pid and command line as without."""
        if not self.user:
            return list(command)
        groups = "--clear-groups" if self.user.isdecimal() else "--init-groups"
        change = ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", groups, "--"]
        return [*change, *command]

    def seat(self, socket: Path) -> None:
        """Have a directory in which this user can listen on ``socket``. Safe to repeat.

        One that was there and has other things in it is as whoever made it wants it.
        """
        directory = socket.parent
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if all(path.name.startswith(socket.name) for path in directory.iterdir()):
            self.hand_over(directory)

    def hand_over(self, directory: Path) -> None:
        """Have a directory be this user's. Safe to repeat."""
        if self.user and directory.stat().st_uid != self.uid:
            os.chown(directory, self.uid, self.gid)

    def pass_through(self, directory: Path) -> None:
        """Have a directory of the agent's in which this user reaches what it knows the name of. Safe to repeat."""
        self._shared(directory, 0o710)

    def show(self, directory: Path) -> None:
        """Have a directory of the agent's that this user may list. Safe to repeat."""
        self._shared(directory, 0o750)

    def _shared(self, directory: Path, mode: int) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.user:
            os.chown(directory, -1, self.gid)
        os.chmod(directory, mode if self.user else 0o700)

    def give(self, descriptor: int) -> None:
        """Have an open file belong to this user."""
        if self.user:
            os.fchown(descriptor, self.uid, self.gid)


def account(user: str) -> Account:
    """The account of a user by name; by numbers (``42431`` or ``42431:42400``) it need not be one of this host.

    :raises NoDriver: there is no such user
    """
    if not user:
        return Account()
    uid, _, gid = user.partition(":")
    if uid.isdecimal() and (gid or uid).isdecimal():
        return Account(uid, int(uid), int(gid or uid)) if int(uid) != os.geteuid() else Account()
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        raise exception.NoDriver(f"There is no user {user!r}, as [collectd] user has it.") from None
    return Account(user, found.pw_uid, found.pw_gid) if found.pw_uid != os.geteuid() else Account()
