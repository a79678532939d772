# SPDX-License-Identifier: Apache-2.0
"""What the options of collectd's plugins can do to a host: run something, or name a file.

From collectd's manual and sources, 5.8 to 5.12. Names are in lower case, for collectd compares them
without regard to case. What is not named here is judged by what its value looks like.
"""

from __future__ import annotations

import re

_CODE = "It runs programs of the sender's choosing."
_STATEMENTS = "It sends statements of the sender's choosing to a database, some of which write files or run programs."

#: Plugins that are refused unless the host's operator names them, and why.
REFUSED_PLUGINS: dict[str, str] = {
    **dict.fromkeys(("exec", "java", "lua", "perl", "python"), _CODE),
    **dict.fromkeys(("dbi", "oracle", "postgresql"), _STATEMENTS),
}

#: Those of them whose config names programs and code, once they are allowed.
CODE_PLUGINS = frozenset(name for name, why in REFUSED_PLUGINS.items() if why == _CODE)

#: Options of other plugins that can do the same, or harm collectd itself.
REFUSED_OPTIONS: dict[tuple[str, str], str] = {
    ("dpdkevents", "rtedriverlibpath"): "It names a library to be loaded.",
    ("dpdkstat", "rtedriverlibpath"): "It names a library to be loaded.",
    ("dpdkstat", "sharedmemobj"): "It names memory of the whole machine, which is emptied.",
    # A format of printf, which several values make together.
    ("notify_email", "subject"): "collectd takes it for a format: it can end collectd, or have its memory mailed.",
    ("redis", "query"): "It sends a command of the sender's choosing to a database.",
    ("write_kafka", "property"): "It can name a library to be loaded, or a program to be run.",
}

#: libvirt starts programs for some addresses (``qemu+ext://…?command=``, ``+ssh``) and reads files for others.
LOCAL_LIBVIRT = re.compile(r"(?:(?:bhyve|ch|lxc|qemu|vz|xen):///(?:system|session)?|test:///default)")

#: Options that name a file or a directory to be made, written or deleted.
WRITES: dict[str, frozenset[str]] = {
    name: frozenset(options.split())
    for name, options in {
        "csv": "datadir",
        "dpdk_telemetry": "clientsocketpath",
        "dpdkevents": "fileprefix",
        "dpdkstat": "fileprefix",
        "email": "socketfile",
        "log_logstash": "file",
        "logfile": "file",
        "notify_nagios": "commandfile",
        "powerdns": "localsocket",
        "rrdcached": "datadir",
        "rrdtool": "datadir",
        "unixsock": "socketfile",
    }.items()
}

#: Options, of whatever plugin, that name a socket to be connected to: what is no socket is not read.
SOCKETS = frozenset({"daemonaddress", "dpdksocketpath", "mcelogclientsocket", "sock", "socket", "socketpath"})

_SECRETS = re.compile(r"\w*(?:password|passphrase|community|pass|secret|token)")

#: Options that name nothing, whatever their value looks like: patterns, statements, words; in any plugin first. Most
#: of the others are compared with the names of things that the plugin finds by itself.
_WORDS: dict[str, frozenset[str]] = {
    name: frozenset(options.split())
    for name, options in {
        "": "escapecharacter excluderegex header headers instance instanceprefix instancesfrom key match plugin "
        "plugininstance post postfix prefix regex routingkey separator statement topic type typeinstance "
        "valuesfrom xpath",
        "aggregation": "host",
        "cgroups": "cgroup",
        "connectivity": "interface",
        "df": "device fstype mountpoint",
        "disk": "disk",
        "dns": "ignoresource",
        "ethstat": "interface map",
        "interface": "interface",
        "ipmi": "sensor",
        "iptables": "chain chain6",
        "irq": "irq",
        "md": "device",
        "mdevents": "array",
        "netlink": "class filter interface qdisc verboseinterface",
        "processes": "process processmatch",
        "procevent": "process processregex",
        "protocols": "value",
        "sensors": "sensor",
        "smart": "disk",
        "sysevent": "regexfilter",
        "thermal": "device",
        "ubi": "device",
        "virt": "blockdevice domain interfacedevice",
    }.items()
}

#: What is a word in other plugins: the instance of a varnishd may be the directory of its shared memory.
_NO_WORDS = frozenset({("varnish", "instance")})


def is_word(plugin: str, option: str) -> bool:
    """Whether the values of ``option`` are never opened, connected to or run; names in lower case."""
    if (plugin, option) in _NO_WORDS:
        return False
    return option in _WORDS[""] or option in _WORDS.get(plugin, ()) or _SECRETS.fullmatch(option) is not None
