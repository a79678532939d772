# SPDX-License-Identifier: Apache-2.0
"""Runs inside collectd: writes down how collectd itself understands configurations.

Its own block names what to do::

    <Module grammar_probe>
      Parse "/dir/documents.json" "/dir/trees.json"     # the daemon's parser on many texts
      Record "/dir/recorded.json"                       # from here on, what the daemon hands over
    </Module>
    <Module grammar_probe>
      …anything: recorded…
    </Module>

Every text is parsed in a process of its own, because a syntax error leaves the scanner of
the process that met it in the middle of the text.
"""

from __future__ import annotations

import ctypes
import json
import os
from typing import Any

import collectd


class CValue(ctypes.Union):
    _fields_ = [("string", ctypes.c_char_p), ("number", ctypes.c_double), ("boolean", ctypes.c_int)]


class CTyped(ctypes.Structure):
    _fields_ = [("value", CValue), ("type", ctypes.c_int)]


class CItem(ctypes.Structure):
    pass


CItem._fields_ = [
    ("key", ctypes.c_char_p),
    ("values", ctypes.POINTER(CTyped)),
    ("values_num", ctypes.c_int),
    ("parent", ctypes.POINTER(CItem)),
    ("children", ctypes.POINTER(CItem)),
    ("children_num", ctypes.c_int),
]

daemon = ctypes.CDLL(None)
daemon.oconfig_parse_file.restype = ctypes.POINTER(CItem)
daemon.oconfig_parse_file.argtypes = [ctypes.c_char_p]

recorded: list[Any] = []
record_to: list[str] = []


def text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def typed(value: CTyped) -> Any:
    """Numbers as text: JSON has no infinity, and a double survives repr."""
    if value.type == 0:
        return text(value.value.string)
    return {"number": repr(value.value.number)} if value.type == 1 else bool(value.value.boolean)


def tree(item: CItem) -> list[Any]:
    values = [typed(item.values[i]) for i in range(item.values_num)]
    return [text(item.key), values, children(item)]


def children(item: CItem) -> list[Any]:
    return [tree(item.children[i]) for i in range(item.children_num)]


def parse(path: str) -> Any:
    """The statements in a file as ``[key, values, children]``, or None where collectd refuses it."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        root = daemon.oconfig_parse_file(path.encode())
        with os.fdopen(write, "w") as answer:
            json.dump(children(root.contents) if root else None, answer)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answered = pipe.read()
    os.waitpid(child, 0)
    return json.loads(answered)


def parse_all(source: str, target: str) -> None:
    with open(source, encoding="utf-8") as file:
        documents = json.load(file)
    answers = []
    path = f"{source}.text"
    for document in documents:
        with open(path, "wb") as file:
            file.write(document.encode("utf-8", "surrogateescape"))
        answers.append(parse(path))
    write(target, answers)


def write(target: str, answers: Any) -> None:
    with open(target, "w", encoding="utf-8") as file:
        json.dump(answers, file)


def handed_over(item: Any) -> list[Any]:
    values = [{"number": repr(value)} if isinstance(value, float) else value for value in item.values]
    return [item.key, values, [handed_over(child) for child in item.children]]


def configure(config: Any) -> None:
    if record_to:
        recorded.append([handed_over(child) for child in config.children])
        return
    for item in config.children:
        if item.key == "Parse":
            parse_all(*item.values)
        else:
            record_to.extend(item.values)


def finish() -> None:
    """The first callback after the whole configuration was read: no more of the daemon is needed."""
    for target in record_to:
        write(target, recorded)
    os._exit(0)


collectd.register_config(configure)
collectd.register_init(finish)
