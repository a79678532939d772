# SPDX-License-Identifier: Apache-2.0
"""Every error that a user can meet, each with a stable code.

It crosses the socket by ``to_dict`` and ``from_dict``, and the bus by ``args`` and ``kwargs``, which oslo.messaging
sends; to the bus it has classes of its own. One table in the API turns ``status`` into HTTP; nothing else looks at it.
"""

from __future__ import annotations

from typing import Any, ClassVar


class CollectdMgrError(Exception):
    """An error with a stable ``code``, a sentence for people and facts for programs.

    :param detail: one sentence; the title of the class when empty
    :param kwargs: facts as JSON values, for example ``plugin="cpu"``
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str = "", **kwargs: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.kwargs = kwargs

    def to_dict(self) -> dict[str, Any]:
        """``{"code", "detail", "facts"}``: JSON values only, as ``from_dict`` takes it."""
        return {"code": self.code, "detail": self.detail, "facts": self.kwargs}


def from_dict(data: dict[str, Any]) -> CollectdMgrError:
    """The error that ``to_dict`` wrote; an unknown code (a newer peer) stays readable."""
    kinds = {k.code: k for k in globals().values() if isinstance(k, type) and issubclass(k, CollectdMgrError)}
    return kinds.get(data.get("code", ""), CollectdMgrError)(str(data.get("detail", "")), **(data.get("facts") or {}))


class BadRequest(CollectdMgrError):
    code, status, title = "bad_request", 400, "The request is not valid"


class BadGrammar(CollectdMgrError):
    """Facts: ``line``, ``column``, ``reason``."""

    code, status, title = "bad_grammar", 400, "The text is not in collectd's grammar"


class BadConfig(CollectdMgrError):
    """Facts: ``path``, ``reason``."""

    code, status, title = "bad_config", 400, "The config cannot be written in collectd's grammar"


class BadPluginName(CollectdMgrError):
    code, status, title = "bad_plugin_name", 400, "This is not the name of a collectd plugin"


class BadIdentifier(CollectdMgrError):
    code, status, title = "bad_identifier", 400, "This is not a metric identifier"


class BadSetting(CollectdMgrError):
    """Facts: ``field``."""

    code, status, title = "bad_setting", 400, "The setting is not valid"


class PluginOfSection(CollectdMgrError):
    code, status, title = "plugin_of_section", 400, "The plugin goes with a section of settings, and has none itself"


class NothingToHold(CollectdMgrError):
    code, status, title = "nothing_to_hold", 400, "Nothing is set that could hold for a while"


class Unauthorized(CollectdMgrError):
    code, status, title = "unauthorized", 401, "A valid token is needed"


class Forbidden(CollectdMgrError):
    code, status, title = "forbidden", 403, "The policy does not allow this"


class ForeignCaller(CollectdMgrError):
    code, status, title = "foreign_caller", 403, "The API answers this machine alone"


class HostNotFound(CollectdMgrError):
    code, status, title = "host_not_found", 404, "No such host"


class PluginNotFound(CollectdMgrError):
    code, status, title = "plugin_not_found", 404, "The host has no such plugin"


class SettingNotFound(CollectdMgrError):
    """Facts: ``host``, ``name``."""

    code, status, title = "setting_not_found", 404, "The host has no such setting"


class OperationNotFound(CollectdMgrError):
    code, status, title = "operation_not_found", 404, "No such operation"


class GenerationNotFound(CollectdMgrError):
    code, status, title = "generation_not_found", 404, "The host never had this generation"


class ResourceNotFound(CollectdMgrError):
    code, status, title = "not_found", 404, "There is nothing at this address"


class MethodNotAllowed(CollectdMgrError):
    code, status, title = "method_not_allowed", 405, "The resource does not take this method"


class NotAcceptable(CollectdMgrError):
    code, status, title = "version_not_acceptable", 406, "This version of the API is not served"


class RequestTooLarge(CollectdMgrError):
    code, status, title = "request_too_large", 413, "The request is too large"


class UnsupportedMediaType(CollectdMgrError):
    code, status, title = "unsupported_media_type", 415, "The body must be JSON"


class StaleGeneration(CollectdMgrError):
    """Facts: ``generation`` as the other side has it (``{"epoch", "n"}``)."""

    code, status, title = "stale_generation", 409, "The host has moved on to a later generation"


class OwnedByHostConfig(CollectdMgrError):
    code, status, title = "owned_by_host_config", 409, "The operator's own files configure this plugin"


class HostNotManaged(CollectdMgrError):
    """Facts: ``mode``, ``set_by``, ``reason``."""

    code, status, title = "host_not_managed", 409, "The mode of this host allows no changes"


class HostUp(CollectdMgrError):
    code, status, title = "host_up", 409, "The host is there"


class SettingLeased(CollectdMgrError):
    code, status, title = "setting_leased", 409, "The plugin is set for a while"


class PluginNotEnabled(CollectdMgrError):
    """There is nothing to restart. Facts: ``plugin``."""

    code, status, title = "plugin_not_enabled", 409, "The plugin is not enabled"


class RefusedByAgent(CollectdMgrError):
    """The agent's own allow-list has the last word. Facts: ``plugin``, ``option``."""

    code, status, title = "refused_by_agent", 403, "The host's own policy refuses this"


class SignatureRefused(CollectdMgrError):
    """The agent takes only what the control plane signed. Facts: ``reason_code``: unsigned, malformed, unknown_key,
    forged, other_host, expired, not_yet or replayed."""

    code, status, title = "signature_refused", 503, "The host does not trust the signature of the call"


class AnswerNotTrusted(CollectdMgrError):
    """An answer that the host did not sign counts as none. Facts: ``reason_code``: unsigned, unknown_host,
    other_host or forged."""

    code, status, title = "answer_not_trusted", 503, "The answer is not known to come from the host"


class ClockStepDenied(CollectdMgrError):
    """The agent's own policy (``[clock] allow_step``) has the last word. Facts: ``source``, ``offset`` (seconds)."""

    code, status, title = "clock_step_denied", 403, "The host's own policy does not allow its clock to be set"


class NoTimeSource(CollectdMgrError):
    """Facts: ``silent`` (time source: why it does not answer)."""

    code, status, title = "no_time_source", 409, "No time service answers on this host"


class ClockSyncFailed(CollectdMgrError):
    code, status, title = "clock_sync_failed", 409, "The time service did not take the request"


class NotTestable(CollectdMgrError):
    """The plugin cannot run beside the daemon. Facts: ``plugin``, ``reason_code``."""

    code, status, title = "not_testable", 409, "The plugin cannot be tried beside the running daemon"


class LiveRefused(CollectdMgrError):
    """The change is not safe inside the running daemon. Facts: ``reason_code``, ``plugin``."""

    code, status, title = "live_refused", 409, "The change is not safe in the running daemon"


class LiveOff(CollectdMgrError):
    """The live driver is off on this host. Facts: ``reasons`` (list of sentences)."""

    code, status, title = "live_off", 409, "Live changes are off on this host"


class Busy(CollectdMgrError):
    """A read was still in flight when the grace period ended, or too much waits already; nothing was changed."""

    code, status, title = "busy", 503, "The host is still at work on something else"


class PluginNotLoadable(CollectdMgrError):
    """Facts: ``plugin``, ``message`` (the dynamic loader's own)."""

    code, status, title = "plugin_not_loadable", 409, "The plugin cannot be loaded on this host"


class ConfigRejected(CollectdMgrError):
    """collectd did not take the configuration. Facts: ``messages`` (collectd's own lines)."""

    code, status, title = "config_rejected", 409, "collectd rejected the configuration"


class ProgramUnfit(CollectdMgrError):
    """What is to be run is no collectd that can be managed. Facts: ``program``, ``version`` (null: not known)."""

    code, status, title = "program_unfit", 409, "The program is no collectd that can be managed"


class DaemonUnreachable(CollectdMgrError):
    """Facts, as with a timeout: ``maybe_executed``: whether the request may have taken effect."""

    code, status, title = "daemon_unreachable", 503, "collectd does not answer"


class DaemonDied(CollectdMgrError):
    """The daemon ended in, or soon after, an operation; the last good spec was brought back. Facts: ``good``, the
    generation of that; what was applied after it is taken back as well; ``first``, the first of those."""

    code, status, title = "daemon_died", 500, "collectd died during the operation"


class SeriesLost(CollectdMgrError):
    """Plugins that nobody touched gave nothing any more; what was good is back. Facts: ``plugins``, ``good``."""

    code, status, title = "series_lost", 500, "collectd gives less than before the change"


class DaemonNotStarted(CollectdMgrError):
    """The new configuration did not come up; the old one was brought back. Facts: ``messages``."""

    code, status, title = "daemon_not_started", 500, "collectd did not come up"


class NoDriver(CollectdMgrError):
    """Facts: ``refusals`` (driver: sentence)."""

    code, status, title = "no_driver", 409, "No driver of this host can make the change"


class NotCapable(CollectdMgrError):
    """The driver does not declare this capability. Facts: ``capability``, ``driver``."""

    code, status, title = "not_capable", 409, "The host's drivers cannot do this"


class AgentOutdated(CollectdMgrError):
    """The agent is of a release that did not know such calls (facts: ``host``), or such settings (``unknown``)."""

    code, status, title = "agent_outdated", 409, "The host's agent is of an older release"


class WireMismatch(CollectdMgrError):
    code, status, title = "wire_mismatch", 503, "Agent and extension speak no common version"


class RequestTimeout(CollectdMgrError):
    code, status, title = "timeout", 504, "The answer did not come in time"


class AgentUnreachable(CollectdMgrError):
    code, status, title = "agent_unreachable", 503, "The agent of this host does not answer"


class IdentityUnreachable(CollectdMgrError):
    code, status, title = "identity_unreachable", 503, "Keystone cannot be asked about the token"


class DatabaseUnreachable(CollectdMgrError):
    code, status, title = "database_unreachable", 503, "The database of the service does not answer"
