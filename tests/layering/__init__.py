# SPDX-License-Identifier: Apache-2.0
"""Who may import what, and the checker that says where a file does not keep to it."""
