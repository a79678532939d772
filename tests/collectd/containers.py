# SPDX-License-Identifier: Apache-2.0
"""Settings of a collectd in a container, with the root of this machine below a layer of its own: no registry."""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.launcher import mark
from tests.waiting import eventually

#: crun does not work with hybrid cgroups.
PODMAN = "podman --runtime runc"

ROOT = "/:O"

_OPTIONS = "--network host --ulimit nofile=1024:1024 --ulimit nproc=1024:1024"

#: Of this machine, which is all that the images have.
_PLACES = "--volume /usr:/usr:ro --volume /etc:/etc:ro"


def options(image: str = ROOT) -> dict[str, str]:
    """What [collectd] says of a container of its own name; ``image``: that root, or one of :func:`images`."""
    return {
        "image": image,
        "container": f"cm-{uuid.uuid4().hex[:12]}",
        "podman": PODMAN,
        "podman_options": _OPTIONS if image == ROOT else f"{_OPTIONS} {_PLACES}",
    }


def contained(settings: DriverSettings, image: str = ROOT) -> DriverSettings:
    """The same daemon in a container, which sees the directory of all that is of it: the socket is there too."""
    return dataclasses.replace(settings, daemon="podman", **cast(dict[str, Any], options(image)))


def podman(*words: str, given: bytes = b"") -> str:
    done = subprocess.run([*PODMAN.split(), *words], check=False, capture_output=True, input=given)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout.decode()


def containers(settings: DriverSettings) -> dict[str, dict[str, Any]]:
    """Those of this host, by name, whatever they do."""
    command = [*PODMAN.split(), "ps", "--all", "--format", "json", "--filter", f"label={mark(settings)}"]
    # It fails where one is removed at that moment.
    while (done := subprocess.run(command, check=False, capture_output=True)).returncode != 0:
        time.sleep(0.05)
    return {each["Names"][0]: each for each in json.loads(done.stdout)}


@contextmanager
def images() -> Iterator[tuple[str, str]]:
    """Two for as long as the block lasts, which have the programs of this machine by a mount, as it has them."""
    name = f"localhost/cm-{uuid.uuid4().hex[:12]}"
    names = f"{name}:1", f"{name}:2"
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for link in ("bin", "lib", "lib64", "sbin"):
            entry = tarfile.TarInfo(link)
            entry.type, entry.linkname = tarfile.SYMTYPE, f"usr/{link}"
            tar.addfile(entry)
    try:
        for each in names:
            podman("import", "-", each, given=data.getvalue())
        yield names
    finally:
        eventually(lambda: _gone(*names))


def _gone(*images: str) -> bool:
    """Whether they are removed: not as long as podman is at work on a container that has ended."""
    done = subprocess.run([*PODMAN.split(), "rmi", "--force", "--ignore", *images], check=False, capture_output=True)
    return done.returncode == 0
