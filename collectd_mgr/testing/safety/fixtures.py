# SPDX-License-Identifier: Apache-2.0
"""What a plugin needs to give values on any machine: configuration, files, a service.

``{dir}`` in a configuration is the directory of the files, ``{port}`` the port of the service. A plugin
that is not here is tried without a configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from collectd_mgr.testing.safety import services


@dataclass(frozen=True)
class Fixture:
    """``config``: the inside of the plugin's block. ``tcp``: an answer, and what the plugin says before it."""

    config: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    http: Mapping[str, str] = field(default_factory=dict)
    tcp: tuple[bytes, bytes] | None = None


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
        yield fixture.config.replace("{dir}", str(directory)).replace("{port}", str(port))


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

FIXTURES: Mapping[str, Fixture] = {
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
    "cpu": Fixture("ReportByCpu true\nReportNumCpu true\nValuesPercentage true"),
    "df": Fixture('MountPoint "/"\nValuesPercentage true\nReportInodes true'),
    "disk": Fixture('Disk "/^nothing$/"\nIgnoreSelected true'),
    "ethstat": Fixture('Interface "eth0"\nMap "tx_queue_0_packets" "if_tx_packets" "q0"\nMappedOnly false'),
    "fhcount": Fixture("ValuesAbsolute true\nValuesPercentage true"),
    "filecount": Fixture(
        '<Directory "{dir}">\nInstance "here"\nName "*.txt"\n</Directory>', files={"one.txt": "1", "two.txt": "2"}
    ),
    "hugepages": Fixture("ReportPerNodeHP true\nReportRootHP true\nValuesPages true"),
    "interface": Fixture('Interface "lo"\nIgnoreSelected false'),
    "irq": Fixture('Irq "/^nothing$/"\nIgnoreSelected true'),
    "load": Fixture("ReportRelative false"),
    "mbmon": Fixture('Host "127.0.0.1"\nPort "{port}"', tcp=(b"TEMP0 : 27.0\nFAN0  : 4411\nVC0   :  +1.68\n", b"")),
    "memory": Fixture("ValuesAbsolute true\nValuesPercentage true"),
    "nginx": Fixture('URL "http://127.0.0.1:{port}/nginx_status"', http={"/nginx_status": _NGINX}),
    "olsrd": Fixture('Host "127.0.0.1"\nPort "{port}"\nCollectLinks "Detail"', tcp=(_OLSRD, b"")),
    "processes": Fixture('Process "collectd"\nProcessMatch "all" ".*"\nCollectFileDescriptor true'),
    "protocols": Fixture('Value "/^Tcp:/"\nIgnoreSelected false'),
    "swap": Fixture("ReportBytes true\nReportIO true"),
    "table": Fixture(
        '<Table "{dir}/numbers">\nSeparator " "\nInstance "numbers"\n<Result>\nType "gauge"\nInstancesFrom 0\n'
        "ValuesFrom 1\n</Result>\n</Table>",
        files={"numbers": "one 1\ntwo 2\n"},
    ),
    "tcpconns": Fixture('ListeningPorts true\nLocalPort "22"\nAllPortsSummary true'),
    "vmem": Fixture("Verbose true"),
    "zookeeper": Fixture(
        'Host "127.0.0.1"\nPort "{port}"',
        tcp=(b"zk_avg_latency\t0\nzk_packets_received\t70\nzk_znode_count\t4\n", b"mntr"),
    ),
}
