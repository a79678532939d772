# SPDX-License-Identifier: Apache-2.0
"""What is shipped for Ceilometer says what the code sends, name by name."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from collectd_mgr.cmd import gnocchi
from collectd_mgr.domain import events
from collectd_mgr.domain.events import About
from collectd_mgr.domain.samples import Sample
from collectd_mgr.publisher.sampler import shown
from tests.guide.walk import blocks
from tests.services.ceilometer import EXCHANGE

SHIPPED = Path(__file__).parents[2] / "etc" / "ceilometer"
SETTINGS = Path(__file__).parents[2] / "devstack" / "settings"

#: The resource definitions, as the pipelines name them once they are installed.
RESOURCES = "resources_definition_file=/etc/ceilometer/collectd_mgr_gnocchi_resources.yaml"


def read(name: str) -> Any:
    return yaml.safe_load((SHIPPED / name).read_text())


@pytest.mark.parametrize("event_type", [*events.TRAITS, events.SAMPLES])
def test_events_are_defined_as_they_are_sent(event_type: str) -> None:
    found = [row for row in read("event_definitions.yaml") if event_type in row["event_type"]]
    if event_type == events.SAMPLES:
        assert found == []
        return
    (row,) = found
    traits = {name: trait.get("type", "text") for name, trait in row["traits"].items()}
    assert traits == events.TRAITS[event_type]
    assert {name: trait["fields"] for name, trait in row["traits"].items()} == {
        name: f"payload.{name}" for name in traits
    }


@pytest.mark.parametrize("event_type", [*events.TRAITS, events.SAMPLES])
def test_events_are_let_through_and_samples_are_none(event_type: str) -> None:
    (source,) = read("event_pipeline.yaml")["sources"]
    passes = any(fnmatch.fnmatch(event_type, pattern) for pattern in source["events"])
    assert passes == (event_type != events.SAMPLES)


def test_samples_are_defined_as_they_are_sent() -> None:
    (meter,) = read("meters.d/collectd_mgr.yaml")["metric"]
    assert [each for each in (*events.TRAITS, events.SAMPLES) if re.match(meter["event_type"], each)] == [
        events.SAMPLES
    ]
    sample = shown("cn1", Sample("collectd.load", "gauge", "1", 0.5, 1000.0, "cn1/load/load"))
    assert {name: meter[name] for name in meter["lookup"]} == {
        name: f"$.payload.samples[*].{name}" for name in sample if name != "identifier"
    }
    about = {**meter, **meter["metadata"]}
    facts = About("cn1", "infrastructure").facts()
    assert {about[name] for name in ("project_id", "user_id", "host")} <= {f"$.payload.{name}" for name in facts}


def test_the_page_for_operators_has_every_event() -> None:
    page = (SHIPPED.parents[1] / "doc/source/admin/telemetry.rst").read_text()
    assert [each for each in (*events.TRAITS, events.SAMPLES) if f"``{each}``" not in page] == []


def test_ceilometer_listens_where_they_are_sent() -> None:
    listens = blocks("admin/telemetry", "Ceilometer")[1].splitlines()
    assert listens[-1] == f"notification_control_exchanges = {EXCHANGE}"
    # Beside what it listens to by default, in DevStack too.
    (line,) = [line for line in SETTINGS.read_text().splitlines() if line.startswith("COLLECTD_MGR_EXCHANGES=")]
    assert [each.rpartition(" ")[2] for each in listens[2:-1]] == line.partition("=")[2].strip('"').split()


def test_the_pipelines_know_where_the_resources_are_defined() -> None:
    for name in ("pipeline.yaml", "event_pipeline.yaml"):
        (sink,) = read(name)["sinks"]
        assert [each for each in sink["publishers"] if RESOURCES in each], name
    (source,) = read("pipeline.yaml")["sources"]
    metrics = read("gnocchi_resources.yaml")["resources"][0]["metrics"]
    assert all(fnmatch.fnmatch(name, source["meters"][0]) for name in metrics)


def test_the_page_shows_the_example_alarms_with_what_they_are_called_with() -> None:
    page = (SHIPPED.parents[1] / "doc/source/admin/telemetry.rst").read_text()
    [begins] = re.findall(r"literalinclude:: \S+/etc/aodh/alarms\n   :language: sh\n   :start-after: (.+)\n", page)
    _, _, shown = (SHIPPED.parent / "aodh/alarms").read_text().partition(f"\n{begins}\n")
    assert shown.split()[:2] == ["webhook=$1", "host=$2"]


def test_the_resources_are_what_the_command_prints() -> None:
    with (SHIPPED / "metrics.csv").open() as lines:
        assert gnocchi.definitions(lines) == (SHIPPED / "gnocchi_resources.yaml").read_text()
    (resource,) = read("gnocchi_resources.yaml")["resources"]
    assert resource["event_create"] == [events.HOST_UP]
    assert set(resource["event_attributes"].values()) <= events.TRAITS[events.HOST_UP].keys()


def test_what_the_commands_list_is_what_the_command_takes() -> None:
    """As ``openstack collectd value list -f csv -c Identifier -c Name`` prints it."""
    header = '"Identifier","Name"'
    odd = "\ufffd" * 60
    lines = [header, '"h/df-a b/df_complex-free","value"', header, '"h/load/load","shortterm"']
    lines += ['"h/-x/gauge-y","value"', f'"h/snmp-{odd}/gauge","value"']
    (resource,) = yaml.safe_load(gnocchi.definitions(lines))["resources"]
    names = ["collectd.df.a b.df_complex.free", "collectd.load.shortterm", f"collectd.snmp.{odd}.gauge"]
    assert list(resource["metrics"]) == [each for name in names for each in (name, f"{name}.rate")]
