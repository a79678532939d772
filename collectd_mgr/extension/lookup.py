# SPDX-License-Identifier: Apache-2.0
"""A tree of collectd's (avltree.h) that is looked up in by other threads, and is therefore never changed.

A change makes a new tree. The new one has nodes of its own only on the paths to what changed, and shares the
rest, so that what can never be freed stays small. Its shape is a treap's: given by its keys alone, and
flat enough. collectd's lookup needs no more than order; who would insert into it or remove from it, as nobody but
the reader of a ``<Plugin threshold>`` block does, would find it no AVL tree.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Optional

from collectd_mgr.extension.arena import Arena

# c_avl_node_t: key, value, height, left, right, parent. c_avl_tree_t: root, compare, size.
NODE = struct.Struct("QQi4xQQQ")
TREE = struct.Struct("QQi4x")


@dataclass(frozen=True, eq=False)
class Node:
    """``value`` and ``address`` are addresses; the latter is 0 until the node lies in collectd's memory."""

    key: str
    value: int
    left: Node | None = None
    right: Node | None = None
    address: list[int] = field(default_factory=list)

    @property
    def rank(self) -> tuple[int, str]:
        return zlib.crc32(self.key.encode("utf-8", "surrogateescape")), self.key


Tree = Optional[Node]


def put(tree: Tree, key: str, value: int) -> Node:
    """A tree in which ``key`` has this value."""
    if tree is None:
        return Node(key, value)
    if key == tree.key:
        return tree if value == tree.value else Node(key, value, tree.left, tree.right)
    if _order(key) < _order(tree.key):
        left = put(tree.left, key, value)
        if left.rank > tree.rank:
            return Node(left.key, left.value, left.left, Node(tree.key, tree.value, left.right, tree.right))
        return tree if left is tree.left else Node(tree.key, tree.value, left, tree.right)
    right = put(tree.right, key, value)
    if right.rank > tree.rank:
        return Node(right.key, right.value, Node(tree.key, tree.value, tree.left, right.left), right.right)
    return tree if right is tree.right else Node(tree.key, tree.value, tree.left, right)


def without(tree: Tree, key: str) -> Tree:
    """A tree without ``key``."""
    if tree is None:
        return None
    if key == tree.key:
        return _joined(tree.left, tree.right)
    if _order(key) < _order(tree.key):
        left = without(tree.left, key)
        return tree if left is tree.left else Node(tree.key, tree.value, left, tree.right)
    right = without(tree.right, key)
    return tree if right is tree.right else Node(tree.key, tree.value, tree.left, right)


def _joined(left: Tree, right: Tree) -> Tree:
    if left is None or right is None:
        return left or right
    if left.rank > right.rank:
        return Node(left.key, left.value, left.left, _joined(left.right, right))
    return Node(right.key, right.value, _joined(left, right.left), right.right)


def entries(tree: Tree) -> Iterator[tuple[str, int]]:
    """The keys, in order, with their values."""
    if tree is not None:
        yield from entries(tree.left)
        yield tree.key, tree.value
        yield from entries(tree.right)


def _order(key: str) -> bytes:
    """strcmp's."""
    return key.encode("utf-8", "surrogateescape")


class Writer:
    """Puts trees into collectd's memory.

    :param compare: the address of the comparison of strings that collectd's own tree has
    """

    def __init__(self, arena: Arena, compare: int) -> None:
        self._arena = arena
        self._compare = compare
        self._keys: dict[str, int] = {}

    def write(self, tree: Tree, size: int) -> int:
        """The address of a ``c_avl_tree_t`` of it; what lies there from before is shared."""
        return self._arena.put(TREE.pack(self._node(tree), self._compare, size))

    def _node(self, node: Tree) -> int:
        if node is None:
            return 0
        if not node.address:
            left, right = self._node(node.left), self._node(node.right)
            height = 1  # Only an insertion would look at it, and at the parent.
            node.address.append(self._arena.put(NODE.pack(self._key(node.key), node.value, height, left, right, 0)))
        return node.address[0]

    def _key(self, key: str) -> int:
        if key not in self._keys:
            self._keys[key] = self._arena.put(_order(key) + b"\0")
        return self._keys[key]
