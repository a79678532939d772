# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd …``: a command is a parser, a request and columns. Imports nothing of the server."""
