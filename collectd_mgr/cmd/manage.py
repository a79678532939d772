# SPDX-License-Identifier: Apache-2.0
"""collectd-mgr-manage: the database, the keys of its encrypted columns, and what Gnocchi has to know."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from oslo_config import cfg

from collectd_mgr import exception
from collectd_mgr.cmd import configuration, gnocchi
from collectd_mgr.db import generations, schema, sealing
from collectd_mgr.db.engine import Database
from collectd_mgr.rpc import keys

_PROGRAM = "collectd-mgr-manage"


def main(argv: Sequence[str] | None = None) -> int:
    conf = configuration.new()
    # What a command prints may be the input of another.
    conf.set_default("use_stderr", True)
    given = sys.argv[1:] if argv is None else argv
    handler = functools.partial(_commands, argv=given)
    conf.register_cli_opt(cfg.SubCommandOpt("area", title="What to manage", handler=handler))
    with configuration.understood(_PROGRAM):
        configuration.load(given, _PROGRAM, conf)
        action: Callable[[cfg.ConfigOpts], None] = conf.area.action
        try:
            action(conf)
        except exception.CollectdMgrError as error:
            # A database that is away: no mistake, and no defect of ours, which a traceback would look like.
            sys.exit(str(error))
    return 0


def _commands(areas: Any, argv: Sequence[str]) -> None:
    database = areas.add_parser("db", help="The tables").add_subparsers(required=True)
    sync = database.add_parser("sync", help="Migrate to the newest revision, or to the one named; safe to repeat")
    sync.add_argument("revision", nargs="?", default="head")
    sync.set_defaults(action=_sync)
    database.add_parser("version", help="Print the revision the database is at").set_defaults(action=_version)
    revision = database.add_parser("revision", help="Write a migration for what the models have anew (developers)")
    revision.add_argument("message")
    revision.set_defaults(action=_revision)
    secrets = areas.add_parser("secrets", help="The keys of the encrypted columns").add_subparsers(required=True)
    secrets.add_parser("new", help="Print a fresh key").set_defaults(action=_new_key)
    secrets.add_parser("rotate", help="Put what is stored under the newest key").set_defaults(action=_rotate)
    pairs = areas.add_parser("signing", help="The keys that sign calls to agents").add_subparsers(required=True)
    fresh = pairs.add_parser("new", help="Print a fresh private key, for [signing] key_file, or a host's identity")
    fresh.set_defaults(action=_new_pair)
    public = pairs.add_parser("public", help="Print what agents are to trust, for [agent] trusted_keys_file")
    public.set_defaults(action=_public)
    gnocchi.add(areas, argv)


def _sync(conf: cfg.ConfigOpts) -> None:
    schema.sync(Database(conf), conf.area.revision)


def _version(conf: cfg.ConfigOpts) -> None:
    print(schema.version(Database(conf)) or "none")


def _revision(conf: cfg.ConfigOpts) -> None:
    schema.revise(Database(conf), conf.area.message)


def _new_key(conf: cfg.ConfigOpts) -> None:
    print(sealing.new_key())


def _new_pair(conf: cfg.ConfigOpts) -> None:
    print(keys.new())


def _public(conf: cfg.ConfigOpts) -> None:
    if not conf.signing.key_file:
        raise ValueError("[signing] key_file is not set.")
    for key in Path(conf.signing.key_file).read_text(encoding="ascii").split():
        print(keys.public_half(key))


def _rotate(conf: cfg.ConfigOpts) -> None:
    database = Database(conf)
    with database.writer() as session:
        print(f"{generations.reseal(session, database.seal)} generations")
