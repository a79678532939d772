# SPDX-License-Identifier: Apache-2.0
"""A random walk of several users over all that a host offers, and what must be true whatever happens meanwhile."""
