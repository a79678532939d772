# SPDX-License-Identifier: Apache-2.0
"""The conformance suite that every driver passes.

A driver's test file is these lines, and a fixture ``rig`` (see :class:`.rig.Rig`)::

    from collectd_mgr.testing.suite.changes import *
    from collectd_mgr.testing.suite.daemon import *
    from collectd_mgr.testing.suite.failures import *
    from collectd_mgr.testing.suite.notifications import *
    from collectd_mgr.testing.suite.reads import *
    from collectd_mgr.testing.suite.settings import *

    @pytest.fixture
    def rig() -> Iterator[Rig]:
        with live_rig() as rig:
            yield rig

What a driver declares must work; what it does not declare must raise the one right error. Nothing is skipped.
"""

from __future__ import annotations

import pkgutil

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{part.name}" for part in pkgutil.iter_modules(__path__)))
