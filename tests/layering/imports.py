# SPDX-License-Identifier: Apache-2.0
"""What a module imports, read from its text without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Import:
    """One imported name: dotted from its root, the line, and whether only a type checker sees it."""

    name: str
    line: int
    for_annotations: bool

    @property
    def root(self) -> str:
        return self.name.split(".")[0]


def imports(tree: ast.Module, module: str, is_package: bool) -> Iterator[Import]:
    """Every import in the file, inside functions too; ``from a import b`` counts as ``a.b``.

    :param module: the dotted name of the file itself, which relative imports start from
    """
    typing_only = set(_under_type_checking(tree))
    for node in ast.walk(tree):
        for name in _names(node, module, is_package):
            yield Import(name, getattr(node, "lineno", 0), node in typing_only)


def _names(node: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _absolute(node, module, is_package)
        yield from (f"{base}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("importlib.import_module", "__import__"):
        # A name made at run time can't be followed; a literal one can.
        yield from (arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    kept = parts[: len(parts) - node.level + is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _under_type_checking(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for statement in node.body:
                yield from ast.walk(statement)
