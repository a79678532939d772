# SPDX-License-Identifier: Apache-2.0
"""Our grammar beside the real one: the same verdict, the same tree, on every document."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.grammar import Item, parse, render
from tests.collectd import grammar_documents
from tests.unit.domain.grammar_corpus import HOSTILE

ROUNDS = 40 if os.environ.get("CM_LONG") else 1


@pytest.fixture
def scratch() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="cm-", dir="/tmp"))
    yield directory
    shutil.rmtree(directory)


def run_collectd(directory: Path, modules: list[Item]) -> None:
    """Runs collectd until its configuration is read; the probe ends it."""
    probe = (Item("ModulePath", (str(Path(__file__).parent),)), Item("Import", ("grammar_probe",)), *modules)
    config = directory / "collectd.conf"
    config.write_text(
        render(
            [
                Item("BaseDir", (str(directory),)),
                Item("PIDFile", (str(directory / "pid"),)),
                Item("Interval", (10,)),
                Item("LoadPlugin", ("python",)),
                Item("Plugin", ("python",), probe),
            ]
        ),
        encoding="utf-8",
    )
    done = subprocess.run(
        ["/usr/sbin/collectd", "-f", "-C", str(config)], cwd=directory, capture_output=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]


def module(*children: Item) -> Item:
    return Item("Module", ("grammar_probe",), children)


def as_collectd_parses(directory: Path, documents: list[str]) -> list[Any]:
    source, target = directory / "documents.json", directory / "trees.json"
    source.write_text(json.dumps(documents), encoding="utf-8")
    run_collectd(directory, [module(Item("Parse", (str(source), str(target))))])
    answers: list[Any] = json.loads(target.read_text(encoding="utf-8"))
    return answers


def as_we_parse(document: str) -> Any:
    try:
        return tree(parse(document))
    except exception.BadGrammar:
        return None


def tree(items: tuple[Item, ...]) -> list[Any]:
    """In the probe's form: collectd has doubles, and no difference between no block and an empty one."""
    return [[item.key, [plain(value) for value in item.values], tree(item.children or ())] for item in items]


def plain(value: object) -> Any:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {"number": repr(float(value))} if number else value  # type: ignore[arg-type]


def differences(directory: Path, documents: list[str]) -> list[tuple[str, Any, Any]]:
    theirs = as_collectd_parses(directory, documents)
    ours = [as_we_parse(document) for document in documents]
    return [(text, us, them) for text, us, them in zip(documents, ours, theirs, strict=True) if us != them]


def test_the_corner_cases(scratch: Path) -> None:
    assert differences(scratch, grammar_documents.CORNERS) == []


def test_words_numbers_and_addresses(scratch: Path) -> None:
    texts = [f"Key {word}\n" for word in grammar_documents.words(random.Random(2), 2500 * ROUNDS)]
    assert differences(scratch, texts) == []


def test_random_documents(scratch: Path) -> None:
    documents = [text for text in grammar_documents.soups(random.Random(1), 2500 * ROUNDS) if not swallows(text)]
    verdicts = [as_we_parse(text) is None for text in documents]
    assert verdicts.count(True) > len(documents) / 10
    assert verdicts.count(False) > len(documents) / 10
    assert differences(scratch, documents) == []


def swallows(text: str) -> bool:
    """The one place where we are stricter on purpose: a continued string that never ends."""
    try:
        parse(text)
    except exception.BadGrammar as refused:
        return bool(refused.kwargs["reason"] == "the string never ends")
    return False


def test_rendered_documents_are_read_back_by_the_daemon(scratch: Path) -> None:
    documents = grammar_documents.trees(random.Random(3), 1000 * ROUNDS)
    theirs = as_collectd_parses(scratch, [render(document) for document in documents])
    assert theirs == [tree(document) for document in documents]


def test_hostile_strings_reach_a_plugin_whole_and_nothing_else(scratch: Path) -> None:
    documents = [hostile(text) for text in HOSTILE]
    target = scratch / "recorded.json"
    run_collectd(scratch, [module(Item("Record", (str(target),))), *(module(*document) for document in documents)])
    assert json.loads(target.read_text(encoding="utf-8")) == [tree(document) for document in documents]


def hostile(text: str) -> tuple[Item, ...]:
    return (Item("Option", (text, text)), Item("Block", (text,), (Item("Inner", (text,)), Item("Last", (1,)))))
