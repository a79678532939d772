# SPDX-License-Identifier: Apache-2.0
"""The concepts: pure, stdlib only, the same on server, agent and inside collectd."""
