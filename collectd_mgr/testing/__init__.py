# SPDX-License-Identifier: Apache-2.0
"""Shipped fixtures and suites; production code never imports them."""
