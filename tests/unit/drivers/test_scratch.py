# SPDX-License-Identifier: Apache-2.0
"""The verdict on what a scratch run left in its log."""

from __future__ import annotations

import signal

import pytest

from collectd_mgr.drivers.scratch import Outcome, judge

END = "[warning] There is configuration for the `collectd_mgr_end_of_configuration' plugin, but it isn't loaded."


def test_a_quiet_run_is_accepted() -> None:
    assert judge(0, [END], []) == Outcome()


def test_an_error_in_the_configuration_rejects_it() -> None:
    assert judge(1, ["[error] Unknown option", END], []).errors == ("Unknown option",)


def test_a_warning_in_the_configuration_is_reported() -> None:
    assert judge(0, ["[warning] deprecated", END], []) == Outcome((), ("deprecated",))


def test_so_does_an_option_that_a_plugin_goes_on_without() -> None:
    line = "network plugin: Option `Nope' is not allowed here."
    assert judge(0, [f"[warning] {line}", END], []).errors == (line,)


def test_a_failed_initialisation_rejects_it() -> None:
    line = "Initialization of plugin `x' failed with status -1. Plugin will be unloaded."
    outcome = judge(1, [END, f"[error] {line}", "[error] one or more"], [])
    assert outcome == Outcome((line,), (), ("one or more",))


def test_what_it_may_not_write_in_a_trial_is_reported_only() -> None:
    failed = "[error] Initialization of plugin `x' failed with status 1."
    lines = ["[error] x: open: Read-only file system", END, failed]
    outcome = judge(1, lines, [])
    assert (outcome.errors, len(outcome.said)) == ((), 2)
    assert judge(-signal.SIGSEGV, lines, []).errors == ("collectd died of signal 11 (SIGSEGV)",)


def test_an_option_that_is_not_taken_rejects_it_though_something_could_not_be_written() -> None:
    line = "table plugin: Unknown option: Colour"
    found = judge(0, [f"[error] {line}", "[warning] x: open /y: Read-only file system", END], [])
    assert (found.errors, len(found.said)) == ((line,), 1)


def test_a_failed_read_is_reported_only_and_may_not_fail_the_next_time() -> None:
    lines = [END, "[error] cannot connect", "[notice] read-function of plugin `x' failed."]
    assert judge(1, lines, []) == Outcome((), (), ("cannot connect", "read-function of plugin `x' failed."))


def test_the_lack_of_an_output_is_the_scratch_instances_own() -> None:
    assert (
        judge(0, [END, "[notice] plugin_dispatch_values: No write callback has been registered. Please"], [])
        == Outcome()
    )


def test_a_run_that_does_not_get_to_the_end_of_the_configuration_is_rejected() -> None:
    assert judge(1, [], ["", "Error: Parsing the config file failed!"]).errors == (
        "Error: Parsing the config file failed!",
    )
    assert judge(1, [], []).errors


def test_a_crash_rejects_it_and_names_the_signal() -> None:
    outcome = judge(-signal.SIGSEGV, [END], [])
    assert outcome.errors == ("collectd died of signal 11 (SIGSEGV)",)


def test_a_read_that_takes_too_long_is_reported_only() -> None:
    outcome = judge(None, [END], [])
    assert not outcome.errors
    assert "did not end" in outcome.passing[0]


@pytest.mark.parametrize(
    "line",
    [
        "Not sleeping because the next interval is 0.171 seconds in the past!",
        "plugin_read_thread: read-function of the `load' plugin took 0.271 seconds, which is above its read interval "
        "(0.200 seconds). You might want to adjust the `Interval' or `ReadThreads' settings.",
    ],
)
def test_an_interval_that_is_the_trials_own_is_no_warning(line: str) -> None:
    assert judge(0, [END, f"[warning] {line}"], []) == Outcome()


@pytest.mark.parametrize("left", ["1 value list was", "22 value lists were"])
def test_values_that_nobody_writes_are_no_warning(left: str) -> None:
    assert judge(0, [END, f"[warning] plugin: {left} left after shutting down the write threads."], []) == Outcome()
