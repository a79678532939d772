# SPDX-License-Identifier: Apache-2.0
"""The part that runs inside collectd, imported by its Python plugin. Stdlib only; Python 3.9 to 3.13."""

#: The version of the extension that it tells the agent.
VERSION = "1.0"
