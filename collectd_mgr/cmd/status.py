# SPDX-License-Identifier: Apache-2.0
"""collectd-mgr-status upgrade check: whether this version can run on what is there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from oslo_upgradecheck import upgradecheck
from oslo_upgradecheck.upgradecheck import Code, Result

from collectd_mgr.cmd import configuration
from collectd_mgr.db import schema
from collectd_mgr.db.engine import Database

if TYPE_CHECKING:
    from oslo_config import cfg


class Checks(upgradecheck.UpgradeCommands):
    """Each check is a sentence and a function; the exit code is the worst of them (0, 1 or 2)."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self.conf = conf


def _keys(checks: Checks) -> Result:
    try:
        Database(checks.conf).close()
    except (ValueError, OSError) as error:
        return Result(Code.FAILURE, str(error))
    return Result(Code.SUCCESS)


def _tables(checks: Checks) -> Result:
    database = Database(checks.conf)
    found, wanted = schema.version(database), schema.head()
    database.close()
    if found == wanted:
        return Result(Code.SUCCESS)
    return Result(Code.FAILURE, f"At revision {found}, not {wanted}: run collectd-mgr-manage db sync.")


Checks._upgrade_checks = (("Keys of the encrypted columns", _keys), ("Tables", _tables))


def main(argv: Sequence[str] | None = None) -> int:
    conf = configuration.new()
    code: int = upgradecheck.main(
        conf, configuration.PROJECT, Checks(conf), argv=list(sys.argv[1:] if argv is None else argv)
    )
    return code
