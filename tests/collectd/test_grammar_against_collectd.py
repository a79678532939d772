# SPDX-License-Identifier: Apache-2.0
"""Our grammar beside the real one: the same verdict, the same tree, on every document."""

from __future__ import annotations

import os
from random import Random

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.grammar import Item, parse, render
from tests.collectd import grammar_documents
from tests.collectd.grammar_daemon import differences, handed_to_a_plugin, parsed_by_collectd, parsed_by_us, tree
from tests.unit.domain.grammar_corpus import HOSTILE

#: The long form (by hand, CM_LONG=1) reads twenty-five times as many documents. Each is a process of its own.
ROUNDS = 25 if os.environ.get("CM_LONG") else 1

pytestmark = pytest.mark.timeout(900)


def test_the_corner_cases() -> None:
    assert differences(grammar_documents.CORNERS) == []


def test_words_numbers_and_addresses() -> None:
    assert differences([f"Key {word}\n" for word in grammar_documents.words(Random(2), 800 * ROUNDS)]) == []


def test_random_documents() -> None:
    documents = [text for text in grammar_documents.soups(Random(1), 800 * ROUNDS) if not swallows(text)]
    refused = [parsed_by_us(text) is None for text in documents].count(True)
    assert len(documents) / 10 < refused < len(documents) * 9 / 10
    assert differences(documents) == []


def test_where_we_are_stricter_on_purpose() -> None:
    documents = grammar_documents.STRICTER
    assert [parsed_by_us(text) for text in documents] == [None] * len(documents)
    assert None not in parsed_by_collectd(documents)


def swallows(text: str) -> bool:
    try:
        parse(text)
    except exception.BadGrammar as refused:
        return bool(refused.kwargs["reason"] == "the string never ends")
    return False


def test_rendered_documents_are_read_back_by_the_daemon() -> None:
    documents = grammar_documents.trees(Random(3), 300 * ROUNDS)
    assert parsed_by_collectd([render(document) for document in documents]) == [
        tree(document) for document in documents
    ]


def test_hostile_strings_reach_a_plugin_whole_and_nothing_else() -> None:
    documents = [hostile(text) for text in HOSTILE]
    assert handed_to_a_plugin(documents) == [tree(document) for document in documents]


def hostile(text: str) -> tuple[Item, ...]:
    return (Item("Option", (text, text)), Item("Block", (text,), (Item("Inner", (text,)), Item("Last", (1,)))))
