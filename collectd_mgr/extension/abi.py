# SPDX-License-Identifier: Apache-2.0
"""What this build of collectd exports, in ctypes: structures, times, prototypes, and the check of both.

Sources: collectd's own headers, plugin.h and utils_cache.h, 5.9 to 5.13.
"""

from __future__ import annotations

import ctypes
import re
from ctypes import POINTER, c_char_p, c_double, c_int, c_size_t, c_uint64, c_void_p
from typing import Any, Callable

from collectd_mgr.domain.build import KNOWN

#: Every char array in collectd's structures that holds a name.
NAME_LENGTH = 128

#: cdtime_t counts seconds in units of 2^-30.
SECOND = 1 << 30

#: ds_type of data sources, by collectd's numbers.
KINDS = ("counter", "gauge", "derive", "absolute")


class Context(ctypes.Structure):
    """plugin_ctx_t. The name is not freed by collectd, and must live as long as the daemon."""

    _fields_ = (
        ("name", c_void_p),
        ("interval", c_uint64),
        ("flush_interval", c_uint64),
        ("flush_timeout", c_uint64),
    )


class DataSource(ctypes.Structure):
    """data_source_t."""

    _fields_ = (("name", ctypes.c_char * NAME_LENGTH), ("type", c_int), ("min", c_double), ("max", c_double))


class DataSet(ctypes.Structure):
    """data_set_t."""

    _fields_ = (("type", ctypes.c_char * NAME_LENGTH), ("count", c_size_t), ("sources", POINTER(DataSource)))


class ValueList(ctypes.Structure):
    """value_list_t."""

    _fields_ = (
        ("values", c_void_p),
        ("values_len", c_size_t),
        ("time", c_uint64),
        ("interval", c_uint64),
        ("host", ctypes.c_char * NAME_LENGTH),
        ("plugin", ctypes.c_char * NAME_LENGTH),
        ("plugin_instance", ctypes.c_char * NAME_LENGTH),
        ("type", ctypes.c_char * NAME_LENGTH),
        ("type_instance", ctypes.c_char * NAME_LENGTH),
        ("meta", c_void_p),
    )


class Target(ctypes.Structure):
    """target_proc_t of filter_chain.h: create and destroy, which may be none, and invoke."""

    _fields_ = (("create", c_void_p), ("destroy", c_void_p), ("invoke", c_void_p))


#: int invoke(const data_set_t *, value_list_t *, notification_meta_t **, void **user_data), and what it returns.
Invoke = ctypes.CFUNCTYPE(c_int, c_void_p, POINTER(ValueList), c_void_p, c_void_p)
CONTINUE, STOP = 0, 1

# int callback(user_data_t *) and int callback(void): what collectd calls on its own threads.
_Callback = ctypes.CFUNCTYPE(c_int, c_void_p)
_callbacks: list[Any] = []

#: int callback(void): an init callback of a plugin.
Init = ctypes.CFUNCTYPE(c_int)

#: int callback(const value_list_t *, user_data_t *) of a metric that is missing, and what it returns.
Missing = ctypes.CFUNCTYPE(c_int, POINTER(ValueList), c_void_p)
ASK_ON, ASK_NO_OTHER = 0, 1

_Prototype = tuple[Any, tuple[Any, ...]]

#: Without these nothing can be read.
READING: dict[str, _Prototype] = {
    "uc_get_names": (c_int, (POINTER(POINTER(c_char_p)), POINTER(POINTER(c_uint64)), POINTER(c_size_t))),
    "uc_get_size": (c_size_t, ()),
    "strarray_free": (None, (POINTER(c_char_p), c_size_t)),
    "uc_get_rate_by_name": (c_int, (c_char_p, POINTER(POINTER(c_double)), POINTER(c_size_t))),
    "uc_get_value_by_name": (c_int, (c_char_p, POINTER(POINTER(c_uint64)), POINTER(c_size_t))),
    "uc_get_iterator": (c_void_p, ()),
    "uc_iterator_next": (c_int, (c_void_p, c_void_p)),
    "uc_iterator_get_time": (c_int, (c_void_p, c_void_p)),
    "uc_iterator_get_interval": (c_int, (c_void_p, c_void_p)),
    "uc_iterator_destroy": (None, (c_void_p,)),
    "plugin_get_ds": (POINTER(DataSet), (c_char_p,)),
    "plugin_flush": (c_int, (c_char_p, c_uint64, c_char_p)),
    "cf_get_default_interval": (c_uint64, ()),
}

#: Without these nothing can be changed.
CHANGING: dict[str, _Prototype] = {
    "cf_read": (c_int, (c_char_p,)),
    "plugin_set_ctx": (Context, (Context,)),
    "plugin_register_read": (c_int, (c_char_p, c_void_p)),
    "plugin_register_complex_read": (c_int, (c_char_p, c_char_p, c_void_p, c_uint64, c_void_p)),
    "plugin_unregister_read": (c_int, (c_char_p,)),
    "plugin_unregister_read_group": (c_int, (c_char_p,)),
    "plugin_register_init": (c_int, (c_char_p, c_void_p)),
    "plugin_unregister_init": (c_int, (c_char_p,)),
    "plugin_unregister_shutdown": (c_int, (c_char_p,)),
    "plugin_register_complex_config": (c_int, (c_char_p, c_void_p)),
    "plugin_unregister_complex_config": (c_int, (c_char_p,)),
    "plugin_register_flush": (c_int, (c_char_p, c_void_p, c_void_p)),
    "plugin_init_all": (c_int, ()),
    "global_option_get": (c_char_p, (c_char_p,)),
    "global_option_set": (c_int, (c_char_p, c_char_p, ctypes.c_bool)),
    "fc_chain_get_by_name": (c_void_p, (c_char_p,)),
    "c_avl_get": (c_int, (c_void_p, c_char_p, c_void_p)),
}

#: Without these collectd can have no other one beside it.
SUCCEEDING: dict[str, _Prototype] = {"fc_register_target": (c_int, (c_char_p, Target))}

#: Without these nobody can keep collectd from telling what is missing.
MISSING: dict[str, _Prototype] = {
    "plugin_register_missing": (c_int, (c_char_p, c_void_p, c_void_p)),
    "plugin_dispatch_missing": (c_int, (POINTER(ValueList),)),
}

#: Without these nobody can tell what thresholds have found.
JUDGING: dict[str, _Prototype] = {
    "uc_get_state": (c_int, (c_void_p, POINTER(ValueList))),
    "uc_set_state": (c_int, (c_void_p, POINTER(ValueList), c_int)),
    "uc_get_hits": (c_int, (c_void_p, POINTER(ValueList))),
    "uc_set_hits": (c_int, (c_void_p, POINTER(ValueList), c_int)),
}

#: Variables, without which nothing can be changed either.
VARIABLES = ("threshold_tree", "threshold_lock")


def to_cdtime(seconds: float) -> int:
    return round(seconds * SECOND)


def from_cdtime(cdtime: int) -> float:
    return cdtime / SECOND


def interval(cdtime: int) -> float:
    """Seconds as somebody wrote them: 0.1 and not what 2^-30 s make of it."""
    return round(cdtime / SECOND, 6)


def bind(library: ctypes.CDLL, prototypes: dict[str, _Prototype]) -> list[str]:
    """Give the functions of ``library`` their prototypes; returns the names that it does not export."""
    missing = [name for name in prototypes if not hasattr(library, name)]
    for name in prototypes.keys() - set(missing):
        function = getattr(library, name)
        function.restype, function.argtypes = prototypes[name]
    return missing


def version(binary: bytes) -> str:
    """collectd's version, from the usage text in its binary; empty when there is none."""
    found = re.search(rb"collectd (\d+\.\d+\.\d+[0-9A-Za-z.+~-]*), http", binary)
    return found.group(1).decode() if found else ""


def known(version: str) -> bool:
    """Whether the structures above are those of ``version``."""
    found = re.match(r"5\.(\d+)\.", version)
    return bool(found and KNOWN[0] <= int(found.group(1)) <= KNOWN[1])


def callback(function: Callable[[int], int]) -> int:
    """The address at which C can call ``function``, from now on for as long as the process lives: collectd keeps it."""
    _callbacks.append(_Callback(function))
    return address_of(_callbacks[-1])


def address_of(function: Any) -> int:
    """The address of a C function, as collectd's registrations take it."""
    return int(ctypes.cast(function, c_void_p).value or 0)


def name(value: Any) -> bytes:
    """The metric of a value list, as collectd writes it."""
    plugin = value.plugin + b"-" + value.plugin_instance if value.plugin_instance else value.plugin
    kind = value.type + b"-" + value.type_instance if value.type_instance else value.type
    return b"/".join((value.host, plugin, kind))


def values_of(name: str) -> ValueList | None:
    """A value list without values, of that metric; None for a name that is none.

    Where a part ends is of no matter: collectd puts them together again to look for the metric.
    """
    parts = name.encode("utf-8", "surrogateescape").split(b"/", 2)
    if len(parts) != 3:
        return None
    (plugin, _, plugin_instance), (kind, _, type_instance) = parts[1].partition(b"-"), parts[2].partition(b"-")
    fields = parts[0], plugin, plugin_instance, kind, type_instance
    if any(len(field) >= NAME_LENGTH for field in fields):
        return None
    values = ValueList()
    values.host, values.plugin, values.plugin_instance, values.type, values.type_instance = fields
    return values


def timeout(library: ctypes.CDLL) -> int:
    """After how many intervals without a value a metric is missing."""
    return c_int.in_dll(library, "timeout_g").value


def hostname(library: ctypes.CDLL) -> str:
    """The host name that collectd puts on values; to be asked of a known version only."""
    return (c_char_p.in_dll(library, "hostname_g").value or b"").decode("utf-8", "replace")
