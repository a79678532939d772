# SPDX-License-Identifier: Apache-2.0
"""The checker: a file's path and text in, sentences about what is wrong out."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import PurePath

from tests.layering import rules
from tests.layering.imports import Import, imports


def violations(path: PurePath, source: str) -> list[str]:
    """What breaks a rule in the file ``path`` (relative to the root of the project); empty when all is well."""
    tree = ast.parse(source, str(path))
    found = [*_drawers(path), *_too_long(source), *_global_conf(tree), *_imports(path, tree)]
    if _layer(_module(path)) in rules.STDLIB_ONLY:
        found += _too_new(path, source)
    return [f"{path}{text}" for text in found]


def _module(path: PurePath) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _layer(module: str) -> str:
    """The layer of a dotted name in the package; empty for the package itself and for others."""
    parts = module.split(".")
    return parts[1] if parts[0] == rules.PACKAGE and len(parts) > 1 else ""


def _imports(path: PurePath, tree: ast.Module) -> Iterator[str]:
    module, is_package = _module(path), path.stem == "__init__"
    for found in imports(tree, module, is_package):
        reason = _forbidden(module, found)
        if reason:
            yield f":{found.line}: {reason}"


def _forbidden(module: str, found: Import) -> str:
    if found.root == rules.PACKAGE:
        return _wrong_layer(_layer(module), _layer(found.name))
    return _not_stdlib(_layer(module), found.root) or _wrong_place(module, found)


def _wrong_layer(layer: str, imported: str) -> str:
    if imported in (layer, ""):
        return ""
    if imported not in rules.LAYERS:
        return f"{imported!r} is not a layer"
    return "" if imported in rules.LAYERS.get(layer, ()) else f"{layer or 'the package'} imports {imported}"


def _not_stdlib(layer: str, root: str) -> str:
    # `collectd` has a rule of its own: there is no such distribution, the daemon makes the module.
    if layer not in rules.STDLIB_ONLY or root in sys.stdlib_module_names or root == "collectd":
        return ""
    return f"{layer} imports {root}, which is not in the standard library"


def _wrong_place(module: str, found: Import) -> str:
    layer = _layer(module)
    places = rules.THIRD_PARTY.get(found.root)
    if places is None or (layer == "testing" and places):
        return ""
    if found.for_annotations and found.root in rules.FOR_ANNOTATIONS:
        return ""
    here = module.removeprefix(f"{rules.PACKAGE}.")
    return "" if layer in places or here in places else f"{here} imports {found.root}"


def _drawers(path: PurePath) -> Iterator[str]:
    for name in {path.stem, *path.parent.parts} & rules.DRAWERS:
        yield f": {name} is a drawer, not a noun"


def _too_long(source: str) -> Iterator[str]:
    lines = source.count("\n")
    if lines > rules.LONGEST_FILE:
        yield f": {lines} lines"


def _global_conf(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        by_attribute = isinstance(node, ast.Attribute) and ast.unparse(node) == "cfg.CONF"
        by_import = isinstance(node, ast.ImportFrom) and any(alias.name == "CONF" for alias in node.names)
        if by_attribute or by_import:
            yield f":{getattr(node, 'lineno', 0)}: the global CONF"


def _too_new(path: PurePath, source: str) -> Iterator[str]:
    try:
        ast.parse(source, str(path), feature_version=(3, 9))
    except SyntaxError as error:
        yield f":{error.lineno}: not Python 3.9: {error.msg}"
