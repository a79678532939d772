# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd …``: a command is a parser, a request and columns. Imports nothing of the server.

Each command names, in ``rules``, the requests that it is for: by their policy rules, which are their names in the
OpenAPI document too. Those that it sends besides, to wait for an operation and to look at the outcome, are not among
them.
"""
