# SPDX-License-Identifier: Apache-2.0
"""WSGI entry points, for whatever server an operator runs."""
