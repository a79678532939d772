# SPDX-License-Identifier: Apache-2.0
"""What went wrong, in one line, and what to do about it where that is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from keystoneauth1 import exceptions
from keystoneauth1.exceptions import http

from collectd_mgr.cli.columns import plain

#: By the code of the API; host and noun stand in braces, as HOST and NOUN where they are not known.
_ADVICE = {
    "host_not_found": "To see the hosts: openstack collectd host list",
    "bad_plugin_name": "It is the name as in LoadPlugin, without .so.",
    "plugin_not_found": "To see the plugins: openstack collectd capability list --host {host}",
    "plugin_not_loadable": "To see which plugins can be loaded: openstack collectd capability list --host {host}",
    "setting_not_found": "To see what there is: openstack collectd {noun} list --host {host}",
    "host_not_managed": "To let it be changed: openstack collectd host set {host} --mode manage",
    "agent_outdated": "To see its release: openstack collectd capability list --releases --host {host}",
    "host_up": "To have it forgotten all the same: openstack collectd host delete --force {host}",
    "stale_generation": "To see what changed it: openstack collectd generation list --host {host}",
    "operation_not_found": "To see the operations: openstack collectd operation list",
    "generation_not_found": "To see the generations: openstack collectd generation list --host {host}",
    "agent_unreachable": "To see when it was heard last: openstack collectd host show {host}",
    "unauthorized": "Log in with --os-cloud, or with the OS_* variables.",
    "forbidden": "By default it takes the role admin, or manager in a project of operators; to look, reader there.",
    "not_found": "The endpoint has to be the root of the API, without /v1.",
}

#: Nobody else can take back what a host's own file says.
_BY_FILE = "A file on the host itself says so ([agent] mode_file), and only there it can be taken back."

#: Sections in addresses, and the word for them in commands.
_NOUNS = {
    "plugins": "plugin",
    "thresholds": "threshold",
    "ignorelist": "ignore",
    "samples": "sample",
    "ring": "ring",
    "mutes": "mute",
}

_PLACE = re.compile(r"/v1/(?:hosts/(?P<host>[^/?]+)/?)?(?P<section>[^/?]+)?")

_ENDPOINT = (
    "Is the endpoint right (--os-endpoint http://…; openstack catalog show collectd-mgr), and does the API run there?"
)


def advice(code: str, facts: Mapping[str, Any]) -> str:
    """What to do about an error of the API; nothing, where nobody knows."""
    known = {"host": "HOST", "noun": "NOUN", **facts}
    return _BY_FILE if facts.get("set_by") == "file" else _ADVICE.get(code, "").format(**known)


def worded(detail: str, *more: str) -> str:
    """A sentence, which may be a host's own, and what there is to say besides."""
    return plain(" ".join(filter(None, (f"{detail.rstrip('.')}.", *more))))


def line(error: exceptions.ClientException) -> str:
    """Any failure of a request, in a line."""
    if isinstance(error, http.HttpError):
        return _answered(error)
    if isinstance(error, exceptions.EndpointNotFound):
        return "No endpoint of the API (collectd-mgr) is known: name it with --os-endpoint, or register it in Keystone."
    if isinstance(error, exceptions.SSLError):
        return worded(_root(error), "Is it https that it speaks, and is its certificate trusted (--os-cacert)?")
    if isinstance(error, exceptions.ConnectionError):
        return worded(f"{str(error).partition(': ')[0]}: {_root(error)}", _ENDPOINT)
    return str(error)


def _answered(error: http.HttpError) -> str:
    try:
        response: Any = error.response
        said = response.json()["errors"][0]
        advised = advice(said["code"], {**_place(error.url or ""), **said})
        return worded(said["detail"], advised, f"[{said['code']}, request {said['request_id']}]")
    except (ValueError, LookupError, TypeError, AttributeError):
        # Not our API: Keystone, a proxy, or an address of something else.
        return str(error) if isinstance(error, http.Unauthorized) else worded(str(error), _ENDPOINT)


def _place(address: str) -> dict[str, str]:
    """The host that it names, and the noun, as far as it names them."""
    found = _PLACE.search(address)
    host, section = found.group("host", "section") if found else (None, None)
    known = {"host": unquote(host or ""), "noun": _NOUNS.get(section or "")}
    return {name: word for name, word in known.items() if word}


def _root(error: BaseException) -> str:
    """What it came of in the end, in the words of the system."""
    cause = error.__cause__ or error.__context__
    if cause is not None:
        return _root(cause)
    return (isinstance(error, OSError) and error.strerror) or str(error)
