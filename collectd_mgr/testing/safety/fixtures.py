# SPDX-License-Identifier: Apache-2.0
"""What a plugin needs to give values on any machine: configuration, files, a service.

``{dir}`` in a configuration is the directory of the files, ``{port}`` the port of the service, ``{interface}`` the
network interface that this machine uses. A plugin that is not here is tried without a configuration.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from collectd_mgr.testing.safety import services


@dataclass(frozen=True)
class Fixture:
    """``config``: the inside of the plugin's block. ``tcp``: the arguments of :func:`services.tcp`.

    ``source``: a file of the kernel's without which the plugin has no values to give.
    """

    config: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    http: Mapping[str, str] = field(default_factory=dict)
    tcp: tuple[bytes, bytes] | tuple[bytes, bytes, bool] | None = None
    source: str = ""


@contextmanager
def ready(plugin: str, directory: Path) -> Iterator[str]:
    """Files written and service running: the plugin's configuration, to use inside the context."""
    fixture = FIXTURES.get(plugin, Fixture())
    for name, content in fixture.files.items():
        (directory / name).write_text(content, encoding="utf-8")
    with ExitStack() as stack:
        port = 0
        if fixture.http:
            port = stack.enter_context(services.http(fixture.http))
        elif fixture.tcp:
            port = stack.enter_context(services.tcp(*fixture.tcp))
        given = {"{dir}": str(directory), "{port}": str(port), "{interface}": _interface()}
        yield functools.reduce(lambda text, item: text.replace(*item), given.items(), fixture.config)


def has_source(plugin: str) -> bool:
    """Whether this kernel has what the plugin reads."""
    source = FIXTURES.get(plugin, Fixture()).source
    return not source or Path(source).exists()


def _interface() -> str:
    """The interface of the default route, or loopback."""
    routes = [line.split() for line in Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]]
    return next((route[0] for route in routes if route[1] == "00000000"), "lo")


def _apcups(*lines: str) -> bytes:
    frames = [len(line).to_bytes(2, "big") + line.encode() for line in lines]
    return b"".join(frames) + b"\0\0"


_NGINX = "Active connections: 2\nserver accepts handled requests\n 11 11 13\nReading: 1 Writing: 2 Waiting: 3\n"
_ASCENT = (
    "<?xml version='1.0'?><serverpage><status><uptime>1 days, 2 hours, 3 minutes, 4 seconds.</uptime>"
    "<oplayers>3</oplayers><cpu>5</cpu><ram>42.5</ram><threads>7</threads><avglat>12</avglat>"
    "<alliance>1</alliance><horde>2</horde><acceptedconns>9</acceptedconns><peakcount>4</peakcount>"
    "<gmcount>0</gmcount></status><sessions></sessions></serverpage>"
)
_BIND = (
    "<?xml version='1.0' encoding='UTF-8'?><statistics version='3.8'><server>"
    "<boot-time>2026-01-01T00:00:00Z</boot-time><current-time>2026-01-02T00:00:00Z</current-time>"
    "<counters type='opcode'><counter name='QUERY'>5</counter></counters>"
    "<counters type='qtype'><counter name='A'>4</counter></counters>"
    "<counters type='nsstat'><counter name='Requestv4'>5</counter></counters></server>"
    "<memory><summary><TotalUse>10</TotalUse><InUse>5</InUse></summary></memory></statistics>"
)
_OLSRD = b"Table: Links\nLocal IP\tRemote IP\tHyst.\tLQ\tNLQ\tCost\n10.0.0.1\t10.0.0.2\t0.00\t1.0\t1.0\t1.0\n\n"

_APACHE = "Total Accesses: 10\nTotal kBytes: 20\nBusyWorkers: 1\nIdleWorkers: 9\nScoreboard: _W__.....\n"
_MEMCACHED = b"STAT curr_items 3\r\nSTAT bytes 10\r\nSTAT limit_maxbytes 99\r\nSTAT curr_connections 1\r\nEND\r\n"
_REDIS = b"uptime_in_seconds:10\r\nconnected_clients:1\r\nused_memory:1000\r\ntotal_commands_processed:5\r\n"
_OPENVPN = (
    "OpenVPN CLIENT LIST\nUpdated,Thu Jan  1 00:00:00 2026\n"
    "Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since\n"
    "one,192.0.2.7:1194,1000,2000,Thu Jan  1 00:00:00 2026\nROUTING TABLE\n"
    "Virtual Address,Common Name,Real Address,Last Ref\n"
    "10.8.0.6,one,192.0.2.7:1194,Thu Jan  1 00:00:00 2026\nGLOBAL STATS\nMax bcast/mcast queue length,0\nEND\n"
)

FIXTURES: Mapping[str, Fixture] = {
    "apache": Fixture(
        '<Instance "here">\nURL "http://127.0.0.1:{port}/server-status?auto"\n</Instance>',
        http={"/server-status": _APACHE},
    ),
    "apcups": Fixture(
        'Host "127.0.0.1"\nPort "{port}"\nPersistentConnection false',
        tcp=(_apcups("LINEV    : 230.0 Volts\n", "LOADPCT  : 12.0 Percent\n"), b"status"),
    ),
    "ascent": Fixture('URL "http://127.0.0.1:{port}/ascent"', http={"/ascent": _ASCENT}),
    "bind": Fixture(
        'URL "http://127.0.0.1:{port}/xml/v3"\nParseTime false\nOpCodes true\nQTypes true\nServerStats true\n'
        "MemoryStats true",
        http={"/xml/v3": _BIND},
    ),
    "cgroups": Fixture('CGroup "/.*/"\nIgnoreSelected false'),
    "conntrack": Fixture(source="/proc/sys/net/netfilter/nf_conntrack_count"),
    "cpu": Fixture("ReportByCpu true\nReportNumCpu true\nValuesPercentage true"),
    "curl": Fixture(
        '<Page "here">\nURL "http://127.0.0.1:{port}/page"\nMeasureResponseTime true\n</Page>', http={"/page": "hello"}
    ),
    "curl_json": Fixture(
        '<URL "http://127.0.0.1:{port}/numbers">\nInstance "here"\n<Key "a/b">\nType "gauge"\n</Key>\n</URL>',
        http={"/numbers": '{"a": {"b": 3}}'},
    ),
    "curl_xml": Fixture(
        '<URL "http://127.0.0.1:{port}/tree">\nInstance "here"\n'
        '<XPath "/a">\nType "gauge"\nValuesFrom "b"\n</XPath>\n</URL>',
        http={"/tree": "<a><b>3</b></a>"},
    ),
    "df": Fixture('MountPoint "/"\nValuesPercentage true\nReportInodes true'),
    "disk": Fixture('Disk "/^nothing$/"\nIgnoreSelected true'),
    "ethstat": Fixture('Interface "{interface}"\nMappedOnly false'),
    "fhcount": Fixture("ValuesAbsolute true\nValuesPercentage true"),
    "filecount": Fixture(
        '<Directory "{dir}">\nInstance "here"\nName "*.txt"\n</Directory>', files={"one.txt": "1", "two.txt": "2"}
    ),
    "hugepages": Fixture(
        "ReportPerNodeHP true\nReportRootHP true\nValuesPages true", source="/sys/kernel/mm/hugepages"
    ),
    "interface": Fixture('Interface "lo"\nIgnoreSelected false'),
    "irq": Fixture('Irq "/^nothing$/"\nIgnoreSelected true'),
    "load": Fixture("ReportRelative false"),
    "mbmon": Fixture('Host "127.0.0.1"\nPort "{port}"', tcp=(b"TEMP0 : 27.0\nFAN0  : 4411\nVC0   :  +1.68\n", b"")),
    "memcached": Fixture(
        '<Instance "here">\nAddress "127.0.0.1"\nPort "{port}"\n</Instance>', tcp=(_MEMCACHED, b"stats", True)
    ),
    "memory": Fixture("ValuesAbsolute true\nValuesPercentage true"),
    "memcachec": Fixture(
        '<Page "here">\nServer "127.0.0.1:{port}"\nKey "number"\n'
        '<Match>\nRegex "([0-9]+)"\nDSType "GaugeAverage"\nType "gauge"\nInstance "it"\n</Match>\n</Page>',
        tcp=(b"VALUE number 0 2\r\n42\r\nEND\r\n", b"number", True),
    ),
    "mysql": Fixture('<Database "here">\nHost "127.0.0.1"\nPort 1\nConnectTimeout 1\n</Database>'),
    "nginx": Fixture('URL "http://127.0.0.1:{port}/nginx_status"', http={"/nginx_status": _NGINX}),
    "numa": Fixture(source="/sys/devices/system/node/node0/numastat"),
    "olsrd": Fixture('Host "127.0.0.1"\nPort "{port}"\nCollectLinks "Detail"', tcp=(_OLSRD, b"")),
    "openldap": Fixture('<Instance "here">\nURL "ldap://127.0.0.1:1"\nTimeout 1\n</Instance>'),
    "openvpn": Fixture('StatusFile "{dir}/openvpn-status"', files={"openvpn-status": _OPENVPN}),
    "processes": Fixture('Process "collectd"\nProcessMatch "all" ".*"\nCollectFileDescriptor true'),
    "protocols": Fixture('Value "/^Tcp:/"\nIgnoreSelected false'),
    "redis": Fixture(
        '<Node "here">\nHost "127.0.0.1"\nPort "{port}"\n</Node>',
        tcp=(b"$%d\r\n%s\r\n" % (len(_REDIS), _REDIS), b"INFO", True),
    ),
    "serial": Fixture(source="/proc/tty/driver/serial"),
    "swap": Fixture("ReportBytes true\nReportIO true"),
    "synproxy": Fixture(source="/proc/net/stat/synproxy"),
    "table": Fixture(
        '<Table "{dir}/numbers">\nSeparator " "\nInstance "numbers"\n<Result>\nType "gauge"\nInstancesFrom 0\n'
        "ValuesFrom 1\n</Result>\n</Table>",
        files={"numbers": "one 1\ntwo 2\n"},
    ),
    "tail": Fixture(
        '<File "{dir}/growing">\nInstance "here"\n'
        '<Match>\nRegex "x"\nDSType "CounterInc"\nType "counter"\n</Match>\n</File>',
        files={"growing": "x\n"},
    ),
    "tcpconns": Fixture('ListeningPorts true\nLocalPort "22"\nAllPortsSummary true'),
    "vmem": Fixture("Verbose true"),
    "zookeeper": Fixture(
        'Host "127.0.0.1"\nPort "{port}"',
        tcp=(b"zk_avg_latency\t0\nzk_packets_received\t70\nzk_znode_count\t4\n", b"mntr"),
    ),
}
