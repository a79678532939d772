# SPDX-License-Identifier: Apache-2.0
"""A cloud of three hosts, and the real ``openstack`` command to talk to it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

with warnings.catch_warnings():
    # osc_lib warns of itself when it is imported, and webob of what it imports; these are no warnings of ours.
    warnings.simplefilter("ignore", DeprecationWarning)
    import osc_lib  # noqa: F401

    from tests.cli.cloud import Cloud
from tests.cli.shell import Shell
from tests.waiting import eventually

#: Of the test that looks at what all the others have done.
LAST = "test_every_command.py"

HOSTS = {"cn1.example.org": "manage", "cn2.example.org": "manage", "cn3.example.org": "observe"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name == LAST)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """cn1 and cn2 are managed, cn3 is only observed."""
    cloud = Cloud(tmp_path_factory.mktemp("cloud"))
    cloud.start()
    for name, mode in HOSTS.items():
        cloud.join(name, mode)
    yield cloud
    cloud.close()


@pytest.fixture(scope="session")
def openstack(cloud: Cloud) -> Shell:
    """Once all hosts are known to the API."""
    shell = Shell({"OS_AUTH_TYPE": "none", "OS_ENDPOINT": cloud.url}, cloud.asked)
    eventually(lambda: [host["Status"] for host in shell.ok("host", "list")] == ["up"] * len(HOSTS))
    return shell
