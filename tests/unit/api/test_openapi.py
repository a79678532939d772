# SPDX-License-Identifier: Apache-2.0
"""The document is valid OpenAPI 3.1, and shows what validates."""

from __future__ import annotations

import json

import openapi_spec_validator

from collectd_mgr.api import openapi
from collectd_mgr.api.root import ROOT
from collectd_mgr.api.schemas import plugins


def test_it_is_valid() -> None:
    openapi_spec_validator.validate(json.loads(json.dumps(openapi.document(ROOT))))


def test_it_shows_the_schema_that_validates() -> None:
    put = openapi.document(ROOT)["paths"]["/v1/hosts/{host}/plugins/{plugin}"]["put"]
    assert put["requestBody"]["content"]["application/json"]["schema"] is plugins.WHOLE
