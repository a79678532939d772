# SPDX-License-Identifier: Apache-2.0
"""What reading collectd's sources (5.12.0) says and a run on one machine may not show.

A judgement only ever makes a plugin less safe: it refuses, or keeps it out of scratch instances. The
rounds on a real collectd can refuse a plugin that no judgement names, never the other way round.
"""

from __future__ import annotations

#: A second instance, even one that only parses the configuration, takes something from the first.
EXCLUSIVE = {
    "barometer": "It addresses a sensor on an I2C bus; two conversations mix.",
    "dpdk_telemetry": "It removes and binds one socket path for all instances.",
    "dpdkevents": "Its config callback creates shared memory of a fixed name, truncating what is there.",
    "dpdkstat": "Its config callback creates shared memory of a fixed name, truncating what is there.",
    "intel_rdt": "Its config callback resets the monitoring of the whole processor.",
    "ipmi": "It talks to the baseboard controller, which has one session table.",
    "modbus": "With Device it has a serial line; two masters on one line disturb each other.",
    "multimeter": "It reads a serial line; two readers take each other's bytes.",
    "snmp_agent": "It registers its subtree with the one master agent of the machine.",
    "ted": "It reads a serial line; two readers take each other's bytes.",
}

#: They run programs, or load code, that the operator wrote.
BINDINGS = {"exec", "java", "lua", "perl", "python"}

#: Refused by the sources: plugin -> (reason, what the source says).
REFUSED = {
    "capabilities": ("threads", "It starts an HTTP server with a thread of its own in its library."),
    "ceph": ("init_not_repeatable", "Its init asks every daemon for its schema and adds it to the one it has."),
    "cpufreq": ("init_not_repeatable", "Its init allocates the statistics of all processors and forgets those before."),
    "dbi": ("config_adds", "Its queries and databases are kept beside those of the first time."),
    "ipvs": ("init_not_repeatable", "Its init opens a raw socket and forgets the one before."),
    "logparser": ("init_not_repeatable", "Its init makes a new parser for each file and forgets the one before."),
    "mdevents": ("init_not_repeatable", "Its init opens the system log and forgets the file before."),
    "netlink": ("init_not_repeatable", "Its init opens a netlink socket and forgets the one before."),
    "nut": ("init_not_repeatable", "With ForceSSL or VerifyPeer its library takes a second init for an error."),
    "pcie_errors": ("init_not_repeatable", "Its init builds the list of devices anew and forgets the one before."),
    "smart": ("init_not_repeatable", "With UseSerial each init asks udev for all disks and keeps the answer."),
    "snmp": ("config_adds", "Its data definitions are kept beside those of the first time."),
    "tail_csv": ("config_adds", "Its metrics are kept beside those of the first time."),
    "turbostat": ("init_not_repeatable", "Its init allocates the counters of all processors and forgets those before."),
    "varnish": ("slow_read", "Where no varnishd runs, each of its reads waits 5 seconds for one."),
    "xencpu": ("init_not_repeatable", "Its init opens the hypervisor and forgets the handle before."),
}

#: Reads under names of the plugin's own making: (where, whether they come from the configuration).
READS = {
    **dict.fromkeys(("curl_xml", "ipmi", "memcached", "nut", "openvpn", "redis", "varnish"), ("group", True)),
    **dict.fromkeys(("lua", "perl", "postgresql", "python"), ("group", True)),
    **dict.fromkeys(("apache", "curl", "curl_json", "dbi", "java", "modbus", "mysql"), ("dynamic", True)),
    **dict.fromkeys(("openldap", "snmp", "tail", "tail_csv", "virt"), ("dynamic", True)),
}

#: Where nothing configures them their init makes a read, and keeps that in mind: registered anew they make none.
ONCE = frozenset(("memcached", "redis"))

#: They listen on a port or a socket path that a second instance would take, or write, or send on their own.
NOT_IN_SCRATCH = frozenset(
    ("capabilities", "email", "pinba", "postgresql", "powerdns", "procevent", "statsd", "sysevent", "unixsock", "uuid")
)
