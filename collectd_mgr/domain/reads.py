# SPDX-License-Identifier: Apache-2.0
"""What can be asked of a daemon's cache, and how the answer comes in pages."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from collectd_mgr import exception
from collectd_mgr.domain.columns import Columns, Row
from collectd_mgr.domain.expression import LONGEST, Expression, NoExpression, encoded
from collectd_mgr.domain.metrics import Identifier

#: Printable, and as it is in a marker.
_PLAIN = string.punctuation.replace("%", "") + " "


@dataclass(frozen=True)
class Query:
    """Which metrics: of ``plugin`` and ``type``, matching the regular expression ``match``, in the state ``state`` (see
    :data:`.metrics.STATES`); a page of ``limit`` after ``marker``.
    """

    plugin: str | None = None
    type: str | None = None
    match: str | None = None
    state: str | None = None
    limit: int = 1000
    marker: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Query:
        return cls(**data)


def matching(match: str) -> Expression:
    """What finds the metrics of a query. :raises BadRequest: ``match`` is not a regular expression"""
    try:
        return Expression(match)
    except NoExpression as error:
        raise exception.BadRequest(
            f"match: {match[:LONGEST]!r} is no regular expression for collectd: {error}.", parameter="match"
        ) from None


def mark(name: str) -> str:
    """The marker of the page behind this metric: printable ASCII whatever its bytes are, and as a rule the name."""
    return quote(name, safe=_PLAIN, errors="surrogateescape")


def marked(marker: str) -> str:
    """The name that is meant."""
    return unquote(marker, errors="surrogateescape")


@dataclass(frozen=True)
class Page:
    """Rows in order of identifier.

    A row is ``{"id", "interval", "last_update"}`` (seconds) and ``"state"`` (None: not known), with values also
    ``"values": [{"name", "type", "value", "rate"}]``; ``marker`` is ``None`` on the last page.
    ``missing``: how many metrics were there and are gone, as far as that is remembered; only the agent knows. A row of
    one of those has ``"missing_since"`` (seconds since 1970), and no values.
    ``process``: tells the process that has answered from the one before it; for the agent alone.
    """

    rows: Sequence[Row] = ()
    marker: str | None = None
    missing: int | None = None
    process: object = field(default=None, compare=False)

    def to_dict(self) -> dict[str, Any]:
        more = {"marker": self.marker, "missing": self.missing}
        if isinstance(self.rows, Columns):
            return {"columns": self.rows.data, **more}
        return {"rows": list(self.rows), **more}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Page:
        rows = Columns(data["columns"]) if "columns" in data else tuple(data["rows"])
        return cls(rows, data["marker"], data["missing"])


def page(rows: Iterable[Row], query: Query) -> Page:
    """What ``query`` asks for of ``rows``, which are all there are, in any order.

    :raises BadRequest: its ``match`` is not a regular expression
    """
    expression = matching(query.match or "")
    found = sorted((row for row in rows if _asked(row, query, expression)), key=lambda row: str(row["id"]))
    more = len(found) > query.limit
    return Page(tuple(found[: query.limit]), mark(found[query.limit - 1]["id"]) if more else None)


def _asked(row: Row, query: Query, expression: Expression) -> bool:
    identifier = Identifier.of(row["id"])
    return (
        query.plugin in (None, identifier.plugin)
        and query.type in (None, identifier.type)
        and query.state in (None, row["state"])
        and row["id"] > marked(query.marker or "")
        and expression.matches(encoded(row["id"]))
    )


#: What became of a flush of a plugin: made; its callback failed; it has none; it was asked, and nobody tells.
FLUSHED, FAILED, CANNOT, ASKED = OUTCOMES = ("flushed", "failed", "cannot", "asked")


@dataclass(frozen=True)
class Flush:
    """Flush ``plugin`` (all for ``None``), one ``identifier`` or all, data older than ``timeout`` seconds."""

    plugin: str | None = None
    identifier: str | None = None
    timeout: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Flush:
        return cls(**data)
