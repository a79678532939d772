# SPDX-License-Identifier: Apache-2.0
"""Configs that try to run something, to read or write what they should not, or to leave their block.

A case is ``(plugin, config)``. Each of ``REFUSED`` must be refused; each of ``INSIDE`` is let in or refused, and
stays in the block of its plugin in any case.
"""

from __future__ import annotations

from typing import Any

from tests.unit.domain.grammar_corpus import HOSTILE

Case = tuple[str, Any]

_SH = {"Exec": {"args": ["root", "/bin/sh", "-c", "id"]}}

#: Plugins that run things, in all letters and forms.
_PLUGINS: list[Case] = [
    *[(name, None) for name in ("exec", "EXEC", "Exec", "eXeC", "python", "Python", "perl", "PERL", "lua", "java")],
    *[(name, None) for name in ("dbi", "DBI", "postgresql", "PostgreSQL", "oracle")],
    ("exec", _SH),
    ("EXEC", 'Exec "root" "/bin/sh"\n'),
    ("exec", [["Exec", {"args": ["root", "/bin/sh"]}]]),
    ("exec", {"NotificationExec": {"args": ["root", "/bin/sh"]}}),
    ("python", {"ModulePath": "/tmp", "Import": "evil"}),
    ("Python", 'ModulePath "/tmp"\nImport "evil"\n'),
    ("python", {"Module": {"args": "collectd_mgr", "Marker": "x"}}),
    ("perl", {"IncludeDir": "/tmp", "LoadPlugin": "Evil"}),
    ("lua", {"BasePath": "/tmp", "Script": "evil.lua"}),
    ("java", {"JVMArg": "-Djava.class.path=/tmp/evil.jar", "LoadPlugin": "Evil"}),
    ("postgresql", {"Query": {"args": "x", "Statement": "COPY t TO PROGRAM 'id'"}}),
    ("dbi", {"Database": {"args": "x", "Driver": "sqlite3"}}),
    *[(name, None) for name in ("../exec", "/tmp/evil", "exec.so", "a/b", "", " exec", "exec ", "exec\n", "é")],
    *[(name, None) for name in ('x">\n</Plugin>\nLoadPlugin exec', "cpu exec", "cpu\0exec", "-exec", "..", "<exec>")],
    ("nobodys_plugin", {"Program": "id"}),
    ("libvirt", {"Connection": "qemu+ext:///system?command=/bin/sh"}),
    ("NOBODYS_plugin", "Run id\n"),
]

#: Paths to what no plugin has to do with, in all disguises.
_PATHS = [
    "/etc/shadow",
    "/etc/../etc/shadow",
    "//etc/shadow",
    "///etc///shadow",
    "/./etc/shadow",
    "/var/log/../../etc/shadow",
    "/var/log/./../../etc/shadow",
    "/var/lib/collectd/../../../etc/shadow",
    "/var/logs",
    "/var/log-evil/x",
    "/proc/1/environ",
    "/proc/self/root/etc/shadow",
    "/proc/kcore",
    "/dev/sda",
    "/dev/mem",
    "/root/.ssh/id_ed25519",
    "/",
    "../../../etc/shadow",
    "x/../../../../etc/shadow",
    " /etc/shadow",
    "\t/etc/shadow",
    "\n/etc/shadow",
    "/etc/shadow ",
    "/etc/shadow\n",
    "/ETC/shadow",
    '/etc/sha"dow',
    "/etc/sha\\dow",
    "/home/é",
    "/tmp/" + "a" * 4096,
]
_READERS: list[tuple[str, Any]] = [
    ("tail", lambda path: {"File": {"args": path, "Instance": "x"}}),
    ("TAIL", lambda path: {"file": {"args": path}}),
    ("table", lambda path: {"Table": {"args": path, "Separator": ","}}),
    ("tail_csv", lambda path: [["File", [["args", path], ["Collect", "x"]]]]),
    ("filecount", lambda path: {"Directory": {"args": path, "Instance": "x"}}),
    ("csv", lambda path: {"DataDir": path}),
    ("CSV", lambda path: [["dataDIR", path]]),
    ("rrdtool", lambda path: [["DATADIR", path]]),
    ("unixsock", lambda path: {"SocketFile": path, "DeleteSocket": True}),
    ("logfile", lambda path: {"File": path}),
]
_FILES: list[Case] = [(plugin, make(path)) for plugin, make in _READERS for path in _PATHS]

_URLS = [
    "file:///etc/shadow",
    "FILE:///etc/shadow",
    "File://localhost/etc/shadow",
    "file://127.0.0.1/etc/shadow",
    "file://evil/etc/shadow",
    "file:/etc/shadow",
    "file:etc/shadow",
    "file:////etc/shadow",
    "file:///%65tc/shadow",
    "file:///var/log/../../etc/shadow",
    "file:///var/log/%2e%2e/%2E%2E/etc/shadow",
    "file:///var/log/%00/etc/shadow",
    " file:///etc/shadow",
    "\tfile:///etc/shadow",
    "\x01file:///etc/shadow",
    "file:///etc/shadow#http://x",
    "unix:/run/../etc/shadow",
    "gopher://localhost:6379/_FLUSHALL",
    "dict://localhost:11211/stats",
    "scp://root@evil/x",
    "sftp://evil/x",
    "ftp://evil/x",
    "smb://evil/x",
    "telnet://localhost:23",
    "tftp://evil/x",
    "ldapi://%2Fetc%2Fx",
    "jar:file:///tmp/x.jar!/",
]
_READ_URLS: list[tuple[str, Any]] = [
    ("curl", lambda url: {"Page": {"args": "x", "URL": url}}),
    ("CURL", lambda url: [["page", [["args", "x"], ["url", url]]]]),
    ("curl_json", lambda url: {"URL": {"args": url, "Key": {"args": "a/b", "Type": "gauge"}}}),
    ("curl_xml", lambda url: {"URL": {"args": url, "XPath": {"args": "/x", "Type": "gauge"}}}),
    ("apache", lambda url: {"Instance": {"args": "x", "URL": url}}),
    ("write_http", lambda url: {"Node": {"args": "x", "URL": url}}),
]
_ADDRESSES: list[Case] = [(plugin, make(url)) for plugin, make in _READ_URLS for url in _URLS]

_OPTIONS: list[Case] = [
    ("virt", {"Connection": "qemu+ext:///system?command=/bin/sh"}),
    ("virt", {"Connection": "qemu+ssh://evil/system"}),
    ("virt", {"connection": "qemu:///system?command=/bin/sh"}),
    ("virt", {"CONNECTION": "test:///etc/shadow"}),
    ("virt", {"Connection": "esx://evil/"}),
    ("write_kafka", {"Property": {"args": ["plugin.library.paths", "evil"]}}),
    ("write_kafka", {"Topic": {"args": "x", "Property": {"args": ["sasl.kerberos.kinit.cmd", "id"]}}}),
    ("redis", {"Node": {"args": "x", "Query": {"args": "CONFIG SET dir x", "Type": "gauge"}}}),
    ("dpdkstat", {"RteDriverLibPath": "evil"}),
    ("dpdkevents", {"EAL": {"args": [], "RteDriverLibPath": "evil"}}),
    ("notify_email", {"Subject": "%s%s%s%s"}),
    ("notify_email", {"subject": {"args": ["%s", "%s", "%n"]}}),
    # Made anew: whatever was there is gone.
    ("dpdkstat", {"SharedMemObj": "somebodys"}),
    ("dpdk_telemetry", {"ClientSocketPath": "/run/docker.sock"}),
    ("powerdns", {"LocalSocket": "/run/docker.sock"}),
    ("PowerDNS", 'localsocket "/var/log/auth.log"\n'),
    ("notify_nagios", {"CommandFile": "/etc/cron.d/x"}),
    ("log_logstash", {"File": "/etc/cron.d/x"}),
    ("email", {"SocketFile": "/etc/x"}),
    ("modbus", {"Host": {"args": "x", "Device": "/dev/sda"}}),
    ("barometer", {"Device": "/dev/sda"}),
    ("curl", {"Page": {"args": "x", "URL": "https://x/", "CACert": "/etc/shadow"}}),
    ("curl_json", {"Sock": {"args": "/etc/shadow", "Key": {"args": "x", "Type": "gauge"}}}),
    ("rrdcached", {"DaemonAddress": "unix:/etc/x"}),
    ("rrdcached", {"DataDir": "/etc"}),
    ("mysql", {"Database": {"args": "x", "SSLKey": "/root/key"}}),
    ("network", {"Listen": {"args": "*", "AuthFile": "/etc/shadow"}}),
    ("grpc", {"Server": {"args": ["::", "1"], "SSLCertificateKeyFile": "/root/key"}}),
    ("uuid", {"UUIDFile": "/etc/shadow"}),
    ("sensors", {"SensorConfigFile": "/etc/shadow"}),
    ("openvpn", {"StatusFile": "/etc/shadow"}),
    ("write_stackdriver", {"CredentialFile": "/root/key"}),
    ("mcelog", {"McelogLogfile": "/etc/shadow"}),
    ("pcie_errors", {"AccessDir": "/root"}),
    ("logparser", {"Logfile": {"args": "/etc/shadow", "Message": {"args": "x"}}}),
    ("nut", {"UPS": "x", "CAPath": "/root"}),
    ("varnish", {"Instance": {"args": "/tmp/evil", "CollectCache": True}}),
    ("Varnish", {"INSTANCE": {"args": "../../tmp/evil"}}),
    ("snmp", {"Host": {"args": "x", "Interval": 0.001}}),
    ("ping", {"Host": "x", "Interval": 0.001}),
    ("ping", {"Host": "x", "INTERVAL": "0.001"}),
    ("ping", {"Host": "x", "Interval": "x"}),
    ("curl_json", {"URL": {"args": "https://x", "interval": -1}}),
    ("tail", [["File", [["args", "/var/log/x"], ["Interval", 0]]]]),
    ("users", {"Something": "key=/etc/shadow"}),
    ("users", {"Something": "@/etc/shadow"}),
    ("users", {"A": {"args": "x", "B": {"args": "y", "C": {"args": "z", "D": "/etc/shadow"}}}}),
    ("swap", 'ReportByCpu true\n<Deep "a">\n  <Deeper "b">\n    File "/etc/shadow"\n  </Deeper>\n</Deep>\n'),
    ("swap", 'Include "/etc/collectd/evil.conf"\n'),
    ("swap", {"PluginDir": "/tmp"}),
    ("swap", {"TypesDB": "/tmp/x"}),
    ("swap", {"LoadPlugin": {"args": "x", "Globals": True, "File": "/tmp/x"}}),
    ("swap", "</Plugin>\nLoadPlugin exec\n"),
    ("swap", "<A>\n"),
]

#: Regular expressions that take collectd its memory, its time or its stack.
_HEAVY = [
    "((a{1,80}){1,80}){1,80}",
    "((a{1,60}){1,60}){1,60}",
    "a{1,80}{1,80}{1,80}",
    # glibc takes an escaped zero for a digit.
    r"((a{1\0\0}){1\0\0}){1\0\0}",
    "(" * 24 + "a" + ")+" * 24,
    "a" + "+" * 24,
    "(" * 20000 + "a" + ")" * 20000,
    # They end in an error, but late.
    "(" * 20000,
    "((a{100}){100}){100}(",
    "a{1,32767}",
    "(a?){10000}",
    "a?" * 10000,
    "a|" * 30000,
    "a" + "*" * 30000,
    "((a?)+|(b?)+){20}",
    "((a*)*|(b*)*)" * 20,
]
EXPRESSIONS: list[Case] = [
    *[("df", {"MountPoint": f"/{text}/"}) for text in _HEAVY],
    *[("processes", {"ProcessMatch": {"args": ["x", text]}}) for text in _HEAVY],
    # None of them is too heavy by itself.
    ("df", {"MountPoint": ["/(a{1,40}){1,40}/"] * 60}),
]

REFUSED: list[Case] = [*_PLUGINS, *_FILES, *_ADDRESSES, *_OPTIONS, *EXPRESSIONS]

INSIDE: list[Case] = [
    *[("df", {"MountPoint": text, "Block": {"args": text, "Device": [text, text]}}) for text in HOSTILE],
    *[("df", {"MountPoint": ["/", text]}) for text in HOSTILE if len(text) < 200],
]
