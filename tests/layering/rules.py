# SPDX-License-Identifier: Apache-2.0
"""The layers as tables: doc/source/contributor/layering.rst explains the picture behind them."""

from __future__ import annotations

PACKAGE = "collectd_mgr"

#: layer -> the other layers it may import. A layer is a package or a module right below collectd_mgr;
#: every layer may import itself. One that is not named here may be imported by nobody and imports nobody.
LAYERS: dict[str, frozenset[str]] = {
    layer: frozenset(below.split())
    for layer, below in {
        "exception": "",
        "disk": "",
        "domain": "exception",
        "wire": "domain exception",
        "extension": "wire domain exception",
        "drivers": "wire domain exception disk",
        "rpc": "domain exception disk",
        "db": "domain exception",
        "publisher": "rpc domain exception disk",
        "agent": "drivers publisher rpc wire domain exception disk",
        "control": "db rpc domain exception",
        # db for the rows that it renders and the filters that it hands down; whatever changes goes through control.
        "api": "control db domain exception",
        "conductor": "control db rpc domain exception",
        "conf": "domain exception",
        # How a document is read, before it is sent; nothing of the server.
        "cli": "domain",
        # Entry points put the parts together, so they see all of them; nobody imports an entry point.
        "wsgi": "api conf control db rpc domain exception",
        "cmd": "agent api conductor conf control db drivers publisher rpc wire wsgi domain exception disk",
        # Shipped for tests of ours and of third-party drivers; production never imports it.
        "testing": "agent api cmd conductor conf control db drivers extension publisher rpc wire wsgi domain exception",
    }.items()
}

#: These run inside collectd, on whatever Python it embeds, with nothing installed beside it.
STDLIB_ONLY = frozenset({"exception", "domain", "wire", "extension"})

#: third-party module -> where it may be imported: layers, or single modules.
THIRD_PARTY: dict[str, frozenset[str]] = {
    name: frozenset(places.split())
    for names, places in {
        "pecan webob": "api wsgi",
        "keystonemiddleware oslo_middleware oslo_policy": "api wsgi",
        "jsonschema": "api",
        "oslo_messaging oslo_concurrency": "rpc",
        "sqlalchemy alembic oslo_db": "db",
        "oslo_config": "conf cmd wsgi",
        # Encrypted columns, and signatures on the bus.
        "cryptography": "db rpc",
        "stevedore": "drivers.entry_points",
        "cheroot": "cmd",
        # The bus chooses threads before oslo.messaging would choose eventlet.
        "oslo_service": "cmd rpc",
        "cliff osc_lib openstackclient rich yaml": "cli",
        # The resource type in Gnocchi is made as an admin, once; the API tells a Keystone that is away from its word.
        "keystoneauth1": "cli cmd api",
        "oslo_upgradecheck": "cmd",
        "collectd": "extension.entry",
        "eventlet": "",
    }.items()
    for name in names.split()
}

#: May be imported for annotations alone (under TYPE_CHECKING) by everyone: ``conf`` is an argument everywhere.
FOR_ANNOTATIONS = frozenset({"oslo_config"})

#: Names of drawers, not of nouns.
DRAWERS = frozenset({"utils", "util", "common", "helpers", "helper", "manager", "managers", "misc"})

LONGEST_FILE = 300
