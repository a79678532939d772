# SPDX-License-Identifier: Apache-2.0
"""Column types that mean the same on SQLite, MariaDB and PostgreSQL."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator

#: MariaDB's TEXT ends at 64 KiB, which one plugin's config may have alone.
LongText = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")

#: UTC without a zone, to the microsecond (MariaDB drops fractions unless told).
Moment = DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


class Json(TypeDecorator[Any]):
    """A JSON value as text; SQL never looks into it."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)
