# SPDX-License-Identifier: Apache-2.0
"""osc_lib warns of itself when it is imported; that is no warning of ours."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import osc_lib  # noqa: F401
