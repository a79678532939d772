# SPDX-License-Identifier: Apache-2.0
"""Transports on a configuration of one's own (oslo.messaging likes the global one)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import oslo_messaging
from oslo_concurrency import lockutils
from oslo_concurrency import opts as concurrency
from oslo_messaging import opts
from oslo_messaging._metrics import client as metrics
from oslo_messaging._tracing import client as tracing

from collectd_mgr import exception
from collectd_mgr.rpc import channels

if TYPE_CHECKING:
    from oslo_config import cfg

LOG = logging.getLogger(__name__)

#: The exchange of all topics: one deployment per region, on a broker of its own.
EXCHANGE = "collectd_mgr"

#: Exceptions of these modules cross the bus as what they are.
EXMODS = [exception.__name__]

_RABBIT = "oslo_messaging_rabbit"
_LOCKS = "oslo_concurrency"


def prepare(conf: cfg.ConfigOpts) -> cfg.ConfigOpts:
    """``conf`` with all that oslo.messaging reads from it, and our defaults. Safe to repeat.

    oslo.messaging 18 registers the options of two groups on the global configuration alone
    and reads them from ours at the first call.
    """
    conf.register_opts(metrics.oslo_messaging_metrics, group="oslo_messaging_metrics")
    conf.register_opts(tracing.oslo_messaging_tracing, group="oslo_messaging_tracing")
    for group, options in opts.list_opts():
        conf.register_opts(options, group=group)
    if _LOCKS not in conf:
        conf.register_opts(dict(concurrency.list_opts())[_LOCKS], group=_LOCKS)
    _set_defaults(conf)
    channels.install()
    return conf


def _set_defaults(conf: cfg.ConfigOpts) -> None:
    conf.set_default("control_exchange", EXCHANGE)
    # A handful of calls are in flight at once; 64 idle threads are memory for nothing.
    conf.set_default("executor_thread_pool_size", 8)
    # The queue of an agent goes with it: a call to a silent host is returned at once instead of waiting for a timeout.
    # Quorum queues, where an operator wants them, cannot do that; there a timeout has to tell.
    conf.set_default("amqp_auto_delete", not conf[_RABBIT].rabbit_quorum_queue, group=_RABBIT)
    if conf[_RABBIT].use_queue_manager:
        # Its lock is on the disk, at a place that oslo.concurrency reads from the global configuration alone.
        lockutils.set_defaults(conf[_LOCKS].lock_path)


@contextmanager
def _addressed() -> Iterator[None]:
    """For what is made of a ``transport_url``."""
    try:
        yield
    except (oslo_messaging.DriverLoadFailure, oslo_messaging.InvalidTransportURL) as error:
        raise ValueError(f"transport_url names no bus: {error}") from error
    except ValueError:
        # Its text is what was taken for the port, which may be a password.
        raise ValueError("transport_url names no bus: its host or port cannot be read.") from None


@_addressed()
def rpc(conf: cfg.ConfigOpts) -> Any:
    """The transport for calls; connects when first used. :raises ValueError: its address is none"""
    return oslo_messaging.get_rpc_transport(prepare(conf), allowed_remote_exmods=EXMODS)


@_addressed()
def notifications(conf: cfg.ConfigOpts) -> Any:
    """The transport for heartbeats and statuses; connects when first used. :raises ValueError: its address is none"""
    return oslo_messaging.get_notification_transport(prepare(conf), allowed_remote_exmods=EXMODS)


@dataclass(frozen=True)
class Outlet:
    """Where notifications go: ``exchange`` is None for the one that the transport has by default.

    An exchange has to be declared with the same arguments by everybody, so what has others needs one of its own.

    :param topics: of what OpenStack's other services listen to, as they are called everywhere
    """

    transport: Any
    exchange: str | None = None
    topics: tuple[str, ...] = ("notifications",)


def lasting(conf: cfg.ConfigOpts) -> Outlet:
    """For what must not be lost: the queues outlive their listeners, and a restart of the bus."""
    address = prepare(conf).transport_url
    transport = _notifications(conf, address, amqp_durable_queues="true", amqp_auto_delete="false")
    return Outlet(transport, f"{conf.control_exchange}_lasting")


def telemetry(conf: cfg.ConfigOpts) -> Outlet | None:
    """For Ceilometer and whoever else listens to notifications; ``None`` where none are wanted.

    As everywhere in OpenStack, they are off unless ``[oslo_messaging_notifications] driver`` says ``messagingv2``.
    Its queues have the arguments that oslo.messaging gives them by default or by ``[oslo_messaging_rabbit]``, for the
    listeners declare the same ones.
    """
    section = prepare(conf).oslo_messaging_notifications
    address = section.transport_url or conf.transport_url
    if "messagingv2" not in section.driver:
        return None
    if not any(section.topics):
        LOG.warning("[oslo_messaging_notifications] topics names none: nothing is sent to Ceilometer, or anybody else.")
        return None
    there = _notifications(conf, address, amqp_auto_delete="false")
    # To be named in ``[notification] notification_control_exchanges`` of Ceilometer.
    return Outlet(there, f"{conf.control_exchange}_telemetry", tuple(section.topics))


@_addressed()
def _notifications(conf: cfg.ConfigOpts, address: str, **options: str) -> Any:
    url = oslo_messaging.TransportURL.parse(conf, address)
    if url.transport == "rabbit":
        # What is in the address goes before what is in the section, for this transport alone.
        url.query.update(options)
    return oslo_messaging.get_notification_transport(conf, url=url, allowed_remote_exmods=EXMODS)


def quiet() -> None:
    """oslo.messaging logs every message at DEBUG, with the configurations (and passwords) in it: never here."""
    for name in ("oslo.messaging", "oslo_messaging", "amqp", "kombu"):
        logging.getLogger(name).setLevel(logging.INFO)
    # A heartbeat that is lost with the bus is nothing to show a traceback and the whole message for, every ten seconds;
    # that the bus is away, the driver says itself.
    logging.getLogger("oslo_messaging.notify.messaging").setLevel(logging.CRITICAL)
