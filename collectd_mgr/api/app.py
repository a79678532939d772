# SPDX-License-Identifier: Apache-2.0
"""The WSGI application, put together: middleware around pecan around the tree of resources."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pecan
import pecan.core
import pecan.routing
from keystoneauth1.exceptions import NotFound
from keystonemiddleware import auth_token
from oslo_context.context import RequestContext
from oslo_middleware import healthcheck, http_proxy_to_wsgi, request_id, sizelimit

from collectd_mgr import exception
from collectd_mgr.api.call import Services
from collectd_mgr.api.errors import Errors
from collectd_mgr.api.gate import Gate
from collectd_mgr.api.loopback import Loopback
from collectd_mgr.api.resource import Tree
from collectd_mgr.api.root import ROOT
from collectd_mgr.control.hosts import HostControl

if TYPE_CHECKING:
    from oslo_config import cfg

#: A config of 64 KiB may be six times as long in JSON; oslo.middleware's own default is too small for that.
_LARGEST_BODY = 1 << 20

Application = Callable[..., Iterable[bytes]]


def make(
    conf: cfg.ConfigOpts, control: HostControl, authenticate: Callable[[cfg.ConfigOpts, Any], Any] | None = None
) -> Application:
    """The application for ``conf``, on top of ``control``. Several may live in one process.

    From the outside in: a request id for everything, the health check, errors in one form, the size limit, the token.

    :param authenticate: what checks tokens in the place of keystonemiddleware, and sets the same headers
    """
    services = Services(control, Gate(conf), conf.api.max_limit, conf.api.read_timeout, conf.api.max_metrics)
    application: Any = Errors(_pecan(services))
    if conf.api.auth_strategy == "keystone":
        application = (authenticate or _authenticated)(conf, application)
    else:
        application = Loopback(application, conf.api.local_names)
    application = Errors(_limited(conf, application))
    application = _beside(healthcheck.Healthcheck(None, conf), application)
    application = http_proxy_to_wsgi.HTTPProxyToWSGI(application, conf)
    made: Application = request_id.RequestId(_in_context(application))
    return made


def _in_context(application: Any) -> Any:
    """Every line of the log says for which request it is; who asks is added when that is known."""

    def within(environ: dict[str, Any], start_response: Any) -> Any:
        RequestContext(request_id=environ[request_id.ENV_REQUEST_ID])
        return application(environ, start_response)

    return within


def _limited(conf: cfg.ConfigOpts, application: Any) -> Any:
    limited = sizelimit.RequestBodySizeLimiter(application, conf)
    conf.set_default("max_request_body_size", _LARGEST_BODY, group="oslo_middleware")
    return limited


def _beside(check: Any, application: Any) -> Any:
    """``check`` at a path of its own, where a load balancer asks without a token."""
    return lambda environ, start: (check if environ["PATH_INFO"] == "/healthcheck" else application)(environ, start)


def _pecan(services: Services) -> Any:
    # Pecan reads the signatures of two functions anew for every request; that is most of its time.
    pecan.core.getargspec = functools.cache(_getargspec)
    pecan.routing.getargspec = pecan.core.getargspec
    return pecan.make_app(Tree(ROOT, services), debug=False, guess_content_type_from_ext=False, request_cls=_Request)


class _Request(pecan.Request):  # type: ignore[misc]
    """Pecan would parse every body to find arguments for the handler, which has none, and die of some."""

    @property
    def json(self) -> dict[str, Any]:
        return {}


_getargspec = pecan.core.getargspec


class _Keystone(auth_token.AuthProtocol):  # type: ignore[misc]
    """Where requests without a token may pass, a token that nobody can be asked about counts as an invalid one."""

    def fetch_token(self, *args: Any, **kwargs: Any) -> Any:
        """:raises IdentityUnreachable: Keystone is away, or does not know this service"""
        try:
            return super().fetch_token(*args, **kwargs)
        except auth_token.InvalidToken as error:
            if isinstance(error.__context__, NotFound):
                # Keystone's own word.
                raise
            raise exception.IdentityUnreachable() from error


def _authenticated(conf: cfg.ConfigOpts, application: Any) -> Any:
    """keystonemiddleware, which lets requests without a token pass: the version documents are for everybody."""
    return _Keystone(
        application, {"oslo_config_config": conf, "delay_auth_decision": True, "oslo_config_project": "collectd_mgr"}
    )
