# SPDX-License-Identifier: Apache-2.0
"""What a host says of its own accord, from collectd to the bus, and on the disk while the bus is away."""
