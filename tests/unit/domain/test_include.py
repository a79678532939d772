# SPDX-License-Identifier: Apache-2.0
"""Includes: which files, in which order, and what makes collectd refuse the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.filesystem import FileSystem
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.include import MAX_DEPTH, Configuration, read


class Memory:
    """Files as a mapping of paths to text; None is a file that cannot be read."""

    def __init__(self, files: Mapping[str, str | None]) -> None:
        self.texts = dict(files)

    def matches(self, pattern: str) -> Iterable[str]:
        return [path for path in self.texts if path.count("/") == pattern.count("/") and fnmatchcase(path, pattern)]

    def is_file(self, path: str) -> bool:
        return path in self.texts

    def is_directory(self, path: str) -> bool:
        return any(each.startswith(f"{path}/") for each in self.texts)

    def names(self, directory: str) -> Iterable[str]:
        below = [path[len(directory) + 1 :] for path in self.texts if path.startswith(f"{directory}/")]
        return {path.split("/", 1)[0] for path in below}

    def read(self, path: str) -> str:
        text = self.texts[path]
        if text is None:
            raise PermissionError(path)
        return text


def configured(**files: str | None) -> Configuration:
    """The main file is ``main``; ``d_b`` is the path ``/d/b.conf``."""
    named = {"/" + name.replace("_", "/") + ".conf": text for name, text in files.items()}
    return read("/main.conf", Memory(named))


def keys(configuration: Configuration) -> str:
    return "".join(statement.item.key for statement in configuration.statements)


def test_an_include_is_replaced_where_it_stands() -> None:
    done = configured(main='A 1\nInclude "/b.conf"\nD 1\n', b="B 1\nC 1\n")
    assert keys(done) == "ABCD"
    assert [statement.file for statement in done.statements] == ["/main.conf", "/b.conf", "/b.conf", "/main.conf"]
    assert done.files == ("/main.conf", "/b.conf")
    assert done.warnings == ()


def test_names_without_regard_to_case() -> None:
    assert keys(configured(main='INCLUDE "/b.conf"\n', b="B 1\n")) == "B"


def test_a_directory_is_read_sorted_and_deep_without_dot_files() -> None:
    done = configured(main='Include "/d"\n', d_b="B 1\n", d_a="A 1\n", d_C="C 1\n", d_bb_x="X 1\n")
    assert keys(done) == "CABX"
    assert keys(configured(main='Include "/d"\n', **{"d_a": "A 1\n", "d_b.conf~": "B 1\n"})) == "AB"
    hidden = Memory({"/main.conf": 'A 1\nInclude "/d"\n', "/d/.b": "B 1\n"})
    assert [statement.item for statement in read("/main.conf", hidden).statements] == [Item("A", (1,))]


def test_a_glob_is_sorted_and_may_match_nothing() -> None:
    done = configured(main='Include "/d/*.conf"\nInclude "/e/*.conf"\nZ 1\n', d_b="B 1\n", d_a="A 1\n")
    assert keys(done) == "ABZ"
    assert done.warnings == ("/e/*.conf: no file and no directory of this name",)


def test_a_path_with_a_space_is_two_paths() -> None:
    assert keys(configured(main='Include "/b.conf /a.conf"\n', a="A 1\n", b="B 1\n")) == "AB"


def test_a_filter_chooses_files_of_a_directory() -> None:
    block = '<Include "/d">\n  Filter "a*"\n</Include>\nZ 1\n'
    assert keys(configured(main=block, d_a="A 1\n", d_b="B 1\n", d_ab="C 1\n")) == "ACZ"


@pytest.mark.parametrize(
    ("pattern", "expected"), [("[^a].conf", "BZ"), ("[!a].conf", "BZ"), ("?.conf", "ABZ"), ("x", "Z")]
)
def test_filter_patterns(pattern: str, expected: str) -> None:
    assert (
        keys(configured(main=f'<Include "/d">\nFilter "{pattern}"\n</Include>\nZ 1\n', d_a="A 1\n", d_b="B 1\n"))
        == expected
    )


def test_a_file_that_its_own_filter_does_not_match_is_an_error() -> None:
    with pytest.raises(exception.BadConfig):
        configured(main='<Include "/d/*.conf">\n  Filter "a*"\n</Include>\n', d_a="A 1\n", d_b="B 1\n")


def test_an_include_in_a_block_is_no_include() -> None:
    done = configured(main='<Plugin x>\n  Include "/b.conf"\n</Plugin>\n', b="B 1\n")
    assert keys(done) == "Plugin"


def chain(length: int) -> dict[str, str]:
    files = {"main": 'Include "/f1.conf"\n', f"f{length}": "A 1\n"}
    return files | {f"f{n}": f'Include "/f{n + 1}.conf"\n' for n in range(1, length)}


def test_depth() -> None:
    assert keys(configured(**chain(MAX_DEPTH - 1))) == "A"
    with pytest.raises(exception.BadConfig, match="deep"):
        configured(**chain(MAX_DEPTH))
    with pytest.raises(exception.BadConfig, match="deep"):
        configured(main='Include "/main.conf"\n')


def test_an_error_in_an_included_file_names_that_file() -> None:
    with pytest.raises(exception.BadGrammar, match=r"^/b\.conf:2:1: ") as refused:
        configured(main='Include "/b.conf"\n', b="A 1\n/\n")
    assert refused.value.kwargs["line"] == 2


@pytest.mark.parametrize(
    "main",
    [
        "",
        "# nothing\n",
        'Include "/none.conf"\n',
        'Include "/secret.conf"\n',
        'Include "/d/{a,b}.conf"\n',
        'Include "$HOME/x"\n',
        'Include "~/x"\n',
    ],
)
def test_what_collectd_would_not_start_with_or_nobody_can_know(main: str) -> None:
    with pytest.raises(exception.BadConfig) as refused:
        configured(main=main, secret=None)
    assert refused.value.kwargs["reason"]


def test_no_main_file() -> None:
    with pytest.raises(exception.BadConfig, match="no file"):
        configured()


def test_an_unreadable_file_in_a_directory_is_left_out() -> None:
    done = configured(main='Include "/d"\n', d_a=None, d_b="B 1\n")
    assert keys(done) == "B"
    assert len(done.warnings) == 1


def test_an_include_without_a_path_is_a_warning() -> None:
    done = configured(
        main='Include 1\nInclude "/a" "/b"\n<Include "/b.conf">\nFilter 1\nOther 1\n</Include>\n', b="B 1\n"
    )
    assert keys(done) == "B"
    assert len(done.warnings) == 3


def test_bytes_that_are_no_text_are_a_warning(tmp_path: Path) -> None:
    main = tmp_path / "collectd.conf"
    main.write_bytes(b'A "caf\xe9"\r\nB "\xff\\"" 1\n')
    done = read(str(main), FileSystem())
    assert [statement.item for statement in done.statements] == [Item("A", ("caf\ufffd",)), Item("B", ('\ufffd"', 1))]
    assert done.warnings == (f"{main}: not all of it is UTF-8",)
