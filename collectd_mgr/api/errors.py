# SPDX-License-Identifier: Apache-2.0
"""Every error leaves in one form, whoever raised it: ours, pecan, a middleware, or a bug."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

import webob

from collectd_mgr import exception
from collectd_mgr.api import version

LOG = logging.getLogger(__name__)

_TYPE = "application/json"

#: What an answer of somebody else's (pecan, a middleware) means, by its status.
_BY_STATUS: dict[int, type[exception.CollectdMgrError]] = {
    kind.status: kind
    for kind in (
        exception.BadRequest,
        exception.Unauthorized,
        exception.Forbidden,
        exception.ResourceNotFound,
        exception.MethodNotAllowed,
        exception.NotAcceptable,
        exception.RequestTooLarge,
        exception.UnsupportedMediaType,
    )
}


class Errors:
    """The middleware that turns exceptions and foreign errors into ours, and marks each answer with the version."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = self._respond(webob.Request(environ))
        response.headers[version.HEADER] = f"{version.SERVICE} {version.CURRENT}"
        response.headers["Vary"] = version.HEADER
        answer: Iterable[bytes] = response(environ, start_response)
        return answer

    def _respond(self, request: webob.Request) -> webob.Response:
        request_id = request.environ.get("openstack.request_id", "")
        try:
            # Decoded here, before pecan does it: that would log the bug of somebody else's client with a traceback.
            _ = request.path_info
            # We have JSON to offer, and plain text where the query asks for it: there is nothing to negotiate.
            request.accept = "*/*"
            response = request.get_response(self._application)
        except exception.CollectdMgrError as error:
            return rendered(error, request_id)
        except UnicodeDecodeError:
            return rendered(exception.BadRequest("The address is not UTF-8."), request_id)
        except Exception:
            LOG.exception("A request failed.")
            return rendered(exception.CollectdMgrError(), request_id)
        if response.status_int < 400 or response.content_type == _TYPE:
            return response
        return _foreign(response, request_id)


def rendered(error: exception.CollectdMgrError, request_id: str) -> webob.Response:
    """An error as HTTP; its facts are members beside the fixed ones."""
    fixed = {
        "status": error.status,
        "code": error.code,
        "title": error.title,
        "detail": error.detail,
        "request_id": request_id,
    }
    body = json.dumps({"errors": [{**error.kwargs, **fixed}]})
    response = webob.Response(body, status=error.status, content_type=_TYPE, charset="utf-8")
    if "allow" in error.kwargs:
        response.headers["Allow"] = error.kwargs["allow"]
    return response


def _foreign(response: webob.Response, request_id: str) -> webob.Response:
    kind = _BY_STATUS.get(response.status_int, exception.CollectdMgrError)
    ours = rendered(kind(), request_id)
    if "WWW-Authenticate" in response.headers:
        ours.headers["WWW-Authenticate"] = response.headers["WWW-Authenticate"]
    return ours
