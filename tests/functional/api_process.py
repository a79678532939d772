# SPDX-License-Identifier: Apache-2.0
"""The API under gunicorn as the command ``gunicorn`` runs it, in a process that has imported what they import.

``collectd_mgr.wsgi.api`` itself makes an application when it is imported: so each worker does that, as ever.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import gunicorn.workers.gthread  # noqa: F401
from gunicorn.app import wsgiapp

from collectd_mgr.conf import log, opts, reports  # noqa: F401
from collectd_mgr.wsgi import assembly  # noqa: F401


def main(argv: Sequence[str]) -> None:
    sys.argv = ["gunicorn", *argv]
    wsgiapp.run()
