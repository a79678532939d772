# SPDX-License-Identifier: Apache-2.0
"""Every section that this project adds to a configuration file.

A section is a module of this package with ``GROUP`` (its name) and ``OPTS`` (its options).
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from oslo_config import cfg

from collectd_mgr import conf as sections


def modules() -> list[ModuleType]:
    """The sections, in order of name."""
    found = (
        importlib.import_module(f"{sections.__name__}.{item.name}") for item in pkgutil.iter_modules(sections.__path__)
    )
    return [module for module in found if hasattr(module, "OPTS")]


def list_opts() -> list[tuple[str, list[Any]]]:
    """The options by group, for the sample generator and the reference (entry point ``oslo.config.opts``)."""
    return [(module.GROUP, list(module.OPTS)) for module in modules()]


def register(conf: cfg.ConfigOpts) -> cfg.ConfigOpts:
    """``conf`` with every option of this project registered. Safe to repeat."""
    for group, options in list_opts():
        conf.register_opts(options, group=group)
    return conf
