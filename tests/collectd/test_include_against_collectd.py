# SPDX-License-Identifier: Apache-2.0
"""Includes beside the real daemon: the same files in the same order, or the same refusal."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.effective import effective
from collectd_mgr.domain.filesystem import FileSystem
from collectd_mgr.domain.grammar import Item, render
from collectd_mgr.domain.include import read


@pytest.fixture
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as directory:
        yield Path(directory)


def module(*children: Item) -> str:
    return render([Item("Plugin", ("python",), (Item("Module", ("grammar_probe",), children),))])


def mark(name: str) -> str:
    """A statement that the daemon records where it meets it."""
    return module(Item("Met", (name,)))


def build(directory: Path, files: dict[str, str], head: str = "") -> Path:
    """The files, where @ in a text is the directory; ``main`` is behind what the probe needs."""
    python = (Item("ModulePath", (str(Path(__file__).parent),)), Item("Import", ("grammar_probe",)))
    setup = [
        Item("PIDFile", (str(directory / "pid"),)),
        Item("LoadPlugin", ("python",)),
        Item("Plugin", ("python",), python),
    ]
    record = module(Item("Record", (str(directory / "recorded"),)))
    for name, text in {**files, "main": head + render(setup) + record + files["main"]}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("@", str(directory)))
    return directory / "main"


def as_collectd_reads(main: Path) -> list[str] | None:
    done = subprocess.run(
        ["/usr/sbin/collectd", "-f", "-C", str(main)], cwd=main.parent, capture_output=True, timeout=60, check=False
    )
    assert done.returncode in (0, 1), done.stderr.decode(errors="replace")
    if done.returncode == 1:
        return None
    met = json.loads((main.parent / "recorded").read_text())
    return [block[0][1][0] for block in met]


def as_we_read(main: Path) -> list[str] | None:
    try:
        statements = read(str(main), FileSystem()).statements
    except exception.BadConfig:
        return None
    modules = effective(statements).plugins["python"].items
    return [str(option.values[0]) for each in modules for option in each.children or () if option.key == "Met"]


def chain(length: int) -> dict[str, str]:
    links = {f"l{n}": f'Include "@/l{n + 1}"\n' for n in range(1, length)}
    return {"main": 'Include "@/l1"\n', **links, f"l{length}": mark("end")}


CASES: dict[str, tuple[dict[str, str], list[str] | None]] = {
    "a file, in its place": ({"main": mark("1") + 'Include "@/x"\n' + mark("3"), "x": mark("2")}, ["1", "2", "3"]),
    "any spelling": ({"main": 'iNCLUDE "@/x"\n', "x": mark("x")}, ["x"]),
    "a directory, by bytes": (
        {
            "main": 'Include "@/d"\n',
            "d/b": mark("b"),
            "d/B": mark("B"),
            "d/é": mark("é"),
            "d/a/z": mark("az"),
            "d/.h": mark("h"),
        },
        ["B", "az", "b", "é"],
    ),
    "a glob": (
        {"main": 'Include "@/d/*.conf"\n', "d/b.conf": mark("b"), "d/a.conf": mark("a"), "d/c": mark("c")},
        ["a", "b"],
    ),
    "a glob of characters": (
        {"main": 'Include "@/d/[ac]?"\n', "d/a1": mark("a"), "d/b1": mark("b"), "d/c1": mark("c")},
        ["a", "c"],
    ),
    "a glob of nothing": ({"main": 'Include "@/none/*"\n' + mark("1")}, ["1"]),
    "a file that is not there": ({"main": 'Include "@/none"\n' + mark("1")}, ["1"]),
    "two in one": ({"main": 'Include "@/y @/x"\n', "x": mark("x"), "y": mark("y")}, ["x", "y"]),
    "twice": ({"main": 'Include "@/x"\nInclude "@/x"\n', "x": mark("x")}, ["x", "x"]),
    "nested": (
        {"main": 'Include "@/x"\n' + mark("3"), "x": mark("1") + 'Include "@/y"\n', "y": mark("2")},
        ["1", "2", "3"],
    ),
    "a filter": (
        {
            "main": '<Include "@/d">\nFilter "*.c"\n</Include>\n',
            "d/a.c": mark("a"),
            "d/a.d": mark("d"),
            "d/s/b.c": mark("b"),
            "d/s/n": mark("n"),
        },
        ["a", "b"],
    ),
    "the last filter": (
        {"main": '<Include "@/d">\nFilter "a"\nFilter "b"\n</Include>\n', "d/a": mark("a"), "d/b": mark("b")},
        ["b"],
    ),
    "a negated filter": (
        {"main": '<Include "@/d">\nFilter "[!a]"\n</Include>\n', "d/a": mark("a"), "d/b": mark("b")},
        ["b"],
    ),
    "another negated filter": (
        {"main": '<Include "@/d">\nFilter "[^a]"\n</Include>\n', "d/a": mark("a"), "d/b": mark("b")},
        ["b"],
    ),
    "no filter for what is included in turn": (
        {
            "main": '<Include "@/d">\nFilter "a"\n</Include>\n',
            "d/a": 'Include "@/e"\n',
            "d/b": mark("b"),
            "e/c": mark("c"),
        },
        ["c"],
    ),
    "a filter against the file itself": (
        {"main": '<Include "@/d/*">\nFilter "a"\n</Include>\n', "d/a": mark("a"), "d/b": mark("b")},
        None,
    ),
    "a filter on a file that fits": ({"main": '<Include "@/d/*">\nFilter "a*"\n</Include>\n', "d/a": mark("a")}, ["a"]),
    "as deep as it goes": (chain(7), ["end"]),
    "too deep": (chain(8), None),
    "itself": ({"main": 'Include "@/main"\n'}, None),
    "too deep in a directory": (
        {"main": 'Include "@/d"\n' + mark("1"), "d/a": 'Include "@/d/a"\n', "d/b": mark("b")},
        ["b", "1"],
    ),
    "no path": ({"main": 'Include 1\nInclude "@/x" "@/y"\n' + mark("1"), "x": mark("x")}, ["1"]),
    "an unknown option": ({"main": '<Include "@/x">\nOther 1\n</Include>\n', "x": mark("x")}, ["x"]),
    "braces": ({"main": 'Include "@/{x,y}"\n', "x": mark("x")}, None),
    "a parenthesis": ({"main": 'Include "@/(x"\n', "(x": mark("x")}, None),
    "an ampersand in a directory": ({"main": 'Include "@/d"\n', "d/a&b": mark("x"), "d/b": mark("b")}, ["b"]),
    "a command": ({"main": 'Include "`echo @/x`"\n', "x": mark("x")}, None),
    "a tilde at the end": ({"main": 'Include "@/x~"\nInclude "@/d"\n', "x~": mark("x"), "d/y~": mark("y")}, ["x", "y"]),
    "a name with a space in a directory": (
        {"main": 'Include "@/d"\n' + mark("1"), "d/a b": mark("x"), "d/c": mark("c")},
        ["c", "1"],
    ),
    "an empty file": ({"main": 'Include "@/x"\n' + mark("1"), "x": "# nothing\n"}, ["1"]),
    "inside a block": ({"main": '<Block 1>\nInclude "@/x"\n</Block>\n' + mark("1"), "x": mark("x")}, ["1"]),
}


@pytest.mark.parametrize("case", CASES)
def test_includes(scratch: Path, case: str) -> None:
    files, expected = CASES[case]
    main = build(scratch, files)
    assert (as_we_read(main), as_collectd_reads(main)) == (expected, expected)


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("", ["x"]),
        ("<Plugin cpu>\nReportByCpu true\n</Plugin>\nLoadPlugin cpu\n", ["x"]),
        ("LoadPlugin cpu\nLoadPlugin CPU\n<Plugin Cpu>\nReportByCpu true\n</Plugin>\n", ["x"]),
        ("Hostname\n", None),
        ("NoSuchOption 1\n<NoSuchBlock 1>\nA 1\n</NoSuchBlock>\n", ["x"]),
    ],
)
def test_the_statements_around(scratch: Path, text: str, met: list[str] | None) -> None:
    main = build(scratch, {"main": mark("x")}, head=text)
    assert as_collectd_reads(main) == met
    assert met is None or as_we_read(main) == met
