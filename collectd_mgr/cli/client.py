# SPDX-License-Identifier: Apache-2.0
"""The REST API through keystoneauth: errors as one line, lists as one stream."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from keystoneauth1 import adapter, exceptions
from osc_lib.command import command
from osc_lib.exceptions import CommandError

from collectd_mgr.cli import trouble

#: The type under which Keystone's catalogue knows the API.
SERVICE_TYPE = "collectd-mgr"


class NotThere(CommandError):
    """What was asked for is not there (404)."""


class MayPass(CommandError):
    """The API, or what is behind it, did not answer: asked later, it may."""


class Client(adapter.Adapter):
    """An adapter whose errors are :class:`CommandError` with the API's own words in one line."""

    def request(self, url: str, method: str, **kwargs: Any) -> Any:
        """As keystoneauth has it.

        :raises CommandError: the sentence, the code and the request id of the API; NotThere where it is a 404, MayPass
            where it is a 5xx, or nobody answers
        """
        try:
            return _ours(super().request(url, method, **kwargs))
        except exceptions.NotFound as error:
            raise NotThere(trouble.line(error)) from error
        except (exceptions.HttpServerError, exceptions.ConnectionError) as error:
            raise MayPass(trouble.line(error)) from error
        except exceptions.ClientException as error:
            raise CommandError(trouble.line(error)) from error

    def items(self, url: str, key: str, limit: int | None = None, **params: Any) -> Iterator[dict[str, Any]]:
        """The items of a list, page after page as they are wanted, at most ``limit`` of them."""
        return itertools.islice(self._pages(url, key, params), limit)

    def plugin(self, host: str, plugin: str, **form: str) -> dict[str, Any]:
        """A plugin of a host: desired beside effective; ``config_format="text"`` for collectd.conf text."""
        return dict(self.get(path("hosts", host, "plugins", plugin), params=form).json()["plugin"])

    def _pages(self, url: str, key: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        following: str | None = url
        wanted: Mapping[str, Any] = {name: value for name, value in params.items() if value is not None}
        while following:
            page = self.get(following, params=wanted).json()
            yield from page[key]
            # The address of the next page has the parameters in it.
            following, wanted = _next(page), {}


def client_of(shell_command: command.Command) -> Client:
    """The client that osc made (by ``plugin.make_client``) for the shell this command runs in."""
    manager: Any = shell_command.app.client_manager
    client: Client = manager.collectd
    return client


def _next(page: Mapping[str, Any]) -> str | None:
    return next((link["href"] for link in page.get("links", ()) if link["rel"] == "next"), None)


def path(*parts: object) -> str:
    """The address of a resource under ``/v1``; no part can leave its place.

    :raises CommandError: for a part that names nothing, and would make the address another one
    """
    for part in parts:
        if part in ("", ".", ".."):
            raise CommandError(f"{part!r} is not a name.")
    return "/".join(["/v1", *(quote(str(part), safe="") for part in parts)])


def _ours(response: Any) -> Any:
    """:raises CommandError: somebody else has answered, who takes any address for good"""
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if response.status_code != 204 and kind not in ("application/json", "text/plain"):
        raise CommandError(f"{response.url} is not the API of collectd_mgr: it answers with {kind or 'nothing'}.")
    return response
