# SPDX-License-Identifier: Apache-2.0
"""The tables. A change here wants a migration; a test compares both."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Boolean, Double, ForeignKey, Index, MetaData, String, Table, UniqueConstraint, true
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import DeclarativeBase, Mapped, attribute_keyed_dict, mapped_column, relationship

from collectd_mgr.db.types import Json, LongText, Moment

#: Names for constraints, so that migrations can speak of them on every database.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

#: MariaDB compares letters of either case as equal unless told otherwise.
_MARIADB = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMES)
    __table_args__: Any = _MARIADB


class Host(Base):
    """A host record: made by the first heartbeat of an agent, forgotten by DELETE.

    ``n`` is the newest generation, ``settled`` the newest whose outcome is known, ``last_good`` the newest
    that the host applied. ``boot``, ``sequence`` and ``health`` belong to the stored ``status`` (masked, brief);
    ``health`` is None where the stored ``capabilities`` are not those that the status speaks of. They are long, and
    only loaded where asked for.
    ``told`` is the state that Ceilometer was told last.
    ``heard`` is the place of its latest report in their order (:func:`collectd_mgr.db.statuses.place`): one that came
    before keeps nobody up. It is the last column, for MariaDB sets them in this order, and others look at it.
    ``clock`` is what its clock was found to be, ``clock_offset`` and ``clock_error`` are in seconds: see
    :mod:`collectd_mgr.domain.clock`.
    """

    __tablename__ = "hosts"
    __table_args__ = (Index("ix_hosts_state_told", "state", "told"), _MARIADB)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    epoch: Mapped[str] = mapped_column(String(32))
    n: Mapped[int] = mapped_column(BigInteger, default=0)
    settled: Mapped[int] = mapped_column(BigInteger, default=0)
    last_good: Mapped[int] = mapped_column(BigInteger, default=0)
    description: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    heartbeat_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    claimed_until: Mapped[datetime | None] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(16), default="unknown", index=True)
    told: Mapped[str] = mapped_column(String(16), default="", server_default="")
    running: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    mode: Mapped[str | None] = mapped_column(String(16))
    driver: Mapped[str | None] = mapped_column(String(64))
    boot: Mapped[int] = mapped_column(BigInteger, default=0)
    sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    health: Mapped[str | None] = mapped_column(String(32))
    status: Mapped[dict[str, Any] | None] = mapped_column(Json)
    capabilities: Mapped[dict[str, Any] | None] = mapped_column(Json, deferred=True, deferred_raiseload=True)
    capabilities_digest: Mapped[str] = mapped_column(String(32), default="", server_default="")
    clock: Mapped[str] = mapped_column(String(16), default="unknown", server_default="unknown", index=True)
    clock_offset: Mapped[float | None] = mapped_column(Double)
    clock_error: Mapped[float | None] = mapped_column(Double)
    heard: Mapped[str] = mapped_column(String(40), default="", server_default="")

    label_rows: Mapped[dict[str, Label]] = relationship(
        collection_class=attribute_keyed_dict("name"), cascade="all, delete-orphan", lazy="raise"
    )
    labels: AssociationProxy[dict[str, str]] = association_proxy(
        "label_rows", "value", creator=lambda name, value: Label(name=name, value=value)
    )


class Label(Base):
    """A label of a host, by which hosts are chosen."""

    __tablename__ = "host_labels"
    __table_args__ = (Index("ix_host_labels_name_value", "name", "value"), _MARIADB)

    host_id: Mapped[str] = mapped_column(ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    value: Mapped[str] = mapped_column(String(255))


class Generation(Base):
    """A spec that a host had or has. ``sealed`` is its content, encrypted; ``outcome`` as the agent reported it."""

    __tablename__ = "generations"

    host_id: Mapped[str] = mapped_column(ForeignKey("hosts.id", ondelete="CASCADE"), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    epoch: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[str] = mapped_column(LongText)
    digest: Mapped[str] = mapped_column(String(32))
    outcome: Mapped[str | None] = mapped_column(String(16))
    action: Mapped[str] = mapped_column(String(32))
    plugin: Mapped[str] = mapped_column(String(63), default="")
    setting: Mapped[str] = mapped_column(String(255), default="")
    expires_in: Mapped[float | None] = mapped_column(Double)
    user: Mapped[str] = mapped_column("user_id", String(255), default="")
    project: Mapped[str] = mapped_column("project_id", String(255), default="")
    request_id: Mapped[str] = mapped_column(String(64), default="")
    reason: Mapped[str] = mapped_column(String(255), default="")
    rollback_of: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Operation(Base):
    """What a user polls; see :mod:`collectd_mgr.domain.operations`. It outlives its host's record.

    ``parts`` are the names of what was set of the plugin, with commas; it is empty where that was the whole.
    ``told`` is ``failed`` when Ceilometer was told that it did.
    """

    __tablename__ = "operations"
    __table_args__ = (
        Index("ix_operations_host_state", "host", "state"),
        Index("ix_operations_state_told", "state", "told"),
        _MARIADB,
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    plugin: Mapped[str] = mapped_column(String(63), default="")
    setting: Mapped[str] = mapped_column(String(255), default="")
    expires_in: Mapped[float | None] = mapped_column(Double)
    action: Mapped[str] = mapped_column(String(32))
    user: Mapped[str] = mapped_column("user_id", String(255), default="")
    project: Mapped[str] = mapped_column("project_id", String(255), default="")
    request_id: Mapped[str] = mapped_column(String(64), default="")
    reason: Mapped[str] = mapped_column(String(255), default="")
    epoch: Mapped[str] = mapped_column(String(32))
    from_n: Mapped[int] = mapped_column(BigInteger)
    to_n: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    told: Mapped[str] = mapped_column(String(16), default="", server_default="")
    driver: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    warnings: Mapped[list[str] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Moment, index=True)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    parts: Mapped[str] = mapped_column(String(32), default="", server_default="")


class Notification(Base):
    """A notification of a host, or ``count`` that were the same. ``number`` is the agent's: it orders those of a host.

    ``muted`` is the name of the mute that kept it from being published.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("host", "number", name="uq_notifications_host_number"),
        Index("ix_notifications_time", "time"),
        Index("ix_notifications_received_at", "received_at"),
        _MARIADB,
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    number: Mapped[int] = mapped_column(BigInteger)
    severity: Mapped[str] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(LongText)
    time: Mapped[datetime] = mapped_column(Moment)
    since: Mapped[datetime] = mapped_column(Moment)
    count: Mapped[int] = mapped_column(BigInteger)
    identifier: Mapped[str] = mapped_column(String(700))
    plugin: Mapped[str] = mapped_column(String(128))
    type: Mapped[str] = mapped_column(String(128))
    meta: Mapped[dict[str, Any] | None] = mapped_column(Json)
    muted: Mapped[str | None] = mapped_column(String(63))
    received_at: Mapped[datetime] = mapped_column(Moment)


class Duty(Base):
    """What one conductor at a time does: until when, and which."""

    __tablename__ = "duties"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(36), default="", server_default="")
    until: Mapped[datetime | None] = mapped_column(Moment)


def table(model: type[Base]) -> Table:
    """The table itself, for statements that need no objects: they take a third of the time."""
    return cast(Table, model.__table__)
