# SPDX-License-Identifier: Apache-2.0
"""Bringing a database to the tables that this version wants."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from collectd_mgr.db.engine import Database


def sync(database: Database, revision: str = "head") -> None:
    """Migrate up to ``revision``. Safe to repeat; it only adds to what is there.

    :raises DatabaseUnreachable:
    :raises ValueError: there is no such revision, or a newer version has migrated the database
    """
    # Before alembic finds it out in its own way.
    for each in (version(database), revision):
        if not knows(each):
            raise ValueError(f"This version knows no revision {each}; a newer one may.")
    command.upgrade(_config(database), revision)


def version(database: Database) -> str | None:
    """The revision the database is at, ``None`` for an empty one. :raises DatabaseUnreachable:"""
    with database.glance() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def knows(revision: str | None) -> bool:
    """Whether it is one of this version's; nothing at all is, too."""
    found = ScriptDirectory(str(_migrations())).walk_revisions()
    return revision in (None, "head", *(each.revision for each in found))


def head() -> str | None:
    """The newest revision that this version has."""
    return ScriptDirectory(str(_migrations())).get_current_head()


def revise(database: Database, message: str) -> None:
    """Write a migration for what the models have and the database has not: for developers."""
    command.revision(_config(database), message=message, autogenerate=True)


def _config(database: Database) -> Config:
    config = Config(attributes={"engine": database.engine})
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    return config


def _migrations() -> Path:
    return Path(__file__).with_name("migrations")
