# SPDX-License-Identifier: Apache-2.0
"""Whatever a client sends, the answer is one of ours and never a bug of the service."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import webob
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.status import HostStatus
from tests.api.contract import DOCUMENT
from tests.api.service import Service

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

PATHS = [(path, verb.upper()) for path, item in DOCUMENT["paths"].items() for verb in item if verb != "parameters"]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)

#: Bodies that get past the first look.
WRITES = st.fixed_dictionaries(
    {"enabled": st.booleans()},
    optional={
        "config": JSON,
        "interval": st.floats() | st.integers(),
        "reason": st.text(max_size=300),
        "generation": st.integers() | st.fixed_dictionaries({"epoch": st.text(), "n": st.integers()}),
    },
)


@pytest.fixture
def service() -> Iterator[Service]:
    """A host that refuses every change at the last moment: what is valid gets that far, and is not stored.

    New for each test: one of them finds the address under which the host is deleted.
    """
    service = Service()
    service.hear(HostStatus("cn1", 1, 1, mode=Mode("observe")))
    yield service
    service.close()


def ask(service: Service, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> webob.Response:
    request = webob.Request.blank(path, method=method, headers={"X-Auth-Token": "admin"})
    if body:
        request.body, request.content_type = body, kind
    return request.get_response(service.application)


def ours(response: webob.Response) -> bool:
    """Not a bug; a silent agent is none."""
    return bool(response.status_int < 500 or json.loads(response.body)["errors"][0]["code"] == "agent_unreachable")


@QUICK
@given(body=WRITES)
def test_a_write(service: Service, body: dict[str, Any]) -> None:
    for method in ("PUT", "PATCH"):
        response = ask(service, method, "/v1/hosts/cn1/plugins/cpu", json.dumps(body).encode())
        assert response.status_int in (400, 409), response.text


@QUICK
@given(body=JSON)
def test_a_patch_of_a_host(service: Service, body: Any) -> None:
    wanted = {"labels": body, "description": "x"}
    for sent in (body, wanted, {"mode": body}, {"mode": {"mode": body}}):
        response = ask(service, "PATCH", "/v1/hosts/nowhere", json.dumps(sent).encode())
        assert response.status_int in (400, 404), response.text


@QUICK
@given(
    body=st.binary(max_size=60),
    kind=st.sampled_from(["application/json", "text/plain", "application/x-www-form-urlencoded", ""]),
)
def test_bytes(service: Service, body: bytes, kind: str) -> None:
    response = ask(service, "PUT", "/v1/hosts/cn1/plugins/cpu", body, kind)
    assert response.status_int in (400, 409, 415), response.text


@QUICK
@given(
    place=st.sampled_from(PATHS),
    parts=st.lists(st.text(min_size=1, max_size=20) | st.just("cn1"), min_size=3, max_size=3),
)
def test_an_address(service: Service, place: tuple[str, str], parts: list[str]) -> None:
    path, method = place
    names = dict(zip(("host", "plugin", "n"), (quote(part, safe="") for part in parts), strict=True))
    assert ours(ask(service, method, path.format(**names, operation=names["plugin"], setting=names["plugin"])))


@QUICK
@given(
    path=st.sampled_from(["/v1/hosts", "/v1/operations", "/v1/hosts/cn1/plugins", "/v1/hosts/cn1/generations"]),
    query=st.dictionaries(
        st.sampled_from(["limit", "marker", "sort_key", "sort_dir", "label", "since", "state", "in_sync", "user"]),
        st.text(max_size=12) | st.integers().map(str),
        max_size=3,
    ),
)
def test_a_query(service: Service, path: str, query: dict[str, str]) -> None:
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    assert ask(service, "GET", f"{path}?{asked}").status_int in (200, 400)


def test_what_is_too_deep_or_too_large(service: Service) -> None:
    deep = b'{"enabled": true, "config": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert ask(service, "PUT", "/v1/hosts/cn1/plugins/cpu", deep).status_int in (400, 413)
    large = b'{"enabled": true, "reason": "' + b"x" * 2_000_000 + b'"}'
    assert ask(service, "PUT", "/v1/hosts/cn1/plugins/cpu", large).status_int == 413


def test_bytes_in_an_address(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    answer = ask(service, "GET", "/v1/hosts/%ff%fe")
    assert (answer.status_int, answer.json["errors"][0]["detail"]) == (400, "The address is not UTF-8.")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert ask(service, "GET", "/v1/hosts?marker=%ff").status_int in (200, 400)
    assert ask(service, "GET", "/v1/hosts/%00").status_int in (400, 404)
