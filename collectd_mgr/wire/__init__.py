# SPDX-License-Identifier: Apache-2.0
"""The protocol between agent and extension, over a UNIX socket of this host. Stdlib only."""
