# SPDX-License-Identifier: Apache-2.0
"""One request, as the handlers see it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from collectd_mgr.api.gate import Gate
from collectd_mgr.api.identity import Identity
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.control.requester import Requester
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.leases import Lease, granted
from collectd_mgr.domain.secrets import mask_words
from collectd_mgr.domain.spec import Generation


@dataclass(frozen=True)
class Services:
    """What the whole application shares."""

    control: HostControl
    gate: Gate
    max_limit: int = 1000
    read_timeout: float = 10.0
    max_metrics: int = 10_000


@dataclass(frozen=True)
class Call:
    """A request that was let in and is valid.

    :param path: the parameters in the address, ``{"host": ..., "plugin": ...}``
    :param query: typed as the schema says
    :param url: of the request, without the query
    :param root: of the service
    """

    services: Services
    path: Mapping[str, str]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    who: Identity = field(default_factory=Identity)
    request_id: str = ""
    url: str = ""
    root: str = ""

    @property
    def control(self) -> HostControl:
        return self.services.control

    @property
    def host(self) -> str:
        return self.path["host"]

    @property
    def requester(self) -> Requester:
        """With the reason, and the time to hold, that the body or the query gives."""
        reason = self.words("reason") or ""
        return Requester(self.who.user, self.who.project, self.request_id, reason, self._said("expires_in"))

    def words(self, name: str) -> str | None:
        """What the user says in words of their own, as it may be stored: without the secrets that can be told."""
        said = self._said(name)
        return None if said is None else mask_words(said)

    @property
    def lease(self) -> Lease | None:
        """For a write that is to hold for a while."""
        seconds = self._said("expires_in")
        return None if seconds is None else granted(seconds, time.time())

    @property
    def expected(self) -> Generation | None:
        """The generation that the client saw: its number, or the whole of it."""
        seen = self._said("generation")
        if seen is None:
            return None
        return Generation("", seen) if isinstance(seen, int) else Generation.from_dict(seen)

    def _said(self, name: str) -> Any:
        body = self.body if isinstance(self.body, dict) else {}
        return body.get(name, self.query.get(name))

    @property
    def limit(self) -> int:
        """Rows of a page: as asked, within what is configured."""
        return self.up_to(self.services.max_limit)

    def up_to(self, most: int) -> int:
        """Rows of a page: as asked, at most so many."""
        return min(int(self.query.get("limit", most)), most)

    def paging(self, sort_key: str = "", sort_dir: str = "asc") -> Paging:
        query = self.query
        order = query.get("sort_key", sort_key), query.get("sort_dir", sort_dir)
        return Paging(self.limit, query.get("marker"), *order)

    def links(self, marker: str | None, limit: int | None = None) -> list[dict[str, str]]:
        """Of a list: itself, and the next page of ``limit`` rows after ``marker``, if there is one."""
        links = [{"rel": "self", "href": self._address(dict(self.query))}]
        if marker is not None:
            links.append(
                {"rel": "next", "href": self._address({**self.query, "limit": limit or self.limit, "marker": marker})}
            )
        return links

    def _address(self, query: Mapping[str, Any]) -> str:
        texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
        return f"{self.url}?{urlencode(texts, doseq=True)}" if texts else self.url
