# SPDX-License-Identifier: Apache-2.0
"""What the real daemon makes of a document, and what we make of it, in one form.

A tree is ``[[key, [value, ...], tree], ...]``, a number in it ``{"number": repr(float)}``.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain.grammar import Item, parse, render


def read_by_collectd(modules: Sequence[Item], directory: str) -> None:
    """Runs collectd until it has read its configuration; the probe in it ends it."""
    probe = (Item("ModulePath", (str(Path(__file__).parent),)), Item("Import", ("grammar_probe",)), *modules)
    config = Path(directory, "collectd.conf")
    pid_file, interval = Item("PIDFile", (f"{directory}/pid",)), Item("Interval", (10,))
    load, block = Item("LoadPlugin", ("python",)), Item("Plugin", ("python",), probe)
    config.write_text(render([pid_file, interval, load, block]), encoding="utf-8")
    command = ["/usr/sbin/collectd", "-f", "-C", str(config)]
    done = subprocess.run(command, cwd=directory, capture_output=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]


def module(*children: Item) -> Item:
    return Item("Module", ("grammar_probe",), children)


def parsed_by_collectd(documents: Sequence[str]) -> list[Any]:
    """The tree of each text, None where collectd's own parser refuses it."""
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as directory:
        source, target = Path(directory, "documents.json"), Path(directory, "trees.json")
        source.write_text(json.dumps(documents), encoding="utf-8")
        read_by_collectd([module(Item("Parse", (str(source), str(target))))], directory)
        answers: list[Any] = json.loads(target.read_text(encoding="utf-8"))
    return answers


def handed_to_a_plugin(documents: Sequence[tuple[Item, ...]]) -> list[Any]:
    """The tree that a plugin of collectd gets for each document, all in one configuration."""
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as directory:
        target = Path(directory, "recorded.json")
        blocks = [module(Item("Record", (str(target),))), *(module(*document) for document in documents)]
        read_by_collectd(blocks, directory)
        recorded: list[Any] = json.loads(target.read_text(encoding="utf-8"))
    return recorded


def parsed_by_us(document: str) -> Any:
    try:
        return tree(parse(document))
    except exception.BadGrammar:
        return None


def tree(items: Sequence[Item]) -> list[Any]:
    """collectd has doubles only, and no difference between no block and an empty one."""
    return [[item.key, [plain(value) for value in item.values], tree(item.children or ())] for item in items]


def plain(value: object) -> Any:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {"number": repr(float(value))} if number else value  # type: ignore[arg-type]


def differences(documents: Sequence[str]) -> list[tuple[str, Any, Any]]:
    """Each document on which we are not of one mind, with both readings, ours first."""
    readings = zip(documents, map(parsed_by_us, documents), parsed_by_collectd(documents), strict=True)
    return [(text, us, them) for text, us, them in readings if us != them]
