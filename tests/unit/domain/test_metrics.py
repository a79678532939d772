# SPDX-License-Identifier: Apache-2.0
"""Identifiers in collectd's text form."""

from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.metrics import Identifier, shown


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("h.example.org/cpu-0/cpu-idle", ("h.example.org", "cpu", "0", "cpu", "idle")),
        ("h/load/load", ("h", "load", "", "load", "")),
        ("h/df-var-lib/df_complex-a/b", ("h", "df", "var-lib", "df_complex", "a/b")),
    ],
)
def test_parse_and_back(text: str, parts: tuple[str, ...]) -> None:
    identifier = Identifier.parse(text)
    assert (identifier.host, identifier.plugin, identifier.plugin_instance) == parts[:3]
    assert (identifier.type, identifier.type_instance) == parts[3:]
    assert str(identifier) == text


@pytest.mark.parametrize("text", ["", "h", "h/cpu", "/cpu/cpu", "h//cpu", "h/cpu/", "h/-0/cpu", "h/cpu/" + "x" * 128])
def test_what_is_no_identifier(text: str) -> None:
    with pytest.raises(exception.BadIdentifier):
        Identifier.parse(text)


@pytest.mark.parametrize(
    "text", ["h/-x/gauge-y", "h//gauge", "h/" + "\ufffd" * 60 + "/gauge", "h/caf\udce9-\udce9/gauge-a/b"]
)
def test_a_name_that_collectd_gives_is_never_refused(text: str) -> None:
    identifier = Identifier.of(text)
    assert str(identifier) == text
    assert identifier.type == "gauge"


def test_bytes_that_are_no_utf_8_are_no_longer_than_they_are() -> None:
    name = "\udce9" * 127
    assert Identifier.parse(f"h/p-{name}/gauge").plugin_instance == name
    with pytest.raises(exception.BadIdentifier):
        Identifier.parse(f"h/p-{name}\udce9/gauge")
    assert Identifier.parse(shown(f"h/p-{name}/gauge")).type == "gauge", "as it is shown"
