# SPDX-License-Identifier: Apache-2.0
"""How the documentation is built: ``sphinx-build -W -b html doc/source doc/build/html``."""

from __future__ import annotations

import sys
from pathlib import Path

DOC = Path(__file__).parent.parent
sys.path.insert(0, str(DOC / "ext"))

project = "collectd_mgr"
copyright = "the collectd_mgr contributors, Apache-2.0"
extensions = [
    "cliff.sphinxext",
    "oslo_config.sphinxext",
    "oslo_policy.sphinxext",
    "error_codes",
    "operation_states",
    "rest_reference",
    "rest_resources",
    "reno.sphinxext",
]
html_theme = "alabaster"
html_theme_options = {
    "description": "collectd on every host, changed over the bus",
    "page_width": "1040px",
}
autoprogram_cliff_application = "openstack"
# What every openstack command has: said once, in openstack's own manual.
autoprogram_cliff_ignored = [
    "--help",
    "--format",
    "--column",
    "--sort-column",
    "--sort-ascending",
    "--sort-descending",
    "--max-width",
    "--fit-width",
    "--print-empty",
    "--noindent",
    "--quote",
    "--prefix",
]
