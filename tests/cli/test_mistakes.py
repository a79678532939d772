# SPDX-License-Identifier: Apache-2.0
"""The mistakes that people make: the message says what to do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.cli.cloud import Cloud
from tests.cli.shell import Shell
from tests.waiting import eventually

HOST, OBSERVED = "cn1.example.org", "cn3.example.org"

#: The command, what is said of it, and what to do.
ANSWERED = [
    (("host", "show", "cn1"), "No host 'cn1' is known.", "openstack collectd host list"),
    (
        ("plugin", "enable", "memory.so", "--host", HOST),
        "'memory.so' is not the name of a collectd plugin.",
        "without .so",
    ),
    (
        ("plugin", "show", "memroy", "--host", HOST),
        f"{HOST} has no plugin 'memroy'.",
        f"openstack collectd capability list --host {HOST}",
    ),
    (
        ("plugin", "enable", "cpu", "--host", OBSERVED),
        f"{OBSERVED} is in mode observe.",
        f"openstack collectd host set {OBSERVED} --mode manage",
    ),
    (
        ("threshold", "show", "nope", "--host", HOST),
        f"{HOST} has no 'nope' in its thresholds.",
        f"openstack collectd threshold list --host {HOST}",
    ),
    (
        ("generation", "show", "99999", "--host", HOST),
        f"{HOST} never had generation 99999.",
        f"openstack collectd generation list --host {HOST}",
    ),
    (
        ("plugin", "set", "cpu", "--host", HOST, "--interval", "0"),
        "body.interval: must be at least 0.001.",
        "bad_request",
    ),
    (
        ("operation", "list", "--state", "done"),
        "query.state: must be pending or applying or queued or succeeded",
        "bad_request",
    ),
]

#: The arguments, and what is said before anything is asked.
NOT_TAKEN = [
    (("plugin", "enable", "cpu", "--host", HOST, "--interval", "10sec"), "'10sec' is no duration: seconds"),
    (("plugin", "enable", "cpu", "--host", HOST, "--for", "a while"), "'a while' is no duration: seconds"),
    (("operation", "list", "--since", "yesterday"), "'yesterday' is no time: ISO 8601"),
    (("buffer", "set", "--host", HOST, "--spool", "64 MB"), "'64 MB' is no size: bytes"),
    (("operation", "list", "--limit", "-1"), "'-1' is no count: a whole number"),
    (("metric", "list", "--host", HOST, "--limit", "0"), "'0' is no count: a whole number"),
    (("value", "watch", "--host", HOST, "--times", "often"), "'often' is no count: a whole number"),
    (("host", "list", "--label", "rack"), "'rack' is no label: KEY=VALUE"),
    (("host", "config", "show", HOST, "--diff", "yesterday"), "neither desired nor the number of a generation"),
    (("threshold", "set", "x", "--host", HOST, "--plugin", "cpu"), "are required: --type"),
    (("mute", "set", "x", "--host", HOST, "--identifier", "*"), "are required: --for"),
    (("plugin", "enable", "cpu"), "are required: --host"),
]

#: The same, where it is the command that finds it.
REFUSED = [
    (("plugin", "enable", "cpu", "--host", HOST, "--config", "Foo"), "--config takes KEY=VALUE, not 'Foo'."),
    (("plugin", "enable", "cpu", "--host", HOST, "--config", 'Foo={"a": 1'), '"quote" a text.'),
    (("plugin", "enable", "cpu", "--host", HOST, "--config-file", "no.conf"), "no.conf: No such file or directory"),
    (("host", "preview", HOST, "--file", "no.json"), "no.json: No such file or directory"),
    (("plugin", "set", "cpu", "--host", HOST), "give --interval, --config or --config-file"),
    (("buffer", "set", "--host", HOST), "Give --queue-high, --spool or both"),
    (("buffer", "set", "--host", HOST, "--default", "--spool", "1M"), "or --default alone"),
    (("buffer", "set", "--host", HOST, "--queue-low", "5"), "--queue-low is nothing without --queue-high"),
]


@pytest.mark.parametrize(("command", "said", "advised"), ANSWERED, ids=lambda part: " ".join(part[:3]))
def test_what_the_api_refuses(openstack: Shell, command: tuple[str, ...], said: str, advised: str) -> None:
    line = openstack.error(*command)
    assert line.startswith(said)
    assert advised in line
    assert ", request req-" in line


@pytest.mark.parametrize(("command", "said"), NOT_TAKEN, ids=lambda part: " ".join(part[:3]))
def test_what_is_not_taken(openstack: Shell, command: tuple[str, ...], said: str) -> None:
    ended = openstack(*command)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err.splitlines()[-1]


@pytest.mark.parametrize(("command", "said"), REFUSED, ids=lambda part: " ".join(part[:3]))
def test_what_the_command_refuses(openstack: Shell, command: tuple[str, ...], said: str) -> None:
    assert said in openstack.error(*command)


def test_a_plugin_that_is_none(openstack: Shell) -> None:
    said = openstack("plugin", "enable", "memroy", "--host", HOST, "--wait", "-f", "json")
    assert (said.code, said.json[0]["State"]) == (1, "failed")
    wanted = f"To see which plugins can be loaded: openstack collectd capability list --host {HOST}"
    assert said.err == f"{HOST}: {wanted}\n"


def test_what_a_file_on_the_host_stops(cloud: Cloud, openstack: Shell) -> None:
    """To set another mode from here would change nothing."""
    cloud.mode_file(OBSERVED).write_text("mode = observe\nreason = disk replacement\n")
    try:
        eventually(lambda: openstack.ok("host", "show", OBSERVED)["mode_set_by"] == "file")
        said = openstack.error("plugin", "enable", "cpu", "--host", OBSERVED)
    finally:
        cloud.mode_file(OBSERVED).unlink()
        eventually(lambda: openstack.ok("host", "show", OBSERVED)["mode_set_by"] != "file")
    assert said.startswith(f"{OBSERVED} is in mode observe (disk replacement). A file on the host itself says so")


class Elsewhere(BaseHTTPRequestHandler):
    """A server of something else, with a page at one address."""

    def do_GET(self) -> None:
        found = self.path == "/page/v1/hosts"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>Welcome")

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def at(endpoint: str) -> str:
    return Shell({"OS_AUTH_TYPE": "none", "OS_ENDPOINT": endpoint}).error("host", "list")


def test_an_endpoint_of_something_else(elsewhere: str) -> None:
    assert at(f"{elsewhere}/page") == (
        f"{elsewhere}/page/v1/hosts is not the API of collectd_mgr: it answers with text/html."
    )
    assert at(elsewhere).startswith("Not Found (HTTP 404). Is the endpoint right (--os-endpoint")


def test_an_endpoint_with_a_path_too_many(cloud: Cloud) -> None:
    assert "The endpoint has to be the root of the API, without /v1." in at(f"{cloud.url}/v1")


def test_an_endpoint_where_nobody_answers() -> None:
    line = at("http://127.0.0.1:1")
    assert line.startswith("Unable to establish connection to http://127.0.0.1:1/v1/hosts: Connection refused. ")
    assert "does the API run there?" in line


def test_an_endpoint_without_its_scheme_or_with_another(cloud: Cloud) -> None:
    assert "--os-endpoint http://" in at("127.0.0.1:8080")
    assert "Is it https that it speaks" in at(cloud.url.replace("http", "https"))


def test_no_endpoint() -> None:
    line = Shell({"OS_AUTH_TYPE": "none"}).error("host", "list")
    assert line.startswith("No endpoint of the API (collectd-mgr) is known: name it with --os-endpoint")
