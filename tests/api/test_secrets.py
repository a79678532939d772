# SPDX-License-Identifier: Apache-2.0
"""A secret goes to the daemon, and to nobody else: not into an answer, a log or the database in clear."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import webob

from collectd_mgr.domain.spec import merge
from collectd_mgr.rpc import transport
from tests.api.contract import DOCUMENT
from tests.api.service import Service
from tests.unit.control.test_hosts import dump

HOST = "cn1.example.org"

#: The same secret in each of its disguises; the last is rejected by the daemon, which quotes it.
CONFIGS: list[Any] = [
    {"Password": "hunter2"},
    {"URL": "https://me:hunter2@example.org/"},
    'Database "x"\nConnect "password=hunter2"\n',
    {"Reject": "no answer from https://me:hunter2@example.org/ with password=hunter2", "Community": "hunter2"},
]


#: What two generations never have in common, whatever is set.
_OWN = {"epoch", "request_id", "created_at"}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    service.agent(HOST)
    yield service
    service.close()


def ask(service: Service, method: str, path: str, body: Any = None) -> str:
    request = webob.Request.blank(path, method=method, headers={"X-Auth-Token": "admin"})
    if body is not None:
        request.body, request.content_type = json.dumps(body).encode(), "application/json"
    return str(request.get_response(service.application).text)


@pytest.mark.parametrize("config", CONFIGS, ids=range(len(CONFIGS)))
def test_it_stays_where_it_is(service: Service, config: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    transport.quiet()
    said = [ask(service, "PUT", f"/v1/hosts/{HOST}/plugins/users", {"enabled": True, "config": config})]
    operation = json.loads(said[0])["operation"]
    service.hear(service.control.agents.status(HOST))
    n = operation["generation"]["n"]
    names = {"host": HOST, "plugin": "users", "n": n, "operation": operation["id"], "setting": "none"}
    for path, item in DOCUMENT["paths"].items():
        if "get" in item:
            said.append(ask(service, "GET", path.format(**names)))
    said += [ask(service, "GET", f"/v1/hosts/{HOST}/config?{query}") for query in ("text", "diff=0", "diff=desired")]
    assert [text for text in said if "hunter2" in text] == []
    assert "hunter2" not in caplog.text
    assert "hunter2" not in dump(service.database)
    spec = service.control.spec_of(HOST, n)
    assert "hunter2" in str(spec.to_dict())
    goal = merge(spec.layers)
    for digest in (spec.digest(), goal.digest(), goal.plugins["users"].config_digest()):
        # As short a part of it as anybody might show would do for a guess.
        assert [text for text in [*said, caplog.text] if digest[:12] in text] == []


def test_a_right_guess_looks_like_a_wrong_one(service: Service) -> None:
    """Nothing that is said of a generation comes from its secrets: not a digest, not a length."""
    told = []
    for host, secret in (("cn2.example.org", "hunter2"), ("cn3.example.org", "a guess")):
        service.agent(host)
        ask(service, "PUT", f"/v1/hosts/{host}/plugins/users", {"enabled": True, "config": {"Password": secret}})
        listed = json.loads(ask(service, "GET", f"/v1/hosts/{host}/generations"))["generations"]
        shown = json.loads(ask(service, "GET", f"/v1/hosts/{host}/generations/1"))["generation"]
        told.append([{key: of[key] for key in of.keys() - _OWN} for of in (*listed, shown)])
    assert told[0] == told[1]
    assert "********" in str(told[0])
