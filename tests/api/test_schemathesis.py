# SPDX-License-Identifier: Apache-2.0
"""Schemathesis asks everything that the OpenAPI document names, in ways that it allows and in ways that it does not.

No answer is a failure of the service, and each is one that the document names: status, content type and schema.

The short form asks the same each time. ``CM_LONG=1`` (by hand) asks much more, and other things each time; the seed is
printed with what failed, and ``CM_SEED`` asks the same once more.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import schemathesis.checks
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from tests.api.contract import DOCUMENT
from tests.api.service import Service

HOST, GONE = "cn1.example.org", "cn9.example.org"

#: Schemathesis does so itself; what it comes to is the same with the same seed.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(DOCUMENT)))

OPERATIONS = {
    operation["operationId"]: (path, verb)
    for path, item in DOCUMENT["paths"].items()
    for verb, operation in item.items()
    if verb != "parameters"
}

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]

#: What stands in addresses, beside what is made up: without these hardly anything would be found.
KNOWN: dict[str, list[Any]] = {
    "host": [HOST],
    "plugin": ["cpu", "memory", "df", "exec"],
    "setting": ["one"],
    "n": [0, 1],
}

LONG = bool(os.environ.get("CM_LONG"))
EXAMPLES = 100 if LONG else 6
SEED = int(os.environ.get("CM_SEED") or (random.SystemRandom().randrange(2**32) if LONG else 20261127))

SO_MANY = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    service.agent(HOST)
    service.agent(GONE)
    yield service
    service.close()


def known(rule: str, path: str) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the parameters of an address, as they are known; the others are made up."""
    places = {name: values for name, values in KNOWN.items() if f"{{{name}}}" in path}
    if rule == "collectd_mgr:hosts:delete":
        places["host"] = [GONE]
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in places.items()})


def asked() -> Iterator[tuple[str, GenerationMode]]:
    for rule, (path, verb) in OPERATIONS.items():
        operation = DOCUMENT["paths"][path][verb]
        yield rule, GenerationMode.POSITIVE
        # Of nothing there is no wrong form.
        if "{" in path or operation["parameters"] or "requestBody" in operation:
            yield rule, GenerationMode.NEGATIVE


@pytest.mark.parametrize(("rule", "mode"), list(asked()), ids=str)
def test_every_answer_is_in_the_document(service: Service, rule: str, mode: GenerationMode) -> None:
    path, verb = OPERATIONS[rule]
    print(f"CM_SEED={SEED}")

    @seed(SEED)
    @SO_MANY
    @given(case=SCHEMA[path][verb].as_strategy(generation_mode=mode), places=known(rule, path))
    def ask(case: schemathesis.Case[Any], places: dict[str, Any]) -> None:
        case.path_parameters = {**(case.path_parameters or {}), **places}
        case.call_and_validate(app=service.application, headers={"X-Auth-Token": "admin"}, checks=CHECKS)

    ask()
