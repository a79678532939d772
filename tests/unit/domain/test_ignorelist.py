# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import grammar, ignorelist
from collectd_mgr.domain.ignorelist import Rules
from collectd_mgr.domain.metrics import Identifier

DENY = {"action": "deny", "plugin": "^interface$"}
ALLOW = {"action": "allow", "plugin_instance": "^eth[0-9]{1,2}$"}


def metric(name: str) -> Identifier:
    return Identifier.of(name)


def test_allow_wins_whatever_the_names() -> None:
    for names in (("a", "b"), ("b", "a")):
        rules = Rules(dict(zip(names, (DENY, ALLOW), strict=True)))
        assert rules.ignores(metric("h/interface-veth0/if_octets")) == names[0]
        assert rules.ignores(metric("h/interface-eth0/if_octets")) is None
        assert rules.ignores(metric("h/cpu-0/cpu-idle")) is None


def test_a_rule_matches_where_every_part_does() -> None:
    rules = Rules({"a": ignorelist.normal({"plugin": "^cpu$", "type_instance": "^(idle|wait)$"})})
    assert rules.counts(["h/cpu-0/cpu-idle", "h/cpu-0/cpu-user", "h/x/cpu-idle"], ["a"]) == {"a": 1}
    assert rules.counts([], []) == {}


def test_many_at_once_are_judged_as_each_by_itself() -> None:
    rules = Rules({"a": DENY, "b": ALLOW, "c": ignorelist.normal({"host": "^h$", "type": "cpu", "type_instance": "/"})})
    names = [
        f"{host}/{plugin}/{type_}"
        for host in ("h", "other", "")
        for plugin in ("interface-veth0", "interface-eth0", "interface", "cpu-0", "")
        for type_ in ("if_octets", "cpu-a/b", "cpu-idle", "cpu", "")
    ]
    # collectd has none without a host or a type; without a plugin it has.
    judged = {name for name in names if name[0] != "/" and name[-1] != "/"}
    wanted = {name for name in judged if rules.ignores(metric(name)) is not None}
    assert rules.ignored(names) == wanted
    assert wanted > {"h/interface/if_octets", "h/cpu-0/cpu-a/b", "h//cpu-a/b"}
    together = list(rules.together(names))
    assert sorted(place for each in together for place in each.places) == list(range(len(names)))
    for each in together:
        alone = [*rules.together([names[each.places[0]]])]
        assert [(one.rules, one.by) for one in alone] == [(each.rules, each.by)]
        assert {rules.ignores(metric(names[place])) for place in each.places} == {each.by}
    assert rules.counts(names, "ac") == {
        rule: sum(len(each.places) for each in together if rule in each.rules) for rule in "ac"
    }
    assert rules.ignored(["nothing", "h/interface"]) == set()


def test_what_is_empty_is_any() -> None:
    assert ignorelist.normal({"plugin": "^a$", "type": "", "host": None}) == {"action": "deny", "plugin": "^a$"}


def test_the_chain_has_allow_first_and_ends_in_the_operators() -> None:
    load, chain, option = ignorelist.items({"a": DENY, "b": ALLOW}, "PreCache")
    assert (load.values, option.key, option.values) == (("match_regex",), "PreCacheChain", (ignorelist.CHAIN,))
    *rules, end = chain.children or ()
    assert [rule.values for rule in rules] == [("b",), ("a",)]
    assert "jump" in grammar.render((end,))
    assert ignorelist.items({}, "PreCache") == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ('<Chain "precache">\nTarget "write"\n</Chain>\n', "PreCache"),
        ('PreCacheChain "a"\n', None),
        ('PreCacheChain "a"\n<Chain "A">\nTarget "write"\n</Chain>\n', "a"),
        ('PreCacheChain "a"\nPreCacheChain "b"\n<Chain "a">\nTarget "write"\n</Chain>\n', None),
    ],
)
def test_the_operators_chain_is_the_one_that_collectd_runs(text: str, found: str | None) -> None:
    assert ignorelist.operators_chain(grammar.parse(text)) == found


@pytest.mark.parametrize(
    ("facts", "chain", "said"),
    [
        ({}, "a", ""),
        ({"chain": None}, None, ""),
        ({"chain": "A"}, "a", ""),
        ({"chain": None}, "a", "does not run the chain a with"),
        ({"chain": "b"}, "a", "does not run the chain a with"),
        ({"chain": "b"}, None, "looks in vain for the chain b with"),
    ],
)
def test_a_chain_that_came_or_went_unheeded_is_told(facts: dict[str, str | None], chain: str | None, said: str) -> None:
    text = f'PreCacheChain "{chain}"\n<Chain "{chain}">\nTarget "write"\n</Chain>\n' if chain else ""
    found = list(ignorelist.unheeded(facts, grammar.parse(text)))
    assert (len(found) == 1 and said in found[0]) if said else not found


def test_what_is_no_expression_is_said_of_its_part() -> None:
    with pytest.raises(exception.BadSetting) as bad:
        ignorelist.normal({"plugin": "("})
    assert bad.value.kwargs == {"field": "plugin", "expression": "("}
