# SPDX-License-Identifier: Apache-2.0
"""Random changes of thresholds and ignorelist in one collectd, while values expire and chains run.

``CM_LONG=1`` makes ten thousand of them, and others each time; else they are a few hundred, and the same.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import ignorelist, sections, thresholds
from collectd_mgr.domain.ignorelist import Rules
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.wire.client import WireClient
from tests.collectd import soak
from tests.collectd.test_alarms import raised
from tests.collectd.test_valgrind import VALGRIND
from tests.waiting import Eventually

LONG = bool(os.environ.get("CM_LONG"))
CHANGES, ROUNDS = (10_000, 500) if LONG else (300, 30)

PLUGINS = {"load", "memory", "swap"}
#: What the operator has: a chain that drops what is called free, and two thresholds that are always crossed.
OPERATORS = """
LoadPlugin match_regex
LoadPlugin threshold
<Chain "PreCache">
  <Rule "free">
    <Match "regex">
      Type "^memory$"
      TypeInstance "^free$"
    </Match>
    Target "stop"
  </Rule>
</Chain>
<Plugin threshold>
  <Type "load">
    DataSource "longterm"
    FailureMin 1000000
  </Type>
  <Plugin "memory">
    <Type "memory">
      Instance "cached"
      WarningMax -1
    </Type>
  </Plugin>
</Plugin>
"""

#: Different rules to choose from, as many as the budget has room for as a rule, and names for them.
RULES, NAMES = 40, 12

#: What expressions are made of, in all the ways that :func:`_expression` knows.
WORDS = ("memory", "mem", "used", "sl", "load", "swap", "free", "_", "io", "scratch", "example", "[.]", "[^a-m]")
CLASSES = (".", "[a-z]", "[^aeiou]", "[[:alpha:]]", "[[:digit:]_.-]", "[a-f0-9]", "(u|c|b)", "(in|out|)", "\\.", "ü")
REPEATS = ("*", "+", "?", "{2}", "{0,3}", "{1,12}", "{3,}", "")


TYPES = ("load", "memory", "swap", "swap_io", "if_octets", "percent", "gauge")
INSTANCES = ("used", "cached", "free", "in", "out", "x", "y")


def _threshold(chance: random.Random, number: int) -> dict[str, Any]:
    """Under a key of its own, so that any two of them may be in force."""
    instance = INSTANCES[number % len(INSTANCES)]
    place = {"type": TYPES[number // len(INSTANCES)], "type_instance": instance, "host": "scratch.example.org"}
    bound = chance.choice(("warning_min", "warning_max", "failure_min", "failure_max"))
    more = {"hits": chance.randrange(4), "persist": chance.random() < 0.1, "hysteresis": float(chance.randrange(3))}
    return thresholds.normal({**place, bound: chance.choice((-1.0, 0.0, 1.0, chance.uniform(-1e6, 1e6))), **more})


def _expression(chance: random.Random) -> str:
    """A hostile one as a rule: of everything that there is, one in the other, and matching now this and now that."""
    parts = [_part(chance, 2) for _ in range(chance.randrange(1, 5))]
    return chance.choice(("", "^", "^", ".*")) + "".join(parts) + chance.choice(("", "$", ".*", ".*$"))


def _part(chance: random.Random, depth: int) -> str:
    kind = chance.randrange(4 if depth else 2)
    if kind == 0:
        return chance.choice(WORDS)
    if kind == 1:
        return chance.choice(CLASSES) + chance.choice(REPEATS)
    inner = [_part(chance, depth - 1) for _ in range(chance.randrange(1, 4))]
    return "(" + ("|" if kind == 2 else "").join(inner) + ")" + chance.choice(REPEATS)


def _rule(chance: random.Random) -> dict[str, Any]:
    """One that may be a rule: libc takes its expressions, and they do not multiply to too many copies."""
    while True:
        parts = chance.sample(sorted(ignorelist.PARTS), chance.choice((1, 1, 2, 3, 4)))
        rule = {part: _expression(chance) for part in parts}
        with contextlib.suppress(exception.BadSetting):
            return ignorelist.normal({"action": chance.choice(("allow", "deny")), **rule})


Desired = dict[str, dict[str, Any]]


def _changed(chance: random.Random, pool: list[dict[str, Any]], before: Desired) -> tuple[str, Desired]:
    """One random change of what is desired: the section that it is in, and all that is desired then."""
    desired = {section: dict(settings) for section, settings in before.items()}
    if chance.random() < 0.5:
        name, section, setting = f"r{chance.randrange(NAMES)}", sections.IGNORELIST, chance.choice(pool)
    else:
        number = chance.randrange(len(TYPES) * len(INSTANCES))
        name, section, setting = f"t{number}", sections.THRESHOLDS, _threshold(chance, number)
    if desired[section].get(name) == setting or (name in desired[section] and chance.random() < 0.3):
        del desired[section][name]
    else:
        desired[section][name] = setting
    return section, desired


def _is_made(collectd: ScratchCollectd, section: str, desired: Desired) -> bool:
    """A rule that the budget has no room for is for the next rung; every other change is made."""
    try:
        collectd.call(f"{section}_set", settings=desired[section])
    except exception.LiveRefused as error:
        if (section, error.kwargs["reason_code"]) != (sections.IGNORELIST, "memory_budget"):
            raise
        return False
    return True


def _everything(collectd: ScratchCollectd, eventually: Eventually) -> set[str]:
    """The metrics, once each plugin was read again after all were."""
    eventually(lambda: {name.split("/")[1] for name in collectd.call("metrics_list")["names"]} >= PLUGINS)
    seen, found = time.time(), dict[str, float]()

    def again() -> bool:
        page = collectd.call("metrics_list")
        found.update(zip(page["names"], page["times"], strict=True))
        return all(moment > seen for moment in found.values())

    eventually(again)
    return set(found)


def test_random_changes_cost_nothing_but_a_bounded_memory(eventually: Eventually) -> None:
    # Of one pool of rules in seven libc makes so much that the budget does not have room for all.
    seed = random.randrange(2**32) if LONG else 1
    print(f"seed {seed}")
    chance = random.Random(seed)
    with ScratchCollectd(sorted(PLUGINS), OPERATORS, interval=0.1, options={"Timeout": 10}) as collectd:
        everything, theirs = _everything(collectd, eventually), collectd.call("thresholds_get")["host"]
        pid, resident = collectd.pid, collectd.resident
        desired: Desired = {sections.THRESHOLDS: {}, sections.IGNORELIST: {}}
        pool, refused = [_rule(chance) for _ in range(RULES)], 0
        began, made = time.monotonic(), 0
        while made < CHANGES:
            section, wanted = _changed(chance, pool, desired)
            if _is_made(collectd, section, wanted):
                desired, made = wanted, made + 1
            else:
                refused += 1
                assert refused < CHANGES / 10, "the budget has room for such rules"
        took, grown = time.monotonic() - began, collectd.resident - resident
        facts = collectd.call("status")["sections"]
        spent = facts["thresholds"]["bytes"]
        print(f"{made} changes in {took:.1f} s, {refused} of them for the next rung")
        print(f"resident {grown / 2**20:+.1f} MiB, {spent} bytes for ever")

        assert collectd.running
        assert collectd.call("status")["pid"] == pid
        assert grown < 20_000_000
        assert facts["thresholds"]["bytes"] < facts["thresholds"]["budget"]
        for section, settings in desired.items():
            assert facts[section]["digest"] == sections.digest(settings)
        assert collectd.call("thresholds_get") == {"settings": desired[sections.THRESHOLDS], "host": theirs}
        rules = Rules(desired[sections.IGNORELIST])
        kept = {name for name in everything if rules.ignores(Identifier.parse(name)) is None}
        eventually(lambda: set(collectd.call("metrics_list")["names"]) == kept)

        collectd.call("ignorelist_set", settings={})
        collectd.call("thresholds_set", settings={})
        eventually(lambda: set(collectd.call("metrics_list")["names"]) == everything)
        assert not raised(collectd.log_text), "whatever was missing was ignored"
        assert collectd.call("thresholds_get") == {"settings": {}, "host": theirs}


def test_under_valgrind(tmp_path: Path, eventually: Eventually) -> None:
    """No access to memory that is not there, or no longer; and SIGTERM comes in the middle of it."""
    report = tmp_path / "valgrind"
    chance = random.Random(11)
    wrapper = (*VALGRIND, "--num-callers=25", f"--log-file={report}")
    with ScratchCollectd(sorted(PLUGINS), OPERATORS, interval=0.5, wrapper=wrapper, patience=280) as collectd:
        desired: Desired = {sections.THRESHOLDS: {}, sections.IGNORELIST: {}}
        pool = [_rule(chance) for _ in range(RULES)]
        for number in range(ROUNDS):
            section, desired = _changed(chance, pool, desired)
            changes = [partial(collectd.call, f"{section}_set", settings=desired[section])]
            if number % 10 == 0:
                changes += [partial(collectd.call, f"plugin_{verb}", plugin="swap") for verb in ("disable", "enable")]
            for change in changes:
                eventually(partial(soak.is_done, change))
        endless = threading.Thread(target=_until_it_ends, args=(collectd, chance, pool, desired))
        endless.start()
        time.sleep(2)
        assert collectd.stop() == 0, report.read_text()
        endless.join()
        assert "ERROR SUMMARY: 0 errors" in report.read_text()


def _until_it_ends(
    collectd: ScratchCollectd, chance: random.Random, pool: list[dict[str, Any]], desired: Desired
) -> None:
    client = WireClient(collectd.socket, timeout=60)
    with contextlib.suppress(exception.CollectdMgrError), contextlib.closing(client):
        while True:
            section, desired = _changed(chance, pool, desired)
            client.call(f"{section}_set", {"settings": desired[section]})
