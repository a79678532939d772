# SPDX-License-Identifier: Apache-2.0
"""Real RabbitMQ, Keystone, MariaDB, PostgreSQL, Gnocchi, Ceilometer and Aodh for tests.

On free loopback ports, in directories of their own.
"""
