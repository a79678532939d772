# SPDX-License-Identifier: Apache-2.0
"""Lines of a real collectd 5.12, and whom they are about."""

from __future__ import annotations

import pytest

from collectd_mgr.domain import complaints

REJECTING = {
    "write_http plugin: Invalid configuration option: Nope.": "write_http",
    "network plugin: Option `Nope' is not allowed here.": "network",
    "Plugin `unixsock' did not register for value `Nope'.": "unixsock",
    "Plugin `unixsock' failed to handle option `Nope', return code: -1": "unixsock",
    "logfile: invalid loglevel [wrong] defaulting to 'info'": "logfile",
    'notify_nagios plugin: Ignoring unknown config option "Nope".': "notify_nagios",
    'statsd plugin: The "Nope" config option is not valid.': "statsd",
    "processes plugin: The `Nope' configuration option is not understood and will be ignored.": "processes",
    "Modbus plugin: Unknown configuration option: Nope": "modbus",
}

OTHERS = {
    "unixsock plugin: bind failed: No such file or directory": "unixsock",
    "logfile plugin: fopen (/no/such/place) failed: No such file or directory": "logfile",
    "Initialization of plugin `ping' failed with status -1. Plugin will be unloaded.": "ping",
    "read-function of plugin `curl/page' failed. Will suspend it for 20.000 seconds.": "curl",
    "Found a configuration for the `uptime' plugin, but the plugin isn't loaded.": "uptime",
    "Error: Parsing the config file failed!": "error",
    "configfile: stat (/no/such/place) failed: No such file or directory": "configfile",
    "something that nobody said": "",
}


@pytest.mark.parametrize("line", [*REJECTING, *OTHERS])
def test_whom_a_line_is_about(line: str) -> None:
    assert complaints.about(line) == {**REJECTING, **OTHERS}[line]


@pytest.mark.parametrize("line", [*REJECTING, *OTHERS])
def test_whether_something_is_not_taken(line: str) -> None:
    assert complaints.rejects(line) == (line in REJECTING)
