# SPDX-License-Identifier: Apache-2.0
"""What must be true of a host at rest: of what it runs, of what every operation said, and of what is in the logs."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from collectd_mgr.domain.servants import SERVANTS
from tests.functional.deployment import Agent, Caller
from tests.functional.walk.asked import Asked, Subject
from tests.functional.walk.steps import MARKS, SECRET
from tests.waiting import PATIENCE

#: What takes a success back: nobody foresees it.
_TAKES_BACK = ("daemon_died", "series_lost")

#: What no operation may fail with.
_ODD = ("internal_error", "stale_generation", "host_not_found", "unauthorized", "bad_request")

_FINAL = ("succeeded", "failed", "superseded")


class View:
    """What any of the APIs says; one that is away now is asked later."""

    def __init__(self, urls: Iterable[str]) -> None:
        self._callers = itertools.cycle([Caller(url) for url in urls])

    def __call__(self, path: str) -> Any:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = next(self._callers)("GET", path)
            except (OSError, http.client.HTTPException):
                answer = None
            if answer is not None and answer.status not in (503, 504):
                assert answer.status == 200, answer
                assert SECRET not in json.dumps(answer.body)
                return answer.body
            assert time.monotonic() < deadline, answer
            time.sleep(0.2)

    def operations(self, host: str) -> list[dict[str, Any]]:
        """All of them, in no order that matters."""
        rows, path = [], f"/v1/operations?host={host}&limit=500"
        while path:
            body = self(path)
            rows += body["operations"]
            (path, *_) = *(_path(link) for link in body["links"] if link["rel"] == "next"), ""
        return rows

    def layer(self, host: str, n: int) -> dict[Subject, Any]:
        """What generation ``n`` sets for good, by what it is about."""
        layers = self(f"/v1/hosts/{host}/generations/{n}")["generation"]["layers"]
        (layer,) = [each for each in layers if each["id"] == "host"] or [{}]
        plugins = {("plugins", name): setting for name, setting in layer.get("plugins", {}).items()}
        named = {
            (section, name): setting[MARKS[section]]
            for section, settings in layer.get("sections", {}).items()
            for name, setting in settings.items()
            if section in MARKS
        }
        return {**plugins, **named}


def _path(link: dict[str, str]) -> str:
    parts = urlsplit(link["href"])
    return f"{parts.path}?{parts.query}"


def unrest(view: View, agent: Agent) -> list[str]:
    """Why the host is not at rest: a sentence each."""
    host = view(f"/v1/hosts/{agent.host}")["host"]
    keys = ("in_sync", "status", "generation", "applied_generation", "outcome", "error", "leases", "daemon", "warnings")
    states = [(row["reason"], row["state"]) for row in view.operations(agent.host) if row["state"] not in _FINAL]
    found = [f"open: {states}"] if states else []
    if not host["in_sync"] or host["status"] != "up" or host["leases"] or agent.collectds() != [host["daemon"]["pid"]]:
        found.append(f"{agent.collectds()} { ({key: host[key] for key in keys}) }")
    return [*found, *differences(view, agent.host)]


def differences(view: View, host: str) -> Iterator[str]:
    """Between what is desired and what is in effect."""
    for row in view(f"/v1/hosts/{host}/plugins?limit=1000")["plugins"]:
        if not _runs_as_desired(row):
            yield f"plugin: {row}"
    for section in (*MARKS, "mutes"):
        for row in view(f"/v1/hosts/{host}/{section}?limit=1000")[section]:
            if row["origin"] != "host" and row["desired"] != row["effective"]:
                yield f"{section}: {row}"
    buffer = view(f"/v1/hosts/{host}/buffer")["buffer"]
    if buffer["desired"] != buffer["effective"]:
        yield f"buffer: {buffer}"


def _runs_as_desired(row: dict[str, Any]) -> bool:
    wanted, runs = row["desired"] or {}, row["effective"] or {}
    if wanted.get("enabled") is None:
        # What is there for a section alone stays loaded.
        return row["origin"] == "host" or row["plugin"] in SERVANTS or not runs.get("enabled")
    if not wanted["enabled"] or row["origin"] == "host":
        return bool(runs.get("enabled")) == bool(wanted["enabled"])
    known = [key for key in ("enabled", "interval", "config") if wanted[key] is not None]
    return all(wanted[key] == runs.get(key) for key in known)


def untrue(view: View, host: str, asked: Iterable[Asked]) -> Iterator[str]:
    """What the operations of the host say that is not so: a sentence each."""
    rows = view.operations(host)
    mine = {each.reason: each for each in asked if each.host == host}
    by_reason = {row["reason"]: row for row in rows if row["reason"]}
    if len(by_reason) != len([row for row in rows if row["reason"]]):
        yield "There are two operations of one request."
    for reason, each in mine.items():
        yield from _of_one(each, by_reason.get(reason))
    yield from _lost(view, host, mine, by_reason)


def _of_one(asked: Asked, row: dict[str, Any] | None) -> Iterator[str]:
    if row is None:
        if asked.answer is not None and asked.answer.status in (200, 202):
            yield f"There is no operation of {asked}"
        return
    code = (row["error"] or {}).get("code")
    if code in _ODD:
        yield f"Failed oddly: {row}"
    if asked.hopeless and row["state"] == "succeeded":
        yield f"Cannot have succeeded: {row}"
    said = asked.answer.body["operation"]["state"] if asked.answer is not None and asked.answer.status == 200 else ""
    if said in _FINAL and said != row["state"] and not (said == "succeeded" and code in _TAKES_BACK):
        yield f"It was {said}: {row}"


def _lost(view: View, host: str, asked: dict[str, Asked], rows: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Whatever succeeded is there, unless something later that succeeded is about the same; and nothing else is."""
    state: dict[Subject, Any] = {}
    by: dict[Subject, str] = {}
    vague: set[Subject] = set()
    for row in sorted(rows.values(), key=lambda row: int(row["generation"]["n"])):
        each = asked[row["reason"]]
        if row["state"] == "superseded":
            # Not all of it is in effect: a part may be, or lie below a lease.
            vague |= {each.subject} if each.subject else set()
            vague |= {*state, *view.layer(host, each.to)} if each.to is not None else set()
        if row["state"] != "succeeded" or not each.sets_for_good:
            continue
        if each.to is not None:
            state = view.layer(host, each.to)
            vague.clear()
            continue
        assert each.subject is not None
        by[each.subject] = f"{by.get(each.subject, '')} {row['generation']['n']}:{each.method}:{each.body}"
        if each.method != "PATCH":
            vague.discard(each.subject)
        _set(state, each, each.subject)
    newest = max(row["n"] for row in view(f"/v1/hosts/{host}/generations?limit=5")["generations"])
    there = view.layer(host, newest)
    for subject in {*state, *there} - vague:
        if state.get(subject) != there.get(subject):
            said = by.get(subject, "")[-800:]
            yield f"{host} {subject} is {there.get(subject)}, and not {state.get(subject)}, in {newest}; {said}"


def _set(state: dict[Subject, Any], asked: Asked, subject: Subject) -> None:
    section, _ = subject
    if asked.method == "DELETE":
        state.pop(subject, None)
    elif section == "plugins":
        given = {key: asked.body[key] for key in ("enabled", "interval", "config") if key in asked.body}
        given = json.loads(re.sub(rf"{SECRET}\d+", "********", json.dumps(given)))
        state[subject] = {**state.get(subject, {}), **given} if asked.method == "PATCH" else given
    else:
        state[subject] = asked.body[MARKS[section]]


def record(view: View, host: str, asked: Iterable[Asked]) -> Iterator[str]:
    """What was asked of the host and what became of it, a line each, in the order in which it was tried last; then its
    generations. This is what there is to understand a fault by.
    """
    mine = {each.reason: each for each in asked if each.host == host}
    for row in sorted(view.operations(host), key=lambda row: int(row["generation"]["n"])):
        each = mine.get(row["reason"])
        said = f"{each.method} {each.path} {each.body}" if each else row["action"]
        code = (row["error"] or {}).get("code", "")
        made = f"{row['generation']['n']} on {row['from_generation']}"
        yield f"{row['created_at']} {made} {row['state']} {code}: {said}"
    for row in view(f"/v1/hosts/{host}/generations?limit=500")["generations"]:
        yield f"{row['created_at']} generation {row['n']} {row['outcome']}: {row['summary']}, {row['reason']}"


def unseemly(files: Iterable[Path]) -> Iterator[str]:
    """What no log is to have: secrets, and what nobody foresaw."""
    for file in files:
        text = file.read_text(errors="replace") if file.exists() else ""
        if SECRET in text:
            yield f"A secret in {file.name}: {next(line for line in text.splitlines() if SECRET in line)}"
        for found in re.findall(r"(?m)^.*Traceback \(most.*$(?:\n.*){0,40}", text)[:2]:
            yield f"{file.name}: {found}"
