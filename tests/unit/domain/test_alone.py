# SPDX-License-Identifier: Apache-2.0
"""What a collectd is tried with beside the one that runs."""

from __future__ import annotations

import pytest

from collectd_mgr.domain import alone, grammar

CHAINS = """
    PostCacheChain "Mine"
    <Chain "Mine">
      Target "write"
    </Chain>
"""


def kept(text: str, *unloadable: str) -> str:
    return grammar.render(alone.kept(grammar.parse(f"{text}\n"), unloadable))


@pytest.mark.parametrize("load", ["LoadPlugin match_ours", "LoadPlugin java", "<Plugin perl>\nBaseName x\n</Plugin>"])
def test_no_chain_without_what_may_bring_its_match(load: str) -> None:
    assert kept(f"{load}\nLoadPlugin memory\n{CHAINS}") == kept("LoadPlugin memory")


def test_a_chain_without_what_brings_none_stays() -> None:
    assert kept(f"LoadPlugin python\nLoadPlugin csv\nLoadPlugin match_regex\n{CHAINS}") == kept(
        f"LoadPlugin match_regex\n{CHAINS}"
    )


def test_what_finds_no_library_here_is_left_out_with_its_configuration() -> None:
    text = "LoadPlugin Oracle\n<Plugin oracle>\nx 1\n</Plugin>\nLoadPlugin memory"
    assert kept(text, "oracle") == kept("LoadPlugin memory")
    assert kept(f"LoadPlugin match_regex\n{CHAINS}", "match_regex") == ""
