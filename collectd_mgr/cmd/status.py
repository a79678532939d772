# SPDX-License-Identifier: Apache-2.0
"""collectd-mgr-status upgrade check: whether this version can run on what is there."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from oslo_upgradecheck import upgradecheck
from oslo_upgradecheck.upgradecheck import Code, Result

from collectd_mgr import exception
from collectd_mgr.cmd import configuration
from collectd_mgr.db import generations, schema, sealing
from collectd_mgr.db.engine import Database

if TYPE_CHECKING:
    from oslo_config import cfg


class Checks(upgradecheck.UpgradeCommands):
    """Each check is a sentence and a function; the exit code is the worst of them (0, 1 or 2)."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self.conf = conf


Check = Callable[[Checks], Result]


def _answered(check: Check) -> Check:
    """One that cannot be made has failed, and says why: oslo.upgradecheck would end with a traceback instead."""

    @functools.wraps(check)
    def answered(checks: Checks) -> Result:
        try:
            return check(checks)
        except (ValueError, OSError, exception.CollectdMgrError) as error:
            return Result(Code.FAILURE, str(error))

    return answered


@_answered
def _keys(checks: Checks) -> Result:
    sealing.from_conf(checks.conf)
    return Result(Code.SUCCESS)


@_answered
def _tables(checks: Checks) -> Result:
    with closing(Database(checks.conf)) as database:
        found, wanted = schema.version(database), schema.head()
    if found == wanted:
        return Result(Code.SUCCESS)
    if not schema.knows(found):
        # Migrations only add, so this one runs on it until it is upgraded, too.
        return Result(Code.WARNING, f"At revision {found}: a newer version than this one has migrated it.")
    return Result(Code.FAILURE, f"At revision {found}, not {wanted}: run collectd-mgr-manage db sync.")


@_answered
def _contents(checks: Checks) -> Result:
    with closing(Database(checks.conf)) as database:
        if schema.version(database) is None:
            return Result(Code.SUCCESS)
        with database.reader() as session:
            closed = generations.unreadable(session, database.seal)
    if not closed:
        return Result(Code.SUCCESS)
    return Result(
        Code.FAILURE, f"No key in [secrets] opens what is set on {len(closed)} hosts, {closed[0]} among them."
    )


Checks._upgrade_checks = (
    ("Keys of the encrypted columns", _keys),
    ("Tables", _tables),
    ("What the keys are to open", _contents),
)


def main(argv: Sequence[str] | None = None) -> int:
    conf = configuration.new()
    given = list(sys.argv[1:] if argv is None else argv)
    # 2 of upgrade checks is a failure, too.
    with configuration.understood("collectd-mgr-status"):
        code: int = upgradecheck.main(conf, configuration.PROJECT, Checks(conf), argv=given)
    return code
