# SPDX-License-Identifier: Apache-2.0
"""Drivers bring a running daemon to a goal; :mod:`collectd_mgr.drivers.base` is their contract."""
