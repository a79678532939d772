# SPDX-License-Identifier: Apache-2.0
"""The agent of one host: brings its collectd to the spec that comes down the bus, and says what it does."""
