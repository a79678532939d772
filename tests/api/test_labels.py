# SPDX-License-Identifier: Apache-2.0
"""Labels of a host that many set at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping

import webob

from collectd_mgr.db.hosts import LABELS_LIMIT
from tests.api.service import Service

HOST = "cn1.example.org"


def patched(service: Service, labels: Mapping[str, str | None]) -> webob.Response:
    request = webob.Request.blank(f"/v1/hosts/{HOST}", method="PATCH", headers={"X-Auth-Token": "admin"})
    request.body, request.content_type = json.dumps({"labels": labels}).encode(), "application/json"
    return request.get_response(service.application)


def test_none_of_many_that_are_set_at_once_is_lost(service: Service) -> None:
    service.agent(HOST)
    patched(service, {"old": "x", "spare": "x"})
    answers: list[int] = []

    def label(number: int) -> None:
        body = {f"k{number}": "x", "same": "x", "old": None}
        answers.append(patched(service, body).status_int)

    threads = [threading.Thread(target=label, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    labels = json.loads(patched(service, {}).text)["host"]["labels"]
    assert labels == dict.fromkeys(("same", "spare", *(f"k{number}" for number in range(8))), "x")


def test_more_than_a_host_may_have_changes_nothing(service: Service) -> None:
    service.agent(HOST)
    full = {f"k{number}": "x" for number in range(LABELS_LIMIT)}
    assert patched(service, full).status_int == 200
    answer = patched(service, {"k0": "y", "more": "x"})
    assert (answer.status_int, json.loads(answer.text)["errors"][0]["code"]) == (400, "bad_request")
    assert json.loads(patched(service, {}).text)["host"]["labels"] == full
    assert patched(service, {"k0": None, "more": "x"}).status_int == 200


def test_all_that_a_host_may_have_are_exchanged_at_once(service: Service) -> None:
    service.agent(HOST)
    old, new = ([f"{kind}{number}" for number in range(LABELS_LIMIT)] for kind in "ab")
    assert patched(service, dict.fromkeys(old, "x")).status_int == 200
    answer = patched(service, {**dict.fromkeys(old), **dict.fromkeys(new, "x")})
    assert (answer.status_int, set(json.loads(answer.text)["host"]["labels"])) == (200, set(new))
