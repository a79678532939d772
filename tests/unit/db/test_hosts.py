# SPDX-License-Identifier: Apache-2.0
"""Records of hosts that two change at once."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from collectd_mgr.db import hosts
from collectd_mgr.db.engine import Again, Database, retried
from collectd_mgr.db.models import Host, table


def test_who_has_an_old_picture_begins_anew(database: Database) -> None:
    """As where reads are repeatable: the record was moved after it was read."""
    with database.writer() as session:
        host = hosts.add(session, "c1.example.org")
        hosts.hold(session, host)
        session.execute(update(table(Host)).values(n=7))
        with pytest.raises(Again):
            hosts.hold(session, host)
        hosts.hold(session, host)
        assert host.n == 7


def test_that_is_what_makes_a_transaction_anew() -> None:
    tries: list[int] = []

    @retried
    def transaction() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise Again
        return len(tries)

    assert transaction() == 3
