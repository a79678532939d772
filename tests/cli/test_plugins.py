# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd plugin …``"""

from __future__ import annotations

from pathlib import Path

from tests.cli.cloud import Cloud
from tests.cli.shell import Shell

ONE, OTHER, OBSERVED = "cn1.example.org", "cn2.example.org", "cn3.example.org"


def test_enable_says_what_the_daemon_does_now(openstack: Shell) -> None:
    (row,) = openstack.ok("plugin", "enable", "memory", "--host", ONE, "--interval", "0.5", "--wait")
    assert (row["State"], row["Enabled"], row["Interval"], row["Driver"]) == ("succeeded", True, 0.5, "live")
    shown = openstack.ok("plugin", "show", "memory", "--host", ONE)
    assert shown["desired"] == {"enabled": True, "interval": 0.5, "config": None}
    assert shown["health"] in ("registered", "observed")


def test_disable_keeps_interval_and_configuration(openstack: Shell) -> None:
    openstack.ok("plugin", "enable", "swap", "--host", ONE, "--interval", "3", "--config", "ReportBytes=true", "--wait")
    (row,) = openstack.ok("plugin", "disable", "swap", "--host", ONE, "--wait")
    assert (row["State"], row["Enabled"]) == ("succeeded", False)
    assert row["Health"] in ("stopping", "off")
    (row,) = openstack.ok("plugin", "enable", "swap", "--host", ONE, "--wait")
    assert (row["Enabled"], row["Interval"]) == (True, 3.0)
    assert openstack.ok("plugin", "show", "swap", "--host", ONE)["desired"]["config"] == {"ReportBytes": True}


def test_the_whole_of_a_setting_keeps_nothing(openstack: Shell) -> None:
    openstack.ok("plugin", "enable", "swap", "--host", ONE, "--interval", "3", "--config", "ReportBytes=true", "--wait")
    openstack.ok("plugin", "enable", "swap", "--host", ONE, "--whole", "--interval", "4", "--wait")
    desired = openstack.ok("plugin", "show", "swap", "--host", ONE)["desired"]
    assert desired == {"enabled": True, "interval": 4.0, "config": None}


def test_several_hosts_are_a_row_each_in_the_order_given(openstack: Shell) -> None:
    rows = openstack.ok("plugin", "enable", "load", "--host", OTHER, "--host", ONE, "--wait")
    assert [(row["Host"], row["State"]) for row in rows] == [(OTHER, "succeeded"), (ONE, "succeeded")]


def test_one_host_that_refuses_does_not_hide_the_others(openstack: Shell) -> None:
    said = openstack("plugin", "enable", "df", "--host", OBSERVED, "--host", ONE, "--wait", "-f", "json")
    assert said.code == 1
    refused, done = said.json
    assert (refused["Host"], refused["State"]) == (OBSERVED, "refused")
    assert "host_not_managed, request req-" in refused["Error"]
    assert (done["Host"], done["State"]) == (ONE, "succeeded")


def test_an_error_is_one_line_with_code_and_request(openstack: Shell) -> None:
    line = openstack.error("plugin", "enable", "df", "--host", OBSERVED)
    assert line.startswith("cn3.example.org is in mode observe. To let it be changed: openstack collectd host set cn3")
    assert "[bad_request, request req-" in openstack.error("plugin", "set", "df", "--host", ONE, "--interval", "-1")
    assert "[host_not_found, request req-" in openstack.error("plugin", "list", "--host", "nowhere")


def test_what_the_host_itself_refuses_says_why(openstack: Shell) -> None:
    line = openstack.error("plugin", "enable", "exec", "--host", ONE, "--wait")
    assert line.startswith("The allow-list of this host refuses exec: It runs programs of the sender's choosing.")
    assert "[refused_by_agent, request req-" in line
    (row,) = openstack("plugin", "enable", "perl", "--host", ONE, "--host", ONE, "--wait", "-f", "json").json[:1]
    assert (row["State"], "refuses perl" in row["Error"]) == ("refused", True)


def test_what_the_daemon_rejects_fails_with_its_own_words(openstack: Shell) -> None:
    said = openstack(
        "plugin", "enable", "disk", "--host", ONE, "--config", "Reject=no such disk", "--wait", "-f", "json"
    )
    (row,) = said.json
    assert (said.code, row["State"]) == (1, "failed")
    assert "no such disk" in row["Error"]


def test_a_file_is_the_whole_configuration(openstack: Shell, tmp_path: Path) -> None:
    file = tmp_path / "df.conf"
    file.write_text('MountPoint "/"\nMountPoint "/var"\nReportInodes true\n')
    openstack.ok("plugin", "enable", "df", "--host", ONE, "--config-file", str(file), "--wait")
    config = openstack.ok("plugin", "show", "df", "--host", ONE)["effective"]["config"]
    assert config == {"MountPoint": ["/", "/var"], "ReportInodes": True}
    assert openstack.ok("plugin", "show", "df", "--host", ONE, "--text")["desired"]["config"] == file.read_text()
    said = openstack("plugin", "set", "df", "--host", ONE, "--config-file", "-", stdin="ReportInodes false\n")
    assert said.code == 0, said
    assert openstack.ok("plugin", "show", "df", "--host", ONE)["desired"]["config"] == {"ReportInodes": False}


def test_a_file_with_a_syntax_error_or_with_the_whole_block_is_refused(openstack: Shell, tmp_path: Path) -> None:
    file = tmp_path / "df.conf"
    set_ = ("plugin", "set", "df", "--host", ONE, "--config-file", str(file))
    file.write_text("<Unclosed>\n")
    assert "[bad_grammar, request req-" in openstack.error(*set_)
    file.write_text('LoadPlugin df\n<Plugin df>\n  MountPoint "/"\n</Plugin>\n')
    said = openstack.error(*set_)
    assert said.startswith("Plugin: a config is what stands within <Plugin df>: leave that line and its end out.")
    assert "[bad_config, request req-" in said


def test_a_secret_is_not_shown(openstack: Shell) -> None:
    openstack.ok("plugin", "enable", "processes", "--host", ONE, "--config", "Password=hunter2", "--wait")
    for command in (("plugin", "show", "processes", "--host", ONE), ("host", "config", "show", ONE, "--text")):
        said = openstack(*command)
        assert "********" in said.out, said
        assert "hunter2" not in said.out


def test_unset_takes_a_part_or_the_whole(openstack: Shell) -> None:
    openstack.ok(
        "plugin", "enable", "interface", "--host", ONE, "--interval", "3", "--config", "IgnoreSelected=true", "--wait"
    )
    openstack.ok("plugin", "unset", "interface", "--host", ONE, "--interval")
    desired = openstack.ok("plugin", "show", "interface", "--host", ONE)["desired"]
    assert desired == {"enabled": True, "interval": None, "config": {"IgnoreSelected": True}}
    said = openstack.error("plugin", "unset", "interface", "--host", ONE, "--interval")
    assert said == f"No interval is set for interface on {ONE}."
    openstack.ok("plugin", "unset", "interface", "--host", ONE, "--reason", "no longer needed")
    assert "interface" not in {row["Plugin"] for row in openstack.ok("plugin", "list", "--host", ONE) if row["Desired"]}

    said = openstack.error("plugin", "unset", "interface", "--host", ONE)
    assert said.startswith(
        f"Nothing is set for interface on {ONE}. To see what there is: openstack collectd plugin list"
    )


def test_a_restart_is_an_operation(openstack: Shell) -> None:
    openstack.ok("plugin", "enable", "cpu", "--host", ONE)
    (row,) = openstack.ok("plugin", "restart", "cpu", "--host", ONE, "--reason", "INC-13", "--wait")
    assert row["State"] == "succeeded"
    shown = openstack.ok("operation", "show", row["Operation"])
    assert (shown["plugin"], shown["action"], shown["reason"]) == ("cpu", "restart", "INC-13")


def test_a_generation_that_has_passed_is_refused(openstack: Shell) -> None:
    seen = openstack.ok("host", "show", ONE)["generation"]
    openstack.ok("plugin", "enable", "cpu", "--host", ONE, "--generation", str(seen))
    line = openstack.error("plugin", "disable", "cpu", "--host", ONE, "--generation", str(seen))
    assert "[stale_generation, request req-" in line
    assert "one host" in openstack.error(
        "plugin", "disable", "cpu", "--host", ONE, "--host", OTHER, "--generation", "1"
    )


def test_a_silent_host_is_pending_until_it_is_back(openstack: Shell, cloud: Cloud) -> None:
    cloud.leave(OTHER)
    (row,) = openstack.ok("plugin", "enable", "uptime", "--host", OTHER)
    assert row["State"] == "pending"
    said = openstack("buffer", "show", "--host", OTHER, "-f", "json")
    assert (said.code, said.json["notifications"], said.json["ring"]) == (0, None, None)
    assert said.err == f"{OTHER}: the agent does not answer: what is in its buffers is not known\n"
    said = openstack("plugin", "enable", "uptime", "--host", OTHER, "--wait", "--timeout", "0.5", "-f", "json")
    assert (said.code, said.json[0]["State"]) == (1, "pending")
    with cloud.joining(OTHER):
        (row,) = openstack.ok("plugin", "enable", "users", "--host", OTHER, "--wait")
    assert (row["State"], row["Enabled"]) == ("succeeded", True)


def test_a_plugin_that_was_rolled_back_while_somebody_waited_hides_nothing(openstack: Shell, cloud: Cloud) -> None:
    cloud.leave(OTHER)
    with cloud.joining(OTHER):
        said = openstack("plugin", "enable", "memroy", "--host", OTHER, "--host", ONE, "--wait", "-f", "json")
    assert (said.code, [(row["Host"], row["State"]) for row in said.json]) == (1, [(OTHER, "failed"), (ONE, "failed")])
    assert {row["Error"] for row in said.json} == {"The plugin cannot be loaded on this host"}


def test_waiting_shows_a_bar_on_a_terminal(openstack: Shell, cloud: Cloud) -> None:
    cloud.leave(OTHER)
    command = ("plugin", "enable", "swap", "--host", OTHER, "--wait")
    shown = openstack.on_terminal(*command, once="0/1", then=lambda: cloud.join(OTHER))
    assert "0/1" in shown
    assert "1/1" in shown
    assert "succeeded" in shown
