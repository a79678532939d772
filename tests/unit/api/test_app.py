# SPDX-License-Identifier: Apache-2.0
"""What stands around the API: the real middleware, without the services behind it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import webob
from keystoneauth1 import loading

from collectd_mgr.api import app
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.db import schema
from collectd_mgr.db.engine import Database
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.testing import configuration
from tests.unit.rpc.buses import rpc_bus

AUTH_URI = "http://keystone.example.org/v3"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(configuration.scratch(f"sqlite:///{tmp_path}/state.db"))
    schema.sync(database)
    yield database
    database.close()


def application(database: Database, **sections: dict[str, Any]) -> app.Application:
    conf = configuration.scratch("sqlite://")
    loading.register_auth_conf_options(conf, "keystone_authtoken")
    conf.register_opts(loading.get_auth_plugin_conf_options("password"), "keystone_authtoken")
    control = HostControl(database, AgentAPI(rpc_bus()))
    # The middleware registers its options when it is made, so that it is made once before they can be set.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app.make(conf, control)
        for section, values in sections.items():
            for name, value in values.items():
                conf.set_override(name, value, section)
        return app.make(conf, control)


def test_who_has_no_token_is_told_where_to_get_one(database: Database) -> None:
    made = application(database, keystone_authtoken={"www_authenticate_uri": AUTH_URI})
    response = webob.Request.blank("/v1/hosts").get_response(made)
    assert response.status_int == 401
    assert response.headers["WWW-Authenticate"] == f'Keystone uri="{AUTH_URI}"'
    assert response.json["errors"][0]["code"] == "unauthorized"
    assert response.headers["X-Openstack-Request-Id"] == response.json["errors"][0]["request_id"]


def test_a_token_that_nobody_can_be_asked_about_is_not_called_invalid(database: Database) -> None:
    """A functional test has a Keystone that says no."""
    away = {"auth_type": "password", "auth_url": "http://127.0.0.1:9/v3", "username": "u", "password": "p"}
    made = application(database, keystone_authtoken=away)
    response = webob.Request.blank("/v1/hosts", headers={"X-Auth-Token": "a-token"}).get_response(made)
    assert (response.status_int, response.json["errors"][0]["code"]) == (503, "identity_unreachable")


def test_the_versions_want_no_token(database: Database) -> None:
    made = application(database)
    assert [webob.Request.blank(path).get_response(made).status_int for path in ("/", "/v1", "/healthcheck")] == [
        200
    ] * 3


def test_behind_a_proxy_links_are_those_of_the_proxy(database: Database) -> None:
    trusted = application(database, oslo_middleware={"enable_proxy_headers_parsing": True})
    assert link(trusted) == "https://api.example.org/v1"
    assert link(application(database)) == "http://localhost/v1"


def link(made: app.Application) -> str:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example.org"}
    response = webob.Request.blank("/v1", headers=headers).get_response(made)
    return str(response.json["version"]["links"][0]["href"])


def test_the_largest_body_can_be_configured(database: Database) -> None:
    made = application(database, oslo_middleware={"max_request_body_size": 10})
    request = webob.Request.blank("/v1/hosts", method="POST", body=b"x" * 11)
    response = request.get_response(made)
    assert (response.status_int, response.json["errors"][0]["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:8912"}, 200),
        ({"Host": "[::1]:8912"}, 200),
        ({"Host": "localhost:8912", "Origin": "http://localhost:3000"}, 200),
        ({"Host": "Box.example.org:8912"}, 200),
        ({"Host": "evil.example:8912"}, 403),
        ({"Host": "192.0.2.1:8912"}, 403),
        ({"Host": "[::1"}, 403),
        ({"Host": "127.0.0.1:8912", "Origin": "https://evil.example"}, 403),
        ({"Host": "127.0.0.1:8912", "Origin": "null"}, 403),
    ],
)
def test_without_keystone_no_page_of_another_machine_is_answered(
    database: Database, headers: dict[str, str], status: int
) -> None:
    made = application(database, api={"auth_strategy": "none", "local_names": ["box.example.org"]})
    response = webob.Request.blank("/v1", headers=headers).get_response(made)
    assert response.status_int == status
    if status != 200:
        assert response.json["errors"][0]["code"] == "foreign_caller"


def test_with_keystone_every_name_is_answered(database: Database) -> None:
    headers = {"Host": "evil.example", "Origin": "https://evil.example"}
    assert webob.Request.blank("/v1", headers=headers).get_response(application(database)).status_int == 200
