# SPDX-License-Identifier: Apache-2.0
"""What each command asked of the API, for the test that no command is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import webob

from tests.api.contract import operation_of
from tests.unit.cli import commands


class Asked:
    """``rules``: command → the rules of the requests that it made and that were answered well."""

    def __init__(self) -> None:
        self.rules: dict[str, set[str]] = defaultdict(set)
        self._heard: list[str] = []

    def listening(self, application: Any) -> Any:
        """``application``, and what is asked of it is noted."""

        def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            request = webob.Request(environ)
            response = request.get_response(application)
            if response.status_int < 400:
                self._heard.append(operation_of(request.method, request.path)["operationId"])
            answer: Iterable[bytes] = response(environ, start_response)
            return answer

        return respond

    @contextmanager
    def by(self, arguments: tuple[str, ...]) -> Iterator[None]:
        """What is asked in the block is asked by this command: nobody else asks anything meanwhile."""
        self._heard.clear()
        yield
        self.rules[commands.of(arguments)].update(self._heard)
