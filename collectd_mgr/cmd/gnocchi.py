# SPDX-License-Identifier: Apache-2.0
"""collectd-mgr-manage gnocchi: what Gnocchi and Ceilometer have to know of hosts and their samples."""

from __future__ import annotations

import csv
import fileinput
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from keystoneauth1 import adapter, exceptions, loading

from collectd_mgr.domain import events, samples

if TYPE_CHECKING:
    from oslo_config import cfg

RESOURCE_TYPE = "collectd_host"

#: What Gnocchi is to know of a host besides its metrics: attribute -> what kind it is.
ATTRIBUTES = {"host": {"type": "string", "required": False, "max_length": 255}}

_TYPES = "/v1/resource_type"

_DEFINITIONS = """\
# Made by collectd-mgr-manage gnocchi definitions; goes into /etc/ceilometer/collectd_mgr_gnocchi_resources.yaml, beside
# Ceilometer's own gnocchi_resources.yaml. A metric that is not named here does not get into Gnocchi.
---
archive_policy_default: collectd-mgr
archive_policies:
  - name: collectd-mgr
    aggregation_methods: [mean, min, max, count]
    back_window: 0
    definition:
      - {{granularity: 10 seconds, timespan: 1 hour}}
      - {{granularity: 1 minute, timespan: 1 day}}
      - {{granularity: 1 hour, timespan: 30 days}}
resources:
  - resource_type: {type}
    metrics:
{metrics}
    attributes:
{attributes}
    event_create: [{event}]
    event_attributes:
      id: resource_id
      project_id: project_id
{told}
"""


def add(areas: Any, argv: Sequence[str]) -> None:
    """The commands. Who asks is said as to ``openstack``: by OS_* in the environment, or by --os-*."""
    gnocchi = areas.add_parser("gnocchi", help="Where the samples of hosts go").add_subparsers(required=True)
    create = gnocchi.add_parser(
        "create", help=f"Create the resource type {RESOURCE_TYPE} in Gnocchi, as an admin (OS_*); safe to repeat"
    )
    loading.register_auth_argparse_arguments(create, list(argv), default="password")
    loading.register_session_argparse_arguments(create)
    create.add_argument("--os-region-name", default=os.environ.get("OS_REGION_NAME"), help="Defaults to OS_REGION_NAME")
    interface = os.environ.get("OS_INTERFACE", "public")
    create.add_argument("--os-interface", default=interface, help="Defaults to OS_INTERFACE, or public")
    create.set_defaults(action=_create)
    define = gnocchi.add_parser("definitions", help="Print gnocchi_resources.yaml for the metrics in lists")
    define.add_argument(
        "metrics",
        nargs="*",
        default=["-"],
        help="CSV with the columns Identifier and Name, as 'value list -f csv' prints it; by default standard input",
    )
    define.set_defaults(action=_define)


def _create(conf: cfg.ConfigOpts) -> None:
    try:
        auth = loading.load_auth_from_argparse_arguments(conf.area)
        session = loading.load_session_from_argparse_arguments(conf.area, auth=auth)
        where = {"interface": conf.area.os_interface, "region_name": conf.area.os_region_name}
        gnocchi = adapter.Adapter(session, service_type="metric", **where)
        print(f"{RESOURCE_TYPE}: {ensure(gnocchi)}")
    except exceptions.ClientException as error:
        sys.exit(f"The resource type could not be created: {error}")


def ensure(gnocchi: adapter.Adapter) -> str:
    """The resource type is there, with its attributes, when this returns; ``created``, ``extended`` or ``present``.

    Safe to repeat, and to do twice at once. :raises keystoneauth1.exceptions.ClientException:
    """
    wanted = {"name": RESOURCE_TYPE, "attributes": ATTRIBUTES}
    if gnocchi.post(_TYPES, json=wanted, raise_exc=False).status_code == 201:
        return "created"
    # It is there already, or the next request says what is wrong.
    found = gnocchi.get(f"{_TYPES}/{RESOURCE_TYPE}").json()["attributes"]
    missing = [name for name in ATTRIBUTES if name not in found]
    if not missing:
        return "present"
    patch = [{"op": "add", "path": f"/attributes/{name}", "value": ATTRIBUTES[name]} for name in missing]
    headers = {"Content-Type": "application/json-patch+json"}
    gnocchi.patch(f"{_TYPES}/{RESOURCE_TYPE}", data=json.dumps(patch), headers=headers)
    return "extended"


def _define(conf: cfg.ConfigOpts) -> None:
    with fileinput.input(conf.area.metrics, encoding="utf-8") as lines:
        print(definitions(lines), end="")


def definitions(lines: Iterable[str]) -> str:
    """The text of ``gnocchi_resources.yaml`` for metrics in CSV, see :func:`_names`.

    :raises ValueError: a column is missing or has something else, or there are no metrics: Ceilometer could not start
        with what would come of it
    """
    names = list(dict.fromkeys(_names(lines)))
    if not names:
        raise ValueError("There is no metric in it.")
    metrics = "\n".join(f"      {json.dumps(name)}:" for name in names)
    attributes = "\n".join(f"      {name}: resource_metadata.{name}" for name in ATTRIBUTES)
    told = "\n".join(f"      {name}: {name}" for name in ATTRIBUTES)
    return _DEFINITIONS.format(
        type=RESOURCE_TYPE, metrics=metrics, attributes=attributes, told=told, event=events.HOST_UP
    )


def _names(lines: Iterable[str]) -> Iterator[str]:
    """Of the samples that a data source gives; where the column Kind does not say ``gauge``, of its rate too."""
    for row in csv.DictReader(lines):
        identifier, source = row.get("Identifier"), row.get("Name")
        if identifier is None or source is None:
            raise ValueError("Every line wants an Identifier and a Name, and the first says in which columns they are.")
        if identifier != "Identifier" and identifier.count("/") < 2:
            raise ValueError(f"This is no identifier: {identifier}")
        if not samples.is_named(identifier):
            # The heading of the next list, or a metric of which there are no samples.
            continue
        name = samples.name(identifier, source)
        yield name
        if row.get("Kind") != samples.GAUGE:
            yield samples.rate(name)
