# SPDX-License-Identifier: Apache-2.0
"""Entry points: they put the parts together."""
