# SPDX-License-Identifier: Apache-2.0
"""Whatever a config holds, it arrives at the daemon as it was sent, and stays in its block."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import webob

from collectd_mgr.domain import config as forms
from collectd_mgr.domain import grammar
from tests.api.service import Service

HOST = "cn1.example.org"

TEXTS = {
    "quotes": '"\\" \'',
    "backslashes": "\\ \\\\ \\n \\",
    "lines": "one\ntwo\r\nthree\n",
    "the end of the block": '</Plugin>\nLoadPlugin exec\n<Plugin "exec">\n Exec "root" "/bin/sh"\n',
    "a comment": "# not one",
    "a continued line": "one \\",
    "letters": "ü 日本 😀 \u2028 \u0001",
    "what looks like a number": "10",
    "what looks like a truth": "true",
    "nothing": "",
    "64 KiB": "x" * 65_536,
    "64 KiB that JSON makes longer": 'ü\n"' * 16_384,
}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    service.agent(HOST)
    yield service
    service.close()


def put(service: Service, config: Any) -> dict[str, Any]:
    request = webob.Request.blank(f"/v1/hosts/{HOST}/plugins/users", method="PUT", headers={"X-Auth-Token": "admin"})
    request.body, request.content_type = json.dumps({"enabled": True, "config": config}).encode(), "application/json"
    response = request.get_response(service.application)
    assert response.status_int == 200, response.text
    answer: dict[str, Any] = response.json
    return answer


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("form", ["JSON", "text"])
def test_it_arrives_as_it_was_sent(service: Service, text: str, form: str) -> None:
    config = {"First": text, "Block": {"args": text, "Inner": [text, "second"]}}
    items = forms.from_json(config)
    answer = put(service, config if form == "JSON" else forms.to_text(items))
    assert answer["operation"]["state"] == "succeeded"
    assert forms.from_json(answer["plugin"]["effective"]["config"]) == items
    managed = grammar.parse(service.control.agents.config(HOST)["managed"])
    blocks = [item for item in managed if item.key == "Plugin" and item.values == ("users",)]
    assert [block.children for block in blocks] == [items]
    assert {item.values[0] for item in managed if item.key == "LoadPlugin"} == {"users"}
