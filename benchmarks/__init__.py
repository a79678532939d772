# SPDX-License-Identifier: Apache-2.0
"""Measurements on whole deployments, run by hand; doc/source/contributor/benchmarks.rst has how and what."""

# Chooses threads before oslo.messaging, imported by itself, chooses eventlet.
import collectd_mgr.rpc  # noqa: F401
