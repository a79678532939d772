# SPDX-License-Identifier: Apache-2.0
"""The connection to the database: an object, so that two of them can live in one process."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from oslo_db import api as retrying
from oslo_db import exception as failures
from oslo_db import options
from oslo_db.sqlalchemy import enginefacade
from sqlalchemy import Connection, Engine, delete, event, false, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session as Session

from collectd_mgr import exception
from collectd_mgr.db import sealing
from collectd_mgr.db.models import Host
from collectd_mgr.db.warm import Warm

if TYPE_CHECKING:
    from oslo_config import cfg

LOG = logging.getLogger(__name__)

#: What runs statements; those without objects (Core) take either.
Executor = Session | Connection

#: A row that must be unique is there already.
Duplicate = failures.DBDuplicateEntry

#: To be raised where a transaction has turned out to be made on an old picture: :func:`retried` makes it anew.
Again = failures.DBDeadlock

F = TypeVar("F", bound=Callable[..., Any])

_PASSED_ON = (
    "connection",
    "slave_connection",
    "connection_recycle_time",
    "connection_debug",
    "connection_parameters",
    "connection_trace",
    "max_pool_size",
    "max_overflow",
    "max_retries",
    "retry_interval",
    "mysql_sql_mode",
    "mysql_wsrep_sync_wait",
    "sqlite_synchronous",
)


def now() -> datetime:
    """UTC, without a zone, as the columns hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


def retried(function: F) -> F:
    """``function`` again, a few times after a deadlock and once after a lost connection; it must be safe to repeat.

    Connections that were used just now are not tried before they are used again, so the first to be lost in a
    failover of the database is found out by whoever uses it.

    :raises DatabaseUnreachable: the second time too, or deadlock upon deadlock: later it may go
    """
    return _repeated(function, {})


def retried_as(**second: Any) -> Callable[[F], F]:
    """As :func:`retried`, for what is not safe to repeat: after a lost connection it has these arguments besides.

    What was lost may be the answer to a commit, and all of it is stored.
    """

    def decorate(function: F) -> F:
        return _repeated(function, second)

    return decorate


def _repeated(function: F, second: dict[str, Any]) -> F:
    wrap = retrying.wrap_db_retry(
        max_retries=8, retry_interval=0.05, inc_retry_interval=True, max_retry_interval=1, retry_on_deadlock=True
    )
    wrapped: F = wrap(function)

    @functools.wraps(function)
    def again(*args: Any, **kwargs: Any) -> Any:
        try:
            with contextlib.suppress(exception.DatabaseUnreachable):
                return wrapped(*args, **kwargs)
            return wrapped(*args, **{**kwargs, **second})
        except failures.DBDeadlock as error:
            raise exception.DatabaseUnreachable("The database is too busy.") from error

    return cast("F", again)


def prepare(conf: cfg.ConfigOpts) -> cfg.ConfigOpts:
    """``conf`` with what oslo.db reads from it, and our defaults. Safe to repeat."""
    conf.register_opts(options.database_opts, "database")
    # The first connection of a process: with oslo.db's ten tries, ten seconds apart, every request of an API that was
    # started while the database is away would wait for minutes. Whoever asks, or a job of ours, tries again.
    conf.set_default("max_retries", 1, "database")
    conf.set_default("retry_interval", 0, "database")
    return conf


#: SQLite cannot turn a reader into a writer while somebody else writes: take the lock at once.
_LOCK = delete(Host.__table__).where(false())  # type: ignore[arg-type]


class _Scope:
    """What oslo.db hangs a transaction on; a fresh one makes every transaction independent."""


class Database:
    """Transactions on the database that ``[database]`` names, and the seal of its encrypted columns.

    A process has one; it may be used from many threads.

    :raises ValueError: what is named there is none, or the seal has no key
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        prepare(conf)
        self.seal = sealing.from_conf(conf)
        _check(conf.database.connection)
        self._warm = Warm()
        self._facade = enginefacade.transaction_context()
        # Greenlets would want a pause at each check-in of a connection; there are none.
        self._facade.configure(
            sqlite_fk=True, thread_checkin=False, **{name: getattr(conf.database, name) for name in _PASSED_ON}
        )
        self._facade.append_on_engine_create(_write_ahead)

    @property
    def engine(self) -> Engine:
        engine: Engine = self._facade.writer.get_engine()
        return engine

    @contextmanager
    def reader(self) -> Iterator[Session]:
        """A session that only reads; what it loaded stays readable afterwards. :raises DatabaseUnreachable:"""
        with _reached(), self._facade.reader.using(_Scope()) as session:
            yield session

    @contextmanager
    def writer(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back when an exception leaves it.

        :raises DatabaseUnreachable:
        """
        with _reached(), self._facade.writer.using(_Scope()) as session:
            if session.get_bind().dialect.name == "sqlite":
                session.execute(_LOCK)
            yield session

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """As :meth:`reader`, without a session: for what is asked before every call to a host."""
        with _reached(), self._warm.connection(self.engine) as connection, connection.begin():
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """As :meth:`writer`, without a session: for what is done for every change, by statements without objects."""
        with self.glance() as connection:
            if connection.dialect.name == "sqlite":
                connection.execute(_LOCK)
            yield connection

    def close(self) -> None:
        """Give the connections back. Safe to repeat."""
        self._warm.close()
        self._facade.dispose_pool()


def _check(address: str | None) -> None:
    """Before it is first used, which may be hours later, or in a request. :raises ValueError:"""
    try:
        make_url(address or "").get_dialect().import_dbapi()
    except (ArgumentError, ImportError) as error:
        raise ValueError(f"[database] connection names no database: {error}") from None
    except ValueError:
        # Its text is what was taken for the port, which may be a password.
        raise ValueError("[database] connection names no database: the port in it is no number.") from None


@contextmanager
def _reached() -> Iterator[None]:
    """An outage is no bug of ours; the details are for the log alone."""
    try:
        yield
    except (failures.DBConnectionError, failures.DBNonExistentDatabase, OperationalError) as error:
        LOG.error("The database does not answer: %s", error)
        raise exception.DatabaseUnreachable() from error


def _write_ahead(engine: Engine) -> None:
    """SQLite's write-ahead log: readers go on while somebody writes, and a commit waits for no disk.

    A power cut can take the last commits away, which is a restored database: the hosts go on above it.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _log_ahead)


def _log_ahead(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
