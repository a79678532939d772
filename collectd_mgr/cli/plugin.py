# SPDX-License-Identifier: Apache-2.0
"""What python-openstackclient asks of a plugin: the name of the API, its version, its client."""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib import utils

from collectd_mgr.cli.client import SERVICE_TYPE, Client

API_NAME = "collectd"
API_VERSION_OPTION = "os_collectd_api_version"
API_VERSIONS = ("1", "1.0")
DEFAULT_API_VERSION = "1.0"


def make_client(instance: Any) -> Client:
    """The client of this invocation; ``instance`` is osc's client manager, which has authenticated."""
    version = instance._api_version[API_NAME]
    config = instance.sdk_connection.config
    return Client(
        session=instance.session,
        service_type=SERVICE_TYPE,
        region_name=instance.region_name,
        interface=instance.interface,
        endpoint_override=config.get_endpoint(SERVICE_TYPE),
        default_microversion=DEFAULT_API_VERSION if version == "1" else version,
        client_name="collectd-mgr",
    )


def build_option_parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the option that the shell reads before it knows the command."""
    parser.add_argument(
        "--os-collectd-api-version",
        "--collectd-api-version",
        metavar="<collectd-api-version>",
        default=utils.env("OS_COLLECTD_API_VERSION", default=DEFAULT_API_VERSION),
        help=f"Version of the collectd_mgr API, default {DEFAULT_API_VERSION} (Env: OS_COLLECTD_API_VERSION)",
    )
    return parser
