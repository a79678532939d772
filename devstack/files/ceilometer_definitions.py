#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Have Ceilometer's definitions and ours in one: ceilometer_definitions.py DIRECTORY OURS

In DIRECTORY (/etc/ceilometer) are its files, or none: then those that it brings along count. Safe to repeat. Comments
in the pipelines are not kept.
"""

import importlib.util
import os
import re
import shutil
import sys
from pathlib import Path

import yaml

directory, ours = map(Path, sys.argv[1:])


def present(name: str) -> str:
    """Ceilometer's file, as it is in force."""
    if (directory / name).exists():
        return (directory / name).read_text()
    package = importlib.util.find_spec("ceilometer")
    return Path(package.submodule_search_locations[0], "pipeline/data", name).read_text()


def write(name: str, text: str) -> None:
    """Whole, and only what Ceilometer can read."""
    yaml.safe_load(text)
    (directory / name).parent.mkdir(exist_ok=True)
    staged = directory / f"{name}.new"
    staged.write_text(text)
    if (directory / name).exists():
        shutil.copystat(directory / name, staged)
        owner = (directory / name).stat()
        os.chown(staged, owner.st_uid, owner.st_gid)
    staged.replace(directory / name)


def append(name: str) -> None:
    """A list; the last entry that matches counts. What an earlier release appended is replaced where it is.

    It begins with the first line of our file, and has comments, our entries, and what is indented below those.
    """
    text, more = present(name), (ours / name).read_text()
    text += "" if text.endswith("\n") else "\n"
    head = re.escape(more.partition("\n")[0])
    earlier = re.compile(rf"^{head}\n(?:#.*\n)*(?:- event_type: .*collectd_mgr\..*\n(?: .*\n)*)*", re.MULTILINE)
    if more not in text:
        text = earlier.sub(lambda _: more, text) if earlier.search(text) else text + more
    write(name, text)


def merge(name: str, kind: str, mine: str) -> None:
    """Sources and sinks. A source of everything is one of everything but ours, which has a sink of its own."""
    pipeline, more = yaml.safe_load(present(name)), yaml.safe_load((ours / name).read_text())
    for part in ("sources", "sinks"):
        names = [item["name"] for item in more[part]]
        pipeline[part] = [item for item in pipeline[part] if item["name"] not in names]
    for source in pipeline["sources"]:
        # To Ceilometer a list of exclusions only means everything else.
        everything = "*" in source[kind] or all(each.startswith("!") for each in source[kind])
        if everything and f"!{mine}" not in source[kind]:
            source[kind].append(f"!{mine}")
    write(name, yaml.safe_dump({part: pipeline[part] + more[part] for part in pipeline}))


append("event_definitions.yaml")
merge("pipeline.yaml", "meters", "collectd.*")
merge("event_pipeline.yaml", "events", "collectd_mgr.*")
write("meters.d/collectd_mgr.yaml", (ours / "meters.d/collectd_mgr.yaml").read_text())
write("collectd_mgr_gnocchi_resources.yaml", (ours / "gnocchi_resources.yaml").read_text())
