# SPDX-License-Identifier: Apache-2.0
"""A collectd.conf with everything that it includes, in the order in which collectd takes it.

Pure: the files come through :class:`Files`; :class:`collectd_mgr.domain.filesystem.FileSystem` is the real one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Protocol

from collectd_mgr import exception
from collectd_mgr.domain import grammar
from collectd_mgr.domain.grammar import Item

#: The main file is at depth 0; what an Include at depth 7 names is not read any more.
MAX_DEPTH = 8

# collectd hands the argument of an Include to wordexp(3), which fails on the first kind
# and answers by the daemon's own environment on the second.
_REFUSED_BY_WORDEXP = frozenset("|&;<>(){}\n`")
_ENVIRONMENT = frozenset("$'\"\\")


class Files(Protocol):
    """The file system, as far as an Include needs it."""

    def matches(self, pattern: str) -> Iterable[str]:
        """The existing paths that a shell glob matches, in any order."""

    def is_file(self, path: str) -> bool:
        """Whether the path, links followed, is a regular file."""

    def is_directory(self, path: str) -> bool:
        """Whether the path, links followed, is a directory."""

    def names(self, directory: str) -> Iterable[str]:
        """The names in a directory, in any order; :raises OSError:."""

    def read(self, path: str) -> str:
        """The text, bytes that are no UTF-8 as U+FFFD; :raises OSError:."""


@dataclass(frozen=True)
class Located:
    """A statement and the file it stands in."""

    item: Item
    file: str


@dataclass(frozen=True)
class Configuration:
    """Every top-level statement in order, every file read, and what collectd only complains about."""

    statements: tuple[Located, ...]
    files: tuple[str, ...]
    warnings: tuple[str, ...]


def read(path: str, files: Files) -> Configuration:
    """The configuration that a collectd started with ``-C path`` would read.

    Includes are replaced by what they name: files, directories with all below them (without dot files) and
    globs, each sorted by bytes, filtered, ``MAX_DEPTH`` deep. Only top-level statements include.

    :raises exception.BadGrammar: for a file that collectd could not parse. In an included directory
        collectd would go on, with the unread rest of the broken file as the beginning of the next
        one; no one should have to guess what such a daemon does.
    :raises exception.BadConfig: with ``path`` and ``reason``, where collectd would refuse the whole (depth,
        unreadable file, file that its own filter does not match, nothing at all), or where an
        Include depends on the environment of the daemon (``$``, ``~``, quotes)
    """
    reader = _Reader(files)
    statements = tuple(reader.path(path, None, 0))
    if not statements:
        raise _bad(path, "; ".join(["the configuration is empty", *reader.warnings]))
    return Configuration(statements, tuple(reader.read), tuple(reader.warnings))


@dataclass
class _Reader:
    files: Files
    read: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def path(self, path: str, pattern: str | None, depth: int) -> list[Located]:
        """What one path means after the expansion of wildcards; ``pattern`` filters the names of files."""
        if depth >= MAX_DEPTH:
            raise _bad(path, f"includes more than {MAX_DEPTH - 1} deep")
        found: list[Located] = []
        for each in self.expanded(path):
            if self.files.is_file(each):
                found += self.file(each, pattern, depth)
            elif self.files.is_directory(each):
                found += self.directory(each, pattern, depth)
            else:
                self.warnings.append(f"{each}: no file and no directory of this name")
        return found

    def expanded(self, path: str) -> list[str]:
        if _REFUSED_BY_WORDEXP & set(path):
            raise _bad(path, "a path with a character that has a meaning for the shell")
        if _ENVIRONMENT & set(path) or any(word.startswith("~") for word in path.split()):
            raise _bad(path, "what this path means depends on the environment of the daemon")
        words = [found for word in path.split() for found in (list(self._glob(word)) or [word])]
        return sorted(words, key=_bytes)

    def _glob(self, word: str) -> Iterable[str]:
        return self.files.matches(word) if set("*?[") & set(word) else ()

    def file(self, path: str, pattern: str | None, depth: int) -> list[Located]:
        if pattern is not None and not _fits(path.rsplit("/", 1)[-1], pattern):
            raise _Filtered(f"{path}: the filter {pattern} does not match", path=path, reason="filtered")
        try:
            text = self.files.read(path)
        except OSError as error:
            raise _bad(path, f"cannot be read: {error}") from error
        if "\ufffd" in text:
            self.warnings.append(f"{path}: not all of it is UTF-8")
        self.read.append(path)
        return [found for item in grammar.parse(text, path) for found in self.statement(item, path, depth)]

    def directory(self, path: str, pattern: str | None, depth: int) -> list[Located]:
        """Files that cannot be included are left out, where a file named by the Include itself is an error."""
        names = sorted(self.names(path), key=_bytes)
        return [found for name in names for found in self.entry(f"{path}/{name}", pattern, depth)]

    def entry(self, path: str, pattern: str | None, depth: int) -> list[Located]:
        try:
            return self.path(path, pattern, depth)
        except _Filtered:
            return []
        except exception.BadConfig as error:
            self.warnings.append(error.detail)
            return []

    def names(self, directory: str) -> list[str]:
        try:
            return [name for name in self.files.names(directory) if not name.startswith(".")]
        except OSError as error:
            raise _bad(directory, f"cannot be read: {error}") from error

    def statement(self, item: Item, file: str, depth: int) -> list[Located]:
        if item.key.lower() != "include":
            return [Located(item, file)]
        if len(item.values) != 1 or not isinstance(item.values[0], str):
            self.warnings.append(f"{file}: Include needs exactly one string")
            return []
        return self.path(item.values[0], self.filter(item, file), depth + 1)

    def filter(self, include: Item, file: str) -> str | None:
        pattern = None
        for option in include.children or ():
            if option.key.lower() != "filter":
                self.warnings.append(f"{file}: {option.key} is no option of Include")
            elif len(option.values) == 1 and isinstance(option.values[0], str):
                pattern = option.values[0]
        return pattern


class _Filtered(exception.BadConfig):
    """A file that was named, but that the filter does not let through."""


def _fits(name: str, pattern: str) -> bool:
    """fnmatch(3) without its character classes and backslashes, which no file name needs."""
    return fnmatchcase(name, pattern.replace("[^", "[!"))


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _bad(path: str, reason: str) -> exception.BadConfig:
    return exception.BadConfig(f"{path}: {reason}", path=path, reason=reason)
