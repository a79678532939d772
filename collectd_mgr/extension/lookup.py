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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Optional

from collectd_mgr.extension.arena import Arena

# c_avl_node_t: key, value, height, left, right, parent. c_avl_tree_t: root, compare, size.
NODE = struct.Struct("QQi4xQQQ")
TREE = struct.Struct("QQi4x")


@dataclass(frozen=True, eq=False)
class Node:
    """``key`` is as collectd has it, and ordered as strcmp does. ``value`` and ``address`` are addresses; the latter is
    0 until the node lies in collectd's memory.
    """

    key: bytes
    value: int
    left: Node | None = None
    right: Node | None = None
    address: list[int] = field(default_factory=list)


Tree = Optional[Node]

#: A node whose right side is still to come: rank, key, value, left side.
_Open = tuple[tuple[int, bytes], bytes, int, Tree]


def of(values: Mapping[str, int], before: Tree = None) -> Tree:
    """The tree that has these values by their keys, of the nodes of ``before`` wherever they are the same."""
    known = {node.key: node for node in _nodes(before)}
    spine: list[_Open] = []
    for key, value in sorted((name.encode("utf-8", "surrogateescape"), value) for name, value in values.items()):
        rank = zlib.crc32(key), key
        left = _closed(spine, known, rank)
        spine.append((rank, key, value, left))
    return _closed(spine, known)


def _closed(spine: list[_Open], known: Mapping[bytes, Node], rank: tuple[int, bytes] | None = None) -> Tree:
    """Take off the end of ``spine`` what is below ``rank`` (None: all), made one tree."""
    right: Tree = None
    while spine and (rank is None or spine[-1][0] < rank):
        _, key, value, left = spine.pop()
        node = known.get(key)
        if node is None or node.value != value or node.left is not left or node.right is not right:
            node = Node(key, value, left, right)
        right = node
    return right


def entries(tree: Tree) -> Iterator[tuple[str, int]]:
    """The keys, in order, with their values."""
    return ((node.key.decode("utf-8", "surrogateescape"), node.value) for node in _nodes(tree))


def _nodes(tree: Tree) -> Iterator[Node]:
    """In order."""
    node, waiting = tree, list[Node]()
    while node is not None or waiting:
        while node is not None:
            waiting.append(node)
            node = node.left
        node = waiting.pop()
        yield node
        node = node.right


class Writer:
    """Puts trees into collectd's memory.

    :param compare: the address of the comparison of strings that collectd's own tree has
    """

    def __init__(self, arena: Arena, compare: int) -> None:
        self._arena = arena
        self._compare = compare
        self._keys: dict[bytes, int] = {}

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

    def _key(self, key: bytes) -> int:
        if key not in self._keys:
            self._keys[key] = self._arena.put(key + b"\0")
        return self._keys[key]
