# SPDX-License-Identifier: Apache-2.0
"""Who says what comes from a host: each signs with a key of its own, and the control plane knows the keys.

:mod:`collectd_mgr.domain.identity` says what is covered, :mod:`collectd_mgr.rpc.keys` how keys are written.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from collectd_mgr import disk, exception
from collectd_mgr.domain import identity
from collectd_mgr.rpc import keys
from collectd_mgr.rpc.keys import Watched

if TYPE_CHECKING:
    from oslo_config import cfg

LOG = logging.getLogger(__name__)

#: In the agent's own directory: private keys, as in ``[signing] key_file``.
FILE = "identity"

Message = Mapping[str, Any]


class Identity:
    """The agent's side: the first of its keys signs; the others are those that the control plane may still know alone.

    May be used by any thread.
    """

    def __init__(self, private: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        self._key = keys.private(private[0])
        self.public = tuple(keys.public_half(key) for key in private)
        self._clock = clock

    def report(self, event: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The context of a report."""
        issued = self._clock()
        value = keys.signature(self._key, identity.report(event, payload, issued))
        return {identity.CONTEXT: {"issued": issued, "value": value}}

    def answer(self, host: str, method: str, asked: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """``content``, ``{"result"}`` or ``{"error"}``, signed for the call that asked with this word."""
        value = keys.signature(self._key, identity.answer(host, method, asked, content))
        return {"answer": content, "value": value}


def of_host(directory: str) -> Identity:
    """The identity that is kept in the agent's own directory; a fresh one the first time. Safe to repeat.

    :raises ValueError: for a file that holds no key
    """
    path = Path(directory) / FILE
    if not path.exists():
        # A key that was shown to somebody must not be another one after a power cut.
        disk.replace(path, keys.new() + "\n")
    private = path.read_text(encoding="ascii").split()
    if not private:
        raise ValueError(f"{path} holds no key; without the file the agent makes itself a new one.")
    return Identity(private)


class HostKeys:
    """The control plane's side. May be asked by any thread.

    :param file: lines of a host's name and a public key of it; read again when it changes, and if that cannot be
        understood, what it said before holds
    :param required: whether a host that is not in the file is believed nothing; else it is believed what is not signed
    :param lifetime: seconds by which a report may be old, or ahead
    :raises OSError, ValueError: when the file cannot be read at first
    """

    def __init__(self, file: str, required: bool, lifetime: float, clock: Callable[[], float] = time.time) -> None:
        self._file = Watched(file, _by_host)
        self._known = self._file.read()
        self._required = required
        self._lifetime = lifetime
        self._clock = clock
        self.refused: Counter[str] = Counter()

    def believed(self, messages: Iterable[Message], lifetime: float | None = None) -> list[Message]:
        """The reports among ``messages`` (as oslo.messaging hands them over) that are of whom they say.

        The others are counted and logged: a line for each host and reason.

        :param lifetime: of these, where it is another
        """
        good: list[Message] = []
        bad: Counter[tuple[str, str]] = Counter()
        for message in messages:
            reason = self._doubt(message, self._lifetime if lifetime is None else lifetime)
            if reason is None:
                good.append(message)
            else:
                bad[(_host(message), reason)] += 1
        for (host, reason), count in bad.items():
            self.refused[reason] += count
            LOG.warning("What came as from %.255r was refused (%s, %s so far).", host, reason, self.refused[reason])
        return good

    def opened(self, host: str, method: str, asked: str, given: Any) -> Mapping[str, Any]:
        """What a host answered: ``{"result"}`` or ``{"error"}``. :raises AnswerNotTrusted: unless it was that host"""
        signed = isinstance(given, Mapping) and isinstance(given.get("answer"), Mapping)
        answer = given["answer"] if signed else {"result": given}
        reason = self._doubt_of(host, given if signed else None, lambda: identity.answer(host, method, asked, answer))
        if reason is not None:
            self.refused[reason] += 1
            LOG.warning("An answer as from %s was refused (%s, %s so far).", host, reason, self.refused[reason])
            raise exception.AnswerNotTrusted(f"What was answered is not known to be of {host}.", reason_code=reason)
        return dict(answer)

    def knows(self, host: str) -> bool:
        """Whether an answer that is not signed can be none of this host."""
        return self._required or host in self._keys()

    def _doubt(self, message: Message, lifetime: float) -> str | None:
        """Why a report is not to be believed."""
        given = (message.get("ctxt") or {}).get(identity.CONTEXT)
        given = given if isinstance(given, Mapping) else None
        issued = given.get("issued") if given else None
        event, payload = message.get("event_type"), message.get("payload")
        reason = self._doubt_of(_host(message), given, lambda: identity.report(str(event), payload, issued or 0.0))
        if reason is not None or given is None or not self.knows(_host(message)):
            return reason
        if not isinstance(issued, float) or not abs(self._clock() - issued) <= lifetime:
            return "expired"
        return None

    def _doubt_of(self, host: str, given: Mapping[str, Any] | None, content: Callable[[], bytes]) -> str | None:
        known = self._keys().get(host)
        if known is None:
            return "unknown_host" if self._required else None
        if given is None:
            return "unsigned"
        try:
            signed = content()
        except (TypeError, ValueError):
            return "forged"
        return None if any(keys.signed(key, given, signed) for key in known) else "forged"

    def _keys(self) -> Mapping[str, tuple[Ed25519PublicKey, ...]]:
        try:
            self._known = self._file.read()
        except (OSError, ValueError) as error:
            LOG.error("The keys of the hosts cannot be read, those of before hold: %s", error)
        return self._known


def host_keys(conf: cfg.ConfigOpts) -> HostKeys | None:
    """As ``[signing]`` says; None where hosts are believed without. :raises OSError, ValueError: for a bad file"""
    signing = conf.signing
    if not signing.host_keys_file:
        return None
    return HostKeys(signing.host_keys_file, signing.require_host_keys, signing.lifetime)


def _by_host(text: str) -> dict[str, tuple[Ed25519PublicKey, ...]]:
    found: dict[str, tuple[Ed25519PublicKey, ...]] = {}
    for line in keys.words(text):
        if len(line) < 2:
            raise ValueError(f"a line that is no name and a key: {line[0]}")
        found[line[0]] = (*found.get(line[0], ()), keys.public(line[1]))
    return found


def _host(message: Message) -> str:
    payload = message.get("payload")
    return str(payload.get("host")) if isinstance(payload, Mapping) else ""
